--- What is said of failures of nginx's sockets.
local advice = require "jdvm.transport.advice"
local route = require "jdvm.transport.route"

describe("what nginx's sockets say", function()
  local way = route.to("https://vm.jdcloud-api.com", {})

  it("of names comes with the resolver directive", function()
    local kind, phase, message, hint = advice.connect('no resolver defined to resolve "vm.jdcloud-api.com"', way, 5)
    assert.same({ "connect", "dns" }, { kind, phase })
    assert.truthy(message:find("vm.jdcloud-api.com", 1, true))
    assert.truthy(hint:find('"resolver ADDRESS;"', 1, true))
    kind, phase, message = advice.connect("vm.jdcloud-api.com could not be resolved (3: Host not found)", way, 5)
    assert.same({ "connect", "dns" }, { kind, phase })
    assert.truthy(message:find("Host not found", 1, true))
    kind, phase = advice.connect("vm.jdcloud-api.com could not be resolved (110: Operation timed out)", way, 5)
    assert.same({ "timeout", "dns" }, { kind, phase })
    -- When both were given up together, nobody knows which it was.
    kind, phase, message = advice.connect(advice.GIVEN_UP, way, 5)
    assert.same({ "timeout", "connect" }, { kind, phase })
    assert.equal("looking up vm.jdcloud-api.com and connecting to its port 443 together took longer than 5 s", message)
  end)

  it("of connections names the address and the port", function()
    local kind, phase, message = advice.connect("connection refused", way, 5)
    assert.same({ "connect", "connect" }, { kind, phase })
    assert.equal("could not connect to vm.jdcloud-api.com port 443: connection refused", message)
    kind, phase = advice.connect("timeout", way, 5)
    assert.same({ "timeout", "connect" }, { kind, phase })
  end)

  it("of networks that are not there comes with ipv6=off, for a name", function()
    for _, err in ipairs { "no route to host", "network is unreachable" } do
      local _, _, _, hint = advice.connect(err, way, 5)
      assert.truthy(hint:find("ipv6=off", 1, true))
      assert.is_nil((select(4, advice.connect(err, route.to("https://10.0.0.1", {}), 5))))
    end
    assert.is_nil((select(4, advice.connect("connection refused", way, 5))))
  end)

  it("of certificates comes with the directive that is missing", function()
    for err, part in pairs {
      ["20: unable to get local issuer certificate"] = "lua_ssl_trusted_certificate",
      ["unable to get local issuer certificate"] = "lua_ssl_verify_depth 5;",
      ["21: unable to verify the first certificate"] = "lua_ssl_verify_depth 5;",
      ["19: self-signed certificate in certificate chain"] = "lua_ssl_verify_depth 5;",
      ["18: self signed certificate"] = "lua_ssl_trusted_certificate FILE;",
      ["10: certificate has expired"] = "clock",
    } do
      local kind, phase, message, hint = advice.handshake(err, way)
      assert.same({ "tls", "tls" }, { kind, phase })
      assert.truthy(message:find(err, 1, true))
      assert.truthy(hint:find(part, 1, true), err .. ": " .. tostring(hint))
    end
  end)

  it("of phases comes with what to do", function()
    for phase, part in pairs {
      log = "ngx.timer.at(0,",
      init_worker = "ngx.timer.at(0,",
      header_filter = "ngx.timer.at(0,",
      init = "blocking = true",
      set = "rewrite_by_lua",
      balancer = "access_by_lua",
      ssl_client_hello = "ssl_certificate_by_lua",
    } do
      local message, hint = advice.phase(phase, "forbidden")
      assert.truthy(message:find(phase, 1, true))
      assert.truthy(hint:find(part, 1, true), phase)
    end
    local message, hint = advice.phase("content", "within C")
    assert.truthy(message:find("require", 1, true) and message:find("table.sort", 1, true))
    assert.truthy(hint:find("once the module is loaded", 1, true))
  end)
end)
