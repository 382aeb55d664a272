-- Writes answers with their keys in the service's order, the same bytes on every Lua.

local M = {}

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(character)
  return ESCAPES[character] or ("\\u%04x"):format(character:byte())
end

---@param text string UTF-8
---@return string quoted
function M.string(text)
  return '"' .. text:gsub('[%c"\\]', escape) .. '"'
end

---@param value string|number|boolean
---@return string
function M.scalar(value)
  local kind = type(value)
  if kind == "string" then return M.string(value) end
  if kind == "number" then return value % 1 == 0 and ("%.0f"):format(value) or ("%.17g"):format(value) end
  return tostring(value)
end

local write

local function write_array(values, layout)
  local out = {}
  for i, value in ipairs(values) do out[i] = write(value, layout) end
  return "[" .. table.concat(out, ",") .. "]"
end

local function write_object(object, layout)
  local out = {}
  for _, field in ipairs(layout) do
    local value = object[field.name]
    if value ~= nil then
      out[#out + 1] = field.prefix .. write(value, field.layout, field.array)
    end
  end
  return "{" .. table.concat(out, ",") .. "}"
end

write = function(value, layout, array)
  if type(value) ~= "table" then return M.scalar(value) end
  if array or not layout then return write_array(value, layout) end
  return write_object(value, layout)
end

---A layout from field names; a name with a table is an object, `{layout, array = true}` an array of them.
---@param fields table[] `{name, layout?, array?}`
---@return table layout
function M.layout(fields)
  local layout = {}
  for i, field in ipairs(fields) do
    if type(field) == "string" then field = { field } end
    layout[i] = { name = field[1], prefix = M.string(field[1]) .. ":", layout = field[2], array = field.array }
  end
  return layout
end

---@param object table
---@param layout table from `layout`
---@return string
M.write = write_object

---Any value of tables, strings, numbers and booleans; keys in alphabetical order, an empty table is an array.
---@param value any
---@return string
function M.encode(value)
  if type(value) ~= "table" then return M.scalar(value) end
  local parts, names = {}, {}
  if value[1] ~= nil or next(value) == nil then
    for i, item in ipairs(value) do parts[i] = M.encode(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = M.string(name) .. ":" .. M.encode(value[name]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

return M
