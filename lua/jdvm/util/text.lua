-- Text as users write it and as messages show it: validity, one printable line, the nearest known word. Pure functions,
-- the same on every Lua and in every locale: classes such as %a, and string.lower, go by the locale.

local text = {}

-- Written as a complement: a NUL cannot stand in a pattern of Lua 5.1.
local CONTROL = "[^\32-\126\128-\255]"

local SMALL = {}
for byte = ("A"):byte(), ("Z"):byte() do
  SMALL[string.char(byte)] = string.char(byte + 32)
end

--- The text with the letters A to Z in lower case.
---@param s string
---@return string
function text.lower(s) return (s:gsub("[A-Z]", SMALL)) end

--- The text without percent-encoding; a "%" without two digits behind it stays.
---@param s string
---@return string
function text.percent_decoded(s)
  return (s:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- Length of the well-formed UTF-8 character (RFC 3629: no surrogates, no overlong forms, at most
-- U+10FFFF) that starts at byte `i`, or nil.
local function character_length(s, i)
  local a, b, c, d = s:byte(i, i + 3)
  if a < 0x80 then return 1 end
  if a < 0xC2 or a > 0xF4 or not b or b < 0x80 or b > 0xBF then return nil end
  if a < 0xE0 then return 2 end
  if not c or c < 0x80 or c > 0xBF then return nil end
  if a < 0xF0 then
    if (a == 0xE0 and b < 0xA0) or (a == 0xED and b > 0x9F) then return nil end
    return 3
  end
  if not d or d < 0x80 or d > 0xBF or (a == 0xF0 and b < 0x90) or (a == 0xF4 and b > 0x8F) then return nil end
  return 4
end

-- The characters of a text, each with whether it is one; bytes that are not UTF-8 come one by one.
local function characters(s)
  local i = 1
  return function()
    if i > #s then return nil end
    local length = character_length(s, i)
    local character = s:sub(i, i + (length or 1) - 1)
    i = i + #character
    return character, length ~= nil
  end
end

--- Offset (from 0) of the first byte that is not UTF-8, or nil when the whole text is.
---@param s string
---@return integer|nil offset
function text.utf8_fault(s)
  if not s:find("[\128-\255]") then return nil end
  local offset = 0
  for character, is_valid in characters(s) do
    if not is_valid then return offset end
    offset = offset + #character
  end
  return nil
end

--- Offset (from 0) and value of the first control byte (below 0x20, or 0x7F), or nil.
---@param s string
---@return integer|nil offset, integer|nil byte
function text.control_fault(s)
  local at = s:find(CONTROL)
  if at then return at - 1, s:byte(at) end
  return nil
end

-- Characters that print nothing, break lines or turn the direction of the text: for the bytes before the last one, the
-- ranges of that. C1 controls, marks of direction, zero-width characters, separators of lines, tags and the like
-- (Unicode's category Cf, but for the signs among them).
local HIDDEN = {
  ["\194"] = { 0x80, 0x9F, 0xAD, 0xAD }, -- C1, soft hyphen
  ["\216"] = { 0x9C, 0x9C }, -- U+061C
  ["\225\160"] = { 0x8E, 0x8E }, -- U+180E
  ["\226\128"] = { 0x8B, 0x8F, 0xA8, 0xAE }, -- U+200B-200F, U+2028-202E
  ["\226\129"] = { 0xA0, 0xAF }, -- U+2060-206F
  ["\239\187"] = { 0xBF, 0xBF }, -- U+FEFF
  ["\239\191"] = { 0xB9, 0xBB }, -- U+FFF9-FFFB
  ["\240\147\144"] = { 0xB0, 0xBF }, -- U+13430-1343F
  ["\240\155\178"] = { 0xA0, 0xA3 }, -- U+1BCA0-1BCA3
  ["\240\157\133"] = { 0xB3, 0xBA }, -- U+1D173-1D17A
  ["\243\160\128"] = { 0x80, 0xBF }, -- U+E0000-E007F
  ["\243\160\129"] = { 0x80, 0xBF },
}

--- Whether a character prints nothing by itself but may change how others are shown.
---@param character string one character beyond ASCII, in UTF-8
---@return boolean
function text.is_hidden(character)
  local ranges, last = HIDDEN[character:sub(1, -2)], character:byte(-1)
  for i = 1, ranges and #ranges or 0, 2 do
    if last >= ranges[i] and last <= ranges[i + 1] then return true end
  end
  return false
end

--- The text as one printable line: runs of white space and control characters become one blank,
--- bytes that are not UTF-8 become "?", characters that hide or reorder text are left out, and what is
--- longer than `limit` bytes ends in an ellipsis (never in half a character).
---@param s string
---@param limit integer bytes
---@return string
function text.one_line(s, limit)
  -- Four times the limit is enough to fill it; the rest of a megabyte of HTML need not be looked at.
  local cut = #s > 4 * limit
  if cut then s = s:sub(1, 4 * limit) end
  if s:find("[^\32-\126]") then
    local parts = {}
    for character, is_valid in characters(s) do
      if not is_valid then
        parts[#parts + 1] = "?"
      elseif character:find(CONTROL) then
        parts[#parts + 1] = " "
      elseif not text.is_hidden(character) then
        parts[#parts + 1] = character
      end
    end
    s = table.concat(parts)
  end
  s = s:gsub("  +", " "):gsub("^ ", ""):gsub(" $", "")
  if #s <= limit and not cut then return s end
  local last = math.min(#s, limit)
  while last > 0 and (s:byte(last + 1) or 0) >= 0x80 and s:byte(last + 1) < 0xC0 do
    last = last - 1
  end
  return s:sub(1, last) .. "…"
end

local SHOWN = 60
local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escaped(byte) return ESCAPES[byte] or ("\\x%02X"):format(byte:byte()) end

-- A text with nothing hidden: blanks stay, and bytes that would not be seen stand as \n, \r, \t and \xNN.
local function plain(s)
  local parts, bytes = {}, 0
  for character, is_valid in characters(s) do
    local is_plain = is_valid and not text.is_hidden(character) and not character:find(CONTROL)
    local part = is_plain and character or character:gsub(".", escaped)
    bytes = bytes + #part
    if bytes > SHOWN then return table.concat(parts) .. "…" end
    parts[#parts + 1] = part
  end
  return table.concat(parts)
end

--- A value as a message shows it: strings in double quotes on one line, with every byte that would not be seen
--- written out, cut at 60 bytes; anything but numbers and booleans by its type only. Never call it with a secret.
---@param value any
---@return string
function text.show(value)
  local kind = type(value)
  if kind == "string" then return '"' .. plain(value) .. '"' end
  if kind == "number" or kind == "boolean" or kind == "nil" then return tostring(value) end
  return "a " .. kind
end

--- Words in a sentence: "a", "a or b", "a, b or c".
---@param words string[]
---@param last? string the word before the last one, default "or"
---@return string
function text.enumerate(words, last)
  if #words < 2 then return words[1] or "" end
  return table.concat(words, ", ", 1, #words - 1) .. " " .. (last or "or") .. " " .. words[#words]
end

-- What two spellings of one name share: page_size, pageSize and Page-Size are the same name.
local function folded(word) return (text.lower(word):gsub("[^a-z0-9\128-\255]", "")) end

-- Edits (insert, delete, replace, swap of neighbours) between two words, as a plain table walk; both
-- are short names.
local function distance(a, b)
  local before, previous = nil, {}
  for j = 0, #b do
    previous[j] = j
  end
  for i = 1, #a do
    local current = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
      if before and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, before[j - 2] + 1)
      end
      current[j] = best
    end
    before, previous = previous, current
  end
  return previous[#b]
end

--- The candidate that a user most likely meant, or nil when none is near: the same name in another
--- spelling first, then at most one edit for each three characters. The first of equals wins.
---@param word string
---@param candidates string[]
---@return string|nil
function text.nearest(word, candidates)
  if #word > 64 then return nil end
  local name = folded(word)
  local best, best_distance = nil, math.max(1, math.floor(#name / 3)) + 1
  for _, candidate in ipairs(candidates) do
    local other = folded(candidate)
    if other == name and name ~= "" then return candidate end
    local d = distance(name, other)
    if d < best_distance and d < #other then
      best, best_distance = candidate, d
    end
  end
  return best
end

--- Whether two words are one name in two spellings: case, blanks and punctuation aside.
---@param a string
---@param b string
---@return boolean
function text.same_name(a, b) return folded(a) == folded(b) end

--- The entry that a name means: its own name in any spelling, or one of those that other tools have for it.
---@param name string
---@param entries { name: string, other_names: string[]|nil }[]
---@return table|nil entry
function text.meant(name, entries)
  for _, entry in ipairs(entries) do
    if text.same_name(entry.name, name) then return entry end
  end
  for _, entry in ipairs(entries) do
    for _, other in ipairs(entry.other_names or {}) do
      if text.same_name(other, name) then return entry end
    end
  end
  return nil
end

--- The name of the entry that a word means (see `meant`) or is near to; nil when there is none.
---@param word string
---@param entries { name: string, other_names: string[]|nil }[]
---@return string|nil name
---@return string[] names all that there are
function text.closest(word, entries)
  local names = {}
  for i, entry in ipairs(entries) do
    names[i] = entry.name
  end
  local entry = text.meant(word, entries)
  return entry and entry.name or text.nearest(word, names), names
end

--- What follows the mention of an unknown name in a message: the one that was probably meant, else all known ones.
---@param word string
---@param entries { name: string, other_names: string[]|nil }[]
---@return string
function text.suggestion(word, entries)
  local name, names = text.closest(word, entries)
  if name then return "; did you mean '" .. name .. "'?" end
  return "; known are " .. text.enumerate(names, "and")
end

return text
