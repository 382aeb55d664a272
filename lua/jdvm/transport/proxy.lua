-- Proxies as users write them, and the hosts that are reached without. Decided here for every transport. Pure text.

local url = require "jdvm.transport.url"

local proxy = {}

local SCHEMES = { http = true, https = true, socks4 = true, socks4a = true, socks5 = true, socks5h = true }

---@class jdvm.Proxy
---@field scheme string
---@field host string
---@field port integer|nil
---@field userinfo string|nil "user:password", escaped as in the URL

--- Takes the URL of a proxy apart.
---@param given string "[scheme://][user:password@]host[:port]"
---@return jdvm.Proxy|nil
---@return string|nil message words that follow "the proxy"; they hold nothing of it: it may have a password in it
function proxy.parse(given)
  local scheme, rest = given:match("^(%a[%w+.-]*)://(.*)$")
  scheme = (scheme or "http"):lower()
  if not SCHEMES[scheme] then
    return nil, "must begin with http://, https://, socks4://, socks4a://, socks5:// or socks5h://"
  end
  rest = (rest or given):gsub("/$", "")
  local userinfo, authority = rest:match("^(.*)@([^@]*)$")
  if userinfo and userinfo:find("[^%w%%:!$&'()*+,;=._~-]") then
    return nil,
      "has a user name or a password with characters that must be written as %XX there (such as %2F for '/', "
        .. "%40 for '@')"
  end
  local host, port = url.host_and_port(authority or rest)
  if not host then return nil, "must be host:port, or http://host:port, or http://user:password@host:port" end
  return { scheme = scheme, host = host, port = port, userinfo = userinfo }
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
  if entry == "*" then return true end
  local network, bits = entry:match("^(.*)/(%d+)$")
  if network then return shares(bytes_of(network), bytes_of(host), tonumber(bits)) end
  local name, own_port = entry:match("^(%[.*%]):(%d+)$")
  if not name then
    name, own_port = entry:match("^([^:]*):(%d+)$")
  end
  if own_port and tonumber(own_port) ~= port then return false end
  name = (name or entry):gsub("^%*?%.", "")
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
  for entry in (no_proxy or ""):gmatch("[^,%s]+") do
    if matches(entry:lower(), host, port) then return true end
  end
  return false
end

return proxy
