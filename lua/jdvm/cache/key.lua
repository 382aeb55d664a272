-- The name under which a cache keeps a response. Pure.

local core = require "jdvm.core"

local LONGEST = 250

-- Equal parameters give equal text, others never do. Wrong ones need not be known here.
local function describe(value)
  local kind = type(value)
  if kind ~= "table" then
    local text = tostring(value)
    return kind:sub(1, 1) .. #text .. ":" .. text
  end
  local parts = {}
  for name, item in pairs(value) do
    parts[#parts + 1] = describe(name) .. "=" .. describe(item)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, " ") .. "}"
end

--- The key of a value behind a prefix.
---@param prefix string
---@param value any parameters
---@return string key
return function(prefix, value)
  local key = prefix .. describe(value)
  if #key > LONGEST then key = key:sub(1, LONGEST - 70) .. "#" .. core.sha256(key) end
  return key
end
