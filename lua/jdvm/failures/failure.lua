-- Failures: one printable line for people, plain data for programs. Pure, no I/O.
--
-- The line reads `jdvm: describeImage: 404 NOT_FOUND: Image 'img-x' not found (request 5dfb…)`, the
-- data holds what errors.fields lists. Text of the service or of a transport may hold anything, so all
-- of it is made one printable line and cut; secrets that the caller names are taken out of it.

local hints = require "jdvm.failures.hints"
local text = require "jdvm.util.text"

local errors = {}

-- Longest message in the line and in the data, and longest name, word or id (bytes).
local LINE_LIMIT, DATA_LIMIT, WORD_LIMIT = 500, 2000, 100

--- Kinds of failures, in the order of the reference page.
errors.kinds = {
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
    doc = "The connection broke, or the answer was not HTTP or too large.",
    doc_zh = "连接中断，或应答不是合法的 HTTP，或应答过大。",
  },
  {
    name = "http",
    doc = "An HTTP error whose body is not the service's (a proxy's or a gateway's).",
    doc_zh = "HTTP 错误，且正文不是服务端的格式（来自代理或网关）。",
  },
  {
    name = "decode",
    doc = "An answer that is not JSON, or lacks what it must hold.",
    doc_zh = "应答不是 JSON 或缺少必需内容。",
  },
  {
    name = "api",
    doc = "The service's own error: code, status and message are its words.",
    doc_zh = "服务端返回的错误：code、status、message 为其原文。",
  },
  { name = "pagination", doc = "The pages of a list contradict each other.", doc_zh = "分页结果前后矛盾。" },
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
    doc = "An answer has no room in the shared dict of jdvm.cache.",
    doc_zh = "应答超出 jdvm.cache 共享字典的容量。",
  },
  { name = "cancelled", doc = "The call was cancelled.", doc_zh = "调用已取消。" },
}

--- Fields of the data. All but kind and message may be absent.
errors.fields = {
  { name = "kind", type = "string", doc = "Kind of failure.", doc_zh = "失败类别。" },
  { name = "code", type = "integer", doc = "The service's error code.", doc_zh = "服务端错误码。" },
  { name = "cause", type = "string", doc = "What happened, as a word.", doc_zh = "失败原因代码。" },
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
  { name = "attempts", type = "integer", doc = "Tries made.", doc_zh = "已尝试次数。" },
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
    name = "image",
    type = "table",
    doc = "The image last seen by a wait.",
    doc_zh = "等待时最后一次看到的镜像。",
  },
  {
    name = "last",
    type = "table",
    doc = "The failure of the attempt before, when the time ran out.",
    doc_zh = "超时时，上一次尝试的失败。",
  },
}

local known_kinds = {}
for _, kind in ipairs(errors.kinds) do
  known_kinds[kind.name] = true
end

local long_texts = { message = true, hint = true }
-- Fields that hold the caller's data unchanged.
local own_data = { image = true, stats = true }

-- Longest user name and password of a URL that is looked for (bytes).
local USERINFO = 500

