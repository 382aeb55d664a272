-- jdvm.util.copy: copies of tables.
local copy_of = require "jdvm.util.copy"

describe("a copy of a table", function()
  it("has its values, and is another one", function()
    local inner = {}
    local original = { 1, 2, name = inner }
    local copy = copy_of(original)
    assert.same(original, copy)
    assert.are_not.equal(original, copy)
    assert.equal(inner, copy.name)
    assert.same({}, copy_of(nil))
  end)
end)
