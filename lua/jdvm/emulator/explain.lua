-- What `jdvm emulator --explain` prints: the faults, their conditions and the settings, from their tables.
local chinese = require "jdvm.emulator.chinese"
local fault_rules = require "jdvm.emulator.fault_rules"
local faults = require "jdvm.emulator.faults"
local settings = require "jdvm.emulator.settings"

---@param language "en"|"zh"
---@return string
return function(language)
  local is_chinese = language == "zh"
  local lines = {}

  local function say(text) return is_chinese and chinese[text] or text end

  local function add(title, entries)
    lines[#lines + 1] = title
    for _, name in ipairs(settings.names(entries)) do
      local kind, meaning, default = entries[name][1], entries[name][2], entries[name][3]
      kind = type(kind) == "table" and table.concat(kind, "|") or say(settings.kinds[kind][1])
      if default ~= nil then kind = kind .. (is_chinese and "；默认 " or "; default ") .. tostring(default) end
      lines[#lines + 1] = (is_chinese and "    %-15s %s（%s）" or "    %-15s %s (%s)"):format(
        name,
        say(meaning),
        kind
      )
    end
  end

  lines[1] = is_chinese and "故障，写作 kind 或 kind:name=value,name=value："
    or "Faults, as kind or kind:name=value,name=value:"
  for _, name in ipairs(settings.names(faults)) do
    add("  " .. name .. (is_chinese and "：" or ": ") .. say(faults[name].doc), faults[name].parameters)
  end
  add(
    is_chinese and "\n适用于所有故障的条件：" or "\nConditions that any fault takes:",
    fault_rules.conditions
  )
  add(is_chinese and "\n设置项，写作 name=value：" or "\nSettings, as name=value:", settings.entries)
  return table.concat(lines, "\n") .. "\n"
end
