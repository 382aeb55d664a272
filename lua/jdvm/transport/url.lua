-- Addresses as users write them: the endpoint of the service and the proxy on the way to it. Checked when a client
-- is made, so that a mistake is named then and not as a connection that fails. Pure text.

local text = require "jdvm.util.text"

local address = {}

-- Host and port of an authority without a user name, or nil.
local function host_and_port(authority)
  local host, port = authority:lower():match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then
    host, port = authority:lower():match("^([%w._-]+):?(%d*)$")
  end
  if not host or (port ~= "" and (tonumber(port) < 1 or tonumber(port) > 65535)) then return nil end
  return host, port
end

--- Splits an endpoint: a URL of scheme, host and port, and nothing else.
---@param url string
---@return { scheme: string, host: string, origin: string }|nil
---@return string|nil message words that follow "the endpoint"
function address.endpoint(url)
  -- First of all, and over the whole: what stands before an "@" may be a password, which no message may show.
  if url:find("@", 1, true) then
    return nil, "must not hold a user name or a password: keys go into access_key and secret_key"
  end
  local scheme, authority, rest = url:match("^(%a+)://([^/?#]*)(.*)$")
  if not scheme then return nil, "must begin with https:// (or http://), got " .. text.show(url) end
  scheme = scheme:lower()
  if scheme ~= "https" and scheme ~= "http" then return nil, "must be https or http, not " .. text.show(scheme) end
  if rest ~= "" and rest ~= "/" then
    return nil, "must end after host and port, since the path is part of what is signed, got " .. text.show(url)
  end
  local host, port = host_and_port(authority)
  if not host then return nil, "has no usable host and port: " .. text.show(url) end
  if port == (scheme == "https" and "443" or "80") then port = "" end
  if port ~= "" then host = host .. ":" .. port end
  return { scheme = scheme, host = host, origin = scheme .. "://" .. host }
end

local proxy_schemes = { http = true, https = true, socks4 = true, socks4a = true, socks5 = true, socks5h = true }

--- What is wrong with the address of a proxy, or nil. The words hold nothing of it: it may have a password in it.
---@param url string "" means none
---@return string|nil message words that follow "the proxy"
function address.proxy_fault(url)
  if url == "" then return nil end
  local scheme, rest = url:match("^(%a[%w+.-]*)://(.*)$")
  if scheme and not proxy_schemes[scheme:lower()] then
    return "must begin with http://, https://, socks4://, socks4a://, socks5:// or socks5h://"
  end
  local userinfo, authority = (rest or url):gsub("/$", ""):match("^(.*)@([^@]*)$")
  if userinfo and userinfo:find("[^%w%%:!$&'()*+,;=._~-]") then
    return "has a user name or a password with characters that must be written as %XX there (such as %2F for '/', "
      .. "%40 for '@')"
  end
  if not host_and_port(authority or (rest or url):gsub("/$", "")) then
    return "must be host:port, or http://host:port, or http://user:password@host:port"
  end
  return nil
end

return address
