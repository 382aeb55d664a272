-- Which pages to ask for, and what their answers prove. Pure: a state machine over (window, rows, total).
--
-- The service pages by number: window {number, size} holds the rows [(number-1)*size, number*size) of the
-- list as it is when it answers. Images that come and go while a scan runs shift the rows, and a row can slip
-- through between two windows. A scan must not lose an image that existed all the time, so it accepts a
-- window only on evidence that it continues what was accepted before:
--
--   1. it holds a row of the windows accepted last. Images keep their order, each answer is one moment's
--      slice of the list, so between the shared row and the window's end nothing can be missing. A proof;
--   2. or it is the next full page, and both answers give the same totalCount: nothing came or went
--      between them. As good as the totals are.
--
-- A calm list is read by evidence 2, one request a page. At the first sign of change (the total moves, a row comes
-- twice) or of a total that is no evidence (missing, or contradicted by the rows it came with), the scan goes on with
-- windows that overlap: another page size puts the boundary elsewhere, so that each holds a row of the one before
-- (evidence 1). What was accepted by evidence 2 alone is then read again from the start, which needs no evidence. A
-- window that shares no row is read again from further back. Rows that were delivered are dropped by their id.
--
-- The list ends with an accepted window that reaches the total; when its page is full, one more page is
-- asked for, since a total that is too low looks the same. Without totals, or with one that claims more, it ends when
-- the same short end was seen again several times, by pages no longer than those that the service filled, and an empty
-- page behind it; with a total that was contradicted but is reached now, with a short page that is followed by an empty
-- one, or by a short one that brings nothing new.
--
-- What escapes evidence 2: between two answers one image is deleted before the boundary and another created
-- behind it, so that the totals agree. consistency "stable" overlaps from the start and sees that too.

local evidence = require "jdvm.lists.evidence"
local seen = require "jdvm.lists.seen"

local ceil, floor, max, min = math.ceil, math.floor, math.max, math.min

local scan = {}

local Scan = {}
local mt = { __index = Scan, __name = "jdvm.lists.scan" }

-- Overlap of windows needs several sizes to choose from.
local LEAST_CAP = 20
-- Requests allowed before a list counts as one that never settles: some times those of a calm scan.
local SPARE_REQUESTS, REQUEST_FACTOR = 60, 8
-- How often the same end must be seen again, against a total that claims more or without one; and how often rows may
-- be found behind it all the same.
local ENDS_SEEN, ENDS_REFUTED = 3, 3
-- Where to look for the last row of an earlier scan, in pages from where it was.
local DETOURS = { -1, 1, -2, 2 }

--- Counters that a list reports.
---@return jdvm.ListStats
function scan.counters() return { pages = 0, requests = 0, rows = 0, duplicates = 0, drift = false, passes = 1 } end

--- A scan of one list.
---@param options table
---  size = rows a page; least, most = the service's limits of that; id = field of the rows' id;
---  strict = any sign of change ends the scan with "drift"; stats = counters to go on with;
---  row, anchor = go on after this row number, where the row of this id was
---@return table scan with plan and answer
function scan.new(options)
  local size, row = options.size, options.row or 0
  local origin = row > 0 and floor((row - 1) / size) * size or 0
  return setmetatable({
    size = size,
    least = options.least,
    cap = max(size, min(options.most, LEAST_CAP)),
    id = options.id,
    strict = options.strict or false,
    stats = options.stats or scan.counters(),
    anchor = row > 0 and seen.key(options.anchor) or nil,
    origin = origin,
    start = origin,
    cursor = origin,
    covered = origin,
    detour = 0,
    seen = seen.set(),
    overlapping = options.strict or false,
    trusted = true, -- whether totals are evidence
    proven = true, -- whether the accepted windows hang together by shared rows alone
    answered = false,
    moved = false, -- whether rows changed places in this pass
    one_total = true, -- whether all answers of this pass gave one total
    given_before = 0, -- rows up to the resume point
    trail = {}, -- the windows of this pass by their first and last rows
    asked = 0,
    high = origin,
    slack = 1,
    back = 0,
    hollow = 0,
    ends = 0,
    refuted = 0,
  }, mt)
