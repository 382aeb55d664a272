-- jdvm.lists.token and lists that go on where another ended.
local control = require "jdvm.emulator.control"
local jdvm = require "jdvm"
local service_transport = require "spec.support.service_transport"
local token = require "jdvm.lists.token"

describe("a token", function()
  it("holds page and offset, whatever the page size, and is safe anywhere", function()
    for _, row in ipairs { 0, 1, 9, 10, 11, 100, 12345 } do
      for _, size in ipairs { 10, 37, 100 } do
        local text = token.encode("a list", size, row, "img-1")
        assert.truthy(text:find("^jdvm1%-%x+$"))
        local read, id = token.decode(text, "a list")
        assert.equal(row, read)
        assert.equal("img-1", id)
      end
    end
  end)

  it("is refused with another list, damaged, cut, or of another version", function()
    local text = token.encode("a list", 100, 250, "img-1")
    local function why(given, list)
      local row, message = token.decode(given, list or "a list")
      assert.is_nil(row)
      assert.is_string(message)
      return message
    end
    assert.truthy(why(text, "another list"):find("another region or other filters", 1, true))
    for i = 40, #text do
      local changed = text:sub(1, i - 1) .. (text:sub(i, i) == "0" and "1" or "0") .. text:sub(i + 1)
      why(changed)
    end
    for i = 0, #text - 1 do
      why(text:sub(1, i))
    end
    assert.truthy(why("jdvm2" .. text:sub(6)):find("another version", 1, true))
    for _, bad in ipairs { "", "x", 7, "jdvm1-zz", text .. "0", text:upper() } do
      why(bad)
    end
  end)

  it("names a list by operation, region and filters", function()
    local name = token.list_name("/a", { "x", "1" })
    assert.are_not.equal(name, token.list_name("/b", { "x", "1" }))
    assert.are_not.equal(name, token.list_name("/a", { "x", "2" }))
    name = token.list_name("/a", { "x", "1", "y", "2" })
    assert.are_not.equal(name, token.list_name("/a", { "x", "1\ny=2" }))
  end)
end)

