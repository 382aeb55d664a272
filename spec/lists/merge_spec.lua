-- jdvm.lists.merge: several lists read as one.
local iterator = require "jdvm.lists.iterator"
local merge = require "jdvm.lists.merge"
local paged_list = require "spec.support.paged_list"
local random = require "spec.support.random"

-- A reader of lists in memory: `lanes` holds the lists of each lane.
local function reader_of(lanes, options)
  options = options or {}
  local parts, source = {}, paged_list.new(0):source()
  for lane, lists in ipairs(lanes) do
    for _, list in ipairs(lists) do
      parts[#parts + 1] = {
        lane = lane,
        shown_region = #lanes > 1 and "region-" .. lane or nil,
        open = function(row, id, max_items)
          return list:reader({
            row = row,
            id = id,
            max_items = max_items,
            prefetch = options.prefetch,
            ids = options.ids,
          }, nil, options.meta)
        end,
      }
    end
  end
  source.row, source.id = options.row or 0, options.id or ""
  return merge.new(source, parts, {
    max_items = options.max_items,
    ahead = options.ahead or (options.prefetch == 0 and 0) or 4,
    part = options.part or 1,
  })
end

local function collect(lanes, options) return iterator.list(reader_of(lanes, options)) end

local function list_of(ids)
  local list = paged_list.new(0)
  for i, id in ipairs(ids) do
    list.rows[i] = id
  end
  return list
end

-- The options that go on where a token says.
local function going_on(token)
  local row, part, id = token:match "^(%d+):(%d+)/(.*)$"
  return { row = tonumber(row), part = tonumber(part), id = id }
end

local function shown(images)
  local list = {}
  for i, image in ipairs(images) do
    list[i] = (image.regionId and image.regionId:gsub("region%-", "") .. ":" or "") .. image.imageId:gsub("img%-0*", "")
  end
  return table.concat(list, " ")
end

describe("lists of several regions", function()
  it("come region by region, each image with its region, in the time of one", function()
    local lanes = { { paged_list.new(250) }, { paged_list.new(0) }, { paged_list.new(130) } }
    local images, meta = collect(lanes, { ahead = math.huge })
    assert.equal(380, #images)
    assert.same({ "region-1", "region-3" }, { images[250].regionId, images[251].regionId })
    assert.same({ 380, 3 + 1 + 2, 380, 0 }, { meta.rows, meta.requests, meta.total_first, meta.duplicates })
    assert.is_nil(meta.token)
  end)

  it("are asked side by side, but one after the other without prefetch", function()
    local lanes = { { paged_list.new(900) }, { paged_list.new(900) } }
    local it = iterator.items(reader_of(lanes))
    it()
    assert.same({ 5, 1 }, { lanes[1][1].started, lanes[2][1].started })
    for _ = 1, 300 do
      it()
    end
    assert.same({ 8, 7 }, { lanes[1][1].started, lanes[2][1].started })
    -- No more pages are read ahead than `ahead`, here 4, and no more requests are in flight than prefetch.
    for _ = 1, 590 do
      it()
    end
    assert.same({ 10, 8 }, { lanes[1][1].started, lanes[2][1].started })
    it:close()
    assert.same({ 0, 0 }, { lanes[1][1].open, lanes[2][1].open })

    lanes = { { paged_list.new(250) }, { paged_list.new(250) } }
    it = iterator.items(reader_of(lanes, { prefetch = 0 }))
    for _ = 1, 250 do
      it()
    end
    assert.same({ 3, 0 }, { lanes[1][1].started, lanes[2][1].started })
  end)

  it("fail where the region that fails begins, and go on from there", function()
    local function refused(n) return n > 1 and { attempts = 1 } or nil, { kind = "api", message = "403", attempts = 1 } end
    local good, bad = list_of { "img-1", "img-2" }, list_of { "img-1" }
    local parts = {
      { lane = 1, shown_region = "a", open = function() return good:reader() end },
      { lane = 2, shown_region = "b", open = function() return bad:reader(nil, nil, refused) end },
    }
    local it = iterator.items(merge.new(paged_list.new(0):source(), parts, { ahead = 4, part = 1 }))
    assert.same({ "a", "a" }, { it().regionId, it().regionId })
    for _ = 1, 2 do
      assert.has_error(it, "403")
    end
    local _, detail = it:failure()
    assert.same({ "2:1/img-2", 2 }, { detail.token, detail.stats.rows })
    assert.equal("1:b", (shown(collect({ { good }, { bad } }, going_on(detail.token))):gsub("^2:1", "1:b")))
  end)

  it("list as missing the ids that no region has", function()
    local function service(known)
      local list = paged_list.new(0)
      function list.answer(_, window)
        local images = {}
        for _, id in ipairs(window.ids) do
          images[#images + 1] = known[id] and { imageId = id } or nil
        end
        return { images = images, totalCount = #images }
      end
      return list
    end
    local lanes = { { service { ["img-1"] = true } }, { service { ["img-3"] = true } } }
    local images, meta = collect(lanes, { ids = { "img-1", "img-2", "img-3" } })
    assert.equal("1:1 2:3", shown(images))
    assert.same({ "img-2" }, meta.missing)
  end)
end)

describe("lists of several values", function()
  it("are read one after the other, and an image of several comes once", function()
    local first, second = list_of { "img-1", "img-2", "img-3" }, list_of { "img-2", "img-4", "img-3" }
    local images, meta = collect { { first, list_of {}, second } }
    assert.equal("1 2 3 4", shown(images))
    assert.same({ 4, 2, 3 }, { meta.rows, meta.duplicates, meta.requests })
    assert.equal(1, first.most_open)
    local it = iterator.items(reader_of { { first, second } })
    it()
    assert.same({ 2, 1 }, { first.started, second.started })
  end)

  it("may be cut anywhere and gone on with: nothing is lost, and nothing comes twice", function()
    for seed = 1, 40 do
      local draw = random.new(seed)
      local lanes = {}
      for lane = 1, draw(1, 3) do
        lanes[lane] = {}
        for part = 1, draw(1, 3) do
          local ids = {}
          for i = 1, draw(0, 250) do
            ids[i] = ("img-%010d"):format(part * 150 + i)
          end
          lanes[lane][part] = list_of(ids)
        end
      end
      local options = { prefetch = draw(0, 4) }
      local whole = shown((collect(lanes, options)))
      local all, n = {}, 0
      repeat
        options.max_items = draw(1, 200)
        local images, meta = collect(lanes, options)
        assert.is_truthy(images, meta)
        for _, image in ipairs(images) do
          n = n + 1
          all[n] = image
        end
        local on = meta.token and going_on(meta.token) or {}
        options.row, options.part, options.id = on.row, on.part, on.id
        assert.is_true(#images == options.max_items or not meta.token)
      until not meta.token
      assert.equal(whole, shown(all), "seed " .. seed)
    end
  end)

  it("know that they are complete with the last image", function()
    local it = iterator.items(reader_of { { list_of { "img-1" }, list_of { "img-2" } } })
    it()
    assert.equal("string", type(it:token()))
    it()
    assert.is_nil(it:token())
    it:close()
    assert.is_nil(it:token())
  end)
end)
