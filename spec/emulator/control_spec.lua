-- What changes while the emulator runs: drift, lives, control, several workers.
local accounts = require "jdvm.emulator.accounts"
local core = require "jdvm.core"
local emulator = require "jdvm.emulator"
local json = require "jdvm.emulator.json"
local life = require "jdvm.emulator.life"
local emulated = require "spec.support.emulated"
local signed = require "spec.support.signed"

local NORTH, NOW = emulated.NORTH, emulated.NOW
local answer, ask, ids, list = emulated.answer, emulated.ask, emulated.ids, emulated.list
local send, start_with, statuses = emulated.send, emulated.start_with, emulated.statuses

describe("drift", function()
  local function all(source, size)
    local found, page, total = {}, 1
    repeat
      local result = list(page, size, source)
      for _, id in ipairs(ids(result.images)) do
        found[#found + 1] = id
      end
      page, total = page + 1, result.totalCount
    until #result.images == 0
    return found, total
  end

  it("moves the rows before the page it is bound to", function()
    emulated.start { images = 30 }
    local before = all "private"
    assert.equal(30, #before)
    emulated.start { images = 30, faults = { "drift:insert=3,page=2" } }
    local with_more, total = all "private"
    assert.same({ 33, 33 }, { total, #with_more })
    assert.same({ before[8], before[9], before[10] }, { with_more[11], with_more[12], with_more[13] }) -- seen twice
    assert.equal(before[10], with_more[10])
    emulated.start { images = 30, faults = { "drift:delete=3,page=2" } }
    local with_less
    with_less, total = all "private"
    assert.same({ 27, 27 }, { total, #with_less })
    assert.same({ before[10], before[14] }, { with_less[10], with_less[11] }) -- three were never seen
  end)

  it("happens at the end, at a position or anywhere", function()
    for _, at in ipairs { "end", "12", "random", "front", "1000" } do
      emulated.start { images = 30, faults = { "drift:insert=2,delete=2,at=" .. at .. ",page=1,count=3" } }
      for _ = 1, 5 do
        all("private")
      end
      local result = list(1, 100)
      assert.equal(at == "1000" and 36 or 30, result.totalCount)
      local seen = {}
      for _, id in ipairs(ids(result.images)) do
        assert.is_nil(seen[id])
        seen[id] = true
        assert.equal(200, send(NORTH .. "/" .. id).status)
      end
    end
  end)

  it("concerns only the list that was asked for", function()
    emulated.start { images = 20, faults = { "drift:delete=5,source=private" } }
    assert.equal(20, list(1, 10, "shared").totalCount)
    assert.equal(15, list(1, 10, "private").totalCount)
    assert.equal(20, list(1, 10, "shared").totalCount)
    local _, body = send(NORTH, { "imageSource", "private" }, nil, accounts.list[2])
    assert.equal(20, body.result.totalCount)
  end)

  it("can empty a list", function()
    emulated.start { images = 3, faults = { "drift:delete=9" } }
    assert.same({}, list().images)
    assert.equal(0, list().totalCount)
  end)
end)

describe("the life of an image", function()
  it("is told in steps of time or requests", function()
    local steps = life.parse "pending:10 pending:60@2s ready@4.5s"
    local function at(seconds)
      local step = life.step({ since = 100, requests = 0, steps = steps }, { now = 100 + seconds, requests = 9 })
      return step.status .. (step.progress or "")
    end
    assert.same({ "pending10", "pending60", "pending60", "ready" }, { at(0), at(2), at(4.4), at(4.5) })
    assert.is_nil((life.parse ""))
  end)

  it("begins with a fault when the image is first asked for", function()
    start_with()
    local id = list().images[3].imageId
    start_with("life:steps=pending:5 ready@2,image=" .. id)
    local function status() return select(2, send(NORTH .. "/" .. id)).result.image.status end
    statuses(5)
    assert.same({ "pending", "pending", "ready", "ready" }, { status(), status(), status(), status() })
  end)
end)

describe("control", function()
  before_each(function() emulated.start { images = 25, settings = { skew = 60 } } end)

  it("sets settings, all or none", function()
    assert.equal("clamped", ask("settings", { past_end = "clamped" }).past_end)
    local _, message = ask("settings", { latency = "0.5", skew = "x" })
    assert.equal("setting 'skew' must be a number, not 'x'", message)
    assert.equal(0, ask("settings").latency)
    assert.equal(60, ask("settings").skew)
  end)

  it("takes fault scripts as JSON and as specs", function()
    assert.equal(2, ask("faults", { script = '[{"fault":"error","code":503,"count":1},"quota:count=1"]' }).faults)
    assert.equal("503 429 200", statuses(3))
    assert.equal(1, ask("faults", { spec = "error:code=500,count=1" }).faults)
    assert.equal(3, ask("faults", { spec = "quota:after=1,count=1 error:code=504,after=2", add = "1" }).faults)
    assert.equal("500 429 504", statuses(3))
    assert.equal(0, ask("faults").faults)
    assert.equal("200", statuses(1))
    assert.equal(1, ask("faults", { script = '{"fault":"quota"}' }).faults)
    local _, message = ask("faults", { script = '[{"fault":"no"}]' })
    assert.truthy(message:find("unknown fault 'no'", 1, true))
    assert.truthy(select(2, ask("faults", { script = "{" })):find("^script: "))
    assert.equal("429", statuses(1)) -- a wrong script changes nothing
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
    local mark = ask("reset", { spec = "quota:count=1", settings = '{"past_end":"clamped"}' }).mark
    assert.is_true(mark > 0)
    assert.equal("429 200", statuses(2))
    assert.equal("clamped", ask("settings").past_end)
    assert.truthy(select(2, ask("oracle", { mark = "1" })):find("reset"))
  end)

  it("resets what was counted for the rate limit", function()
    emulated.start { settings = { rate_limit = 1 } }
    assert.equal("200 429", statuses(2))
    ask("reset")
    assert.equal("200 429", statuses(2))
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

  it("knows what a scan may hold", function()
    local mark = ask("mark").mark
    local before = ids(list(1, 100).images)
    local gone = ask("images", { delete = "2", at = "3" }).deleted
    local new_ids = ask("images", { insert = "2", at = "end" }).inserted
    local oracle = ask("oracle", { mark = tostring(mark) })
    assert.same(gone, oracle.went)
    assert.same(new_ids, oracle.came)
    assert.equal(25, oracle.total)
    assert.equal(23, #oracle.stable)
    local left = {}
    for _, id in ipairs(before) do
      if id ~= gone[1] and id ~= gone[2] then left[#left + 1] = id end
    end
    assert.same(left, oracle.stable)
    local later = ask("oracle", { mark = tostring(ask("mark").mark) })
    assert.same({ 25, 0, 0 }, { #later.stable, #later.came, #later.went })
    local other_list = ask("oracle", { mark = tostring(mark), imageSource = "shared" })
    assert.same({ 25, 0, 0 }, { #other_list.stable, #other_list.came, #other_list.went })
    local ready = ask("oracle", { mark = tostring(mark), status = "ready" })
    assert.is_true(#ready.stable < 23 and #ready.stable > 0)
  end)

  it("says what it does not know", function() assert.equal("no control path 'x%3Cy'", select(2, ask("x<y"))) end)

  it("refuses arguments that a path does not have, and changes nothing", function()
    assert.equal(1, ask("faults", { spec = "error:code=503" }).faults)
    for message, case in pairs {
      ["faults takes no argument 'fault'; it takes add, script, spec"] = { "faults", { fault = "throttle" } },
      ["faults takes no argument 'scrpt'; it takes add, script, spec; did you mean 'script'?"] = {
        "faults",
        { scrpt = "[]" },
      },
      ["reset takes no argument 'stings'; it takes script, settings, spec; did you mean 'settings'?"] = {
        "reset",
        { stings = "{}" },
      },
      ["mark takes no argument 'x%3C'; it takes none"] = { "mark", { ["x<"] = "1" } },
      ["unknown setting 'past_edn'; did you mean 'past_end'?"] = { "settings", { past_edn = "empty" } },
      ["the argument 'spec' is given several times"] = { "faults", { spec = { "quota", "quota" } } },
    } do
      assert.equal(message, select(2, ask(case[1], case[2])))
    end
    assert.matches(
      "^images takes no argument 'acount'; .*; did you mean 'account'%?$",
      select(2, ask("images", { acount = "other", insert = "1" }))
    )
    assert.matches("; did you mean 'status'%?$", select(2, ask("oracle", { mark = "0", sttus = "ready" })))
    assert.matches(
      "^a fault is an object whose key 'fault' names its kind; there are: cut, ",
      select(2, ask("faults", { script = '{"kind":"throttle"}' }))
    )
    assert.truthy(select(2, ask("reset", { spec = "throtle" })):find("unknown fault 'throtle'", 1, true))
    assert.truthy(select(2, ask("reset", { settings = '{"past_edn":"empty"}' })))
    assert.equal("503", statuses(1))
  end)

  it("plays the faults of the page about it, as they stand there", function()
    local page = io.open("docs/emulator.md"):read("*a")
    local faults = {}
    for spec in page:gmatch("`(%a+:%a+=[^`]*)`") do
      faults[#faults + 1] = spec
    end
    local last
    for _, spec in ipairs(faults) do
      if not spec:find("NAME", 1, true) then
        assert.equal(2, ask("faults", { spec = spec .. " quota:after=1000" }).faults, spec)
        last = spec
      end
    end
    assert.equal(1, ask("faults", { script = assert(page:match('`({"fault":[^`]*})`')) }).faults)
    local id = last:match("^life:image=([%w-]+),")
    emulated.start()
    ask("faults", { spec = last })
    local function image(now) return select(2, send(NORTH .. "/" .. id, nil, { now = now })).result.image end
    assert.same({ "pending", "10" }, { image(NOW).status, image(NOW).progress })
    assert.same({ "pending", "60" }, { image(NOW + 1).status, image(NOW + 1).progress })
    assert.equal("ready", image(NOW + 2).status)
  end)

  it("writes JSON that others read", function()
    assert.same(
      { a = { 1, "x", true }, b = { c = '"\\\n\1\127é' }, d = 0.5 },
      core.decode(json.encode { a = { 1, "x", true }, b = { c = '"\\\n\1\127é' }, d = 0.5 })
    )
    assert.equal("[]", json.encode {})
  end)
end)

describe("several workers with one store", function()
  it("agree on images, settings, faults and nonces", function()
    local one = emulator.new { images = 20, faults = { "error:code=503,count=1" } }
    local two = emulator.new { images = 20, faults = { "error:code=503,count=1" }, store = one.store }
    emulated.use(one)
    assert.equal("503", statuses(1))
    emulated.use(two)
    assert.equal("200", statuses(1)) -- counted together
    ask("images", { delete = "3" })
    ask("settings", { words = "old" })
    emulated.use(one)
    assert.equal(17, list().totalCount)
    assert.equal("self", list().images[1].imageSource)
    local request = signed.request(accounts.list[1], NORTH, { "imageSource", "private" })
    assert.equal(200, emulator.respond(one, request).status)
    assert.equal(403, emulator.respond(two, request).status)
    ask("reset")
    emulated.use(two)
    assert.equal("503", statuses(1))
    assert.equal(20, list().totalCount)
    -- A worker that slept through the reset starts from there.
    ask("images", { insert = "1" })
    emulated.use(one)
    assert.equal(21, list().totalCount)
  end)
end)
