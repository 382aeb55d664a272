-- One row (an image) as lines of `field  value`; nested fields are indented, and each element of a list begins with a
-- dash.
local fields = require "jdvm.cli.fields"
local models = require "jdvm.service.models"
local terminal = require "jdvm.cli.terminal"

-- The narrowest column of values in which long ones are broken.
local NARROWEST = 10

-- The names of an object's fields: those of its model in its order, then the others.
local function names_of(object, model)
  local names, is_known, others = {}, {}, {}
  for _, field in ipairs(model) do
    is_known[field.name] = field
    if object[field.name] ~= nil then names[#names + 1] = field.name end
  end
  for name in pairs(object) do
    if not is_known[name] then others[#others + 1] = name end
  end
  table.sort(others)
  for _, name in ipairs(others) do
    names[#names + 1] = name
  end
  return names, is_known
end

local add_object

local function is_object(value) return type(value) == "table" and value[1] == nil and next(value) ~= nil end

local function add_value(lines, label, value, model, indent)
  if is_object(value) then
    lines[#lines + 1] = { label }
    add_object(lines, value, model, indent .. "  ")
  elseif type(value) == "table" and is_object(value[1]) then
    lines[#lines + 1] = { label }
    for _, element in ipairs(value) do
      local first = #lines + 1
      add_value(lines, "", element, model, indent .. "  ")
      -- The dash stands in place of the blanks before the element's first field.
      if is_object(element) then table.remove(lines, first) end
      lines[first][1] = indent .. "  - " .. lines[first][1]:sub(#indent + 5)
    end
  else
    local text = type(value) == "table" and next(value) == nil and "none" or fields.text_of(value)
    lines[#lines + 1] = { label, terminal.printable(text) }
  end
end

function add_object(lines, object, model, indent)
  local names, is_known = names_of(object, model)
  for _, name in ipairs(names) do
    local nested = is_known[name] and models.by_name[is_known[name].type:gsub("%[%]$", "")]
    add_value(lines, indent .. terminal.printable(name), object[name], nested or {}, indent)
  end
end

---The lines of a row.
---@param row table
---@param model table[] its fields, see models.by_name
---@param columns integer? of the screen; nil when it goes to none
---@return string
return function(row, model, columns)
  local lines, widest, parts = {}, 0, {}
  add_object(lines, row, model, "")
  for _, line in ipairs(lines) do
    widest = math.max(widest, terminal.width(line[1]))
  end
  for _, line in ipairs(lines) do
    local label = line[2] and line[1] .. terminal.padding(line[1], widest) .. "  " or line[1]
    local room = columns and columns - widest - 2 or 0
    local value = line[2] or ""
    if room >= NARROWEST then value = terminal.wrap(value, room):gsub("\n", "\n" .. (" "):rep(widest + 2)) end
    parts[#parts + 1] = (label .. value):gsub(" +$", "") .. "\n"
  end
  return table.concat(parts)
end
