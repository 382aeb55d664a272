-- The lines that loggers print, and what becomes of errors in hooks.
local events = require "jdvm.call.events"
local in_memory = require "spec.support.in_memory"

local client_of, one_page, failing = in_memory.client_of, in_memory.one_page, in_memory.failing
local PUBLIC = { imageSource = "public" }

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

describe("hooks", function()
  it("report each attempt and each call, and change nothing", function()
    local lines, attempts, calls = {}, {}, {}
    local client = client_of(function(_, n) return n == 1 and failing(503, "UNAVAILABLE") or one_page() end, {
      logger = function(event) lines[#lines + 1] = tostring(event) end,
      on_attempt = function(event)
        attempts[#attempts + 1] = event
        error "in a hook"
      end,
      on_call = function(event)
        calls[#calls + 1] = event
        error "in a hook"
      end,
    })
    assert.truthy(client:describe_images(PUBLIC))
    assert.equal(2, #attempts)
    assert.equal(503, attempts[1].status)
    assert.equal("UNAVAILABLE", attempts[1].reason)
    assert.equal("transient", attempts[1].retry)
    assert.is_true(attempts[1].delay >= 0)
    assert.equal("r503", attempts[1].request_id)
    assert.equal(200, attempts[2].status)
    assert.equal(2, attempts[2].attempt)
    assert.equal("imageSource=public", attempts[2].query)
    assert.is_true(attempts[2].milliseconds > 0)
    assert.same({ true, 2, 200, "r1" }, { calls[1].ok, calls[1].attempts, calls[1].http_status, calls[1].request_id })
    assert.is_nil(calls[1].message)
    client:describe_image "img-none"
    assert.same({ false, "decode", "wrong_shape" }, { calls[2].ok, calls[2].kind, calls[2].cause })
    local head = "describeImages: GET vm.jdcloud-api.com/v1/regions/cn-north-1/images?imageSource=public "
    assert.truthy(lines[1]:find(head .. "try 1: 503", 1, true))
    assert.matches("^jdvm: on_attempt raised an error: .*in a hook$", lines[2])
    assert.truthy(lines[3]:find("try 2: 200", 1, true))
    assert.matches("^jdvm: on_attempt raised", lines[4])
    assert.matches("^jdvm: on_call raised an error: .*in a hook$", lines[5])
  end)
end)
