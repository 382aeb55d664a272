--- One request and its response over a socket, without nginx.
local exchange = require "jdvm.transport.exchange"
local said = require "spec.support.said"
local route = require "jdvm.transport.route"

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
        assert.truthy(said(problem):find("status " .. status, 1, true), said(problem))
        assert.equal(status == 407 and "proxy_login" or "proxy_refused", problem.cause)
      end
    end
  end)

  local ENDLESS = "HTTP/1.1 200 OK\r\n" .. ("a: b\r\n"):rep(1000)

  it("takes connect_timeout at most, also when the proxy drips", function()
    local _, problem, took = open(ENDLESS, 60, 0.52)
    assert.near(0.52, took, 0.01)
    assert.same({ "timeout", "connect", false }, { problem.kind, problem.phase, problem.sent })
    assert.equal("the proxy did not open the tunnel to far.test port 443 within connect_timeout", said(problem))
  end)

  it("ends at the deadline", function()
    local _, problem, took = open(ENDLESS, 0.52, 5)
    assert.near(0.52, took, 0.01)
    assert.equal("the time ran out (timeout)", said(problem))
  end)
end)

describe("a request on a pooled connection", function()
  -- What comes of a socket that reads so: pieces, and then an error.
  local function run(is_reused, err, ...)
    local pieces = { ... }
    local socket = {
      settimeouts = function() end,
      send = function(_, text) return #text end,
      receiveany = function()
        if #pieces > 0 then return table.remove(pieces, 1) end
        return nil, err
      end,
    }
    local call = {
      method = "GET",
      deadline = 10,
      now = function() return 0 end,
      control = {},
      read_timeout = 5,
      waiting = 5000,
      reused = is_reused,
    }
    local complete, problem = exchange.run(socket, "GET / HTTP/1.1\r\n\r\n", call)
    assert.is_nil(complete)
    return problem
  end

  it("failed for the connection's sake when nothing of a response arrived, whatever else did", function()
    for _, err in ipairs { "closed", "connection reset by peer", "error" } do
      assert.truthy(run(true, err).kept, err)
      assert.falsy(run(false, err).kept, err)
    end
    for _, bytes in ipairs { "\0\1", "\r\n", "SSH-2.0-x\r\n" } do
      assert.truthy(run(true, "closed", bytes).kept, bytes)
      assert.falsy(run(false, "closed", bytes).kept, bytes)
    end
  end)

  it("failed for its own sake once a response has begun, or when none came in time", function()
    assert.falsy(run(true, "closed", "HTTP/1.1 2").kept)
    assert.falsy(run(true, "closed", "HTTP/1.1 200 OK\r\nbad line\r\n\r\n").kept)
    assert.falsy(run(true, "timeout").kept)
  end)
end)
