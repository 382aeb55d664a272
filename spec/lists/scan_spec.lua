-- jdvm.lists.scan: whatever the list does and the service says meanwhile, a list that claims to be complete holds each
-- image that was there all the time, each once, and none that never was. Exhaustively for short lists, at random for
-- long ones. spec/call_spec.lua has lists under faults, over the real transport. The seed is printed when a scan fails;
-- JDVM_SEED and JDVM_SCANS repeat it or ask for more.
local paged_list = require "spec.support.paged_list"
local random = require "spec.support.random"
local scan = require "jdvm.lists.scan"

local SEED = tonumber(os.getenv "JDVM_SEED") or 20240229
local SCANS = tonumber(os.getenv "JDVM_SCANS") or 300

local function pick(draw, list) return list[draw(1, #list)] end

describe("every sequence of up to three insertions and deletions", function()
  local first, ended

  -- Runs one scan of a list of `count` images, which changes between its requests as `choose(n)` says, a number from 0
  -- to n - 1. Returns how it ended: "complete", "exception" (that of pass 1), "error".
  local function run(case, count, choose)
    local rows, changes, serial, inserted, deleted = {}, 3, count, 0, 0
    local have, gone = {}, {}
    for i = 1, count do
      rows[i] = i
    end
    local scanner = scan.new {
      id = "id",
      size = case.size,
      least = 2,
      most = case.most,
      stable = case.stable,
      spare = 20,
      factor = 4,
    }
    local verdict
    for request = 1, 60 do
      while request > 1 and changes > 0 do
        -- Nothing, a deletion of any image, an insertion anywhere.
        local choice = choose(1 + #rows + (#rows < case.longest and #rows + 1 or 0))
        if choice == 0 then break end
        changes = changes - 1
        if choice <= #rows then
          gone[table.remove(rows, choice)], deleted = true, deleted + 1
        else
          serial, inserted = serial + 1, inserted + 1
          table.insert(rows, choice - #rows, serial)
        end
      end
      local window = assert(scanner:plan(math.huge), "nothing is asked for")
      local page = {}
      for i = window.first + 1, math.min(window.first + window.size, #rows) do
        page[#page + 1] = { id = "img-" .. rows[i], serial = rows[i] }
      end
      verdict = scanner:accept(window, page, #rows)
      if not verdict then return "error" end
      for _, row in ipairs(page) do
        assert(not have[row.serial], "an image is there twice")
        have[row.serial] = true
      end
      if verdict == "end" then break end
    end
    assert(verdict == "end", "a scan does not end")
    for i = 1, count do
      if not gone[i] and not have[i] then
        -- One image deleted while another is created leaves the total unchanged.
        local is_hidden = inserted > 0 and deleted > 0 and scanner.stats.passes == 1 and not scanner.stats.drift
        assert(is_hidden and not case.stable, ("image %d is missing"):format(i))
        return "exception"
      end
    end
    return "complete"
  end

  before_each(function()
    first, ended = {}, { complete = 0, exception = 0, error = 0 }
  end)

  -- All choices, in order: the last one that has another value takes it, and those behind it begin anew.
  local function run_all(case, count)
    local choices, limits = {}, {}
    local used
    local function choose(limit)
      used = used + 1
      limits[used] = limit
      choices[used] = choices[used] or 0
      return choices[used]
    end
    repeat
      used = 0
      local outcome = run(case, count, choose)
      ended[outcome] = ended[outcome] + 1
      first[outcome] = first[outcome] or table.concat(choices, " ", 1, used)
      for i = #choices, used + 1, -1 do
        choices[i] = nil
      end
      while used > 0 and choices[used] == limits[used] - 1 do
        choices[used], used = nil, used - 1
      end
      if used > 0 then choices[used] = choices[used] + 1 end
    until used == 0
  end

  for _, case in ipairs {
    { size = 2, most = 3, longest = 5 },
    { size = 3, most = 3, longest = 5 },
    -- With pages of up to four rows, windows overlap in longer lists, too.
    { size = 2, most = 4, longest = 8 },
    { size = 3, most = 4, longest = 8 },
  } do
    for _, stable in ipairs { false, true } do
      local name = ("%d rows a page, at most %d, %s"):format(case.size, case.most, stable and "stable" or "eventual")
      it("loses no image and gives none twice: " .. name, function()
        case.stable = stable
        for count = 0, 5 do
          run_all(case, count)
        end
        assert.equal(0, ended.error, first.error)
        assert.is_true(ended.complete > 1000)
        if stable then assert.equal(0, ended.exception, first.exception) end
      end)
    end
  end
end)

describe("a long scan", function()
  it("keeps less than 130 bytes of an image that it delivered", function()
    local count = 100000
    local scanner = scan.new { id = "id", size = 100, least = 10, most = 100, spare = 30, factor = 8 }
    local function heap()
      collectgarbage()
      collectgarbage()
      return collectgarbage "count" * 1024
    end
    local before = heap()
    for page = 1, count / 100 do
      local window, rows = scanner:plan(math.huge), {}
      for i = 1, 100 do
        rows[i] = { id = ("img-%010d"):format((page - 1) * 100 + i) }
      end
      assert.equal("next", scanner:accept(window, rows, count))
    end
    assert.is_true(heap() - before < 130 * count, (heap() - before) / count .. " bytes")
    assert.equal(count, scanner.stats.rows)
  end)
end)

describe("randomised lists", function()
  local motions = {
    calm = function() end,
    -- Now and then some images come or go.
    light = function(list, draw)
      if draw() < 0.15 then list[draw() < 0.5 and "insert" or "delete"](list, draw(1, #list.rows + 1), draw(1, 3)) end
    end,
    heavy = function(list, draw)
      if draw() < 0.5 then list[draw() < 0.5 and "insert" or "delete"](list, draw(1, #list.rows + 1), draw(1, 25)) end
    end,
    -- One goes and another comes between all requests.
    swapping = function(list, draw)
      list:delete(draw(1, math.max(1, #list.rows)))
      list:insert(draw(1, #list.rows + 1))
    end,
  }
  local totals = {
    right = function(total) return total end,
    low = function(total) return math.floor(total * 0.7) end,
    high = function(total) return total + 37 end,
    missing = function() return nil end,
    -- Now and then a total, then none, or what is no number of rows.
    odd = function(total, n)
      local odd_ones = { total, tostring(total), -1, total + 0.5, math.huge, 0 / 0, 0, total + n }
      return odd_ones[n % (#odd_ones + 1)]
    end,
  }
  local cuts = {
    none = function() end,
    -- One page in ten loses its end.
    random = function(rows, draw)
      if draw() > 0.1 then return end
      for i = #rows, draw(1, #rows + 1), -1 do
        rows[i] = nil
      end
    end,
    -- No page has more than 30 rows.
    limited = function(rows)
      for i = #rows, 31, -1 do
        rows[i] = nil
      end
    end,
  }
  local names = { motion = { "calm", "light", "heavy", "swapping" } }
  names.total, names.cut = { "right", "low", "high", "missing", "odd" }, { "none", "random", "limited" }

  local function run(seed)
    local draw = random.new(seed)
    local motion, total, cut = pick(draw, names.motion), pick(draw, names.total), pick(draw, names.cut)
    -- A total that is too low may agree with the end of a page that was cut: two lies that confirm each other.
    if total == "low" or total == "odd" then cut = "none" end
    local is_stable, has_moved = draw() < 0.5, false
    local list = paged_list.new(draw() < 0.4 and draw(0, 30) or draw(0, 600), {
      clamp = draw() < 0.3,
      before = function(list, n)
        if n == 1 then return end
        has_moved = has_moved or motion ~= "calm"
        motions[motion](list, draw)
      end,
      total = totals[total],
      cut = function(rows) cuts[cut](rows, draw) end,
    })
    local options = {
      page_size = pick(draw, { 10, 13, 20, 37, 50, 100 }),
      prefetch = pick(draw, { 0, 1, 2, 4, 8, 16 }),
      consistency = is_stable and "stable" or nil,
    }
    local images, meta, detail = list:collect(options, function() return draw() < 0.5 end)
    local what = ("seed %d: %s, totals %s, cut %s"):format(seed, motion, total, cut)
    assert.equal(0, list.open, what)
    if not images then
      assert.equal("pagination", detail.kind, what)
      -- A service that counts images and sends none is an error whatever else it does.
      return meta:find("sends none", 1, true) and "empty" or "error", what .. ": " .. meta
    end
    local fault = list:fault(images)
    if not fault and motion == "calm" and cut ~= "random" then
      assert.same(list.rows, paged_list.ids(images), what)
      local least = math.max(10, math.min(options.page_size, cut == "limited" and 30 or 100))
      assert.is_true(
        list.started <= 16 + 4 * math.ceil(#list.rows / least),
        what .. ": " .. list.started .. " requests"
      )
    end
    if not fault then return "complete" end
    local is_hidden = has_moved and total == "right" and meta.passes == 1 and not meta.drift
    assert(is_hidden and not is_stable, what .. ": " .. fault)
    return "exception"
  end

  it("lose no image and give none twice", function()
    local outcomes, errors = { complete = 0, exception = 0, empty = 0, error = 0 }, {}
    for i = 1, 3 * SCANS do
      local outcome, message = run(SEED + i)
      outcomes[outcome] = outcomes[outcome] + 1
      errors[#errors + 1] = outcome == "error" and message or nil
    end
    print(
      ("note: %d scans in memory: %d complete, %d with the exception of pass 1, %d empty, %d errors"):format(
        3 * SCANS,
        outcomes.complete,
        outcomes.exception,
        outcomes.empty,
        outcomes.error
      )
    )
    assert.is_true(outcomes.error <= 3 * SCANS * 0.02, table.concat(errors, "\n"))
  end)
end)
