-- The lines that loggers print, and what becomes of errors in hooks.
local events = require "jdvm.call.events"

local function attempt(more)
  local event = {
    operation = "describeImages",
    method = "GET",
    host = "vm.jdcloud-api.com",
    path = "/v1/regions/cn-north-1/images",
    attempt = 2,
    milliseconds = 12.4,
  }
  for name, value in pairs(more) do
    event[name] = value
  end
  return events.attempt(event)
end

local HEAD = "jdvm: describeImages: GET vm.jdcloud-api.com/v1/regions/cn-north-1/images try 2: "

describe("an attempt", function()
  it("is one line with all that is known of it", function()
    for expected, more in pairs {
      ["200 12 ms request r1"] = { status = 200, request_id = "r1" },
      ["503 UNAVAILABLE 12 ms request r1 (transient: again in 0.50 s)"] = {
        status = 503,
        reason = "UNAVAILABLE",
        request_id = "r1",
        retry = "transient",
        delay = 0.5,
      },
      ["connect 12 ms"] = { reason = "connect" },
      ["failed 12 ms"] = {},
    } do
      local event = attempt(more)
      assert.equal("try", event.event)
      assert.equal(HEAD .. expected, event.message)
      assert.equal(event.message, tostring(event))
    end
  end)

  it("has a reason of one word: the service's where it looks like one", function()
    assert.equal("RATE_LIMIT", events.reason { kind = "api", status = "RATE_LIMIT" })
    assert.equal(("X"):rep(40), events.reason { kind = "api", status = ("X"):rep(40) })
    for _, status in ipairs { ("X"):rep(41), "no word", "lower", "", "A-B" } do
      assert.equal("api", events.reason { kind = "api", status = status })
    end
    assert.equal("connect", events.reason { kind = "connect" })
  end)
end)

describe("a hook", function()
  it("may raise: the logger is told of it in one line, and nothing else happens", function()
    local told = {}
    local function logger(event) told[#told + 1] = event end
    events.tell(function() error("a\nb", 0) end, { event = "try" }, "on_attempt", logger)
    assert.equal("warning", told[1].event)
    assert.equal("jdvm: on_attempt raised an error: a b", tostring(told[1]))
    assert.has_no.errors(function()
      events.tell(error, { event = "try" }, "on_attempt")
      events.tell(error, { event = "try" }, "on_attempt", error)
      events.tell(nil, { event = "try" })
    end)
  end)
end)
