local explain = require "jdvm.emulator.explain"

describe("jdvm.emulator.explain", function()
  it("lists faults, conditions and settings with kinds and defaults", function()
    local text = explain "en"
    assert.matches("\n  throttle: 429, too many requests\n", text)
    assert.matches("\n    retry_after     seconds in a Retry%-After header %(a number from 0%)\n", text)
    assert.matches("\n    format          how Retry%-After is written %(seconds|date; default seconds%)\n", text)
    assert.matches("\n    skew            .-; default 900%)\n", text)
  end)

  it("speaks Chinese", function()
    local text = explain "zh"
    assert.matches("\n  throttle：429，请求过于频繁\n", text)
    assert.matches("\n    format          Retry%-After 的写法（seconds|date；默认 seconds）\n", text)
  end)
end)
