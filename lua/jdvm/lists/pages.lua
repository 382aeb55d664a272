-- Reads the pages of a list in order: a planner (jdvm.lists.scan, jdvm.lists.ids) says which to ask for and what they
-- mean, a prefetch window keeps some in flight. Pure: over any start, finish and cancel.

local copy_of = require "jdvm.util.copy"
local prefetch = require "jdvm.lists.prefetch"

local pages = {}

local Pages = {}
local mt = { __index = Pages, __name = "jdvm.lists.pages" }

-- How a service may say that there is no such page.
local refusals = { [400] = true, [404] = true, [416] = true }

--- A reader of a list.
---@param source table
---  fetch = as for jdvm.lists.prefetch; page = how the list is paged: items, id, total;
---  row, id = where the list begins: the row that was delivered last, and its image;
---  enter() and leave() around what may wait; spent() -> seconds; token(row, id) -> string;
---  array_mt = the metatable of a list without images;
---  fail = function(message, stats, kind) -> message, detail
---@param planner table plan(left) -> job; accept(job, rows, total) -> verdict; is_behind(job); is_done; stats
---@param options table prefetch, max_items
function pages.new(source, planner, options)
  local self = setmetatable({
    source = source,
    row = source.row,
    id = source.id,
    planner = planner,
    queue = prefetch.new(source.fetch, options.prefetch),
    requests = 0,
    finished = 0,
    left = options.max_items or math.huge,
  }, mt)
  self.plan = function() return planner:plan(self.left) end
  self.is_complete = planner.is_done or false
  self.ended = self.is_complete or self.left == 0
  return self
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
  local queue, planner, page = self.queue, self.planner, self.source.page
  while not self.ended do
    queue:fill(self.plan)
    local job, result, meta, detail = queue:take(self.plan)
    if not job then return fail(self, "the pages read leave none to ask for") end
    self.finished = self.finished + 1
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
    if self.ended or verdict == "turn" then queue:cancel() end
    if count > 0 then
      if not self.ended and queue:is_eager() then queue:fill(self.plan) end
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
  self.source.enter()
  local result, job, meta = read(self)
  self.source.leave()
  return result, job, meta
end

--- Starts requests without waiting for any.
function Pages:fill()
  if self.ended or not self.queue:is_eager() then return end
  self.source.enter()
  self.queue:fill(self.plan)
  self.source.leave()
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
  self.queue:cancel()
  self.ended = true
end

--- What the list took so far; requests in flight count.
---@return jdvm.ListStats
function Pages:stats()
  local copy = copy_of(self.planner.stats)
  copy.missing = copy.missing and copy_of(copy.missing)
  copy.requests = self.requests + self.queue.started - self.finished
  return copy
end

return pages
