-- Public names that do not follow from an operation: functions, methods and the tables they give. The
-- editor types and the reference pages are made from this and from the tables of lua/jdvm.
--
-- A function is { name, doc, doc_zh, params, returns }; a name with a colon is a method. `fails = true`
-- stands for the failure triple: nil, message, jdvm.Failure. Types are LuaCATS.

local operations = require "jdvm.service.operations"

local api = {}

api.classes = {
  {
    name = "Meta",
    doc = "Facts about a call, the second result of every success.",
    doc_zh = "调用信息：每次成功调用的第二个返回值。",
    fields = {
      {
        name = "request_id",
        type = "string",
        optional = true,
        doc = "Id of the request at the service.",
        doc_zh = "服务端请求 ID。",
      },
      { name = "http_status", type = "integer", doc = "HTTP status.", doc_zh = "HTTP 状态码。" },
      { name = "attempts", type = "integer", doc = "Attempts made.", doc_zh = "尝试次数。" },
      {
        name = "throttled",
        type = "integer",
        optional = true,
        doc = "Of these, attempts that the service throttled (429); not of wait_image.",
        doc_zh = "其中被限流（429）的次数；wait_image 不提供。",
      },
      {
        name = "replayed",
        type = "integer",
        optional = true,
        doc = "Requests sent again because the server had closed a kept connection, or said 408 on it: on a fresh "
          .. "connection, with a new nonce, date and signature, once for each attempt and not counted as one; not of "
          .. "lists and wait_image.",
        doc_zh = "因服务端已关闭保持的连接（或在其上返回 408）而重发的请求数：在新连接上以新的 nonce、日期与签名重发，"
          .. "每次尝试至多一次，不计为尝试；列表与 wait_image 不提供。",
      },
      { name = "elapsed", type = "number", doc = "Seconds it took.", doc_zh = "耗时，单位秒。" },
      {
        name = "cache",
        type = "string",
        optional = true,
        values = { "hit", "stale", "miss" },
        doc = "From jdvm.cache only: where the response comes from; stale is being renewed.",
        doc_zh = "仅由 jdvm.cache 给出：响应来源；stale 表示正在后台更新。",
      },
      {
        name = "age",
        type = "number",
        optional = true,
        doc = "From jdvm.cache only: seconds since it was fetched.",
        doc_zh = "仅由 jdvm.cache 给出：距获取时的秒数。",
      },
    },
  },
  {
    name = "ListStats",
    doc = "Counters of a list; the second result of list_images, with the facts of Meta.",
    doc_zh = "列表统计；亦为 list_images 的第二个返回值，并含 Meta 的信息。",
    fields = {
      { name = "pages", type = "integer", doc = "Pages delivered.", doc_zh = "已返回的页数。" },
      { name = "requests", type = "integer", doc = "Requests answered.", doc_zh = "请求次数。" },
      {
        name = "rows",
        type = "integer",
        doc = "Images on the pages read so far, each once.",
        doc_zh = "已读取各页中的镜像数量（去重）。",
      },
      {
        name = "duplicates",
        type = "integer",
        doc = "Images that came twice and were dropped.",
        doc_zh = "因重复而丢弃的镜像数量。",
      },
      {
        name = "total_first",
        type = "integer",
        optional = true,
        doc = "The service's totalCount at the beginning.",
        doc_zh = "开始时服务端的 totalCount。",
      },
      {
        name = "total_last",
        type = "integer",
        optional = true,
        doc = "The same at the end.",
        doc_zh = "结束时服务端的 totalCount。",
      },
      {
        name = "drift",
        type = "boolean",
        doc = "Whether the list changed while it was read.",
        doc_zh = "读取期间列表是否发生变化。",
      },
      {
        name = "passes",
        type = "integer",
        doc = "Times the list was read from its start; above 1 when it changed meanwhile.",
        doc_zh = "从头读取列表的次数；读取期间列表发生变化时大于 1。",
      },
      {
        name = "missing",
        type = "string[]",
        optional = true,
        doc = "Of the given ids, those not found.",
        doc_zh = "给定 ID 中未找到的部分。",
      },
      {
        name = "token",
        type = "string",
        optional = true,
        doc = "Resume token, when max_items cut the list.",
        doc_zh = "续读标记，当 max_items 截断列表时给出。",
      },
      {
        name = "attempts",
        type = "integer",
        optional = true,
        doc = "Of list_images: attempts of all requests.",
        doc_zh = "仅 list_images：所有请求的尝试次数。",
      },
      {
        name = "elapsed",
        type = "number",
        optional = true,
        doc = "Of list_images: seconds it took.",
        doc_zh = "仅 list_images：耗时，单位秒。",
      },
      {
        name = "request_id",
        type = "string",
        optional = true,
        doc = "Of list_images: id of the last request.",
        doc_zh = "仅 list_images：最后一个请求的 ID。",
      },
      {
        name = "http_status",
        type = "integer",
        optional = true,
        doc = "Of list_images: HTTP status of the last response.",
        doc_zh = "仅 list_images：最后一个响应的 HTTP 状态码。",
      },
    },
  },
  {
    name = "Keys",
    doc = "What a provider function (option credentials) returns.",
    doc_zh = "密钥提供函数（选项 credentials）的返回值。",
    fields = {
      { name = "access_key", type = "string", doc = "Access key.", doc_zh = "Access Key。" },
      { name = "secret_key", type = "string", doc = "Secret key.", doc_zh = "Secret Key。" },
      {
        name = "session_token",
        type = "string",
        optional = true,
        doc = "Token of temporary keys.",
        doc_zh = "临时密钥的会话令牌。",
      },
      {
        name = "expires_at",
        type = "number",
        optional = true,
        doc = "When they expire, in seconds since 1970; renewed before.",
        doc_zh = "过期时间（自 1970 年起的秒数），会提前更新。",
      },
    },
  },
  {
    name = "KeyContext",
    doc = "What a provider function (option credentials) is given and may use.",
    doc_zh = "传给密钥提供函数（选项 credentials）的参数，可供其使用。",
    fields = {
      {
        name = "clock",
        type = "fun(): number",
        doc = "The time in seconds since 1970.",
        doc_zh = "返回自 1970 年起的秒数。",
      },
      {
        name = "sleep",
        type = "fun(seconds: number)",
        optional = true,
        doc = "Waits as the call's transport does.",
        doc_zh = "以该调用的传输方式等待。",
      },
      {
        name = "timeout",
        type = "number",
        optional = true,
        doc = "Seconds left for the call.",
        doc_zh = "该调用剩余的秒数。",
      },
      {
        name = "transport",
        type = "table",
        optional = true,
        doc = "The call's transport, to ask a server for keys.",
        doc_zh = "该调用的传输，可用于向服务器请求密钥。",
      },
      {
        name = "deadline",
        type = "number",
        optional = true,
        doc = "When the call's time ends, on the transport's clock.",
        doc_zh = "该调用的截止时刻（按传输的时钟）。",
      },
    },
  },
}

