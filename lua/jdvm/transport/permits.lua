-- How many requests one nginx worker may have under way at a time, first come first served.
--
-- Who waits stands in a queue, with a semaphore of its own, and is handed a permit as soon as one is given back: with
-- one semaphore for all, whoever came by at that moment would be served before those who wait.
--
-- A light thread that is killed (ngx.thread.kill, ngx.exit, a client that went away) runs nothing more, so it gives
-- nothing back. Therefore a permit is an object: when the collector finds that its holder is gone, it counts it as
-- lost, and the first of those who wait, who looks for such now and then, puts it back. The finalizer itself only
-- counts: when a Lua state is closed (lua_code_cache off), the semaphores may be gone before the permits are.

local newproxy, getmetatable = newproxy, getmetatable -- luacheck: ignore (Lua 5.1 and LuaJIT, as nginx has)
local max, min = math.max, math.min

local permits = {}
permits.__index = permits

local LOOK = 0.05 -- seconds between two looks of the first in the queue for lost permits
local STEP = 100 -- work of the collector at each look (KB, roughly); else a quiet worker finds none
local TURN = 1 -- seconds after which the others see whether they are first: who was may have been killed

---@param count integer
---@param now fun(): number the time (seconds)
---@return table permits
function permits.new(count, now)
  return setmetatable({ count = count, now = now, free = count, lost = 0, queue = {}, first = 1, last = 0 }, permits)
end

local function guard(self)
  local permit = newproxy(true)
  local meta = getmetatable(permit)
  meta.__gc = function()
    if not meta.returned then self.lost = self.lost + 1 end
  end
  return permit
end

-- The first in the queue. Those that left it and those that were killed, for whom nobody waits any more, are taken out.
local function first_of(self)
  local queue = self.queue
  while self.first <= self.last do
    local waiter = queue[self.first]
    if waiter and (waiter.awake or waiter.semaphore:count() < 0) then return waiter end
    queue[self.first] = nil
    self.first = self.first + 1
  end
  self.first, self.last = 1, 0
  return nil
end

-- Hands out what is free to those who wait.
local function serve(self)
  self.free, self.lost = self.free + self.lost, 0
  while self.free > 0 do
    local waiter = first_of(self)
    if not waiter then return end
    self.queue[self.first], self.first, self.free = nil, self.first + 1, self.free - 1
    waiter.permit = guard(self)
    if not waiter.awake then waiter.semaphore:post(1) end
  end
end

-- What the first of those who wait does from time to time.
local function look(self)
  collectgarbage("step", STEP)
  serve(self)
end

--- Waits for a permit.
---@param seconds number at most
---@return userdata? permit to give back with `give`; nil when none came free in time
function permits:take(seconds)
  serve(self)
  if self.free > 0 then
    self.free = self.free - 1
    return guard(self)
  end
  local now = self.now
  local deadline = now() + seconds
  local place = self.last + 1
  -- Semaphores are made here, not with the client: that is made in init_by_lua, and a semaphore belongs to a worker.
  local waiter = { semaphore = require "ngx.semaphore".new(0), awake = true }
  self.queue[place], self.last = waiter, place
  while true do
    local left = deadline - now()
    if left <= 0 then break end
    local is_first = first_of(self) == waiter
    waiter.awake = false
    waiter.semaphore:wait(max(0.001, min(left, is_first and LOOK or TURN)))
    waiter.awake = true
    if not waiter.permit and is_first then look(self) end
    if waiter.permit then return waiter.permit end
  end
  self.queue[place] = false
  return nil
end

--- Gives a permit back; giving it twice is harmless.
---@param permit userdata from `take`
function permits:give(permit)
  local meta = getmetatable(permit)
  if meta.returned then return end
  meta.returned = true
  self.free = self.free + 1
  serve(self)
end

return permits
