--- For clients in programs with luv: `jdvm.new { wait = require "jdvm.loops.luv" }`. Their calls then suspend the
--- coroutine that makes them, and no other; outside of any coroutine they run the loop.

local check = require "jdvm.loops.yield"
local uv = require "luv"

--- Waits as the option `wait` has to.
---@param sockets {fd: integer, read: boolean, write: boolean}[]
---@param seconds number
return function(sockets, seconds)
  check()
  local thread, is_main = coroutine.running()
  -- A timer of no time would run before anything else of the loop has its turn.
  local handles, is_over = { seconds > 0 and uv.new_timer() or uv.new_idle() }, false
  local function over()
    if is_over then return end
    is_over = true
    for _, handle in ipairs(handles) do
      handle:close()
    end
    if thread and not is_main then assert(coroutine.resume(thread)) end
  end
  if seconds > 0 then
    handles[1]:start(math.ceil(seconds * 1000), 0, over)
  else
    handles[1]:start(over)
  end
  for i, socket in ipairs(sockets) do
    handles[i + 1] = assert(uv.new_poll(socket.fd))
    handles[i + 1]:start((socket.read and "r" or "") .. (socket.write and "w" or ""), over)
  end
  if thread and not is_main then return coroutine.yield() end
  repeat
    uv.run "once"
  until is_over
end