api.classes[#api.classes + 1] = {
  name = "Setting",
  doc = "One setting of a client, from client:settings().",
  doc_zh = "client:settings() 返回的一项设置。",
  fields = {
    { name = "name", type = "string", doc = "Its name.", doc_zh = "名称。" },
    {
      name = "value",
      type = "string",
      doc = "Its value as text, secrets hidden.",
      doc_zh = "值的文字形式，隐藏密钥。",
    },
    {
      name = "origin",
      type = "string",
      optional = true,
      doc = "What gave it: an option, a variable, a profile and its file; absent for defaults.",
      doc_zh = "来源：选项、环境变量，或配置及其文件；默认值没有来源。",
    },
  },
}

api.classes[#api.classes + 1] = {
  name = "Event",
  doc = "What logger and on_attempt are told: `event` is try or warning. tostring gives message, so logger = print "
    .. "works.",
  doc_zh = "logger 与 on_attempt 收到的事件，`event` 为 try 或 warning。tostring 得到 message，因此可用 logger = print。",
  fields = {
    {
      name = "event",
      type = "string",
      values = { "try", "warning" },
      doc = "What happened.",
      doc_zh = "事件类型。",
    },
    { name = "message", type = "string", doc = "The line for a log.", doc_zh = "日志内容。" },
    {
      name = "operation",
      type = "string",
      optional = true,
      doc = "Operation of the attempt.",
      doc_zh = "接口名。",
    },
    { name = "region", type = "string", optional = true, doc = "Region.", doc_zh = "地域。" },
    { name = "method", type = "string", optional = true, doc = "HTTP method.", doc_zh = "HTTP 方法。" },
    { name = "host", type = "string", optional = true, doc = "Host.", doc_zh = "主机。" },
    { name = "path", type = "string", optional = true, doc = "Path.", doc_zh = "路径。" },
    { name = "query", type = "string", optional = true, doc = "Query.", doc_zh = "查询参数。" },
    {
      name = "attempt",
      type = "integer",
      optional = true,
      doc = "Number of the attempt, from 1.",
      doc_zh = "第几次尝试，从 1 开始。",
    },
    {
      name = "status",
      type = "integer",
      optional = true,
      doc = "HTTP status, if a response arrived.",
      doc_zh = "HTTP 状态码（收到响应时）。",
    },
    {
      name = "request_id",
      type = "string",
      optional = true,
      doc = "Id of the request at the service.",
      doc_zh = "服务端请求 ID。",
    },
    {
      name = "milliseconds",
      type = "number",
      optional = true,
      doc = "Time that the attempt took.",
      doc_zh = "耗时，单位毫秒。",
    },
    {
      name = "kind",
      type = "string",
      optional = true,
      doc = "Kind of failure, if it failed.",
      doc_zh = "失败类别（失败时）。",
    },
    {
      name = "reason",
      type = "string",
      optional = true,
      doc = "The service's word for it, or the kind.",
      doc_zh = "服务端状态或失败类别。",
    },
    { name = "retry", type = "string", optional = true, doc = "Why a retry follows.", doc_zh = "重试原因。" },
    {
      name = "delay",
      type = "number",
      optional = true,
      doc = "Seconds until then.",
      doc_zh = "距下次尝试的秒数。",
    },
  },
}
api.classes[#api.classes + 1] = {
  name = "CallEvent",
  doc = "What on_call is told.",
  doc_zh = "on_call 收到的事件。",
  fields = {
    { name = "operation", type = "string", doc = "Operation.", doc_zh = "接口名。" },
    { name = "region", type = "string", optional = true, doc = "Region.", doc_zh = "地域。" },
    { name = "ok", type = "boolean", doc = "Whether it succeeded.", doc_zh = "是否成功。" },
    { name = "attempts", type = "integer", doc = "Attempts made.", doc_zh = "尝试次数。" },
    { name = "elapsed", type = "number", doc = "Seconds it took.", doc_zh = "耗时，单位秒。" },
    { name = "http_status", type = "integer", optional = true, doc = "HTTP status.", doc_zh = "HTTP 状态码。" },
    {
      name = "request_id",
      type = "string",
      optional = true,
      doc = "Id of the request at the service.",
      doc_zh = "服务端请求 ID。",
    },
    { name = "kind", type = "string", optional = true, doc = "Kind of failure.", doc_zh = "失败类别。" },
    { name = "cause", type = "string", optional = true, doc = "Cause of the failure.", doc_zh = "失败原因。" },
    {
      name = "status",
      type = "string",
      optional = true,
      doc = "The service's word for the error.",
      doc_zh = "服务端错误状态。",
    },
    {
      name = "message",
      type = "string",
      optional = true,
      doc = "The line of the failure.",
      doc_zh = "错误信息。",
    },
  },
}
api.classes[#api.classes + 1] = {
  name = "Progress",
  doc = "What on_progress of wait_image is told, for each image.",
  doc_zh = "wait_image 的 on_progress 收到的进度，每个镜像一次。",
  fields = {
    { name = "image_id", type = "string", doc = "Id of the image.", doc_zh = "镜像 ID。" },
    {
      name = "image",
      type = "Image",
      optional = true,
      doc = "The image, once it was found.",
      doc_zh = "镜像（查到之后）。",
    },
    { name = "status", type = "string", optional = true, doc = "Its state.", doc_zh = "镜像状态。" },
    {
      name = "progress",
      type = "number",
      optional = true,
      doc = "The service's progress as a number, 0 to 100.",
      doc_zh = "服务端进度，数值 0 至 100。",
    },
    { name = "elapsed", type = "number", doc = "Seconds waited.", doc_zh = "已等待的秒数。" },
    {
      name = "next_poll_in",
      type = "number",
      optional = true,
      doc = "Seconds until the next poll; absent after the last.",
      doc_zh = "距下次轮询的秒数；最后一次之后没有。",
    },
    { name = "waiting", type = "integer", doc = "Images still waited for.", doc_zh = "仍在等待的镜像数量。" },
    {
      name = "failure",
      type = "string",
      optional = true,
      doc = "Why this poll failed; the wait goes on. Image and state are then those of an earlier poll, if any.",
      doc_zh = "本次轮询失败的原因；等待会继续。此时镜像与状态来自此前的轮询（如有）。",
    },
  },
}

