--- Entries of the cache as text.
local entry = require "jdvm.cache.entry"

local function read(text) return entry.read(text, {}) end

describe("an entry", function()
  it("is read as it was written", function()
    local text = entry.write("ok", 20, 10, { imageId = "i" }, { attempts = 1 })
    local known = read(text)
    assert.same({ "ok", 20, 10 }, { known[entry.KIND], known[entry.FRESH], known[entry.FETCHED] })
    assert.same({ { imageId = "i" }, { attempts = 1 } }, { known[entry.FIRST], known[entry.SECOND] })
  end)

  it("is none when others wrote it", function()
    assert.is_nil(read(nil))
    for _, text in ipairs {
      "",
      "OK",
      "5",
      "{}",
      "[]",
      '["ok",1,2,{}]',
      '["ok","1",2,{},{}]',
      '["ok",1,null,{},{}]',
      '["ok",1,2,{},"m"]',
      '["ok",1,2,{},{}',
    } do
      assert.is_nil(read(text), text)
    end
  end)

  it("is fresh until its time, but no longer than any may be: then the clock was set back", function()
    local known = read(entry.write("ok", 100, 40, {}, {}))
    assert.is_true(entry.is_fresh(known, 40, 60))
    assert.is_true(entry.is_fresh(known, 99.9, 60))
    assert.is_false(entry.is_fresh(known, 100, 60))
    assert.is_false(entry.is_fresh(known, -3600, 60))
  end)
end)
