-- Keys for a set of image ids that may hold hundreds of thousands. Pure.
--
-- An id of the service's usual form, "img-" and ten of [0-9a-z], is a number below 36^10 < 2^53: as a
-- key it is exact, costs one slot of a table and keeps no string alive. Any other id is its own key, so
-- that two ids never share one.

local find, sub = string.find, string.sub

local seen = {}

--- The key of an id.
---@param id string
---@return number|string
function seen.key(id)
  if #id == 14 and find(id, "^img%-[0-9a-z]+$") then return tonumber(sub(id, 5), 36) end
  return id
end

--- Keys of the rows of a page, in order.
---@param rows table[] rows as decoded
---@param field string name of the id's field
---@return (number|string)[]|nil keys nil when a row has no id
---@return integer|nil index of that row
function seen.keys(rows, field)
  local keys, key = {}, seen.key
  for i = 1, #rows do
    local id = rows[i][field]
    if type(id) ~= "string" or id == "" then return nil, i end
    keys[i] = key(id)
  end
  return keys
end

return seen
