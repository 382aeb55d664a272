-- JSON text of what jdvm.core.decode gave, such that decoding it again gives the same. The library, the command and the
-- emulator write JSON here alone, since lua-cjson rounds integers, orders no keys, and on Debian makes objects of empty
-- arrays. Pure.

-- The emulator's nginx may have no jdvm.core: what it writes has neither nulls nor marked arrays.
local has_core, core = pcall(require, "jdvm.core")
if not has_core then core = {} end

local concat, sort = table.concat, table.sort
local getmetatable, next, pairs, tostring, type = getmetatable, next, pairs, tostring, type
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

local function write(out, n, value, depth, sorted)
  local kind = type(value)
  if kind == "string" then
    out[n + 1] = quote(value)
  elseif kind == "number" then
    out[n + 1] = number(value)
  elseif kind == "boolean" then
    out[n + 1] = value and "true" or "false"
  elseif value == core.null or value == nil then
    out[n + 1] = "null"
  elseif kind ~= "table" then
    error("a " .. kind .. " has no JSON", 0)
  elseif depth > MAX_DEPTH then
    error("tables more than " .. MAX_DEPTH .. " deep", 0)
  elseif is_array(value) then
    n = n + 1
    out[n] = "["
    for index = 1, #value do
      if index > 1 then
        n = n + 1
        out[n] = ","
      end
      n = write(out, n, value[index], depth + 1, sorted)
    end
    out[n + 1] = "]"
  else
    local names = {}
    for name in pairs(value) do
      if type(name) ~= "string" then error("the key " .. tostring(name) .. " of an object is no string", 0) end
      names[#names + 1] = name
    end
    if sorted then sort(names) end
    n = n + 1
    out[n] = "{"
    for index, name in ipairs(names) do
      n = n + 1
      out[n] = (index > 1 and "," or "") .. quote(name) .. ":"
      n = write(out, n, value[name], depth + 1, sorted)
    end
    out[n + 1] = "}"
  end
  return n + 1
end

--- Encodes a value.
---@param value any plain data: tables, strings, numbers, booleans, jdvm.null
---@param sorted? boolean order the names of objects, so that equal values give equal text
---@return string? text
---@return string? message what cannot be JSON
local function encode(value, sorted)
  local out = {}
  local ok, n = pcall(write, out, 0, value, 1, sorted)
  if not ok then return nil, tostring(n) end
  return concat(out, "", 1, n)
end

return encode
