-- What may be set while the emulator runs. Most settings are answers to questions that neither the service's pages
-- nor its SDKs settle.

local names = require "jdvm.emulator.names"

local M = {}

-- name, default, kind (or the allowed words), what it means
M.list = {
  { "skew", 900, "number", "seconds that x-jdcloud-date may be away from the service's clock" },
  { "skew_status", 401, "number", "HTTP status of an answer to a request outside that window" },
  { "nonce_window", 1800, "number", "seconds for which a nonce may not be used again" },
  { "clock_offset", 0, "number", "seconds by which the service's clock is wrong, in Date and in the check" },
  { "latency", 0, "number", "seconds of service time for every answer" },
  { "past_end", "empty", { "empty", "clamped" }, "a page after the last one: no images, or the last page again" },
  { "page_number_below_1", "refused", { "refused", "first" }, "a page number under 1" },
  { "unknown_region", "route", { "route", "argument", "empty" }, "404 no route, 400, or a region without images" },
  { "unknown_source", "refused", { "refused", "empty" }, "an imageSource that does not exist" },
  { "unknown_value", "empty", { "empty", "refused" }, "a platform, status … that does not exist" },
  { "unknown_key_message", "Invalid accessKey [gw]", "text", "the text for an access key that does not exist" },
  { "offline_default", "false", { "false", "any" }, "what a missing `offline` means for public and thirdparty" },
  { "ids_paging", false, "boolean", "whether pageNumber and pageSize count beside ids" },
  {
    "words",
    "new",
    { "new", "old" },
    "imageSource: private, public … or self, jcloud …; old words are taken, too",
  },
  { "framing", "chunked", { "chunked", "length" }, "how the end of a body is marked" },
  { "keep_alive", true, "boolean", "whether connections stay open" },
  { "gzip", false, "boolean", "compress when the client asks for it" },
  { "line_feed", true, "boolean", "a line feed after the body" },
  { "uri_limit", 8192, "number", "bytes of a request target before 414" },
  { "rate_limit", 0, "number", "calls a minute and key before 429; 0 for no limit" },
}

M.by_name = {}
for _, entry in ipairs(M.list) do
  M.by_name[entry[1]] = { name = entry[1], default = entry[2], kind = entry[3], doc = entry[4] }
end

local function one_of(words, value)
  for _, word in ipairs(words) do
    if word == value then return word end
  end
end

--- Reads the value of a setting.
---@param name string
---@param value any text as typed, or a value of the right type
---@return any|nil value
---@return string|nil message
function M.read(name, value)
  local entry = M.by_name[name]
  if not entry then return nil, ("unknown setting '%s'%s"):format(tostring(name), names.meant(name, M.by_name)) end
  local kind = entry.kind
  local read, expected
  if kind == "number" then
    read, expected = tonumber(value), "a number"
  elseif kind == "boolean" then
    local words = { ["true"] = true, on = true, ["1"] = true, ["false"] = false, off = false, ["0"] = false }
    read, expected = words[tostring(value)], "true or false"
  elseif kind == "text" then
    read, expected = tostring(value), "text"
  else
    read, expected = one_of(kind, value), table.concat(kind, " or ")
  end
  if read == nil then return nil, ("setting '%s' must be %s, not '%s'"):format(name, expected, tostring(value)) end
  return read
end

---@return table values by name
function M.defaults()
  local values = {}
  for _, entry in ipairs(M.list) do
    values[entry[1]] = entry[2]
  end
  return values
end

return M
