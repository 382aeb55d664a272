local cqueues = require "cqueues"

local queue = cqueues.new()

local cases = require "spec.support.loop_cases"("jdvm.loops.cqueues", {
  spawn = function(work) queue:wrap(work) end,
  sleep = cqueues.sleep,
  run = function() assert(queue:loop()) end,
})

describe("jdvm.loops.cqueues", function()
  setup(cases.setup)
  teardown(cases.teardown)
  before_each(cases.before_each)
  for _, case in ipairs(cases) do
    it(case[1], case[2])
  end
end)