api.classes[#api.classes + 1] = {
  name = "Socket",
  doc = "What the option wait is to wait for.",
  doc_zh = "选项 wait 所等待的套接字。",
  fields = {
    { name = "fd", type = "integer", doc = "Its file descriptor.", doc_zh = "文件描述符。" },
    { name = "read", type = "boolean", doc = "Until it can be read.", doc_zh = "等待可读。" },
    { name = "write", type = "boolean", doc = "Until it can be written.", doc_zh = "等待可写。" },
  },
}
api.classes[#api.classes + 1] = {
  name = "TransportRequest",
  doc = "What a [transport of your own](#owntransport) gets. One that sends several requests side by side is a table with "
    .. "start(self, request, deadline), finish(self, pending), cancel(self, pending), sleep(self, seconds) and "
    .. "now(self).",
  doc_zh = "[自定义传输](#owntransport)收到的请求。可同时发送多个请求的传输为一个表，须有 start(self, request, deadline)、"
    .. "finish(self, pending)、cancel(self, pending)、sleep(self, seconds) 与 now(self)。",
  fields = {
    { name = "method", type = "string", doc = "Always GET.", doc_zh = "总是 GET。" },
    {
      name = "url",
      type = "string",
      doc = "To be sent as it is: its bytes are signed.",
      doc_zh = "须原样发送：其字节已签名。",
    },
    {
      name = "headers",
      type = "table",
      doc = "Names in lower case, and values, all to be sent; host is among them.",
      doc_zh = "须全部发送的请求头，名称为小写，含 host。",
    },
    {
      name = "timeout",
      type = "number",
      optional = true,
      doc = "Seconds that are left for the request; only a function gets it.",
      doc_zh = "该请求剩余的秒数；仅提供给函数。",
    },
    {
      name = "connect_timeout",
      type = "number",
      doc = "Maximum time to connect, in seconds.",
      doc_zh = "建立连接的时限（秒）。",
    },
    {
      name = "read_timeout",
      type = "number",
      doc = "Maximum silence, in seconds, while reading a response.",
      doc_zh = "读取响应时允许的最长静默时间（秒）。",
    },
    {
      name = "max_body",
      type = "integer",
      doc = "Maximum size of a response body, in bytes.",
      doc_zh = "响应正文的最大字节数。",
    },
    {
      name = "fresh",
      type = "boolean",
      optional = true,
      doc = "Send it on a new connection, not on one that was used before.",
      doc_zh = "须在新建的连接上发送，不得复用已有连接。",
    },
  },
}
api.classes[#api.classes + 1] = {
  name = "TransportResponse",
  doc = "The response that your own transport returns.",
  doc_zh = "自定义传输返回的响应。",
  fields = {
    { name = "status", type = "integer", doc = "HTTP status.", doc_zh = "HTTP 状态码。" },
    { name = "headers", type = "table", optional = true, doc = "Names and values.", doc_zh = "响应头。" },
    {
      name = "body",
      type = "string",
      doc = "The body, inflated.",
      doc_zh = "解压后的正文。",
    },
    {
      name = "kept",
      type = "boolean",
      optional = true,
      doc = "Whether the connection was used before: a 408 on such a connection is not a response to this request.",
      doc_zh = "连接此前是否用过：在这样的连接上收到的 408 并非对本次请求的响应。",
    },
  },
}
api.classes[#api.classes + 1] = {
  name = "TransportFailure",
  doc = "The failure that your own transport returns.",
  doc_zh = "自定义传输返回的失败。",
  fields = {
    {
      name = "kind",
      type = "string",
      values = { "connect", "tls", "timeout", "transport", "cancelled" },
      doc = "Kind of failure.",
      doc_zh = "失败类别。",
    },
    { name = "message", type = "string", doc = "What went wrong.", doc_zh = "错误信息。" },
    {
      name = "phase",
      type = "string",
      optional = true,
      doc = "Where: dns, connect, tls, send, wait or read.",
      doc_zh = "所处阶段：dns、connect、tls、send、wait 或 read。",
    },
    {
      name = "sent",
      type = "boolean",
      optional = true,
      doc = "Whether any byte of the request may have left.",
      doc_zh = "请求是否可能已部分发出。",
    },
    {
      name = "kept",
      type = "boolean",
      optional = true,
      doc = "Whether the connection was used before and failed before the first byte of a response: the request is then "
        .. "sent again, once, with fresh = true, and that is not an attempt.",
      doc_zh = "连接此前用过，且在收到响应的首字节之前失败：请求会以 fresh = true 重发一次，不计为尝试。",
    },
    {
      name = "lasting",
      type = "boolean",
      optional = true,
      doc = "Whether a retry would fail, too.",
      doc_zh = "重试是否必然失败。",
    },
    { name = "hint", type = "string", optional = true, doc = "What to do about it.", doc_zh = "处理建议。" },
  },
}

