--- The names under which responses are kept.
local key_of = require "jdvm.cache.key"

describe("a key", function()
  it("is the same for equal parameters, in whatever order", function()
    local a, b = {}, {}
    for i = 1, 20 do
      a["p" .. i], b["p" .. 21 - i] = i, 21 - i
    end
    assert.equal(key_of("x", a), key_of("x", b))
    assert.equal(key_of("x", { ids = { "a", "b" } }), key_of("x", { ids = { "a", "b" } }))
  end)

  it("differs for others", function()
    local seen = {}
    for _, value in ipairs {
      "img",
      { "img" },
      { imageId = "img" },
      { imageId = "img", x = 1 },
      { imageId = "img", x = "1" },
      { imageId = "img x=n1:1" },
      { { "img" } },
      { "im", "g" },
      { "g", "im" },
      {},
      1,
      "1",
      true,
    } do
      local key = key_of("", value)
      assert.is_nil(seen[key], key)
      seen[key] = true
    end
  end)

  it("is at most 250 bytes long, and still differs", function()
    local long = { ids = {} }
    for i = 1, 100 do
      long.ids[i] = "img-" .. i
    end
    local key = key_of("prefix", long)
    assert.is_true(#key <= 250 and key:find "^prefix" ~= nil)
    long.ids[100] = "img-other"
    assert.not_equal(key, key_of("prefix", long))
  end)
end)
