local chinese = require "jdvm.emulator.chinese"
local conditions = require("jdvm.emulator.fault_rules").conditions
local faults = require "jdvm.emulator.faults"
local settings = require "jdvm.emulator.settings"

describe("jdvm.emulator.chinese", function()
  it("has every text of the faults, conditions and settings, and no other", function()
    local expected = {}
    local function expect(entries)
      for _, entry in pairs(entries) do
        expected[entry[2]] = true
      end
    end
    for _, fault in pairs(faults) do
      expected[fault.doc] = true
      expect(fault.parameters)
    end
    expect(conditions)
    expect(settings.entries)
    for _, kind in pairs(settings.kinds) do
      expected[kind[1]] = true
    end
    local has = {}
    for text in pairs(chinese) do
      has[text] = true
    end
    assert.same(expected, has)
  end)
end)
