-- What `jdvm emulator --explain` prints: the faults, their conditions and the settings, from their tables.
local fault_rules = require "jdvm.emulator.fault_rules"
local faults = require "jdvm.emulator.faults"
local settings = require "jdvm.emulator.settings"

local function add(lines, title, entries)
  lines[#lines + 1] = title
  for _, name in ipairs(settings.names(entries)) do
    local kind, meaning, default = entries[name][1], entries[name][2], entries[name][3]
    kind = type(kind) == "table" and table.concat(kind, "|") or settings.kinds[kind][1]
    if default ~= nil then kind = kind .. "; default " .. tostring(default) end
    lines[#lines + 1] = ("    %-15s %s (%s)"):format(name, meaning, kind)
  end
end

--- What `--fault` and `--set` take.
return function()
  local lines = { "Faults, as kind or kind:name=value,name=value:" }
  for _, name in ipairs(settings.names(faults)) do
    add(lines, "  " .. name .. ": " .. faults[name].doc, faults[name].parameters)
  end
  add(lines, "\nConditions that any fault takes:", fault_rules.conditions)
  add(lines, "\nSettings, as name=value:", settings.entries)
  return table.concat(lines, "\n") .. "\n"
end
