-- How rows (images) are printed: as a table for people, as JSON, JSON lines, CSV, TSV or bare ids for programs.
-- A format is given one row at a time, so that the first is out before the last page is fetched.
local aligned = require "jdvm.cli.table"
local core = require "jdvm.core"
local encode = require "jdvm.util.json"
local fields = require "jdvm.cli.fields"
local say = require("jdvm.cli.language").say
local status = require "jdvm.cli.status"
local terminal = require "jdvm.cli.terminal"
local texts = require "jdvm.util.text"

local output = {}

---The names that `--output` takes.
output.formats = { "table", "json", "jsonl", "csv", "tsv", "ids" }

-- Those of them that show columns whether or not some were asked for.
local HAS_COLUMNS = { table = true, csv = true, tsv = true }

-- The key under which the decoder leaves a row's own JSON text (option `source`).
local SOURCE = "_json"

-- The service's own JSON of a row on one line: raw line breaks can only stand between tokens. Text that is no UTF-8,
-- which makes no JSON, becomes U+FFFD. Among rows of several regions each says where it is from.
local function own_json(row, region)
  local text = row[SOURCE]
  if texts.utf8_fault(text) then text = encode(core.decode(text, { utf8 = "replace", null = "keep" }), true) end
  if region then
    text = text:gsub("^{%s*", function() return '{"region":"' .. region .. '",' end, 1):gsub(",}$", "}")
  end
  return (text:gsub("[\r\n]+[ \t]*", " "))
end

-- JSON of the columns that were asked for, in their order. Nested fields stay nested, so that what reads the whole
-- object reads this one, too.
local function json_of_columns(row, region, columns)
  local parts, is_done = {}, {}
  for _, column in ipairs(columns) do
    local name = column:match("^[^.]+")
    local value = row[name]
    if column == fields.REGION then value = region end
    if value ~= nil and not is_done[name] then parts[#parts + 1] = encode(name) .. ":" .. encode(value, true) end
    is_done[name] = true
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local makers = {}

function makers.jsonl(page)
  return { row = function(row, region) page.write(page.json(row, region), "\n") end }
end

function makers.json(page)
  local rows, write = 0, page.write
  return {
    row = function(row, region)
      write(rows == 0 and "[\n" or ",\n", page.json(row, region))
      rows = rows + 1
    end,
    finish = function() write(rows == 0 and "[]\n" or "\n]\n") end,
    -- What would be no JSON at all is better than an array that looks whole.
    abandon = function()
      if rows > 0 then write("\n") end
    end,
  }
end

function makers.ids(page)
  return {
    row = function(row, region) page.write(region and region .. " " or "", page.cell(row, region, page.id), "\n") end,
  }
end

-- Lines of cells between separators, below the names of the fields.
local function separated(page, separator, line_end, escape)
  local function write_line(cell_of)
    local cells = {}
    for i, column in ipairs(page.columns) do
      cells[i] = escape(cell_of(column))
    end
    page.write(table.concat(cells, separator) .. line_end)
  end
  if page.headers then write_line(function(column) return column end) end
  return {
    row = function(row, region)
      write_line(function(column) return page.cell(row, region, column) end)
    end,
  }
end

-- What makes a spreadsheet take a cell for a formula when it comes first; the wide forms do so in East Asian ones.
local FORMULA = { "^[=+%-@\t\r]", "^＝", "^＋", "^－", "^＠" }

local function as_text(cell)
  for _, start in ipairs(FORMULA) do
    if cell:find(start) then return "'" .. cell end
  end
  return cell
end

-- RFC 4180: a cell with a quote, a comma or a line break stands in quotes.
function makers.csv(page)
  return separated(page, ",", "\r\n", function(cell)
    if page.csv_safe then cell = as_text(cell) end
    return cell:find('[",\r\n]') and '"' .. cell:gsub('"', '""') .. '"' or cell
  end)
end

local TSV_ESCAPES = { ["\t"] = "\\t", ["\n"] = "\\n", ["\r"] = "\\r", ["\\"] = "\\\\" }

function makers.tsv(page)
  return separated(page, "\t", "\n", function(cell) return (cell:gsub("[\t\n\r\\]", TSV_ESCAPES)) end)
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
---@param page table how to print: write = fun(...: string); columns = dotted names of fields, and asked, whether the
---user named them; headers, csv_safe; region = that of rows which come without one, for the column `region`;
---screen = the terminal that it goes to, or nil (see jdvm.cli.table)
---@param operation table what the rows come from
---@return table printer `row(row, region)` for each (region: of several, else nil), `flush()` after a page,
---`finish()` at the end or `abandon()` where the list broke off
---@return table options what the call needs so that each row carries what the format prints
function output.new(format, page, operation)
  local id, options = operation.page and operation.page.id or operation.id, {}
  page.id = id
  local is_json = not HAS_COLUMNS[format] and format ~= "ids"
  if is_json and not page.asked then
    options.source = SOURCE
  else
    local wanted = { id }
    for _, column in ipairs(format ~= "ids" and page.columns or {}) do
      if column ~= fields.REGION and column ~= id then wanted[#wanted + 1] = column end
    end
    options.fields = wanted[1] and wanted
  end
  function page.cell(row, region, column)
    local text = column == fields.REGION and (region or page.region or "") or fields.text_at(row, column)
    return (page.screen or format == "table") and terminal.printable(text) or text
  end
  function page.json(row, region)
    local text = page.asked and json_of_columns(row, region or page.region, page.columns) or own_json(row, region)
    return page.screen and terminal.printable_json(text) or text
  end
  function page.heading(column) return fields.heading(operation, column) end
  return setmetatable(makers[format](page), PRINTER), options
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
  local given = context.given
  local page = {
    write = context.write,
    columns = fields.columns(context, operation),
    asked = given.columns ~= nil,
    headers = not given.no_headers,
    csv_safe = given.csv_safe,
    screen = context.screen(),
  }
  for _, column in ipairs(page.columns) do
    if column == fields.REGION and #context.regions < 2 then page.region = region_in_use(context) end
  end
  function page.left_out(columns)
    local line =
      say("jdvm: not shown (--columns): %s", "jdvm: 未显示（--columns）：%s", table.concat(columns, ", "))
    context.complain(terminal.clip(line, page.screen.columns))
  end
  return output.new(given.output or "table", page, operation)
end

---Ends the output. What lacks rows because of a failure is not rounded off: half an array must not look like a whole
---one. That something does not exist is an answer.
---@param printer table
---@param ended integer exit status
function output.finish(printer, ended) printer[ended <= status.not_found and "finish" or "abandon"]() end

return output
