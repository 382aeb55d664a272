-- jdvm.emulator.catalogue: what each account sees, in pages.
local accounts = require "jdvm.emulator.accounts"
local emulated = require "spec.support.emulated"

local owner, other = accounts.list[1], accounts.list[2]
local NORTH = emulated.NORTH
local all, send = emulated.all, emulated.send

describe("the catalogue", function()
  before_each(function() emulated.start() end)

  it("shows each account its own, and what others share with it", function()
    local function source_seen(id, account)
      local _, body = send(NORTH .. "/" .. id, nil, nil, account)
      return body.result and body.result.image.imageSource or body.error.code
    end
    local shared = 0
    for _, image in ipairs(all({ "imageSource", "private" }, owner)) do
      assert.equal("private", image.imageSource)
      local is_shared = image.launchPermission == "specifiedUsers"
      assert.equal(is_shared and "shared" or 404, source_seen(image.imageId, other))
      if is_shared then shared = shared + 1 end
    end
    local as_shared = all({ "imageSource", "shared" }, other)
    assert.is_true(shared > 0 and shared < #as_shared)
    local east = all({ "imageSource", "private" }, owner, "cn-east-1")
    assert.equal(404, source_seen(east[1].imageId, owner))
  end)

  it("pages", function()
    local function page(number, size)
      local _, body =
        send(NORTH, { "imageSource", "public", "pageNumber", ("%d"):format(number), "pageSize", ("%d"):format(size) })
      return #body.result.images, body.result.totalCount, body.result.images[1] and body.result.images[1].imageId
    end
    assert.equal(12, (page(1, 12)))
    assert.equal(6, (page(3, 12)))
    assert.same({ 0, 30 }, { page(4, 12) })
    assert.same({ 0, 30 }, { page(1e9, 100) })
    emulated.start { settings = { past_end = "clamped" } }
    local rows, total, first = page(4, 12)
    assert.same({ 6, 30 }, { rows, total })
    assert.equal(select(3, page(3, 12)), first)
  end)
end)
