--- Certificates and names. The subject's lua_ssl_trusted_certificate is the CA of the tests.
local check = require "spec.nginx.support.check"
local equal, contains, failed = check.equal, check.contains, check.failed

local cases, case = check.cases()

local function get(run, port, config, host, more)
  local transport = require "jdvm.transport.nginx".new(config or {})
  local request = {
    method = "GET",
    url = "https://" .. (host or "localhost") .. ":" .. (run.ports[port] or port) .. "/connection",
    headers = { host = "x" },
  }
  for name, value in pairs(more or {}) do
    request[name] = value
  end
  return transport:perform(request, transport:now() + (more and more.seconds or 5) * run.patience)
end

local function untrusted(run, port, config, host)
  return failed({ kind = "tls", phase = "tls", sent = false }, get(run, port, config, host))
end

case("refuses one of an unknown CA, and says what to write", function(run)
  local failure = untrusted(run, "unknown")
  contains(failure.message, "localhost", "certificate of localhost port", "unable to")
  contains(failure.hint, "lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;", "lua_ssl_verify_depth")
  contains(untrusted(run, "self").message, "self-signed")
end)

case(
  "refuses one for another name",
  function(run) contains(untrusted(run, "wrong").message, "localhost", "for another host name") end
)

case(
  "refuses a chain deeper than lua_ssl_verify_depth, and names it",
  function(run) contains(untrusted(run, "deep").hint, "lua_ssl_verify_depth 5;") end
)

case("says that an address cannot be checked, and what to use instead", function(run)
  local failure = untrusted(run, "good", nil, "127.0.0.1")
  contains(failure.hint, "https://localhost:" .. run.ports.good)
end)

case("does not verify when told so, and never uses such a connection as a verified one", function(run)
  for _, port in ipairs { "unknown", "self", "wrong", "deep" } do
    equal(200, assert(get(run, port, { verify = false })).status)
    equal(200, assert(get(run, port, { verify = false })).status)
    untrusted(run, port)
    equal(200, assert(get(run, port, { verify = false })).status)
    untrusted(run, port, { verify = true })
  end
end)

case("never uses a connection that was verified for another name", function(run)
  -- Both names lead to the same server; its certificate is for "localhost", not for "other.localhost".
  equal(200, assert(get(run, "good")).status)
  contains(untrusted(run, "good", nil, "other.localhost").message, "other.localhost", "for another host name")
  equal(200, assert(get(run, "good")).status)
end)

case("says that plain HTTP is spoken there", function(run) untrusted(run, "plain") end)

case("names the directive when ca_file or ca_path is given", function(run)
  local failure = untrusted(run, "good", { ca_file = "/etc/my-ca.pem" })
  contains(failure.message, "ca_file")
  contains(failure.hint, "lua_ssl_trusted_certificate /etc/my-ca.pem;")
  contains(untrusted(run, "good", { ca_path = "/etc/my-cas" }).hint, "lua_ssl_trusted_certificate FILE;")
end)

case("bounds the handshake by connect_timeout and by the deadline", function(run)
  for _, more in ipairs { { connect_timeout = 0.3 }, { seconds = 0.3 / run.patience } } do
    check.times_out(
      run,
      function() failed({ kind = "timeout", phase = "tls", sent = false }, get(run, run.silent, nil, nil, more)) end
    )
  end
end)

return cases
