-- What the command knows of terminals: how wide a text is, how wide the screen is, colour.
local shell = require "jdvm.util.shell"
local texts = require "jdvm.util.text"
local widths = require "jdvm.cli.widths"

local terminal = {}

-- Code point of a character.
local function code_of(character)
  local first, code = character:byte(), 0
  for i = 2, #character do
    code = code * 0x40 + character:byte(i) - 0x80
  end
  local lead = #character == 2 and 0xC0 or #character == 3 and 0xE0 or 0xF0
  return #character == 1 and first or (first - lead) * 0x40 ^ (#character - 1) + code
end

local function columns_of_code(code)
  for columns, ranges in pairs { [0] = widths.zero, [2] = widths.wide } do
    for first, last in ranges:gmatch("(%x+)%-?(%x*)") do
      if code < tonumber(first, 16) then break end
      if code <= tonumber(last == "" and first or last, 16) then return columns end
    end
  end
  return 1
end

-- Columns by character, each looked up once.
local columns_of = setmetatable({}, {
  __index = function(known, character)
    local code = code_of(character)
    known[character] = code < 0x300 and 1 or columns_of_code(code)
    return known[character]
  end,
})

-- One character: an ASCII byte, or a lead byte with what continues it.
local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"
local BEYOND_ASCII = "[\194-\244][\128-\191]+"

---How many columns a text takes on the screen.
---@param text string UTF-8
---@return integer columns
function terminal.width(text)
  if not text:find("[\128-\255]") then return #text end
  local columns = 0
  for character in text:gmatch(CHARACTER) do
    columns = columns + columns_of[character]
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
    local needed = columns_of[character]
    if taken + needed > columns - 1 then break end
    kept[#kept + 1] = character
    taken = taken + needed
  end
  return table.concat(kept) .. "…"
end

-- What does not begin a line in Chinese.
local CLOSING = {}
for character in ("，。；：、！？）》”’"):gmatch(CHARACTER) do
  CLOSING[character] = true
end

---A text in lines of a number of columns, broken at blanks and beside Chinese characters where there are some.
---@param text string UTF-8
---@param columns integer
---@return string
function terminal.wrap(text, columns)
  local lines, line, taken, blank = {}, {}, 0, nil
  for character in text:gmatch(CHARACTER) do
    local is_wide = columns_of[character] == 2 and not CLOSING[character]
    if is_wide and #line > 0 then blank = #line end
    if taken + columns_of[character] > columns then
      -- What stands behind the last place to break goes to the next line.
      local rest = {}
      for i = (blank or #line) + 1, #line do
        rest[#rest + 1] = line[i]
      end
      lines[#lines + 1] = table.concat(line, "", 1, blank or #line)
      line, blank = rest, nil
      taken = terminal.width(table.concat(rest))
    end
    line[#line + 1], taken = character, taken + columns_of[character]
    if character == " " or CLOSING[character] then blank = #line end
  end
  lines[#lines + 1] = table.concat(line)
  return (table.concat(lines, "\n"):gsub(" +\n", "\n"))
end

---A text without what could move the cursor, colour the screen or turn the direction: an image's name is a stranger's
---text.
---@param text string
---@return string
function terminal.printable(text)
  return (
    text:gsub("%c+", " "):gsub(BEYOND_ASCII, function(character) return texts.is_hidden(character) and "" or nil end)
  )
end

---JSON with escapes in place of characters that a terminal obeys or hides. They can only stand in strings.
---@param json string
---@return string
function terminal.printable_json(json)
  json = json:gsub("\127", "\\u007f")
  return (
    json:gsub(BEYOND_ASCII, function(character)
      if not texts.is_hidden(character) then return nil end
      local code = code_of(character)
      if code < 0x10000 then return ("\\u%04x"):format(code) end
      code = code - 0x10000
      return ("\\u%04x\\u%04x"):format(0xD800 + math.floor(code / 0x400), 0xDC00 + code % 0x400)
    end)
  )
end

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

-- What the standard streams are, found by one process for all.
local streams
local function look()
  if streams then return end
  local ok, _, code =
    os.execute "{ test -t 1; a=$?; test -t 2; b=$?; test -p /dev/stdout; exit $((a + 2 * b + 4 * $?)); }"
  code = code or (ok == true and 0) or ok >= 256 and ok / 256 or ok -- Lua 5.1 gives the status of wait()
  streams = { output = code % 2 == 0, errors = code % 4 < 2, is_piped = code < 4 }
end

---Whether standard output is a screen.
---@return boolean
function terminal.is_screen()
  look()
  return streams.output
end

---Whether a line of progress may stand on standard error: on a terminal that can clear it, and not where what reads a
---pipe may print rows on the same screen.
---@return boolean
function terminal.may_show_line()
  look()
  local kind = os.getenv("TERM") or ""
  return streams.errors and not streams.is_piped and kind ~= "" and kind ~= "dumb"
end

---Whether the screen shows colours that are wanted (https://no-color.org).
---@return boolean
function terminal.has_colour()
  local kind = os.getenv("TERM") or ""
  return (os.getenv("NO_COLOR") or "") == "" and kind ~= "" and kind ~= "dumb"
end

local columns

---The screen's width in columns; 80 where nobody knows.
---@return integer
function terminal.columns()
  if columns then return columns end
  columns = tonumber(os.getenv("COLUMNS") or "")
  if not columns then
    local answer = shell.line_of "stty size 2>/dev/null </dev/tty" or ""
    columns = tonumber(answer:match("^%d+ (%d+)$"))
  end
  columns = columns and columns >= 20 and columns or 80
  return columns
end

-- A terminal that is not in UTF-8 gets its own encoding, by the program iconv.
local charmap, waiting = nil, {}

---Encodes what goes to a terminal from now on.
---@param name string? such as GB18030; nil: UTF-8 as it is
function terminal.encode_as(name) charmap = name and shell.succeeds("command -v iconv >/dev/null 2>&1") and name or nil end

local function encoded_to(stream, text)
  local pipe = io.popen(
    ("iconv -c -f UTF-8 -t %s//TRANSLIT %s 2>/dev/null"):format(charmap, stream == io.stderr and ">&2" or ""),
    "w"
  )
  pipe:write(text)
  pipe:close()
end

---Writes to standard output.
---@param ... string
---@return any ok, string? message, integer? number as of file:write
function terminal.write(...)
  if not charmap or not terminal.is_screen() then return io.stdout:write(...) end
  waiting[#waiting + 1] = table.concat { ... }
  return true
end

---Writes what waits, at the end of a page.
---@return any ok, string? message, integer? number as of file:flush
function terminal.flush()
  if #waiting > 0 then encoded_to(io.stdout, table.concat(waiting)) end
  waiting = {}
  return io.stdout:flush()
end

---Writes to standard error, behind what was written to standard output.
---@param text string
function terminal.complain(text)
  if #waiting > 0 then terminal.flush() end
  look()
  if charmap and streams.errors then
    encoded_to(io.stderr, text)
  else
    io.stderr:write(text)
  end
end

-- Whether the line of progress stands on standard error.
local has_line = false

---Shows a text in the line of progress, in place of the one before.
---@param text string UTF-8
function terminal.show_line(text)
  terminal.complain("\r\27[K" .. terminal.clip(text, terminal.columns() - 1))
  io.stderr:flush()
  has_line = true
end

---Clears the line of progress, if there is one: before anything else is written to the terminal, and at the end.
function terminal.clear_line()
  if has_line then io.stderr:write("\r\27[K") end
  has_line = false
end

return terminal
