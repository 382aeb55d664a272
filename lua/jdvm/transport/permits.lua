-- How many requests one nginx worker may have under way at a time, first come first served.
--
-- A light thread that is killed (ngx.thread.kill, ngx.exit, a client that went away) runs nothing more, so it gives
-- nothing back. Therefore a permit is an object: when the collector finds that its holder is gone, it counts it as
-- lost, and who waits next puts it back. The finalizer itself only counts: when a Lua state is closed
-- (lua_code_cache off), the semaphore may be gone before the permits are.

local newproxy, getmetatable = newproxy, getmetatable     -- luacheck: ignore (Lua 5.1 and LuaJIT, as nginx has)

local permits = {}
permits.__index = permits

local SLICE = 0.05          -- seconds between two looks for lost permits, while nothing is given back
local STEP = 100            -- work of the collector at each look (KB, roughly); else a quiet worker finds none

---@param count integer
---@param now fun(): number the time (seconds)
---@return table permits
function permits.new(count, now)
  return setmetatable({ count = count, now = now, lost = 0, next_look = 0, semaphore = nil }, permits)
end

local function wait(self, seconds)
  if self.lost > 0 then
    local lost = self.lost
    self.lost = 0
    self.semaphore:post(lost)
  end
  return self.semaphore:wait(seconds)
end

local function guard(self)
  local permit = newproxy(true)
  local meta = getmetatable(permit)
  meta.__gc = function()
    if not meta.returned then self.lost = self.lost + 1 end
  end
  return permit
end

--- Waits for a permit.
---@param seconds number at most
---@return userdata? permit to give back with `give`; nil when none came free in time
function permits:take(seconds)
  -- Made at the first use: a client is made in init_by_lua, a semaphore belongs to a worker.
  if not self.semaphore then self.semaphore = require "ngx.semaphore".new(self.count) end
  if wait(self, 0) then return guard(self) end
  local slices = math.ceil(seconds / SLICE)
  for _ = 1, slices do
    if wait(self, SLICE) then return guard(self) end
    -- One look for all that wait: each would do the same work.
    local now = self.now()
    if now >= self.next_look then
      self.next_look = now + SLICE
      collectgarbage("step", STEP)
    end
  end
  return nil
end

--- Gives a permit back; giving it twice is harmless.
---@param permit userdata from `take`
function permits:give(permit)
  local meta = getmetatable(permit)
  if meta.returned then return end
  meta.returned = true
  self.semaphore:post(1)
end

return permits
