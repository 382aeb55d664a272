-- What the windows of a scan say about each other (see jdvm.lists.scan). Pure functions of windows that were answered:
-- { number, size, first = rows before it, count = rows in it, keys = of the rows, total = the answer's totalCount }.

local ceil, floor, max = math.ceil, math.floor, math.max

local evidence = {}

---@class jdvm.Window
---@field number integer of the page, from 1
---@field size integer of the page
---@field first integer rows before it
---@field count integer rows in it
---@field keys (string|number)[] of the rows, see jdvm.lists.seen
---@field total integer|nil the answer's totalCount

--- The window that begins at or before row `from` and ends furthest behind row `past`. Page sizes put the boundaries
--- elsewhere, so one of them gives a window over almost any row.
---@param from integer
---@param past integer
---@param least integer smallest page size
---@param most integer largest
---@return integer first rows before it
---@return integer size
function evidence.window_over(from, past, least, most)
  local best_first, best_size
  for size = most, least, -1 do
    local first = floor(from / size) * size
    if first + size > past and (not best_size or first + size > best_first + best_size) then
      best_first, best_size = first, size
    end
  end
  if best_size then return best_first, best_size end
  return floor(from / most) * most, most
end

--- The window that begins soonest at or behind row `from`.
---@param from integer
---@param least integer smallest page size
---@param most integer largest
---@return integer first rows before it
---@return integer size
function evidence.window_behind(from, least, most)
  local best_first, best_size
  for size = most, least, -1 do
    local first = ceil(from / size) * size
    if not best_size or first < best_first then
      best_first, best_size = first, size
    end
  end
  return best_first, best_size
end

--- A totalCount, or nil when it is none.
---@param total any
---@return integer|nil
function evidence.count(total)
  if type(total) == "number" and total >= 0 and total == floor(total) and total < 2 ^ 53 then return total end
  return nil
end

--- Whether the total and the rows of one answer exclude each other.
---@param window jdvm.Window with a total
---@return boolean
function evidence.contradicts(window)
  local reach, total = window.first + window.count, window.total
  if window.count == 0 then return window.first < total end
  return reach > total or (window.count < window.size and reach < total)
end

--- Whether a window holds a row of one of the windows before it.
---@param window jdvm.Window
---@param last jdvm.Window the one accepted last
---@param before_last jdvm.Window|nil the one before that
---@return boolean
function evidence.shares_row(window, last, before_last)
  local tail = {}
  for _, before in ipairs { last, before_last } do
    for _, key in ipairs(before.keys) do
      tail[key] = true
    end
  end
  for _, key in ipairs(window.keys) do
    if tail[key] then return true end
  end
  return false
end

--- Whether a window has no rows, or those of the window before and no others.
---@param window jdvm.Window
---@param last jdvm.Window the one before
---@return boolean
function evidence.same_rows(window, last)
  if window.count == 0 then return true end
  for i = 1, max(window.count, last.count) do
    if window.keys[i] ~= last.keys[i] then return false end
  end
  return true
end

--- Whether the rows that a window has in common with the one before it stand where they stood there.
---@param window jdvm.Window
---@param last jdvm.Window the one before
---@return boolean
function evidence.aligned(window, last)
  if window.first + window.count < last.first + last.count then return false end
  local shift, place = window.first - last.first, {}
  for i, key in ipairs(last.keys) do
    place[key] = i
  end
  for i, key in ipairs(window.keys) do
    local here = shift + i
    if here >= 1 and here <= last.count and key ~= last.keys[here] then return false end
    if place[key] and place[key] ~= here then return false end
  end
  return true
end

return evidence
