-- The options as data: defaults, who reads each, and that someone does.
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

  it("of a client that go to the transport are read by one", function()
    local source = require "spec.support.source"
    local code = {}
    for i, path in ipairs { "transport.lua", "transport/curl.lua", "transport/nginx.lua" } do
      code[i] = source.strip_lua(source.read("lua/jdvm/" .. path))
    end
    code = table.concat(code)
    local function is_read(name) return code:find("%f[%w_]config%." .. name .. "%f[^%w_]") ~= nil end
    assert.is_false(is_read "colour")
    for _, option in ipairs(options.client) do
      if option.goes == "transport" or option.goes == "both" then
        assert.is_true(is_read(option.name), option.name .. " is accepted, but no transport reads it")
      end
    end
  end)

  it("do not share their defaults", function()
    options.defaults("client").timeout = 1
    assert.equal(30, options.defaults("client").timeout)
  end)
end)
