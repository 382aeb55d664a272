local emulator = require "spec.support.emulator"

describe("the emulator's command", function()
  local server

  teardown(function() server.stop() end)

  it("starts, answers and counts", function()
    server = emulator.start { settings = { skew = 60 } }
    assert.equal("JDVM-EMULATOR-OWNER", server.accounts.owner.access_key)
    assert.equal(4, #server.regions)
    assert.equal(0, server.control("stats").requests)
    assert.equal(60, server.control("settings").skew)
    assert.equal(5, server.control("settings", { skew = 5 }).skew)
  end)
end)
