-- Rows as an aligned table, which fits the screen when it goes to one.
local terminal = require "jdvm.cli.terminal"

local aligned = {}

-- A table that is printed while it is read is aligned by its first rows.
local ROWS_THAT_ALIGN = 100

-- What a column that was asked for is narrowed to at least; and the name, before another column stands beside it.
local NARROWEST = 4
local function narrowest_name(screen) return math.max(16, math.floor(screen * 0.3)) end

-- How many columns of the screen a line takes, when each of its columns takes `width_of(i)`.
local function total(count, width_of)
  local sum = 2 * (count - 1)
  for i = 1, count do
    sum = sum + width_of(i)
  end
  return sum
end

-- Makes a line fit the screen: leaves columns out from the last on, as long as narrowing is not enough, and narrows
-- the rest from the widest on. The id stays whole, since half of it is of no use to anybody, unless it is wider than
-- the screen.
local function fit(widths, screen, id_column, name_column)
  local function least(i)
    local narrowest = i == name_column and #widths > i and narrowest_name(screen) or NARROWEST
    local is_whole = i == id_column or name_column and i ~= name_column
    return is_whole and widths[i] or math.min(widths[i], narrowest)
  end
  while #widths > (id_column or 1) and total(#widths, least) > screen do
    widths[#widths] = nil
  end
  if #widths == 1 then widths[1] = math.min(widths[1], screen) end
  local excess = total(#widths, function(i) return widths[i] end) - screen
  while excess > 0 do
    local widest = name_column and name_column <= #widths and name_column or nil
    for i, width in ipairs(name_column and {} or widths) do
      if i ~= id_column and width > (widest and widths[widest] or 0) then widest = i end
    end
    if not widest or widths[widest] <= NARROWEST then return end
    widths[widest], excess = widths[widest] - 1, excess - 1
  end
end

-- The colour of a state (ANSI SGR).
local COLOURS = { ready = "32", pending = "33", deleting = "33", error = "31" }

---A printer of an aligned table, made while the rows are read: the first of them decide about the widths.
---@param page table see output.new; screen = { columns, colour } or nil, for which a table is as wide as it needs;
---left_out = told of the columns that the screen has no room for
---@return table printer
function aligned.new(page)
  local columns, screen, waiting, widths = {}, page.screen, {}, nil
  local id_column
  for i, column in ipairs(page.columns) do
    columns[i] = column
    if column == page.id then id_column = i end
  end
  -- The usual columns have the name behind the id.
  local name_column = not page.asked and math.min((id_column or 0) + 1, #columns) or nil

  local function print_row(cells, is_heading)
    local parts, room = {}, screen and screen.columns or math.huge
    for i, width in ipairs(widths) do
      if i > 1 then room = room - 2 end
      -- An id that is longer than those by which the table was aligned takes the place of what stands behind it.
      local limit = math.min(i == id_column and terminal.width(cells[i]) or width, room)
      if limit < 1 then break end
      local cell = screen and terminal.clip(cells[i], limit) or cells[i]
      local padding = i < #widths and terminal.padding(cell, math.min(width, room)) or ""
      room = room - math.max(limit, math.min(width, room))
      if screen and screen.colour and (is_heading or columns[i] == "status") then
        cell = terminal.paint(cell, is_heading and "1" or COLOURS[cell])
      end
      parts[i] = cell .. padding
    end
    page.write((table.concat(parts, "  "):gsub(" +$", "")), "\n")
  end

  local function measure()
    widths = {}
    for i, column in ipairs(columns) do
      widths[i] = page.headers and terminal.width(page.heading(column)) or 1
      for _, cells in ipairs(waiting) do
        widths[i] = math.max(widths[i], terminal.width(cells[i]))
      end
    end
  end

  -- Where what stands before the id leaves no room for it, the id comes first, so that the rest can be left out.
  local function put_id_first()
    local before = 0
    for i = 1, (id_column or 1) - 1 do
      before = before + (name_column and widths[i] or math.min(widths[i], NARROWEST)) + 2
    end
    if before == 0 or before + widths[id_column] <= screen.columns then return end
    for _, cells in ipairs(waiting) do
      table.insert(cells, 1, table.remove(cells, id_column))
    end
    table.insert(columns, 1, table.remove(columns, id_column))
    id_column = 1
    measure()
  end

  local function align()
    measure()
    if screen then
      put_id_first()
      fit(widths, screen.columns, id_column, name_column)
    end
    if page.headers then
      local headings = {}
      for i, column in ipairs(columns) do
        headings[i] = page.heading(column)
      end
      print_row(headings, true)
    end
    for _, cells in ipairs(waiting) do
      print_row(cells)
    end
    waiting = {}
  end

  -- Without rows nothing stands below the headings: the command says so instead.
  local function finish()
    if not widths and #waiting > 0 then align() end
    local left_out = {}
    for i = widths and #widths + 1 or math.huge, #columns do
      left_out[#left_out + 1] = columns[i]
    end
    if #left_out > 0 then page.left_out(left_out) end
  end

  return {
    row = function(row, region)
      local cells = {}
      for i, column in ipairs(columns) do
        cells[i] = page.cell(row, region, column)
      end
      if widths then
        print_row(cells)
      else
        waiting[#waiting + 1] = cells
      end
    end,
    flush = function()
      if not widths and #waiting >= ROWS_THAT_ALIGN then align() end
    end,
    finish = finish,
    abandon = finish,
  }
end

return aligned
