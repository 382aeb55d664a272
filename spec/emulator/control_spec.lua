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
    assert.equal("setting 'skew' must be a number from 0, not 'x'", message)
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
    assert.truthy(select(2, ask("images", { id = fifth })):find("no image"))
    assert.truthy(select(2, ask("images", { insert = "1", source = "nowhere" })):find("sees no nowhere"))
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
    assert.truthy(select(2, ask("images", { insert = "1", steps = "?" })):find("not STATUS"))
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
    for _, case in ipairs {
      { "x<y", {}, "no control path 'x%3Cy'" },
      { "faults", { fault = "quota" }, "faults takes no argument 'fault'; it takes add, spec" },
      { "stats", { ["x<"] = "1" }, "stats takes no argument 'x%3C'; it takes none" },
      { "faults", { spec = { "quota", "quota" } }, "the argument 'spec' is given several times" },
    } do
      assert.equal(case[3], select(2, ask(case[1], case[2])))
    end
    for _, case in ipairs {
      { "faults", { specs = "quota" }, "; did you mean 'spec'?" },
      { "settings", { past_edn = "empty" }, "; did you mean 'past_end'?" },
      { "reset", { past_edn = "empty" }, "; did you mean 'past_end'?" },
      { "images", { acount = "other", insert = "1" }, "; did you mean 'account'?" },
      { "reset", { spec = "throtle" }, "unknown fault 'throtle'" },
      { "reset", { past_end = "x" }, "setting 'past_end' must be empty or clamped, not 'x'" },
      { "faults", { spec = "quota throtle" }, "unknown fault 'throtle'" },
    } do
      assert.truthy(select(2, ask(case[1], case[2])):find(case[3], 1, true), case[3])
    end
    assert.equal("503", statuses(1))
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
