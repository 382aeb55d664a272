-- A set of image ids that may hold hundreds of thousands in 8 to 40 bytes each. Pure.
--
-- An id of the service's usual form, "img-" and ten of [0-9a-z], is a number below 36^10 < 2^53: exact as a key,
-- and no string is kept alive. These keys stand in one array with open addressing: a slot of a Lua array is less
-- than half as large as one of its hash part. Any other id is its own key in a common table, so that two ids
-- never share one.

local find, sub = string.find, string.sub

local seen = {}

local FIRST_SIZE = 256
-- Part of the array that may be in use before it doubles.
local FULL = 0.85

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
  local keys = {}
  for i = 1, #rows do
    local id = rows[i][field]
    if type(id) ~= "string" or id == "" then return nil, i end
    keys[i] = #id == 14 and find(id, "^img%-[0-9a-z]+$") and tonumber(sub(id, 5), 36) or id
  end
  return keys
end

local function empty_slots(size)
  local slots = {}
  for i = 1, size do slots[i] = false end
  return slots
end

-- Where a key stands, or the free slot where it belongs.
local function slot_of(slots, size, key)
  local i = key % size + 1
  local found = slots[i]
  while found and found ~= key do
    i = i < size and i + 1 or 1
    found = slots[i]
  end
  return i, found
end

local Set = {}
Set.__index = Set

--- An empty set of keys.
function seen.set()
  return setmetatable({ size = FIRST_SIZE, used = 0, slots = empty_slots(FIRST_SIZE), others = {} }, Set)
end

local function grow(self)
  local old, size = self.slots, self.size * 2
  local slots = empty_slots(size)
  for i = 1, self.size do
    local key = old[i]
    if key then slots[slot_of(slots, size, key)] = key end
  end
  self.slots, self.size = slots, size
end

--- Whether a key is in the set.
---@param key number|string
---@return boolean
function Set:has(key)
  if type(key) == "string" then return self.others[key] == true end
  local _, found = slot_of(self.slots, self.size, key)
  return found ~= false
end

--- Adds a key.
---@param key number|string
---@return boolean is_new
function Set:add(key)
  if type(key) == "string" then
    if self.others[key] then return false end
    self.others[key] = true
    return true
  end
  local slots, size = self.slots, self.size
  local i = key % size + 1
  local found = slots[i]
  while found do
    if found == key then return false end
    i = i < size and i + 1 or 1
    found = slots[i]
  end
  slots[i] = key
  self.used = self.used + 1
  if self.used > size * FULL then grow(self) end
  return true
end

return seen
