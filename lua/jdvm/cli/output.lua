-- How rows (images) are printed: as a table for people, as JSON, JSON lines, CSV or bare ids for programs.
-- A format is given one row at a time, so that the first is out before the last page is fetched.
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

-- How many fields a table shows when an operation does not name its columns.
local COLUMNS = 8

-- A table that is printed while it is read is aligned by its first rows.
local ROWS_THAT_ALIGN = 100

-- The key under which the decoder leaves a row's own JSON text (option `source`).
local SOURCE = "_json"

local PLAIN = { string = true, integer = true, boolean = true }

-- The first elements of a list, as a new one.
local function first(list, count)
  local taken = {}
  for i = 1, math.min(count, #list) do
    taken[i] = list[i]
  end
  return taken
end

---What a table or CSV shows unless `--columns` says otherwise: the columns the operation names, else the
---first plain fields of what it lists, or the first of all where none is plain.
---@param operation table
---@return string[]
function output.default_columns(operation)
  if operation.columns then return first(operation.columns, #operation.columns) end
  local plain, all = {}, {}
  for i, field in ipairs(operations.item_model(operation)) do
    all[i] = field.name
    if PLAIN[field.type] then plain[#plain + 1] = field.name end
  end
  return first(#plain > 0 and plain or all, COLUMNS)
end

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

-- What stands in a cell.
local function cell_of(row, region, column)
  if column == output.REGION then return region or "" end
  return text_at(row, column)
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

local function nothing() end

local makers = {}

function makers.jsonl(_, write)
  return {
    row = function(row, region) write(json_of(row, region), "\n") end,
    finish = nothing,
    abandon = nothing,
    flush = nothing,
  }
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
    flush = nothing,
  }
end

function makers.ids(_, write, _, id)
  return {
    row = function(row) write(row[id] .. "\n") end,
    finish = nothing,
    abandon = nothing,
    flush = nothing,
  }
end

-- RFC 4180: a cell with a quote, a comma or a line break stands in quotes.
local function csv_cell(text)
  if text:find('[",\r\n]') then return '"' .. text:gsub('"', '""') .. '"' end
  return text
end

function makers.csv(columns, write, _, _, own_region)
  local heading = {}
  for i, column in ipairs(columns) do
    heading[i] = csv_cell(column)
  end
  write(table.concat(heading, ",") .. "\r\n")
  return {
    row = function(row, region)
      local cells = {}
      for i, column in ipairs(columns) do
        cells[i] = csv_cell(cell_of(row, region or own_region, column))
      end
      write(table.concat(cells, ",") .. "\r\n")
    end,
    finish = nothing,
    abandon = nothing,
    flush = nothing,
  }
end

-- The least that a column is narrowed to.
local NARROWEST = 4

-- How many columns more than the screen has a line takes.
local function excess(widths, screen)
  local total = 2 * (#widths - 1)
  for _, width in ipairs(widths) do
    total = total + width
  end
  return total - screen
end

-- The widest column but the kept one; nil when none can give anything.
local function widest_of(widths, kept)
  local widest
  for i, width in ipairs(widths) do
    if i ~= kept and width > (widest and widths[widest] or NARROWEST) then widest = i end
  end
  return widest
end

-- Makes a line fit the screen: first without the last columns, as far as `least` allows, then by narrowing the widest.
-- The id stays whole whatever happens: half of it is of no use to anybody.
local function fit(widths, screen, id_column, least)
  while #widths > least and excess(widths, screen) > 0 do
    widths[#widths] = nil
  end
  local widest = widest_of(widths, id_column)
  while widest and excess(widths, screen) > 0 do
    widths[widest] = widths[widest] - 1
    widest = widest_of(widths, id_column)
  end
end

local function index_of(list, wanted)
  for i, value in ipairs(list) do
    if value == wanted then return i end
  end
  return nil
end

-- The colour of a state (ANSI SGR).
local COLOURS = { ready = "32", pending = "33", deleting = "33", error = "31" }

function makers.table(columns, write, screen, id, own_region)
  local waiting, widths = { columns }, nil
  local id_column = index_of(columns, id)
  -- Columns that were asked for are all shown; of the usual ones those up to the id and the name after it.
  local least = screen and screen.may_drop and (id_column or 0) + 1 or #columns

  local function print_row(cells, is_heading)
    local parts = {}
    for i, width in ipairs(widths) do
      local cell = cells[i]
      cell = screen and i ~= id_column and terminal.clip(cell, width) or cell
      local padding = i < #widths and terminal.padding(cell, width) or ""
      if screen and screen.colour and (is_heading or columns[i] == "status") then
        cell = terminal.paint(cell, is_heading and "1" or COLOURS[cell])
      end
      parts[i] = cell .. padding
    end
    write(table.concat(parts, "  "):gsub(" +$", "") .. "\n")
  end

  local function align()
    widths = {}
    for i = 1, #columns do
      widths[i] = 1
      for _, cells in ipairs(waiting) do
        widths[i] = math.max(widths[i], terminal.width(cells[i]))
      end
    end
    if screen then
      fit(widths, screen.columns, id_column, least)
      if #widths < #columns then screen.left_out(table.concat(columns, ",", #widths + 1)) end
    end
    for i, cells in ipairs(waiting) do
      print_row(cells, i == 1)
    end
    waiting = nil
  end

  local function finish()
    if not widths then align() end
  end

  return {
    row = function(row, region)
      local cells = {}
      for i, column in ipairs(columns) do
        cells[i] = terminal.printable(cell_of(row, region or own_region, column))
      end
      if widths then
        print_row(cells)
      else
        waiting[#waiting + 1] = cells
      end
    end,
    flush = function()
      if not widths and #waiting > ROWS_THAT_ALIGN then align() end
    end,
    finish = finish,
    abandon = function()
      if widths or #waiting > 1 then finish() end
    end,
  }
end

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
  return makers[format](columns, write, screen, id, region), options
end

---One row as lines of `field  value`, nested fields by their dotted names, those the model does not know last.
---@param row table
---@param model table[] its fields, see models.by_name
---@return string
function output.describe(row, model)
  local names, values, widest = {}, {}, 0
  local function add(name, value)
    names[#names + 1] = name
    values[#values + 1] = terminal.printable(text_of(value))
    widest = math.max(widest, #name)
  end
  local function walk(object, fields, prefix)
    local others = {}
    for name in pairs(object) do
      others[name] = true
    end
    for _, field in ipairs(fields) do
      local value, nested = object[field.name], models.by_name[field.type]
      others[field.name] = nil
      if type(value) == "table" and nested then
        walk(value, nested, prefix .. field.name .. ".")
      elseif value ~= nil then
        add(prefix .. field.name, value)
      end
    end
    local sorted = {}
    for name in pairs(others) do
      sorted[#sorted + 1] = name
    end
    table.sort(sorted)
    for _, name in ipairs(sorted) do
      add(prefix .. name, object[name])
    end
  end
  walk(row, model, "")
  local lines = {}
  for i, name in ipairs(names) do
    lines[i] = (name .. terminal.padding(name, widest) .. "  " .. values[i]):gsub(" +$", "")
  end
  return table.concat(lines, "\n") .. "\n"
end

return output
