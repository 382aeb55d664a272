-- Request targets as the gateway reads them: whatever a client sent is decoded and encoded again before it is
-- compared, so clients that escape differently still verify. Pure.

local M = {}

local function escape(character) return ("%%%02X"):format(character:byte()) end
local function unescape(digits) return string.char(tonumber(digits, 16)) end

--- Percent-encodes everything but RFC 3986's unreserved characters.
---@param text string
---@param keep_slash? boolean leave `/` alone, as between the segments of a path
---@return string
function M.encode(text, keep_slash)
  local pattern = keep_slash and "[^A-Za-z0-9%-_.~/]" or "[^A-Za-z0-9%-_.~]"
  return (text:gsub(pattern, escape))
end

--- Undoes percent-encoding; a `%` without two hex digits stays as it is.
---@param text string
---@param plus_is_space? boolean form rules, as JDCLOUD3 has them
---@return string
function M.decode(text, plus_is_space)
  if plus_is_space then text = text:gsub("%+", " ") end
  return (text:gsub("%%(%x%x)", unescape))
end

---@param target string path and query as they came
---@return string path, string query
function M.split(target)
  local path, query = target:match("^([^?]*)%??(.*)$")
  return path, query
end

---@param query string
---@param plus_is_space? boolean
---@return table[] pairs decoded `{name, value}` in the order of arrival
function M.parse_query(query, plus_is_space)
  local pairs_found = {}
  for part in query:gmatch("[^&]+") do
    local name, value = part:match("^([^=]*)=(.*)$")
    if not name then
      name, value = part, ""
    end
    pairs_found[#pairs_found + 1] = { M.decode(name, plus_is_space), M.decode(value, plus_is_space) }
  end
  return pairs_found
end

--- Sorted by name, then value, strictly encoded.
---@param pairs_found table[] decoded pairs
---@param drop_nameless? boolean JDCLOUD3 leaves out pairs with an empty name
---@return string
function M.canonical_query(pairs_found, drop_nameless)
  local encoded = {}
  for _, pair in ipairs(pairs_found) do
    if pair[1] ~= "" or not drop_nameless then encoded[#encoded + 1] = { M.encode(pair[1]), M.encode(pair[2]) } end
  end
  table.sort(encoded, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  local parts = {}
  for i, pair in ipairs(encoded) do
    parts[i] = pair[1] .. "=" .. pair[2]
  end
  return table.concat(parts, "&")
end

--- JDCLOUD2: every segment on its own, so an escaped slash stays one and repeated slashes stay.
---@param path string
---@return string
function M.canonical_path2(path)
  if path == "" then return "/" end
  return (path:gsub("[^/]+", function(segment) return M.encode(M.decode(segment)) end))
end

--- JDCLOUD3: decoded as a whole, runs of slashes folded, one slash in front.
---@param path string
---@return string
function M.canonical_path3(path)
  local decoded = M.decode(path, true):gsub("/+", "/")
  if decoded:sub(1, 1) ~= "/" then decoded = "/" .. decoded end
  return M.encode(decoded, true)
end

return M
