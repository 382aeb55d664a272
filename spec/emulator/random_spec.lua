-- jdvm.emulator.random: the same numbers on every Lua, and ids that lead back to where an image stands.
local random = require "jdvm.emulator.random"

describe("the emulator's numbers", function()
  it("are the same on every Lua", function()
    assert.equal("0.275415", ("%.6f"):format(random.unit(1, 1)))
    assert.equal("z2p0vgxwor", random.text(1, 2, 10))
    assert.equal("8xuptrfjsd", random.encode_pair(1, 4, 2))
  end)

  it("become ids that never collide and can be undone", function()
    local seen = {}
    for left = 1, 32 do
      for right = 1, 100 do
        local text = random.encode_pair(3, left, right)
        assert.is_nil(seen[text])
        seen[text] = true
        assert.same({ left, right }, { random.decode_pair(3, text) })
      end
    end
    for _, text in ipairs { "", "short", "UPPERCASES", "elevenchars" } do
      assert.is_nil((random.decode_pair(3, text)))
    end
  end)
end)
