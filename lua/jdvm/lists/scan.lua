-- Decides which windows of a list to ask for, and what their responses prove. Pure: plan() gives the next window,
-- accept() takes the responses in the order of the plan.
--
-- The service pages by number: window {number, size} holds the rows [(number-1)*size, number*size) of the list as it is
-- when the service responds. Rows shift when images come and go. An image that exists from the first request to the
-- last is delivered exactly once, or the list fails.
--
-- Pass 1 reads plain pages. It holds while all responses give the same total, no row comes twice and every page but
-- the last is full. It ends when the rows add up to the total and the last page is short, or is followed by an empty
-- page or by itself again. It cannot see one image deleted while another is created: that leaves the total unchanged.
--
-- Pass 2 starts again at row 0 and accepts a window only when it begins there or holds a row accepted before (another
-- page size puts the boundary elsewhere, so windows can overlap). Proof that nothing is missing before the end of an
-- accepted window: a response shows one moment of the list, and images keep their order. What stands before an accepted
-- row and existed all the time was accepted before that row; what stands between that row and the end of the window is
-- in the window. Totals prove nothing here: they only tell how far to plan ahead, and give reasons to look again.

local max, min, floor, ceil = math.max, math.min, math.floor, math.ceil

local scan = {}

local Scan = {}
local mt = { __index = Scan, __name = "jdvm.lists.scan" }

-- The image of a resume token is looked for on these pages, counted from the one where it was.
local DETOURS = { 0, -1, 1, -2, 2 }

-- How often an end that the total does not confirm is looked at again.
local LOOKS = 2

local function is_id(value) return type(value) == "string" and value ~= "" end

-- Begins a pass at the start of the list, or at the image of the resume token.
local function begin(self)
  self.covered, self.planned = self.row, self.row -- rows up to the end of the accepted windows, of the planned ones
  self.overlap, self.detour = 1, self.anchor and 1
  self.fresh, self.has_moved, self.steady = 0, false, nil -- steady: the total of all responses of this pass, or false
  self.last, self.look, self.waits = nil, nil, false
end

--- A scan of one list.
---@param options table size = rows a page; least, most = the service's limits of that; id = name of the rows' id;
---  stable = whether to begin with pass 2; row, anchor = go on after this row, where the row of this id was;
---  spare, factor = requests allowed: spare, and factor times those of a list that does not change
---@return table scan
function scan.new(options)
  local enough = min(options.most, 2 * options.least) -- overlap needs several sizes to choose from
  local row = options.row or 0
  local self = setmetatable({
    options = options,
    enough = enough,
    cap = max(options.size, enough),
    row = row,
    anchor = row > 0 and options.anchor or nil,
    overlapping = options.stable or row > 0,
    accepted = {}, -- for each id the pass that accepted it last
    before = 0, -- rows up to the image of the resume token
    pass = 1,
    answered = 0,
    reach = 0, -- the furthest row accepted in any pass
    stats = { pages = 0, requests = 0, rows = 0, duplicates = 0, drift = false, passes = 1 },
  }, mt)
  begin(self)
  return self
end

-- The best window of at most `most` rows: of those that begin at or before row `from` the one that ends furthest behind
-- it, or of those that begin at or behind it the one that begins soonest.
local function window_at(self, from, most, is_behind)
  local best, first, size = -math.huge, nil, nil
  for candidate = most, self.options.least, -1 do
    local begins = is_behind and from + -from % candidate or from - from % candidate
    local worth = is_behind and -begins or begins + candidate
    if worth > best then
      best, first, size = worth, begins, candidate
    end
  end
  return first, size
end

--- The next window to ask for, or nil while that depends on a response.
---@param left number images that are still wanted
---@return table|nil window { number, size, first = rows before it }
function Scan:plan(left)
  local planned, look = self.planned, self.look
  local ahead = planned - self.covered
  if self.waits or (ahead > 0 and (not self.total or planned > self.total or ahead >= left)) then return nil end
  local first, size = planned, self.options.size
  if look then
    first, size = look.first, look.size
  elseif self.detour then
    first = max(0, floor((self.row - 1) / size) + DETOURS[self.detour]) * size
  elseif self.overlapping then
    first, size = window_at(self, max(0, planned - self.overlap), self.cap)
  end
  -- What follows depends on the response to a window that may be the wrong one.
  self.waits = look or self.detour or self.overlap > 1
  self.look, self.planned = nil, first + size
  return { number = floor(first / size) + 1, size = size, first = first, look = look and look.kind }
