-- Plans the reading of images by their ids, however many: in batches that fit a page and a URL, in the caller's order,
-- with those that do not exist listed. A planner for jdvm.lists.pages, as jdvm.lists.scan is. Pure.

local ids = {}

local Ids = {}
local mt = { __index = Ids, __name = "jdvm.lists.ids" }

-- Bytes of a query that leave room for the path and for what proxies add, below the service's 8 k.
local QUERY_LIMIT = 7000

--- A planner for the images with these ids.
---@param wanted string[] ids; one that stands there twice is delivered once
---@param page table how the list is paged: id, ids, min, max
---@param options table page_size; row = how many of the ids are done
---@return table planner its jobs are { ids, number, size, first }
function ids.new(wanted, page, options)
  local is_known, batches, batch, bytes = {}, {}, nil, 0
  local most, row = options.page_size or page.max, 0
  for _, id in ipairs(wanted) do
    row = row + (is_known[id] and 0 or 1)
    if not is_known[id] and row > (options.row or 0) then
      local length = #page.ids + 8 + 3 * #id:gsub("[A-Za-z0-9._~-]", "") + #id
      if not batch or #batch.ids >= most or bytes + length > QUERY_LIMIT then
        batch, bytes = { ids = {}, first = row - 1 }, 0
        batches[#batches + 1] = batch
      end
      table.insert(batch.ids, id)
      bytes = bytes + length
    end
    is_known[id] = true
  end
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
  local batch = self.batches[self.planned + 1]
  -- Some of those that were asked for may be missing; then more are asked for.
  if not batch or self.asked >= left then return nil end
  self.planned, self.asked = self.planned + 1, self.asked + #batch.ids
  return { ids = batch.ids, first = batch.first, number = 1, size = math.max(self.page.min, #batch.ids) }
end

--- Whether a page may be refused as one behind the end: none of these.
function Ids.is_behind() return false end

--- Takes the response to a page, as jdvm.lists.scan does.
function Ids:accept(job, rows, total)
  local stats, by_id, found, is_asked = self.stats, {}, 0, {}
  for _, id in ipairs(job.ids) do
    is_asked[id] = true
  end
  for i = #rows, 1, -1 do
    local id = rows[i][self.page.id]
    if type(id) ~= "string" or id == "" then return nil, ("row %d has no %s"):format(i, self.page.id), "decode" end
    if not is_asked[id] then return nil, ("the service sent image %s, which was not asked for"):format(id) end
    if by_id[id] then
      stats.duplicates = stats.duplicates + 1
    else
      found = found + 1
    end
    by_id[id], rows[i] = rows[i], nil
  end
  if type(total) == "number" and found < math.min(total, #job.ids) then
    return nil, ("the service counts %.0f of %d images and sends %d"):format(total, #job.ids, found)
  end
  job.places = {}
  for i, id in ipairs(job.ids) do
    if by_id[id] then
      rows[#rows + 1] = by_id[id]
      job.places[#rows] = i
    else
      stats.missing[#stats.missing + 1] = id
    end
  end
  stats.pages, stats.rows = stats.pages + 1, stats.rows + found
  self.done, self.asked = self.done + 1, self.asked - #job.ids
  return self.done == #self.batches and "end" or "next"
end

return ids
