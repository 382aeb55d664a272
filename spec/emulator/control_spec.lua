-- jdvm.emulator.control: what a running emulator is told beside the service.
local accounts = require "jdvm.emulator.accounts"
local emulated = require "spec.support.emulated"
local signed = require "spec.support.signed"

local NORTH, NOW = emulated.NORTH, emulated.NOW
local answer, ask, ids, list = emulated.answer, emulated.ask, emulated.ids, emulated.list
local send, statuses = emulated.send, emulated.statuses

describe("control", function()
  before_each(function() emulated.start { images = 25, settings = { skew = 60 } } end)

  it("sets settings, all or none", function()
    assert.equal("clamped", ask("settings", { past_end = "clamped" }).past_end)
    local _, message = ask("settings", { latency = "0.5", skew = "x" })
    assert.equal('setting skew must be a number from 0, not "x"', message)
    assert.equal(0, ask("settings").latency)
    assert.equal(60, ask("settings").skew)
  end)

  it("replaces faults, adds to them, removes them", function()
    assert.equal(1, ask("faults", { spec = "error:code=500,count=1" }).faults)
    assert.equal(3, ask("faults", { spec = "quota:after=1,count=1 error:code=504,after=2", add = "1" }).faults)
    assert.equal("500 429 504", statuses(3))
    assert.equal(0, ask("faults").faults)
    assert.equal("200", statuses(1))
  end)

  it("resets everything", function()
    emulated.start { images = 25, faults = { "error:code=503,count=1" } }
    assert.equal("503 200", statuses(2))
    ask("settings", { past_end = "clamped" })
    ask("images", { delete = "5" })
    local request = signed.request(accounts.list[1], NORTH, { "imageSource", "private" })
    answer(request)
    ask("reset")
    assert.equal("503 200", statuses(2))
    assert.equal(25, list().totalCount)
    assert.equal("empty", ask("settings").past_end)
    assert.equal(200, answer(request).status) -- the nonce is forgotten
    assert.equal(4, ask("stats").requests)
    assert.equal("clamped", ask("reset", { spec = "quota:count=1", past_end = "clamped" }).past_end)
    assert.equal("429 200", statuses(2))
    assert.equal("clamped", ask("settings").past_end)
  end)

  it("inserts and deletes images", function()
    local first = list().images[1].imageId
    local changed = ask("images", { insert = "2", delete = "1" })
    assert.equal(first, changed.deleted[1])
    local now = ids(list().images)
    assert.same(changed.inserted, { now[1], now[2] })
    assert.equal(404, send(NORTH .. "/" .. first).status)
    assert.equal(26, list().totalCount)
    local fifth = list().images[5].imageId
    ask("images", { id = fifth })
    assert.equal(404, send(NORTH .. "/" .. fifth).status)
    assert.equal(3, #ask("images", { insert = "3", account = "other", region = "cn-east-1", at = "end" }).inserted)
  end)

  it("scripts lives", function()
    local id = ask("images", { insert = "1", steps = "pending:10 pending:55@1s ready@2s" }).inserted[1]
    local function image(now) return select(2, send(NORTH .. "/" .. id, nil, { now = now })).result.image end
    assert.same({ "pending", "10" }, { image(NOW).status, image(NOW).progress })
    assert.same({ "pending", "55" }, { image(NOW + 1).status, image(NOW + 1).progress })
    assert.equal("ready", image(NOW + 2).status)
    local function pending(now)
      local _, body = send(NORTH, { "imageSource", "private", "status", "pending" }, { now = now })
      return body.result.totalCount
    end
    assert.equal(pending(NOW + 2) + 1, pending(NOW))
    ask("images", { id = id, steps = "ready error@2" })
    assert.equal("ready", image(NOW).status)
    assert.equal("error", image(NOW).status)
  end)

  it("counts requests, nonces and the use of faults", function()
    ask("faults", { spec = "error:code=503,count=1 quota:after=2" })
    assert.equal("503 200", statuses(2))
    local stats = ask "stats"
    assert.same({ fault = "error", body = "json", code = 503, count = 1 }, stats.faults[1].rule)
    assert.same(
      { 2, 1, 2, 0 },
      { stats.faults[1].met, stats.faults[1].used, stats.faults[2].met, stats.faults[2].used }
    )
    assert.equal(60, stats.settings.skew)
    ask "faults"
    assert.same({}, ask("stats").faults)
  end)

  it("refuses what it does not know, and changes nothing", function()
    assert.equal(1, ask("faults", { spec = "error:code=503" }).faults)
    local before = ask "images"
    local id = before.images[1]
    for _, case in ipairs {
      { "stat", {}, [[no control path "stat"; did you mean 'stats'?]] },
      { "faults", { specs = "quota" }, [[faults: unknown argument "specs"; did you mean 'spec'?]] },
      { "faults", { ["x\255"] = "1" }, [[faults: unknown argument "x\xFF"; known are add and spec]] },
      { "stats", { x = "1" }, [[stats: unknown argument "x"; none is known]] },
      { "faults", { spec = { "quota", "quota" } }, "the argument spec is given several times" },
      { "faults", { spec = "quota throtle" }, [[unknown fault "throtle"; did you mean 'throttle'?]] },
      { "settings", { past_edn = "empty" }, [[settings: unknown argument "past_edn"; did you mean 'past_end'?]] },
      { "reset", { past_edn = "empty" }, [[reset: unknown argument "past_edn"; did you mean 'past_end'?]] },
      { "reset", { spec = "throtle" }, [[unknown fault "throtle"; did you mean 'throttle'?]] },
      { "reset", { past_end = "x\255" }, [[setting past_end must be empty or clamped, not "x\xFF"]] },
      { "images", { acount = "other", insert = "1" }, [[images: unknown argument "acount"; did you mean 'account'?]] },
      { "images", { source = "nowhere" }, [[account "owner" sees no "nowhere" images in "cn-north-1"]] },
      { "images", { account = "me", insert = "1" }, [[account "me" sees no "private" images in "cn-north-1"]] },
      { "images", { region = "mars", id = id }, [[account "owner" sees no "private" images in "mars"]] },
      { "images", { id = "img-nosuchone1" }, [[no image "img-nosuchone1" for account owner in cn-north-1]] },
      { "images", { insert = "1", steps = "?" }, "'?' is not STATUS[:PROGRESS][@REQUESTS | @SECONDSs]" },
      { "images", { steps = "ready" }, "steps need id or insert: whose status do they change?" },
      { "images", { delete = "1", steps = "ready" }, "steps need id or insert: whose status do they change?" },
      { "images", { at = "front" }, "at needs insert or delete" },
      { "images", { id = id, delete = "1" }, "id stands without insert, delete and at" },
    } do
      assert.equal(case[3], select(2, ask(case[1], case[2])))
    end
    assert.equal("503", statuses(1))
    assert.same(before, ask "images")
  end)

  it("plays the faults of the page about it, as they stand there", function()
    local page = io.open("docs/emulator.md"):read("*a")
    local last
    for spec in page:gmatch("`(%l+:%l+=[^`]*)`") do
      assert.equal(2, ask("faults", { spec = spec .. " quota:after=1000" }).faults, spec)
      last = spec:find "^life:" and spec or last
    end
    local id = last:match("^life:image=([%w-]+),")
    emulated.start()
    ask("faults", { spec = last })
    local function image(now) return select(2, send(NORTH .. "/" .. id, nil, { now = now })).result.image end
    assert.same({ "pending", "10" }, { image(NOW).status, image(NOW).progress })
    assert.same({ "pending", "60" }, { image(NOW + 1).status, image(NOW + 1).progress })
    assert.equal("ready", image(NOW + 2).status)
  end)
end)
