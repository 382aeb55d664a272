-- Runs the examples of the reference's chapters (docs/lib/loops.lua) as they stand, against the emulator.
local emulator = require "spec.support.emulator"
local loops = require "docs.lib.loops"
local own_process = require "spec.support.own_process"

describe("an example of the reference", function()
  local server

  setup(function() server = emulator.start { images = 60 } end)
  teardown(function() server.stop() end)

  for _, chapter in ipairs(loops) do
    for i, part in ipairs(chapter.en) do
      local code = type(part) == "table" and part[1]
      -- Debian has lua-http, with all that it needs, for Lua 5.1 and 5.2, and so for LuaJIT.
      if code and not (part.module and _VERSION > "Lua 5.2") then
        it(("runs: %s, %d"):format(chapter.anchor, i), function()
          local head = ([[
            local jdvm = require "jdvm"
            local options = { region = %q, endpoint = %q, access_key = %q, secret_key = %q, no_proxy = "*" }
          ]]):format(
            server.regions[1],
            server.endpoint,
            server.accounts.owner.access_key,
            server.accounts.owner.secret_key
          )
          local printed = own_process.run(head .. code)
          -- What it prints is a number for each list that it reads.
          assert.is_nil(printed:find "[Ee]rror" or printed:find "traceback", printed)
          assert.matches("^%a*%s*[1-9]%d*", printed)
        end)
      end
    end
  end

  it("is the same in both languages", function()
    for _, chapter in ipairs(loops) do
      for i, part in ipairs(chapter.en) do
        assert.equal(type(part), type(chapter.zh[i]))
        if type(part) == "table" then assert.equal(part[1], chapter.zh[i][1]) end
      end
    end
  end)
end)
