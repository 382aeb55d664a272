-- What can be set while the emulator runs, and how values of settings and faults are read. Most settings answer
-- questions that neither the service's pages nor its SDKs settle. Pure.

local text = require "jdvm.util.text"

local M = {}

-- Kind of value (or the allowed words), meaning, default.
M.entries = {
  skew = { "number", "largest difference, in seconds, between x-jdcloud-date and the service's clock", 900 },
  nonce_window = { "number", "seconds during which a nonce cannot be used again", 1800 },
  clock_offset = { "signed", "seconds by which the service's clock is wrong, in Date and in the check", 0 },
  latency = { "number", "seconds that every response takes", 0 },
  past_end = { { "empty", "clamped" }, "a page after the last one: no images, or the last page again", "empty" },
  offline_default = { { "false", "any" }, "what a missing `offline` means for public and thirdparty", "false" },
  words = {
    { "new", "old" },
    "words for imageSource: those of the SDK, or also those of older pages (jcloud, …)",
    "new",
  },
  framing = { { "chunked", "length" }, "how the end of a body is marked", "chunked" },
  keep_alive = { "boolean", "whether connections stay open", true },
  gzip = { "boolean", "compress when the client accepts it", false },
  line_feed = { "boolean", "a line feed after the body", true },
}

local BOOLEANS = { ["true"] = true, on = true, ["1"] = true, ["false"] = false, off = false, ["0"] = false }

local function number_if(is_in_range)
  return function(value)
    local n = tonumber(value)
    if n == nil or not is_in_range(n) then return nil end
    return n % 1 == 0 and math.floor(n) or n -- JSON's 503.0 is 503
  end
end

--- Kinds of values: what they are called, and how text, or a value of the right type, becomes one.
M.kinds = {
  text = { "text", tostring },
  boolean = { "true or false", function(value) return BOOLEANS[tostring(value)] end },
  number = { "a number from 0", number_if(function(n) return n >= 0 end) },
  integer = { "a whole number from 0", number_if(function(n) return n >= 0 and n % 1 == 0 end) },
  positive = { "a whole number from 1", number_if(function(n) return n >= 1 and n % 1 == 0 end) },
  signed = { "a number", number_if(function(n) return n == n end) },
  share = { "a number from 0 to 1", number_if(function(n) return n >= 0 and n <= 1 end) },
}

--- Reads the value of a setting, or of a parameter or condition of a fault.
---@param what string what has it, for the message
---@param kind string|string[] a key of `kinds`, or the allowed words
---@return any value nil when it is not of that kind
---@return string|nil message
function M.read_value(what, kind, value)
  local read, expected
  if type(kind) == "table" then
    expected = text.enumerate(kind)
    for _, word in ipairs(kind) do
      if word == value then read = word end
    end
  else
    expected, read = M.kinds[kind][1], M.kinds[kind][2](value)
  end
  if read ~= nil then return read end
  return nil, ("%s must be %s, not %s"):format(what, expected, text.show(tostring(value)))
end

--- The names in some tables, sorted.
function M.names(...)
  local list = {}
  for _, entries in ipairs { ... } do
    for name in pairs(entries) do
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

--- A message about a name that is in none of some tables, with the one that was probably meant.
---@param what string such as "unknown setting"
function M.unknown(what, name, ...)
  local known = {}
  for i, one in ipairs(M.names(...)) do
    known[i] = { name = one }
  end
  return ("%s %s%s"):format(what, text.show(name), known[1] and text.suggestion(name, known) or "; none is known")
end

--- The values of all settings: the defaults, replaced by what is given, the last of all; or nil and what is wrong.
---@param ... table values by name, as text or of the right type
function M.values(...)
  local values = {}
  for name, entry in pairs(M.entries) do
    values[name] = entry[3]
  end
  for _, given in ipairs { ... } do
    for name, value in pairs(given) do
      local entry = M.entries[name]
      if not entry then return nil, M.unknown("unknown setting", tostring(name), M.entries) end
      local read, message = M.read_value("setting " .. name, entry[1], value)
      if message then return nil, message end
      values[name] = read
    end
  end
  return values
end

return M
