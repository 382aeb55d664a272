-- Keys from a VM's metadata server: asked through the call's transport, within its deadline.
local core = require "jdvm.core"
local credentials = require "jdvm.keys.holder"
local instance_role = require "jdvm.keys.instance_role"

local NOW = 1000000

-- A transport that answers with what the test says.
local function transport(answer)
  local carrier = { requests = {} }
  function carrier.start(_, request, deadline)
    carrier.requests[#carrier.requests + 1] = request
    carrier.deadline = deadline
    return request
  end
  function carrier.finish() return answer() end
  function carrier.now() return 50 end
  return carrier
end

-- Asks with a transport that gives this body, or without a status fails with it.
local function ask(body, status, more)
  local carrier = transport(function()
    if not status then return nil, { kind = "timeout", message = body } end
    local response = { status = status, headers = {}, body = body }
    for name, value in pairs(more or {}) do
      response[name] = value
    end
    return response
  end)
  local holder = credentials.new(instance_role.new(), { origin = "the instance role" })
  local keys, failure = holder:get { clock = function() return NOW end, transport = carrier, deadline = 60 }
  return keys, failure and failure.message, carrier
end

local function answer(expiration, code)
  return ('{"Code":"%s","accessKey":"AK","secretKey":"SK","sessionToken":"T","expiration":"%s"}'):format(
    code or "success",
    expiration
  )
end

describe("the instance role", function()
  it("asks the metadata server through the call's transport", function()
    local keys, _, carrier = ask(answer "2026-11-22T10:00:00Z", 200)
    assert.same({ "AK", "SK", "T" }, { keys.reveal() })
    assert.equal("the instance role", keys.origin)
    assert.equal(1, #carrier.requests)
    assert.equal("GET", carrier.requests[1].method)
    assert.matches("^http://169%.254%.169%.254/", carrier.requests[1].url)
    assert.same({}, carrier.requests[1].headers)
    assert.equal(52, carrier.deadline)
  end)

  it("keeps to the deadline of the call, and to an address of the user's", function()
    local carrier = transport(function() return { status = 404, headers = {}, body = "" } end)
    local provider = instance_role.new { url = "http://127.0.0.1:1/keys", timeout = 5 }
    provider { clock = function() return NOW end, transport = carrier, deadline = 51 }
    assert.equal(51, carrier.deadline)
    assert.equal("http://127.0.0.1:1/keys", carrier.requests[1].url)
    assert.equal(5, carrier.requests[1].read_timeout)
  end)

  it("reads times with a zone", function()
    for stamp, seconds in pairs {
      ["1970-01-01T00:00:00Z"] = 0,
      ["2026-11-22T10:00:00Z"] = 1795341600,
      ["2026-11-22T18:00:00+08:00"] = 1795341600,
      ["2026-11-22T10:00:00.123Z"] = 1795341600,
      ["2024-02-29T23:59:59Z"] = 1709251199,
      ["2000-03-01T00:00:00Z"] = 951868800,
      ["2026-11-22T05:30:00-0430"] = 1795341600,
    } do
      assert.equal(seconds, ask(answer(stamp), 200).expires_at, stamp)
    end
  end)

  it("does not keep keys for ever whose time it cannot read", function()
    for _, stamp in ipairs { "", "soon", "2026-11-22 10:00:00", "2026-11-22T10:00:00" } do
      assert.equal(NOW + 1800, ask(answer(stamp), 200).expires_at)
    end
  end)

  it("says what is wrong", function()
    local function problem(...) return (select(2, ask(...))) end
    assert.matches("^no answer from the metadata server for the instance role: no route", problem("no route"))
    assert.matches("no keys of an instance role %(HTTP 404%)", problem("", 404))
    assert.matches("is not JSON", problem("<html>", 200))
    assert.matches("is not JSON", problem("5", 200))
    assert.matches('Code is "fail"', problem(answer("", "fail"), 200))
    assert.matches("access_key must be a string", problem("{}", 200))
    local _, message = instance_role.new() { clock = os.time }
    assert.matches("needs a transport", message)
  end)

  it("reads the answer of a transport that decodes", function()
    local keys = ask(nil, 200, {
      decode = function(_, options) return core.decode(answer "2026-11-22T10:00:00Z", options) end,
    })
    assert.equal("AK", (keys.reveal()))
  end)
end)
