--- The way to an origin for a transport that opens its own connections.
local said = require "spec.support.said"
local route = require "jdvm.transport.route"

describe("the way to an origin", function()
  it("has the port of its scheme, unless it names one", function()
    assert.equal(443, route.to("https://vm.jdcloud-api.com", {}).address_port)
    assert.equal(80, route.to("HTTP://vm.jdcloud-api.com", {}).address_port)
    assert.equal(8443, route.to("https://vm.jdcloud-api.com:8443", {}).address_port)
  end)

  it("knows names from addresses, and localhost without a name server", function()
    assert.is_true(route.to("https://vm.jdcloud-api.com", {}).named)
    assert.is_false(route.to("https://10.0.0.1", {}).named)
    assert.is_false(route.to("https://[2001:db8::1]:443", {}).named)
    for _, name in ipairs { "localhost", "LOCALHOST", "a.localhost" } do
      local way = route.to("https://" .. name, {})
      assert.is_false(way.named)
      assert.same({ "127.0.0.1", "[::1]" }, { way.address, way.other_address })
      assert.equal(name:lower(), way.host)
    end
    assert.is_true(route.to("https://notlocalhost", {}).named)
  end)

  it("has a pool of its own for everything that makes connections differ", function()
    local seen = {}
    for _, given in ipairs {
      { "https://a", {} },
      { "https://a", { verify = false } },
      { "http://a", {} },
      { "https://a:444", {} },
      { "https://b", {} },
      { "https://a", { proxy = "p:1" } },
      { "https://a", { proxy = "p:2" } },
      { "https://a", { proxy = "u:v@p:1" } },
      { "https://a", { proxy = "u:w@p:1" } },
      { "http://a", { proxy = "p:1" } },
      { "https://127.0.0.1", {} },
      { "https://localhost", {} },
    } do
      local pool = route.to(given[1], given[2]).pool
      assert.is_nil(seen[pool], pool)
      seen[pool] = true
    end
    assert.equal(route.to("https://A:443", {}).pool, route.to("https://a", { verify = true }).pool)
  end)

  it("leads through a proxy", function()
    local way = route.to("https://vm.jdcloud-api.com", { proxy = "http://user:a%3Ab@Proxy.example:3128/" })
    assert.equal("proxy.example", way.address)
    assert.equal(3128, way.address_port)
    assert.equal("vm.jdcloud-api.com", way.host)
    assert.equal(1080, route.to("https://a", { proxy = "p" }).address_port)
    assert.is_nil(route.to("https://a", { proxy = "" }).proxy)
  end)

  it("is refused where there is none, without showing a password", function()
    for _, origin in ipairs { "ftp://a", "a", "", "https://", "https://a b", "https://u:secret@a", "https://a:b" } do
      local way, failure = route.to(origin, {})
      assert.is_nil(way)
      assert.equal("bad_address", failure.cause)
      assert.is_nil(said(failure):find("secret@", 1, true))
    end
  end)
end)
