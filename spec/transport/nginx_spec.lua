--- What the transport of nginx does without nginx: its place, the way to a URL, and what it says of failures.
local advice = require "jdvm.transport.advice"
local exchange = require "jdvm.transport.exchange"
local route = require "jdvm.transport.proxy"

describe("the transport of nginx", function()
  it("loads outside nginx, where its place is none of nginx's", function()
    assert.is_function(require "jdvm.transport.nginx".new)
    assert.is_nil(require "jdvm.transport.situation"())
  end)

  it("tells the phases apart", function()
    local function situation(phase, has_sockets, is_within_c)
      local fake = { get_phase = function() return phase end, socket = has_sockets and {} or nil }
      local core = { can_yield = function() return not is_within_c end }
      local environment = setmetatable({ ngx = fake, require = function() return core end }, { __index = _G })
      local path = "lua/jdvm/transport/situation.lua"
      local chunk = assert(loadfile(path, "t", environment)) -- luacheck: ignore 143
      local set_environment = rawget(_G, "setfenv") -- Lua 5.1 and LuaJIT
      if set_environment then set_environment(chunk, environment) end
      return chunk()()
    end
    for _, phase in ipairs { "rewrite", "access", "content", "timer", "server_rewrite", "ssl_cert", "preread" } do
      assert.equal("yields", (situation(phase, true)))
      assert.equal("within C", (situation(phase, true, true)))
    end
    for _, phase in ipairs {
      "init_worker",
      "exit_worker",
      "set",
      "header_filter",
      "body_filter",
      "log",
      "balancer",
      "ssl_client_hello",
      "ssl_session_fetch",
      "ssl_session_store",
    } do
      local where, name = situation(phase, true)
      assert.equal("forbidden", where)
      assert.equal(phase, name)
    end
    assert.equal("init", (situation("init", true)))
    assert.equal("worker thread", (situation("init", false)))
  end)
end)

describe("the way to a URL", function()
  it("is split from what is asked there", function()
    for url, expected in pairs {
      ["https://a/b?c=d"] = { "https://a", "/b?c=d" },
      ["https://a:1"] = { "https://a:1", "/" },
      ["https://a?b"] = { "https://a", "/?b" },
      ["https://a/b#c"] = { "https://a", "/b" },
      ["https://[::1]:2/x"] = { "https://[::1]:2", "/x" },
      nonsense = { "nonsense", "/" },
    } do
      assert.same(expected, { route.split(url) })
    end
  end)

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
      assert.equal("127.0.0.1", way.address)
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

  it("leads through a proxy, unless no_proxy names the host", function()
    local way = route.to("https://vm.jdcloud-api.com", { proxy = "http://user:a%3Ab@Proxy.example:3128/" })
    assert.equal("proxy.example", way.address)
    assert.equal(3128, way.address_port)
    assert.equal("vm.jdcloud-api.com", way.host)
    assert.equal("Basic dXNlcjphOmI=", way.proxy.authorization)
    for list, exempt in pairs {
      [""] = false,
      ["*"] = true,
      ["jdcloud-api.com"] = true,
      [".jdcloud-api.com"] = true,
      ["api.com"] = false,
      ["a.b,vm.jdcloud-api.com"] = true,
      ["a.b VM.jdcloud-api.com"] = true,
      ["x.vm.jdcloud-api.com"] = false,
    } do
      assert.equal(exempt, route.exempt(list, "vm.jdcloud-api.com"), list)
    end
    assert.is_nil(route.to("https://a", { proxy = "http://p:1", no_proxy = "a" }).proxy)
    assert.is_nil(route.to("https://a", { proxy = "" }).proxy)
  end)

  it("encodes any user name and password", function()
    for text, encoded in pairs { ["a:"] = "YTo=", ["a:b"] = "YTpi", ["a:bc"] = "YTpiYw==", ["\255:\0"] = "/zoA" } do
      local escaped = text:gsub("[^:]", function(c) return ("%%%02X"):format(c:byte()) end)
      assert.equal("Basic " .. encoded, route.proxy(escaped .. "@h").authorization)
    end
  end)

  it("is refused where there is none, without showing a password", function()
    for _, origin in ipairs { "ftp://a", "a", "", "https://", "https://a b", "https://u:secret@a", "https://a:b" } do
      local way, message = route.to(origin, {})
      assert.is_nil(way)
      assert.is_nil(message:find("secret"))
    end
    for _, proxy in ipairs { "socks5://u:secret@a:1", "https://u:secret@a", "u:secret@a b", "http://" } do
      local way, message = route.to("https://a", { proxy = proxy })
      assert.is_nil(way)
      assert.is_nil(message:find("secret"))
    end
  end)
end)

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

describe("a tunnel through a proxy", function()
  local way = route.to("https://far.test", { proxy = "p.test:3128" })

  -- What comes of a proxy that answers so, a byte every 0.05 s, and the seconds it takes.
  local function open(text, seconds, connect_timeout)
    local time, position, longest = 100, 0, 0
    local socket = {
      settimeouts = function(_, _, _, read) longest = read / 1000 end,
      send = function() return 1 end,
      receive = function()
        if longest < 0.05 then
          time = time + longest
          return nil, "timeout"
        end
        time, position = time + 0.05, position + 1
        return text:sub(position, position)
      end,
    }
    local call = { deadline = 100 + seconds, now = function() return time end, control = {} }
    local opened, problem = exchange.tunnel(socket, way, call, connect_timeout)
    return opened, problem, time - 100
  end

  it("is open when the proxy answers with 200 to 299", function()
    for status, expected in pairs { [200] = true, [299] = true, [300] = false, [407] = false } do
      local opened, problem = open("HTTP/1.1 " .. status .. " X\r\nContent-Length: 5\r\n\r\n", 60, 60)
      assert.equal(expected, opened or false)
      if not expected then
        assert.same({ "connect", "connect", false }, { problem.kind, problem.phase, problem.sent })
        assert.truthy(problem.message:find("it answered " .. status, 1, true), problem.message)
      end
    end
  end)

  local ENDLESS = "HTTP/1.1 200 OK\r\n" .. ("a: b\r\n"):rep(1000)

  it("takes connect_timeout at most, also when the proxy drips", function()
    local _, problem, took = open(ENDLESS, 60, 0.52)
    assert.near(0.52, took, 0.01)
    assert.same({ "timeout", "connect", false }, { problem.kind, problem.phase, problem.sent })
    assert.equal("the proxy p.test opened no way to far.test:443 within connect_timeout", problem.message)
  end)

  it("ends at the deadline", function()
    local _, problem, took = open(ENDLESS, 0.52, 5)
    assert.near(0.52, took, 0.01)
    assert.equal("the time for the call ran out", problem.message)
  end)
end)
