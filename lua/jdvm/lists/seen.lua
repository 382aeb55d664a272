-- Which images a list has delivered, by their ids. Pure.
--
-- A scan works with keys: an id of the service's usual form, "img-" and ten of [0-9a-z], is a number (exact: it is
-- below 2^53), which the C set keeps in some 16 bytes, outside of what the collector has to walk. Any other id is
-- its own key, in a common table. Two ids never share a key.

local core = require "jdvm.core"

local seen = {}

local Set = {}
Set.__index = Set

--- Keys of the rows of a page, in order: keys, whether all are numbers; or nil and the first row without an id.
seen.keys = core.id_keys

--- The key of one id.
---@param id string
---@return number|string
function seen.key(id) return core.id_keys({ { id = id } }, "id")[1] end

--- An empty set of keys.
function seen.set() return setmetatable({ numbers = core.id_set(), others = {} }, Set) end

--- Whether a key is in the set.
---@param key number|string
---@return boolean
function Set:has(key)
  if type(key) == "number" then return self.numbers:has(key) end
  return self.others[key] == true
end

--- Adds a key.
---@param key number|string
---@return boolean is_new
function Set:add(key)
  if type(key) == "number" then return self.numbers:add(key) end
  local is_new = not self.others[key]
  self.others[key] = true
  return is_new
end

--- Adds the keys from `first` on, and leaves in `rows` only the rows whose keys are new.
---@param keys (number|string)[]
---@param rows table[]
---@param first integer
---@param is_plain boolean whether all keys are numbers
---@return integer count rows left
function Set:keep(keys, rows, first, is_plain)
  if is_plain then return self.numbers:keep(keys, rows, first) end
  local count = 0
  for i = first, #keys do
    if self:add(keys[i]) then
      count = count + 1
      rows[count] = rows[i]
    end
  end
  for i = count + 1, #keys do
    rows[i] = nil
  end
  return count
end

return seen
