-- Writes the files that follow from others: editor types and reference pages from the tables of the library, the
-- rockspec of the release from the one of a checkout.
-- Run from the top of the repository: lua docs/make.lua (or make docs). spec/reference_spec.lua checks
-- that the files are current.

package.path = "lua/?.lua;./?.lua;" .. package.path

local types = require "docs.lib.types"
local reference = require "docs.lib.reference"
local emulator = require "docs.lib.emulator"

local RELEASE = "0.1.0"

local function release_rockspec()
  local file = assert(io.open("jdvm-scm-1.rockspec"))
  local text = file:read("*a")
  file:close()
  text = text:gsub('"scm%-1"', '"' .. RELEASE .. '-1"')
  text = text:gsub('url = "file://%."', 'url = "git+file://.", tag = "v' .. RELEASE .. '"')
  return text
end

local files = {
  { path = "lua/jdvm/types.lua", make = types },
  { path = "docs/reference.md", make = function() return reference "en" end },
  { path = "docs/reference.zh.md", make = function() return reference "zh" end },
  { path = "docs/emulator.md", make = function() return emulator "en" end },
  { path = "docs/emulator.zh.md", make = function() return emulator "zh" end },
  { path = "jdvm-" .. RELEASE .. "-1.rockspec", make = release_rockspec },
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
