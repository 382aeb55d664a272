local uv = require "luv"

local cases = require "spec.support.loop_cases"("jdvm.loops.luv", {
  spawn = function(work) assert(coroutine.resume(coroutine.create(work))) end,
  sleep = function(seconds)
    local thread, handle = coroutine.running(), seconds > 0 and uv.new_timer() or uv.new_idle()
    local function wake()
      handle:close()
      assert(coroutine.resume(thread))
    end
    if seconds > 0 then
      handle:start(math.ceil(seconds * 1000), 0, wake)
    else
      handle:start(wake)
    end
    coroutine.yield()
  end,
  run = function() uv.run() end,
})

describe("jdvm.loops.luv", function()
  setup(cases.setup)
  teardown(cases.teardown)
  before_each(cases.before_each)
  for _, case in ipairs(cases) do
    it(case[1], case[2])
  end
end)
