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
  words = { { "new", "old" }, "words for imageSource: those of the SDK, or those of older pages (jcloud, …)", "new" },
  framing = { { "chunked", "length" }, "how the end of a body is marked", "chunked" },
  keep_alive = { "boolean", "whether connections stay open", true },
  gzip = { "boolean", "compress when the client accepts it", false },
  line_feed = { "boolean", "a line feed after the body", true },
}

--- What the kinds of values are called.
M.meanings = {
  text = "text",
  boolean = "true or false",
  number = "a number from 0",
  integer = "a whole number from 0",
  positive = "a whole number from 1",
  signed = "a number",
  share = "a number from 0 to 1",
}

local BOOLEANS = { ["true"] = true, on = true, ["1"] = true, ["false"] = false, off = false, ["0"] = false }

local in_range = {
  number = function(n) return n >= 0 end,
  integer = function(n) return n >= 0 and n % 1 == 0 end,
  positive = function(n) return n >= 1 and n % 1 == 0 end,
  signed = function(n) return n == n end,
  share = function(n) return n >= 0 and n <= 1 end,
}

--- Reads a value, as text or of the right type, of a setting or of a parameter or condition of a fault: the value, or
--- nil and what it should have been.
---@param kind string|string[] a key of `meanings`, or the allowed words
function M.read_value(kind, value)
  if kind == "text" then return tostring(value) end
  if kind == "boolean" then
    local read = BOOLEANS[tostring(value)]
    return read, read == nil and M.meanings.boolean or nil
  end
  if in_range[kind] then
    local n = tonumber(value)
    if n and in_range[kind](n) then return n % 1 == 0 and math.floor(n) or n end -- JSON's 503.0 is 503
    return nil, M.meanings[kind]
  end
  for _, word in ipairs(kind) do
    if word == value then return value end
  end
  return nil, text.enumerate(kind)
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

--- What to add to a message about an unknown name: the known one that was probably meant, if any.
function M.suggestion(name, ...)
  local nearest = text.nearest(tostring(name), M.names(...))
  return nearest and ("; did you mean '%s'?"):format(nearest) or ""
end

--- The values of all settings, those of `before` or the defaults, and what is given; or nil and what is wrong with it.
function M.values(given, before)
  local values = {}
  for name, entry in pairs(M.entries) do
    values[name] = entry[3]
  end
  for name, value in pairs(before or {}) do
    values[name] = value
  end
  for name, value in pairs(given) do
    local entry = M.entries[name]
    if not entry then return nil, ("unknown setting '%s'%s"):format(tostring(name), M.suggestion(name, M.entries)) end
    local read, expected = M.read_value(entry[1], value)
    if read == nil then return nil, ("setting '%s' must be %s, not '%s'"):format(name, expected, tostring(value)) end
    values[name] = read
  end
  return values
end

return M