-- Takes user names and passwords out of URLs: up to the last "@" of what may be one URL. A password may hold "/", "@"
-- and blanks when somebody forgot to encode it, and that is when libraries quote the URL in their messages.
local function redact_userinfo(s)
  if not s:find("@", 1, true) then return s end
  local parts, from = {}, 1
  while true do
    local _, last = s:find("://", from, true)
    if not last then break end
    local run = s:sub(last + 1, last + USERINFO):match("^[^'\"<>]*@")
    parts[#parts + 1] = s:sub(from, last) .. (run and "[redacted]@" or "")
    from = last + 1 + (run and #run or 0)
  end
  return table.concat(parts) .. s:sub(from)
end

--- Takes out what must never be shown: the secrets named by the caller, and what looks like one.
---@param s string
---@param secrets string[]
---@return string
local function redact(s, secrets)
  for _, secret in ipairs(secrets) do
    local from = 1
    while #secret >= 4 do
      local first, last = s:find(secret, from, true)
      if not first then break end
      s = s:sub(1, first - 1) .. "[redacted]" .. s:sub(last + 1)
      from = first + 10
    end
  end
  s = s:gsub("([Ss]ignature=)%x+", "%1[redacted]")
  s = s:gsub("([Ss]ecurity%-[Tt]oken[\"']?%s*[:=]%s*[\"']?)[^%s\"',;]+", "%1[redacted]")
  return redact_userinfo(s)
end
errors.redact = redact

-- A copy that holds only plain data: nested at most 5 deep, at most 100 entries a table.
local function plain(value, secrets, depth)
  local kind = type(value)
  if kind == "string" then return text.one_line(redact(value, secrets), DATA_LIMIT) end
  if kind == "number" or kind == "boolean" then return value end
  if kind ~= "table" or depth > 5 then return nil end
  local copy, count = {}, 0
  for key, element in pairs(value) do
    count = count + 1
    if count > 100 then break end
    if type(key) == "string" then
      copy[text.one_line(redact(key, secrets), 200)] = plain(element, secrets, depth + 1)
    else
      -- No hole where a null was, or something deep.
      copy[#copy + 1] = plain(element, secrets, depth + 1)
    end
  end
  return copy
end

local function contains_one(haystack, needles)
  for _, needle in ipairs(needles) do
    if haystack:find(needle, 1, true) then return true end
  end
  return false
end

--- What to do about a failure, or nil.
---@param failure table
---@return string|nil
function errors.hint(failure)
  local skew = failure.skew
  if skew and math.abs(skew) >= 60 and (failure.http_status == 401 or failure.http_status == 403) then
    return ("this machine's clock is %.0f s %s the service's: set it right (NTP)"):format(
      math.abs(skew),
      skew > 0 and "behind" or "ahead of"
    )
  end
  local lower = (failure.message or ""):lower()
  local code = failure.kind == "api" and failure.code or failure.http_status
  for _, entry in ipairs(hints) do
    if
      entry.kind == failure.kind
      and (not entry.http or (code and code >= entry.http and code <= (entry.last or entry.http)))
      and (not entry.status or entry.status == failure.status)
      and (not entry.phase or entry.phase == failure.phase)
      and (not entry.find or contains_one(lower, entry.find))
    then
      if type(entry.hint) == "function" then return entry.hint(failure) end
      return entry.hint or nil
    end
  end
  return nil
end

-- The middle of the line: the message with the numbers and words that belong before it.
local function describe(failure)
  local message = text.one_line(failure.message, LINE_LIMIT)
  if failure.kind == "api" then
    local head = tostring(failure.code or failure.http_status or "error")
    if failure.status then head = head .. " " .. failure.status end
    return head .. ": " .. message
  end
  if failure.kind == "http" then return ("HTTP %s: %s"):format(failure.http_status or "error", message) end
  return message
end

-- The facts at the end of the line, in brackets.
local function facts(failure)
  local list = {}
  if failure.kind == "timeout" and failure.phase then list[#list + 1] = "phase " .. failure.phase end
  if failure.attempts and failure.attempts > 1 then list[#list + 1] = ("%d attempts"):format(failure.attempts) end
  if failure.elapsed and (failure.kind == "timeout" or (failure.attempts or 0) > 1) then
    list[#list + 1] = ("%.1f s"):format(failure.elapsed)
  end
  if failure.request_id then list[#list + 1] = "request " .. failure.request_id end
  if #list == 0 then return "" end
  return " (" .. table.concat(list, ", ") .. ")"
end

--- What another failure keeps of the one before it, its field last.
---@param failure table|nil
---@return table|nil
function errors.last(failure)
  if not failure then return nil end
  return {
    kind = failure.kind,
    code = failure.code,
    status = failure.status,
    message = failure.message,
    http_status = failure.http_status,
    request_id = failure.request_id,
    phase = failure.phase,
    retry_after = failure.retry_after,
  }
end

--- Makes a failure: the line and the data.
---@param failure table fields of errors.fields, others are left out; a hint is found when none is given, unless it is
---  false
---@param secrets? string[] texts to take out of everything
---@return string message one printable line
---@return jdvm.Failure detail
function errors.new(failure, secrets)
  local detail = {}
  for _, field in ipairs(errors.fields) do
    local value = failure[field.name]
    if not own_data[field.name] then value = plain(value, secrets or {}, 0) end
    if type(value) == "string" and not long_texts[field.name] then value = text.one_line(value, WORD_LIMIT) end
    detail[field.name] = value
  end
  if not known_kinds[detail.kind] then detail.kind = "transport" end
  if type(detail.message) ~= "string" or detail.message == "" then detail.message = detail.kind .. " failure" end
  if failure.hint == false then
    detail.hint = nil
  else
    detail.hint = detail.hint or errors.hint(detail)
  end
  local parts = { "jdvm: " }
  if detail.operation then parts[#parts + 1] = detail.operation .. ": " end
  parts[#parts + 1] = describe(detail)
  parts[#parts + 1] = facts(detail)
  if detail.last and detail.last.message then parts[#parts + 1] = "; before that: " .. describe(detail.last) end
  if detail.hint then parts[#parts + 1] = "; hint: " .. detail.hint end
  return table.concat(parts), detail
end

return errors
