-- Reads the pages of a list in order: a planner (jdvm.lists.scan, jdvm.lists.ids) says which to ask for and what they
-- mean, and a window of requests is kept in flight ahead of the reader. Pure: over any start, finish and cancel.

local copy_of = require "jdvm.util.copy"

local pages = {}

local Pages = {}
local mt = { __index = Pages, __name = "jdvm.lists.pages" }

-- How a service may say that there is no such page.
local refusals = { [400] = true, [404] = true, [416] = true }

--- A reader of a list.
---@param source table
---  start = function(job) -> call, as jdvm.call;
---  page = how the list is paged: items, id, total;
---  row, id = where the list begins: the row that was delivered last, and its image;
---  budget = enter() and leave() around what may wait; spent; token(row, id) -> string;
---  array_mt = the metatable of a list without images;
---  fail = function(message, stats, kind) -> message, detail
---@param planner table plan(left) -> job; accept(job, rows, total) -> verdict; is_behind(job); is_done; stats
---@param options table prefetch = pages in flight ahead of the reader, 0 = each is asked for when it is wanted;
---  max_items
function pages.new(source, planner, options)
  local is_done = planner.is_done or false
  return setmetatable({
    source = source,
    row = source.row,
    id = source.id,
    planner = planner,
    depth = options.prefetch,
    width = math.max(1, options.prefetch),
    queue = {}, -- calls in flight, oldest first: { call, job }
    received = 0, -- whether the response to the oldest is there
    started = 0,
    finished = 0,
    requests = 0,
    left = options.max_items or math.huge,
    is_complete = is_done,
    ended = is_done or options.max_items == 0,
  }, mt)
end

-- Starts what the window has room for.
local function fill(self)
  while #self.queue - self.received < self.width do
    local job = self.planner:plan(self.left)
    if not job then return end
    table.insert(self.queue, { call = self.source.start(job), job = job })
    self.started = self.started + 1
  end
end

-- Finishes the oldest call. Another takes its place in the window while its response is read.
local function take(self)
  local oldest = self.queue[1]
  local result, meta, detail = oldest.call:finish(self.depth > 1 and function()
    self.received = 1
    fill(self)
  end or nil)
  table.remove(self.queue, 1)
  self.received, self.finished = 0, self.finished + 1
  if result ~= nil then
    -- The service asked for less: one at a time, and more again as it responds.
    self.width = (meta.throttled or 0) > 0 and 1 or math.min(self.width + 1, math.max(1, self.depth))
  end
  return oldest.job, result, meta, detail
end

local function cancel(self)
  local queue = self.queue
  self.queue = {}
  for _, each in ipairs(queue) do
    each.call:cancel()
  end
end

-- Ends the list with a failure, which it gives from then on. Without a detail one is made, of this kind (pagination).
local function fail(self, message, detail)
  self:close()
  if type(detail) == "table" then
    detail.stats = self:stats()
  else
    message, detail = self.source.fail(message, self:stats(), detail)
  end
  self.message, self.detail = message, detail
  return nil, message, detail
end

local function read(self)
  local planner, page = self.planner, self.source.page
  while not self.ended do
    fill(self)
    if #self.queue == 0 then return fail(self, "the pages read leave none to ask for") end
    local job, result, meta, detail = take(self)
    local rows, total
    if result ~= nil then
      self.requests, self.meta = self.requests + (meta.attempts or 1), meta
      rows, total = result[page.items], result[page.total]
    else
      self.requests = self.requests + (detail.attempts or 0)
      if not (refusals[detail.http_status] and planner:is_behind(job)) then return fail(self, meta, detail) end
      rows, total = {}, planner.total
    end
    local verdict, problem, kind = planner:accept(job, rows, total)
    if not verdict then return fail(self, problem, kind) end
    local count, left = #rows, self.left
    for i = count, left + 1, -1 do
      rows[i] = nil
    end
    self.left = math.max(0, left - count)
    self.is_complete = verdict == "end" and count <= left
    self.ended = verdict == "end" or self.left == 0
    if self.ended or verdict == "turn" then cancel(self) end
    if count > 0 then
      if not self.ended and self.depth > 0 then fill(self) end
      return result, job, meta
    end
  end
  return nil
end

--- The next page with rows that were not given before; nil at the end; nil, message, detail when the list cannot be
--- completed.
---@return table|nil result
---@return table|string|nil job_or_message
---@return table|nil meta_or_detail
function Pages:next()
  if self.message then return nil, self.message, self.detail end
  self.source.budget.enter()
  local result, job, meta = read(self)
  self.source.budget.leave()
  return result, job, meta
end

--- Starts requests without waiting for any.
function Pages:fill()
  if self.ended or self.depth == 0 then return end
  self.source.budget.enter()
  fill(self)
  self.source.budget.leave()
end

--- How many rows of the list are done with one of a page.
---@param job table as next gave it
---@param index integer of the row
---@return integer
function pages.position(job, index) return job.first + (job.places and job.places[index] or index) end

--- Where to go on after an image.
---@param row integer as position gives it
---@param id string
---@return string
function Pages:token(row, id) return self.source.token(row, id) end

--- Cancels what is in flight; no page follows.
function Pages:close()
  cancel(self)
  self.ended = true
end

--- What the list took so far; requests in flight count.
---@return jdvm.ListStats
function Pages:stats()
  local copy = copy_of(self.planner.stats)
  copy.missing = copy.missing and copy_of(copy.missing)
  copy.requests = self.requests + self.started - self.finished
  return copy
end

return pages