end

--- The next window to ask for, or nil when nothing more can be asked for before an answer is in.
---@return table|nil window { number, size, first = rows before it, is_behind = whether it is to show that the list
---  has ended }
function Scan:plan()
  local cursor = self.cursor
  local first, size = cursor, self.size
  if self.probe == "out" then return nil end
  if self.behind then
    first, size = evidence.window_behind(self.behind, self.least, max(self.least, min(self.cap, self.last.count)))
    self.probe, self.behind = "out", nil
    return { number = floor(first / size) + 1, size = size, first = first, is_behind = true }
  end
  if cursor > self.start then
    if not self.answered or (self.trusted and cursor > self.total) then return nil end
    if self.wanted and cursor - self.covered >= self.wanted then return nil end
    if self.overlapping then
      local from = self.jump or cursor - self.slack
      repeat
        first, size = evidence.window_over(from, cursor, self.least, self.cap)
        from = from + 1
      until self.jump or first + size > cursor
    end
  end
  -- A window that may turn out to be the wrong one goes alone.
  if self.jump then
    self.probe, self.jump = "out", nil
  end
  self.cursor = first + size
  return { number = floor(first / size) + 1, size = size, first = first }
end

-- Whether the list has cost far more pages than it has.
local function never_settles(self)
  local rows = max(self.high, self.trusted and self.total or 0)
  return self.asked > SPARE_REQUESTS + REQUEST_FACTOR * ceil(rows / self.size)
end

-- Reads the list again from its start, with overlap.
local function restart(self)
  self.stats.drift = true
  if self.strict then return "drift" end
  self.last, self.before_last = nil, nil
  self.start, self.detour = self.origin, 0
  self.cursor, self.jump = self.start, nil
  self.overlapping, self.proven, self.back = true, true, 0
  self.moved, self.one_total, self.trail = false, true, {}
  return "replan"
end

-- Asks again for rows before the end of what was accepted, further back each time.
local function step_back(self, window)
  local last, before_last = self.last, self.before_last
  self.stats.drift = true
  if self.strict then return "drift" end
  if not self.proven then return restart(self) end
  self.overlapping = true
  self.back = self.back + 1
  -- A list in motion is read with more overlap from here on.
  self.slack = min(2 * self.slack, floor(self.size / 2))
  local margin
  if self.back == 1 then
    margin = self.slack + max(0, (last.total or 0) - (window.total or last.total or 0))
  elseif self.back == 2 then
    margin = last.size
  elseif self.back == 3 and before_last then
    margin = last.stop - before_last.first
  else
    return restart(self)
  end
  local cursor = last.stop
  if window.total and self.trusted then cursor = min(cursor, window.total) end
  self.cursor, self.jump = cursor, max(self.origin, cursor - margin)
  if self.cursor <= self.start then return restart(self) end
  return "replan"
end

-- Drops the rows that were delivered before, and remembers the others.
local function keep_fresh(self, window, rows)
  local first = 1
  if self.anchor and self.last then
    -- Rows before a known one stood before the resume point, or came after the scan had begun.
    while window.keys[first] and not self.seen:has(window.keys[first]) do
      first = first + 1
    end
    if not window.keys[first] then first = 1 end
  end
  return self.seen:keep(window.keys, rows, first, window.is_plain)
end

-- Whether a scan that reached the end read all rows. Where rows change places under one total, as a service without
-- an order of its own may have them, fewer rows than that say that some were never where the scan was.
local function has_all(self, total)
  if not (self.moved and self.one_total) or self.given_before + self.stats.rows >= total then return true end
  -- An image that the service lists twice looks the same; but then all windows are as in the pass before.
  local trail = table.concat(self.trail, " ")
  local is_steady = trail == self.former_trail
  self.former_trail = trail
  return is_steady
end

