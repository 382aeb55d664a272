-- Counters and nonces in the memory of one Lua state. In nginx shared dictionaries with the same methods take
-- its place, so that all workers count together (server.lua).

local M = {}

local Store = {}
Store.__index = Store

---@return table store
function M.new()
  return setmetatable({ values = {}, recent = {}, older = {}, turned = nil }, Store)
end

function Store:get(key) return self.values[key] end

function Store:set(key, value) self.values[key] = value end

--- Adds to a counter that starts at 0.
---@return number new value
function Store:incr(key, by)
  local value = (self.values[key] or 0) + by
  self.values[key] = value
  return value
end

--- Remembers a name for at least `window` seconds.
---@return boolean fresh false when it was there already
function Store:remember(name, window, now)
  if not self.turned then self.turned = now end
  if now - self.turned >= window then
    self.older, self.recent, self.turned = self.recent, {}, now
  end
  if self.recent[name] or self.older[name] then return false end
  self.recent[name] = true
  return true
end

--- Forgets all nonces.
function Store:forget() self.recent, self.older = {}, {} end

return M
