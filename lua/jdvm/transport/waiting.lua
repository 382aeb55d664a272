-- The transport over libcurl for clients with the option `wait`: coroutines share one libcurl, and block only as that
-- function does.
--
-- A loop lets one coroutine wait for a socket, so one of those that call drives: it waits for libcurl's sockets, and
-- works for all. Each of the others waits for a bell, which is a descriptor, too. The driver rings it when that
-- coroutine's request has ended, and when it leaves: then whoever wakes first drives. While the sockets are waited for,
-- libcurl opens and closes none (src/pure/http.h), so who starts or cancels a request rings for the driver.

local curl = require "jdvm.curl"
local curl_transport = require "jdvm.transport.curl"

-- A driver may have been dropped, that is, never be resumed again. Who comes, and every CHECK seconds who waits, rings
-- for it, and gives it ANSWER seconds; after PATIENCE rings in a row that it did not answer, somebody else drives.
local CHECK, ANSWER, PATIENCE = 0.1, 0.001, 4
-- What a dropped coroutine holds, its bell and sockets, is open until it is collected, and the collector does not count
-- descriptors: it runs after so many new bells. A bell that is given back is used again.
local NEW_BELLS = 64
-- No wait is longer, in seconds.
local LONGEST = 60

local methods = setmetatable({}, { __index = curl_transport.methods })
local metatable = { __index = methods }

local function take_bell(self)
  if #self.bells > 0 then return table.remove(self.bells) end
  self.made = self.made + 1
  if self.made % NEW_BELLS == 0 then collectgarbage() end
  return curl.bell()
end

-- As the option `wait` wants it.
local function socket_of(bell) return { fd = bell:fd(), read = true, write = false } end

local function ring_driver(self)
  if self.driver then self.driver:ring() end
end

-- Works on what is ready, and wakes those whose request has ended.
local function step(self)
  self.multi:step()
  self.steps = self.steps + 1
  for bell, transfer in pairs(self.parked) do
    if transfer and not self.multi:runs(transfer) then bell:ring() end
  end
end

local function wait(self, sockets, seconds) self.wait(sockets, math.min(math.max(seconds, 0), LONGEST)) end

-- Drives, or waits for the driver, until the transfer (if any) has ended or that many seconds are over. Waits at least
-- once, so that others have their turn between two responses that are there already.
local function drive(self, transfer, seconds)
  local multi, bell, finish = self.multi, take_bell(self), curl.now() + seconds
  local has_waited, unanswered = false, 1
  while not self.closed do
    self.driver = self.driver or bell
    local is_driver = self.driver == bell
    if is_driver then step(self) end
    local has_ended = transfer and not multi:runs(transfer)
    local left = has_ended and 0 or finish - curl.now()
    if left <= 0 and has_waited then break end
    if is_driver then
      local sockets, due = multi:lend()
      sockets[#sockets + 1] = socket_of(bell)
      wait(self, sockets, math.min(due, left))
    else
      local steps = self.steps
      self.parked[bell] = transfer or false
      wait(self, { socket_of(bell) }, math.min(unanswered > 0 and ANSWER or CHECK, left))
      self.parked[bell] = nil
      unanswered = self.steps == steps and unanswered + 1 or 0
      if unanswered > PATIENCE then
        self.driver = nil
      elseif unanswered > 0 then
        ring_driver(self)
      end
    end
    bell:clear()
    has_waited = true
  end
  if self.driver == bell then
    self.driver = nil
    local successor = next(self.parked)
    if successor then successor:ring() end
    if self.closed then multi:close() end
  end
  self.bells[#self.bells + 1] = bell
end

function methods:start(request, deadline)
  local pending = curl_transport.methods.start(self, request, deadline)
  ring_driver(self)
  return pending
end

function methods:finish(pending)
  if type(pending) == "table" then return nil, pending end -- what it failed with before it began
  drive(self, pending, math.huge)
  if self.closed or self.multi:runs(pending) == nil then
    return nil, { kind = "cancelled", cause = "cancelled", facts = {}, sent = true }
  end
  return curl_transport.methods.finish(self, pending)
end

function methods:cancel(pending)
  curl_transport.methods.cancel(self, pending)
  ring_driver(self) -- it wakes who waits for the request
end

function methods:sleep(seconds) drive(self, nil, seconds) end

function methods:close()
  self.closed = true
  for bell in pairs(self.parked) do
    bell:ring()
  end
  if self.driver then
    self.driver:ring() -- it closes when it is back
  else
    self.multi:close()
  end
end

local waiting = {}

--- The transport of a client.
---@param config table as for jdvm.transport.curl, and `wait`
---@return table transport
function waiting.new(config)
  local self = curl_transport.new(config)
  self.wait = config.wait
  self.bells, self.made = {}, 0
  self.parked = setmetatable({}, { __mode = "k" }) -- the bells that are waited for; that of a dropped coroutine goes
  self.driver, self.steps = nil, 0 -- the driver's bell, and how often it has worked
  return setmetatable(self, metatable)
end

return waiting
