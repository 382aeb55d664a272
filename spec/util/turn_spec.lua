--- Whether work goes on that may be ended from outside.
local turns = require "jdvm.util.turn"

describe("a turn", function()
  it("goes on from the call of its work to its end, through yields", function()
    local turn = turns.new(function(a, b)
      coroutine.yield(a)
      return b, nil
    end)
    assert.is_false(turn:goes_on())
    local co = coroutine.create(function() return turn.work("a", "b") end)
    assert.same({ true, "a" }, { coroutine.resume(co) })
    assert.is_true(turn:goes_on())
    local results = { coroutine.resume(co) }
    assert.equal("b", results[2])
    assert.is_false(turn:goes_on())
  end)

  it("is over when its coroutine does something else", function()
    local turn, ok
    local co = coroutine.create(function()
      ok = pcall(turn.work)
      coroutine.yield()
    end)
    turn = turns.new(function() error "ended" end)
    coroutine.resume(co)
    assert.is_false(ok)
    assert.equal("suspended", coroutine.status(co))
    assert.is_false(turn:goes_on())
  end)

  it("is over when nobody can resume it", function()
    local turn = turns.new(coroutine.yield)
    coroutine.wrap(function() turn.work() end)()
    collectgarbage()
    collectgarbage()
    assert.is_false(turn:goes_on())
  end)

  it("goes on in the main coroutine", function()
    local turn
    turn = turns.new(function()
      return turn:goes_on(), coroutine.wrap(function() return turn:goes_on() end)()
    end)
    assert.same({ true, true }, { turn.work() })
  end)

  it("is that of what its work calls, and of nobody else", function()
    local turn, inside
    turn = turns.new(function()
      inside = pcall(function() assert(turn:is_mine()) end)
      coroutine.yield()
    end)
    local co = coroutine.create(function() turn.work() end)
    coroutine.resume(co)
    assert.is_true(inside)
    assert.is_false(turn:is_mine())
    assert.is_false(coroutine.wrap(function() return turn:is_mine() end)())
  end)
end)
