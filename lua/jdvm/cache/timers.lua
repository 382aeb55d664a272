-- Work in timers of nginx, which no client's leaving ends. nginx allows for so many at a time, and drops those beyond
-- without a word; these are few enough to leave some to others.

local turns = require "jdvm.util.turn"

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
    if timer.began and not timer.turn:goes_on() or not timer.began and now - timer.since > timers.LATE then
      known[timer] = nil
    else
      number = number + 1
    end
  end
  return number
end

---@class jdvm.Timer
---@field began boolean? has nginx begun it?

--- Runs a function in a timer.
---@param work fun()
---@return jdvm.Timer? timer nil when there may be no more
function timers.run(work)
  local now = ngx.now()
  if count(now) >= MOST then return nil end
  local timer = { since = now, turn = turns.new(work) }
  local ok, made = pcall(ngx.timer.at, 0, function()
    known[timer], timer.began = true, true
    local is_done, message = pcall(timer.turn.work)
    known[timer] = nil
    if not is_done then ngx.log(ngx.ERR, "jdvm: ", message) end
  end)
  if not (ok and made) then return nil end
  known[timer] = true
  return timer
end

--- Whether a timer was begun and has ended, or been ended.
---@param timer jdvm.Timer
---@return boolean
function timers.is_over(timer) return timer.began and not timer.turn:goes_on() or false end

return timers
