-- One image as lines of `field  value`.
local core = require "jdvm.core"
local describe_row = require "jdvm.cli.details"

local MODEL = {
  { name = "id", type = "string" },
  { name = "disk", type = "Disk" },
  { name = "disks", type = "InstanceDiskAttachment[]" },
  { name = "formula", type = "string[]" },
}

describe("an image's details", function()
  it("are in the order of the model, nested fields indented, elements of lists behind a dash", function()
    local row = core.decode [[{"zeta":1,"formula":["a","b"],"disks":[{"deviceName":"vdb","localDisk":{"diskSizeGB":20}},
      {"deviceName":"vdc"}],"disk":{"diskId":"v-1","tags":[]},"id":"x","alpha":true,"nothing":{}}]]
    assert.equal(
      [[
id                x
disk
  diskId          v-1
  tags            none
disks
  - localDisk
      diskSizeGB  20
    deviceName    vdb
  - deviceName    vdc
formula           ["a","b"]
alpha             true
nothing           none
zeta              1
]],
      describe_row(row, MODEL)
    )
  end)

  it("take any type where another is expected", function()
    for _, json in ipairs { '{"disks":[{"a":1},2,null,[{}]]}', '{"disks":"x","disk":[1]}', '{"disk":[[{"a":[]}]]}' } do
      assert.is_string(describe_row(core.decode(json, { null = "keep" }), MODEL))
    end
  end)

  it("break long values beside their column on a narrow screen, and hold nothing that turns the text", function()
    local row = { id = "one two three four", formula = "\226\128\174evil\27[31m" }
    assert.equal("id       one two\n         three four\nformula  evil [31m\n", describe_row(row, MODEL, 19))
  end)

  it("have integers of 64 bits whole where Lua has them", function()
    local large = 9007199254740993
    assert.equal(("n  %d\n"):format(large), describe_row({ n = large }, {}))
    assert.equal("n  1000000000000000\n", describe_row({ n = 1e15 }, {}))
  end)
end)
