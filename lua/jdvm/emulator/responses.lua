-- The bodies of the service's and the gateway's responses.

local json = require "jdvm.util.json"
local models = require "jdvm.service.models"
local random = require "jdvm.emulator.random"
local text = require "jdvm.util.text"

local M = {}

-- HTTP status, status word and message of the service or of its gateway: [gw]. A code alone means its first line.
local ERRORS = {
  { 400, "INVALID_ARGUMENT", "bad parameter" },
  { 401, "ACCESS_ERROR", "sign result is not same [gw]" },
  { 403, "HTTP_FORBIDDEN", "api is disabled [gw]" },
  { 404, "NOT_FOUND", "no route and no API found with those values [gw]" },
  { 409, "ABORTED", "Conflict with underlay image task" },
  { 413, "HTTP_REQUEST_ENTITY_TOO_LARGE", "limit 100m [gw]" },
  { 414, "HTTP_URI_TOO_LONG", "limit 8k [gw]" },
  { 429, "RATE_LIMIT", "Request was throttled" },
  { 429, "HTTP_RATE_LIMIT_EXCEEDED", "minute rate limit exceeded, role:ak [gw]" },
  { 429, "QUOTA_EXCEEDED", "Image quota limit exceeded" },
  { 499, "CANCELLED", "Request was cancelled" },
  { 500, "INTERNAL", "Internal server error" },
  { 501, "NOT_IMPLEMENTED", "Not implemented" },
  { 502, "SOURCE_UNAVAILABLE", "Bad gateway" },
  { 503, "UNAVAILABLE", "Service unavailable" },
  { 504, "HTTP_SERVER_TIMING_OUT", "Gateway time-out [gw]" },
}

local function usual(code, status)
  for _, entry in ipairs(ERRORS) do
    if entry[1] == code and (not status or entry[2] == status) then return entry end
  end
  return { code, "UNKNOWN", "Unknown server error" }
end

--- JSON text with the fields of an object in the order of its model.
---@param kind string the name of a model, or the type of a field
function M.write(value, kind)
  local fields, parts = models.by_name[kind], {}
  if fields then
    for _, field in ipairs(fields) do
      local part = value[field.name]
      if part ~= nil then parts[#parts + 1] = '"' .. field.name .. '":' .. M.write(part, field.type) end
    end
    return "{" .. table.concat(parts, ",") .. "}"
  end
  if type(value) ~= "table" then return json(value) end
  for i, item in ipairs(value) do
    parts[i] = M.write(item, kind:sub(1, -3))
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

function M.request_id(seed, n) return random.text(seed + n % 65536, n, 32) end

function M.success(request_id, result) return '{"requestId":"' .. request_id .. '","result":' .. result .. "}" end

---@param failure table `{code, status?, message?, details?}`; details is JSON text
function M.failure(request_id, failure)
  local words = usual(failure.code, failure.status)
  local message = failure.message or words[3]
  -- JSON is UTF-8, whatever was asked for.
  if text.utf8_fault(message) then message = text.one_line(message, 500) end
  local details = failure.details and ',"details":' .. failure.details or ""
  return ('{"error":{"status":%s,"code":%d,"message":%s%s},"requestId":"%s"}'):format(
    json(failure.status or words[2]),
    failure.code,
    json(message),
    details,
    request_id
  )
end

--- What a proxy in front of the service answers, in HTML.
function M.html(code)
  local page = "<html>\r\n<head><title>%d</title></head>\r\n<body>\r\n<center><h1>%d</h1></center>\r\n"
  return (page .. "<hr><center>jd-gateway</center>\r\n</body>\r\n</html>\r\n"):format(code, code)
end

function M.http_date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(seconds)) end

return M
