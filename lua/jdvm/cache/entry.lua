-- What a cache keeps: JSON text, [kind, fresh until, fetched at, result, meta] or, with kind "failed", "negative" or
-- "raised", a message and its detail in place of the last two. As text, each reader gets tables of its own. Pure.

local core = require "jdvm.core"
local encode = require "jdvm.util.json"

local entry = {}

--- Of the format: part of the keys, so that code of another version, before a reload or on another node, sees no entry.
entry.VERSION = "jdvm1"

--- Where the parts are.
entry.KIND, entry.FRESH, entry.FETCHED, entry.FIRST, entry.SECOND = 1, 2, 3, 4, 5

--- An entry as text. Times are seconds of the wall clock.
function entry.write(kind, fresh, fetched, first, second) return assert(encode { kind, fresh, fetched, first, second }) end

--- The entry in a text; nil when it is none, as others than this library may have written it.
---@param text string?
---@param decoding table options of core.decode
---@return table?
function entry.read(text, decoding)
  local parts = text and core.decode(text, decoding)
  if type(parts) ~= "table" or type(parts[2]) ~= "number" or type(parts[3]) ~= "number" then return nil end
  return type(parts[5]) == "table" and parts or nil
end

--- Whether an entry is fresh. One that is so for longer than any may be (but for the second that os.time lags behind)
--- was written before the clock was set back.
---@param parts table
---@param now number
---@param longest number
---@return boolean
function entry.is_fresh(parts, now, longest)
  local left = parts[2] - now
  return left > 0 and left <= longest + 1
end

return entry
