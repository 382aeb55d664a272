-- Coroutines and the function for the option `wait` that they need, over select of LuaSocket: a loop that checks how
-- it is used. A socket is never waited for by two at a time, and is open as long as somebody waits for it.
local curl = require "jdvm.curl"
local socket = require "socket"

local scheduler = {}

local methods = {}
local metatable = { __index = methods }

function scheduler.new()
  local self = setmetatable({ waits = {}, rounds = 0, calls = 0 }, metatable)
  function self.wait(sockets, seconds)
    self.calls = self.calls + 1
    assert(seconds >= 0 and seconds <= 60, seconds)
    local thread = assert(coroutine.running())
    self.waits[thread] = { sockets = sockets, time = curl.now() + seconds }
    coroutine.yield()
  end
  return self
end

local function resume(self, thread)
  self.waits[thread] = nil
  local ok, message = coroutine.resume(thread)
  if not ok then error(message, 0) end
end

--- Begins to run a function in a coroutine of its own.
---@param work function
---@return thread
function methods:spawn(work)
  local thread = coroutine.create(work)
  resume(self, thread)
  return thread
end

--- Never resumes a coroutine again.
function methods:drop(thread) self.waits[thread] = nil end

-- What select takes for a descriptor.
local function handle_of(fd)
  return { getfd = function() return fd end, fd = fd }
end

-- The coroutines whose wait is over.
local function ready(self)
  local reads, writes, owners, soonest, now = {}, {}, {}, curl.now() + 0.05, curl.now()
  for thread, waited in pairs(self.waits) do
    soonest = math.min(soonest, waited.time)
    for _, each in ipairs(waited.sockets) do
      assert(not owners[each.fd], "two wait for one socket")
      owners[each.fd] = thread
      if each.read then reads[#reads + 1] = handle_of(each.fd) end
      if each.write then writes[#writes + 1] = handle_of(each.fd) end
    end
  end
  local can_read, can_write = socket.select(reads, writes, math.max(0, soonest - now))
  local list, now_ready = {}, {}
  for _, handles in ipairs { can_read, can_write } do
    for _, handle in ipairs(handles) do
      now_ready[owners[handle.fd]] = true
    end
  end
  for thread, waited in pairs(self.waits) do
    if now_ready[thread] or waited.time <= curl.now() then list[#list + 1] = thread end
  end
  return list
end

--- Goes round once.
function methods:step()
  self.rounds = self.rounds + 1
  for _, thread in ipairs(ready(self)) do
    if self.waits[thread] then resume(self, thread) end
  end
end

--- Goes round until nobody waits any more, or for that many seconds.
---@param seconds number|nil
function methods:run(seconds)
  local finish = curl.now() + (seconds or 20)
  while next(self.waits) and curl.now() < finish do
    self:step()
  end
  if not seconds then assert(not next(self.waits), "somebody still waits") end
end

return scheduler
