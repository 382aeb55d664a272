-- jdvm.emulator.catalogue: what each account sees, in pages.
local accounts = require "jdvm.emulator.accounts"
local emulated = require "spec.support.emulated"

local owner, other = accounts.list[1], accounts.list[2]
local NORTH = emulated.NORTH
local all, send = emulated.all, emulated.send

describe("the catalogue", function()
  before_each(function() emulated.start() end)

  it("shows each account its own", function()
    local seen = {}
    for _, account in ipairs { owner, other } do
      for _, source in ipairs { "public", "thirdparty", "community", "private", "shared" } do
        for _, image in ipairs(all({ "imageSource", source }, account)) do
          assert.equal(source, image.imageSource)
          seen[account.name .. image.imageId] = image
        end
      end
    end
    local as_shared = all({ "imageSource", "shared" }, other)
    for _, image in ipairs(as_shared) do
      assert.equal("specifiedUsers", image.launchPermission)
    end
    local mine = 0
    for _, image in ipairs(all({ "imageSource", "private" }, owner)) do
      local theirs = seen["other" .. image.imageId]
      assert.equal(image.launchPermission == "specifiedUsers", theirs ~= nil)
      if theirs then
        mine = mine + 1
        assert.equal("shared", theirs.imageSource)
      else
        assert.equal(404, (send(NORTH .. "/" .. image.imageId, nil, nil, other)).status)
      end
    end
    assert.is_true(mine > 0 and mine < #as_shared)
    local _, body = send(NORTH .. "/" .. as_shared[1].imageId, nil, nil, other)
    assert.equal(as_shared[1].imageId, body.result.image.imageId)
    local east = all({ "imageSource", "private" }, owner, "cn-east-1")
    assert.equal(404, (send(NORTH .. "/" .. east[1].imageId)).status)
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
