-- Proxies as users write them, and the hosts that are reached without. Decided here for every transport, so that
-- libcurl is told the outcome and does not look for itself. Pure text.

local text = require "jdvm.util.text"
local url = require "jdvm.transport.url"

local proxy = {}

local DEFAULT_PORT = { http = 1080, https = 443, socks4 = 1080, socks4a = 1080, socks5 = 1080, socks5h = 1080 }

---@class jdvm.Proxy
---@field scheme string
---@field host string
---@field port integer
---@field userinfo string|nil "user:password", escaped as in the URL
---@field url string the same as one text

--- Takes the URL of a proxy apart.
---@param given string "[scheme://][user:password@]host[:port]"
---@return jdvm.Proxy|nil
---@return string|nil message words that follow "the proxy"; they hold nothing of it: it may have a password in it
function proxy.parse(given)
  if given:find "%c" then return nil, "holds a control character, such as the CR of a Windows file" end
  local scheme, rest = given:match("^(%a[%w+.-]*)://(.*)$")
  scheme = text.lower(scheme or "http")
  if not DEFAULT_PORT[scheme] then
    return nil, "must begin with http://, https://, socks4://, socks4a://, socks5:// or socks5h://"
  end
  rest = (rest or given):gsub("/$", "")
  local userinfo, authority = rest:match("^(.*)@([^@]*)$")
  if userinfo and userinfo:gsub("%%%x%x", ""):find("[^%w:!$&'()*+,;=._~-]") then
    return nil,
      "has a user name or a password with characters that must be written as %XX there (such as %2F for '/', "
        .. "%40 for '@', %25 for '%')"
  end
  local host, port = url.host_and_port(authority or rest)
  if not host then return nil, "must be host:port or scheme://host:port" end
  port = port or DEFAULT_PORT[scheme]
  local address = scheme .. "://" .. (userinfo and userinfo .. "@" or "") .. host .. ":" .. port
  return { scheme = scheme, host = host, port = port, userinfo = userinfo, url = address }
end

-- What is called otherwise when it happens to the proxy.
local AT_PROXY = {
  no_host = "no_proxy_host",
  not_tls = "proxy_not_tls",
  handshake_failed = "proxy_handshake_failed",
  handshake_broken = "proxy_handshake_failed",
  untrusted_certificate = "proxy_untrusted_certificate",
  expired_certificate = "proxy_bad_certificate",
  future_certificate = "proxy_bad_certificate",
  wrong_name = "proxy_bad_certificate",
}

--- Makes a failure say what the proxy has to do with it.
---@param used jdvm.Proxy|nil
---@param failure jdvm.TransportFailure `at_proxy` tells that the proxy itself was not found, reached or trusted
---@return jdvm.TransportFailure failure the same
function proxy.blame(used, failure)
  local facts = failure.facts
  if used and facts then
    local name = used.host:gsub("[%[%]]", "") .. " port " .. used.port
    if failure.at_proxy then
      failure.cause = AT_PROXY[failure.cause] or failure.cause
      facts.via, facts.host, facts.port = name, nil, nil
    else
      facts.proxy = name
    end
  end
  return failure
end

--- A failure of a proxy's address, for every transport.
---@param cause string
---@param facts table
---@return jdvm.TransportFailure
function proxy.failure(cause, facts)
  return { kind = "connect", phase = "connect", cause = cause, facts = facts, sent = false, lasting = true }
end

