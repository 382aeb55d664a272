-- Reads the parts of a list (jdvm.lists.parts) as one list. The parts of a region, its lane, are read one after the
-- other, and lanes side by side; images come region by region and value by value. An image that several parts of a
-- region have comes once. A reader as jdvm.lists.pages is one. Pure.

local merge = {}

local Merge = {}
local mt = { __index = Merge, __name = "jdvm.lists.merge" }

-- The parts from one on, by lanes.
local function lanes_of(parts, first)
  local lanes = {}
  for index = 1, #parts do
    local part = parts[index]
    local at = part.lane - parts[first].lane + 1
    if at >= 1 then
      local lane = lanes[at] or { parts = {}, at = 1, pages = {} }
      lanes[at], lane.seen = lane, #lane.parts > 0 and {} or nil
      lane.parts[#lane.parts + 1] = { index = index, open = part.open, region = part.shown_region }
    end
  end
  return lanes
end

--- A reader of several lists.
---@param source table page, row, id, token, fail, spent, array_mt as for jdvm.lists.pages
---@param parts table[] lane; open(row, id, max_items) -> reader; shown_region = the regionId that images get, or nil
---@param options table max_items; ahead = pages of each further lane to read before they are wanted;
---  part = the one that the source's row and id are of
function merge.new(source, parts, options)
  local first = options.part
  local self = setmetatable({
    source = source,
    first = first,
    row = source.row,
    id = source.id,
    left = options.max_items or math.huge,
    ahead = options.ahead,
    lanes = lanes_of(parts, first),
    turn = 1,
    readers = {},
    dropped = 0, -- images that another part gave, or that were given before the resume token
    duplicates = 0, -- of these the former
  }, mt)
  local lane = self.lanes[1]
  if not lane.seen then
    lane.parts[1].row, lane.parts[1].id = source.row, source.id
  elseif source.id ~= "" then
    -- Only the parts before can tell what they gave, so they are read again, up to this image.
    lane.resumes = { index = first, id = source.id }
  end
  return self
end

-- The reader of a lane's present part; nil at the end of the lane.
local function reader_of(self, lane)
  local part = lane.parts[lane.at]
  if part and not part.reader then
    part.reader = part.open(part.row or 0, part.id or "", not lane.seen and self.left or nil)
    self.readers[#self.readers + 1] = part.reader
  end
  return part and part.reader, part
end

-- Leaves those rows of a page that are to be given.
local function sift(self, lane, part, rows, job)
  local kept = 0
  for i = 1, #rows do
    local row = rows[i]
    local id = row[self.source.page.id]
    local is_double, resumes = lane.seen and lane.seen[id], lane.resumes
    row.regionId = part.region or row.regionId
    if lane.seen then lane.seen[id] = true end
    rows[i] = nil
    if not (is_double or resumes) then
      kept = kept + 1
      rows[kept] = row
    else
      self.dropped, self.duplicates = self.dropped + 1, self.duplicates + (is_double and 1 or 0)
    end
    if resumes and resumes.index == part.index and resumes.id == id then lane.resumes = nil end
  end
  job.part = part.index
  return kept > 0
end

-- The next page of a lane with rows to give, as { result, job, meta }; nil at its end; nil and the failure.
local function read(self, lane)
  local reader, part = reader_of(self, lane)
  while reader do
    local result, job, meta = reader:next()
    if result then
      if sift(self, lane, part, result[self.source.page.items], job) then return { result, job, meta } end
    elseif job then
      return nil, { job, meta }
    elseif lane.resumes and lane.resumes.index == part.index then
      return nil, { self.source.fail("the image of the resume token is gone; list again from the start", self:stats()) }
    else
      lane.at = lane.at + 1
      reader, part = reader_of(self, lane)
    end
  end
end

-- Keeps the lanes behind the present one going: requests first, and pages once the first lane has given one.
local function read_ahead(self)
  for i = self.turn + 1, self.ahead > 0 and #self.lanes or 0 do
    local lane = self.lanes[i]
    if self.has_begun and not lane.failure and #lane.pages < self.ahead then
      lane.pages[#lane.pages + 1], lane.failure = read(self, lane)
    end
    local reader = reader_of(self, lane)
    if reader then reader:fill() end
  end
  self.has_begun = true
end

-- The next page of the list, or nil; nil and the failure.
local function take(self)
  while self.left > 0 and self.lanes[self.turn] do
    local lane = self.lanes[self.turn]
    read_ahead(self)
    local page, failure = table.remove(lane.pages, 1), lane.failure
    if not page and not failure then
      page, failure = read(self, lane)
    end
    if page or failure then return page, failure end
    self.turn = self.turn + 1
  end
end

--- As of jdvm.lists.pages.
---@return table|nil result
---@return table|string|nil job_or_message
---@return table|nil meta_or_detail
function Merge:next()
  local page, failure = nil, self.failure
  if not failure then
    page, failure = take(self)
  end
  if failure then
    self.failure = failure
    self:close()
    failure[2].stats = self:stats()
    return nil, failure[1], failure[2]
  end
  local lane = self.lanes[self.turn]
  if not page then
    self.is_complete = not lane
    return nil
  end
  local rows = page[1][self.source.page.items]
  local is_cut = #rows > self.left
  for i = #rows, self.left + 1, -1 do
    rows[i] = nil
  end
  self.left, self.meta = self.left - #rows, page[3]
  local reader = reader_of(self, lane)
  self.is_complete = not is_cut
    and self.turn == #self.lanes
    and lane.at == #lane.parts
    and #lane.pages == 0
    and reader.is_complete
  return page[1], page[2], page[3]
end

--- Where to go on after an image.
---@param row integer
---@param id string
---@param job table|nil of its page; nil at the beginning
---@return string
function Merge:token(row, id, job) return self.source.token(row, (job and job.part or self.first) .. "/" .. id) end

--- Cancels what is in flight; no page follows.
function Merge:close()
  for _, reader in ipairs(self.readers) do
    reader:close()
  end
  self.left = 0
end

local COUNTERS = { "pages", "requests", "rows", "duplicates", "total_first", "total_last" }

--- What the list took so far, all parts together. An id is missing when no region has it.
---@return jdvm.ListStats
function Merge:stats()
  local sum, times_missing = { drift = false, passes = 1, rows = -self.dropped, duplicates = self.duplicates }, {}
  for _, reader in ipairs(self.readers) do
    local stats = reader:stats()
    for _, name in ipairs(COUNTERS) do
      sum[name] = stats[name] and (sum[name] or 0) + stats[name] or sum[name]
    end
    sum.drift, sum.passes = sum.drift or stats.drift, math.max(sum.passes, stats.passes)
    sum.missing = sum.missing or stats.missing and {}
    for _, id in ipairs(stats.missing or {}) do
      times_missing[id] = (times_missing[id] or 0) + 1
      if times_missing[id] == #self.lanes then sum.missing[#sum.missing + 1] = id end
    end
  end
  return sum
end

return merge
