-- How rows (images) are printed: as a table for people, as JSON, JSON lines, CSV or bare ids for programs.
-- A format is given one row at a time, so that the first is out before the last page is fetched.
local aligned = require "jdvm.cli.table"
local check = require "jdvm.options.check"
local core = require "jdvm.core"
local encode = require "jdvm.util.json"
local models = require "jdvm.service.models"
local operations = require "jdvm.service.operations"
local terminal = require "jdvm.cli.terminal"
local texts = require "jdvm.util.text"

local output = {}

---The names that `--output` takes.
output.formats = { "table", "json", "jsonl", "csv", "ids" }

---Those of them that show columns; the others have their own fields.
output.has_columns = { table = true, csv = true }

---The column that tells rows of several regions apart.
output.REGION = "region"

-- The key under which the decoder leaves a row's own JSON text (option `source`).
local SOURCE = "_json"

-- Integers print without a fraction or an exponent on every Lua; lists and objects print as JSON.
local function text_of(value)
  if value == nil then
    return ""
  elseif type(value) == "table" then
    return (encode(value, true))
  end
  local text = tostring(value)
  -- Digits alone are exact already; as a double an integer of 64 bits would lose some.
  if type(value) == "number" and value % 1 == 0 and not text:find("^-?%d+$") then return ("%.0f"):format(value) end
  return text
end

-- The text at a dotted column name ("systemDisk.cloudDisk.diskSizeGB"); "" where the row has no such field. A
-- path through an array ("dataDisks.deviceName") gives what its elements hold, separated by commas.
local function text_at(value, path)
  local name, rest = path:match("^([^.]+)%.?(.*)$")
  if not name then
    return text_of(value)
  elseif type(value) ~= "table" then
    return ""
  elseif value[1] == nil then
    return text_at(value[name], rest)
  end
  local parts = {}
  for i, element in ipairs(value) do
    parts[i] = text_at(element, path)
  end
  return table.concat(parts, ",")
end

---Whether a model knows a dotted column name; the service may send others.
---@param fields table[] see operations.item_model
---@param path string
---@return boolean
function output.is_known(fields, path)
  local name, rest = path:match("^([^.]+)%.?(.*)$")
  for _, field in ipairs(fields) do
    if field.name == name then
      local nested = models.by_name[field.type:gsub("%[%]$", "")]
      return rest == "" or (nested ~= nil and output.is_known(nested, rest))
    end
  end
  return false
end

-- A row's JSON text on one line: raw line breaks can only stand between tokens. Text that is no UTF-8, which makes no
-- JSON, becomes U+FFFD. Among rows of several regions each says where it is from.
local function json_of(row, region)
  local text = row[SOURCE]
  if texts.utf8_fault(text) then text = encode(core.decode(text, { utf8 = "replace", null = "keep" }), true) end
  if region then
    text = text:gsub("^{%s*", function() return '{"region":"' .. region .. '",' end, 1):gsub(",}$", "}")
  end
  if text:find("\n", 1, true) or text:find("\r", 1, true) then return (text:gsub("[\r\n]+[ \t]*", " ")) end
  return text
end

local makers = {}

function makers.jsonl(_, write)
  return { row = function(row, region) write(json_of(row, region), "\n") end }
end

function makers.json(_, write)
  local rows = 0
  return {
    row = function(row, region)
      write(rows == 0 and "[\n" or ",\n", json_of(row, region))
      rows = rows + 1
    end,
    finish = function() write(rows == 0 and "[]\n" or "\n]\n") end,
    -- What would be no JSON at all is better than an array that looks whole.
    abandon = function()
      if rows > 0 then write("\n") end
    end,
  }
end

function makers.ids(_, write, _, id)
  return { row = function(row) write(row[id] .. "\n") end }
end

-- RFC 4180: a cell with a quote, a comma or a line break stands in quotes.
local function csv_cell(text)
  if text:find('[",\r\n]') then return '"' .. text:gsub('"', '""') .. '"' end
  return text
end

function makers.csv(columns, write, _, _, cell_of)
  local function write_line(cell_of_column)
    local cells = {}
    for i, column in ipairs(columns) do
      cells[i] = csv_cell(cell_of_column(column))
    end
    write(table.concat(cells, ",") .. "\r\n")
  end
  write_line(function(column) return column end)
  return {
    row = function(row, region)
      write_line(function(column) return cell_of(row, region, column) end)
    end,
  }
end

makers.table = aligned.new

local function nothing() end
local PRINTER = { __index = { flush = nothing, finish = nothing, abandon = nothing } }

