--- pcall through which Lua 5.1 can yield, too.
local protected_call = require "jdvm.util.pcall"

describe("a protected call", function()
  it("gives results, errors and yields", function()
    local co = coroutine.create(function()
      return protected_call(function(a, b)
        local c = coroutine.yield(a)
        return b, nil, c
      end, 1, 2)
    end)
    assert.same({ true, 1 }, { coroutine.resume(co) })
    assert.same({ true, true, 2, nil, 3 }, { coroutine.resume(co, 3) })
    local ok, problem = protected_call(error, { code = 7 })
    assert.is_false(ok)
    assert.equal(7, problem.code)
  end)

  it("calls what can be called", function()
    local callable = setmetatable({}, { __call = function(_, a) return a end })
    assert.same({ true, "x" }, { protected_call(callable, "x") })
  end)
end)
