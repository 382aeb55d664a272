-- Where the functions for `wait` cannot yield, and what they say there.
local check = require "jdvm.loops.yield"

local IS_5_1 = _VERSION == "Lua 5.1" and not package.loaded.jit

-- The error of `work` in a coroutine, or nil.
local function refusal(work)
  local ok, message = coroutine.resume(coroutine.create(work))
  return not ok and message or nil
end

describe("a coroutine", function()
  it("may yield where nothing but Lua is in between, and the main one is not asked", function()
    assert.is_nil(refusal(function() check() end))
    assert.is_nil(refusal(function()
      local callable = setmetatable({}, { __call = function() check() end })
      return callable()
    end))
    assert.is_nil(refusal(function()
      coroutine.wrap(function() check() end)()
    end))
  end)

  it("may not in the iterator of a for loop and in pcall on Lua 5.1", function()
    local message = refusal(function()
      for _ in function() check() end do
        error "never"
      end
    end)
    assert.equal(IS_5_1, message ~= nil and message:find("local image = images()", 1, true) ~= nil)
    message = refusal(function()
      local ok, reason = pcall(check)
      if not ok then error(reason, 0) end
    end)
    assert.equal(IS_5_1, message ~= nil and message:find("nil, message, detail", 1, true) ~= nil)
  end)

  it("may not through another C function", function()
    local message = refusal(function()
      return (("x"):gsub("x", function() check() end))
    end)
    if _VERSION == "Lua 5.2" then
      assert.is_nil(message) -- it cannot be asked; its own error says so
    else
      assert.matches("through a C function", message)
    end
  end)
end)
