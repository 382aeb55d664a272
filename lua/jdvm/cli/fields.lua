-- The fields of rows by their dotted names: which there are, what a table calls them, what they hold as text.
local check = require "jdvm.options.check"
local encode = require "jdvm.util.json"
local models = require "jdvm.service.models"
local operations = require "jdvm.service.operations"
local say = require("jdvm.cli.language").say

local fields = {}

---The column that tells rows of several regions apart.
fields.REGION = "region"

---A value as text. Integers print without a fraction or an exponent on every Lua; lists and objects print as JSON.
---@param value any
---@return string
function fields.text_of(value)
  if value == nil then
    return ""
  elseif type(value) == "table" or type(value) == "userdata" then
    return (encode(value, true))
  end
  local text = tostring(value)
  -- Digits alone are exact already; as a double an integer of 64 bits would lose some.
  if type(value) == "number" and value % 1 == 0 and not text:find("^-?%d+$") then return ("%.0f"):format(value) end
  return text
end

-- The first part of a dotted name, and the rest.
local function split(path) return path:match("^([^.]+)%.?(.*)$") end

---The value at a dotted name ("systemDisk.cloudDisk.diskSizeGB"), or nil.
---@param value any
---@param path string
---@return any
function fields.value_at(value, path)
  local name, rest = split(path)
  if not name then return value end
  return type(value) == "table" and fields.value_at(value[name], rest) or nil
end

---The text at a dotted name; "" where the row has no such field. A path through an array ("dataDisks.deviceName") gives
---what its elements hold, separated by commas.
---@param value any
---@param path string
---@return string
function fields.text_at(value, path)
  local name, rest = split(path)
  if not name then
    return fields.text_of(value)
  elseif type(value) ~= "table" then
    return ""
  elseif value[1] == nil then
    return fields.text_at(value[name], rest)
  end
  local parts = {}
  for i, element in ipairs(value) do
    parts[i] = fields.text_at(element, path)
  end
  return table.concat(parts, ",")
end

-- The model's entry for a dotted name, or nil: the service may send fields that no model has.
local function find(entries, path)
  local name, rest = split(path)
  for _, entry in ipairs(entries) do
    if entry.name == name then
      local nested = models.by_name[entry.type:gsub("%[%]$", "")]
      if rest == "" then return entry end
      return nested and find(nested, rest)
    end
  end
  return nil
end

---What a table has above a column: a short word for the fields that matter most, else the name itself.
---@param operation table
---@param column string
---@return string
function fields.heading(operation, column)
  local entry = find(operations.item_model(operation), column)
  return entry and entry.heading or column == fields.REGION and "REGION" or column
end

-- The columns in a text such as "imageId,name", checked.
local function parse(context, operation, option, text)
  local columns = {}
  for name in text:gmatch("[^,%s]+") do
    columns[#columns + 1] = name
  end
  if #columns == 0 then context.usage(option .. say(" needs at least one field", " 至少需要一个字段")) end
  local fault = check.fields_fault(operation, columns)
  if fault then context.usage((fault:gsub("^option 'fields': element %d+", option .. ":"))) end
  for _, column in ipairs(columns) do
    if column ~= fields.REGION and not find(operations.item_model(operation), column) then
      context.complain(
        say(
          "jdvm: no field '%s' is known; the column is empty unless the service sends it",
          "jdvm: 未知字段 '%s'；服务未返回该字段时此列为空",
          column
        )
      )
    end
  end
  return columns
end

---The columns to show: those of `--columns`, else the usual ones; tables leave out those that a filter makes the same
---in each row.
---@param context table see jdvm.cli
---@param operation table
---@return string[]
function fields.columns(context, operation)
  local given, columns = context.given, {}
  if given.columns then
    columns = parse(context, operation, "--columns", given.columns)
  else
    for _, column in ipairs(operation.columns) do
      local filter = given[column]
      local is_constant = type(filter) == "table" and #filter == 1 and filter[1] ~= "" and filter[1] ~= "all"
      if not (is_constant and (given.output or "table") == "table") then columns[#columns + 1] = column end
    end
  end
  local has_region = false
  for _, column in ipairs(columns) do
    has_region = has_region or column == fields.REGION
  end
  if #context.regions > 1 and not has_region then table.insert(columns, 1, fields.REGION) end
  return columns
end

---The field of `--sort`, and whether the greatest comes first; nil when none was given.
---@param context table
---@param operation table
---@return string? column
---@return boolean? is_descending
function fields.sorting(context, operation)
  local text = context.given.sort
  if not text then return nil end
  return parse(context, operation, "--sort", text:gsub("^-", ""))[1], text:sub(1, 1) == "-"
end

return fields