-- Whether the list ends with a window, when totals are no evidence.
local function untrusted_end(self, window, last)
  local reach = window.first + window.count
  local is_short, was_short = window.count < window.size, last and last.count < last.size
  if not is_short then return "take" end
  if window.total and window.total <= reach then
    -- It may be a page that is short for another reason: one more is asked for.
    return window.fresh == 0 and was_short and "done" or "take"
  end
  -- The page ends before the total does, or there is none: it may have been cut, and the total be too high. Look again
  -- around its end.
  if was_short and window.fresh == 0 and window.keys[window.count] == last.keys[last.count] then
    self.ends = self.ends + 1
  else
    self.ends = 1
  end
  -- A service may give fewer rows a page than were asked for: it is asked for no more than it gave.
  self.cap = max(min(LEAST_CAP, self.cap), min(self.cap, window.count))
  window.stop = reach
  if self.ends > ENDS_SEEN then
    self.behind = reach
  else
    self.cursor, self.jump = reach, max(0, reach - 1)
  end
  return "turn"
end

-- The window that was to hold nothing new, since the list seems to have ended before it: it is empty, or the last page
-- again.
local function judge_end(self, window, rows)
  local last = self.last
  local has_new = window.count > 0 and window.keys[window.count] ~= last.keys[last.count]
  for i = 1, window.count do
    has_new = has_new or not self.seen:has(window.keys[i])
    rows[i] = nil
  end
  -- When images went meanwhile, others may have moved to before this window.
  local has_shrunk = window.total and last.total and window.total < last.total
  if not (has_new or has_shrunk) then return "done" end
  self.refuted, self.ends = self.refuted + 1, 0
  if self.refuted > ENDS_REFUTED then
    return nil,
      ("page %d with %d images is short, and whether others are behind it cannot be told"):format(
        last.number,
        last.count
      )
  end
  self.stats.drift = true
  if self.strict then return "drift" end
  self.cursor, self.jump = last.stop, max(0, last.stop - 1)
  return "replan"
end

-- Takes a window into the scan; says whether the list ends with it.
local function accept(self, window, rows)
  local stats, last = self.stats, self.last
  local fresh = keep_fresh(self, window, rows)
  local expected = min(window.count, max(0, self.high - window.first))
  local duplicates = max(0, window.count - fresh - expected)
  if duplicates > 0 then
    stats.duplicates, stats.drift = stats.duplicates + duplicates, true
    if self.strict then return "drift" end
  end
  stats.pages, stats.rows = stats.pages + 1, stats.rows + fresh
  window.fresh = fresh
  self.last, self.before_last = window, last
  window.stop = window.first + window.size
  self.covered, self.back = window.stop, 0
  self.high = max(self.high, window.first + window.count)
  if self.overlapping then
    self.trail[#self.trail + 1] = ("%d %s %s"):format(
      window.first,
      tostring(window.keys[1]),
      tostring(window.keys[window.count])
    )
  end

  if stats.drift and not self.proven then
    restart(self)
    return "turn"
  end
  if self.trusted then
    if window.count == window.size then return "take" end
    if not has_all(self, window.total) then
      restart(self)
      return "turn"
    end
    return "done"
  end
  return untrusted_end(self, window, last)
end

-- The first window of a list.
local function begin(self, window, rows)
  if window.count == 0 then
    self.hollow = self.hollow + 1
    local is_empty = window.total == 0 or not window.total and self.hollow > 1
    if is_empty then
      accept(self, window, rows)
      return "done"
    end
    if not window.total then
      -- Nothing says that there are none: ask again.
      self.cursor = self.start
      return "replan"
    end
    if self.hollow > 1 then return nil, ("the service counts %.0f images and sends none"):format(window.total) end
    return restart(self)
  end
  return accept(self, window, rows)
end

-- The first window after a resume point: looks for the row that was delivered last.
local function resume(self, window, rows)
  local keys = window.keys
  for i = 1, window.count do
    if keys[i] == self.anchor then
      for j = 1, i do
        self.seen:add(keys[j])
      end
      self.high = window.first + i
      self.given_before = self.high
      return accept(self, window, rows)
    end
  end
  repeat
    self.detour = self.detour + 1
    if not DETOURS[self.detour] then
      return nil, "the image at the resume token is gone, or far from its place; list again from the start"
    end
    self.start = self.origin + DETOURS[self.detour] * self.size
  until self.start >= 0
  self.cursor = self.start
  return "replan"
