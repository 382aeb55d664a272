-- An ordered window of calls in flight: started ahead, finished in the order they were started. Pure: knows
-- nothing but start, finish and cancel.

local prefetch = {}

local Prefetch = {}
local mt = { __index = Prefetch, __name = "jdvm.lists.prefetch" }

--- A window over `fetch`.
---@param fetch table start(job) -> call; finish(call, received) -> result, meta | nil, message, detail, where
---  received() may be called as soon as the answer is there, before it is read; cancel(call)
---@param depth integer calls in flight at most; 0 = each is started when it is wanted
function prefetch.new(fetch, depth)
  return setmetatable({
    fetch = fetch,
    depth = depth,
    width = depth > 1 and depth or 1,
    jobs = {},
    calls = {},
    head = 1,
    tail = 0,
    started = 0,
    answered = 0,
  }, mt)
end

--- Starts what the window has room for.
---@param plan function -> job, or nil when there is nothing to start now
function Prefetch:fill(plan)
  while self.tail - self.head + 1 - self.answered < self.width do
    local job = plan()
    if not job then return end
    local tail = self.tail + 1
    -- The slot first: if start raises, no call is in flight that nobody knows.
    self.calls[tail] = self.fetch.start(job)
    self.jobs[tail], self.tail = job, tail
    self.started = self.started + 1
  end
end

--- Finishes the oldest call. Another takes its place in the window while its answer is read.
---@param plan function|nil as for fill
---@return table|nil job nil when none is in flight
---@return table|nil result nil when the call failed
---@return any meta_or_message
---@return table|nil detail
function Prefetch:take(plan)
  local head = self.head
  if head > self.tail then return nil end
  local job, call = self.jobs[head], self.calls[head]
  local result, meta, detail = self.fetch.finish(call, plan and self.depth > 1 and function()
    self.answered = 1
    self:fill(plan)
  end or nil)
  self.answered = 0
  self.jobs[head], self.calls[head], self.head = nil, nil, head + 1
  if result ~= nil then
    -- The service asked for less: one at a time, and more again as it answers.
    self.width = (meta.throttled or 0) > 0 and 1 or math.min(self.width + 1, math.max(1, self.depth))
  end
  return job, result, meta, detail
end

--- Whether calls should be started before they are wanted.
function Prefetch:is_eager() return self.depth > 0 end

--- Cancels all that is in flight.
function Prefetch:cancel()
  for i = self.head, self.tail do
    local call = self.calls[i]
    self.jobs[i], self.calls[i] = nil, nil
    if call ~= nil then self.fetch.cancel(call) end
  end
  self.head = self.tail + 1
end

return prefetch
