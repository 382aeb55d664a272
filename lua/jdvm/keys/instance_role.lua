-- Keys of a VM's instance role, from the metadata server of JD Cloud: a provider for jdvm.keys.holder.
-- Used only when asked for by name, since a machine elsewhere would wait for a server that is not there.
--
-- UNVERIFIED: no official page describes address or format; both follow what a third-party script reads
-- (an object with Code, accessKey, secretKey, sessionToken, expiration). The request goes through the
-- call's transport and its deadline.

local dates = require "jdvm.util.time"
local text = require "jdvm.util.text"

local instance_role = {}

-- Seconds that the server, which is next door, gets to answer; and that keys are kept whose time of
-- expiry cannot be read.
local LIMIT, UNKNOWN_LIFETIME = 2, 1800

-- Seconds since 1970 of an ISO 8601 time with a zone, or nil.
local function epoch_of(stamp)
  local year, month, day, hour, minute, second, zone =
    tostring(stamp):match("^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)[.%d]*(.*)$")
  if not year then return nil end
  local offset = 0
  if zone ~= "Z" then
    local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
    if not sign then return nil end
    offset = (sign == "-" and -1 or 1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
  end
  return dates.seconds(year, month, day, hour, minute, second) - offset
end

--- Makes a provider (see jdvm.keys.holder).
---@param settings? { url: string, timeout: number }
---@return function
function instance_role.new(settings)
  settings = settings or {}
  local url = settings.url or "http://169.254.169.254/metadata/latest/iam/instance-role-security-credentials"
  return function(context)
    local transport = context.transport
    if not (transport and transport.start) then
      return nil, "the instance role needs a transport that starts requests"
    end
    local limit = settings.timeout or LIMIT
    local deadline = math.min(transport:now() + limit, context.deadline or math.huge)
    local pending = transport:start({
      method = "GET",
      url = url,
      headers = {},
      connect_timeout = limit,
      read_timeout = limit,
      max_body = 65536,
    }, deadline)
    local response, failure = transport:finish(pending)
    if not response then
      return nil,
        "no answer from the metadata server for the instance role: " .. tostring(
          type(failure) == "table" and failure.message or failure
        )
    end
    if response.status ~= 200 then
      return nil, ("the metadata server has no keys of an instance role (HTTP %s)"):format(tostring(response.status))
    end
    local given, message
    if response.decode then
      given, message = response:decode()
    else
      given, message = require("jdvm.core").decode(response.body or "")
    end
    if type(given) ~= "table" then
      return nil, "the metadata server's answer is not JSON: " .. tostring(message or type(given))
    end
    if tostring(given.Code or "success"):lower() ~= "success" then
      return nil,
        "the metadata server gives no keys: Code is "
          .. text.show(given.Code)
          .. " (does this VM have an instance role?)"
    end
    return {
      access_key = given.accessKey,
      secret_key = given.secretKey,
      session_token = given.sessionToken,
      expires_at = epoch_of(given.expiration) or context.clock() + UNKNOWN_LIFETIME,
      origin = "the instance role",
    }
  end
end

return instance_role
