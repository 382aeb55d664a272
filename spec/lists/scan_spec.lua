-- Randomised scans over the real transport: whatever the list does and the service says meanwhile, a list that
-- claims to be complete holds each image that was there all the time, each once, and none that never was.
-- The seed is printed when a scan fails; JDVM_SEED and JDVM_SCANS repeat it or ask for more.
local emulator = require "spec.support.emulator"
local jdvm = require "jdvm"
local random = require "spec.support.random"

local SEED = tonumber(os.getenv "JDVM_SEED") or 20240229
-- One Lua takes the full measure, the others a sample.
local SCANS = tonumber(os.getenv "JDVM_SCANS") or (_VERSION == "Lua 5.4" and 2000 or 150)
local RESET_EVERY = 50

local function pick(draw, list) return list[draw(1, #list)] end

-- A fault or several, as the emulator reads them.
local function draw_faults(draw, is_stable)
  local rules, pages = {}, {}
  local function add(rule, ...) rules[#rules + 1] = rule:format(...) end
  if draw() < 0.6 then
    for _ = 1, draw(1, 3) do
      local page = draw(1, 6)
      -- One change an answer, so that totals show it: what they hide only "stable" promises to see.
      if not pages[page] or is_stable then
        pages[page] = true
        add(
          "drift:page=%d,%s=%d,at=%s",
          page,
          pick(draw, { "insert", "delete" }),
          draw(1, draw(1, 30)),
          pick(draw, { "front", "end", "random", "5", "20" })
        )
      end
    end
  end
  if draw() < 0.3 then
    for _, kind in ipairs { "error:code=503", "throttle:status=RATE_LIMIT", "cut:at=body" } do
      add("%s,probability=%.2f,seed=%d", kind, draw() * 0.1, draw(1, 1000))
    end
  end
  if draw() < 0.3 then
    -- A lie that may hide a change by chance is told of lists that do not change, or that are read as "stable".
    local may_hide = is_stable or next(pages) == nil
    local where = draw() < 0.5 and ",page=" .. draw(1, 4) or ""
    local lie = pick(draw, { "total:by=%d", "total:by=-%d", "total:text=", "total:value=%d" })
    if not may_hide then
      lie, where = lie:gsub("value", "by"), ""
    end
    add((lie .. "%s"):gsub("%%s", where), draw(1, 60))
  end
  if draw() < 0.03 then add("repeated:page=%d,serve=1", draw(2, 4)) end
  return table.concat(rules, " ")
end

-- What is wrong with the images by what the emulator knows, or nil.
local function fault_of(images, oracle)
  local have, allowed = {}, {}
  for _, image in ipairs(images) do
    if have[image.imageId] then return image.imageId .. " is there twice" end
    have[image.imageId] = true
  end
  local missing = 0
  for _, id in ipairs(oracle.stable) do
    allowed[id] = true
    if not have[id] then missing = missing + 1 end
  end
  if missing > 0 then return missing .. " images are missing that were there all the time" end
  for _, name in ipairs { "came", "went" } do
    for _, id in ipairs(oracle[name]) do
      allowed[id] = true
    end
  end
  for id in pairs(have) do
    if not allowed[id] then return id .. " never was there" end
  end
  return nil
end

describe("randomised scans #long", function()
  local server

  setup(function() server = emulator.start { images = 60 } end)
  teardown(function() server.stop() end)

  it("never lose an image in silence", function()
    local draw = random.new(SEED)
    local client = jdvm.new {
      region = server.regions[1],
      endpoint = server.endpoint,
      no_proxy = "*",
      max_attempts = 8,
      access_key = server.accounts.owner.access_key,
      secret_key = server.accounts.owner.secret_key,
    }
    client.state().random = function() return 0.002 end
    local outcomes, requests, repeated = {}, 0, 0
    for scan = 1, SCANS do
      local is_stable = draw() < 0.1
      if scan % RESET_EVERY == 1 then
        repeated = repeated + server.control("stats").nonces_repeated
        server.control("reset", { settings = { past_end = pick(draw, { "empty", "clamped" }) } })
        server.control("images", { delete = 60, at = "front" })
        server.control("images", { insert = draw(0, draw(10, 150)) })
      end
      local faults = draw_faults(draw, is_stable)
      server.control("faults", { spec = faults })
      local mark = server.mark()
      local options = {
        page_size = pick(draw, { 10, 13, 25, 50, 100 }),
        prefetch = pick(draw, { 0, 1, 2, 4, 8 }),
        consistency = is_stable and "stable" or nil,
        timeout = 20,
        fields = { "imageId" },
      }
      local images, meta, detail = client:list_images({ imageSource = "private" }, options)
      local stats = images and meta or detail.stats
      requests = requests + stats.requests
      local outcome = images and "complete" or detail.kind
      outcomes[outcome] = (outcomes[outcome] or 0) + 1
      if images then
        local fault = fault_of(images, server.oracle(mark))
        if fault then
          error(
            ("seed %d, scan %d: %s (page size %d, prefetch %d, %s; faults: %s)"):format(
              SEED,
              scan,
              fault,
              options.page_size,
              options.prefetch,
              options.consistency or "eventual",
              faults
            ),
            0
          )
        end
      else
        assert.truthy(({ pagination = true, api = true, http = true, transport = true })[detail.kind], meta)
      end
    end
    client:close()
    local told = {}
    for outcome, count in pairs(outcomes) do
      told[#told + 1] = count .. " " .. outcome
    end
    table.sort(told)
    print(("note: %d scans, %d requests, seed %d: %s"):format(SCANS, requests, SEED, table.concat(told, ", ")))
    assert.is_true(outcomes.complete >= SCANS * 0.9, table.concat(told, ", "))
    assert.equal(0, repeated + server.control("stats").nonces_repeated)
  end)
end)
