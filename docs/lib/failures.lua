-- What the reference says of a failure: its kinds, and the fields of `detail`, which jdvm.failures.failure lists.

local failures = {}

failures.kinds = {
  {
    name = "credentials",
    doc = "No usable keys: none found, only half a pair, or their provider failed.",
    doc_zh = "没有可用的密钥：未找到、不成对，或提供函数失败。",
  },
  {
    name = "connect",
    doc = "The name did not resolve or no connection came about.",
    doc_zh = "域名解析失败或无法建立连接。",
  },
  {
    name = "tls",
    doc = "The TLS handshake or the check of the certificate failed.",
    doc_zh = "TLS 握手或证书校验失败。",
  },
  { name = "timeout", doc = "The time ran out; phase says where.", doc_zh = "超时；phase 说明所处阶段。" },
  {
    name = "transport",
    doc = "The connection broke, or the response was not HTTP or too large.",
    doc_zh = "连接中断，或响应不是合法的 HTTP，或响应过大。",
  },
  {
    name = "http",
    doc = "An HTTP error whose body is not the service's (a proxy's or a gateway's).",
    doc_zh = "HTTP 错误，且正文不是服务端的格式（来自代理或网关）。",
  },
  {
    name = "decode",
    doc = "A response that is not JSON, or lacks required content.",
    doc_zh = "响应不是 JSON 或缺少必需内容。",
  },
  {
    name = "api",
    doc = "The service's own error: code, status and message are its words.",
    doc_zh = "服务端返回的错误：code、status、message 为其原文。",
  },
  { name = "pagination", doc = "The pages of a list contradict each other.", doc_zh = "分页结果前后矛盾。" },
  {
    name = "match",
    doc = "latest_image found no image that is ready and matches.",
    doc_zh = "latest_image 未找到可用且符合条件的镜像。",
  },
  {
    name = "wait",
    doc = "An image waited for cannot reach the state any more.",
    doc_zh = "所等待的镜像已无法到达目标状态。",
  },
  {
    name = "phase",
    doc = "This nginx phase cannot make requests.",
    doc_zh = "当前 nginx 阶段不能发起请求。",
  },
  {
    name = "cache",
    doc = "A response does not fit in the shared dict of jdvm.cache.",
    doc_zh = "响应超出 jdvm.cache 共享字典的容量。",
  },
  { name = "cancelled", doc = "The call was cancelled.", doc_zh = "调用已取消。" },
}

failures.fields = {
  { name = "kind", type = "string", doc = "Kind of failure.", doc_zh = "失败类别。" },
  { name = "code", type = "integer", doc = "The service's error code.", doc_zh = "服务端错误码。" },
  {
    name = "cause",
    type = "string",
    doc = "What happened, as a word of the table below; it stays the same when messages change.",
    doc_zh = "失败原因，取值见下表；错误信息可能改变，该值不变。",
  },
  {
    name = "status",
    type = "string",
    doc = "The service's word for the error, such as NOT_FOUND.",
    doc_zh = "服务端错误状态，例如 NOT_FOUND。",
  },
  {
    name = "message",
    type = "string",
    doc = "What went wrong, without the facts around it.",
    doc_zh = "错误描述。",
  },
  { name = "http_status", type = "integer", doc = "HTTP status.", doc_zh = "HTTP 状态码。" },
  { name = "request_id", type = "string", doc = "Id of the request at the service.", doc_zh = "服务端请求 ID。" },
  { name = "details", type = "table", doc = "Details the service gave.", doc_zh = "服务端给出的详细信息。" },
  {
    name = "operation",
    type = "string",
    doc = "Operation, such as describeImages.",
    doc_zh = "操作名，例如 describeImages。",
  },
  { name = "region", type = "string", doc = "Region of the call.", doc_zh = "调用所用地域。" },
  {
    name = "filter",
    type = "string",
    doc = "Of a list over several regions or values: those of the request that failed, such as "
      .. "`regionId=cn-east-2, status=error`.",
    doc_zh = "查询多个地域或多个取值的列表：失败的请求所用的地域与取值，例如 `regionId=cn-east-2, status=error`。",
  },
  { name = "attempts", type = "integer", doc = "Attempts made.", doc_zh = "已尝试次数。" },
  { name = "elapsed", type = "number", doc = "Seconds the call took.", doc_zh = "调用耗时，单位秒。" },
  {
    name = "phase",
    type = "string",
    doc = "Where: dns, connect, tls, send, wait, read or sleep; or the nginx phase.",
    doc_zh = "所处阶段：dns、connect、tls、send、wait、read、sleep，或 nginx 阶段名。",
  },
  {
    name = "retryable",
    type = "boolean",
    doc = "Whether the same call may succeed later.",
    doc_zh = "稍后重试是否可能成功。",
  },
  { name = "hint", type = "string", doc = "What to do about it.", doc_zh = "处理建议。" },
  {
    name = "retry_after",
    type = "number",
    doc = "Seconds the service asked to wait.",
    doc_zh = "服务端要求等待的秒数。",
  },
  {
    name = "skew",
    type = "number",
    doc = "Seconds the service's clock is ahead of this machine's.",
    doc_zh = "服务端时钟比本机快的秒数。",
  },
  {
    name = "stats",
    type = "table",
    doc = "Counters of a list when it failed.",
    doc_zh = "列表失败时的统计。",
  },
  {
    name = "token",
    type = "string",
    doc = "Of an iterator that failed: where to go on after what it gave, for the option start.",
    doc_zh = "迭代器失败时的续读标记：用于选项 start，从已返回的内容之后继续。",
  },
  {
    name = "image",
    type = "table",
    doc = "The image last seen by a wait.",
    doc_zh = "等待时最后一次看到的镜像。",
  },
  {
    name = "facts",
    type = "table",
    doc = "What the message names, such as host, port, proxy, file, seconds.",
    doc_zh = "错误信息中的具体内容，例如 host、port、proxy、file、seconds。",
  },
  {
    name = "last",
    type = "table",
    doc = "The failure of the attempt before, when the time ran out.",
    doc_zh = "超时时，上一次尝试的失败。",
  },
}

-- The return codes of the service's pages, with its words, and what they mean to a caller of jdvm.
failures.codes = {
  { 200, "OK", en = "Success.", zh = "成功。" },
  { 400, "Invalid parameter", en = "Not retried.", zh = "不重试。" },
  { 401, "Authentication failed", en = "Not retried; see `detail.hint`.", zh = "不重试；见 `detail.hint`。" },
  { 404, "Not found", en = "No such image or path. Not retried.", zh = "镜像或路径不存在，不重试。" },
  { 500, "Internal server error", en = "Retried.", zh = "会重试。" },
  { 503, "Service unavailable", en = "Retried.", zh = "会重试。" },
}

return failures
