-- Lists that cannot lie, over a list in memory: jdvm.lists.pages with jdvm.lists.scan. What
-- holds whatever the list does is in scan_spec.lua; here are the cases that have a name.
local paged_list = require "spec.support.paged_list"
local random = require "spec.support.random"

local ids = paged_list.ids

-- A list that changes before the n-th response.
local function changing(count, changes, options)
  options = options or {}
  options.before = function(list, n)
    if changes[n] then changes[n](list) end
  end
  return paged_list.new(count, options)
end

describe("a calm list", function()
  it("is read in order with one request a page, and one more when the last page is full", function()
    for _, count in ipairs { 0, 1, 99, 100, 101, 200, 1000 } do
      for _, prefetch in ipairs { 0, 1, 4, 16 } do
        -- A page past the end is empty, or the last one again.
        local list = paged_list.new(count, { clamp = prefetch % 4 == 0 })
        local images, meta = list:collect { prefetch = prefetch }
        assert.same(list.rows, ids(images))
        local full = math.ceil(count / 100)
        local expected = math.max(1, full + (count % 100 == 0 and count > 0 and 1 or 0))
        assert.same({
          requests = expected,
          pages = math.max(1, full),
          rows = count,
          duplicates = 0,
          total_first = count,
          total_last = count,
          drift = false,
          passes = 1,
        }, {
          requests = meta.requests,
          pages = meta.pages,
          rows = meta.rows,
          duplicates = meta.duplicates,
          total_first = meta.total_first,
          total_last = meta.total_last,
          drift = meta.drift,
          passes = meta.passes,
        })
        assert.same({ expected, 0, 0 }, { list.started, list.open, list.cancelled })
        assert.is_nil(meta.token)
      end
    end
  end)

  it("holds no page that was given while the next is read", function()
    local first, is_gone
    local list = changing(400, {
      [2] = function()
        collectgarbage()
        collectgarbage()
        is_gone = first.image == nil
      end,
    })
    for image in list:items { prefetch = 0 } do
      first = first or setmetatable({ image = image }, { __mode = "v" })
    end
    assert.is_true(is_gone)
  end)

  it("asks for page 1 first and then for so many at a time, or for each when it is wanted", function()
    for _, prefetch in ipairs { 0, 1, 3, 8 } do
      local list = paged_list.new(1234)
      local it = list:items { prefetch = prefetch }
      assert.equal(0, list.started)
      it()
      assert.equal("1/100", list.log[1])
      assert.equal(1 + prefetch, list.started)
      for _ in it do
      end
      assert.equal(math.max(1, prefetch), list.most_open)
      assert.equal(13, list.started)
    end
  end)

  it("is given page by page with the meta of each", function()
    local list, sizes, requests = paged_list.new(250), {}, {}
    for page, meta in list:pages() do
      sizes[#sizes + 1], requests[#requests + 1] = #page.images, meta.request_id
      assert.equal(250, page.totalCount)
    end
    assert.same({ 100, 100, 50 }, sizes)
    assert.same({ "r1", "r2", "r3" }, requests)
  end)

  it("is cut at max_items, and asks for no page too many", function()
    for _, case in ipairs { { 0, 0 }, { 1, 1 }, { 100, 1 }, { 101, 2 }, { 250, 3 } } do
      local list = paged_list.new(1000)
      local images, meta = list:collect { max_items = case[1], prefetch = 8 }
      assert.equal(case[1], #images)
      assert.equal(case[2], list.started, case[1] .. " images")
      assert.equal("string", type(meta.token))
    end
    local images, meta = paged_list.new(50):collect { max_items = 60 }
    assert.equal(50, #images)
    assert.is_nil(meta.token)
  end)

  it("makes the window one page wide when throttled, which then grows back", function()
    local list, open_after = paged_list.new(3000), {}
    local it = list:pages(
      nil,
      nil,
      function(n) return { attempts = n == 6 and 2 or 1, throttled = n == 6 and 1 or 0 } end
    )
    for _ in it do
      open_after[#open_after + 1] = list.open
    end
    -- Three were under way when the response to the sixth told of it.
    assert.equal("4 4 4 4 4 3 2 3 4 4", table.concat(open_after, " ", 1, 10))
    assert.equal(3000, it:stats().rows)
  end)
end)

describe("a list that changes meanwhile", function()
  it("gives what the second pass finds behind what the first one gave", function()
    local list = changing(250, { [2] = function(l) l:insert(1) end })
    local images, meta = list:collect { prefetch = 0 }
    assert.same({ true, 250, 251, 2 }, { meta.drift, meta.total_first, meta.total_last, meta.passes })
    local expected = {}
    for i = 2, 101 do
      expected[#expected + 1] = list.rows[i]
    end
    expected[101] = list.rows[1]
    for i = 102, 251 do
      expected[#expected + 1] = list.rows[i]
    end
    assert.same(expected, ids(images))
  end)

  it("is an error when it does not settle", function()
    local list = paged_list.new(200, {
      before = function(l, n)
        l:delete(1, #l.rows)
        l:insert(1, 200 + n % 2)
      end,
    })
    local images, message, detail = list:collect { prefetch = 0, page_size = 10 }
    assert.is_nil(images)
    assert.equal("pagination", detail.kind)
    assert.matches("does not settle: %d+ requests gave %d+ images of 20%d", message)
    assert.is_true(list.started < 250)
    assert.equal(0, list.open)
  end)
end)

describe('consistency "stable"', function()
  it("reads a calm list once, with overlap", function()
    for _, count in ipairs { 0, 1, 100, 101, 300, 1000 } do
      local list = paged_list.new(count)
      local images, meta = list:collect { consistency = "stable" }
      assert.same(list.rows, ids(images))
      assert.same({ 1, false, 0 }, { meta.passes, meta.drift, meta.duplicates })
      assert.is_true(list.started <= math.ceil(count / 90) + 1, list.started .. " requests")
    end
  end)

  it("completes when the total moves by one between two windows", function()
    for change, place in pairs { insert = 1, delete = 1, add = 251 } do
      for answer = 2, 3 do
        local list = changing(250, { [answer] = function(l) l[change == "add" and "insert" or change](l, place) end })
        local images, meta = list:collect { consistency = "stable", prefetch = 0 }
        assert.is_nil(list:fault(images))
        assert.same({ true, 1, 250 }, { meta.drift, meta.passes, meta.total_first })
        assert.is_true(list.started <= 5, list.started .. " requests")
      end
    end
  end)

  it("reports drift when images moved although the total stood still", function()
    for _, consistency in ipairs { "stable", "eventual" } do
      local list = changing(250, {
        [2] = function(l)
          l:delete(#l.rows)
          l:insert(1)
        end,
      })
      local images, meta = list:collect { consistency = consistency, prefetch = 0 }
      assert.is_nil(list:fault(images))
      assert.is_true(meta.drift)
      assert.equal(meta.total_first, meta.total_last)
    end
  end)
end)

describe("totals that lie", function()
  it("are no reason to end with an empty list", function()
    local images, message = paged_list.new(0, { total = function() return 57 end }):collect()
    assert.is_nil(images)
    assert.truthy(message:find("counts 57 images and sends none", 1, true))
  end)
end)

describe("a service that does not keep to the page size", function()
  it("is read in full where it fills pages of 20, and is an error where it does not", function()
    for _, total in ipairs { "right", "absent" } do
      for _, most in ipairs { 5, 10, 15, 20, 30, 50, 99 } do
        for _, consistency in ipairs { "eventual", "stable" } do
          for _, count in ipairs { 104, 135, 137 } do
            local list = paged_list.new(count, {
              total = total == "absent" and function() return nil end or nil,
              size_of = function(size) return math.min(size, most) end,
            })
            local images, message, detail = list:collect { consistency = consistency }
            if most >= 20 then
              assert.is_truthy(images, message)
              assert.same(list.rows, ids(images))
            else
              assert.is_nil(images)
              assert.equal("pagination", detail.kind)
              assert.truthy(message:find(("has %d images where"):format(most), 1, true), message)
            end
          end
        end
      end
    end
  end)

  it("is an error where it sends more than was asked for", function()
    local images, message = paged_list.new(137, { size_of = function() return 20 end }):collect { page_size = 10 }
    assert.is_nil(images)
    assert.matches("page 1 has 20 images where 10 were asked for", message)
  end)
end)

describe("pages", function()
  it("past the end may be refused, when the list is complete without them", function()
    local function refusing(count, status, options)
      local list = paged_list.new(count)
      return list,
        list:collect(options, nil, function(_, window)
          if window.number < 4 then return { attempts = 1 } end
          return nil, { kind = "http", http_status = status, message = "HTTP " .. status, attempts = 1 }
        end)
    end
    for _, status in ipairs { 400, 404, 416 } do
      for _, prefetch in ipairs { 0, 4 } do
        local list, images, meta = refusing(300, status, { prefetch = prefetch })
        assert.same(list.rows, ids(images))
        assert.same({ false, 4 }, { meta.drift, meta.requests })
      end
    end
    for _, case in ipairs { { 301, 404 }, { 300, 503 } } do
      local _, images, message = refusing(case[1], case[2])
      assert.is_nil(images)
      assert.equal("HTTP " .. case[2], message)
    end
  end)

  it("that repeat are an error, not a loop", function()
    for _, total in ipairs { "right", "absent" } do
      local list = paged_list.new(300, { total = total == "absent" and function() return nil end or nil })
      local answer = list.answer
      function list.answer(self, window) return answer(self, { number = 1, size = window.size }) end
      local images, message, detail = list:collect()
      assert.is_nil(images)
      assert.equal("pagination", detail.kind)
      assert.matches("does not settle", message, 1, true)
      assert.is_true(list.started <= 60, list.started .. " requests")
    end
  end)
end)

describe("a list without an order of its own", function()
  it("is read again until all are found, or is an error", function()
    local complete = 0
    for count = 101, 300 do
      local draw = random.new(count)
      local list = paged_list.new(count, {
        shuffle = function(rows)
          for i = #rows, 2, -1 do
            local j = draw(1, i)
            rows[i], rows[j] = rows[j], rows[i]
          end
        end,
      })
      local images, message, detail = list:collect()
      if images then
        assert.equal(count, #images)
        complete = complete + 1
      else
        assert.equal("pagination", detail.kind, message)
      end
    end
    assert.is_true(complete > 100, complete .. " complete")
  end)
end)

describe("a list with an image that stands there twice", function()
  it("is read to its end all the same", function()
    for _, count in ipairs { 25, 45, 150, 250 } do
      for _, size in ipairs { 10, 20, 100 } do
        local list = paged_list.new(count)
        list.rows[count] = list.rows[3]
        local images, message = list:collect { page_size = size }
        assert.is_truthy(images, message)
        assert.equal(count - 1, #images)
        assert.is_true(list.started <= 20 + 5 * math.ceil(count / size), list.started .. " requests")
      end
    end
  end)
end)

describe("a list that is read in parts", function()
  -- Reads on from token to token, with changes in between; what the whole chain gave.
  local function chain(list, options, between)
    local all, links, row, id = {}, 0, 0, ""
    repeat
      options.row, options.id = row, id
      local images, meta, detail = list:collect(options)
      if not images then return nil, meta, detail end
      for _, image in ipairs(images) do
        all[#all + 1] = image
      end
      links = links + 1
      assert.is_true(links < 300, "no end")
      if meta.token then
        assert.is_true(#images > 0, "no progress")
        row, id = meta.token:match "^(%d+):(.*)$"
        row = tonumber(row)
        between(list, links)
      end
    until not meta.token
    return all
  end

  it("loses no image, or is an error; and gives none twice when it changed only between the parts", function()
    local complete = 0
    for seed = 1, 300 do
      local draw = random.new(seed)
      local moves = draw() < 0.3
      local list = paged_list.new(draw(0, 400), {
        clamp = draw() < 0.5,
        before = moves and function(l)
          if draw() < 0.2 then l:insert(draw(1, #l.rows + 1), draw(1, 20)) end
          if draw() < 0.1 then l:delete(draw(1, math.max(1, #l.rows)), draw(1, 20)) end
        end or nil,
      })
      -- Each part has a page size of its own.
      local sizes, is_calm = { 10, 12, 20, 32, 50, 100 }, not moves
      local options = { page_size = sizes[draw(1, 6)], prefetch = draw(0, 16), max_items = draw(1, 120) }
      options.consistency = draw() < 0.2 and "stable" or nil
      local images, message, detail = chain(list, options, function(l)
        options.page_size = sizes[draw(1, 6)]
        local comes, goes = draw() < 0.3, draw() < 0.1
        if comes then l:insert(1, draw(1, 20)) end
        if goes then l:delete(draw(1, math.max(1, #l.rows)), draw(1, 20)) end
        is_calm = is_calm and not comes and not goes
      end)
      if images then
        local fault = list:fault(images)
        if fault and not (moves and fault:find("twice", 1, true)) then error(("seed %d: %s"):format(seed, fault), 0) end
        complete = complete + 1
        if is_calm then assert.same(list.rows, ids(images)) end
      else
        assert.equal("pagination", detail.kind, message)
      end
    end
    assert.is_true(complete > 200, complete .. " complete")
  end)

  it("begins where it was asked to when its first page fails", function()
    local list, place = paged_list.new(500), { row = 120, id = "img-0000000120" }
    local it = list:items(place, nil, function() return nil, { kind = "api", message = "503", attempts = 1 } end)
    assert.equal("120:img-0000000120", it:token())
    assert.is_false(pcall(it))
    assert.equal("120:img-0000000120", it:token())
    place.max_items = 0
    local _, meta = list:collect(place)
    assert.equal("120:img-0000000120", meta.token)
  end)
end)
