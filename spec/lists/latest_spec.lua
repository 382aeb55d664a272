-- jdvm.lists.latest: the newest image that is ready and matches.
local cjson = require "cjson"
local fake_transport = require "spec.support.fake_transport"
local jdvm = require "jdvm"
local service_transport = require "spec.support.service_transport"

local PRIVATE = { imageSource = "private" }

-- A client of a service with these images { id, createTime, status, name }, which filters by status.
local function client_of(images)
  local fake = fake_transport.new(function(request)
    local status, found = request.url:match "status=(%a+)", {}
    for _, image in ipairs(images) do
      if not status or image[3] == status then
        found[#found + 1] = { imageId = image[1], createTime = image[2], status = image[3], name = image[4] }
      end
    end
    local body = cjson.encode { result = { images = found, totalCount = #found } }
    return { body = (body:gsub('"images":{}', '"images":[]')) }
  end)
  return jdvm.new(service_transport.options(fake)), fake
end

local IMAGES = {
  { "img-2", "2021-01-28 16:49:05", "ready", "web-2" },
  { "img-5", "2021-01-28 16:49:05", "ready", "web-2" },
  { "img-1", "2020-08-21 11:36:36", "ready", "db-7" },
  { "img-4", "2021-01-28 16:49:05", "ready", "web-3" },
  { "img-6", "2022-01-01 00:00:00", "error", "web-4" },
  { "img-7", nil, "ready", nil },
}

describe("the latest image", function()
  it("is the newest that is ready; of two as old the id decides", function()
    local client, fake = client_of(IMAGES)
    local image, meta = client:latest_image(PRIVATE)
    assert.same({ "img-5", "2021-01-28 16:49:05" }, { image.imageId, image.createTime })
    assert.same({ 5, 200 }, { meta.rows, meta.http_status })
    assert.matches("&status=ready", fake.requests[1].url, 1, true)
    assert.same({ imageSource = "private" }, PRIVATE)
    assert.equal("img-7", client_of({ IMAGES[6] }):latest_image(PRIVATE).imageId)
  end)

  it("may be asked for in another state, and among ids", function()
    local client, fake = client_of(IMAGES)
    assert.equal("img-6", client:latest_image({ imageSource = "private", status = "error" }).imageId)
    assert.equal(
      "img-5",
      client:latest_image({ ids = { "img-1", "img-2", "img-4", "img-5", "img-6", "img-7" } }).imageId
    )
    assert.is_nil(fake.requests[2].url:find("status=", 1, true))
  end)

  it("matches a pattern of its name, or a function", function()
    local client = client_of(IMAGES)
    assert.equal("img-1", client:latest_image(PRIVATE, { match = "^db%-%d$" }).imageId)
    local image = client:latest_image(PRIVATE, {
      match = function(image) return image.name ~= "web-2" end,
    })
    assert.equal("img-4", image.imageId)
  end)

  it("has the fields that are asked for, and those that the choice needs", function()
    local client = client_of(IMAGES)
    assert.same(
      { imageId = "img-5", createTime = "2021-01-28 16:49:05", status = "ready", name = "web-2" },
      client:latest_image(PRIVATE, { fields = { "name", "osType" } })
    )
  end)

  it("is a failure when none matches", function()
    local client = client_of(IMAGES)
    local image, message, detail = client:latest_image(PRIVATE, { match = "no such name" })
    assert.is_nil(image)
    assert.same(
      { "match", "no_match", "latestImage", "cn-north-1", 5, false },
      { detail.kind, detail.cause, detail.operation, detail.region, detail.facts.count, detail.retryable }
    )
    assert.matches("^jdvm: latestImage: no image matches; 5 were listed; hint: ", message)
    local _, _, other = client:latest_image({ imageSource = "private", regionId = "cn-east-2" }, { match = "no such" })
    assert.equal("cn-east-2", other.region)
    _, _, other = client:latest_image(PRIVATE, { match = "no such", regions = "all" })
    assert.same({ nil, 20 }, { other.region, other.facts.count })
  end)

  it("fails as the list does, and raises for misuse at the caller's line", function()
    local client = jdvm.new(service_transport.options(fake_transport.new(function() return { status = 403 } end)))
    local image, _, detail = client:latest_image(PRIVATE)
    assert.is_nil(image)
    assert.equal(403, detail.http_status)
    for words, f in pairs {
      ["option 'match' is no pattern: malformed pattern"] = function() client:latest_image(PRIVATE, { match = "[" }) end,
      ["option 'match' must be a function or a string, got 7"] = function() client:latest_image(PRIVATE, { match = 7 }) end,
      ["imageSource is required"] = function() client:latest_image() end,
      ["must be public"] = function() client:latest_image { imageSource = "pubic" } end,
      ["it is an option of latest_image"] = function() client:list_images(PRIVATE, { match = "x" }) end,
    } do
      local ok, message = pcall(f)
      assert.is_false(ok)
      assert.matches("^spec/lists/latest_spec%.lua:%d+: jdvm: ", message)
      assert.matches(words, message, 1, true)
    end
  end)

  it("raises for a pattern that only a name shows to be malformed", function()
    local client = jdvm.new(service_transport.options(service_transport.new { images = 2 }))
    local ok, message = pcall(function() client:latest_image(PRIVATE, { match = ".?.%f" }) end)
    assert.is_false(ok)
    assert.matches(
      "^spec/lists/latest_spec%.lua:%d+: jdvm: latestImage: option 'match' is no pattern: missing",
      message
    )
  end)

  it("is found over several regions", function()
    local fake = service_transport.new { images = 60 }
    local client = jdvm.new(service_transport.options(fake))
    local newest
    for image in client:images({ imageSource = "private", status = "ready" }, { regions = "all" }) do
      if not newest or image.createTime .. image.imageId > newest.createTime .. newest.imageId then newest = image end
    end
    assert.same(newest, (client:latest_image(PRIVATE, { regions = "all" })))
  end)
end)
