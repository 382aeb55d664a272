-- jdvm.lists.seen and the id sets of jdvm.core: exact and small.
local core = require "jdvm.core"
local random = require "spec.support.random"
local seen = require "jdvm.lists.seen"

local function key_of(id) return core.id_keys({ { id = id } }, "id")[1] end

describe("the key of an id", function()
  it("is a number for the usual form, another for each id", function()
    for id, expected in pairs {
      ["img-0000000000"] = "0",
      ["img-0000000001"] = "1",
      ["img-000000000z"] = "35",
      ["img-0000000010"] = "36",
      ["img-zzzzzzzzzz"] = "3656158440062975",
      ["img-zzzzzzzzzy"] = "3656158440062974",
      ["img-a000000000"] = "1015599566684160",
    } do
      assert.equal("number", type(key_of(id)))
      assert.equal(expected, ("%.0f"):format(key_of(id)))
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

  it("tells whether all are numbers, and which row has no id", function()
    local keys, are_numbers = core.id_keys({ { id = "img-0000000001" }, { id = "img-0000000002" } }, "id")
    assert.same({ 1, 2 }, keys)
    assert.is_true(are_numbers)
    keys, are_numbers = core.id_keys({ { id = "img-0000000001" }, { id = "x" } }, "id")
    assert.same({ 1, "x" }, keys)
    assert.is_false(are_numbers)
    for _, bad in ipairs { 7, "", false, {} } do
      local none, row = core.id_keys({ { id = "x" }, { id = bad } }, "id")
      assert.is_nil(none)
      assert.equal(2, row)
    end
    assert.equal(1, (select(2, core.id_keys({ "img-0000000001" }, "id"))))
    assert.same({}, (core.id_keys({}, "id")))
  end)

  it("raises for misuse", function()
    for _, arguments in ipairs { { 1, "id" }, { {}, 1 }, { {} }, {} } do
      assert.is_false(pcall(core.id_keys, arguments[1], arguments[2]))
    end
  end)
end)

describe("a set", function()
  it("holds what was added, once, like a plain table", function()
    local draw, set, plain = random.new(3), seen.set(), {}
    for _ = 1, 20000 do
      local key = ({
        draw(0, 5000),
        draw(0, 5000) * 256,
        draw(0, 100) * 2 ^ 40 + draw(0, 50),
        "id-" .. draw(0, 2000),
      })[draw(1, 4)]
      assert.equal(plain[key] == true, set:has(key))
      assert.equal(plain[key] == nil, set:add(key))
      plain[key] = true
      assert.is_true(set:has(key))
    end
  end)

  it("keeps of the rows those that are new", function()
    for _, other in ipairs { "img-0000000003", "img-of-another-form" } do
      local set = seen.set()
      local function keep(first, ...)
        local rows = {}
        for i, id in ipairs { ... } do
          rows[i] = { id = id }
        end
        local keys, is_plain = seen.keys(rows, "id")
        local count = set:keep(keys, rows, first, is_plain)
        local left = {}
        for i = 1, #rows do
          left[i] = rows[i].id
        end
        assert.equal(#left, count)
        return left
      end
      assert.same({ "img-0000000001", other }, keep(1, "img-0000000001", other, "img-0000000001"))
      assert.same({}, keep(1, other, "img-0000000001"))
      assert.same({ "img-0000000005" }, keep(1, other, "img-0000000005", other))
      assert.same({ "img-0000000007" }, keep(3, "img-0000000006", other, "img-0000000007", "img-0000000005"))
      assert.same({ "img-0000000006" }, keep(1, "img-0000000006"))
      assert.same({}, keep(2, "img-0000000008"))
      assert.same({}, keep(1))
    end
  end)

  it("raises for keys that are none", function()
    local set = core.id_set()
    for _, bad in ipairs { -1, 0.5, 2 ^ 53, 1 / 0, 0 / 0, "1", {}, false } do
      assert.is_false(pcall(set.add, set, bad))
      assert.is_false(pcall(set.has, set, bad))
      assert.is_false(pcall(set.keep, set, { bad }, { {} }, 1))
    end
    for _, arguments in ipairs { { 1, {}, 1 }, { {}, 1, 1 }, { {}, {}, 0 }, { {}, {}, 2 ^ 60 }, { {}, {} } } do
      assert.is_false(pcall(set.keep, set, arguments[1], arguments[2], arguments[3]))
    end
    assert.is_true(set:add(2 ^ 53 - 1))
    assert.is_true(set:has(2 ^ 53 - 1))
  end)

  it("is nothing to Lua's heap", function()
    collectgarbage()
    collectgarbage()
    local before, set = collectgarbage "count", seen.set()
    for i = 1, 50000 do
      set:add(i * 7919)
    end
    collectgarbage()
    collectgarbage()
    assert.is_true((collectgarbage "count" - before) * 1024 < 5000)
    assert.is_true(set:has(7919))
  end)
end)
