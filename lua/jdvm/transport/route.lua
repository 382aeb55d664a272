-- The way to an origin for a transport that opens its own connections: which address to connect to, through which
-- proxy, which name to verify, and the name of the pool in which such connections are kept. Pure text.

local proxies = require "jdvm.transport.proxy"
local url = require "jdvm.transport.url"

local route = {}

local function is_address(host) return host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil or host:find("^%[") ~= nil end

-- RFC 6761, 6.3: "localhost" is this machine, whatever a name server says. nginx has neither /etc/hosts nor this rule.
local function addresses_of(host)
  if host == "localhost" or host:find("%.localhost$") then return "127.0.0.1", "[::1]" end
  return host
end

---@class jdvm.Route
---@field secure boolean
---@field host string lower case; the name that the certificate must carry
---@field port integer
---@field address string what to connect to
---@field other_address string|nil where to connect to when the first refuses
---@field address_port integer
---@field named boolean must `address` be looked up?
---@field pool string connections of one pool are interchangeable; those of two never
---@field proxy jdvm.Proxy|nil
---@field verify boolean
---@field literal boolean is `host` an address?

--- Finds the way to an origin.
---@param origin string "https://host[:port]" or "http://host[:port]"
---@param config {proxy?: string, verify?: boolean}
---@return jdvm.Route|nil route
---@return jdvm.TransportFailure|nil failure what is wrong with the origin, or with the proxy
function route.to(origin, config)
  local endpoint, message = url.endpoint(origin)
  if not endpoint then return nil, proxies.failure("bad_address", { reason = "the endpoint " .. message }) end
  local proxy
  if config.proxy and config.proxy ~= "" then
    proxy, message = proxies.parse(config.proxy)
    if not proxy then return nil, proxies.failure("bad_proxy", { reason = message }) end
    if proxy.scheme ~= "http" then return nil, proxies.failure("unsupported_proxy", { scheme = proxy.scheme }) end
  end
  local secure, verify = endpoint.scheme == "https", config.verify ~= false
  local address, other_address = addresses_of(proxy and proxy.host or endpoint.name)
  return {
    secure = secure,
    host = endpoint.name,
    port = endpoint.port,
    verify = verify,
    proxy = proxy,
    address = address,
    other_address = other_address,
    address_port = proxy and proxy.port or endpoint.port,
    named = not is_address(address),
    literal = is_address(endpoint.name),
    -- Not the default name (host:port): a connection that was not verified, or that was verified for another name,
    -- would be handed to a request that asked for verification, and sslhandshake does not look again.
    pool = table.concat({
      "jdvm",
      endpoint.scheme,
      endpoint.name,
      endpoint.port,
      secure and (verify and "verified" or "unverified") or "plain",
      proxy and proxy.host .. ":" .. proxy.port .. ":" .. (proxy.userinfo or "") or "direct",
    }, "|"),
  }
end

return route