api.classes[#api.classes + 1] = {
  name = "Region",
  doc = "A region, in jdvm.regions.",
  doc_zh = "jdvm.regions 中的一个地域。",
  fields = {
    { name = "id", type = "string", doc = "Its id, such as cn-north-1.", doc_zh = "地域 ID，例如 cn-north-1。" },
    { name = "name", type = "string", doc = "Its name in English.", doc_zh = "英文名称。" },
    { name = "name_zh", type = "string", doc = "Its name in Chinese.", doc_zh = "中文名称。" },
  },
}

api.functions = {
  {
    name = "jdvm.new",
    doc = "Makes a client. Wrong options raise; nothing is sent.",
    doc_zh = "创建客户端。选项错误时抛出异常；不会发送任何请求。",
    params = { { "options", "jdvm.ClientOptions", optional = true } },
    returns = { { "jdvm.Client", "client" } },
  },
  {
    name = "jdvm.decode",
    doc = "Reads JSON strictly (RFC 8259), straight into tables.",
    doc_zh = "严格按照 RFC 8259 将 JSON 解码为 Lua 表。",
    params = { { "text", "string" }, { "options", "jdvm.DecodeOptions", optional = true } },
    returns = {
      { "any", "value" },
      { "string?", "message what was expected" },
      { "integer?", "offset of the byte, from 0; so in the message" },
    },
  },
  {
    name = "jdvm.explain",
    doc = "Puts a failure into words for another reader: in Chinese, or with hints that name options of the command. Messages of the service and of the system stay as they are.",
    doc_zh = "用中文描述一次失败，或在建议中改用命令行选项。服务端与系统的原文保持不变。",
    params = {
      { "detail", "jdvm.Failure" },
      { "language", '"en"|"zh"', optional = true },
      { "reader", '"command"', optional = true },
    },
    returns = { { "string", "line" }, { "jdvm.Failure", "detail" } },
  },
}

