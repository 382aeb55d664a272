-- Reads images by their ids, however many: in parts that fit a page and a URL, in the caller's order, with those
-- that do not exist listed. A reader like jdvm.lists.pages. Pure.

local prefetch = require "jdvm.lists.prefetch"
local reader = require "jdvm.lists.reader"
local scan = require "jdvm.lists.scan"

local ids = {}

local fail = reader.fail

local Reader = {}
local mt = { __index = Reader, __name = "jdvm.lists.ids" }

-- Bytes of a query that leave room for the path and for what proxies add, below the service's 8 k.
local QUERY_LIMIT = 7000

-- Cuts the ids from `first` on into parts.
local function split(list, first, most, name)
  local parts, part, bytes = {}, nil, 0
  for i = first, #list do
    local length = #name + 8 + 3 * #list[i]:gsub("[A-Za-z0-9._~-]", "") + #list[i]
    if not part or #part.ids >= most or bytes + length > QUERY_LIMIT then
      part, bytes = { ids = {}, first = i - 1 }, 0
      parts[#parts + 1] = part
    end
    part.ids[#part.ids + 1], bytes = list[i], bytes + length
  end
  return parts
end

--- A reader of the images with these ids.
---@param source table as for jdvm.lists.pages; jobs are { ids, number, size }
---@param wanted string[] ids; one that stands there twice is delivered once
---@param options table page_size, prefetch, max_items; row = how many of the ids are done
---@return table reader see jdvm.lists.pages
function ids.reader(source, wanted, options)
  local list, is_known = {}, {}
  for _, id in ipairs(wanted) do
    if not is_known[id] then
      list[#list + 1], is_known[id] = id, true
    end
  end
  local page = source.page
  local self = setmetatable({
    source = source,
    page = page,
    list = list,
    parts = split(list, (options.row or 0) + 1, options.page_size or page.max, page.ids),
    next_part = 1,
    queue = prefetch.new(source.fetch, options.prefetch),
    counters = scan.counters(),
    missing = {},
    requests = 0,
    finished_calls = 0,
    left = options.max_items or math.huge,
    asked = 0,
  }, mt)
  self.ended = self.left == 0
  self.is_cut = self.ended
  self.plan = function()
    local part = self.parts[self.next_part]
    -- Some of those that were asked for may be missing; then more are asked for.
    if not part or self.asked >= self.left then return nil end
    self.next_part, self.asked = self.next_part + 1, self.asked + #part.ids
    return { ids = part.ids, part = part, number = 1, size = math.max(page.min, #part.ids) }
  end
  return self
end

-- Puts the rows of one answer where their ids stand in the part; or what is wrong with them, and a failure's kind.
local function sort_in(self, part, rows)
  for i = 1, #rows do
    local id = rows[i][self.page.id]
    if type(id) ~= "string" or id == "" then return ("row %d has no %s"):format(i, self.page.id), "decode" end
    local place = part.places[id]
    if not place then return ("the service answered image %s, which was not asked for"):format(tostring(id)) end
    if part.rows[place] then
      self.counters.duplicates = self.counters.duplicates + 1
    else
      part.rows[place], part.found = rows[i], part.found + 1
    end
  end
end

-- Reads further pages of a part while it may have some: a service may send fewer than a page holds.
local function read_rest(self, job, result, meta)
  local part, page = job.part, self.page
  part.places, part.rows, part.found = {}, {}, 0
  for i, id in ipairs(part.ids) do
    part.places[id] = i
  end
  while true do
    local rows, total = result[page.items], result[page.total]
    local before = part.found
    local message, kind = sort_in(self, part, rows)
    if message then return nil, message, kind end
    self.counters.pages = self.counters.pages + 1
    if part.found == #part.ids or total == part.found then break end
    if part.found == before then
      -- Nothing new: the end, or a service that does not page beside ids.
      if type(total) == "number" and total > part.found then
        return nil, ("the service counts %.0f of %d images and sends %d"):format(total, #part.ids, part.found)
      end
      break
    end
    job = { ids = part.ids, number = job.number + 1, size = job.size }
    local detail
    result, meta, detail = self.source.fetch.finish(self.source.fetch.start(job))
    self.requests = self.requests + (result ~= nil and meta.attempts or detail and detail.attempts or 0)
    if result == nil then return nil, meta, detail end
    self.meta = meta
  end
  return result, meta
end

--- The images of the next part of which any exist, in the caller's order.
---@return table|nil result
---@return table|string|nil job_or_message
---@return table|nil meta_or_detail
function Reader:next()
  if self.message then return nil, self.message, self.detail end
  while not self.ended do
    self.queue:fill(self.plan)
    local job, result, meta, detail = self.queue:take(self.plan)
    if not job then
      self.ended = true
      return nil
    end
    self.finished_calls = self.finished_calls + 1
    self.requests = self.requests + (result ~= nil and meta.attempts or detail and detail.attempts or 0)
    if result == nil then return fail(self, meta, detail) end
    self.meta = meta
    result, meta, detail = read_rest(self, job, result, meta)
    if result == nil then return fail(self, meta, detail) end

    local part, rows = job.part, result[self.page.items]
    local count = 0
    self.asked = self.asked - #part.ids
    for i = #rows, 1, -1 do
      rows[i] = nil
    end
    for i, id in ipairs(part.ids) do
      if not part.rows[i] then
        self.missing[#self.missing + 1] = id
      elseif count < self.left then
        count = count + 1
        rows[count] = part.rows[i]
      else
        self.is_cut = true
      end
    end
    self.left = self.left - count
    self.counters.rows = self.counters.rows + count
    if self.left == 0 then
      self.is_cut = self.is_cut or self.next_part <= #self.parts or not self.queue:is_empty()
      self.ended = true
      self.queue:cancel()
    elseif self.queue:is_eager() then
      self.queue:fill(self.plan)
    end
    if count > 0 then return result, job, meta end
  end
  return nil
end

--- Whether nothing follows the part given last.
function Reader:is_complete()
  return not self.message and not self.is_cut and self.next_part > #self.parts and self.queue:is_empty()
end

--- How many of the ids are done with this row.
---@param job table that gave the row
---@param row table
---@return integer
function Reader:position(job, row) return job.part.first + job.part.places[row[self.page.id]] end

--- Cancels what is in flight; nothing follows.
function Reader:close()
  self.queue:cancel()
  self.ended = true
end

--- What the list took, and which ids were not found so far.
---@return jdvm.ListStats
function Reader:stats()
  local copy = reader.stats(self)
  copy.missing = {}
  for i, id in ipairs(self.missing) do
    copy.missing[i] = id
  end
  return copy
end

return ids
