-- jdvm.lists.key: two ids never share a key.
local key_of = require "jdvm.lists.key"

describe("the key of an id", function()
  it("is a number for the usual form, another for each id", function()
    for id, expected in pairs {
      ["img-0000000000"] = "0",
      ["img-0000000001"] = "1",
      ["img-000000000z"] = "35",
      ["img-0000000010"] = "36",
      ["img-a000000000"] = "1015599566684160",
      ["img-zzzzzzzzzy"] = "3656158440062974",
      ["img-zzzzzzzzzz"] = "3656158440062975",
    } do
      assert.equal("number", type(key_of(id)))
      assert.equal(expected, ("%.0f"):format(key_of(id)))
    end
    -- Each digit counts.
    local seen = {}
    for place = 5, 14 do
      for digit in ("123456789abcdefghijklmnopqrstuvwxyz"):gmatch "." do
        local key = key_of(("img-0000000000"):sub(1, place - 1) .. digit .. ("0"):rep(14 - place))
        assert.is_nil(seen[key])
        seen[key] = true
      end
    end
  end)

  it("is the id for any other form", function()
    for _, id in ipairs {
      "img-000000000",
      "img-00000000000",
      "IMG-0000000000",
      "img-000000000A",
      "img-00000-0000",
      "img--000000000",
      "img- 00000000a",
      "98d44a0f-88c1-451a-8971-f1f769073b6c",
      "x",
      "imgx0000000000",
      "snap0000000000",
      "img-00000\0000",
      "img-0000000000\0",
    } do
      assert.equal(id, key_of(id))
    end
  end)

  it("is nil for what is no id", function()
    for _, bad in ipairs { 7, "", false, {} } do
      assert.is_nil(key_of(bad))
    end
    assert.is_nil(key_of(nil))
  end)
end)
