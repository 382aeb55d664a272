-- A transport in memory with a clock of its own: nothing is sent, nobody waits.

local M = {}

local Fake = {}
Fake.__index = Fake

---@param answer fun(request: table, n: integer, fake: table): table response { status, headers, body, after } or
---  failure { kind, phase, message, after }; `after` is how many seconds the answer takes
function M.new(answer)
  return setmetatable(
    { time = 1000, answer = answer, requests = {}, sleeps = {}, open = 0, most_open = 0, cancelled = 0 },
    Fake
  )
end

function Fake:start(request, deadline)
  local n = #self.requests + 1
  self.requests[n] = request
  self.open = self.open + 1
  self.most_open = math.max(self.most_open, self.open)
  return { n = n, request = request, deadline = deadline, began = self.time, open = true }
end

function Fake:finish(pending)
  assert(pending.open, "finished twice, or after it was cancelled")
  pending.open = false
  self.open = self.open - 1
  local given = self.answer(pending.request, pending.n, self)
  local ends = pending.began + (given.after or 0.01)
  if ends > pending.deadline then
    self.time = math.max(self.time, pending.deadline)
    return nil, { kind = "timeout", phase = given.phase or "wait", message = "the time ran out", sent = true }
  end
  self.time = math.max(self.time, ends)
  if given.kind then
    return nil,
      {
        kind = given.kind,
        phase = given.phase,
        message = given.message or given.kind,
        sent = given.sent,
        lasting = given.lasting,
        kept = given.kept,
      }
  end
  return { status = given.status or 200, headers = given.headers or {}, body = given.body or "", kept = given.kept }
end

function Fake:cancel(pending)
  assert(pending.open, "cancelled twice, or after it was finished")
  pending.open = false
  self.open, self.cancelled = self.open - 1, self.cancelled + 1
end

function Fake:sleep(seconds)
  assert(seconds >= 0)
  self.sleeps[#self.sleeps + 1] = seconds
  self.time = self.time + seconds
end

function Fake:now() return self.time end

function Fake:close() self.closed = true end

return M
