-- Reads a list page by page, in order: a scan says which pages and what their answers prove, a prefetch
-- window keeps some in flight. Pure: over any start, finish and cancel.
--
-- A reader, here and in jdvm.lists.ids: next() -> result, job, meta, where result[items] are rows not given before;
-- nil at the end; nil, message, detail when the list cannot be completed. position(job, row) says where
-- the row stands, for a resume token; close() cancels what is in flight; stats() tells what it took.

local prefetch = require "jdvm.lists.prefetch"
local reader = require "jdvm.lists.reader"
local scan = require "jdvm.lists.scan"
local seen = require "jdvm.lists.seen"

local pages = {}

local fail = reader.fail

local Reader = {}
local mt = { __index = Reader, __name = "jdvm.lists.pages" }

-- Scans of a list with consistency "stable", until one sees no change.
local MAX_PASSES = 4

-- How a service may say that there is no such page.
local refusals = { [400] = true, [404] = true, [416] = true }

--- A reader of a list.
---@param source table
---  fetch = { start(window { number, size }) -> call, finish(call) -> result, meta | nil, message, detail;
---    cancel(call) };
---  page = how the list is paged: items, id, total, min, max; fail = function(message, stats, kind) -> message, detail
---@param options table page_size, prefetch, max_items, consistency; row, id = where to go on
function pages.reader(source, options)
  local self = setmetatable({
    source = source,
    options = options,
    items = source.page.items,
    total = source.page.total,
    queue = prefetch.new(source.fetch, options.prefetch),
    counters = scan.counters(),
    requests = 0,
    finished_calls = 0,
    left = options.max_items or math.huge,
    stable = options.consistency == "stable",
  }, mt)
  self.plan = function() return self.scan:plan() end
  self:begin_pass()
  self.ended = self.left == 0
  return self
end

function Reader:begin_pass()
  local options, page = self.options, self.source.page
  self.scan = scan.new {
    size = options.page_size,
    least = page.min,
    most = page.max,
    id = page.id,
    strict = self.stable,
    stats = self.counters,
    row = options.row,
    anchor = options.id,
  }
end

-- The next page that brings rows.
local function next_page(self)
  local queue, scanner = self.queue, self.scan
  while not self.ended do
    scanner.wanted = self.left < math.huge and self.left or nil
    queue:fill(self.plan)
    local job, result, meta, detail = queue:take(self.plan)
    if not job then return fail(self, "the pages answered leave none to ask for") end
    self.finished_calls = self.finished_calls + 1
    if result == nil then
      self.requests = self.requests + (detail.attempts or 0)
      if not (refusals[detail.http_status] and scanner:is_behind_end(job)) then return fail(self, meta, detail) end
      self.ended, self.complete = true, true
      queue:cancel()
      return nil
    end
    self.requests, self.meta = self.requests + (meta.attempts or 1), meta
    local rows = result[self.items]
    local verdict, problem, kind = scanner:answer(job, rows, result[self.total])
    if not verdict then return fail(self, problem, kind) end
    if verdict == "replan" or verdict == "drift" then
      queue:cancel()
      if verdict == "drift" then return nil, "drift" end
    else
      local count = #rows
      if verdict == "done" then self.complete = count <= self.left end
      for i = count, self.left + 1, -1 do
        rows[i] = nil
      end
      self.left = self.left - math.min(count, self.left)
      if verdict == "done" or self.left == 0 then
        self.ended = true
        queue:cancel()
      elseif verdict == "turn" then
        queue:cancel()
      elseif count > 0 and queue:is_eager() then
        if self.left < math.huge then scanner.wanted = self.left end
        queue:fill(self.plan)
      end
      if count > 0 then return result, job, meta end
    end
  end
  return nil
end

-- Reads the whole list before the first page is given, and again when it changed meanwhile.
local function read_stable(self)
  local buffer = {}
  while true do
    local result, job, meta = next_page(self)
    if result then
      buffer[#buffer + 1] = { result, job, meta }
    elseif job == "drift" then
      local counters = self.counters
      if counters.passes >= MAX_PASSES then
        return fail(
          self,
          ("the list changed during each of %d scans (totalCount was %s, then %s)"):format(
            counters.passes,
            tostring(counters.total_first),
            tostring(counters.total_last)
          )
        )
      end
      self.counters = scan.counters()
      self.counters.passes = counters.passes + 1
      self.left = self.options.max_items or math.huge
      self:begin_pass()
      buffer = {}
    elseif job then
      return nil, job, meta
    else
      self.buffer, self.given = buffer, 0
      return true
    end
  end
end

--- The next page with rows that were not given before.
---@return table|nil result
---@return table|string|nil job_or_message
---@return table|nil meta_or_detail
function Reader:next()
  if self.message then return nil, self.message, self.detail end
  if self.closed then return nil end
  if not self.stable then return next_page(self) end
  if not self.buffer then
    local ok, message, detail = read_stable(self)
    if not ok then return nil, message, detail end
  end
  self.given = self.given + 1
  local entry = self.buffer[self.given]
  if not entry then return nil end
  self.buffer[self.given] = false
  return entry[1], entry[2], entry[3]
end

--- Whether nothing follows the page given last.
function Reader:is_complete() return self.complete == true and (not self.buffer or self.given >= #self.buffer) end

--- Where a row stands in the service's order.
---@param job table as next gave it
---@param row table
---@return integer position rows before it and itself
function Reader:position(job, row)
  local key = seen.key(row[self.source.page.id])
  for i = 1, job.count do
    if job.keys[i] == key then return job.first + i end
  end
  return job.first
end

--- Cancels what is in flight; no page follows.
function Reader:close()
  self.queue:cancel()
  self.ended, self.closed = true, true
end

Reader.stats = reader.stats

return pages
