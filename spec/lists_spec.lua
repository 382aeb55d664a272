-- jdvm.lists: lists over a client, at the service in memory.
local cjson = require "cjson"
local control = require "jdvm.emulator.control"
local fake_transport = require "spec.support.fake_transport"
local in_memory = require "spec.support.in_memory"
local jdvm = require "jdvm"
local service_transport = require "spec.support.service_transport"

local client_of, one_page, raised = in_memory.client_of, in_memory.one_page, in_memory.raised
local PUBLIC = { imageSource = "public" }
local PRIVATE = { imageSource = "private" }

local function service(options, more)
  local fake = service_transport.new(options or { images = 300 })
  return jdvm.new(service_transport.options(fake, more)), fake
end

local function ids(images)
  local list = {}
  for i, image in ipairs(images) do
    list[i] = image.imageId
  end
  return list
end

local function joined(...)
  local all = {}
  for _, list in ipairs { ... } do
    for _, item in ipairs(list) do
      all[#all + 1] = item
    end
  end
  return all
end

describe("a filter of several values", function()
  it("means any of them", function()
    local client = service()
    local function list(params) return ids(assert(client:list_images(params))) end
    local public, private = list { imageSource = "public" }, list(PRIVATE)
    assert.same(joined(private, public), list { imageSource = { "private", "public" } })
    local params = { imageSource = "private", status = { "error", "ready" } }
    local wanted =
      joined(list { imageSource = "private", status = "ready" }, list { imageSource = "private", status = "error" })
    assert.same(wanted, list(params))
    assert.equal(#wanted, (client:count_images(params)))
    local from_loop = {}
    for image in client:images(params, { page_size = 10 }) do
      from_loop[#from_loop + 1] = image.imageId
    end
    assert.same(wanted, from_loop)
  end)

  it("is for lists alone, and one wrong value is named at the caller's line", function()
    local client, fake = service()
    for words, f in pairs {
      ["'imageSource' must be a string, got a table: lists take several values"] = function()
        client:describe_images { imageSource = { "public" } }
      end,
      ["'imageSource' element 2 must be public"] = function() client:images { imageSource = { "public", "pubic" } } end,
      ["'offline' has no effect on private images"] = function()
        client:list_images { imageSource = { "public", "private" }, offline = true }
      end,
      ['option \'regions\' must be "all" or an array of strings, got "cn-east-1"'] = function()
        client:images(PRIVATE, { regions = "cn-east-1" })
      end,
      ['option \'regions\' element 1 is "CN-EAST-1"; did you mean "cn-east-1"?'] = function()
        client:images(PRIVATE, { regions = { "CN-EAST-1" } })
      end,
      ["give either 'regionId' or the option 'regions'"] = function()
        client:count_images({ imageSource = "private", regionId = "cn-east-1" }, { regions = "all" })
      end,
    } do
      local ok, message = pcall(f)
      assert.is_false(ok)
      assert.matches("^spec/lists_spec%.lua:%d+: jdvm: describeImages: ", message)
      assert.matches(words, message, 1, true)
    end
    assert.equal(0, #fake.requests)
  end)

  it("misses no image that moves on to another of these states meanwhile", function()
    -- The image is pending when the first request is answered, and ready from then on.
    local fake = fake_transport.new(function(request, n)
      local asked = request.url:match "status=(%a+)"
      local has_it = asked == (n == 1 and "pending" or "ready")
      local images = has_it and { { imageId = "img-1", status = asked } } or {}
      local body = cjson.encode { result = { images = images, totalCount = #images } }
      return { body = (body:gsub('"images":{}', '"images":[]')) }
    end)
    local client = jdvm.new(service_transport.options(fake))
    local images = client:list_images { imageSource = "private", status = { "ready", "pending" } }
    assert.same({ "img-1" }, ids(images))
  end)

  it("is named when a request fails", function()
    local fake = fake_transport.new(function(request)
      if request.url:find("status=error", 1, true) then
        return { status = 400, body = '{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"no"}}' }
      end
      return { body = '{"result":{"images":[{"imageId":"img-1"}],"totalCount":1}}' }
    end)
    local client = jdvm.new(service_transport.options(fake))
    local params = { imageSource = "private", status = { "ready", "error" } }
    local list, message, detail = client:list_images(params, { regions = { "cn-east-2" } })
    assert.is_nil(list)
    assert.same({ "regionId=cn-east-2, status=error", "cn-east-2" }, { detail.filter, detail.region })
    assert.matches("400 INVALID_ARGUMENT: no (regionId=cn-east-2, status=error", message, 1, true)

    local images = client:images(params)
    assert.equal("img-1", images().imageId)
    assert.is_false(pcall(images))
    local _, failure = images:failure()
    assert.equal(images:token(), failure.token)
  end)
end)

describe("a list of several regions", function()
  it("has the images of each, which say where they are, in the time of one", function()
    local client, fake = service { images = 300, settings = { latency = 0.3 } }
    local expected, regions = {}, {}
    for i, region in ipairs { "cn-north-1", "cn-east-1", "cn-east-2", "cn-south-1" } do
      regions[i] = region
      expected = joined(expected, ids(client:list_images { imageSource = "private", regionId = region }))
    end
    local began = fake.time
    client:list_images(PRIVATE)
    local time_of_one = fake.time - began
    for _, wanted in ipairs { "all", regions } do
      began = fake.time
      local images, meta = client:list_images(PRIVATE, { regions = wanted })
      assert.same(expected, ids(images))
      assert.same({ "cn-north-1", "cn-south-1" }, { images[1].regionId, images[#images].regionId })
      assert.equal(#expected, meta.rows)
      assert.is_true(fake.time - began < time_of_one + 0.1)
    end
    local before = #fake.requests
    local some = client:list_images(PRIVATE, { regions = { "cn-east-2" }, max_items = 5 })
    assert.same({ 5, "cn-east-2", 1 }, { #some, some[5].regionId, #fake.requests - before })
  end)

  it("needs no region of the client, and no more connections than there may be", function()
    local client, fake = service({ images = 300 }, { max_connections = 4 })
    assert(client:list_images(PRIVATE, { regions = "all", page_size = 10 }))
    assert.equal(4, fake.most_open)
    local options = service_transport.options(fake)
    options.region = nil
    assert(jdvm.new(options):list_images(PRIVATE, { regions = { "cn-east-1" } }))
  end)

  it("finds where images are by their ids", function()
    local client = service { images = 20 }
    local id = client:list_images({ imageSource = "private", regionId = "cn-east-2" }, { max_items = 1 })[1].imageId
    local found, meta = client:list_images({ ids = { id, "img-unknown" } }, { regions = "all" })
    assert.same({ "cn-east-2" }, { found[1].regionId, found[2] and found[2].imageId })
    assert.same({ "img-unknown" }, meta.missing)
  end)

  it("names the region that failed, and goes on from there", function()
    local client, fake = service({ images = 30 }, { max_attempts = 1 })
    local whole = ids(client:list_images(PRIVATE, { regions = { "cn-east-1", "cn-east-2" } }))
    assert.equal(200, (control.respond(fake.state, "faults", { spec = "forbidden:region=cn-east-2" }, 0)))
    local images, some = client:images(PRIVATE, { regions = { "cn-east-1", "cn-east-2" } }), {}
    local ok, message = pcall(function()
      for image in images do
        some[#some + 1] = image.imageId
      end
    end)
    assert.is_false(ok)
    local _, detail = images:failure()
    assert.same({ "cn-east-2", 30 }, { detail.region, #some })
    assert.matches("(regionId=cn-east-2, request ", message, 1, true)
    assert.equal(200, (control.respond(fake.state, "reset", {}, 0)))
    local rest = client:list_images(PRIVATE, { regions = { "cn-east-1", "cn-east-2" }, start = detail.token })
    assert.same(whole, joined(some, ids(rest)))
    assert.has_error(function() client:list_images(PRIVATE, { regions = "all", start = detail.token }) end)
  end)
end)

describe("a list that cannot be right", function()
  it("says how long it took, and takes rows without an id for an answer that is none", function()
    local client, fake = client_of(
      function()
        return {
          status = 200,
          after = 2,
          body = cjson.encode { requestId = "r", result = { images = { { name = "n" } }, totalCount = 1 } },
        }
      end
    )
    for _, params in ipairs { PUBLIC, { ids = { "img-1" } } } do
      local list, message, detail = client:list_images(params)
      assert.is_nil(list)
      assert.equal("decode", detail.kind)
      assert.matches("row 1 .*has no imageId", message)
      assert.is_nil(detail.hint)
      assert.is_true(detail.elapsed >= 2 and detail.elapsed < 3, detail.elapsed)
      assert.is_false(detail.retryable)
    end
    client = client_of(
      function() return { status = 200, after = 2, body = '{"result":{"images":[],"totalCount":5}}' } end
    )
    local it = client:images(PUBLIC)
    fake.time = fake.time + 100
    raised(it)
    local _, detail = it:failure()
    assert.equal("pagination", detail.kind)
    assert.is_true(detail.elapsed >= 4 and detail.elapsed < 5, detail.elapsed)
  end)
end)

describe("parameters too long for a request line", function()
  it("raise where the list is begun, not at its tenth page", function()
    local client, fake = client_of(one_page)
    local most
    for length = 8192, 8000, -1 do
      if pcall(client.images, client, { imageSource = "public", imageName = ("n"):rep(length) }) then
        most = length
        break
      end
    end
    assert.truthy(most)
    local next_image = client:images { imageSource = "public", imageName = ("n"):rep(most) }
    next_image()
    next_image:close()
    local sent = #fake.requests[#fake.requests].url:gsub("^https://[^/]*", "")
    assert.is_true(sent + #"2147483647" - #"1" <= 8192)
    assert.error_matches(
      function() client:images { imageSource = "public", imageName = ("n"):rep(most + 1) } end,
      "request line of 8193 bytes"
    )
  end)
end)

describe("the deadline of a list", function()
  it("covers the pages of lists and loops", function()
    for _, prefetch in ipairs { 0, 4 } do
      for _, kind in ipairs { "images", "image_pages", "list_images" } do
        local fake = service_transport.new { images = 1000, settings = { latency = 0.3 } }
        local client = jdvm.new(service_transport.options(fake, { prefetch = prefetch }))
        local began = fake.time
        local it, _, detail = client[kind](client, PUBLIC, { timeout = 1, page_size = 10 })
        if it then
          local message = raised(function()
            for _ in it do
            end -- luacheck: ignore 542
          end)
          assert.truthy(message:find("the time ran out", 1, true), message)
          _, detail = it:failure()
        end
        assert.equal("timeout", detail.kind)
        assert.is_true(math.abs(fake.time - began - 1) < 0.0001, fake.time - began)
        assert.is_true(detail.stats.rows > 0)
        assert.equal(0, fake.open)
      end
    end
  end)

  it("of a list is not spent on waiting for connections that there may not be", function()
    local fake = service_transport.new { images = 100, settings = { latency = 0.1 } }
    local client = jdvm.new(service_transport.options(fake, { prefetch = 16, max_connections = 3 }))
    local most, start = 0, fake.start
    function fake.start(...)
      local pending = start(...)
      most = math.max(most, fake.open)
      return pending
    end
    assert(client:list_images(PUBLIC, { page_size = 10 }))
    assert.equal(3, most)
  end)

  it("of a list stands still while the caller works", function()
    local fake = service_transport.new { images = 50, settings = { latency = 0.1 } }
    local client = jdvm.new(service_transport.options(fake, { prefetch = 2, timeout = 5 }))
    local count = 0
    for _ in client:images(PUBLIC, { page_size = 10 }) do
      fake.time = fake.time + 3
      count = count + 1
    end
    assert.equal(client:count_images(PUBLIC), count)
  end)
end)
