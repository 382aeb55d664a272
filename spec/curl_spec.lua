-- jdvm.curl by itself: arguments, the life of its objects, time limits, many transfers at once. What
-- servers may do wrong is in curl_faults_spec.lua.
local own_process = require "spec.support.own_process"
local curl = require "jdvm.curl"
local hostile = require "spec.support.hostile"
local said = require "spec.support.said"

-- Seconds that this program may be late. An emulated processor is.
local LATE = (os.getenv "LD_PRELOAD" or ""):find "valgrind" and 3 or 0.3

local server, multi

local function seconds(call, ...)
  local before = curl.now()
  call(...)
  return curl.now() - before
end

local function start(url, options)
  local request = { url = url, timeout = 20, connect_timeout = 10, read_timeout = 10 }
  for name, value in pairs(options or {}) do
    request[name] = value
  end
  return multi:start(request)
end

local function fetch(url, options)
  local transfer = start(url, options)
  local status, headers, body = multi:finish(transfer)
  return status, headers, body, transfer
end

-- Numbers of the server: connections, requests, open (now).
local function counted()
  local _, _, body = fetch(server:url "count")
  return {
    connections = tonumber(body:match '"connections":(%d+)'),
    requests = tonumber(body:match '"requests":(%d+)'),
    open = tonumber(body:match '"open":(%d+)'),
  }
end

-- Waits until the server has that many connections open, ours included.
local function opens(expected)
  local deadline = curl.now() + 3
  while counted().open ~= expected and curl.now() < deadline do
    multi:sleep(0.005)
  end
  assert.equal(expected, counted().open)
end

