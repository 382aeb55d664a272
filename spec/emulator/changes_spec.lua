-- jdvm.emulator.changes: images that appear, vanish or change their status while clients look.
local accounts = require "jdvm.emulator.accounts"
local emulated = require "spec.support.emulated"

local NORTH = emulated.NORTH
local ask, ids, list, send = emulated.ask, emulated.ids, emulated.list, emulated.send

describe("drift", function()
  local function all(source, size)
    local found, page, total = {}, 1
    repeat
      local result = list(page, size, source)
      for _, id in ipairs(ids(result.images)) do
        found[#found + 1] = id
      end
      page, total = page + 1, result.totalCount
    until #result.images == 0
    return found, total
  end

  it("moves the rows before the page it is bound to", function()
    emulated.start { images = 30 }
    local before = all "private"
    assert.equal(30, #before)
    emulated.start { images = 30, faults = { "drift:insert=3,page=2" } }
    local with_more, total = all "private"
    assert.same({ 33, 33 }, { total, #with_more })
    assert.same({ before[8], before[9], before[10] }, { with_more[11], with_more[12], with_more[13] }) -- seen twice
    assert.equal(before[10], with_more[10])
    emulated.start { images = 30, faults = { "drift:delete=3,page=2" } }
    local with_less
    with_less, total = all "private"
    assert.same({ 27, 27 }, { total, #with_less })
    assert.same({ before[10], before[14] }, { with_less[10], with_less[11] }) -- three were never seen
  end)

  it("happens at the end, at a position or anywhere", function()
    for _, at in ipairs { "end", "12", "random", "front", "1000" } do
      emulated.start { images = 30, faults = { "drift:insert=2,delete=2,at=" .. at .. ",page=1,count=3" } }
      for _ = 1, 5 do
        all("private")
      end
      local result = list(1, 100)
      assert.equal(at == "1000" and 36 or 30, result.totalCount)
      local seen = {}
      for _, id in ipairs(ids(result.images)) do
        assert.is_nil(seen[id])
        seen[id] = true
        assert.equal(200, send(NORTH .. "/" .. id).status)
      end
    end
  end)

  it("concerns only the list that was asked for", function()
    emulated.start { images = 20, faults = { "drift:delete=5,source=private" } }
    assert.equal(20, list(1, 10, "shared").totalCount)
    assert.equal(15, list(1, 10, "private").totalCount)
    local _, body = send(NORTH, { "imageSource", "private" }, nil, accounts.list[2])
    assert.equal(20, body.result.totalCount)
  end)
end)

describe("the life of an image", function()
  it("begins with a fault when the image is first asked for", function()
    emulated.start_with()
    local id = list().images[3].imageId
    emulated.start_with("life:steps=pending:5 ready@2,image=" .. id)
    local function status() return select(2, send(NORTH .. "/" .. id)).result.image.status end
    emulated.statuses(5)
    assert.same({ "pending", "pending", "ready", "ready" }, { status(), status(), status(), status() })
  end)
end)

describe("what changed", function()
  it("is reported for the list in which it happened, in order", function()
    emulated.start { images = 25 }
    local before = ask("images").images
    local gone = ask("images", { delete = "2", at = "3" }).deleted
    local new_ids = ask("images", { insert = "2", at = "end" }).inserted
    assert.same({ before[3], before[4] }, gone)
    local now = ask "images"
    assert.same({ gone, new_ids }, { now.deleted, now.inserted })
    assert.same(ids(list(1, 100).images), now.images)
    assert.same({ before[1], before[2], before[5] }, { now.images[1], now.images[2], now.images[3] })
    assert.same(new_ids, { now.images[24], now.images[25] })
    local elsewhere = ask("images", { source = "shared" })
    assert.same({ 25, {}, {} }, { #elsewhere.images, elsewhere.inserted, elsewhere.deleted })
  end)
end)
