-- Leaves loops over images at random places and prints what stays behind: left_loops(BREAKS, options of jdvm.new). A
-- process of its own measures it, so that nothing but these loops is in the numbers.
local jdvm = require "jdvm"
local random = require "spec.support.random"

local pid = io.open("/proc/self/stat"):read("*n")

local function sockets()
  local pipe = io.popen(("ls -l /proc/%.0f/fd 2>/dev/null | grep -c socket"):format(pid))
  local count = tonumber(pipe:read("*l"))
  pipe:close()
  return count
end

local function resident()
  for line in io.lines("/proc/self/status") do
    local kib = line:match("^VmRSS:%s+(%d+)")
    if kib then return tonumber(kib) end
  end
end

local function leave_loops(client, times, draw)
  local most = 0
  for i = 1, times do
    local after, how = draw(0, 60), draw(1, 4)
    local images = client:images(
      { imageSource = "private" },
      { page_size = 10, prefetch = draw(0, 8), fields = { "imageId" } }
    )
    local count = 0
    pcall(function()
      for _ in images do
        count = count + 1
        if count > after then
          if how == 1 then error "enough" end
          break
        end
      end
    end)
    if how == 2 then images:close() end
    if i % 50 == 0 then most = math.max(most, sockets()) end
  end
  return most
end

--- Prints sockets before and after, the most between them; KiB of heap before and after; KiB resident before and after.
---@param breaks integer loops to leave
---@param options table of jdvm.new
return function(breaks, options)
  local client, draw = jdvm.new(options), random.new(4)
  leave_loops(client, math.max(300, breaks / 5), draw) -- until the heap has its size
  local function settle()
    for _ = 1, 4 do
      collectgarbage()
    end
  end
  settle()
  local sockets_before, heap_before, resident_before = sockets(), collectgarbage "count", resident()
  local most = leave_loops(client, breaks, draw)
  settle()
  client:describe_images { imageSource = "private" }
  print(
    ("%d %d %d %.0f %.0f %d %d"):format(
      sockets_before,
      sockets(),
      most,
      heap_before,
      collectgarbage "count",
      resident_before,
      resident()
    )
  )
end
