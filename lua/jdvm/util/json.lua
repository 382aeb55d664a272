-- JSON text of what jdvm.core.decode gave, such that decoding it again gives the same. The library, the command and the
-- emulator write JSON here alone, since lua-cjson rounds integers, orders no keys, and on Debian makes objects of empty
-- arrays. Pure.

-- The emulator's nginx may have no jdvm.core: what it writes has neither nulls nor marked arrays.
local has_core, core = pcall(require, "jdvm.core")
if not has_core then core = {} end

-- Lua 5.3 and later tell integers from floats.
local type_of_number = rawget(math, "type") or function() return nil end

local MAX_DEPTH = 64

local ESCAPES =
  { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(character) return ESCAPES[character] or ("\\u%04x"):format(character:byte()) end

-- Control characters, quotes and backslashes, as a complement: the class %c goes by the locale.
local function quote(text) return '"' .. text:gsub("[^\32\33\35-\91%]\94-\126\128-\255]", escape) .. '"' end

local function number(value)
  if type_of_number(value) == "integer" then return ("%d"):format(value) end
  if value ~= value or value == math.huge or value == -math.huge then error("JSON has neither NaN nor infinity", 0) end
  if value % 1 == 0 and value < 2 ^ 63 and value > -2 ^ 63 then return ("%.0f"):format(value) end
  local text = ("%.14g"):format(value)
  if tonumber(text) ~= value then text = ("%.17g"):format(value) end
  return (text:gsub(",", ".")) -- a locale may write a comma
end

-- Arrays are marked by the decoder when they are empty; others show it by their first element.
local function is_array(value)
  if value[1] ~= nil then return true end
  return next(value) == nil and getmetatable(value) ~= nil
end

local function write(value, depth, sorted)
  local kind = type(value)
  if kind == "string" then return quote(value) end
  if kind == "number" then return number(value) end
  if kind == "boolean" then return tostring(value) end
  if value == core.null or value == nil then return "null" end
  if kind ~= "table" then error("a " .. kind .. " has no JSON", 0) end
  if depth > MAX_DEPTH then error("tables more than " .. MAX_DEPTH .. " deep", 0) end
  local parts = {}
  if is_array(value) then
    for index = 1, #value do
      parts[index] = write(value[index], depth + 1, sorted)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for name in pairs(value) do
    if type(name) ~= "string" then error("the key " .. tostring(name) .. " of an object is no string", 0) end
    parts[#parts + 1] = name
  end
  if sorted then table.sort(parts) end
  for index, name in ipairs(parts) do
    parts[index] = quote(name) .. ":" .. write(value[name], depth + 1, sorted)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- Encodes a value.
---@param value any plain data: tables, strings, numbers, booleans, jdvm.null
---@param sorted? boolean order the names of objects, so that equal values give equal text
---@return string? text
---@return string? message what cannot be JSON
return function(value, sorted)
  local ok, text = pcall(write, value, 1, sorted)
  if not ok then return nil, tostring(text) end
  return text
end
