-- Texts of what this side lacks: credentials, a region, a place where nginx may wait, a usable transport, room in a
-- cache. See failures/texts.lua.

return {
  -- Credentials and region.
  no_keys = {
    en = "no keys: looked at the options, the environment[ and {place}]",
    zh = "没有密钥：已查找选项、环境变量[和 {place}]",
    hint = "give jdvm.new access_key and secret_key, set JDCLOUD_ACCESS_KEY and JDCLOUD_SECRET_KEY, or run jdvm configure[{empty_environment}. The environment of this process is empty, as in an nginx worker: put `env JDCLOUD_ACCESS_KEY; env JDCLOUD_SECRET_KEY;` at the top of nginx.conf, or make the client in init_by_lua]",
    hint_zh = "请向 jdvm.new 提供 access_key 与 secret_key，或设置 JDCLOUD_ACCESS_KEY 与 JDCLOUD_SECRET_KEY，或运行 jdvm configure[{empty_environment}。本进程的环境变量为空（如 nginx worker）：请在 nginx.conf 顶部写入`env JDCLOUD_ACCESS_KEY; env JDCLOUD_SECRET_KEY;`，或在 init_by_lua 中创建客户端]",
    command = "set JDCLOUD_ACCESS_KEY and JDCLOUD_SECRET_KEY, or run jdvm configure",
    command_zh = "请设置 JDCLOUD_ACCESS_KEY 与 JDCLOUD_SECRET_KEY，或运行 jdvm configure",
  },
  bad_keys = { en = "the credentials cannot be used", zh = "密钥无法使用" },
  provider_calls_itself = {
    en = "the credentials provider calls the client that it gives the keys to",
    zh = "密钥提供函数调用了使用该密钥的客户端",
  },
  keys_asked_for = {
    en = "another coroutine is fetching the keys, and this transport cannot wait for it",
    zh = "另一协程正在获取密钥，而该传输方式无法等待",
  },
  keys_timeout = { en = "the time ran out while the keys were fetched", zh = "获取密钥时超时" },
  no_region = {
    en = "no region",
    zh = "没有地域",
    hint = 'give jdvm.new a region, such as region = "cn-north-1", set JDCLOUD_REGION, or name one in a profile',
    hint_zh = '请向 jdvm.new 提供地域，例如 region = "cn-north-1"，或设置 JDCLOUD_REGION，或写入配置',
    command = "give --region, such as --region cn-north-1, set JDCLOUD_REGION, or run jdvm configure",
    command_zh = "请指定 --region，例如 --region cn-north-1，或设置 JDCLOUD_REGION，或运行 jdvm configure",
  },
  region_not_read = {
    en = "the setting of the region could not be read",
    zh = "无法读取地域设置",
    hint = "correct it, or give jdvm.new a region",
    hint_zh = "请更正，或向 jdvm.new 提供地域",
    command = "correct it, or give --region",
    command_zh = "请更正，或指定 --region",
  },
  -- Places where nginx cannot wait.
  within_c = {
    en = "this place cannot wait for the network: a function in C has called it (require, while it loads a module; string.gsub, table.sort and the like, in their callbacks)",
    zh = "此处不能等待网络：调用它的是 C 函数（加载模块时的 require，或 string.gsub、table.sort 等的回调）",
    hint = "call from a function that runs once the module is loaded; before or after string.gsub or table.sort, not in the callback",
    hint_zh = "请在模块加载完成后运行的函数中调用；或在 string.gsub、table.sort 之前或之后，而非回调中",
  },
  init_phase = {
    en = "the {phase} phase of nginx cannot wait for the network",
    zh = "nginx 的 {phase} 阶段不能等待网络",
    hint = "call from a request or from a timer; or make the client with blocking = true, which lets nginx wait while it starts",
    hint_zh = "请在请求或定时器中调用；或以 blocking = true 创建客户端，使 nginx 在启动时等待",
  },
  set_phase = {
    en = "the {phase} phase of nginx cannot wait for the network",
    zh = "nginx 的 {phase} 阶段不能等待网络",
    hint = "use rewrite_by_lua and set ngx.var there",
    hint_zh = "请改用 rewrite_by_lua 并在其中设置 ngx.var",
  },
  balancer_phase = {
    en = "the {phase} phase of nginx cannot wait for the network",
    zh = "nginx 的 {phase} 阶段不能等待网络",
    hint = "make the call in access_by_lua and pass the result on in ngx.ctx",
    hint_zh = "请在 access_by_lua 中完成，并通过 ngx.ctx 传递结果",
  },
  ssl_phase = {
    en = "the {phase} phase of nginx cannot wait for the network",
    zh = "nginx 的 {phase} 阶段不能等待网络",
    hint = "make the call in ssl_certificate_by_lua; or let ngx.timer.at(0, function() … end) put the result into a shared dict",
    hint_zh = "请在 ssl_certificate_by_lua 中完成；或用 ngx.timer.at(0, function() … end) 把结果写入共享字典",
  },
  phase = {
    en = "the {phase} phase of nginx cannot wait for the network",
    zh = "nginx 的 {phase} 阶段不能等待网络",
    hint = "use ngx.timer.at(0, function() … end), which runs in a phase of its own",
    hint_zh = "请使用 ngx.timer.at(0, function() … end)，它在独立的阶段中运行",
  },
  not_in_nginx = {
    en = 'transport "ngx" works only inside nginx\'s phases, not {place}',
    zh = 'transport "ngx" 只能用于 nginx 的各阶段，不能用于此处（{place}）',
    hint = 'use transport = "auto"',
    hint_zh = '请使用 "auto"',
  },
  would_block = {
    en = 'in the phase {phase} transport "curl" would block every request of the worker',
    zh = '在 {phase} 阶段，transport "curl" 会阻塞该 worker 的所有请求',
    hint = 'use "auto", or set blocking = true if that is meant',
    hint_zh = '请使用 "auto"；如确有此意，请设置 blocking = true',
  },
  not_cached_yet = {
    en = "not in the cache, and this place cannot wait for the network (phase {phase} of nginx)",
    zh = "缓存中没有，且此处不能等待网络（nginx 的 {phase} 阶段）",
    hint = "it is being fetched now: ask again later, or fetch it beforehand in a timer",
    hint_zh = "正在获取：请稍后再试，或提前在定时器中获取",
  },
  -- Transports.
  no_libcurl = {
    en = "jdvm.curl, which sends the requests here, cannot be loaded: {reason}",
    zh = "无法加载发送请求的 jdvm.curl：{reason}",
    hint = "reinstall jdvm with the headers of libcurl installed, or pass a transport of your own",
    hint_zh = "请在具备 libcurl 头文件的环境中重新安装 jdvm，或自行提供 transport",
  },
  function_failed = {
    en = "the transport function raised an error: {reason}",
    zh = "transport 函数抛出错误：{reason}",
  },
  function_misused = {
    en = "the transport function did not return what it must",
    zh = "transport 函数的返回值不符合要求",
  },
  no_response = { en = "the transport function gave no response", zh = "transport 函数没有返回响应" },
  -- The cache.
  cache_full = {
    en = "the response takes {bytes} bytes and does not fit in the shared dict {dict} of {capacity} ({reason})",
    zh = "响应占 {bytes} 字节，共享字典 {dict}（{capacity} 字节）放不下（{reason}）",
    hint = 'enlarge it in nginx.conf: "lua_shared_dict {dict} …;"; or ask for less, by filters or the option fields',
    hint_zh = "请在 nginx.conf 中调大：“lua_shared_dict {dict} …;”；或用过滤条件或 fields 选项减少内容",
  },
  cache_timeout = {
    en = "another worker takes too long to fetch this",
    zh = "其他 worker 获取该内容用时过长",
  },
}