describe("jdvm.curl", function()
  setup(function() server = hostile.start() end)

  teardown(function() server:stop() end)

  before_each(function() multi = curl.new { ca_file = server.ca_file, proxy = "" } end)

  after_each(function()
    collectgarbage "restart"
    multi:close()
  end)

  it("checks what it is given", function()
    for _, case in ipairs {
      { "ca_file", 1 },
      { "ca_file", "a\0b", "contains a NUL" },
      { "proxy", {} },
      { "verify", "yes" },
      { "max_header_bytes", "1" },
      { "max_header_bytes", -1 },
      { "max_body_bytes", 0 },
      { "max_body_bytes", 2 ^ 40 },
      { "max_body_bytes", 0 / 0 },
      { "max_connections", -1 },
    } do
      assert.error_matches(
        function() curl.new { [case[1]] = case[2] } end,
        "option '" .. case[1] .. "'.*" .. (case[3] or "")
      )
    end
    assert.error_matches(function() curl.new(1) end, "table expected")
    assert.is_userdata(curl.new())

    local url = server:url "echo"
    for name, bad in pairs {
      url = { url = 1 },
      headers = { url = url, headers = "a: b" },
      ["names and values"] = { url = url, headers = { "a" } },
      ["got string = number"] = { url = url, headers = { a = 1 } },
      timeout = { url = url, timeout = "1" },
      connect_timeout = { url = url, connect_timeout = 0 / 0 },
      max_body = { url = url, max_body = -1 },
    } do
      assert.error_matches(function() multi:start(bad) end, name)
    end
    assert.error_matches(function() multi.finish(multi, multi) end, "transfer")
    assert.error_matches(function() multi.start(io.stdout, { url = "x" }) end, "multi")
    local other = curl.new { proxy = "" }
    assert.error_matches(function() other:finish(start(url)) end, "another client")
    other:close()
  end)

  describe("a request", function()
    it("goes out as it was given", function()
      local _, _, text = fetch(server:base "http" .. "/a/../b/./%2E%2e/c?echo&q=%7e%20+;=/?:@!$'()*,", {
        headers = {
          ["x-one"] = "1",
          ["x-empty"] = "",
          ["x-blank"] = " \t",
          ["x-text"] = "\195\164\9b",
          host = "vm.example",
        },
      })
      assert.equal("GET /a/../b/./%2E%2e/c?echo&q=%7e%20+;=/?:@!$'()*, HTTP/1.1", text:match "^[^\r]*")
      assert.truthy(text:find("\r\nx-one: 1\r\n", 1, true))
      assert.truthy(text:find("\r\nx-empty:\r\n", 1, true))
      assert.truthy(text:find("\r\nx-blank:\r\n", 1, true))
      assert.truthy(text:find("\r\nx-text: \195\164\9b\r\n", 1, true))
      assert.truthy(text:lower():find("\r\nhost: vm.example\r\n", 1, true))
      assert.truthy(text:find("\r\nAccept-Encoding: gzip\r\n", 1, true))
      assert.falsy(text:lower():find "user%-agent")
    end)

    it("names the program when told to, and asks for no gzip when told to", function()
      local plain = curl.new { proxy = "", user_agent = "jdvm/1", gzip = false }
      local transfer = plain:start { url = server:url "echo", timeout = 10 }
      local _, _, body = plain:finish(transfer)
      assert.truthy(body:find("\r\nUser-Agent: jdvm/1\r\n", 1, true))
      assert.falsy(body:find "Encoding")
      plain:close()
    end)

    it("with a line break or another control character in it is not sent", function()
      local before = counted()
      local secret = "secret-token"
      for _, case in ipairs {
        { headers = { ["x-a"] = secret .. "\r\nx-b: c" }, says = "'x%-a' contains a line break" },
        { headers = { ["x-a"] = secret .. "\n c" }, says = "'x%-a'" },
        { headers = { ["x-a"] = secret .. "\0" }, says = "'x%-a'" },
        { headers = { ["x-a"] = secret .. "\127" }, says = "'x%-a'" },
        { headers = { ["x-a\r\nx-b"] = secret }, says = "bad name" },
        { headers = { ["x-a:"] = secret }, says = "bad name" },
        { headers = { ["x a"] = secret }, says = "bad name" },
        { headers = { ["x(a"] = secret }, says = "bad name" },
        { headers = { ["\195\164"] = secret }, says = "bad name" },
        { headers = { [""] = secret }, says = "bad name" },
        { url = server:url "echo" .. "\r\n", says = "URL" },
        { url = server:url "echo" .. "\nx: y", says = "URL" },
        { url = server:url "echo" .. " HTTP/1.0", says = "URL" },
        { url = server:url "echo" .. "\0", says = "URL" },
        { url = server:url "echo" .. "\195\164", says = "URL" },
        { url = server:url "echo" .. "#x", says = "URL" },
      } do
        local status, failure = fetch(case.url or server:url "echo", { headers = case.headers })
        assert.is_nil(status)
        assert.equal("transport", failure.kind)
        assert.is_false(failure.sent)
        assert.truthy(said(failure):find(case.says), said(failure))
        assert.falsy(said(failure):find(secret, 1, true))
        assert.falsy(said(failure):find "%c")
      end
      assert.equal(before.requests + 1, counted().requests)
    end)

    it("goes to http and https and nowhere else", function()
      for _, url in ipairs {
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "127.0.0.1/",
        "",
        "http://",
        "http:///x",
        "https://user:password@127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/",
        "http://127.0.0.1:-1/",
        "http://127.0.0.1:1x/",
        "http://:80/",
        "http:/a",
        "http://[::1",
        "http://a:b:c/",
      } do
        local status, failure = fetch(url)
        assert.is_nil(status, url)
        assert.is_false(failure.sent)
        assert.truthy(failure.kind == "transport" and said(failure):find "URL", url .. ": " .. said(failure))
      end
    end)
  end)

  describe("a response", function()
    it("has a status, headers by lower-case name, and a body", function()
      local status, headers, body = fetch(
        server:url(
          hostile.respond("hello", "Content-Type: text/plain\r\nX-Two: a\r\nX-EMPTY:\r\nx-two:  b \t\r\n", "404 No")
        )
      )
      assert.equal(404, status)
      assert.same(
        { ["content-type"] = "text/plain", ["x-two"] = "a, b", ["x-empty"] = "", ["content-length"] = "5" },
        headers
      )
      assert.equal("hello", body)
    end)

    it("that is there when its client is closed is the outcome", function()
      local transfer = start(server:url(hostile.respond "[1]"))
      fetch(server:url("p=200", hostile.respond "later"))
      multi:close()
      local status, _, body = multi:finish(transfer)
      assert.same({ 200, "[1]" }, { status, body })
    end)
  end)

  describe("many transfers", function()
    it("run side by side, and end in any order", function()
      local transfers = {}
      local took = seconds(function()
        for i = 1, 10 do
          transfers[i] = start(server:url("p=200", hostile.respond(tostring(i))))
        end
        for i = 10, 1, -1 do
          local status, _, body = multi:finish(transfers[i])
          assert.same({ 200, tostring(i) }, { status, body })
        end
      end)
      assert.truthy(took >= 0.2 and took < 1.2 + LATE, took)
    end)

    it("go on while one sleeps", function()
      local transfer = start(server:url("p=50", hostile.respond "ok", "close"))
      local took = seconds(function() multi:sleep(0.3) end)
      assert.truthy(took >= 0.3 and took < 0.3 + LATE, took)
      took = seconds(function() assert.equal(200, (multi:finish(transfer))) end)
      assert.truthy(took < LATE, took)
    end)

    it("respect max_connections", function()
      local few = curl.new { proxy = "", max_connections = 2 }
      local before, transfers = counted(), {}
      local took = seconds(function()
        for i = 1, 6 do
          local url = server:url("p=100", hostile.respond "ok")
          transfers[i] = few:start { url = url, timeout = 5, connect_timeout = 0.15 }
        end
        for i = 1, 6 do
          assert.equal(200, (few:finish(transfers[i])))
        end
      end)
      assert.truthy(took >= 0.3 and took < 1.2 + LATE, took)
      assert.equal(2, counted().connections - before.connections)
      few:close()
    end)

    it("are waited for no longer than one wants", function()
      local transfer = start(server:url("p=200", hostile.respond "ok"))
      local took = seconds(function()
        assert.equal(0, select("#", multi:finish(transfer, 0.05)) - 1)
        assert.is_nil((multi:finish(transfer, 0)))
        assert.is_nil((multi:finish(transfer, -1)))
      end)
      assert.truthy(took >= 0.05 and took < 0.05 + LATE, took)
      assert.equal(200, (multi:finish(transfer, 10)))
    end)
  end)

  describe("time limits", function()
    it("end a transfer whose time is over before it begins", function()
      for _, timeout in ipairs { 0, -1, -1e9 } do
        local status, failure
        local took = seconds(function()
          status, failure = fetch(server:url "echo", { timeout = timeout })
        end)
        assert.is_nil(status)
        assert.equal("timeout", failure.kind)
        assert.is_false(failure.sent)
        assert.truthy(said(failure):find "no time was left", said(failure))
        assert.truthy(took < LATE)
      end
    end)

    it("end every kind of stall in time, in the right phase #measures", function()
      local long = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
      local short = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"
      local cases = {
        { "connect", server:base "full", false },
        { "tls", "https://127.0.0.1:" .. server.ports.silent .. "/", false },
        { "wait", server:base "silent" .. "/", true },
        { "wait", server:url "hang", true },
        { "wait", server:url("https", "hang"), true },
        { "read", server:url("drip=50", hostile.respond("x", ("X-A: b\r\n"):rep(20))), true },
        { "read", server:url(hostile.write "HTTP/1.1 200 OK\r\nX-A: b\r\n", "hang"), true },
        { "read", server:url(hostile.write(long), "drip=100", "x=100"), true },
        { "read", server:url("https", hostile.write(short), "hang"), true },
      }
      assert.equal(200, (fetch(server:url("https", "echo")))) -- what the first TLS connection costs is not the matter
      for i, case in ipairs(cases) do
        case.began = curl.now()
        case.transfer = start(case[2], { timeout = i == 1 and 2 or 2.01 })
      end
      for _, case in ipairs(cases) do
        local status, failure = multi:finish(case.transfer)
        local took = curl.now() - case.began
        assert.is_nil(status)
        assert.same({ "timeout", case[1], case[3] }, { failure.kind, failure.phase, failure.sent }, case[2])
        assert.truthy(said(failure):find("127.0.0.1 port ", 1, true) and said(failure):find("(timeout)", 1, true))
        assert.truthy(took >= 2 and took < 2 + LATE, took)
      end
    end)

    it("know silence from slowness", function()
      local status, failure
      local took = seconds(function()
        status, failure = fetch(server:url "hang", { read_timeout = 0.2 })
      end)
      assert.is_nil(status)
      assert.same({ "timeout", "wait", true }, { failure.kind, failure.phase, failure.sent })
      assert.truthy(said(failure):find("0.2 s", 1, true) and said(failure):find "read_timeout", said(failure))
      assert.truthy(took >= 0.2 and took < 0.2 + LATE, took)

      took = seconds(
        function()
          status = fetch(
            server:url(hostile.write "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "drip=50", "x=10"),
            { read_timeout = 0.25 }
          )
        end
      )
      assert.equal(200, status)
      assert.truthy(took >= 0.45, took)
    end)

    it("bound the connection, TLS included #measures", function()
      for phase, url in pairs { connect = server:base "full", tls = "https://127.0.0.1:" .. server.ports.silent } do
        local status, failure
        local took = seconds(function()
          status, failure = fetch(url, { connect_timeout = 0.5 })
        end)
        assert.is_nil(status)
        assert.same({ "timeout", phase, false }, { failure.kind, failure.phase, failure.sent })
        assert.truthy(said(failure):find "0%.5 s.*connect_timeout", said(failure))
        assert.truthy(took >= 0.5 and took < 0.5 + LATE, took)
      end
    end)

    it("do not count the time the caller spent elsewhere as the server's #measures", function()
      local idle = curl.new { proxy = "" } -- another client's sleep drives nothing here
      local slow_start = start(server:url("https", hostile.respond "ok"), { connect_timeout = 0.2, read_timeout = 0.2 })
      local slow_read = start(
        server:url(hostile.write "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "p=500", hostile.write "ok"),
        { read_timeout = 0.4 }
      )
      multi:sleep(0.01)
      idle:sleep(0.4)
      assert.equal(200, (multi:finish(slow_start)))
      assert.equal(200, (multi:finish(slow_read)))
      idle:close()
    end)

    it("that are infinite or huge are no limits", function()
      for _, none in ipairs { math.huge, 1e18 } do
        assert.equal(
          200,
          (fetch(server:url(hostile.respond "ok"), { timeout = none, connect_timeout = none, read_timeout = none }))
        )
      end
    end)
  end)

  it("cancels a transfer in any state, once and for all", function()
    for _, url in ipairs {
      server:base "full",
      "https://127.0.0.1:" .. server.ports.silent,
      server:url "hang",
      server:url(hostile.write "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "x=10", "hang"),
    } do
      for _, wait in ipairs { 0, 0.03 } do
        local transfer = start(url)
        multi:sleep(wait)
        multi:cancel(transfer)
        multi:cancel(transfer)
        assert.error_matches(function() multi:finish(transfer) end, "has ended")
      end
    end
  end)

  describe("closing", function()
    it("can be done twice, and cancels", function()
      local transfer = start(server:url "hang")
      multi:close()
      multi:close()
      local status, failure = multi:finish(transfer)
      assert.is_nil(status)
      assert.equal("cancelled", failure.kind)
      assert.error_matches(function() start(server:url "echo") end, "closed")
      assert.error_matches(function() multi:sleep(0) end, "closed")
    end)

    it("before, after and between its transfers leaves nothing open", function()
      for round = 1, 12 do
        local client = curl.new { proxy = "", ca_file = server.ca_file }
        local running = client:start { url = server:url "hang" }
        local finished = client:start { url = server:url("https", hostile.respond "ok") }
        assert.equal(200, (client:finish(finished)))
        if round % 3 == 0 then
          client:close()
        elseif round % 3 == 1 then
          client:cancel(running)
        end
        if round % 2 == 0 then
          client, running = nil, nil
        else
          running = nil
        end
        collectgarbage()
        if client then client:close() end
        assert.is_nil(running)
      end
      collectgarbage()
      collectgarbage()
      opens(1)
    end)
  end)

  it("leaves what nobody holds to the collector", function()
    collectgarbage "stop"
    for _ = 1, 5 do
      start(server:url "hang")
    end
    opens(6)
    collectgarbage "restart"
    collectgarbage()
    collectgarbage()
    opens(1)
  end)

  -- In a process of its own: in a small heap each allocation brings a whole cycle of the collector.
  it("survives a finalizer that closes it while a request begins", function()
    local output = own_process.run [[
      local curl = require "jdvm.curl"
      if _VERSION == "Lua 5.5" then
        collectgarbage("param", "pause", 0)
        collectgarbage("param", "stepmul", 1000)
      elseif _VERSION == "Lua 5.4" then
        collectgarbage("incremental", 1, 1000, 1)
      else
        collectgarbage("setpause", 0)
        collectgarbage("setstepmul", 1000)
      end
      local request, outcomes = { url = "http://127.0.0.1:9/", headers = { a = "b" } }, {}
      for round = 1, 300 do
        local client = curl.new { proxy = "" }
        local function close() client:close() end
        local owner = newproxy and newproxy(true) or setmetatable({}, { __gc = close })
        if newproxy then getmetatable(owner).__gc = close end
        owner = nil
        for length = 1, round % 7 do local _ = ("x"):rep(length) end
        local ok, transfer = pcall(client.start, client, request)
        outcomes[round] = ok and (transfer and "began" or "closed meanwhile") or transfer
        client:close()
      end
      local met = {}
      for _, outcome in ipairs(outcomes) do met[outcome] = true end
      for outcome in pairs(met) do print(outcome) end
    ]]
    for outcome in output:gmatch("[^\n]+") do
      assert.truthy(({ began = true, ["closed meanwhile"] = true, ["jdvm.curl: closed"] = true })[outcome], output)
    end
    assert.truthy(output:find("began", 1, true) or output:find("closed meanwhile", 1, true), output)
  end)

  it("tells its version and the time", function()
    assert.truthy(curl.version():find "libcurl/")
    local first = curl.now()
    assert.truthy(curl.now() >= first)
  end)

  it("keeps its metatables to itself", function()
    local transfer = start(server:url "hang")
    assert.is_false(getmetatable(multi))
    assert.is_false(getmetatable(transfer))
    multi:cancel(transfer)
  end)
end)
