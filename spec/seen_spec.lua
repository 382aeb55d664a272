-- jdvm.seen: a set of ids, exact and small.
local random = require "spec.support.random"
local seen = require "jdvm.seen"

describe("the key of an id", function()
  it("is a number for the usual form, another for each id", function()
    assert.equal(0, seen.key "img-0000000000")
    assert.equal(1, seen.key "img-0000000001")
    assert.equal("3656158440062975", ("%.0f"):format(seen.key "img-zzzzzzzzzz"))
    assert.equal("3656158440062974", ("%.0f"):format(seen.key "img-zzzzzzzzzy"))
  end)

  it("is the id for any other form", function()
    for _, id in ipairs { "img-000000000", "img-00000000000", "IMG-0000000000", "img-000000000A", "img-00000-0000",
      "img--000000000", "img- 00000000a", "98d44a0f-88c1-451a-8971-f1f769073b6c", "x", "imgx0000000000",
      "snap0000000000" } do
      assert.equal(id, seen.key(id))
    end
  end)

  it("is missing for a row without one", function()
    assert.same({ 1, "x" }, { seen.keys({ { id = "img-0000000001" }, { id = "x" } }, "id")[1], "x" })
    for _, bad in ipairs { 7, "", false, {} } do
      local keys, row = seen.keys({ { id = "x" }, { id = bad } }, "id")
      assert.is_nil(keys)
      assert.equal(2, row)
    end
    assert.same({}, seen.keys({}, "id"))
  end)
end)

describe("a set", function()
  it("holds what was added, once, like a plain table #long", function()
    local draw, set, plain = random.new(3), seen.set(), {}
    for _ = 1, 20000 do
      local key = ({ draw(0, 5000), draw(0, 5000) * 256, draw(0, 100) * 2 ^ 40 + draw(0, 50),
        "id-" .. draw(0, 2000) })[draw(1, 4)]
      assert.equal(plain[key] == true, set:has(key))
      assert.equal(plain[key] == nil, set:add(key))
      plain[key] = true
      assert.is_true(set:has(key))
    end
  end)

  it("takes at most 45 bytes an id", function()
    collectgarbage()
    collectgarbage()
    local before, set = collectgarbage "count", seen.set()
    for i = 1, 50000 do set:add(i * 7919 * 104729) end
    collectgarbage()
    collectgarbage()
    local bytes = (collectgarbage "count" - before) * 1024 / 50000
    assert.is_true(bytes < 45, bytes)
    assert.is_true(set:has(7919 * 104729))
  end)
end)