api.functions[#api.functions + 1] = {
  name = "jdvm.time",
  doc = 'Converts a time as the service writes it, such as createTime, to seconds since 1970. No source states the time zone of texts without one; they are read as Beijing time unless zone, such as "Z", says otherwise. Returns nil for text that is not a time.',
  doc_zh = "服务端时间文字（如 createTime）对应的自 1970 年起的秒数。未注明时区的时间，没有资料说明其时区；按北京时间处理，"
    .. '可用 zone（如 "Z"）指定其他时区。不是时间时返回 nil。',
  params = { { "text", "string|nil" }, { "zone", "string", optional = true } },
  returns = { { "integer?", "seconds" } },
}

-- What the module holds besides functions.
api.values = {
  {
    name = "jdvm.null",
    doc = 'The value that stands for JSON null in arrays, and everywhere with null = "keep"; equal to cjson.null and '
      .. "ngx.null.",
    doc_zh = '在数组中（以及 null = "keep" 时的任何位置）表示 JSON null 的值；等于 cjson.null 与 ngx.null。',
  },
  {
    name = "jdvm._VERSION",
    doc = "The version of jdvm, such as 0.1.0.",
    doc_zh = "jdvm 的版本号，例如 0.1.0。",
  },
}

-- The module jdvm.cache: its constructor and its options.
api.cache = {
  name = "cache.new",
  doc = '`local cache = require "jdvm.cache"`: keeps responses in a lua_shared_dict of nginx, for all its workers. One '
    .. "worker fetches, the others wait or get the older response. May be called in init_by_lua; wrong options raise.",
  doc_zh = '`local cache = require "jdvm.cache"`：将响应保存在 nginx 的 lua_shared_dict 中，供所有 worker 共用。'
    .. "同一时刻仅一个 worker 请求，其余等待或使用较旧的响应。可在 init_by_lua 中调用；选项错误时抛出异常。",
  params = { { "options", "jdvm.CacheOptions" } },
  returns = { { "jdvm.Catalogue", "catalogue" } },
}
api.redis = {
  name = "redis.new",
  doc = '`local redis = require "jdvm.stores.redis"`: a store for several nginx that share one Redis, through '
    .. "lua-resty-redis (Debian: lua-nginx-redis) and cosockets. One nginx fetches for all; one that starts finds what "
    .. "others fetched. When Redis fails, each goes on alone at once, logs it once a minute and tries again after a second. "
    .. "Their clocks must agree within ttl. Entries hold no secret.",
  doc_zh = '`local redis = require "jdvm.stores.redis"`：供多个 nginx 共享的二级缓存，通过 lua-resty-redis（Debian：'
    .. "lua-nginx-redis）与 cosocket 访问 Redis。同一时刻仅一个 nginx 请求服务端，新启动的 nginx 可直接使用已有响应。"
    .. "Redis 出错时各 nginx 立即独立运行，每分钟记录一次日志，一秒后重试。各节点时钟之差须小于 ttl。缓存内容不含密钥。",
  params = { { "options", "jdvm.RedisOptions", optional = true } },
  returns = { { "table", "store" } },
}