---The formats for what an operation gives. Bare ids are for lists: what is asked for by its id has none to tell.
---@param operation table
---@return string[]
function output.formats_of(operation)
  local formats = {}
  for _, format in ipairs(output.formats) do
    if format ~= "ids" or operation.page then formats[#formats + 1] = format end
  end
  return formats
end

---A printer of rows.
---@param format string one of `output.formats`
---@param columns string[] dotted field names, for tables and CSV
---@param operation table what the rows come from
---@param write fun(...: string)
---@param screen table? a terminal that a table has to fit: columns, colour, may_drop (whether its last columns may be
---left out for that) and left_out(names), told of those that are; nil = as wide as it needs
---@param region string? of rows that come without one, for the column `output.REGION`
---@return table printer `row(row, region)` for each (region: of several, else nil), `flush()` after a page,
---`finish()` at the end or `abandon()` where the list broke off
---@return table options what the call needs so that each row carries what the format prints
function output.new(format, columns, operation, write, screen, region)
  local id = operation.page and operation.page.id or operation.id
  local fields, options = { id }, {}
  if output.has_columns[format] then
    for _, column in ipairs(columns) do
      if column ~= output.REGION and column ~= id then fields[#fields + 1] = column end
    end
  elseif format ~= "ids" then
    options.source = SOURCE
  end
  options.fields = fields[1] and fields
  local function cell_of(row, row_region, column)
    if column == output.REGION then return row_region or region or "" end
    return text_at(row, column)
  end
  return setmetatable(makers[format](columns, write, screen, id, cell_of), PRINTER), options
end

-- The columns of `--columns`, else the usual ones.
local function columns_of(context, operation)
  local text, columns, format = context.given.columns, {}, context.given.output
  text = text or table.concat(operation.columns, ",")
  if context.given.columns and format and not output.has_columns[format] then
    context.usage(("--columns is for table and csv; %s has its own fields"):format(format))
  end
  for name in text:gmatch("[^,%s]+") do
    columns[#columns + 1] = name
  end
  if #columns == 0 then context.usage("--columns needs at least one field") end
  local fault = check.fields_fault(operation, columns)
  if fault then context.usage((fault:gsub("^option 'fields': element %d+", "--columns:"))) end
  for _, column in ipairs(columns) do
    if column ~= output.REGION and not output.is_known(operations.item_model(operation), column) then
      context.complain(("jdvm: no field '%s' is known; the column is empty unless the service sends it"):format(column))
    end
  end
  return columns
end

-- The region that a call without one is for.
local function region_in_use(context)
  for _, setting in ipairs(context.client:settings()) do
    if setting.name == "region" then return setting.value end
  end
end

---The printer that a command line asks for.
---@param context table see jdvm.cli
---@param operation table
---@return table printer
---@return table options see `output.new`
function output.printer_for(context, operation)
  local columns, screen = columns_of(context, operation), context.terminal
  local has_region = aligned.index_of(columns, output.REGION) ~= nil
  if #context.regions > 1 and not has_region then table.insert(columns, 1, output.REGION) end
  if screen then
    screen.may_drop = context.given.columns == nil
    screen.left_out = function(names) context.complain(("jdvm: not shown: %s (--columns)"):format(names)) end
  end
  local region = has_region and #context.regions == 1 and region_in_use(context) or nil
  return output.new(context.given.output or "table", columns, operation, context.write, screen, region)
end

---One row as lines of `field  value`, nested fields by their dotted names, those the model does not know last.
---@param row table
---@param model table[] its fields, see models.by_name
---@return string
function output.describe(row, model)
  local names, values, widest = {}, {}, 0
  local function add(name, value)
    names[#names + 1], values[#values + 1] = name, terminal.printable(text_of(value))
    widest = math.max(widest, #name)
  end
  local function walk(object, fields, prefix)
    local is_known, others = {}, {}
    for _, field in ipairs(fields) do
      local value, nested = object[field.name], models.by_name[field.type]
      is_known[field.name] = true
      if type(value) == "table" and nested then
        walk(value, nested, prefix .. field.name .. ".")
      elseif value ~= nil then
        add(prefix .. field.name, value)
      end
    end
    for name in pairs(object) do
      if not is_known[name] then others[#others + 1] = name end
    end
    table.sort(others)
    for _, name in ipairs(others) do
      add(prefix .. name, object[name])
    end
  end
  walk(row, model, "")
  local lines = {}
  for i, name in ipairs(names) do
    lines[i] = (name .. terminal.padding(name, widest) .. "  " .. values[i]):gsub(" +$", "") .. "\n"
  end
  return table.concat(lines)
end

return output
