-- Writes answers with their keys in the service's order, the same bytes on every Lua. Pure.

local M = {}

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(character) return ESCAPES[character] or ("\\u%04x"):format(character:byte()) end

---@param text string UTF-8
---@return string quoted
function M.string(text) return '"' .. text:gsub('[%c"\\]', escape) .. '"' end

---@param value string|number|boolean
---@return string
function M.scalar(value)
  local kind = type(value)
  if kind == "string" then return M.string(value) end
  if kind == "number" then return value % 1 == 0 and ("%.0f"):format(value) or ("%.17g"):format(value) end
  return tostring(value)
end

local write_value

-- Pieces go to `out` from `n` on; the new n comes back. One concatenation at the end costs far less than one
-- for each object.
local function write_object(out, n, object, layout)
  local is_first = true
  n = n + 1
  out[n] = "{"
  for i = 1, #layout do
    local field = layout[i]
    local value = object[field.name]
    if value ~= nil then
      if type(value) == "string" then
        out[n + 1] = is_first and field.first_text or field.next_text
        out[n + 2] = value:find('[%c"\\]') and value:gsub('[%c"\\]', escape) or value
        out[n + 3] = '"'
        n = n + 3
      else
        out[n + 1] = is_first and field.first or field.next
        n = write_value(out, n + 1, value, field)
      end
      is_first = false
    end
  end
  out[n + 1] = "}"
  return n + 1
end

write_value = function(out, n, value, field)
  if type(value) ~= "table" then
    out[n + 1] = M.scalar(value)
    return n + 1
  elseif field.layout and not field.array then
    return write_object(out, n, value, field.layout)
  end
  n = n + 1
  out[n] = "["
  for i = 1, #value do
    if i > 1 then
      n = n + 1
      out[n] = ","
    end
    if field.layout then
      n = write_object(out, n, value[i], field.layout)
    else
      n = n + 1
      out[n] = M.scalar(value[i])
    end
  end
  out[n + 1] = "]"
  return n + 1
end

--- A layout from field names in their order; `{name, layout}` is an object, `{name, layout, array = true}` an array of
--- them.
---@param fields table[]
---@return table layout
function M.layout(fields)
  local layout = {}
  for i, field in ipairs(fields) do
    if type(field) == "string" then field = { field } end
    local name = M.string(field[1]) .. ":"
    layout[i] = {
      name = field[1],
      layout = field[2],
      array = field.array,
      first = name,
      next = "," .. name,
      first_text = name .. '"',
      next_text = "," .. name .. '"',
    }
  end
  return layout
end

---@param object table
---@param layout table from `layout`
---@return string
function M.write(object, layout)
  local out = {}
  return table.concat(out, "", 1, write_object(out, 0, object, layout))
end

--- Any value of tables, strings, numbers and booleans; keys in alphabetical order, an empty table is an array.
---@param value any
---@return string
function M.encode(value)
  if type(value) ~= "table" then return M.scalar(value) end
  local parts, names = {}, {}
  if value[1] ~= nil or next(value) == nil then
    for i, item in ipairs(value) do
      parts[i] = M.encode(item)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = M.string(name) .. ":" .. M.encode(value[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

return M
