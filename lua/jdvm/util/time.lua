-- Dates as seconds. os.time would count in the time zone of the machine. Pure.

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

return dates
