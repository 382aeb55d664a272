-- jdvm.emulator.fault_rules: how faults are written, and which requests meet them.
local accounts = require "jdvm.emulator.accounts"
local emulator = require "jdvm.emulator"
local fault_rules = require "jdvm.emulator.fault_rules"
local emulated = require "spec.support.emulated"

local NORTH = emulated.NORTH
local ask, send = emulated.ask, emulated.send
local start_with, statuses = emulated.start_with, emulated.statuses

describe("a fault rule", function()
  it("is read from text and from values", function()
    local rule = { fault = "error", body = "json", code = 503, message = "a,b %", count = 2, probability = 0.5 }
    assert.same(rule, fault_rules.parse "error:code=503,message=a%2Cb %25,count=2,probability=0.5")
    assert.same(
      rule,
      fault_rules.read { fault = "error", code = 503, message = "a,b %", count = "2", probability = 0.5 }
    )
  end)

  it("stands beside others, separated by blanks, which also separate steps", function()
    local life = "life:image=img-1,steps=pending:10 ready@2.5s,count=1"
    assert.same({ "quota", life, "cut:at=body" }, fault_rules.split("quota  " .. life .. " cut:at=body"))
  end)

  it("is refused with what would be right", function()
    local function message(text) return select(2, fault_rules.parse(text)) end
    assert.truthy(message("throtle"):find("; did you mean 'throttle'?", 1, true))
    assert.truthy(message("throttle:cont=1"):find("; did you mean 'count'?", 1, true))
    assert.truthy(
      message("throttle:operation=describeImagez"):find(
        "operation must be describeImages or describeImage, not 'describeImagez'",
        1,
        true
      )
    )
    assert.truthy(message("throttle:account=ownr"):find("account must be owner or other", 1, true))
    assert.truthy(message("throtle"):find("unknown fault 'throtle'; there are: .*throttle"))
    assert.truthy(message("throttle:cont=1"):find("fault 'throttle' has no parameter 'cont'; it has: .*conditions: "))
    assert.equal("fault 'throttle': count must be a whole number from 0, not 'x'", message("throttle:count=x"))
    assert.equal("fault 'throttle': 'count' is not name=value", message("throttle:count"))
    assert.truthy(message("error:body=xml"):find("body must be json, html or empty, not 'xml'", 1, true))
    assert.equal("fault 'quota': probability must be a number from 0 to 1, not '5'", message("quota:probability=5"))
    assert.equal("fault 'throttle': nth must be like 3 or 1+4+5", message("throttle:nth=first"))
    assert.equal("fault 'throttle': every must be at least 1", message("throttle:every=0"))
    assert.equal("fault 'drift': at must be front, end, random or a position from 1", message("drift:at=middle"))
    assert.truthy(message("drift:insert=-1"):find("insert must be a whole number from 0", 1, true))
    for _, text in ipairs { "", ":", ":count=1", 1 } do
      assert.truthy(message(text):find("unknown fault '1?'; there are"), text)
    end
    assert.equal("fault 'life': image=ID is missing: which image?", message("life:steps=ready"))
    assert.truthy(message("life:image=x,steps=ready@x"):find("'ready@x' is not STATUS", 1, true))
    assert.has_error(function() emulator.new { faults = { "nothing" } } end)
  end)

  it("befalls by count, turn and place", function()
    start_with "error:code=503,count=2"
    assert.equal("503 503 200 200", statuses(4))
    start_with "error:code=503,after=1,count=1"
    assert.equal("200 503 200", statuses(3))
    start_with "error:code=503,every=2"
    assert.equal("200 503 200 503", statuses(4))
    start_with "error:code=503,nth=1+4+5"
    assert.equal("503 200 200 503 503 200", statuses(6))
    start_with "error:code=503,page=2"
    assert.equal("200", statuses(1, 1))
    assert.equal("503", statuses(1, 2))
    start_with "error:code=503,from_page=2"
    assert.equal("200", statuses(1, 1))
    assert.equal("503", statuses(1, 7))
    start_with "error:code=503,operation=describeImage"
    assert.equal("200", statuses(1))
    assert.equal(503, send(NORTH .. "/img-x").status)
    start_with "error:code=503,image=img-y"
    assert.equal(404, send(NORTH .. "/img-x").status)
    assert.equal(503, send(NORTH .. "/img-y").status)
    start_with "error:code=503,region=cn-east-1"
    assert.equal("200", statuses(1))
    assert.equal(503, send("/v1/regions/cn-east-1/images", { "imageSource", "public" }).status)
    start_with "error:code=503,account=other"
    assert.equal("200", statuses(1))
    assert.equal(503, send(NORTH, { "imageSource", "public" }, nil, accounts.list[2]).status)
    start_with "error:code=503,source=private"
    assert.equal("200", statuses(1))
  end)

  it("befalls by chance, always the same with the same seed", function()
    local function harmed(seed)
      start_with("error:code=503,probability=0.3,seed=" .. seed)
      return statuses(200)
    end
    local one = harmed(1)
    local _, count = one:gsub("503", "")
    assert.is_true(count > 40 and count < 80, count)
    assert.equal(one, harmed(1))
    assert.is_not.equal(one, harmed(2))
    start_with "error:code=503,probability=0"
    assert.equal("200 200", statuses(2))
    start_with "error:code=503,probability=1"
    assert.equal("503 503", statuses(2))
  end)

  it("joins others, but only one replaces the answer", function()
    start_with("throttle:count=1", "error:code=503,count=1", "latency:seconds=0.5,count=2")
    assert.equal(0.5, send(NORTH, { "imageSource", "public" }).delay)
    assert.equal("503 200", statuses(2))
    local seen = ask("stats").faults
    assert.same({ 3, 3, 3 }, { seen[1].met, seen[2].met, seen[3].met })
    assert.same({ 1, 1, 2 }, { seen[1].used, seen[2].used, seen[3].used })
  end)
end)