-- Methods of the client beside those of the operations.
api.client = {
  {
    name = "start",
    doc = "Starts a call without waiting for it.",
    doc_zh = "发起调用但不等待结果。",
    params = {
      { "operation", "string" },
      { "params", "table|string", optional = true },
      { "options", "jdvm.CallOptions", optional = true },
    },
    returns = { { "jdvm.Call", "call" } },
  },
  {
    name = "latest_image",
    doc = "Returns the newest image, by createTime and then id, that matches and is ready (or has the parameter's status). Fails with kind match when there is none.",
    doc_zh = "查询可用（或参数 status 指定状态）且符合条件的最新镜像，先按 createTime、再按 ID 比较；没有时返回 kind 为 match "
      .. "的失败。",
    params = {
      { "params", "jdvm.ListImagesParams" },
      { "options", "jdvm.LatestOptions", optional = true },
    },
    returns = { { "jdvm.Image", "image" }, { "jdvm.ListStats", "stats of the list" } },
    fails = true,
  },
  {
    name = "wait_image",
    doc = "Waits until images are in a state; one request per poll, however many ids.",
    doc_zh = "等待镜像到达指定状态；多个 ID 每次轮询只需一次请求。",
    params = { { "ids", "string|string[]" }, { "options", "jdvm.WaitOptions", optional = true } },
    returns = { { "jdvm.Image|jdvm.Image[]", "image or images, as asked" }, { "jdvm.Meta", "meta" } },
    fails = true,
  },
  {
    name = "settings",
    doc = "Tells where each setting comes from: region, endpoint, ca_file, access_key, secret_key, session_token, and problem when there are no keys. Safe to print: it holds no secret, and the access key is mostly hidden.",
    doc_zh = "各项设置的来源：region、endpoint、ca_file、access_key、secret_key、session_token，没有可用密钥时还有 problem。"
      .. "用于显示：不含密钥内容，access_key 大部分被隐藏。",
    params = {},
    returns = { { "jdvm.Setting[]", "settings" } },
  },
  {
    name = "close",
    doc = "Cancels what is in flight and closes connections.",
    doc_zh = "取消进行中的请求并关闭连接。",
    params = {},
    returns = {},
  },
}

