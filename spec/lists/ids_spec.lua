-- jdvm.lists.ids: images by their ids, however many.
local paged_list = require "spec.support.paged_list"

-- A service that knows `count` images; `limit` = rows it sends at most.
local function service(count, options)
  options = options or {}
  local list = paged_list.new(0)
  list.known = {}
  for i = 1, count do
    list.known[("img-%010d"):format(i)] = true
  end
  function list.answer(self, window)
    self.answers = self.answers + 1
    self.log[self.answers] = #window.ids
    local images = {}
    for _, id in ipairs(window.ids) do
      -- In an order of its own.
      if self.known[id] then table.insert(images, 1, { imageId = id }) end
    end
    local total = #images
    if options.total then total = options.total(total) end
    if options.limit then
      local part = {}
      for i = (window.number - 1) * options.limit + 1, window.number * options.limit do
        part[#part + 1] = images[i]
      end
      images = part
    end
    if options.change then options.change(images) end
    return { images = images, totalCount = total }
  end
  return list
end

local function wanted(count, first)
  local list = {}
  for i = first or 1, (first or 1) + count - 1 do
    list[#list + 1] = ("img-%010d"):format(i)
  end
  return list
end

local function with(asked, options)
  local all = { ids = asked }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return all
end

local function collect(list, asked, options) return list:collect(with(asked, options)) end

local ids_of = paged_list.ids

describe("images by id", function()
  it("come in the caller's order, in parts that fit a page", function()
    for _, count in ipairs { 1, 99, 100, 101, 350 } do
      local list = service(400)
      local asked = wanted(count)
      for i = 1, math.floor(count / 2) do
        asked[i], asked[count + 1 - i] = asked[count + 1 - i], asked[i]
      end
      local images, meta = collect(list, asked)
      assert.same(asked, ids_of(images))
      assert.same({}, meta.missing)
      assert.equal(math.ceil(count / 100), meta.requests)
      assert.is_nil(meta.token)
    end
  end)

  it("that do not exist are listed", function()
    local images, meta = collect(service(250), wanted(300, 101))
    assert.same(wanted(150, 101), ids_of(images))
    assert.same(wanted(150, 251), meta.missing)
    images, meta = collect(service(0), wanted(120))
    assert.same({ {}, wanted(120) }, { images, meta.missing })
  end)

  it("named twice come once", function()
    local asked = wanted(3)
    asked[4] = asked[2]
    local images = collect(service(3), asked)
    assert.same(wanted(3), ids_of(images))
    local function twice(rows) rows[#rows + 1] = { imageId = rows[1].imageId } end
    local again, meta = collect(service(3, { change = twice }), wanted(3))
    assert.same({ wanted(3), 1 }, { ids_of(again), meta.duplicates })
  end)

  it("keep each request short", function()
    local list, asked = service(0), {}
    for i = 1, 100 do
      asked[i] = ("x"):rep(300) .. i
      list.known[asked[i]] = true
    end
    local images = collect(list, asked)
    assert.same(asked, ids_of(images))
    for _, count in ipairs(list.log) do
      assert.is_true(count * 300 < 7500)
    end
  end)

  it("are fetched side by side", function()
    local list = service(1000)
    collect(list, wanted(1000), { prefetch = 3 })
    assert.equal(3, list.most_open)
    assert.equal(10, list.started)
  end)

  it("end without totals, too", function()
    local images, meta = collect(service(50, { total = function() return nil end }), wanted(100))
    assert.same(wanted(50), ids_of(images))
    assert.equal(50, #meta.missing)
    assert.equal(1, meta.requests)
  end)

  it("are an error when the service counts more than it sends, or sends others", function()
    for expected, options in pairs {
      ["counts 51 of 100 images and sends 50"] = { total = function(total) return total + 1 end },
      ["counts 50 of 100 images and sends 20"] = { limit = 20 },
      ["img-other, which was not asked for"] = { change = function(rows) rows[1].imageId = "img-other" end },
    } do
      local images, message, detail = collect(service(50, options), wanted(100))
      assert.is_nil(images)
      assert.equal("pagination", detail.kind)
      assert.truthy(message:find(expected, 1, true), message)
    end
  end)

  it("are cut at max_items and go on from where they were cut", function()
    for _, cut in ipairs { 1, 50, 100, 150 } do
      local list = service(400)
      local images, meta = collect(list, wanted(250), { max_items = cut })
      assert.same(wanted(cut), ids_of(images))
      assert.equal(math.ceil(cut / 100), list.started)
      local row = tonumber(meta.token:match("^(%d+):"))
      assert.equal(cut, row)
      images, meta = collect(list, wanted(250), { row = row })
      assert.same(wanted(250 - cut, cut + 1), ids_of(images))
      assert.is_nil(meta.token)
    end
  end)

  it("are counted as found, not as asked for, up to max_items", function()
    local asked = wanted(100, 1001) -- none of them exists
    for _, id in ipairs(wanted(150)) do
      asked[#asked + 1] = id
    end
    for _, prefetch in ipairs { 0, 4 } do
      local images, meta = collect(service(400), asked, { max_items = 100, prefetch = prefetch })
      assert.same(wanted(100), ids_of(images))
      assert.equal(200, tonumber(meta.token:match("^(%d+):")))
    end
  end)

  it("can be gone on with after a failure", function()
    local it = service(400):items(with(wanted(150), { prefetch = 0 }), nil, function(n)
      if n == 2 then return nil, { kind = "api", message = "503", attempts = 1 } end
      return { attempts = 1 }
    end)
    for _ = 1, 100 do
      it()
    end
    assert.is_false(pcall(it))
    assert.equal("100:img-0000000100", it:token())
  end)

  it("leave nothing in flight when the loop ends early", function()
    local list = service(1000)
    local it = list:items(with(wanted(1000)))
    it()
    it:close()
    assert.same({ 0, 5 }, { list.open, list.started })
  end)
end)