end

-- Delivers nothing of a window, and goes on from what was accepted.
local function reject(self, rows)
  for i = #rows, 1, -1 do
    rows[i] = nil
  end
  self.planned = self.covered
  return "turn"
end

-- Plans a window that goes alone, to look at something again.
local function look_at(self, kind, first, size)
  self.look, self.planned = { kind = kind, first = first, size = size }, self.covered
  return "turn"
end

-- Starts another pass, behind what this one delivered.
local function restart(self)
  self.overlapping, self.pass = true, self.pass + 1
  self.stats.passes = self.pass
  begin(self)
  return "turn"
end

-- The list has been read to its end. Fewer rows than a total that stood still are a reason to read it once more while
-- passes find others: a service without an order of its own hides some each time. `agrees`: the rows add up to it.
local function finish(self, agrees)
  local is_short = self.steady and self.before + self.stats.rows < self.steady
  if is_short and (self.has_moved and agrees or not self.has_moved and self.fresh > 0) then return restart(self) end
  return "end"
end

-- Pass 1: says what a page means, or nil when it does not continue the pages before it.
local function accept_plain(self, window, rows)
  local count, total, accepted = #rows, self.steady, self.accepted
  if not total then return nil end
  local name = self.options.id
  if window.first == total and total > 0 and (count == 0 or rows[count][name] == self.last.tail) then
    reject(self, rows)
    return "end"
  end
  local reach, id = window.first + count, nil
  if reach > total or (count < window.size and reach < total) then return nil end
  for i = 1, count do
    id = rows[i][name]
    if not is_id(id) or accepted[id] then
      self.stats.duplicates = self.stats.duplicates + (is_id(id) and 1 or 0)
      for j = 1, i - 1 do
        accepted[rows[j][name]] = nil
      end
      return nil
    end
    accepted[id] = 1
  end
  window.tail, self.last, self.covered = id, window, reach
  self.stats.pages, self.stats.rows = self.stats.pages + 1, self.stats.rows + count
  return count < window.size and "end" or "next"
end

-- Whether a window holds the image of the resume token; it and the rows before it count as accepted.
local function holds_anchor(self, window, ids)
  for i, id in ipairs(ids) do
    if id == self.anchor then
      for j = 1, i do
        self.accepted[ids[j]] = self.pass
      end
      self.detour, self.covered, self.before = nil, window.first + i, window.first + i
      return true
    end
  end
  return false
end

-- Accepts the rows of a window from one on, and leaves in `rows` those that no pass delivered before.
local function take(self, window, rows, ids, from)
  local accepted, stats, kept, places = self.accepted, self.stats, 0, {}
  for i = from, #ids do
    if not accepted[ids[i]] then
      kept = kept + 1
      rows[kept], places[kept] = rows[i], i
    end
    accepted[ids[i]] = self.pass
  end
  for i = #ids, kept + 1, -1 do
    rows[i] = nil
  end
  window.places, self.fresh = places, self.fresh + kept
  stats.pages, stats.rows = stats.pages + 1, stats.rows + kept
  self.last, self.covered, self.overlap = window, window.first + #ids, 1
end

-- A short window ends the list: behind its last row there was nothing. Where the total says otherwise, or there is
-- none, the service may have cut the page. It is asked for the window again, and then for what may be behind it.
local function accept_short(self, window, total)
  local reach, count, cut = self.covered, window.count, self.cut
  if reach == total then return finish(self, true) end
  self.cut, window.alike = window, 0
  if window.look == "again" and count == cut.count then
    window.alike, window.is_refuted = cut.alike + 1, cut.is_refuted
  end
  if window.alike < (reach > 0 and LOOKS or 1) then return look_at(self, "again", window.first, window.size) end
  if reach > 0 then
    return look_at(self, "behind", window_at(self, reach, max(self.options.least, min(self.cap, count)), true))
  end
  if total then return nil, ("the service counts %.0f images and sends none"):format(total) end
  return "end"
end

