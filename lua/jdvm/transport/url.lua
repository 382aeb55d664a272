-- URLs: the endpoint of the service as users write it, and what is asked for. Checked when a client is made, so that a
-- mistake is named then and not as a connection that fails. Pure text.

local text = require "jdvm.util.text"

local url = {}

url.DEFAULT_PORT = { http = 80, https = 443 }

--- Host and port of an authority without a user name.
---@param authority string "host[:port]", where host is a name, an IPv4 address or an IPv6 address in brackets
---@return string|nil host lower case, brackets kept; nil when it is none
---@return integer|nil port
function url.host_and_port(authority)
  local host, port = text.lower(authority):match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then
    host, port = text.lower(authority):match("^([a-z0-9._-]+):?(%d*)$")
  end
  if not host or (port ~= "" and (tonumber(port) < 1 or tonumber(port) > 65535)) then return nil end
  return host, tonumber(port)
end

--- Splits an endpoint: a URL of scheme, host and port, and nothing else.
---@param given string
---@return { scheme: string, host: string, origin: string, name: string, port: integer }|nil endpoint host is as in the
---  header Host, with the port when it is not the scheme's; name is the host alone
---@return string|nil message words that follow "the endpoint"
function url.endpoint(given)
  -- First of all, and over the whole: what stands before an "@" may be a password, which no message may show.
  if given:find("@", 1, true) then
    return nil, "must not hold a user name or a password: keys go into access_key and secret_key"
  end
  local scheme, authority, rest = given:match("^([A-Za-z]+)://([^/?#]*)(.*)$")
  if not scheme then return nil, "must begin with https:// (or http://), got " .. text.show(given) end
  scheme = text.lower(scheme)
  local default = url.DEFAULT_PORT[scheme]
  if not default then return nil, "must be https or http, not " .. text.show(scheme) end
  if rest ~= "" and rest ~= "/" then
    return nil, "must end after host and port, since the path is part of what is signed, got " .. text.show(given)
  end
  local name, port = url.host_and_port(authority)
  if not name then return nil, "has no usable host and port: " .. text.show(given) end
  local host = (port or default) == default and name or name .. ":" .. port
  return { scheme = scheme, host = host, origin = scheme .. "://" .. host, name = name, port = port or default }
end

--- Cuts a URL in two.
---@param given string
---@return string origin scheme, host and port
---@return string target origin form, without a fragment
function url.split(given)
  local _, slashes = given:find("^[^/]*//")
  if not slashes then return given, "/" end
  local start = given:find("[/?#]", slashes + 1) or #given + 1
  local fragment = given:find("#", start, true)
  local target = given:sub(start, fragment and fragment - 1)
  if target:byte() ~= 47 then target = "/" .. target end
  return given:sub(1, start - 1), target
end

return url
