-- The causes of what nginx's sockets report: nginx, the system and OpenSSL tell what went wrong by their words alone,
-- and this is the one place that reads them. What to do about it stands in jdvm.failures.texts. Pure.

local causes = {}

--- What stands for nginx's words when a look-up and the connection that was to follow it were given up.
causes.GIVEN_UP = "look-up and connection timed out"

-- What the system says of IPv6 addresses where there is no IPv6.
local NO_IPV6 = { "no route to host", "unreachable", "address family", "cannot assign requested address" }

local function says_no_ipv6(err)
  for _, words in ipairs(NO_IPV6) do
    if err:find(words, 1, true) then return true end
  end
  return false
end

--- Whether an address of a name gave no connection, so that another may.
---@param err string as `connect` of a cosocket returned it
---@return boolean
function causes.is_refusal(err) return says_no_ipv6(err) or err:find("connection refused", 1, true) ~= nil end

-- By what OpenSSL says (X509_verify_cert_error_string); the first that is found. Lua patterns.
-- "20: unable to get local issuer certificate" is said for several reasons.
local CERTIFICATE = {
  { "expired", "expired_certificate" },
  { "not yet valid", "future_certificate" },
  { "issuer", "untrusted_certificate" },
  { "first certificate", "untrusted_certificate" },
  { "in certificate chain", "untrusted_certificate" },
  { "too long", "untrusted_certificate" },
  { "self.signed", "self_signed_certificate" },
  { "certificate", "untrusted_certificate" },
}

--- Why no connection could be made.
---@param err string as `connect` of a cosocket returned it
---@param route jdvm.Route
---@param seconds number that it could have taken
---@param limit integer? connections that there may be at a time
---@return string kind
---@return string phase
---@return string cause
---@return table facts
---@return string? advice the hint's name
function causes.connect(err, route, seconds, limit)
  local facts = { host = route.host, port = route.port }
  if err:find("no resolver defined", 1, true) then
    return "connect", "dns", "no_resolver", facts
  elseif err:find("could not be resolved", 1, true) then
    facts.reason = err:match("could not be resolved %((.-)%)") or err
    if facts.reason:find("timed out", 1, true) then return "timeout", "dns", "resolver_timeout", facts end
    -- nginx fails when the look-up of either IPv4 or IPv6 addresses does.
    local is_unknown = facts.reason:find("Host not found", 1, true)
    return "connect", "dns", "no_host", facts, is_unknown and "nginx" or "server_failure"
  elseif err == causes.GIVEN_UP then
    facts.seconds = ("%.2g"):format(seconds)
    return "timeout", "connect", "lookup_timeout", facts
  end
  facts.limit = limit
  if err == "timeout" then return "timeout", "connect", limit and "all_in_use" or "connect_timeout", facts end
  facts.reason = err
  return "connect", "connect", "no_connection", facts, route.named and says_no_ipv6(err) and "no_ipv6" or nil
end

--- Why the TLS handshake failed.
---@param err string as `sslhandshake` returned it
---@param route jdvm.Route
---@return string kind
---@return string phase
---@return string cause
---@return table facts
---@return string? advice
function causes.handshake(err, route)
  local facts = { host = route.host, port = route.port, reason = err }
  if err == "timeout" then
    return "timeout", "tls", "handshake_timeout", facts
  elseif err:find("certificate host mismatch", 1, true) then
    return "tls", "tls", "wrong_name", facts, route.literal and "literal" or nil
  end
  for _, entry in ipairs(CERTIFICATE) do
    if err:find(entry[1]) then return "tls", "tls", entry[2], facts, "nginx" end
  end
  return "tls", "tls", "handshake_failed", facts, "nginx"
end

--- The option that cosockets do not have, as facts of the cause unsupported_ca; nil when there is no such option.
---@param config table the client's options
---@return table? facts
function causes.unsupported(config)
  local given = config.ca_file and "ca_file" or config.ca_path and "ca_path"
  if not given then return nil end
  return { option = given, file = config.ca_file or "FILE", variable = config.ca_file and "JDCLOUD_CA_FILE" or nil }
end

return causes
