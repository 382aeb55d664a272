-- Whether a failed try is worth another one, and when. Pure functions of their arguments; randomness and
-- clocks are given.
--
-- The numbers are those that the AWS SDKs settled on for their "standard" mode of 2026: full jitter, a longer scale
-- when throttled, the service's own Retry-After within bounds, and a quota that stops a storm of retries.

local dates = require "jdvm.util.time"

local retry = {}

-- What the service's words mean. They are asked first: it says 429 for a quota, too.
local words = {
  RATE_LIMIT = "throttled",
  HTTP_RATE_LIMIT_EXCEEDED = "throttled",
  QUOTA_EXCEEDED = "final",
  INTERNAL = "transient",
  UNKNOWN = "transient",
  UNAVAILABLE = "transient",
  SOURCE_UNAVAILABLE = "transient",
  HTTP_INTERNAL_SERVER_ERROR = "transient",
  HTTP_BAD_GATEWAY = "transient",
  HTTP_SERVICE_UNAVAILABLE = "transient",
  HTTP_SERVER_TIMING_OUT = "transient",
  INVALID_ARGUMENT = "final",
  FAILED_PRECONDITION = "final",
  OUT_OF_RANGE = "final",
  UNAUTHENTICATED = "final",
  ACCESS_ERROR = "final",
  HTTP_FORBIDDEN = "final",
  NOT_FOUND = "final",
  NOT_IMPLEMENTED = "final",
  ALREADY_EXISTS = "final",
  CANCELLED = "final",
  HTTP_BAD_REQUEST = "final",
  HTTP_URI_TOO_LONG = "final",
  HTTP_REQUEST_ENTITY_TOO_LARGE = "final",
}
local codes =
  { [429] = "throttled", [500] = "transient", [502] = "transient", [503] = "transient", [504] = "transient" }

--- What a failure means for another try.
---@param failure table kind; of an answer status, code, http_status, broke_off; of a transport sent, lasting
---@param is_safe boolean whether the request may arrive twice; else only what was never sent is tried again
---@return string|nil reason "throttled" or "transient"; nil when another try would fail, too
function retry.reason(failure, is_safe)
  local kind = failure.kind
  if kind == "api" or kind == "http" then
    local word = words[failure.status or ""]
    if not word then word = codes[kind == "api" and codes[failure.code] and failure.code or failure.http_status] end
    if word == "final" or not (is_safe or word == "throttled") then return nil end
    return word
  end
  if not is_safe and failure.sent ~= false then return nil end
  if failure.lasting then return nil end
  if kind == "decode" then return is_safe and failure.broke_off and "transient" or nil end
  return (kind == "connect" or kind == "timeout" or kind == "transport") and "transient" or nil
end

--- Whether a request is replayed: it failed because the server had given up an idle connection, which says nothing
--- about the request. A replay goes out on a fresh connection with a new signature, and is not another attempt.
---@param response table|nil
---@param failure table|nil of a transport
---@param is_safe boolean whether the request may arrive twice
---@return boolean
function retry.is_replayed(response, failure, is_safe)
  if response then return response.kept and response.status == 408 and is_safe end
  return failure.kept and (is_safe or failure.sent == false)
end

-- Seconds.
local SCALE = { transient = 0.05, throttled = 1 }
local LONGEST, GRACE = 20, 5

--- Seconds to wait before the next try: full jitter, and the service's wish within 5 s of that.
---@param tries integer tries made
---@param reason string "throttled" or "transient"
---@param random number in [0, 1)
---@param retry_after number|nil seconds the service asked for
---@return number
function retry.delay(tries, reason, random, retry_after)
  local delay = random * math.min(SCALE[reason] * 2 ^ math.min(tries - 1, 30), LONGEST)
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

--- Seconds that the service asks to wait.
---@param headers table<string, string>
---@param now number seconds since 1970, for an answer without a Date
---@return number|nil
function retry.after(headers, now)
  local value = headers["retry-after"]
  if type(value) ~= "string" then return nil end
  local seconds = value:match("^%s*(%d+%.?%d*)%s*$")
  if seconds then return tonumber(seconds) end
  local date = retry.http_date(value)
  return date and math.max(0, date - (retry.http_date(headers.date) or now)) or nil
end

-- Dates outside of these years cannot be signed with, and are no clock's.
local FIRST_DATE, LAST_DATE = dates.seconds(1971, 1, 1, 0, 0, 0), dates.seconds(9990, 1, 1, 0, 0, 0)

-- A clock nearer to the service's than this (seconds) is right: what remains is travel time and rounding.
local RIGHT_ENOUGH = 120

--- How far the service's clock is ahead of the given time, when it is far.
---@param headers table<string, string>
---@param now number seconds since 1970
---@return number|nil skew nil when the answer has no date or the clocks agree well enough
---@return boolean known whether the answer has a date
function retry.skew(headers, now)
  local date = retry.http_date(headers.date)
  if not date or date < FIRST_DATE or date > LAST_DATE then return nil, false end
  local skew = date - now
  if math.abs(skew) < RIGHT_ENOUGH then return nil, true end
  return skew, true
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
