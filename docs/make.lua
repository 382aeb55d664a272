-- Writes the files that follow from the tables of the library: editor types and reference pages.
-- Run from the top of the repository: lua docs/make.lua (or make docs). spec/reference_spec.lua checks
-- that the files are current.

package.path = "lua/?.lua;./?.lua;" .. package.path

local types = require "docs.lib.types"
local reference = require "docs.lib.reference"
local emulator = require "docs.lib.emulator"

local files = {
  { path = "lua/jdvm/types.lua", make = types },
  { path = "docs/reference.md", make = function() return reference "en" end },
  { path = "docs/reference.zh.md", make = function() return reference "zh" end },
  { path = "docs/emulator.md", make = emulator },
}

if arg and arg[0] and arg[0]:find("make%.lua$") then
  for _, file in ipairs(files) do
    local out = assert(io.open(file.path, "wb"))
    assert(out:write(file.make()))
    assert(out:close())
    io.write(file.path, "\n")
  end
end

return files
