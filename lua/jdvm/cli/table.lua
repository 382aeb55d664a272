-- Rows as an aligned table, which fits the screen when it goes to one.
local terminal = require "jdvm.cli.terminal"

local aligned = {}

-- A table that is printed while it is read is aligned by its first rows.
local ROWS_THAT_ALIGN = 100

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

---The place of a column, or nil.
---@param list string[]
---@param wanted string
---@return integer?
function aligned.index_of(list, wanted)
  for i, value in ipairs(list) do
    if value == wanted then return i end
  end
  return nil
end

-- The colour of a state (ANSI SGR).
local COLOURS = { ready = "32", pending = "33", deleting = "33", error = "31" }

---A printer of an aligned table, made while the rows are read: the first of them decide about the widths.
---@param columns string[]
---@param write fun(text: string)
---@param screen table? see output.new
---@param id string the column that stays whole
---@param cell_of fun(row: table, region: string?, column: string): string
---@return table printer
function aligned.new(columns, write, screen, id, cell_of)
  local waiting, widths = { columns }, nil
  local id_column = aligned.index_of(columns, id)
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

  return {
    row = function(row, region)
      local cells = {}
      for i, column in ipairs(columns) do
        cells[i] = terminal.printable(cell_of(row, region, column))
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
    finish = function()
      if not widths then align() end
    end,
    abandon = function()
      if not widths and #waiting > 1 then align() end
    end,
  }
end

return aligned
