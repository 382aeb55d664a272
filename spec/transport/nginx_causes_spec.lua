--- The causes of what nginx's sockets say.
local errors = require "jdvm.failures.failure"
local causes = require "jdvm.transport.nginx_causes"
local exchange = require "jdvm.transport.exchange"
local route = require "jdvm.transport.route"

describe("what nginx's sockets say", function()
  local way = route.to("https://vm.jdcloud-api.com", {})

  local function failure_of(kind, phase, cause, facts, advice)
    local _, problem = exchange.failure(kind, phase, cause, false, facts, advice)
    local _, detail = errors.new(problem)
    problem.message, problem.hint = detail.message, detail.hint
    return problem
  end

  local function connecting(err, to) return failure_of(causes.connect(err, to or way, 5)) end

  local function assert_failure(kind, phase, cause, problem)
    assert.same({ kind, phase, cause }, { problem.kind, problem.phase, problem.cause })
  end

  it("of names comes with the resolver directive", function()
    local problem = connecting 'no resolver defined to resolve "vm.jdcloud-api.com"'
    assert_failure("connect", "dns", "no_resolver", problem)
    assert.truthy(problem.message:find("vm.jdcloud-api.com", 1, true))
    assert.truthy(problem.hint:find('"resolver ADDRESS;"', 1, true))
    problem = connecting "vm.jdcloud-api.com could not be resolved (3: Host not found)"
    assert_failure("connect", "dns", "no_host", problem)
    assert.truthy(problem.message:find("Host not found", 1, true))
    assert.truthy(problem.hint:find("/etc/hosts", 1, true))
    problem = connecting "vm.jdcloud-api.com could not be resolved (110: Operation timed out)"
    assert_failure("timeout", "dns", "resolver_timeout", problem)
    -- When both were given up together, nobody knows which it was.
    problem = connecting(causes.GIVEN_UP)
    assert_failure("timeout", "connect", "lookup_timeout", problem)
    assert.equal("resolving vm.jdcloud-api.com and connecting to its port 443 took longer than 5 s", problem.message)
  end)

  it("of connections names the address and the port", function()
    local problem = connecting "connection refused"
    assert_failure("connect", "connect", "no_connection", problem)
    assert.equal("could not connect to vm.jdcloud-api.com port 443: connection refused", problem.message)
    assert_failure("timeout", "connect", "connect_timeout", connecting "timeout")
  end)

  it("of networks that are not there comes with ipv6=off, for a name", function()
    for _, err in ipairs { "no route to host", "network is unreachable" } do
      assert.truthy(connecting(err).hint:find("ipv6=off", 1, true))
      assert.is_nil(connecting(err, route.to("https://10.0.0.1", {})).hint:find("ipv6=off", 1, true))
    end
    assert.is_nil(connecting("connection refused").hint:find("ipv6=off", 1, true))
  end)

  it("of certificates comes with the directive that is missing", function()
    for err, case in pairs {
      ["20: unable to get local issuer certificate"] = { "untrusted_certificate", "lua_ssl_trusted_certificate" },
      ["unable to get local issuer certificate"] = { "untrusted_certificate", "lua_ssl_verify_depth 5;" },
      ["21: unable to verify the first certificate"] = { "untrusted_certificate", "lua_ssl_verify_depth 5;" },
      ["19: self-signed certificate in certificate chain"] = { "untrusted_certificate", "lua_ssl_verify_depth 5;" },
      ["18: self signed certificate"] = { "self_signed_certificate", "lua_ssl_trusted_certificate FILE;" },
      ["10: certificate has expired"] = { "expired_certificate", "clock" },
    } do
      local problem = failure_of(causes.handshake(err, way))
      assert_failure("tls", "tls", case[1], problem)
      assert.truthy(problem.message:find("certificate of vm.jdcloud-api.com", 1, true))
      assert.truthy(problem.hint:find(case[2], 1, true), err .. ": " .. tostring(problem.hint))
    end
  end)
end)
