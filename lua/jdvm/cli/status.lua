-- Exit statuses, as the manual page and --help list them.
local operations = require "jdvm.service.operations"

local status = {
  fine = 0,
  not_found = 1,
  usage = 2,
  credentials = 3,
  service = 4,
  internal = 70,
  timeout = 124,
}

-- Whether the time of a wait ran out without any sign of the service: that is no matter of patience.
local function is_unreachable(detail)
  local last = detail.last
  if not last or not detail.image or detail.image.status then return false end
  local phase = last.kind == "timeout" and last.phase or last.kind
  return phase == "dns" or phase == "connect" or phase == "tls"
end

-- Whether the service said that what was asked for by its id does not exist: a result rather than a failure.
local function is_absent(detail)
  local operation = operations[detail.operation]
  return detail.cause == "not_found" and operation ~= nil and operation.shorthand ~= nil
end

---The exit status that tells a failure's kind to a script.
---@param detail table
---@return integer
function status.of(detail)
  local kind, http = detail.kind, detail.http_status
  if kind == "timeout" then
    return is_unreachable(detail) and status.service or status.timeout
  elseif kind == "credentials" or http == 401 or http == 403 then
    return status.credentials
  elseif kind == "wait" or is_absent(detail) then
    return status.not_found
  end
  return status.service
end

return status
