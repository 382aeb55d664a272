-- What stands for an image in tables of a list's images: a number for an id of the usual form, "img-" and ten of
-- [0-9a-z], since numbers take a third of the memory of strings and are nothing to the collector; any other id stands
-- for itself. Two ids never share a key. Pure.

local byte, type = string.byte, type

-- Values of the digits to base 36. What is no digit makes the sum no number.
local digit = setmetatable({}, { __index = function() return 0 / 0 end })
for value = 0, 35 do
  digit[byte("0123456789abcdefghijklmnopqrstuvwxyz", value + 1)] = value
end

--- The key of an id.
---@param id any
---@return integer|string|nil key nil for what is no id
return function(id)
  if type(id) ~= "string" or id == "" then return nil end
  local i, m, g, dash, a, b, c, d, e, f, h, j, k, l, more = byte(id, 1, 15)
  if dash == 45 and i == 105 and m == 109 and g == 103 and not more then
    local upper = (((digit[a] * 36 + digit[b]) * 36 + digit[c]) * 36 + digit[d]) * 36 + digit[e]
    local key = ((((upper * 36 + digit[f]) * 36 + digit[h]) * 36 + digit[j]) * 36 + digit[k]) * 36 + digit[l]
    if key == key then return key end -- below 2^53, so exact in every Lua
  end
  return id
end
