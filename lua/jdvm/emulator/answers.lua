-- The envelope of the service's answers and the gateway's own.

local json = require "jdvm.emulator.json"
local random = require "jdvm.emulator.random"

local M = {}

local STATUS = {
  [400] = "HTTP_BAD_REQUEST",
  [401] = "ACCESS_ERROR",
  [403] = "HTTP_FORBIDDEN",
  [404] = "NOT_FOUND",
  [413] = "HTTP_REQUEST_ENTITY_TOO_LARGE",
  [414] = "HTTP_URI_TOO_LONG",
  [429] = "HTTP_RATE_LIMIT_EXCEEDED",
  [500] = "HTTP_INTERNAL_SERVER_ERROR",
  [502] = "HTTP_BAD_GATEWAY",
  [503] = "HTTP_SERVICE_UNAVAILABLE",
  [504] = "HTTP_SERVER_TIMING_OUT",
}

--- A request id as the gateway (base 36) or the service behind it (hex) writes them.
---@param seed number
---@param n number of the request
---@param from_service boolean
---@return string
function M.request_id(seed, n, from_service) return random.text(seed + n % 65536, n, 32, from_service) end

---@param request_id string
---@param ... string pieces of the JSON text of the result
---@return string[] pieces of the body: a page is never copied into a longer string, which LuaJIT would pay for
function M.success(request_id, ...) return { '{"requestId":"', request_id, '","result":', ... } end

---@param request_id string
---@param failure table `{code, status?, message, details?}`; details is JSON text
---@return string body
function M.failure(request_id, failure)
  local details = failure.details and ',"details":' .. failure.details or ""
  return ('{"error":{"status":%s,"code":%d,"message":%s%s},"requestId":"%s"}'):format(
    json.string(failure.status or STATUS[failure.code]),
    failure.code,
    json.string(failure.message),
    details,
    request_id
  )
end

---@param seconds number since the epoch
---@return string date as in HTTP's Date header
function M.http_date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(seconds)) end

--- What a proxy in front of the service answers, in HTML.
---@param code number
---@param reason string
---@return string body
function M.html(code, reason)
  return (
    "<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n"
    .. "<hr><center>jd-gateway</center>\r\n</body>\r\n</html>\r\n"
  ):format(code, reason, code, reason)
end

return M
