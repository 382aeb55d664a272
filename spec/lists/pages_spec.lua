-- jdvm.lists.pages, with the scan, prefetch and the iterator: lists that cannot lie, over a list in memory.
local iterator = require "jdvm.lists.iterator"
local paged_list = require "spec.support.paged_list"
local pages = require "jdvm.lists.pages"
local random = require "spec.support.random"

local function open(list, options, ...)
  local source = list:source(...)
  local all = { page_size = 100, prefetch = 4 }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  source.origin = { row = all.row or 0, id = all.id or "" }
  return pages.reader(source, all), source
end

local function items(list, options, ...) return iterator.items(open(list, options, ...)) end

local function collect(list, options, ...) return iterator.list(open(list, options, ...)) end

local function ids(images)
  local result = {}
  for i = 1, #images do
    result[i] = images[i].imageId
  end
  return result
end

describe("a calm list", function()
  it("is read in order with one request a page, and one more when the last page is full", function()
    for _, count in ipairs { 1, 9, 10, 99, 100, 101, 199, 200, 250, 1000 } do
      for _, prefetch in ipairs { 0, 1, 2, 4, 16 } do
        local list = paged_list.new(count)
        local images, meta = collect(list, { prefetch = prefetch })
        assert.same(list.rows, ids(images))
        local expected = math.ceil(count / 100) + (count % 100 == 0 and 1 or 0)
        assert.equal(expected, list.started, count .. " images")
        assert.equal(expected, meta.requests)
        assert.equal(math.ceil(count / 100), meta.pages)
        assert.equal(count, meta.rows)
        assert.equal(0, meta.duplicates)
        assert.equal(count, meta.total_first)
        assert.equal(count, meta.total_last)
        assert.is_false(meta.drift)
        assert.equal(0, list.open)
        assert.equal(0, list.cancelled)
      end
    end
  end)

  it("that is empty is an empty list", function()
    local images, meta = collect(paged_list.new(0))
    assert.same({}, images)
    assert.equal(0, meta.total_last)
    assert.equal(1, meta.requests)
    for _ in items(paged_list.new(0)) do
      error "an image"
    end
    for _ in iterator.pages(open(paged_list.new(0))) do
      error "a page"
    end
  end)

  it("holds no page that was given while the next is read", function()
    local first, is_gone
    local list = paged_list.new(400, {
      before = function(_, n)
        if n ~= 2 then return end
        collectgarbage()
        collectgarbage()
        is_gone = first.image == nil
      end,
    })
    for image in items(list, { prefetch = 0 }) do
      first = first or setmetatable({ image = image }, { __mode = "v" })
    end
    assert.is_true(is_gone)
  end)

  it("asks for page 1 first and then for so many at a time", function()
    for _, prefetch in ipairs { 1, 3, 8 } do
      local list = paged_list.new(1234)
      local it = items(list, { prefetch = prefetch })
      assert.equal(0, list.started)
      it()
      assert.equal("1/100", list.log[1])
      assert.equal(1 + prefetch, list.started)
      for _ in it do
      end
      assert.equal(prefetch, list.most_open)
      assert.equal(13, list.started)
    end
  end)

  it("without prefetch asks for a page when it is wanted", function()
    local list = paged_list.new(300)
    local it = items(list, { prefetch = 0 })
    for _ = 1, 100 do
      it()
    end
    assert.equal(1, list.started)
    it()
    assert.equal(2, list.started)
  end)

  it("keeps the order whatever is answered first", function()
    local draw = random.new(7)
    local list = paged_list.new(777)
    local images = collect(list, { prefetch = 8, page_size = 10 }, function() return draw() < 0.5 end)
    assert.same(list.rows, ids(images))
  end)

  it("is given page by page with the meta of each", function()
    local list = paged_list.new(250)
    local sizes, requests = {}, {}
    for page, meta in iterator.pages(open(list)) do
      sizes[#sizes + 1] = #page.images
      requests[#requests + 1] = meta.request_id
      assert.equal(250, page.totalCount)
    end
    assert.same({ 100, 100, 50 }, sizes)
    assert.same({ "r1", "r2", "r3" }, requests)
  end)

  it("is cut at max_items, and asks for no page too many", function()
    for _, case in ipairs { { 0, 0 }, { 1, 1 }, { 100, 1 }, { 101, 2 }, { 250, 3 } } do
      local list = paged_list.new(1000)
      local images, meta = collect(list, { max_items = case[1], prefetch = 8 })
      assert.equal(case[1], #images)
      assert.equal(case[2], list.started, case[1] .. " images")
      assert.equal("string", type(meta.token))
    end
    local images, meta = collect(paged_list.new(50), { max_items = 60 })
    assert.equal(50, #images)
    assert.is_nil(meta.token)
  end)
end)

describe("an iterator taken for a table", function()
  it("raises, whatever is tried: it would look like an empty list", function()
    for name, take in pairs {
      ipairs = function(it)
        for _ in ipairs(it) do
          error "an image"
        end
      end,
      pairs = function(it)
        for _ in pairs(it) do
          error "a field"
        end
      end,
      length = function(it) return #it end,
      index = function(it) return it[1] end,
    } do
      for _, make in ipairs { iterator.items, iterator.pages } do
        local list = paged_list.new(3)
        local ok, message = pcall(take, (make(open(list))))
        assert.is_false(ok, name)
        -- Lua 5.1 and LuaJIT have words of their own for ipairs and pairs.
        assert.truthy(message:find("for image in client:images", 1, true) or message:find "table expected", message)
        assert.equal(0, list.started)
      end
    end
  end)
end)

describe("leaving a loop", function()
  it("by close() cancels what is in flight, wasting at most prefetch requests", function()
    local list = paged_list.new(5000)
    local it = items(list, { prefetch = 4 })
    for _ = 1, 150 do
      it()
    end
    it:close()
    assert.equal(0, list.open)
    assert.equal(4, list.cancelled)
    assert.equal(2 + 4, list.started)
    assert.is_nil(it())
    assert.is_nil(it())
    it:close()
    assert.equal(4, list.cancelled)
    assert.equal(6, it:stats().requests)
  end)

  if _VERSION == "Lua 5.4" then
    it("by break or an error cancels at once", function()
      local list = paged_list.new(5000)
      for _ in items(list) do
        break
      end
      assert.equal(0, list.open)
      pcall(function()
        for _ in items(list) do
          error "enough"
        end
      end)
      assert.equal(0, list.open)
      for _ in iterator.pages(open(list)) do
        break
      end
      assert.equal(0, list.open)
      assert.equal(12, list.cancelled)
    end)
  end
end)

describe("a page that fails", function()
  local function failing(list, page)
    return list,
      nil,
      nil,
      function(_, window)
        if window.number == page then
          return nil, { kind = "api", message = "jdvm: describeImages: 503", attempts = 3 }
        end
        return { attempts = 1 }
      end
  end

  it("raises a string out of the loop, and again when it is called again", function()
    local list = paged_list.new(1000)
    local it = items(failing(list, 3))
    local count = 0
    local ok, message = pcall(function()
      for _ in it do
        count = count + 1
      end
    end)
    assert.is_false(ok)
    assert.equal("jdvm: describeImages: 503", message)
    assert.equal(200, count)
    assert.equal(0, list.open)
    assert.has_error(function() it() end, "jdvm: describeImages: 503")
    local text, detail = it:failure()
    assert.equal(message, text)
    assert.equal("api", detail.kind)
    assert.equal(200, detail.stats.rows)
    it:close()
    assert.has_error(function() it() end, "jdvm: describeImages: 503")
  end)

  it("makes list return nil, the message and the detail", function()
    local images, message, detail = collect(failing(paged_list.new(1000), 2))
    assert.is_nil(images)
    assert.equal("jdvm: describeImages: 503", message)
    assert.equal("api", detail.kind)
  end)
end)

describe("throttling", function()
  it("makes the window one page wide, which then grows back", function()
    local list = paged_list.new(3000)
    local throttled = { [6] = true }
    local it = iterator.pages(
      open(
        list,
        { prefetch = 4 },
        nil,
        function(n) return { attempts = throttled[n] and 2 or 1, throttled = throttled[n] and 1 or 0 } end
      )
    )
    local open_after = {}
    for _ in it do
      open_after[#open_after + 1] = list.open
    end
    -- Three were under way when the answer to the sixth told of it.
    assert.equal("4 4 4 4 4 3 2 3 4 4", table.concat(open_after, " ", 1, 10))
    assert.equal(3000, it:stats().rows)
  end)
end)

describe("a list that changes meanwhile", function()
  -- Runs a change before the n-th answer.
  local function changing(count, changes, options)
    options = options or {}
    options.before = function(list, n)
      if changes[n] then changes[n](list) end
    end
    return paged_list.new(count, options)
  end

  it("gives no image twice when some come in front", function()
    local list = changing(300, { [2] = function(l) l:insert(1, 7) end })
    local images, meta = collect(list, { prefetch = 0 })
    assert.is_nil(list:fault(images))
    assert.is_true(meta.drift)
    assert.equal(300, meta.total_first)
    assert.equal(307, meta.total_last)
  end)

  it("loses no image when some in front go", function()
    for _, k in ipairs { 1, 7, 99, 100, 101, 180 } do
      for _, prefetch in ipairs { 0, 1, 4 } do
        for answer = 2, 4 do
          local list = changing(500, { [answer] = function(l) l:delete(1, k) end })
          local images, meta = collect(list, { prefetch = prefetch })
          assert.is_nil(list:fault(images), ("%d gone before answer %d"):format(k, answer))
          assert.is_true(meta.drift)
        end
      end
    end
  end)

  it("loses none when all in front and most of the rest go", function()
    local list = changing(300, { [3] = function(l) l:delete(1, 250) end })
    assert.is_nil(list:fault((collect(list, { prefetch = 0 }))))
  end)

  it("that loses all its images ends", function()
    local list = changing(300, { [2] = function(l) l:delete(1, 300) end })
    local images, meta = collect(list, { prefetch = 0 })
    assert.is_nil(list:fault(images))
    assert.equal(0, meta.total_last)
  end)

  it("is read in full when one image a page goes, page after page", function()
    for _, size in ipairs { 10, 50, 100 } do
      local list = paged_list.new(1000, { before = function(l) l:delete(1) end })
      local images, message = collect(list, { prefetch = 0, page_size = size })
      assert.is_truthy(images, message)
      assert.is_nil(list:fault(images))
    end
  end)

  it("is an error when it does not settle", function()
    local list = paged_list.new(200, {
      before = function(l, n)
        l:delete(1, #l.rows)
        l:insert(1, 200 + n % 2)
      end,
    })
    local images, message, detail = collect(list, { prefetch = 0, page_size = 10 })
    assert.is_nil(images)
    assert.equal("pagination", detail.kind)
    assert.truthy(message:find("does not settle", 1, true), message)
    assert.is_true(list.started < 250)
    assert.equal(0, list.open)
  end)
end)

describe("a service that does not keep to the page size", function()
  local totals = { right = false, absent = function() return nil end }

  it("is read in full where it fills smaller pages, and is an error where it does not", function()
    for name, total in pairs(totals) do
      for _, most in ipairs { 5, 10, 15, 20, 30, 50, 99 } do
        for _, consistency in ipairs { "eventual", "stable" } do
          local list =
            paged_list.new(137, { total = total or nil, size_of = function(size) return math.min(size, most) end })
          local images, _, detail = collect(list, { consistency = consistency })
          local what = ("at most %d, totals %s, %s"):format(most, name, consistency)
          if images then
            assert.equal(137, #images, what)
          else
            assert.equal("pagination", detail.kind, what)
            assert.is_true(most < 20 or consistency == "stable", what)
          end
        end
      end
    end
  end)

  it("is an error where it sends more than was asked for", function()
    for _, total in pairs(totals) do
      for _, size in ipairs { 10, 50, 100 } do
        local list = paged_list.new(137, { total = total or nil, size_of = function() return 20 end })
        local images, message, detail = collect(list, { page_size = size })
        assert.is_nil(images)
        assert.matches("page %d has 20 images where %d+ were asked for", message)
        assert.equal("pagination", detail.kind)
      end
    end
  end)
end)

describe("totals that lie", function()
  local lies = {
    ["half"] = function(total) return math.floor(total / 2) end,
    ["one page less"] = function(total) return math.max(0, total - 100) end,
    ["one less"] = function(total) return math.max(0, total - 1) end,
    ["one more"] = function(total) return total + 1 end,
    ["a thousand more"] = function(total) return total + 1000 end,
    ["always 300"] = function() return 300 end,
    ["always 0"] = function() return 0 end,
    ["absent"] = function() return nil end,
    ["text"] = function(total) return tostring(total) end,
    ["negative"] = function() return -1 end,
    ["a fraction"] = function(total) return total + 0.5 end,
    ["infinite"] = function() return math.huge end,
    ["not a number"] = function() return 0 / 0 end,
    ["absent at times"] = function(total, n) return n % 2 == 0 and total or nil end,
    ["growing"] = function(total, n) return total + n end,
  }
  for name, lie in pairs(lies) do
    it("end in the complete list: " .. name, function()
      for _, count in ipairs { 1, 30, 99, 100, 101, 200, 300, 450 } do
        for _, size in ipairs { 10, 50, 100 } do
          local list = paged_list.new(count, { total = lie })
          local images, meta = collect(list, { page_size = size, prefetch = size == 50 and 0 or 4 })
          assert.is_truthy(images, meta)
          assert.is_nil(list:fault(images))
          assert.equal(count, #images)
          assert.is_true(list.started <= 16 + 4 * math.ceil(count / size), list.started .. " requests")
        end
      end
    end)
  end

  it("and pages that are clamped end in the complete list or in an error", function()
    for _, lie in pairs(lies) do
      for _, count in ipairs { 1, 30, 99, 100, 101, 200, 300, 450 } do
        local list = paged_list.new(count, { total = lie, clamp = true })
        local images, _, detail = collect(list)
        if images then
          assert.is_nil(list:fault(images))
        else
          assert.equal("pagination", detail.kind)
        end
      end
    end
  end)

  it("are no reason to end with an empty list", function()
    local list = paged_list.new(0, { total = function() return 57 end })
    local images, message = collect(list)
    assert.is_nil(images)
    assert.truthy(message:find("counts 57 images and sends none", 1, true))
  end)
end)

describe("the last page again for pages past the end", function()
  it("is understood as the end", function()
    for _, count in ipairs { 10, 100, 200, 250, 300 } do
      local list = paged_list.new(count, { clamp = true })
      local images, meta = collect(list)
      assert.same(list.rows, ids(images))
      assert.is_false(meta.drift)
      assert.equal(count, meta.rows)
    end
  end)
end)

describe("a refusal of the page behind the end", function()
  local function refusing(count, page, status, options)
    local list = paged_list.new(count)
    return list,
      collect(list, options, nil, function(_, window)
        if window.number >= page then
          return nil, { kind = "http", http_status = status, message = "HTTP " .. status, attempts = 1 }
        end
        return { attempts = 1 }
      end)
  end

  it("is the end of a list that is complete", function()
    for _, status in ipairs { 400, 404, 416 } do
      for _, prefetch in ipairs { 0, 4 } do
        local list, images, meta = refusing(300, 4, status, { prefetch = prefetch })
        assert.same(list.rows, ids(images))
        assert.is_false(meta.drift)
        assert.equal(4, meta.requests)
      end
    end
  end)

  it("is an error of one that is not", function()
    local _, images, message = refusing(301, 4, 404)
    assert.is_nil(images)
    assert.equal("HTTP 404", message)
    _, images = refusing(300, 4, 503)
    assert.is_nil(images)
  end)
end)

describe("a page that repeats", function()
  it("is an error, not a loop", function()
    local list = paged_list.new(300)
    local answer = list.answer
    function list.answer(self, window) return answer(self, { number = 1, size = window.size }) end
    local images, message, detail = collect(list)
    assert.is_nil(images)
    assert.equal("pagination", detail.kind)
    assert.truthy(message:find("page 2 repeats page 1", 1, true), message)
    assert.is_true(list.started <= 5)
    list.options.total = function() return nil end
    images, message = collect(list)
    assert.is_nil(images)
    assert.truthy(message:find("repeats page 1", 1, true), message)
  end)
end)

describe("pages that are cut short", function()
  it("end nothing: what they lack is read again", function()
    for _, count in ipairs { 30, 250, 600 } do
      for which = 1, 4 do
        local list = paged_list.new(count, {
          cut = function(rows, n)
            if n == which then
              for i = #rows, math.floor(#rows / 3), -1 do
                rows[i] = nil
              end
            end
          end,
        })
        local images = collect(list)
        assert.same(list.rows, ids(images))
      end
    end
  end)

  it("are an error when a row has no id", function()
    local list = paged_list.new(30, { cut = function(rows) rows[3].imageId = nil end })
    local images, message = collect(list)
    assert.is_nil(images)
    assert.truthy(message:find("row 3 of page 1 has no imageId", 1, true))
  end)
end)

describe('consistency "stable"', function()
  it("reads a calm list once, with overlap", function()
    for _, count in ipairs { 0, 1, 100, 101, 300, 1000 } do
      local list = paged_list.new(count)
      local images, meta = collect(list, { consistency = "stable" })
      assert.same(list.rows, ids(images))
      assert.equal(1, meta.passes)
      assert.is_false(meta.drift)
      assert.equal(0, meta.duplicates)
    end
  end)

  it("reads again until nothing changed meanwhile", function()
    local list = paged_list.new(500, {
      before = function(l, n)
        if n == 3 then
          l:delete(20, 2)
        elseif n == 6 then
          l:insert(5)
        end
      end,
    })
    local images, meta = collect(list, { consistency = "stable" })
    assert.same(list.rows, ids(images))
    assert.equal(3, meta.passes)
    assert.is_false(meta.drift)
    assert.equal(499, meta.total_first)
    assert.equal(list.started, meta.requests)
  end)

  it("sees a change that the totals hide", function()
    for answer = 2, 6 do
      local list = paged_list.new(500, {
        before = function(l, n)
          if n == answer then
            l:delete(1)
            l:insert(#l.rows + 1)
          end
        end,
      })
      local images, meta = collect(list, { consistency = "stable", prefetch = 0 })
      assert.same(list.rows, ids(images))
      assert.equal(2, meta.passes, "answer " .. answer)
    end
  end)

  it("is an error that names the drift when the list never rests", function()
    local list = paged_list.new(500, { before = function(l) l:insert(1) end })
    local images, message, detail = collect(list, { consistency = "stable" })
    assert.is_nil(images)
    assert.equal("pagination", detail.kind)
    assert.truthy(message:find("changed during each of 4 scans", 1, true), message)
    assert.equal(0, list.open)
  end)

  it("gives nothing of a pass that was thrown away", function()
    local list = paged_list.new(250, {
      before = function(l, n)
        if n == 3 then l:delete(1, 10) end
      end,
    })
    local count = 0
    for _ in items(list, { consistency = "stable", max_items = 150 }) do
      count = count + 1
    end
    assert.equal(150, count)
  end)
end)

describe("a list without an order of its own", function()
  local function shuffled(count, options)
    local draw = random.new(count)
    options = options or {}
    options.shuffle = function(rows)
      for i = #rows, 2, -1 do
        local j = draw(1, i)
        rows[i], rows[j] = rows[j], rows[i]
      end
    end
    return paged_list.new(count, options)
  end

  it("is read again until all are found, or is an error", function()
    local complete = 0
    for count = 101, 400 do
      local list = shuffled(count)
      local images, message, detail = collect(list)
      if images then
        assert.equal(count, #images)
        complete = complete + 1
      else
        assert.equal("pagination", detail.kind, message)
      end
    end
    assert.is_true(complete > 200, complete .. " complete")
  end)
end)

describe("a list with an image that stands there twice", function()
  it("is read to its end all the same", function()
    for _, count in ipairs { 25, 45, 150, 250 } do
      for _, size in ipairs { 10, 20, 100 } do
        local list = paged_list.new(count)
        list.rows[count] = list.rows[3]
        local images, message = collect(list, { page_size = size })
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
      local images, meta, detail = collect(list, options)
      if not images then return nil, meta, detail end
      for _, image in ipairs(images) do
        all[#all + 1] = image
      end
      links = links + 1
      assert.is_true(links < 300, "no end")
      if meta.token then
        assert.is_true(#images > 0, "no progress")
        row, id = meta.token:match("^(%d+):(.*)$")
        row = tonumber(row)
        between(list, links)
      end
    until not meta.token
    return all
  end

  it("goes on where it was when images came in front", function()
    for _, most in ipairs { 10, 35, 100 } do
      for _, consistency in ipairs { "eventual", "stable" } do
        local list = paged_list.new(1000)
        local images = assert(chain(list, { max_items = most, consistency = consistency }, function(l, n)
          if n % 3 == 0 then l:insert(1) end
        end))
        assert.is_nil(list:fault(images))
      end
    end
  end)

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
      local images, message, detail = chain(list, {
        page_size = ({ 10, 12, 20, 32, 50, 100 })[draw(1, 6)],
        prefetch = draw(0, 16),
        max_items = draw(1, 120),
        consistency = draw() < 0.2 and "stable" or nil,
      }, function(l)
        if draw() < 0.3 then l:insert(1, draw(1, 20)) end
        if draw() < 0.1 then l:delete(draw(1, math.max(1, #l.rows)), draw(1, 20)) end
      end)
      if images then
        local fault = list:fault(images)
        if fault and not (moves and fault:find("twice", 1, true)) then error(("seed %d: %s"):format(seed, fault), 0) end
        complete = complete + 1
      else
        assert.equal("pagination", detail.kind, message)
      end
    end
    assert.is_true(complete > 200, complete .. " complete")
  end)

  it("begins where it was asked to when its first page fails", function()
    local list = paged_list.new(500)
    local function failing() return nil, { kind = "api", message = "503", attempts = 1 } end
    local it = items(list, { row = 120, id = "img-0000000120" }, nil, failing)
    assert.equal("120:img-0000000120", it:token())
    assert.is_false(pcall(it))
    assert.equal("120:img-0000000120", it:token())
    local _, meta = collect(list, { row = 120, id = "img-0000000120", max_items = 0 })
    assert.equal("120:img-0000000120", meta.token)
  end)

  it("is none when the first page is empty against the total", function()
    local list = paged_list.new(50, {
      cut = function(rows, n)
        if n == 1 then
          for i = #rows, 1, -1 do
            rows[i] = nil
          end
        end
      end,
    })
    assert.equal(5, #assert(collect(list, { max_items = 5 })))
  end)
end)

describe("a bulk of changes", function()
  it("does not keep a list from being read once it is over", function()
    for _, size in ipairs { 10, 20, 32, 50, 100 } do
      local list = paged_list.new(1500, {
        before = function(l, n)
          if n > 2 and n < 14 then l:delete(1, 2 * size) end
        end,
      })
      local images, message = collect(list, { page_size = size, prefetch = 0 })
      assert.is_truthy(images, message)
      assert.is_nil(list:fault(images))
    end
  end)
end)

describe("randomised lists", function()
  -- Each draw: size, page size, prefetch, when answers are made, and what comes and goes between them.
  local function scan(seed, options)
    local draw = random.new(seed)
    local rate = options.drift and draw() * 0.5 or 0
    local function event(list)
      if draw() >= rate then return end
      local inserts, k = draw() < 0.5, draw(1, draw(1, 40))
      for _ = 1, k do
        local position = draw() < 0.3 and 1 or draw(1, #list.rows + 1)
        if inserts then
          list:insert(position)
        else
          list:delete(math.min(position, math.max(1, #list.rows)))
        end
      end
    end
    local count = draw() < 0.5 and draw(0, 30) or draw(0, 600)
    local list = paged_list.new(count, {
      clamp = options.clamp,
      before = event,
      total = options.total and function(total) return options.total(total, draw) end,
      cut = options.cut and function(rows)
        if draw() < 0.1 then
          for _ = 1, draw(0, #rows) do
            rows[#rows] = nil
          end
        end
      end,
    })
    local size, prefetch = ({ 10, 20, 37, 50, 100 })[draw(1, 5)], ({ 0, 1, 2, 4, 8, 16 })[draw(1, 6)]
    local images, message, detail = collect(
      list,
      { page_size = size, prefetch = prefetch, consistency = options.consistency },
      function() return draw() < 0.5 end
    )
    assert.equal(0, list.open)
    if not images then
      assert.equal("pagination", detail.kind)
      return "error", message
    end
    local fault = list:fault(images)
    if fault then
      error(("seed %d: %s (%d images, page size %d, prefetch %d)"):format(seed, fault, count, size, prefetch), 0)
    end
    return "complete"
  end

  -- At most this part of the scans may end in an error.
  local cases = {
    { "calm", {}, 0 },
    { "calm, stable", { consistency = "stable" }, 0 },
    { "drift", { drift = true }, 0.05 },
    { "drift, clamped", { drift = true, clamp = true }, 0.05 },
    { "drift, stable", { drift = true, consistency = "stable" }, 0.5 },
    { "no totals", { total = function() return nil end }, 0 },
    { "no totals, drift", { total = function() return nil end, drift = true }, 0.06 },
    { "no totals, pages cut", { total = function() return nil end, cut = true }, 0.06 },
    { "totals too low", { total = function(total) return math.floor(total * 0.7) end }, 0 },
    { "totals too low, drift", { total = function(total) return math.floor(total * 0.7) end, drift = true }, 0.06 },
    { "totals too high", { total = function(total) return total + 37 end }, 0.06 },
    { "totals at random", { total = function(_, draw) return draw(0, 700) end, drift = true }, 0.2 },
    { "pages cut", { cut = true }, 0.02 },
    { "pages cut, drift", { cut = true, drift = true }, 0.06 },
  }
  for index, case in ipairs(cases) do
    it("lose nothing: " .. case[1], function()
      local errors = 0
      for i = 1, 150 do
        local outcome = scan(index * 1000 + i, case[2])
        if outcome == "error" then errors = errors + 1 end
      end
      assert.is_true(errors <= 150 * case[3], errors .. " of 150 ended in an error")
    end)
  end
end)
