-- Percent-encoding, and request targets taken apart. Pure.

local texts = require "jdvm.util.text"

local M = {}

--- Percent-encodes everything but RFC 3986's unreserved characters and, if told so, the slashes of a path.
function M.encode(text, keep_slash)
  local pattern = keep_slash and "[^A-Za-z0-9%-_.~/]" or "[^A-Za-z0-9%-_.~]"
  return (text:gsub(pattern, function(character) return ("%%%02X"):format(character:byte()) end))
end

--- Undoes percent-encoding; a `%` without two hex digits stays as it is. A plus is a space in JDCLOUD3 only.
function M.decode(text, plus_is_space)
  if plus_is_space then text = text:gsub("%+", " ") end
  return texts.percent_decoded(text)
end

--- Path and query.
function M.split(target) return target:match "^([^?]*)%??(.*)$" end

--- Decoded `{name, value}` in the order of arrival.
function M.parse_query(query, plus_is_space)
  local pairs_found = {}
  for part in query:gmatch "[^&]+" do
    local name, value = part:match "^([^=]*)=?(.*)$"
    pairs_found[#pairs_found + 1] = { M.decode(name, plus_is_space), M.decode(value, plus_is_space) }
  end
  return pairs_found
end

return M