-- The bytes of an IPv4 or IPv6 address; nil when it is none.
local function bytes_of(host)
  if host:find("^%d+%.%d+%.%d+%.%d+$") then
    local bytes = {}
    for byte in host:gmatch("%d+") do
      bytes[#bytes + 1] = tonumber(byte)
    end
    return bytes
  end
  local function add_groups(bytes, groups)
    for group in groups:gmatch("[^:]+") do
      local last = bytes_of(group) -- an IPv4 address may stand at the end
      if last then
        bytes[#bytes + 1], bytes[#bytes + 2] = last[1], last[2]
        bytes[#bytes + 1], bytes[#bytes + 2] = last[3], last[4]
      else
        local number = tonumber(group, 16) or 0
        bytes[#bytes + 1], bytes[#bytes + 2] = math.floor(number / 256), number % 256
      end
    end
    return bytes
  end
  local address = host:match("^%[?([%x:.]*:[%x:.]*)%]?$")
  if not address then return nil end
  local head, tail = address:match("^(.-)::(.*)$")
  local bytes, last = add_groups({}, head or address), add_groups({}, tail or "")
  for _ = #bytes + #last + 1, 16 do
    bytes[#bytes + 1] = 0
  end
  for _, byte in ipairs(last) do
    bytes[#bytes + 1] = byte
  end
  return bytes
end

-- Whether the first bits of two addresses are the same.
local function shares(bytes, other, bits)
  if not bytes or not other or #bytes ~= #other or bits > 8 * #bytes then return false end
  for index = 1, math.ceil(bits / 8) do
    local unit = 2 ^ math.max(0, 8 * index - bits)
    if math.floor(bytes[index] / unit) ~= math.floor(other[index] / unit) then return false end
  end
  return true
end

-- Whether an entry of no_proxy stands for a host.
local function matches(entry, host, port)
  local name, own_port = entry:match("^(%[.*%][^:]*):(%d+)$")
  if not name then
    name, own_port = entry:match("^([^:]*):(%d+)$")
  end
  if own_port and tonumber(own_port) ~= port then return false end
  name = name or entry
  if name == "*" then return true end
  local network, bits = name:match("^(.*)/(%d+)%]?$") -- [::/8] or [::]/8
  if network then return shares(bytes_of(network), bytes_of(host), tonumber(bits)) end
  name = name:gsub("^%*?%.", ""):gsub("%.$", "")
  local address = bytes_of(name)
  if address then return shares(address, bytes_of(host), 8 * #address) end
  return name ~= "" and (name == host or host:sub(-#name - 1) == "." .. name)
end

--- Whether a host is reached without a proxy.
---@param no_proxy string|nil names, which also stand for everything below them, with or without a leading "." or "*.";
---  addresses; networks (10.0.0.0/8); each with ":port" or without; "*". Separated by commas or blanks
---@param host string lower case
---@param port integer
---@return boolean
function proxy.exempts(no_proxy, host, port)
  host = host:gsub("%.$", "")
  for entry in (no_proxy or ""):gmatch("[^,%s]+") do
    if matches(text.lower(entry), host, port) then return true end
  end
  return false
end

-- The first of these variables that is set.
local function first_variable(names, getenv)
  for name in names:gmatch("%S+") do
    local value = getenv(name)
    if value and value ~= "" then return value, name end
  end
  return nil
end

--- The proxy for an endpoint: by the options of a client or, when `proxy` is left out, by the variables that libcurl
--- knows (https://curl.se/docs/manpage.html, ENVIRONMENT). HTTP_PROXY in capitals is none of them, since a web server
--- sets it for its scripts.
---@param options {proxy?: string, no_proxy?: string}
---@param endpoint {scheme: string, name: string, port: integer}
---@param getenv fun(name: string): string|nil
---@return string address as it was written; "" for none
---@return string|nil variable that gave it
function proxy.find(options, endpoint, getenv)
  local address, no_proxy, variable = options.proxy, options.no_proxy, nil
  if not address then
    local own = endpoint.scheme == "https" and "https_proxy HTTPS_PROXY " or "http_proxy "
    address, variable = first_variable(own .. "all_proxy ALL_PROXY", getenv)
    no_proxy = no_proxy or first_variable("no_proxy NO_PROXY", getenv)
  end
  if not address or proxy.exempts(no_proxy, endpoint.name, endpoint.port) then address = "" end
  return address, variable
end

return proxy
