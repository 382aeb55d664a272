-- jdvm.emulator.settings: how values are read.
local emulator = require "jdvm.emulator"
local settings = require "jdvm.emulator.settings"

describe("the emulator's settings", function()
  it("read a value of each kind, typed or of the right type", function()
    for kind, cases in pairs {
      number = { ["0.5"] = 0.5, ["7"] = 7 },
      integer = { ["12"] = 12 },
      signed = { ["-7200"] = -7200 },
      share = { ["0"] = 0, ["1"] = 1 },
      boolean = { on = true, ["false"] = false, ["1"] = true },
      text = { ["a=b"] = "a=b" },
    } do
      for text, value in pairs(cases) do
        assert.equal(value, settings.read_value("x", kind, text))
        assert.equal(value, settings.read_value("x", kind, value))
      end
    end
    assert.equal("503", tostring(settings.read_value("x", "integer", 503.0)))
    assert.equal("b", settings.read_value("x", { "a", "b" }, "b"))
  end)

  it("say what a value should have been", function()
    for kind, case in pairs {
      number = { "-1", "a number from 0" },
      integer = { "1.5", "a whole number from 0" },
      positive = { "0", "a whole number from 1" },
      signed = { "nan", "a number" },
      share = { "1.01", "a number from 0 to 1" },
      boolean = { "maybe", "true or false" },
    } do
      local message = ('x must be %s, not "%s"'):format(case[2], case[1])
      assert.same({ nil, message }, { settings.read_value("x", kind, case[1]) })
    end
    assert.same({ nil, 'x must be a, b or c, not "d"' }, { settings.read_value("x", { "a", "b", "c" }, "d") })
  end)

  it("refuses settings that are none", function()
    for name, message in pairs {
      latencyy = [[unknown setting "latencyy"; did you mean 'latency'?]],
      past_end = [[setting past_end must be empty or clamped, not "x"]],
      skew = [[setting skew must be a number from 0, not "x"]],
    } do
      assert.same({ nil, message }, { emulator.new { settings = { [name] = "x" } } })
    end
  end)
end)
