-- A light thread of nginx that can be ended from everywhere, at once, and that keeps no request waiting.
--
-- nginx lets only the parent of a light thread end it, keeps what is over until the parent asks for it, and does not
-- end a request before. A coroutine of the user's is no good parent: it may never run again (a generator that is left
-- early), be ended itself, and be used for another request by the time that somebody asks. So the parent is a light
-- thread of our own, which waits until the work is over or to be ended; and its own parent ends as soon as it has
-- spawned it, so that nobody has to ask for it, either.

local ngx = ngx -- nil in plain Lua, where nothing here is of use
local min = math.min

local LOOK = 0.1 -- seconds between two looks whether somebody still waits for the work

---@class jdvm.LightThread
---@field over boolean? has the work ended by itself?
---@field cancelled boolean? is it to end, or was it ended?
---@field waits_for jdvm.LightThread? another, for which the work waits
---@field wake table? semaphore on which the parent waits
---@field done table? semaphore of those who wait for the work
local LightThread = {}
LightThread.__index = LightThread

local light_thread = {}

---@return jdvm.LightThread thread not yet started
function light_thread.new() return setmetatable({}, LightThread) end

local function new_semaphore() return require "ngx.semaphore".new(0) end

-- Who was ended waits no more, as the semaphore's count tells at once.
local function waiting(semaphore) return semaphore and -semaphore:count() or 0 end

local function wake_all(semaphore)
  local count = waiting(semaphore)
  if count > 0 then semaphore:post(count) end
end

-- Waits until the work is over or to be ended.
local function watch(self, seconds, is_attended)
  local step = is_attended and LOOK or seconds
  self.wake = new_semaphore()
  repeat
    self.wake:wait(min(step, seconds))
    seconds = seconds - step
    local is_forsaken = is_attended and waiting(self.done) == 0
  until self.over or self.cancelled or is_forsaken or seconds <= 0
end

--- Begins the work.
---@param seconds number after which it is ended
---@param work fun()
---@param is_attended boolean? whether it is also ended when nobody waits for it any more
function LightThread:start(seconds, work, is_attended)
  local spawn = ngx.thread.spawn
  local starter = spawn(function()
    spawn(function()
      local thread = spawn(function()
        work()
        self.over = true
        if self.wake then self.wake:post(1) end
        wake_all(self.done)
      end)
      if not self.over and not self.cancelled then watch(self, seconds, is_attended) end
      if self.over then return end
      self.cancelled = true
      if self.waits_for then self.waits_for:cancel() end
      ngx.thread.kill(thread)
      wake_all(self.done)
    end)
  end)
  ngx.thread.wait(starter)
end

--- Waits until the work is over or ended.
---@param seconds number at most
function LightThread:wait(seconds)
  -- Its parent waits, unless the request was ended, and the work with it.
  local is_dead = self.wake and waiting(self.wake) == 0
  if self.over or self.cancelled or is_dead then return end
  self.done = self.done or new_semaphore()
  self.done:wait(seconds)
end

--- Ends the work.
function LightThread:cancel()
  if self.over then return end
  self.cancelled = true
  if self.wake then self.wake:post(1) end
end

return light_thread
