-- The options as data: defaults and known values.
local check = require "jdvm.options.check"
local options = require "jdvm.options.options"

describe("options", function()
  it("have defaults and known values that pass their own checks", function()
    for _, set in ipairs { "client", "call", "list", "wait", "cache" } do
      local given = options.defaults(set)
      for _, option in ipairs(options[set]) do
        if option.required then given[option.name] = option.type == "table" and {} or "x" end
      end
      assert.is_nil(check.fault(set, given))
      for _, option in ipairs(options[set]) do
        for _, value in ipairs(option.values or {}) do
          assert.is_nil(check.fault(set, { [option.name] = option.words and { value } or value }), option.name)
        end
        for _, word in ipairs(option.words or {}) do
          assert.is_nil(check.fault(set, { [option.name] = word }), option.name)
        end
      end
    end
    assert.equal(30, options.defaults("client").timeout)
    assert.is_nil(options.defaults("list").page_size) -- the client's
    assert.equal(1800, options.defaults("wait").timeout)
  end)

  it("do not share their defaults", function()
    options.defaults("client").timeout = 1
    assert.equal(30, options.defaults("client").timeout)
  end)
end)
