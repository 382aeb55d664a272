-- What the command knows of terminals: how wide a text is, how wide the screen is, colour.
local shell = require "jdvm.util.shell"

local terminal = {}

-- Ranges of code points, in order.
local function ranges_of(text)
  local ranges = {}
  for first, last in text:gmatch("(%x+)-(%x+)") do
    ranges[#ranges + 1] = { tonumber(first, 16), tonumber(last, 16) }
  end
  return ranges
end

-- Blocks whose characters take two columns (East Asian Width W and F, Unicode Standard Annex 11).
local WIDE = ranges_of(
  "1100-115F 2E80-303E 3041-4DBF 4E00-A4CF A960-A97F AC00-D7A3 F900-FAFF FE30-FE6F FF00-FF60 FFE0-FFE6 "
    .. "1F300-1F64F 1F680-1F6FF 1F900-1F9FF 1FA70-1FAFF 20000-3FFFD"
)

-- Combining marks, joiners and variation selectors take no column of their own.
local NARROWEST = ranges_of "0300-036F 1AB0-1AFF 200B-200F 20D0-20FF FE00-FE0F FE20-FE2F E0100-E01EF"

local function within(ranges, code)
  for _, range in ipairs(ranges) do
    if code < range[1] then
      return false
    elseif code <= range[2] then
      return true
    end
  end
  return false
end

local function code_of(character)
  local a, b, c, d = character:byte(1, 4)
  if a < 0x80 then
    return a
  elseif a < 0xE0 then
    return (a - 0xC0) * 0x40 + (b or 0x80) - 0x80
  elseif a < 0xF0 then
    return ((a - 0xE0) * 0x40 + (b or 0x80) - 0x80) * 0x40 + (c or 0x80) - 0x80
  end
  return (((a - 0xF0) * 0x40 + (b or 0x80) - 0x80) * 0x40 + (c or 0x80) - 0x80) * 0x40 + (d or 0x80) - 0x80
end

local function columns_of(character)
  local code = code_of(character)
  if code < 0x300 then
    return 1
  elseif within(NARROWEST, code) then
    return 0
  end
  return within(WIDE, code) and 2 or 1
end

-- One character: an ASCII byte, or a lead byte with what continues it.
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

---How many columns a text takes on the screen.
---@param text string UTF-8
---@return integer columns
function terminal.width(text)
  if not text:find("[\128-\255]") then return #text end
  local columns = 0
  for character in text:gmatch(CHARACTER) do
    columns = columns + columns_of(character)
  end
  return columns
end

---Cuts a text to a number of columns; what was cut ends in an ellipsis.
---@param text string UTF-8
---@param columns integer at least 1
---@return string
function terminal.clip(text, columns)
  if terminal.width(text) <= columns then return text end
  local kept, taken = {}, 0
  for character in text:gmatch(CHARACTER) do
    local needed = columns_of(character)
    if taken + needed > columns - 1 then break end
    kept[#kept + 1] = character
    taken = taken + needed
  end
  return table.concat(kept) .. "…"
end

---A text without what could move the cursor or colour the screen: an image's name is a stranger's text.
---@param text string UTF-8
---@return string
function terminal.printable(text) return (text:gsub("%c+", " "):gsub("\194[\128-\159]", " ")) end

---The blanks that fill a text up to a number of columns.
---@param text string UTF-8
---@param columns integer
---@return string
function terminal.padding(text, columns) return (" "):rep(columns - terminal.width(text)) end

---Colours a text.
---@param text string
---@param code string? an SGR parameter, such as "31"; nil leaves the text as it is
---@return string
function terminal.paint(text, code) return code and "\27[" .. code .. "m" .. text .. "\27[0m" or text end

---Whether a standard stream is a terminal.
---@param descriptor 0|1|2 standard input, output or error
---@return boolean
function terminal.is_terminal(descriptor) return shell.succeeds("test -t " .. descriptor) end

---Whether a line of progress may stand on standard error while rows go to standard output: not where these are on the
---same screen, nor where what reads a pipe may print them there.
---@return boolean
function terminal.may_show_line() return shell.succeeds "test -t 2 && ! test -t 1 && ! test -p /dev/stdout" end

---The screen's width in columns; 80 where nobody knows.
---@return integer
function terminal.columns()
  local columns = tonumber(os.getenv("COLUMNS") or "")
  if not columns then
    local answer = shell.line_of "stty size 2>/dev/null </dev/tty" or ""
    columns = tonumber(answer:match("^%d+ (%d+)$"))
  end
  return columns and columns >= 20 and columns or 80
end

-- Whether the line of progress stands on standard error.
local has_line = false

---Shows a text in the line of progress, in place of the one before.
---@param text string UTF-8
---@param columns integer of the screen
function terminal.show_line(text, columns)
  io.stderr:write("\r\27[K", terminal.clip(text, columns - 1))
  io.stderr:flush()
  has_line = true
end

---Clears the line of progress, if there is one: before anything else is written to the terminal, and at the end.
function terminal.clear_line()
  if has_line then io.stderr:write("\r\27[K") end
  has_line = false
end

return terminal
