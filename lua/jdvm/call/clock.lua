-- The clock of the service: a call that was refused because this machine's clock is minutes off is signed again with
-- the time of the service, which the client keeps as an offset as long as the clocks differ. Pure.

local retry = require "jdvm.call.retry"

local clock = {}

--- Follows the clock that a response shows.
---@param call table its state has the offset, in seconds
---@param headers table<string, string> of the response
---@param failure table|nil what the response was read as; learns `skew`, and `clock_behind` or `clock_ahead` as cause
---@return boolean is_skewed whether the refused request was signed with a time that was far off
function clock.follow(call, headers, failure)
  local state = call.state
  local former = state.offset
  if not failure and not former then return false end
  local skew, is_known = retry.skew(headers, state.clock())
  if not is_known then return false end
  -- An offset is measured anew by every response, and ends when the clocks agree.
  if former then state.offset = skew end
  local is_refusal = failure and failure.kind == "api" and (failure.http_status == 401 or failure.http_status == 403)
  if not is_refusal then return false end
  if call.was_skewed then
    -- The corrected time was refused, too: it was not the clock, or the date of the responses is wrong.
    state.offset = call.former_offset
    return false
  end
  local wrong = retry.skew(headers, call.signed_at)
  if not wrong then return false end
  failure.skew = skew
  if skew then failure.cause = skew > 0 and "clock_behind" or "clock_ahead" end
  call.former_offset, state.offset = former, skew
  return true
end

return clock
