-- The way to a URL for a transport that opens its own connections: which address to connect to, through which proxy,
-- which name to verify, and the name of the pool in which such connections are kept. Pure text.

local route = {}

local DEFAULT_PORT = { http = 80, https = 443 }

local function is_address(host) return host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil or host:find("^%[[%x:%.]+%]$") ~= nil end

-- RFC 6761, 6.3: "localhost" is this machine, whatever a name server says. nginx has neither /etc/hosts nor this rule.
local function address_of(host)
  if host == "localhost" or host:find("%.localhost$") then return "127.0.0.1" end
  return host
end

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
  return (
    text:gsub("..?.?", function(group)
      local a, b, c = group:byte(1, 3)
      local bits = a * 65536 + (b or 0) * 256 + (c or 0)
      local out = {}
      for digit = 1, 4 do
        local index = math.floor(bits / 64 ^ (4 - digit)) % 64 + 1
        out[digit] = digit <= #group + 1 and BASE64:sub(index, index) or "="
      end
      return table.concat(out)
    end)
  )
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Takes a proxy URL apart.
---@param text string "http://[user:password@]host[:port]", or "host[:port]"
---@return table? proxy {host, port, authorization?}
---@return string? message never holds the password
function route.proxy(text)
  local scheme, rest = text:match("^(%a[%w+.-]*)://(.*)$")
  if scheme and scheme:lower() ~= "http" then
    return nil, "the proxy must be http://host:port inside nginx; " .. scheme .. ":// is not supported there"
  end
  rest = (rest or text):gsub("/.*$", "")
  local userinfo, authority = rest:match("^(.*)@([^@]*)$")
  local host, port = (authority or rest):match("^(%[[%x:%.]+%]):?(%d*)$")
  if not host then
    host, port = (authority or rest):match("^([%w%.%-_]+):?(%d*)$")
  end
  if not host then return nil, "the proxy must be http://host:port" end
  return {
    host = host:lower(),
    port = tonumber(port) or 1080,
    authorization = userinfo and "Basic " .. base64(unescape(userinfo)) or nil,
  }
end

--- Does `no_proxy` exempt a host? A list of names separated by commas or spaces; a name also stands for everything
--- below it, a leading dot changes nothing, and "*" stands for every host (as curl reads it).
---@param list string?
---@param host string lower case
function route.exempt(list, host)
  for entry in (list or ""):gmatch("[^,%s]+") do
    entry = entry:lower():gsub("^%.", "")
    if entry == "*" or entry == host or host:sub(-#entry - 1) == "." .. entry then return true end
  end
  return false
end

---@class jdvm.Route
---@field secure boolean
---@field host string lower case; the name that the certificate must carry
---@field port integer
---@field address string what to connect to
---@field address_port integer
---@field named boolean must `address` be looked up?
---@field pool string connections of one pool are interchangeable; those of two never
---@field proxy table?
---@field verify boolean
---@field literal boolean is `host` an address?

--- Cuts a URL in two.
---@param url string
---@return string origin scheme, host and port
---@return string target origin form, without a fragment
function route.split(url)
  local _, slashes = url:find("^[^/]*//")
  if not slashes then return url, "/" end
  local start = url:find("[/?#]", slashes + 1) or #url + 1
  local fragment = url:find("#", start, true)
  local target = url:sub(start, fragment and fragment - 1)
  if target:byte() ~= 47 then target = "/" .. target end
  return url:sub(1, start - 1), target
end

--- Finds the way to an origin.
---@param origin string "https://host[:port]" or "http://host[:port]"
---@param config {proxy?: string, no_proxy?: string, verify?: boolean}
---@return jdvm.Route? route
---@return string? message what is wrong with the origin, or with the proxy
function route.to(origin, config)
  local scheme, authority = origin:match("^(%a+)://(.+)$")
  scheme = scheme and scheme:lower()
  if not scheme or not DEFAULT_PORT[scheme] then return nil, "the endpoint must start with https:// or http://" end
  local host, port = authority:match("^(%[[%x:%.]+%]):?(%d*)$")
  if not host then
    host, port = authority:match("^([%w%.%-_]+):?(%d*)$")
  end
  if not host then return nil, "the endpoint must be a host, or host:port; a user name does not belong there" end
  host, port = host:lower(), tonumber(port) or DEFAULT_PORT[scheme]
  local proxy
  if config.proxy and config.proxy ~= "" and not route.exempt(config.no_proxy, host) then
    local message
    proxy, message = route.proxy(config.proxy)
    if not proxy then return nil, message end
  end
  local verify = config.verify ~= false
  local address = address_of(proxy and proxy.host or host)
  -- Not the default name (host:port): a connection that was not verified, or that was verified for another name, would
  -- be handed to a request that asked for verification, and sslhandshake does not look again.
  local pool = table.concat({
    "jdvm",
    scheme,
    host,
    port,
    scheme == "https" and (verify and "verified" or "unverified") or "plain",
    proxy and proxy.host .. ":" .. proxy.port .. ":" .. (proxy.authorization or "") or "direct",
  }, "|")
  return {
    secure = scheme == "https",
    host = host,
    port = port,
    verify = verify,
    proxy = proxy,
    pool = pool,
    address = address,
    address_port = proxy and proxy.port or port,
    named = not is_address(address),
    literal = is_address(host),
  }
end

return route
