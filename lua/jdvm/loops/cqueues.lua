--- For clients in programs with cqueues: `jdvm.new { wait = require "jdvm.loops.cqueues" }`. Their calls then suspend
--- the coroutine that makes them, and no other.

local cqueues = require "cqueues"
local check = require "jdvm.loops.yield"

local unpack = table.unpack or unpack -- luacheck: ignore 143 113

--- Waits as the option `wait` has to.
---@param sockets {fd: integer, read: boolean, write: boolean}[]
---@param seconds number
return function(sockets, seconds)
  check()
  local awaited = { seconds }
  for _, socket in ipairs(sockets) do
    local events = (socket.read and "r" or "") .. (socket.write and "w" or "")
    awaited[#awaited + 1] = { pollfd = socket.fd, events = events }
  end
  cqueues.poll(unpack(awaited))
  for _, socket in ipairs(sockets) do
    cqueues.cancel(socket.fd) -- it may be closed next, and its number used again
  end
end
