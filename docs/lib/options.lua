-- What the reference says of each option, by set and name: English, Chinese, and `class` where an editor should expect
-- another type than the option's own. An option that is missing in a set has the text of `call`.
return {
  client = {
    region = { "Region for calls that do not name one.", "未在参数中指定 regionId 时使用的地域。" },
    access_key = { "Access key; needs secret_key.", "Access Key，需与 secret_key 同时指定。" },
    secret_key = { "Secret key.", "Secret Key。" },
    session_token = { "Token of temporary keys (STS).", "临时密钥（STS）的会话令牌。" },
    credentials = {
      "A function that returns the keys, or the name of a source: environment, profile.",
      "返回密钥的函数，或密钥来源的名称：environment、profile。",
      class = "string|(fun(context: jdvm.KeyContext): jdvm.Keys|nil, string|nil)",
    },
    profile = {
      "Profile of ~/.jdc/config whose keys and region to use; the keys of the environment are then ignored.",
      "使用 ~/.jdc/config 中的该配置；指定后不再使用环境变量中的密钥。",
    },
    endpoint = { "Address of the service.", "服务地址。" },
    timeout = {
      "Seconds for a whole call: its attempts, the delays between them, its pages.",
      "一次调用的总时限（秒），包含重试、等待与翻页。",
    },
    connect_timeout = { "Maximum time to connect, in seconds.", "建立连接的时限（秒）。" },
    read_timeout = {
      "Maximum silence, in seconds, while reading a response.",
      "读取响应时允许的最长静默时间（秒）。",
    },
    max_attempts = {
      "Maximum number of attempts of a request; 0 and 1 mean no retry.",
      "单个请求的最大尝试次数（含首次）；0 或 1 表示不重试。",
    },
    transport = {
      "How requests are sent: auto chooses cosockets inside nginx and libcurl elsewhere; or your own (see TransportRequest).",
      "传输方式：auto 在 nginx 中使用 cosocket，其他环境使用 libcurl；也可自行提供（见 TransportRequest）。",
      class = '"auto"|"curl"|"ngx"|table|(fun(request: jdvm.TransportRequest): jdvm.TransportResponse|nil, string|nil)',
    },
    blocking = {
      "Allow libcurl, which blocks, in nginx's init phase.",
      "允许在 nginx 的 init 阶段使用会阻塞的 libcurl。",
    },
    wait = {
      "For event loops: called with sockets and seconds, it returns when one of the sockets is ready or the time is over, "
        .. "and may yield (see [Event loops](#eventloops)).",
      "用于事件循环：以套接字和秒数调用，在某个套接字就绪或时间到时返回，其间可以 yield（见[事件循环](#eventloops)）。",
      class = "fun(sockets: jdvm.Socket[], seconds: number)",
    },
    ca_file = {
      "File of certificates to trust (PEM); `~/` at its start is the home folder.",
      "受信任证书文件（PEM）；开头的 `~/` 表示用户主目录。",
    },
    ca_path = { "Folder of certificates to trust.", "受信任证书目录。" },
    proxy = {
      "Proxy, such as http://user:password@host:3128; empty means none. Left out, libcurl goes by https_proxy, http_proxy, "
        .. "all_proxy and no_proxy of the environment. In nginx, only http:// proxies are supported.",
      "代理地址，例如 http://user:password@host:3128；空字符串表示不使用代理。不填时 libcurl 依据环境变量 https_proxy、http_proxy、all_proxy 与 no_proxy。"
        .. "在 nginx 中仅支持 http:// 代理。",
    },
    no_proxy = {
      "Hosts reached without the proxy, separated by commas: names (with everything below them), addresses, networks "
        .. "(10.0.0.0/8), each with or without a port, or *. The same in libcurl and nginx.",
      "不经代理访问的主机，以逗号分隔：域名（含其下所有子域名）、IP 地址、网段（10.0.0.0/8），均可带端口；* 表示所有主机。libcurl 与 nginx 中含义相同。",
    },
    proxy_ca_file = {
      "File of certificates (PEM) to trust for an https:// proxy; default: those of ca_file and ca_path, besides the system's.",
      "https:// 代理的受信任证书文件（PEM）。不填时除系统证书外，还信任 ca_file 与 ca_path 中的证书。",
    },
    verify = {
      "Check the certificate and the name of the server, and of an https:// proxy.",
      "校验服务器以及 https:// 代理的证书与域名。",
    },
    user_agent = { "Put before the library's own User-Agent.", "附加在 User-Agent 前的文字。" },
    max_body = { "Maximum size of a response body, in bytes.", "响应正文的最大字节数。" },
    http2 = { "Use HTTP/2 where the server offers it (libcurl).", "服务器支持时使用 HTTP/2（libcurl）。" },
    max_connections = {
      "Maximum number of connections at a time in one process (in each nginx worker); further requests wait. "
        .. "In nginx, clients with the same endpoint, proxy and limit share it, and connect_timeout bounds the wait.",
      "单个进程（每个 nginx worker）中的最大并发连接数；超出的请求将排队。"
        .. "在 nginx 中，endpoint、代理和上限都相同的客户端共用该上限，排队时间受 connect_timeout 限制。",
    },
    algorithm = { "How requests are signed.", "签名算法。" },
    token_encoding = { "How the session token is sent.", "会话令牌的传输编码。" },
    null = {
      "JSON null in an object: drop leaves the key out, keep gives jdvm.null.",
      "对象中的 JSON null：drop 省略该键，keep 返回 jdvm.null。",
    },
    utf8 = {
      "Bytes that are not UTF-8: strict rejects the response, replace puts U+FFFD in their place.",
      "非 UTF-8 字节：strict 报错，replace 以 U+FFFD 替换。",
    },
    array_mt = {
      "Metatable of empty arrays, false for none; default: that of lua-cjson if the program has loaded one, so that it "
        .. "encodes them as arrays.",
      "空数组的元表，false 表示不设置；默认使用程序已加载的 lua-cjson 的元表，以便编码为数组。",
    },
    page_size = { "Images per page in lists.", "列表每页请求的镜像数量。" },
    prefetch = {
      "Pages in flight ahead of the reader of a list, at most max_connections; 0 means none.",
      "预取的页数，不超过 max_connections；0 表示不预取。",
    },
    logger = {
      "Called with each event worth logging; print will do.",
      "日志回调函数，可直接使用 print。",
      class = "fun(event: jdvm.Event)",
    },
    on_attempt = {
      "Called after each attempt. Errors raised by it, as by on_call, are ignored and reported to logger.",
      "每次尝试结束后的回调。回调（含 on_call）中的错误不影响结果，只会通知 logger。",
      class = "fun(event: jdvm.Event)",
    },
    on_call = { "Called after each call.", "每次调用结束后的回调。", class = "fun(event: jdvm.CallEvent)" },
    on_wait = {
      "Called about ten times a second while libcurl waits for a response, or before a retry: for a sign of progress. An "
        .. "error raised by it ends the call.",
      "libcurl 等待响应或重试前等待期间，约每秒调用十次的回调，可用于显示进度；其中抛出的错误会结束调用。",
      class = "fun()",
    },
    clock = {
      "Returns the time in seconds since 1970; for tests.",
      "返回自 1970 年起的秒数，用于测试。",
      class = "fun(): number",
    },
  },
  call = {
    timeout = {
      "Seconds for the whole call; default: the client's.",
      "本次调用的总时限（秒）；默认取客户端设置。",
    },
    connect_timeout = { "Maximum time to connect, in seconds.", "建立连接的时限（秒）。" },
    read_timeout = {
      "Maximum silence, in seconds, while reading a response.",
      "读取响应时允许的最长静默时间（秒）。",
    },
    max_attempts = { "Maximum number of attempts of a request.", "单个请求的最大尝试次数（含首次）。" },
    fields = {
      "Only these fields of the images are read, such as imageId or systemDisk.cloudDisk.diskSizeGB: faster.",
      "仅解析镜像的这些字段，例如 imageId、systemDisk.cloudDisk.diskSizeGB，可加快速度。",
    },
    source = {
      "Key under which each image also gets its own JSON text; of the image itself only fields are read.",
      "每个镜像额外在该键下保存 JSON 原文；镜像本身仅解析 fields 中的字段。",
    },
    null = {
      "JSON null in an object: left out, or jdvm.null.",
      "对象中的 JSON null：省略或返回 jdvm.null。",
    },
    utf8 = { "Bytes that are not UTF-8: refused or replaced.", "非 UTF-8 字节：报错或替换。" },
  },
  list = {
    page_size = {
      "Images per page; default: the client's.",
      "每页请求的镜像数量；默认取客户端设置。",
    },
    max_items = { "Maximum number of images to return.", "最多返回的镜像数量。" },
    prefetch = {
      "Pages in flight ahead of the reader; 0 means none; default: the client's.",
      "预取的页数；0 表示不预取；默认取客户端设置。",
    },
    start = { "Resume token of an earlier list with the same filters.", "此前相同条件列表的续读标记。" },
    regions = {
      'Regions to list, or "all" for the known ones: read side by side, and each image has regionId. Failures name the '
        .. "region.",
      '要查询的地域，"all" 表示所有已知地域：并行读取，每个镜像带有 regionId；失败信息会指明地域。',
      class = '"all"|string[]',
    },
    consistency = {
      "stable misses no image even if one is deleted while another is created; its pages overlap.",
      "stable 读取相互重叠的页，即使恰好删除一个又新增一个镜像也不会遗漏。",
    },
  },
  latest = {
    match = {
      "Which images count: a Lua pattern of the name, or a function that gets an image and returns whether it does.",
      "参与比较的镜像：用于匹配名称的 Lua 模式，或接收镜像并返回是否符合的函数。",
      class = "string|fun(image: jdvm.Image): any",
    },
  },
  wait = {
    region = { "Region of the images; default: the client's.", "镜像所在地域；默认取客户端设置。" },
    timeout = {
      "Seconds to wait; one poll takes at most the client's timeout.",
      "等待的总时限（秒）；单次轮询不超过客户端的 timeout。",
    },
    status = {
      "State to wait for; gone waits until the image does not exist any more, and returns it as it was last.",
      "等待的目标状态；gone 表示等到镜像不再存在，返回最后一次看到的镜像。",
    },
    interval = { "Seconds between the first two polls.", "首次轮询间隔（秒）。" },
    max_interval = { "Longest time between two polls in seconds.", "最大轮询间隔（秒）。" },
    not_found_grace = {
      "Seconds in which an image may not be found yet.",
      "允许暂时查不到镜像的时间（秒）。",
    },
    on_progress = {
      "Called after each poll. Errors raised by it are ignored and reported to logger.",
      "每次轮询后的回调；其中的错误不影响结果，只会通知 logger。",
      class = "fun(progress: jdvm.Progress)",
    },
  },
  cache = {
    client = { "The client that fetches; required.", "用于请求的客户端；必填。", class = "jdvm.Client" },
    dict = {
      "Name of a lua_shared_dict for the responses; required.",
      "保存响应的 lua_shared_dict 名称；必填。",
    },
    locks = {
      "Name of another for the locks; default: that of dict with _locks, if there is one, else dict itself.",
      "保存锁的 lua_shared_dict 名称；默认为 dict 名称加 _locks，若不存在则为 dict 本身。",
    },
    ttl = { "How long a response is fresh, in seconds.", "响应的有效期（秒）。" },
    stale = {
      "How long after that it is still returned while a new one is fetched, in seconds.",
      "过期后在后台更新期间仍可使用的时间（秒）。",
    },
    negative_ttl = {
      'How long a "not found" result is cached, in seconds.',
      "“不存在”这一结果的缓存时间（秒）。",
    },
    lock_ttl = {
      "Seconds after which the lock of a dead worker ends.",
      "异常退出的 worker 所持锁的失效时间（秒）。",
    },
    name = {
      "Stands for the account; required when the keys of the client come from a function.",
      "代表账号的名称；客户端密钥来自函数时必填。",
    },
    options = {
      "Options of each call, such as timeout and fields.",
      "每次调用的选项，例如 timeout、fields。",
      class = "jdvm.ListOptions",
    },
    store = {
      "A second level behind dict that several nginx share: jdvm.stores.redis, or a table of yours with get(key), "
        .. "set(key, text, seconds), lock(key, token, seconds) and unlock(key, token).",
      "dict 之后由多个 nginx 共享的二级缓存：jdvm.stores.redis，或自行实现的表，包含 get(key)、set(key, text, seconds)、"
        .. "lock(key, token, seconds) 与 unlock(key, token)。",
    },
  },
  cached = {
    fresh = {
      "Ask the service now, whatever is cached, and cache what it says: for an image that was just created.",
      "不使用缓存，立即请求服务端并缓存结果；适用于刚创建的镜像。",
    },
  },
  redis = {
    host = { "Host of Redis, or unix: and the path of a socket.", "Redis 主机，或 unix: 加套接字路径。" },
    port = { "Port of Redis.", "Redis 端口。" },
    username = {
      "User of Redis 6 and later; needs password.",
      "Redis 6 及以上的用户名，需同时填写 password。",
    },
    password = { "Password.", "密码。" },
    database = { "Number of the database.", "数据库编号。" },
    ssl = {
      "Connect by TLS; needs lua-resty-redis 0.28 or later, which Debian 12 does not have.",
      "使用 TLS 连接；需要 lua-resty-redis 0.28 及以上（Debian 12 未提供）。",
    },
    ssl_verify = { "Verify the certificate of Redis.", "校验 Redis 的证书。" },
    server_name = { "Name in the certificate of Redis.", "Redis 证书中的名称。" },
    timeout = {
      "Seconds for each step of an operation: connect, send, read.",
      "每一步操作（连接、发送、读取）的时限（秒）。",
    },
    pool_size = { "Idle connections kept in each worker.", "每个 worker 保留的空闲连接数。" },
  },
  -- The keys of ~/.jdc/config.
  profile = {
    access_key = { "Access key; needs secret_key.", "Access Key，需与 secret_key 同时填写。" },
    secret_key = { "Secret key.", "Secret Key。" },
    region_id = { "Region for calls that do not name one.", "调用未指定地域时使用的地域。" },
    endpoint = {
      "Host of the service, with a port if need be, or a URL.",
      "服务地址：主机名（可带端口）或 URL。",
    },
    scheme = {
      "https (default) or http, for an endpoint that is no URL.",
      "endpoint 不是 URL 时使用的协议：https（默认）或 http。",
    },
    timeout = { "Written by jdc, and not read.", "由 jdc 写入，不读取。" },
  },
}