end

--- Whether the list is complete but for the look behind its end that this window is: a service may well refuse
--- such a page.
---@param window table
---@return boolean
function Scan:is_behind_end(window)
  if window.is_behind then return true end
  local last = self.last
  return last ~= nil and self.trusted and last.first + last.count >= last.total and window.first >= last.total
end

--- Takes the answer to a window.
---@param window table as planned; answers come in the order of the plan
---@param rows table[] the page's items; those delivered before are removed
---@param total any the answer's totalCount
---@return string|nil verdict "take": deliver the rows; "done": deliver them, the list is complete; "turn": deliver
---  them, forget what is in flight and plan anew; "replan": the same without rows; "drift": a strict scan saw a
---  change; nil: the pages contradict each other
---@return string|nil message what contradicts
---@return string|nil kind of the failure, where it is not pagination
function Scan:answer(window, rows, total)
  local stats = self.stats
  local keys, is_plain = seen.keys(rows, self.id)
  if not keys then return nil, ("row %d of page %d has no %s"):format(is_plain, window.number, self.id), "decode" end
  total = evidence.count(total)
  window.keys, window.is_plain, window.count, window.total = keys, is_plain, #keys, total
  if window.count > window.size then
    return nil, ("page %d has %d images where %d were asked for"):format(window.number, window.count, window.size)
  end
  local last = self.last

  if total then
    if stats.total_last and total ~= stats.total_last then stats.drift = true end
    stats.total_first, stats.total_last = stats.total_first or total, total
    if self.strict and stats.drift then return "drift" end
  end
  self.answered, self.probe, self.asked = true, nil, self.asked + 1
  self.total = total or self.total

  if never_settles(self) then
    return nil,
      ("the list does not settle: %d pages gave %d images of %s"):format(
        self.asked,
        stats.rows,
        self.total and ("%.0f"):format(self.total) or "an unknown number"
      )
  end
  if window.is_behind then return judge_end(self, window, rows) end
  local is_same_total = last ~= nil and total == last.total
  if is_same_total and self:is_behind_end(window) and evidence.same_rows(window, last) then
    for i = 1, window.count do
      rows[i] = nil
    end
    return has_all(self, total) and "done" or restart(self)
  end

  if
    is_same_total
    and window.first > last.first
    and last.count == last.size
    and window.size == last.size
    and window.count > 0
    and evidence.same_rows(window, last)
  then
    return nil, ("page %d repeats page %d"):format(window.number, last.number)
  end
  if stats.drift and not self.overlapping then
    if not self.proven then return restart(self) end
    self.overlapping = true
  end
  if self.trusted and (not total or evidence.contradicts(window)) then
    self.trusted, self.overlapping = false, true
    if total then stats.drift = true end
    if not self.proven then return restart(self) end
  end

  if not last then
    if self.anchor then return resume(self, window, rows) end
    return begin(self, window, rows)
  end
  if window.count == 0 then
    local is_end = not self.trusted and last.count < last.size and last.stop > last.first + last.count
    if is_end then return "done" end
    return step_back(self, window)
  end
  if keys[1] == last.keys[1] and window.first > last.first and window.count >= window.size and total == last.total then
    return nil, ("page %d repeats page %d"):format(window.number, last.number)
  end
  if self.overlapping and not evidence.aligned(window, last) then
    if self.strict then return step_back(self, window) end
    self.moved = true
  end
  if total ~= last.total then self.one_total = false end
  local is_start = window.first == 0 and not self.anchor
  local is_next = self.trusted
    and not self.overlapping
    and total == last.total
    and window.first == last.first + last.count
  if not (is_start or is_next or evidence.shares_row(window, last, self.before_last)) then
    return step_back(self, window)
  end
  self.proven = self.proven and not is_next
  return accept(self, window, rows)
end

return scan