-- Methods that a list operation gets, as operations.list_methods calls them; {Item} is the type of its items.
api.lists = {
  {
    method = "items",
    doc = "Iterates over all images that match, reading pages as needed. A filter may be an array of values, which means any of them. Raises an error when a page cannot be read: a loop never ends early in silence.",
    doc_zh = "遍历所有符合条件的结果，自动翻页。过滤条件可为数组，表示任一取值均可。无法取得某一页时抛出异常，绝不会悄悄提前结束。",
    returns = { { "jdvm.{Items}", "iterator" } },
  },
  {
    method = "pages",
    doc = "Iterates over pages: result, meta.",
    doc_zh = "按页遍历，每次返回 result, meta。",
    returns = { { "jdvm.{Item}Pages", "iterator" } },
  },
  {
    method = "list",
    doc = "Reads a list to its end.",
    doc_zh = "读取完整列表。",
    returns = { { "jdvm.{Item}[]", "items" }, { "jdvm.ListStats", "stats" } },
    fails = true,
  },
  {
    method = "count",
    doc = "Counts the images that match, by one small page where that is enough.",
    doc_zh = "查询符合条件的数量，通常只需一页。",
    returns = { { "integer", "count" }, { "jdvm.Meta", "meta" } },
    fails = true,
  },
}

-- Methods of the other objects.
api.objects = {
  {
    name = "Iterator",
    doc = "Reads a list in a generic for, one image, or one page and its meta, at a time.",
    doc_zh = "列表迭代器，用于泛型 for：每次返回一个镜像，或一页及其 meta。",
    methods = {
      {
        name = "stats",
        doc = "Counters so far.",
        doc_zh = "到目前为止的统计。",
        params = {},
        returns = { { "jdvm.ListStats", "stats" } },
      },
      {
        name = "token",
        doc = "Returns the resume token for the option start, or nil when the list is complete. If the list changed while it was read, resuming may return some images again, but misses none.",
        doc_zh = "续读标记（用于选项 start）；列表已读完时为 nil。若读取期间列表有变化，"
          .. "续读可能重复给出个别镜像，但不会遗漏。",
        params = {},
        returns = { { "string?", "token" } },
      },
      {
        name = "failure",
        doc = "Returns why the loop ended with an error, or nil.",
        doc_zh = "循环因何出错结束。",
        params = {},
        returns = { { "string?", "message" }, { "jdvm.Failure?", "detail" } },
      },
      {
        name = "close",
        doc = "Cancels requests in flight. Lua 5.4 and later do so when the loop is left.",
        doc_zh = "取消进行中的请求；Lua 5.4 在离开循环时自动执行。",
        params = {},
        returns = {},
      },
    },
  },
  {
    name = "Images",
    parent = "Iterator",
    call = "fun(): jdvm.Image",
    doc = "An Iterator whose loop variable is an image.",
    doc_zh = "循环变量为镜像的 Iterator。",
    methods = {},
  },
  {
    name = "ImagePages",
    parent = "Iterator",
    call = "fun(): jdvm.DescribeImagesResult, jdvm.Meta",
    doc = "An Iterator whose loop variables are a page and its meta.",
    doc_zh = "循环变量为一页结果及其 meta 的 Iterator。",
    methods = {},
  },
  {
    name = "Call",
    doc = "A call under way.",
    doc_zh = "进行中的调用。",
    methods = {
      {
        name = "finish",
        doc = "Waits for the response; returns what the operation's method returns.",
        doc_zh = "等待调用结束，返回值与对应方法相同。",
        params = {},
        returns = { { "table", "result" }, { "jdvm.Meta", "meta" } },
        fails = true,
      },
      {
        name = "cancel",
        doc = "Cancels the call; finish then fails with kind cancelled.",
        doc_zh = "取消调用；之后 finish() 返回 kind 为 cancelled 的错误。",
        params = {},
        returns = {},
      },
    },
  },
}

api.objects[#api.objects + 1] = {
  name = "Catalogue",
  doc = "Returned by jdvm.cache.new: the client's results, from the cache where possible. meta.cache and meta.age (also in the detail of a failure) tell where a result comes from. Results are copies, which the caller may change.",
  doc_zh = "jdvm.cache 返回的对象：响应与客户端方法相同，尽可能取自缓存。meta.cache 与 meta.age（失败时在 detail 中）说明响应"
    .. "来源。返回的表可任意修改。",
  methods = {
    {
      name = "describe_image",
      doc = "As client:describe_image.",
      doc_zh = "同 client:describe_image。",
      fails = true,
      params = { { "params", "jdvm.DescribeImageParams|string" }, { "options", "jdvm.CachedOptions", optional = true } },
      returns = { { "jdvm.Image", "image" }, { "jdvm.Meta", "meta" } },
    },
    {
      name = "list_images",
      doc = "As client:list_images; the list is kept as one entry.",
      doc_zh = "同 client:list_images；整个列表作为一项缓存。",
      fails = true,
      params = { { "params", "jdvm.ListImagesParams" }, { "options", "jdvm.CachedOptions", optional = true } },
      returns = { { "jdvm.Image[]", "images" }, { "jdvm.Meta", "meta" } },
    },
  },
}

