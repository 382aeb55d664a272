-- Loops that are left at a random place, over and over: nothing stays behind, neither sockets nor memory.
local emulator = require "spec.support.emulator"
local own_process = require "spec.support.own_process"

local MEASURED = { ["Lua 5.1"] = true, ["Lua 5.4"] = true }
local BREAKS = tonumber(os.getenv "JDVM_BREAKS") or (MEASURED[_VERSION] and 1000 or 300)

describe("loops left at a random place", function()
  local server

  setup(function() server = emulator.start { images = 200 } end)
  teardown(function() server.stop() end)

  it("leave no socket and no memory behind #measures #long", function()
    local owner = server.accounts.owner
    local output = own_process.run(
      ([[require "spec.support.left_loops"(%d, { region = %q, endpoint = %q, no_proxy = "*", access_key = %q, secret_key = %q })]]):format(
        BREAKS,
        server.regions[1],
        server.endpoint,
        owner.access_key,
        owner.secret_key
      )
    )
    local seen = {}
    for number in output:gmatch "%d+" do
      seen[#seen + 1] = tonumber(number)
    end
    assert.equal(7, #seen, output)
    local sockets_before, sockets_after, most = seen[1], seen[2], seen[3]
    local heap_before, heap_after, resident_before, resident_after = seen[4], seen[5], seen[6], seen[7]
    print(("note: %d loops left; sockets, heap and resident KiB before and after: %s"):format(BREAKS, output))
    assert.is_true(sockets_after <= sockets_before + 8)
    assert.is_true(most < 300)
    assert.is_true(heap_after < heap_before * 1.1 + 256)
    assert.is_true(resident_after < resident_before * 1.15 + 1024)
  end)
end)
