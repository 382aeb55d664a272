-- jdvm.emulator.generated_images: a catalogue of a chosen size.
local emulated = require "spec.support.emulated"

local NORTH = emulated.NORTH
local all, send = emulated.all, emulated.send

describe("a catalogue of a chosen size", function()
  it("has that many images in each region and source, found by id", function()
    emulated.start { images = 1234, seed = 7 }
    for _, source in ipairs { "private", "shared" } do
      local images, seen = all { "imageSource", source }, {}
      assert.equal(1234, #images)
      for i, image in ipairs(images) do
        assert.is_nil(seen[image.imageId])
        seen[image.imageId] = true
        if i % 100 == 1 then assert.same(image, select(2, send(NORTH .. "/" .. image.imageId)).result.image) end
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