api.decode_options = {
  {
    name = "null",
    type = "string",
    values = { "drop", "keep" },
    default = "drop",
    doc = "null in an object: left out, or jdvm.null. In arrays it is always jdvm.null.",
    doc_zh = "对象中的 null：省略或返回 jdvm.null；数组中总是 jdvm.null。",
  },
  {
    name = "utf8",
    type = "string",
    values = { "strict", "replace" },
    default = "strict",
    doc = "Bytes that are not UTF-8: refused, or U+FFFD.",
    doc_zh = "非 UTF-8 字节：报错或替换为 U+FFFD。",
  },
  { name = "max_depth", type = "integer", default = 64, doc = "Deepest nesting.", doc_zh = "最大嵌套深度。" },
  {
    name = "max_size",
    type = "integer",
    doc = "Longest text in bytes.",
    doc_zh = "最大文本长度，单位字节。",
  },
  {
    name = "fields",
    type = "string[]",
    doc = "Only these fields, dotted for nested ones.",
    doc_zh = "仅解析这些字段，嵌套字段以点分隔。",
  },
  {
    name = "items",
    type = "string",
    doc = "Path of the array whose elements fields applies to.",
    doc_zh = "fields 所作用的数组路径。",
  },
  {
    name = "source",
    type = "string",
    doc = "Key under which each item also gets its own JSON text; needs fields.",
    doc_zh = "每个元素额外在该键下保存 JSON 原文；需与 fields 同用。",
  },
  {
    name = "array_mt",
    type = "table|false",
    doc = "Metatable of empty arrays, false for none; default: that of lua-cjson if the program has loaded one, so that "
      .. "it encodes them as arrays; else the library's own.",
    doc_zh = "空数组的元表，false 表示不设置；默认使用程序已加载的 lua-cjson 的元表，以便编码为数组；未加载时使用自身的元表。",
  },
}

--- Type names of an operation's parameters and result.
function api.type_names(operation)
  local name = operation.name:gsub("^%l", string.upper)
  return "jdvm." .. name .. "Params", "jdvm." .. name .. "Result"
end

--- The type of the items of a list operation, and those of its lists' parameters.
function api.list_names(operation)
  local item = api.result_field(operation, operation.page.items).type:gsub("%[%]$", "")
  local items = operation.page.items:gsub("^%l", string.upper)
  return { Item = item, Items = items, params = "jdvm.List" .. items .. "Params" }
end

--- The field of an operation's result with the given name.
function api.result_field(operation, name)
  for _, field in ipairs(operation.result) do
    if field.name == name then return field end
  end
end

--- The methods that follow from an operation: its own, and those of lists.
function api.methods(operation)
  local params_type, result_type = api.type_names(operation)
  if operation.unwrap then result_type = "jdvm." .. api.result_field(operation, operation.unwrap).type end
  if operation.shorthand then params_type = params_type .. "|string" end
  local methods = {
    {
      name = operation.method_name,
      doc = operation.doc,
      doc_zh = operation.doc_zh,
      fails = true,
      params = { { "params", params_type }, { "options", "jdvm.CallOptions", optional = true } },
      returns = { { result_type, operation.unwrap or "result" }, { "jdvm.Meta", "meta" } },
    },
  }
  if not operation.page then return methods end
  local names = operations.list_methods(operation)
  local types = api.list_names(operation)
  for _, list in ipairs(api.lists) do
    local returns = {}
    for i, value in ipairs(list.returns) do
      returns[i] = { value[1]:gsub("{(%a+)}", types), value[2] }
    end
    methods[#methods + 1] = {
      name = names[list.method],
      doc = list.doc,
      doc_zh = list.doc_zh,
      returns = returns,
      fails = list.fails,
      params = { { "params", types.params }, { "options", "jdvm.ListOptions", optional = true } },
    }
  end
  return methods
end

return api
