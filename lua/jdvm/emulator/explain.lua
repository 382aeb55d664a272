-- What `jdvm emulator --explain` prints: the faults, their conditions and the settings, from their tables.
local conditions = require("jdvm.emulator.fault_rules").conditions
local faults = require "jdvm.emulator.faults"
local settings = require "jdvm.emulator.settings"

local function type_of(kind) return type(kind) == "table" and table.concat(kind, "|") or settings.meanings[kind] end

local function add_parameters(lines, entries)
  for _, name in ipairs(settings.names(entries)) do
    local entry = entries[name]
    local default = entry[3] ~= nil and "; default " .. entry[3] or ""
    lines[#lines + 1] = ("    %-14s %s (%s%s)"):format(name, entry[2], type_of(entry[1]), default)
  end
end

--- What `--fault` and `--set` take.
---@return string
return function()
  local lines = { "Faults, as kind or kind:name=value,name=value:" }
  for _, name in ipairs(settings.names(faults)) do
    lines[#lines + 1] = ("  %s: %s"):format(name, faults[name].doc)
    add_parameters(lines, faults[name].parameters)
  end
  lines[#lines + 1] = "\nConditions that any fault takes:"
  add_parameters(lines, conditions)
  lines[#lines + 1] = "\nSettings, as name=value:"
  for _, entry in ipairs(settings.list) do
    lines[#lines + 1] = ("    %-19s %s (%s; default %s)"):format(
      entry[1],
      entry[4],
      type_of(entry[3]),
      tostring(entry[2])
    )
  end
  return table.concat(lines, "\n") .. "\n"
end
