-- One line of the table of event loops: loops.lua cqueues|luv NAME CALLS; started by bench_loops.sh.
local name, lua, calls = arg[1], arg[2], tonumber(arg[3])
local core = require "jdvm.core"
local emulator = require "spec.support.emulator"
local jdvm = require "jdvm"

local PRIVATE, LATENCY, TICK = { imageSource = "private" }, 0.3, 0.005

-- spawn(work), sleep(seconds) and run() of the loop.
local loop = {}
if name == "cqueues" then
  local cqueues = require "cqueues"
  local queue = cqueues.new()
  function loop.spawn(work) queue:wrap(work) end
  loop.sleep = cqueues.sleep
  function loop.run() assert(queue:loop()) end
else
  local uv = require "luv"
  function loop.spawn(work) assert(coroutine.resume(coroutine.create(work))) end
  function loop.sleep(seconds)
    local thread, timer = coroutine.running(), uv.new_timer()
    timer:start(math.ceil(seconds * 1000), 0, function()
      timer:close()
      assert(coroutine.resume(thread))
    end)
    coroutine.yield()
  end
  loop.run = uv.run
end

local server = emulator.start { images = 250, tls = true }
server.control("reset", { spec = "latency:seconds=" .. LATENCY })

local function new_client()
  return jdvm.new {
    region = server.regions[1],
    endpoint = server.endpoint,
    ca_file = server.ca_file,
    no_proxy = "*",
    access_key = server.accounts.owner.access_key,
    secret_key = server.accounts.owner.secret_key,
    wait = require("jdvm.loops." .. name),
  }
end

-- Reads lists side by side: the seconds it took, and the ticker's longest wait.
local function measure(count)
  local client, open, longest, before = new_client(), count, 0, core.now()
  for _ = 1, count do
    loop.spawn(function()
      assert(#assert(client:list_images(PRIVATE, { page_size = 50 })) == 250)
      open = open - 1
    end)
  end
  loop.spawn(function()
    while open > 0 do
      local ticked = core.now()
      loop.sleep(TICK)
      longest = math.max(longest, core.now() - ticked)
    end
  end)
  loop.run()
  local took = core.now() - before
  client:close()
  return took, longest
end

local pid = io.open("/proc/self/stat"):read("*n")
local function left()
  for _ = 1, 4 do
    collectgarbage()
  end
  local pipe = io.popen(("ls /proc/%.0f/fd | wc -l"):format(pid))
  local descriptors = tonumber(pipe:read("*l"))
  pipe:close()
  return descriptors, collectgarbage "count"
end

local client = new_client()
local function break_off(count)
  loop.spawn(function()
    for i = 1, count do
      local call = client:start("describeImages", PRIVATE)
      if i % 3 == 0 then loop.sleep(0.001) end
      if i % 2 == 0 then call:cancel() end -- the others are forgotten
    end
  end)
  loop.run()
  return left()
end

local one, tick = measure(1)
local many, tick_of_many = measure(16)
local open, heap = break_off(500)
local before = core.now()
local open_after, heap_after = break_off(calls)
print(
  ("%-8s %-7s ticker %4.1f ms, with 16 lists %4.1f ms; one list %.2f s, 16 lists %.2f s; %d calls broken off in %.1f s: "):format(
    name,
    lua,
    tick * 1000,
    tick_of_many * 1000,
    one,
    many,
    calls,
    core.now() - before
  ) .. ("%d -> %d descriptors, %.0f -> %.0f KiB"):format(open, open_after, heap, heap_after)
)
client:close()
server.stop()
