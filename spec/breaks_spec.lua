-- Loops that are left at a random place, over and over: nothing stays behind, neither sockets nor memory.
local emulator = require "spec.support.emulator"
local jdvm = require "jdvm"
local random = require "spec.support.random"

local MEASURED = { ["Lua 5.1"] = true, ["Lua 5.4"] = true }
local BREAKS = tonumber(os.getenv "JDVM_BREAKS") or (MEASURED[_VERSION] and 1000 or 300)

local pid = io.open("/proc/self/stat"):read("*n")

local function sockets()
  local pipe = io.popen(("ls -l /proc/%.0f/fd | grep -c socket"):format(pid))
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

local function settle()
  for _ = 1, 4 do
    collectgarbage()
  end
end

describe("loops left at a random place", function()
  local server, client

  setup(function()
    server = emulator.start { images = 200 }
    client = jdvm.new {
      region = server.regions[1],
      endpoint = server.endpoint,
      no_proxy = "*",
      access_key = server.accounts.owner.access_key,
      secret_key = server.accounts.owner.secret_key,
    }
  end)
  teardown(function()
    client:close()
    server.stop()
  end)

  local function leave_loops(times, draw)
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

  it("leave no socket and no memory behind #measures #long", function()
    local draw = random.new(4)
    leave_loops(math.max(300, BREAKS / 5), draw) -- until the heap has its size
    settle()
    local sockets_before, heap_before, resident_before = sockets(), collectgarbage "count", resident()
    local most = leave_loops(BREAKS, draw)
    settle()
    client:describe_images { imageSource = "private" }
    print(
      ("note: %d loops left; sockets %d then %d, at most %d; heap %.0f then %.0f KiB; resident %d then %d KiB"):format(
        BREAKS,
        sockets_before,
        sockets(),
        most,
        heap_before,
        collectgarbage "count",
        resident_before,
        resident()
      )
    )
    assert.is_true(sockets() <= sockets_before + 8)
    assert.is_true(most < 300)
    assert.is_true(collectgarbage "count" < heap_before * 1.1 + 64)
    assert.is_true(resident() < resident_before * 1.15 + 1024)
  end)
end)
