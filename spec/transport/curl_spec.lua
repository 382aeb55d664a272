-- The transport over libcurl, as the client uses it, over HTTP/1.1 and HTTP/2.
local curl_transport = require "jdvm.transport.curl"
local hostile = require "spec.support.hostile"
local http2 = require "spec.support.http2"
local said = require "spec.support.said"

local respond = hostile.respond
-- Seconds that this program may be late. An emulated processor is.
local LATE = (os.getenv "LD_PRELOAD" or ""):find "valgrind" and 3 or 0.3

local server, front, transport

local function start(url, changes)
  local request = { method = "GET", url = url, headers = { accept = "application/json" } }
  for name, value in pairs(changes or {}) do
    request[name] = value
  end
  return transport:start(request, transport:now() + 20)
end

local function fetch(url, changes) return transport:finish(start(url, changes)) end

local function count(set)
  local n = 0
  for _ in pairs(set) do
    n = n + 1
  end
  return n
end

-- Starts `n` requests at once; the connections and protocols they took, and the seconds.
local function burst(n, base, pause)
  local pendings, connections, protocols, before = {}, {}, {}, transport:now()
  for i = 1, n do
    pendings[i] = start(base .. "/?p=" .. pause .. "&" .. respond(("[%d]"):format(i)))
  end
  for i = 1, n do
    local response, failure = transport:finish(pendings[i])
    assert.truthy(response, failure and said(failure))
    connections[response.headers["x-connection"]] = true
    protocols[response.headers["x-protocol"]] = true
    assert.equal(("[%d]"):format(i), response.body)
  end
  return count(connections), next(protocols), transport:now() - before
end

