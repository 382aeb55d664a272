-- jdvm.emulator.filters: what the query of describeImages asks for, and how it is refused.
local emulated = require "spec.support.emulated"
local filters = require "jdvm.emulator.filters"
local operations = require "jdvm.service.operations"
local settings = require "jdvm.emulator.settings"

local NORTH = emulated.NORTH
local all, send = emulated.all, emulated.send

local parameters = {}
for _, parameter in ipairs(operations.describeImages.parameters) do
  parameters[parameter.name] = parameter
end

describe("the query of a list", function()
  before_each(function() emulated.start() end)

  it("filters by every parameter that is a field of an image", function()
    for name in ("platform rootDeviceType launchPermission status serviceCode architecture bootMode"):gmatch("%a+") do
      local source = name == "serviceCode" and "thirdparty" or "private"
      local images, expected, value = all { "imageSource", source }, {}, nil
      for _, image in ipairs(images) do
        value = value or image[name]
        if value and image[name] == value then expected[#expected + 1] = image end
      end
      assert.is_true(#expected > 0, name)
      if name == "bootMode" then -- an image without one boots by BIOS
        expected = all { "imageSource", source }
        for i = #expected, 1, -1 do
          if expected[i].bootMode == "uefi" then table.remove(expected, i) end
        end
        assert.is_true(#expected < #images and value == "bios")
      end
      assert.same(expected, all { "imageSource", source, name, value })
      assert.same(images, all { "imageSource", source, name, "" })
    end
  end)

  it("combines filters, of parts of names, lists and permissions, too", function()
    local public, private = all { "imageSource", "public" }, all { "imageSource", "private" }
    local arm = all { "imageSource", "public", "platform", "CentOS", "architecture", "arm64" }
    assert.same({ 1, "CentOS", "arm64" }, { #arm, arm[1].platform, arm[1].architecture })
    local chinese = all { "imageSource", "public", "imageName", "中文版" }
    assert.equal(5, #chinese)
    for _, image in ipairs(chinese) do
      assert.truthy(image.name:find("中文版", 1, true))
    end
    local found = all { "imageSource", "private", "instanceIds.1", private[3].instanceId, "instanceIds.2", "i-none" }
    assert.same({ private[3] }, found)
    assert.same({}, all { "imageSource", "public", "platform", "Solaris" })
    assert.same(public, all { "imageSource", "public", "launchPermission", "ownerOnly" }) -- asked of private ones only
  end)

  it("counts the first of repeated parameters", function()
    local defaults, labels = settings.values {}, {}
    for _, order in ipairs { { "ready", "error" }, { "error", "ready" } } do
      local pairs_found = { { "imageSource", "private" }, { "status", order[1] }, { "status", order[2] } }
      local query = filters.read(pairs_found, filters.values(pairs_found), defaults)
      local is_wanted = query.conditions[1]
      assert.is_true(is_wanted { status = order[1] })
      assert.is_false(is_wanted { status = order[2] })
      assert.is_nil(labels[query.label]) -- pages of one are no pages of the other
      labels[query.label] = true
    end
  end)

  it("hides what is off the shelf unless asked", function()
    local offline = all { "imageSource", "public", "offline", "True" }
    assert.equal(4, #offline)
    for _, image in ipairs(offline) do
      assert.is_true(image.offline)
    end
    assert.equal(30, #all { "imageSource", "public", "offline", "false" })
    emulated.start { settings = { offline_default = "any" } }
    assert.equal(34, #all { "imageSource", "public" })
  end)

  it("finds images by id and ignores everything else then", function()
    local private = all { "imageSource", "private" }
    local query = { "ids.1", private[5].imageId, "ids.2", "img-nosuchone1", "ids.10", private[1].imageId }
    for _, word in ipairs { "ids.3", private[5].imageId, "imageSource", "public", "pageSize", "5" } do
      query[#query + 1] = word
    end
    local _, body = send(NORTH, query)
    assert.equal(2, body.result.totalCount)
    assert.equal(private[1].imageId, body.result.images[1].imageId) -- the catalogue's order
    assert.equal(private[5].imageId, body.result.images[2].imageId)
  end)

  it("takes the old words of imageSource only where its responses have them", function()
    local answers = { public = "jcloud", thirdparty = "marketplace", private = "self", shared = "shared" }
    local details = { public = "jcloud", thirdparty = "marketplace", private = "self", shared = "share" }
    for old, new in pairs(parameters.imageSource.old_values) do
      emulated.start()
      assert.equal(400, send(NORTH, { "imageSource", old }).status)
      emulated.start { settings = { words = "old" } }
      local _, by_old = send(NORTH, { "imageSource", old })
      local _, by_new = send(NORTH, { "imageSource", new })
      assert.same(by_new.result, by_old.result)
      local image = by_old.result.images[1]
      assert.equal(answers[new], image.imageSource)
      local _, detail = send(NORTH .. "/" .. image.imageId)
      assert.equal(details[new], detail.result.image.imageSource) -- as the page of describeImage says
    end
  end)

  it("takes integers in decimal only", function()
    for _, text in ipairs { "0x14", "1e1", " 20", "20.0", "20 ", "+20", "--20", ("9"):rep(400) } do
      local response = send(NORTH, { "imageSource", "public", "pageSize", text })
      assert.equal(400, response.status)
    end
  end)

  it("answers no more than 100 images, also by id", function()
    emulated.start { images = 150 }
    local query = {}
    for i, image in ipairs(all { "imageSource", "private" }) do
      query[2 * i - 1], query[2 * i] = "ids." .. i, image.imageId
    end
    local _, body = send(NORTH, query)
    assert.equal(100, #body.result.images)
    assert.equal(150, body.result.totalCount)
  end)
end)
