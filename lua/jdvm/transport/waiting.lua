-- The transport over libcurl for clients with the option `wait`: it drives the requests of all coroutines, and blocks
-- only as that function does.
--
-- One of the coroutines that wait is the driver: it waits for libcurl's sockets, and works on those that are ready. The
-- others wait for a bell each; the driver rings it when their response is there, and when it leaves. While the sockets
-- are waited for, none is opened or closed (src/pure/http.h): who starts or cancels a request rings for the driver.

local curl = require "jdvm.curl"
local curl_transport = require "jdvm.transport.curl"

local running, status = coroutine.running, coroutine.status

-- A coroutine may be dropped while it is the driver. Who comes, and after every CHECK seconds who waits, rings for it;
-- when it has not worked although the loop went round that often, somebody else takes its place.
local CHECK, ANSWER, PATIENCE = 0.1, 0.001, 4
-- The responses of many coroutines may be there at once. So many are given out before the rest of the loop has its
-- turn: each is decoded next.
local BURST = 4
-- Bells that are kept for later.
local SPARE = 16
-- No wait is longer.
local LONGEST = 60

local methods = setmetatable({}, { __index = curl_transport.methods })
local metatable = { __index = methods }

-- Waits, and notices that the loop went round: the first who waited since it did begins a new turn.
local function wait(self, sockets, seconds)
  local turn = self.turn
  self.wait(sockets, math.min(math.max(seconds, 0), LONGEST))
  if self.turn == turn then
    self.turn, self.given = turn + 1, 0
  end
end

-- The bell of another coroutine that is the driver, or nil. One that ended by an error, in this coroutine or with its
-- own, is none any more.
local function other_driver(self)
  local place = self.place
  local is_over = place.thread == running() or place.thread and status(place.thread) == "dead"
  return not is_over and place.driver or nil
end

-- Tells the driver that there is something to do.
local function ring_driver(self)
  local driver = other_driver(self)
  if driver then driver:ring() end
end

-- Whether the caller is the driver from now on.
local function drives(self, bell)
  local place = self.place
  if place.driver == bell then return true end
  if other_driver(self) then return false end
  place.driver, place.thread, self.is_new = bell, running(), true
  return true
end

-- Works on what is ready, and tells those whose request has ended.
local function step(self)
  self.multi:step(self.is_new)
  self.is_new, self.steps = false, self.steps + 1
  for bell, transfer in pairs(self.parked) do
    if transfer ~= true and not self.multi:runs(transfer) then bell:ring() end
  end
end

-- A bell. What a dropped coroutine holds, sockets too, is open until the collector finds it, and that knows nothing of
-- descriptors: it runs when there are twice as many bells as it left last time.
local function new_bell(self)
  local spare = table.remove(self.bells)
  if spare then return spare end
  if self.made >= self.most then
    collectgarbage()
    self.made = 0
    for _ in pairs(self.known) do
      self.made = self.made + 1
    end
    self.most = 2 * self.made + SPARE
  end
  local bell = curl.bell()
  self.known[bell], self.made = true, self.made + 1
  return bell
end

-- Drives, or waits for the driver, until the transfer (if any) has ended or that many seconds are over.
local function drive(self, transfer, seconds)
  local multi, bell = self.multi, new_bell(self)
  local finish, has_waited, unanswered = curl.now() + seconds, false, 1
  while not self.closed do
    local is_driver = drives(self, bell)
    if is_driver then step(self) end
    local left = finish - curl.now()
    if left <= 0 then break end
    if transfer and not multi:runs(transfer) then
      if has_waited and self.given < BURST then break end
      wait(self, {}, 0)
    elseif is_driver then
      local sockets, due = multi:lend(bell)
      wait(self, sockets, math.min(due, left))
      bell:clear()
    else
      local steps = self.steps
      self.parked[bell] = transfer or true
      local own = { { fd = bell:fd(), read = true, write = false } }
      wait(self, own, math.min(unanswered > 0 and ANSWER or CHECK, left))
      self.parked[bell] = nil
      bell:clear()
      unanswered = self.steps == steps and unanswered + 1 or 0
      if unanswered > PATIENCE then
        self.place.driver = nil
      elseif unanswered > 0 then
        ring_driver(self)
      end
    end
    has_waited = true
  end
  if self.place.driver == bell then
    self.place.driver, self.place.thread = nil, nil
    local successor = next(self.parked)
    if successor then successor:ring() end
    if self.closed then multi:close() end
  end
  if #self.bells < SPARE then self.bells[#self.bells + 1] = bell end
end

function methods:start(request, deadline)
  local pending = curl_transport.methods.start(self, request, deadline)
  ring_driver(self)
  return pending
end

function methods:finish(pending)
  if type(pending) == "table" then return nil, pending end -- what it failed with before it began
  drive(self, pending, math.huge)
  self.given = self.given + 1
  if self.closed or self.multi:runs(pending) == nil then
    return nil, { kind = "cancelled", cause = "cancelled", facts = {}, sent = true }
  end
  return curl_transport.methods.finish(self, pending)
end

function methods:cancel(pending)
  curl_transport.methods.cancel(self, pending)
  for bell, transfer in pairs(self.parked) do
    if transfer == pending then bell:ring() end
  end
  ring_driver(self)
end

function methods:sleep(seconds) drive(self, nil, seconds) end

function methods:close()
  self.closed = true
  for bell in pairs(self.parked) do
    bell:ring()
  end
  ring_driver(self) -- it closes when it is back
  if not other_driver(self) then self.multi:close() end
end

local waiting = {}

--- The transport of a client.
---@param config table as for jdvm.transport.curl, and `wait`
---@return table transport
function waiting.new(config)
  local self = curl_transport.new(config)
  self.wait = config.wait
  self.bells, self.known, self.made, self.most = {}, setmetatable({}, { __mode = "k" }), 0, SPARE
  -- Neither holds a coroutine that was dropped: its bell goes with it.
  self.parked, self.place = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" })
  self.steps, self.turn, self.given = 0, 0, 0
  return setmetatable(self, metatable)
end

return waiting
