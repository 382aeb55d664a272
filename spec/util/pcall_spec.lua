-- pcall for functions that yield: as this Lua does it, and as Lua 5.1 needs it.

-- The module as it is loaded on a Lua 5.1 that is not LuaJIT.
local function for_lua_5_1()
  local version, jit, loaded = _VERSION, package.loaded.jit, package.loaded["jdvm.util.pcall"]
  _G._VERSION, package.loaded.jit, package.loaded["jdvm.util.pcall"] = "Lua 5.1", nil, nil
  local module = require "jdvm.util.pcall"
  _G._VERSION, package.loaded.jit, package.loaded["jdvm.util.pcall"] = version, jit, loaded
  return module
end

for name, protected_call in pairs { ["of this Lua"] = require "jdvm.util.pcall", ["of Lua 5.1"] = for_lua_5_1() } do
  describe("the protected call " .. name, function()
    it("gives all results, or the error as it was raised", function()
      assert.same({ true, 1, nil, 3 }, { protected_call(function(...) return ... end, 1, nil, 3) })
      local what = {}
      local ok, problem = protected_call(error, what)
      assert.is_false(ok)
      assert.equal(what, problem)
      assert.is_true((protected_call(setmetatable({}, { __call = function() end }))))
    end)

    it("hands yields on, and what is resumed with", function()
      local thread = coroutine.create(function()
        local function sum(a, b) return coroutine.yield(a + b) + coroutine.yield "more" end
        local ok, result = protected_call(sum, 1, 2)
        local failed, problem = protected_call(function() error(coroutine.yield "last", 0) end)
        return ok, result, failed, problem
      end)
      assert.same({ true, 3 }, { coroutine.resume(thread) })
      assert.same({ true, "more" }, { coroutine.resume(thread, 10) })
      assert.same({ true, "last" }, { coroutine.resume(thread, 20) })
      assert.same({ true, true, 30, false, "bad" }, { coroutine.resume(thread, "bad") })
    end)
  end)
end
