-- Counters and nonces in the memory of one Lua state. In nginx shared dictionaries with the same methods take
-- its place, so that all workers count together (server.lua).

local M = {}

local Store = {}
Store.__index = Store

---@return table store
function M.new() return setmetatable({ values = {}, recent = {}, older = {}, turned = nil }, Store) end

---@param key string
---@return any value nil when there is none
function Store:get(key) return self.values[key] end

---@param key string
---@param value any nil removes it
function Store:set(key, value) self.values[key] = value end

--- Adds to a counter that starts at 0.
---@param key string
---@param by number
---@return number new value
function Store:incr(key, by)
  local value = (self.values[key] or 0) + by
  self.values[key] = value
  return value
end

--- Remembers a name for at least `window` seconds.
---@param name string
---@param window number
---@param now number seconds
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
function Store:forget()
  self.recent, self.older = {}, {}
end

return M
