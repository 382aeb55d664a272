-- What can be set while the emulator runs, and how values of settings and faults are read. Most settings answer
-- questions that neither the service's pages nor its SDKs settle. Pure.

local text = require "jdvm.util.text"

local M = {}

-- name, default, kind of value (or the allowed words), meaning
M.list = {
  { "skew", 900, "number", "largest difference, in seconds, between x-jdcloud-date and the service's clock" },
  { "skew_status", 401, "integer", "HTTP status for a request outside that window" },
  { "nonce_window", 1800, "number", "seconds during which a nonce cannot be used again" },
  { "clock_offset", 0, "signed", "seconds by which the service's clock is wrong, in Date and in the check" },
  { "latency", 0, "number", "seconds that every response takes" },
  { "past_end", "empty", { "empty", "clamped" }, "a page after the last one: no images, or the last page again" },
  { "page_number_below_1", "refused", { "refused", "first" }, "a page number below 1" },
  { "unknown_region", "route", { "route", "argument", "empty" }, "404 no route, 400, or a region without images" },
  { "unknown_source", "refused", { "refused", "empty" }, "an imageSource that does not exist" },
  { "unknown_value", "empty", { "empty", "refused" }, "a platform, status … that does not exist" },
  { "unknown_key_message", "Invalid accessKey [gw]", "text", "the message for an access key that does not exist" },
  { "offline_default", "false", { "false", "any" }, "what a missing `offline` means for public and thirdparty" },
  { "ids_paging", false, "boolean", "whether pageNumber and pageSize apply to ids" },
  {
    "words",
    "new",
    { "new", "old" },
    "imageSource: private, public … or self, jcloud …, which are then accepted, too",
  },
  { "framing", "chunked", { "chunked", "length" }, "how the end of a body is marked" },
  { "keep_alive", true, "boolean", "whether connections stay open" },
  { "gzip", false, "boolean", "compress when the client accepts it" },
  { "line_feed", true, "boolean", "a line feed after the body" },
  { "uri_limit", 8192, "integer", "bytes of a request target before 414" },
  { "rate_limit", 0, "integer", "calls a minute and key before 429; 0 for no limit" },
}

M.by_name = {}
for _, entry in ipairs(M.list) do
  M.by_name[entry[1]] = { kind = entry[3] }
end

--- What the kinds of values are called.
M.meanings = {
  text = "text",
  boolean = "true or false",
  number = "a number from 0",
  integer = "a whole number from 0",
  signed = "a number",
  share = "a number from 0 to 1",
}

local BOOLEANS = { ["true"] = true, on = true, ["1"] = true, ["false"] = false, off = false, ["0"] = false }

local in_range = {
  number = function(n) return n >= 0 end,
  integer = function(n) return n >= 0 and n % 1 == 0 end,
  signed = function(n) return n == n end,
  share = function(n) return n >= 0 and n <= 1 end,
}

--- Reads a value of a setting, or of a parameter or condition of a fault.
---@param kind string|string[] a key of `meanings`, or the allowed words
---@param value any text as typed, or a value of the right type
---@return any|nil value
---@return string|nil expected what it should have been
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
---@param ... table<string, any> tables keyed by known names
function M.suggestion(name, ...)
  local nearest = text.nearest(tostring(name), M.names(...))
  return nearest and ("; did you mean '%s'?"):format(nearest) or ""
end

--- Reads the value of a setting.
---@param value any text as typed, or a value of the right type
---@return any|nil value
---@return string|nil message
function M.read(name, value)
  local entry = M.by_name[name]
  if not entry then return nil, ("unknown setting '%s'%s"):format(tostring(name), M.suggestion(name, M.by_name)) end
  local read, expected = M.read_value(entry.kind, value)
  if read == nil then return nil, ("setting '%s' must be %s, not '%s'"):format(name, expected, tostring(value)) end
  return read
end

--- The values of all settings: the defaults, and what is given.
---@param given table<string, any> values that `read` accepts
---@return table<string, any>|nil values
---@return string|nil message
function M.values(given)
  local values = {}
  for _, entry in ipairs(M.list) do
    values[entry[1]] = entry[2]
  end
  for name, value in pairs(given) do
    local read, message = M.read(name, value)
    if read == nil then return nil, message end
    values[name] = read
  end
  return values
end

return M
