-- Whether a failed attempt is worth a retry, and when. Pure functions of their arguments; randomness and
-- clocks are given.
--
-- The numbers are those that the AWS SDKs settled on for their "standard" mode of 2026: full jitter, a longer scale
-- when throttled, the service's own Retry-After within bounds, and a quota that stops a storm of retries.

local dates = require "jdvm.util.time"

local retry = {}

-- HTTP codes after which the same request may succeed.
local REASONS =
  { [429] = "throttled", [500] = "transient", [502] = "transient", [503] = "transient", [504] = "transient" }

-- The code that decides: that of HTTP, or of the error in the body where HTTP says that all is well.
local function deciding_code(failure)
  local http = failure.http_status
  return http and http >= 200 and http <= 299 and failure.code or http
end

--- What a failure means for another attempt. No word of a response decides that, but for one: 429 also stands for a
--- quota that is used up. All requests are GETs, so it never matters whether one has arrived.
---@param failure table kind; of a response code, status, http_status, broke_off; of a transport lasting
---@return string|nil reason "throttled" or "transient"; nil when another attempt would fail, too
function retry.reason(failure)
  local kind = failure.kind
  if kind == "api" or kind == "http" then
    local reason = REASONS[deciding_code(failure)]
    return not (reason == "throttled" and failure.status == "QUOTA_EXCEEDED") and reason or nil
  end
  if failure.lasting then return nil end
  if kind == "decode" then return failure.broke_off and "transient" or nil end
  return (kind == "connect" or kind == "timeout" or kind == "transport") and "transient" or nil
end

--- Whether a request is replayed: it failed because the server had given up an idle connection, which says nothing
--- about the request. A replay goes out on a fresh connection with a new signature, and is not another attempt.
---@param response table|nil
---@param failure table|nil of a transport
---@return boolean|nil
function retry.is_replayed(response, failure)
  if response then return response.kept and response.status == 408 end
  return failure.kept
end

-- Seconds.
local SCALE = { transient = 0.05, throttled = 1 }
local LONGEST, GRACE = 20, 5

--- Seconds to wait before the next attempt: full jitter, and the service's wish within 5 s of that.
---@param attempts integer attempts made
---@param reason string "throttled" or "transient"
---@param random number in [0, 1)
---@param retry_after number|nil seconds the service asked for
---@return number
function retry.delay(attempts, reason, random, retry_after)
  local delay = random * math.min(SCALE[reason] * 2 ^ math.min(attempts - 1, 30), LONGEST)
  if retry_after then return math.max(delay, math.min(retry_after, delay + GRACE)) end
  return delay
end

local months =
  { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

--- Seconds since 1970 of an HTTP date (IMF-fixdate, the form that servers must send), or nil.
---@param text any
---@return number|nil
function retry.http_date(text)
  if type(text) ~= "string" then return nil end
  local day, name, year, hour, minute, second =
    text:match("^%a%a%a, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT")
  local month = months[name or ""]
  if not month then return nil end
  return dates.seconds(year, month, day, hour, minute, second)
end

-- No wait is longer (seconds): a header may hold any number of digits.
local LONGEST_WISH = 365 * 86400

--- Seconds that the service asks to wait, at most a year.
---@param headers table<string, string>
---@param now number seconds since 1970, for a response without a Date
---@return number|nil
function retry.after(headers, now)
  local value = headers["retry-after"]
  if type(value) ~= "string" then return nil end
  local seconds = value:match("^%s*(%d+%.?%d*)%s*$")
  if not seconds then
    local date = retry.http_date(value)
    seconds = date and math.max(0, date - (retry.http_date(headers.date) or now))
  end
  return seconds and math.min(tonumber(seconds), LONGEST_WISH)
end

local CAPACITY, COST = 500, { transient = 14, throttled = 5 }

local Quota = {}
Quota.__index = Quota

--- What a client may spend on retries. A retry costs 14 (5 when throttled). A call that succeeds in the end gives
--- back what its retries cost, and one that succeeds at once gives 1: a service that fails at times costs nothing,
--- one that fails always is asked 35 times more (100 when it throttles), and then once for each call.
---@return table quota with take(self, reason) and pay_back(self, cost)
function retry.quota() return setmetatable({ left = CAPACITY }, Quota) end

--- Takes the price of a retry.
---@param reason string
---@return number|nil cost nil when the quota does not cover it
function Quota:take(reason)
  local cost = COST[reason]
  if cost > self.left then return nil end
  self.left = self.left - cost
  return cost
end

--- Pays back for a success.
---@param cost number|nil what the call's retries cost
function Quota:pay_back(cost) self.left = math.min(CAPACITY, self.left + (cost or 1)) end

return retry
