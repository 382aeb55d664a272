-- Dates as seconds. os.time would count in the time zone of the machine. Pure.

local texts = require "jdvm.util.text"

local floor = math.floor

local dates = {}

--- Seconds since 1970 of a date and time in UTC. Digits as text will do.
---@param year number|string
---@param month number|string 1 to 12
---@param day number|string
---@param hour number|string
---@param minute number|string
---@param second number|string
---@return number
function dates.seconds(year, month, day, hour, minute, second)
  year, month = tonumber(year), tonumber(month)
  -- Days of the Gregorian calendar, counted in years that begin in March so that the leap day comes last.
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  local days = 365 * year
    + floor(year / 4)
    - floor(year / 100)
    + floor(year / 400)
    + floor((153 * (month - 3) + 2) / 5)
    + day
    - 719469
  return days * 86400 + hour * 3600 + minute * 60 + second
end

-- Seconds east of UTC that a zone stands for, or nil.
local function offset_of(zone)
  if zone == "Z" then return 0 end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
  if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then return nil end
  return (tonumber(hours) * 3600 + tonumber(minutes) * 60) * (sign == "-" and -1 or 1)
end

-- Whether there is such a day and such a time.
local function is_real(year, month, day, hour, minute, second)
  if month < 1 or month > 12 or day < 1 or hour > 23 or minute > 59 or second > 60 then return false end
  local next_year, next_month = month == 12 and year + 1 or year, month % 12 + 1
  return dates.seconds(year, month, day, 0, 0, 0) < dates.seconds(next_year, next_month, 1, 0, 0, 0)
end

--- Seconds since 1970 of a time as the service writes it: "2021-01-28 16:49:05", "2018-05-28T16:31:37Z" or
--- "2020-02-02T20:02:00+08:00".
---
--- No source states the time zone of texts that name none, such as createTime. The samples of the service's pages lie
--- in Chinese office hours, so such a text is taken for Beijing time.
---@param text any
---@param zone? string of a text that names none: "+08:00" (default), or another; "Z" is UTC
---@return integer|nil seconds nil when the text is no time
function dates.of(text, zone)
  zone = zone or "+08:00"
  if type(zone) ~= "string" or not offset_of(zone) then
    error('jdvm.time: the zone must be like "+08:00", or "Z", got ' .. texts.show(zone), 2)
  end
  if type(text) ~= "string" then return nil end
  local year, month, day, hour, minute, second, own =
    text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[ T](%d%d):(%d%d):(%d%d)(.*)$"
  local offset = year and offset_of(own == "" and zone or own)
  if not offset then return nil end
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if not is_real(year, month, day, hour, minute, second) then return nil end
  return dates.seconds(year, month, day, hour, minute, second) - offset
end

return dates
