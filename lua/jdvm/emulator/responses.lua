-- The bodies of the service's and the gateway's responses.

local json = require "jdvm.util.json"
local models = require "jdvm.service.models"
local random = require "jdvm.emulator.random"

local M = {}

-- The status words of the gateway.
local STATUS = {
  [400] = "HTTP_BAD_REQUEST",
  [401] = "ACCESS_ERROR",
  [403] = "HTTP_FORBIDDEN",
  [404] = "NOT_FOUND",
  [413] = "HTTP_REQUEST_ENTITY_TOO_LARGE",
  [414] = "HTTP_URI_TOO_LONG",
  [429] = "HTTP_RATE_LIMIT_EXCEEDED",
}

-- Pieces go to one list, which is joined once: a page has thousands.
local function append(out, value, kind)
  local fields = models.by_name[kind]
  if fields then
    local before = "{"
    for _, field in ipairs(fields) do
      local part = value[field.name]
      if part ~= nil then
        out[#out + 1] = before .. '"' .. field.name .. '":'
        append(out, part, field.type)
        before = ","
      end
    end
    out[#out + 1] = before == "{" and "{}" or "}"
  elseif type(value) == "table" then
    for i, item in ipairs(value) do
      out[#out + 1] = i == 1 and "[" or ","
      append(out, item, kind:sub(1, -3))
    end
    out[#out + 1] = value[1] == nil and "[]" or "]"
  else
    out[#out + 1] = json(value)
  end
end

--- JSON text with the fields of an object in the order of its model.
---@param kind string type as in jdvm.service.models
function M.write(value, kind)
  local out = {}
  append(out, value, kind)
  return table.concat(out)
end

--- A request id as the gateway (base 36) or the service behind it (hex) writes them.
---@param n number of the request
function M.request_id(seed, n, from_service) return random.text(seed + n % 65536, n, 32, from_service) end

---@param result string JSON text
function M.success(request_id, result) return '{"requestId":"' .. request_id .. '","result":' .. result .. "}" end

---@param failure table `{code, status?, message, details?}`; details is JSON text
function M.failure(request_id, failure)
  local details = failure.details and ',"details":' .. failure.details or ""
  return ('{"error":{"status":%s,"code":%d,"message":%s%s},"requestId":"%s"}'):format(
    json(failure.status or STATUS[failure.code] or "UNKNOWN"),
    failure.code,
    json(failure.message),
    details,
    request_id
  )
end

--- What a proxy in front of the service answers, in HTML.
function M.html(code, reason)
  return (
    "<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n"
    .. "<hr><center>jd-gateway</center>\r\n</body>\r\n</html>\r\n"
  ):format(code, reason, code, reason)
end

---@param seconds number since the epoch
function M.http_date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(seconds)) end

return M
