-- What nginx's sockets say when something goes wrong, in plain words, and what to write where. nginx reads neither
-- /etc/resolv.conf nor /etc/hosts nor the system's certificates, and lets only some phases wait for the network: that
-- is most of what users of its sockets ask about. Pure text.

local advice = {}

--- What stands for nginx's words when a look-up and the connection that was to follow it were given up.
advice.GIVEN_UP = "look-up and connection timed out"

local RESOLVER = 'nginx reads neither /etc/resolv.conf nor /etc/hosts: write "resolver ADDRESS;" in the http block of '
  .. 'nginx.conf, with the address of your name server (OpenResty also knows "resolver local=on;")'

-- What the system says of IPv6 addresses where there is no IPv6.
local NO_IPV6 = { "no route to host", "unreachable", "address family", "cannot assign requested address" }

--- Whether an address of a name gave no connection, so that another may.
---@param err string as `connect` of a cosocket returned it
---@return boolean
function advice.is_refusal(err)
  for _, words in ipairs(NO_IPV6) do
    if err:find(words, 1, true) then return true end
  end
  return err:find("connection refused", 1, true) ~= nil
end

-- "20: unable to get local issuer certificate" is said for each of these reasons.
local ISSUER = 'write "lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;" in the http block of '
  .. "nginx.conf (or the file of your own CA: nginx trusts no certificate by itself); if such a line is there, write "
  .. '"lua_ssl_verify_depth 5;" too: the default, 1, allows for a single intermediate certificate'

-- By what OpenSSL says (X509_verify_cert_error_string); the first that is found. Lua patterns.
local CERTIFICATE = {
  { "expired", "the certificate has expired, or the clock of this machine is wrong" },
  { "not yet valid", "the clock of this machine may be wrong" },
  { "issuer", ISSUER },
  { "first certificate", ISSUER },
  { "in certificate chain", ISSUER },
  { "too long", ISSUER },
  { "self.signed", 'if you trust this certificate, write "lua_ssl_trusted_certificate FILE;" with it in the file' },
}

--- Why no connection could be made.
---@param err string as `connect` of a cosocket returned it
---@param route jdvm.Route
---@param seconds number that it could have taken
---@param limit integer? connections that there may be at a time
---@return string kind
---@return string phase
---@return string message
---@return string? hint
function advice.connect(err, route, seconds, limit)
  local name = route.address
  local place = name .. " port " .. route.address_port
  if route.proxy then place = "the proxy " .. place end
  if err:find("no resolver defined", 1, true) then
    return "connect", "dns", "could not look up " .. name .. ": no resolver defined", RESOLVER
  elseif err:find("could not be resolved", 1, true) then
    local reason = err:match("could not be resolved %((.-)%)") or err
    if reason:find("timed out", 1, true) then
      return "timeout",
        "dns",
        "the name server gave no answer for " .. name,
        'check the address in the "resolver" directive of nginx.conf'
    end
    return "connect",
      "dns",
      "could not look up " .. name .. " (" .. reason .. ")",
      'check the name; nginx asks the server in its "resolver" directive and does not read /etc/hosts'
  elseif err == advice.GIVEN_UP then
    return "timeout",
      "connect",
      ("looking up %s and connecting to its port %d together took longer than %.2g s"):format(
        (place:gsub(" port %d+$", "")),
        route.address_port,
        seconds
      ),
      'check the address in the "resolver" directive of nginx.conf, and the firewall; connect_timeout is for both'
  elseif err == "timeout" then
    return "timeout",
      "connect",
      "no connection to " .. place .. " within connect_timeout",
      limit and ("max_connections = %d may all be in use: raise it, or connect_timeout"):format(limit) or nil
  end
  local hint
  if route.named then
    for _, words in ipairs(NO_IPV6) do
      if err:find(words, 1, true) then
        hint = 'nginx also tries the IPv6 addresses of a name: on a machine without IPv6 write "resolver ADDRESS '
          .. 'ipv6=off;" in nginx.conf; else check the network'
      end
    end
  end
  return "connect", "connect", "could not connect to " .. place .. ": " .. err, hint
end

--- Why the TLS handshake failed.
---@param err string as `sslhandshake` returned it
---@param route jdvm.Route
---@return string kind
---@return string phase
---@return string message
---@return string? hint
function advice.handshake(err, route)
  if err == "timeout" then
    return "timeout", "tls", "no TLS handshake with " .. route.host .. " within connect_timeout"
  elseif err:find("certificate host mismatch", 1, true) then
    local hint
    if route.literal then
      hint = "nginx checks certificates against names, not addresses: use a name in the endpoint, such as "
        .. "https://localhost:"
        .. route.port
        .. " for a service on this machine"
    end
    return "tls", "tls", "the certificate is not for " .. route.host .. " (certificate host mismatch)", hint
  end
  for _, entry in ipairs(CERTIFICATE) do
    if err:find(entry[1]) then
      return "tls", "tls", "the certificate of " .. route.host .. " is not trusted (" .. err .. ")", entry[2]
    end
  end
  if err:find("certificate", 1, true) then
    return "tls", "tls", "the certificate of " .. route.host .. " is not trusted (" .. err .. ")"
  end
  return "tls",
    "tls",
    "the TLS handshake with " .. route.host .. " failed: " .. err,
    err:find("handshake failed", 1, true)
        and "nginx's error.log has the reason; a port without TLS needs http:// in the endpoint, " .. 'a service that speaks only TLS 1.3 "lua_ssl_protocols TLSv1.2 TLSv1.3;" in nginx.conf'
      or nil
end

--- An option that cosockets do not have, and what to write instead.
---@param config table the client's options
---@return string? message nil when there is no such option
---@return string? hint
function advice.unsupported(config)
  local given = config.ca_file and "ca_file" or config.ca_path and "ca_path"
  if not given then return nil end
  return given .. " cannot be given to nginx's sockets",
    (given == "ca_file" and "leave it out (JDCLOUD_CA_FILE gives one, too)" or "leave it out")
      .. ', and write "lua_ssl_trusted_certificate '
      .. (config.ca_file or "FILE")
      .. ';" in the http block of nginx.conf'
end

--- What to do where nginx cannot wait for the network.
---@param phase string as ngx.get_phase names it
---@param place string as jdvm.transport.phase names it
---@return string message
---@return string hint
function advice.phase(phase, place)
  if place == "within C" then
    return "this place cannot wait for the network: a function in C has called it (require, while it loads a module; "
      .. "string.gsub, table.sort and the like, in their callbacks)",
      "call from a function that runs once the module is loaded; before or after string.gsub or table.sort, not in "
        .. "the callback"
  end
  local way = "use ngx.timer.at(0, function() … end), which runs in a phase of its own"
  if phase == "init" then
    way = "call from a request or from a timer; or make the client with blocking = true, which lets nginx wait while "
      .. "it starts"
  elseif phase == "set" then
    way = "use rewrite_by_lua and set ngx.var there"
  elseif phase == "balancer" then
    way = "do it in access_by_lua and hand the result on in ngx.ctx"
  elseif phase == "ssl_client_hello" or phase == "ssl_session_fetch" then
    way =
      "do it in ssl_certificate_by_lua; or let ngx.timer.at(0, function() … end) put the result into a shared dict"
  end
  return "the " .. phase .. " phase of nginx cannot wait for the network", way
end

return advice
