-- jdvm.emulator.generated_images: a catalogue of a chosen size.
local emulated = require "spec.support.emulated"

local NORTH = emulated.NORTH
local all, send = emulated.all, emulated.send

describe("a catalogue of a chosen size", function()
  it("has that many images in each region and source, found by id", function()
    emulated.start { images = 1234, seed = 7 }
    for _, source in ipairs { "public", "private", "shared" } do
      local images, seen = all({ "imageSource", source, "offline", "false" }), {}
      for _, image in ipairs(images) do
        seen[image.imageId] = true
      end
      local distinct = 0
      for _ in pairs(seen) do
        distinct = distinct + 1
      end
      assert.equal(#images, distinct)
      if source ~= "public" then assert.equal(1234, #images) end
      for i = 1, #images, 100 do
        local _, body = send(NORTH .. "/" .. images[i].imageId)
        assert.same(images[i], body.result.image)
      end
    end
    local _, body = send(NORTH, { "imageSource", "private", "status", "error" })
    assert.equal(77, body.result.totalCount) -- one in 16
  end)

  it("costs little however large", function()
    local state = emulated.start { images = 100000 }
    collectgarbage()
    local before = collectgarbage("count")
    for page = 1, 1000, 97 do
      local _, body = send(NORTH, { "imageSource", "private", "pageSize", "100", "pageNumber", tostring(page) })
      assert.equal(100, #body.result.images)
      assert.equal(100000, body.result.totalCount)
    end
    state.catalogue.kept = {}
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 8000)
  end)
end)
