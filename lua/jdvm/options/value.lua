-- Checks one value against its entry, an option or a parameter, and says in a few words what is wrong. Pure.
--
-- What an entry may say of its value:
--   name, type      "string", "number", "integer", "boolean", "function", "table", "false", "string[]", or several with
--                   "|" between them
--   min, max, above bounds; `above` is one that the value may not touch
--   values          known values; any other is refused unless open = true (then only another spelling of a known one
--                   is, since it could find nothing; with near = true, a slip near a known one, too)
--   words           of an entry that also takes an array: the strings that may stand in its place
--   old_values      words that older pages or other tools use: { old = new }, refused with the new one named
--   empty = true    the empty string is a value
--   path, id        an id: letters, digits, ".", "_" and "-" only, and never "." or ".."
--   required        may not be left out

local text = require "jdvm.util.text"

local value = {}

-- Up to here doubles are exact.
local MAX_INTEGER = 9007199254740991

local function is_finite(given) return given == given and given ~= math.huge and given ~= -math.huge end

local function is_callable(given)
  local metatable = type(given) == "table" and getmetatable(given)
  return type(given) == "function" or (type(metatable) == "table" and metatable.__call ~= nil)
end

local function is_integer(given)
  return type(given) == "number" and given == math.floor(given) and math.abs(given) <= MAX_INTEGER
end

local function is_table(given) return type(given) == "table" end

local kinds = {
  string = { words = "a string", fits = function(given) return type(given) == "string" end },
  number = { words = "a number", fits = function(given) return type(given) == "number" and is_finite(given) end },
  integer = { words = "an integer", fits = is_integer },
  boolean = { words = "true or false", fits = function(given) return type(given) == "boolean" end },
  ["function"] = { words = "a function", fits = is_callable },
  table = { words = "a table", fits = is_table },
  ["false"] = { words = "false", fits = function(given) return given == false end },
  ["string[]"] = { words = "an array of strings", fits = is_table },
}

-- Credentials, whose characters jdvm.keys.holder checks: it knows how they come to be wrong.
local is_credential = { access_key = true, secret_key = true, session_token = true }
-- Entries whose value must not stand in a message.
local is_secret = { access_key = true, secret_key = true, session_token = true, proxy = true, password = true }

local function type_fault(entry, given)
  local kind = kinds[entry.type]
  if kind and kind.fits(given) then return nil end
  local fits, wanted = false, {}
  for name in entry.type:gmatch("[^|]+") do
    fits = fits or kinds[name].fits(given)
    wanted[#wanted + 1] = kinds[name].words
  end
  if fits then return nil end
  if entry.type == "number" and type(given) == "number" then
    return "must be a finite number, got " .. text.show(given)
  end
  local message = "must be " .. text.enumerate(wanted)
  if type(given) ~= "string" or is_secret[entry.name] then
    return message .. ", got " .. (is_secret[entry.name] and "a " .. type(given) or text.show(given))
  end
  local shown = text.show(given)
  if entry.type == "integer" and tonumber(given) then
    return ("%s, got the string %s: write it without quotes or use tonumber"):format(message, shown)
  end
  if entry.type == "string[]" then return ("%s, got %s: write { %s }"):format(message, shown, shown) end
  return message .. ", got " .. shown
end

-- Of the known values, or near one.
local function known_fault(entry, given)
  for _, known in ipairs(entry.values) do
    if known == given then return nil end
  end
  local shown = text.show(given)
  local meant = entry.old_values and entry.old_values[given]
  for _, known in ipairs(entry.open and entry.values or {}) do
    if text.same_name(known, given) then meant = meant or known end
  end
  if entry.near then meant = meant or text.nearest(given, entry.values) end
  if meant then return ('is %s; did you mean "%s"?'):format(shown, meant) end
  if entry.open then return nil end
  local nearest = text.nearest(given, entry.values)
  return ("must be %s, got %s%s"):format(
    text.enumerate(entry.values),
    shown,
    nearest and ('; did you mean "' .. nearest .. '"?') or ""
  )
end

local function string_fault(entry, given, as_utf8)
  if given == "" then
    if entry.empty then return nil end
    return "is empty: " .. (entry.required and "give it a value" or "leave it out instead")
  end
  if entry.path or entry.id then
    if given:find("[^A-Za-z0-9._-]") or given == "." or given == ".." then
      return "must consist of letters, digits, '.', '_' and '-', got " .. text.show(given)
    end
  elseif not is_credential[entry.name] then
    local offset, byte = text.control_fault(given)
    if offset then return ("holds a control character (0x%02X at byte %d)"):format(byte, offset) end
    offset = as_utf8 and text.utf8_fault(given)
    if offset then return ("is not valid UTF-8 (at byte %d)"):format(offset) end
  end
  return entry.values and known_fault(entry, given) or nil
end

local function number_fault(entry, given)
  local min, max = entry.min, entry.max
  if entry.above and given <= entry.above then return ("must be above %.14g, got %.14g"):format(entry.above, given) end
  if (min and given < min) or (max and given > max) then
    local range = min and max and max < 100000000 and ("from %.14g to %.14g"):format(min, max)
      or given < (min or given) and ("at least %.14g"):format(min)
      or ("at most %.14g"):format(max)
    return ("must be %s, got %.14g"):format(range, given)
  end
end

local function array_fault(entry, given, as_utf8)
  local count = 0
  for key in pairs(given) do
    if type(key) ~= "number" then return ("must be an array of strings; it has the key %s"):format(text.show(key)) end
    count = count + 1
  end
  if count == 0 then return "is empty: " .. (entry.required and "" or "leave it out, or ") .. "give at least one" end
  for i = 1, count do
    local element = given[i]
    if element == nil then return ("has a hole: element %d is nil"):format(i) end
    local message = type(element) ~= "string" and "must be a string, got " .. text.show(element)
      or string_fault(entry, element, as_utf8)
    if message then return ("element %d %s"):format(i, message) end
  end
end

-- Of the words that may stand in the place of an array.
local function word_fault(entry, given)
  for _, word in ipairs(entry.words) do
    if word == given then return nil end
  end
  local shown = text.show(given)
  return ('must be "%s" or an array of strings, got %s: write { %s }'):format(
    table.concat(entry.words, '", "'),
    shown,
    shown
  )
end

--- What is wrong with a value, or nil.
---@param entry table
---@param given any not nil
---@param as_utf8 boolean|nil whether texts must be UTF-8
---@return string|nil message words that follow the name
function value.fault(entry, given, as_utf8)
  local message = type_fault(entry, given)
  if message then return message end
  if type(given) == "table" and entry.type:find("string[]", 1, true) then return array_fault(entry, given, as_utf8) end
  if entry.words then return word_fault(entry, given) end
  if type(given) == "string" then return string_fault(entry, given, as_utf8) end
  if type(given) == "number" then return number_fault(entry, given) end
end

--- A key of a table that is not known: of several the first by name, so that the message is the same in each run.
---@param given table
---@param find fun(key: any): any
---@return any key nil when all are known
function value.stranger(given, find)
  local stranger
  for key in pairs(given) do
    if not find(key) and (stranger == nil or tostring(key) < tostring(stranger)) then stranger = key end
  end
  return stranger
end

return value
