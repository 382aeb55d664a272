-- Work in timers of nginx, which does not end when a client leaves. nginx runs a limited number of timers, and drops
-- those beyond it without an error; this limit is lower, so that some are left to others.

local ngx = ngx -- nil outside nginx

local MOST = 64 -- of nginx's 256 (lua_max_running_timers)

local timers = {}

--- Seconds after which a timer that has not begun was dropped.
timers.LATE = 0.5

-- Those of this worker that nginx was asked for, or has begun.
local known = {}

local function count(now)
  local number = 0
  for timer in pairs(known) do
    if not timer.began and now - timer.since > timers.LATE then
      known[timer] = nil
    else
      number = number + 1
    end
  end
  return number
end

---@class jdvm.Timer
---@field since number when nginx was asked for it
---@field began boolean? has nginx begun it?

--- Runs a function in a timer.
---@param work fun()
---@return jdvm.Timer? timer nil when there may be no more
function timers.run(work)
  local now = ngx.now()
  if count(now) >= MOST then return nil end
  local timer = { since = now }
  local ok, made = pcall(ngx.timer.at, 0, function()
    known[timer], timer.began = true, true
    local is_done, message = pcall(work)
    known[timer] = nil
    if not is_done then ngx.log(ngx.ERR, "jdvm: ", message) end
  end)
  if not (ok and made) then return nil end
  known[timer] = true
  return timer
end

return timers