-- Tokens that users have saved: version 0.1.0 made these.
describe("a saved token", function()
  local EXPECTED = {
    {
      params = { imageSource = "private", status = "ready" },
      given = 0,
      token = "jdvm1-7a43366ffef46d377896ac7464b94acb3130303a313a303a",
    },
    {
      params = { imageSource = "private", status = "ready" },
      given = 130,
      token = "jdvm1-7a43366ffef46d37f27cdd6ad19999b23130303a323a33303a696d672d30303030303030313330",
    },
    {
      params = { ids = {} },
      given = 130,
      token = "jdvm1-4de1c5f88e51152549bc07d59191dd213130303a323a33303a696d672d30303030303030313330",
    },
  }
  for i = 1, 250 do
    EXPECTED[3].params.ids[i] = ("img-%010d"):format(i)
  end

  -- A service with 250 images.
  local function respond(request)
    local images = {}
    for id in request.url:gmatch "ids%.%d+=([^&]+)" do
      images[#images + 1] = ('{"imageId":"%s"}'):format(id)
    end
    local total = #images
    if total == 0 then
      local number, size = tonumber(request.url:match "pageNumber=(%d+)"), tonumber(request.url:match "pageSize=(%d+)")
      total = 250
      for row = (number - 1) * size + 1, math.min(number * size, total) do
        images[#images + 1] = ('{"imageId":"img-%010d"}'):format(row)
      end
    end
    local body = ('{"result":{"images":[%s],"totalCount":%d}}'):format(table.concat(images, ","), total)
    return { status = 200, headers = {}, body = body }
  end

  it("is still made and still understood, in the middle of batches of ids, too", function()
    local client = jdvm.new { region = "cn-north-1", access_key = "a", secret_key = "b", transport = respond }
    for _, case in ipairs(EXPECTED) do
      local images = client:images(case.params)
      for _ = 1, case.given do
        images()
      end
      assert.equal(case.token, images:token())
      images:close()
      local rest, meta = client:list_images(case.params, { start = case.token })
      assert.equal(250 - case.given, #rest)
      assert.equal(("img-%010d"):format(case.given + 1), rest[1].imageId)
      assert.is_nil(meta.token)
    end
  end)
end)

describe("a list that goes on", function()
  local function service(options)
    local fake = service_transport.new(options or { images = 60 })
    return jdvm.new(service_transport.options(fake)), fake
  end
  local PRIVATE = { imageSource = "private" }

  local function ids(images)
    local result = {}
    for i, image in ipairs(images) do
      result[i] = image.imageId
    end
    return result
  end

  it("starts in the middle of a page that a loop left", function()
    local client = service()
    local all = ids(client:list_images(PRIVATE))
    local images, count = client:images(PRIVATE, { page_size = 10 }), 0
    for _ in images do
      count = count + 1
      if count == 17 then break end
    end
    local text = images:token()
    images:close()
    assert.equal(text, images:token())
    local rest = ids(client:list_images(PRIVATE, { start = text, page_size = 13 }))
    assert.equal(all[18], rest[1])
    assert.equal(#all - 17, #rest)
    local pages = client:image_pages(PRIVATE, { page_size = 10 })
    pages()
    pages()
    assert.equal(all[21], client:list_images(PRIVATE, { start = pages:token() })[1].imageId)
  end)

  it("is none of the last image only, also after the loop was left", function()
    local client = service()
    local all = client:list_images(PRIVATE)
    for _, filter in ipairs { PRIVATE, { ids = { all[1].imageId, all[2].imageId, all[3].imageId } } } do
      local images = client:images(filter, { prefetch = 8 })
      images()
      images()
      images:close()
      assert.equal("string", type(images:token()))
    end
    local images = client:images { ids = { all[1].imageId } }
    images()
    images:close()
    assert.is_nil(images:token())
  end)

  it("has a token before its first image, and none after its last", function()
    local client = service()
    local images = client:images(PRIVATE)
    local all = client:list_images(PRIVATE)
    assert.equal(#all, #client:list_images(PRIVATE, { start = images:token() }))
    for _ in images do
    end -- luacheck: ignore 542
    assert.is_nil(images:token())
  end)

  it("is an error when its place is gone", function()
    local client, fake = service { images = 100 }
    local _, meta = client:list_images(PRIVATE, { max_items = 35, page_size = 10 })
    assert.equal(200, (control.respond(fake.state, "images", { delete = "10", at = "30" }, 0)))
    local rest, message, detail = client:list_images(PRIVATE, { start = meta.token, page_size = 10 })
    assert.is_nil(rest)
    assert.equal("pagination", detail.kind)
    assert.truthy(message:find("list again from the start", 1, true), message)
  end)

  it("belongs to region and filters", function()
    local client = service()
    local _, meta = client:list_images(PRIVATE, { max_items = 5 })
    for _, other in ipairs {
      { imageSource = "public" },
      { imageSource = "private", regionId = "cn-south-1" },
      { imageSource = "private", platform = "CentOS" },
      { ids = { "img-1", "img-2" } },
    } do
      local ok, message = pcall(client.images, client, other, { start = meta.token })
      assert.is_false(ok)
      assert.truthy(message:find("belongs to another region or other filters", 1, true), message)
    end
  end)
end)

describe("the count of a list", function()
  it("takes one small page", function()
    local fake = service_transport.new { images = 300 }
    local client = jdvm.new(service_transport.options(fake))
    local all = client:list_images { imageSource = "private" }
    local before = #fake.requests
    local count, meta = client:count_images { imageSource = "private" }
    assert.equal(#all, count)
    assert.equal(1, #fake.requests - before)
    assert.truthy(fake.requests[#fake.requests].url:find("pageSize=10", 1, true))
    assert.equal(200, meta.http_status)
    assert.equal(5, (client:count_images({ imageSource = "private" }, { max_items = 5 })))
    assert.equal(2, (client:count_images { ids = { all[1].imageId, all[2].imageId, "img-unknown" } }))
    assert.equal(0, (client:count_images { imageSource = "private", platform = "CentOS", imageName = "no such name" }))
  end)

  it("is made by reading the list when the service's is no good", function()
    for _, fault in ipairs { "total:value=3", "total:value=0", "total:text=" } do
      local fake = service_transport.new { images = 300, faults = { fault } }
      local client = jdvm.new(service_transport.options(fake))
      local all = client:list_images { imageSource = "private" }
      assert.equal(#all, (client:count_images { imageSource = "private" }), fault)
    end
  end)
end)
