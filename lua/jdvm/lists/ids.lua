-- Plans the reading of images by their ids, however many: in batches that fit a page and a URL, in the caller's order,
-- with those that do not exist listed. A planner for jdvm.lists.pages, as jdvm.lists.scan is. Pure.

local ids = {}

local Ids = {}
local mt = { __index = Ids, __name = "jdvm.lists.ids" }

-- Bytes of a query that leave room for the path and for what proxies add, below the service's 8 k.
local QUERY_LIMIT = 7000

-- Cuts the ids from `first` on into batches.
local function split(list, first, most, name)
  local batches, batch, bytes = {}, nil, 0
  for i = first, #list do
    local length = #name + 8 + 3 * #list[i]:gsub("[A-Za-z0-9._~-]", "") + #list[i]
    if not batch or #batch.ids >= most or bytes + length > QUERY_LIMIT then
      batch, bytes = { ids = {}, first = i - 1, places = {}, rows = {}, found = 0, pages = 0 }, 0
      batches[#batches + 1] = batch
    end
    local place = #batch.ids + 1
    batch.ids[place], batch.places[list[i]], bytes = list[i], place, bytes + length
  end
  return batches
end

--- A planner for the images with these ids.
---@param wanted string[] ids; one that stands there twice is delivered once
---@param page table how the list is paged: id, ids, min, max
---@param options table page_size; row = how many of the ids are done
---@return table planner its jobs are { ids, number, size, first }
function ids.new(wanted, page, options)
  local list, is_known = {}, {}
  for _, id in ipairs(wanted) do
    if not is_known[id] then
      list[#list + 1], is_known[id] = id, true
    end
  end
  local batches = split(list, (options.row or 0) + 1, options.page_size or page.max, page.ids)
  return setmetatable({
    page = page,
    batches = batches,
    planned = 0, -- the batch asked for last
    done = 0, -- and the one delivered last
    asked = 0, -- ids of the batches in between
    is_done = #batches == 0,
    stats = { pages = 0, requests = 0, rows = 0, duplicates = 0, drift = false, passes = 1, missing = {} },
  }, mt)
end

--- The next page to ask for, or nil, when `left` images are still wanted.
function Ids:plan(left)
  local batch, current = self.batches[self.planned + 1], self.batches[self.done + 1]
  -- Some of those that were asked for may be missing; then more are asked for.
  if not batch or self.asked >= left or (batch ~= current and current.pages > 0) then return nil end
  self.planned, self.asked = self.planned + 1, self.asked + #batch.ids
  return {
    ids = batch.ids,
    batch = batch,
    first = batch.first,
    number = batch.pages + 1,
    size = math.max(self.page.min, #batch.ids),
  }
end

--- Whether a page may be refused as one behind the end: none of these.
function Ids.is_behind() return false end

-- Puts the rows of one page where their ids stand in the batch; or what is wrong with them, and a failure's kind.
local function sort_in(self, batch, rows)
  for i = 1, #rows do
    local id = rows[i][self.page.id]
    if type(id) ~= "string" or id == "" then return ("row %d has no %s"):format(i, self.page.id), "decode" end
    local place = batch.places[id]
    if not place then return ("the service sent image %s, which was not asked for"):format(id) end
    if batch.rows[place] then
      self.stats.duplicates = self.stats.duplicates + 1
    else
      batch.rows[place], batch.found = rows[i], batch.found + 1
    end
  end
end

--- Takes the response to a page, as jdvm.lists.scan does.
function Ids:accept(job, rows, total)
  local batch, stats = job.batch, self.stats
  local before = batch.found
  local message, kind = sort_in(self, batch, rows)
  if message then return nil, message, kind end
  batch.pages, stats.pages = batch.pages + 1, stats.pages + 1
  for i = #rows, 1, -1 do
    rows[i] = nil
  end
  if batch.found < #batch.ids and total ~= batch.found then
    if batch.found > before then
      -- A service may send fewer than a page holds: the next page of this batch is asked for, and then the others.
      self.planned, self.asked = self.done, 0
      return "turn"
    end
    -- Nothing new: the end, or a service that does not page beside ids.
    if type(total) == "number" and total > batch.found then
      return nil, ("the service counts %.0f of %d images and sends %d"):format(total, #batch.ids, batch.found)
    end
  end
  local count, places = 0, {}
  for i, id in ipairs(batch.ids) do
    if batch.rows[i] then
      count = count + 1
      rows[count], places[count] = batch.rows[i], i
    else
      stats.missing[#stats.missing + 1] = id
    end
  end
  job.places, stats.rows = places, stats.rows + count
  self.done, self.asked = self.done + 1, self.asked - #batch.ids
  self.batches[self.done] = true
  return self.done == #self.batches and "end" or "next"
end

return ids
