-- jdvm.emulator.fault_rules: how faults are written, and which requests meet them.
local accounts = require "jdvm.emulator.accounts"
local emulator = require "jdvm.emulator"
local fault_rules = require "jdvm.emulator.fault_rules"
local emulated = require "spec.support.emulated"

local NORTH = emulated.NORTH
local ask, send = emulated.ask, emulated.send
local start_with, statuses = emulated.start_with, emulated.statuses

describe("a fault rule", function()
  it("is read from text", function()
    local rule = { fault = "error", body = "json", code = 503, message = "a,b %", count = 2, probability = 0.5 }
    assert.same(rule, fault_rules.parse "error:code=503,message=a%2Cb %25,count=2,probability=0.5")
  end)

  it("stands beside others, separated by blanks, which also separate steps", function()
    local life = "life:image=img-1,steps=pending:10 ready@2.5s,count=1"
    assert.same({ "quota", life, "cut:at=body" }, fault_rules.split("quota  " .. life .. " cut:at=body"))
  end)

  it("is refused with what would be right", function()
    for text, expected in pairs {
      throtle = [[unknown fault "throtle"; did you mean 'throttle'?]],
      ["\255"] = [[unknown fault "\xFF"; known are body, cut, ]],
      ["throttle:coutn=1"] = [[fault throttle: unknown parameter or condition "coutn"; did you mean 'count'?]],
      ["throttle:operation=describeImagez"] = "must be describeImages or describeImage, not",
      ["throttle:count=x"] = [[fault throttle: count must be a whole number from 0, not "x"]],
      ["throttle:count"] = [["count" is not name=value]],
      ["error:body=xml"] = [[body must be json, html or empty, not "xml"]],
      ["quota:probability=5"] = [[fault quota: probability must be a number from 0 to 1, not "5"]],
      ["throttle:nth=first"] = "fault throttle: nth must be like 3 or 1+4+5",
      ["throttle:every=0"] = [[fault throttle: every must be a whole number from 1, not "0"]],
      ["drip:bytes=0"] = [[fault drip: bytes must be a whole number from 1, not "0"]],
      ["drift:at=middle"] = "fault drift: at must be front, end, random or a position from 1",
      ["life:steps=ready"] = "fault life: image=ID is missing: which image?",
      ["life:image=x,steps=ready@x"] = "'ready@x' is not STATUS",
      [":count=1"] = [[unknown fault ""; known are]],
    } do
      local _, message = fault_rules.parse(text)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.truthy(select(2, emulator.new { faults = { "nothing" } }):find('unknown fault "nothing"', 1, true))
  end)

  it("befalls by count, turn and page", function()
    for _, case in ipairs {
      { "count=2", "503 503 200 200" },
      { "after=1,count=1", "200 503 200" },
      { "every=2", "200 503 200 503" },
      { "nth=1+4+5", "503 200 200 503 503 200" },
      { "page=2", "200" },
      { "page=2", "503", 2 },
      { "from_page=2", "200" },
      { "from_page=2", "503", 7 },
      { "source=private", "200" },
    } do
      start_with("error:code=503," .. case[1])
      assert.equal(case[2], statuses(select(2, case[2]:gsub("%d+", "")), case[3]), case[1])
    end
  end)

  it("befalls by operation, image, region and account", function()
    local public = { "imageSource", "public" }
    for condition, case in pairs {
      ["operation=describeImage"] = { NORTH .. "/img-x" },
      ["image=img-y"] = { NORTH .. "/img-y" },
      ["region=cn-east-1"] = { "/v1/regions/cn-east-1/images", public },
      ["account=other"] = { NORTH, public, nil, accounts.list[2] },
    } do
      start_with("error:code=503," .. condition)
      assert.equal("200", statuses(1))
      assert.equal(503, send(case[1], case[2], case[3], case[4]).status, condition)
    end
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