-- What is behind the end. Nothing, or the last page again: the total is wrong. Other rows: the service gives fewer rows
-- a page than it was asked for, and is asked for no more than that from here on; or the list changed meanwhile.
local function accept_behind(self, rows, ids, known)
  local cut = self.cut
  local count = cut.count
  reject(self, rows)
  if #ids == 0 or ids[#ids] == cut.tail then return finish(self) end
  if count >= self.enough then
    self.cap = min(self.cap, count)
    return "turn"
  end
  if cut.is_refuted then
    local message =
      "page %d has %d images where %d were asked for, and others follow: pages of fewer than %d cannot overlap"
    return nil, message:format(cut.number, count, cut.size, self.enough)
  end
  cut.is_refuted = known == 0
  return look_at(self, "again", cut.first, cut.size)
end

-- Pass 2.
local function accept_overlapping(self, window, rows, total)
  local ids, name = {}, self.options.id
  for i = 1, #rows do
    ids[i] = rows[i][name]
    if not is_id(ids[i]) then return nil, ("row %d of page %d has no %s"):format(i, window.number, name), "decode" end
  end
  window.count, window.tail = #ids, ids[#ids]
  if self.detour and not holds_anchor(self, window, ids) then
    self.detour = self.detour + 1
    if DETOURS[self.detour] then return reject(self, rows) end
    return nil, "the image of the resume token is gone, or far from its place; list again from the start"
  end
  local known, first_known = 0, nil
  for i, id in ipairs(ids) do
    if self.accepted[id] == self.pass then
      known, first_known = known + 1, first_known or i
    end
  end
  if window.look == "behind" then return accept_behind(self, rows, ids, known) end
  if known == 0 and (window.first > 0 or self.anchor) then
    -- It shares no row: step back, twice as far each time.
    if window.first == 0 then return nil, "the images around the resume token are gone; list again from the start" end
    self.has_moved, self.overlap = true, 2 * self.overlap
    self.covered = min(self.covered, self.total or self.covered)
    return reject(self, rows)
  end
  -- The row accepted last stands where it stood, unless the list changed.
  local shared = self.covered - window.first
  if self.last and self.last.tail ~= ids[shared] then self.has_moved = true end
  self.stats.duplicates = self.stats.duplicates + max(0, known - max(0, shared))
  -- Rows before a known one stood before the resume point, or came after the scan had begun.
  take(self, window, rows, ids, self.anchor and first_known or 1)
  if #ids == window.size then return "next" end
  return accept_short(self, window, total)
end

--- Whether a window lies behind the end of the list. A service may refuse such a page: it counts as an empty one.
---@param window table
---@return boolean
function Scan:is_behind(window)
  return window.look == "behind" or (self.total ~= nil and window.first > 0 and window.first >= self.total)
end

--- Takes the response to a window.
---@param window table as planned
---@param rows table[] the page's items; those not to be delivered are removed
---@param total any the response's totalCount
---@return string|nil verdict "next": deliver the rows; "turn": deliver them, forget what is in flight and plan anew;
---  "end": deliver them, the list is complete; nil: the pages contradict each other
---@return string|nil message what contradicts
---@return string|nil kind of the failure, where it is not pagination
function Scan:accept(window, rows, total)
  local options, stats = self.options, self.stats
  if #rows > window.size then
    return nil, ("page %d has %d images where %d were asked for"):format(window.number, #rows, window.size)
  end
  if type(total) ~= "number" or total < 0 or total ~= floor(total) or total >= 2 ^ 53 then total = nil end
  if total then
    stats.drift = stats.drift or (stats.total_last ~= nil and stats.total_last ~= total)
    stats.total_first, stats.total_last = stats.total_first or total, total
  end
  if self.steady == nil then self.steady = total or false end
  if self.steady ~= total then self.steady = false end
  self.total, self.waits = total, false
  self.answered, self.reach = self.answered + 1, max(self.reach, self.covered)
  if self.answered > options.spare + options.factor * ceil(min(stats.rows, self.reach) / self.cap) then
    local message = "the list does not settle: %d requests gave %d images of %s"
    return nil, message:format(self.answered, stats.rows, total and ("%.0f"):format(total) or "an unknown number")
  end

  local verdict, message, kind
  if not self.overlapping then
    verdict = accept_plain(self, window, rows)
    if not verdict and window.first > 0 then
      reject(self, rows)
      verdict = restart(self)
    end
  end
  if not verdict then
    self.overlapping = true
    verdict, message, kind = accept_overlapping(self, window, rows, total)
  end
  stats.drift = stats.drift or self.has_moved or stats.duplicates > 0
  return verdict, message, kind
end

return scan