describe("the curl transport", function()
  setup(function()
    server = hostile.start()
    front = http2.start(server)
  end)

  teardown(function()
    front.stop()
    server:stop()
  end)

  before_each(
    function() transport = curl_transport.new { ca_file = server.ca_file, proxy = "", user_agent = "spec" } end
  )

  after_each(function() transport:close() end)

  it("takes the largest values that the options allow", function()
    local given = {}
    for _, option in ipairs(require("jdvm.options.options").client) do
      given[option.name] = option.max
    end
    assert.has_no.errors(function()
      curl_transport.new({ max_body = given.max_body, max_connections = given.max_connections }):close()
      fetch(server:url(respond "[1]"), { max_body = given.max_body })
    end)
  end)

  it("gives status, headers and body", function()
    local response, failure = fetch(server:url(respond("<html>", "X-A: b\r\n", "502 Bad Gateway")))
    assert.is_nil(failure)
    assert.same(
      { 502, "b", "<html>", false },
      { response.status, response.headers["x-a"], response.body, response.kept }
    )
    assert.is_true(fetch(server:url(respond "")).kept)
  end)

  it("sends no other method than GET, rather than GET in its place", function()
    assert.error_matches(function() fetch(server:url "echo", { method = "POST" }) end, "GET alone")
  end)

  it("bounds a request by a deadline on its own clock", function()
    local before = transport:now()
    local response, failure = transport:finish(transport:start({ url = server:url "hang" }, before + 0.3))
    local took = transport:now() - before
    assert.is_nil(response)
    assert.same({ "timeout", "wait", true }, { failure.kind, failure.phase, failure.sent })
    assert.truthy(took >= 0.3 and took < 0.3 + LATE, took)
    response, failure = transport:finish(transport:start({ url = server:url "echo" }, before))
    assert.is_nil(response)
    assert.same({ "timeout", "connect", false }, { failure.kind, failure.phase, failure.sent })
    assert.equal(200, transport:finish(transport:start { url = server:url "echo" }).status)
  end)

  it("passes on the limits of a request", function()
    local _, failure = fetch(server:url(respond "12345"), { max_body = 4 })
    assert.truthy(said(failure):find "larger than 4 bytes %(max_body%)", said(failure))
    _, failure = fetch(server:url "hang", { read_timeout = 0.1 })
    assert.truthy(said(failure):find "read_timeout", said(failure))
    _, failure = fetch(server:base "full", { connect_timeout = 0.1 })
    assert.truthy(said(failure):find "connect_timeout", said(failure))
  end)

  it("passes on the options of the client", function()
    local small = curl_transport.new { proxy = "", max_body = 4 }
    local _, failure = small:finish(small:start { url = server:url(respond "12345") })
    assert.truthy(said(failure):find "larger than 4 bytes", said(failure))
    _, failure = small:finish(small:start { url = server:url("https", "echo") })
    assert.equal("tls", failure.kind)
    small:close()
    local loose = curl_transport.new { proxy = "", verify = false }
    assert.equal(200, loose:finish(loose:start { url = server:url("alone", "echo") }).status)
    loose:close()
    assert.error_matches(function() curl_transport.new { ca_file = 1 } end, "ca_file")
  end)

  it("cancels, sleeps and closes", function()
    local pending = start(server:url "hang")
    transport:cancel(pending)
    local before = transport:now()
    transport:sleep(0.05)
    assert.truthy(transport:now() - before >= 0.05)
    local done, running = start(server:url(respond "[1]")), start(server:url "hang")
    local response = transport:finish(done)
    transport:close()
    transport:close()
    assert.equal("[1]", response.body)
    local _, failure = transport:finish(running)
    assert.equal("cancelled", failure.kind, said(failure))
    assert.error_matches(function() start(server:url "echo") end, "closed")
  end)

  -- Ctrl-C reaches a script through a hook, which Lua runs between two calls of C.
  it("lets hooks run while it waits and sleeps", function()
    local pending = start(server:url "hang")
    for _, wait in ipairs { function() transport:finish(pending) end, function() transport:sleep(10) end } do
      local before = transport:now()
      local hook, mask, every = debug.gethook()
      debug.sethook(function()
        if transport:now() > before + 0.2 then
          debug.sethook()
          error "interrupted"
        end
      end, "", 1)
      local ok, message = pcall(wait)
      debug.sethook(hook, mask, every)
      assert.is_false(ok)
      assert.truthy(message:find "interrupted", message)
      assert.truthy(transport:now() - before < 0.3 + LATE)
    end
    transport:cancel(pending)
  end)

  it("speaks HTTP/2 where it is offered, all on one connection", function()
    local connections, protocol, took = burst(16, front.http2, 100)
    assert.same({ 1, "HTTP/2.0" }, { connections, protocol })
    assert.truthy(took < 0.5 + LATE, took)
    connections = burst(16, front.http2, 0)
    assert.equal(1, connections)
    local echo = fetch(front.http2 .. "/a/%2e%7e?echo&b=%2e").body
    assert.truthy(echo:find("GET /a/%2e%7e?echo&b=%2e HTTP/1", 1, true), echo) -- as nginx passes it on
  end)

  it("speaks HTTP/1.1 where it is not, on as many connections as requests #measures", function()
    local connections, protocol, took = burst(8, front.http1, 100)
    assert.equal("HTTP/1.1", protocol)
    assert.truthy(connections > 1 and connections <= 8, connections)
    assert.truthy(took < 0.5 + LATE, took)
    assert.truthy(burst(8, front.http1, 100) <= 8)
  end)

  it("speaks HTTP/1.1 when told to #measures", function()
    transport:close()
    transport = curl_transport.new { ca_file = server.ca_file, proxy = "", http2 = false }
    local connections, protocol = burst(4, front.http2, 50)
    assert.equal("HTTP/1.1", protocol)
    assert.truthy(connections > 1 and connections <= 4, connections)
  end)

  it("fails one stream of a connection, not the others", function()
    local good = start(front.http2 .. "/?p=200&" .. respond "[1]")
    local beginning = hostile.write "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n["
    local cut = start(front.http2 .. "/?" .. beginning .. "&p=50&reset")
    local slow = start(front.http2 .. "/?hang", { read_timeout = 0.1 })
    local dropped = start(front.http2 .. "/?hang")
    transport:cancel(dropped)
    local _, failure = transport:finish(cut)
    assert.equal("transport", failure.kind)
    assert.equal("read", failure.phase)
    _, failure = transport:finish(slow)
    assert.same({ "timeout", "wait", true }, { failure.kind, failure.phase, failure.sent })
    assert.equal("[1]", transport:finish(good).body)
  end)
end)
