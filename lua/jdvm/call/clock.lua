-- The clock of the service: a call that was refused because this machine's clock is minutes off is signed again with
-- the time of the service, which the client keeps as an offset as long as the clocks differ. Pure.

local dates = require "jdvm.util.time"
local retry = require "jdvm.call.retry"

local clock = {}

-- Dates outside of these years cannot be signed with, and are no clock's.
local FIRST, LAST = dates.seconds(1971, 1, 1, 0, 0, 0), dates.seconds(9990, 1, 1, 0, 0, 0)

-- A clock nearer to the service's than this (seconds) is right: what remains is travel time and rounding.
local RIGHT_ENOUGH = 120

-- How far the service's clock is ahead, when it is far.
local function far(seconds) return math.abs(seconds) >= RIGHT_ENOUGH and seconds or nil end

--- Follows the clock that a response shows.
---@param call table its state has the offset, in seconds
---@param headers table<string, string> of the response
---@param failure table|nil what the response was read as; learns `skew`, and `clock_behind` or `clock_ahead` as cause
---@return boolean is_skewed whether the refused request was signed with a time that was far off
function clock.follow(call, headers, failure)
  local state, former = call.state, call.state.offset
  local date = (failure or former) and retry.http_date(headers.date)
  if not date or date < FIRST or date > LAST then return false end
  local skew = far(date - state.clock())
  -- An offset is measured anew by every response, and ends when the clocks agree.
  if former then state.offset = skew end
  local is_refusal = failure and failure.kind == "api" and (failure.http_status == 401 or failure.http_status == 403)
  if not is_refusal then return false end
  if call.was_skewed then
    -- The corrected time was refused, too: it was not the clock, or the date of the responses is wrong.
    state.offset = call.former_offset
    return false
  end
  if not far(date - call.signed_at) then return false end
  failure.skew = skew
  if skew then failure.cause = skew > 0 and "clock_behind" or "clock_ahead" end
  call.former_offset, state.offset = former, skew
  return true
end

return clock
