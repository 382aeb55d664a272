-- What a function for the option `wait` has to do for a client, against the emulator over TLS.
local assert = require "luassert"
local core = require "jdvm.core"
local emulator = require "spec.support.emulator"
local jdvm = require "jdvm"
local shell = require "spec.support.shell"

local PRIVATE = { imageSource = "private" }
local LATENCY = 0.3
local LATE = (os.getenv "LD_PRELOAD" or ""):find "valgrind" and 3 or 0.3

local pid = io.open("/proc/self/stat"):read("*n")
local function descriptors() return tonumber(shell.output(("ls /proc/%.0f/fd | wc -l"):format(pid))) end

---@param name string the module
---@param loop table spawn(work) runs a function in a coroutine of the loop; sleep(seconds) suspends it; run() goes
---  round until all have ended
---@return table cases { name, function } each; setup, teardown and before_each are functions
return function(name, loop)
  local server, run_number
  local cases = {
    setup = function() server = emulator.start { images = 250, tls = true } end,
    teardown = function() server.stop() end,
    before_each = function() server.control("reset", { spec = "latency:seconds=" .. LATENCY }) end,
  }
  local function it(case, run) cases[#cases + 1] = { case, run } end

  local function client_of(options)
    local all = {
      region = server.regions[1],
      endpoint = server.endpoint,
      ca_file = server.ca_file,
      no_proxy = "*",
      access_key = server.accounts.owner.access_key,
      secret_key = server.accounts.owner.secret_key,
      wait = require(name),
    }
    for option, value in pairs(options or {}) do
      all[option] = value
    end
    return jdvm.new(all)
  end

  -- Runs a ticker until all `works` have ended: the seconds it took, and the most processor time between two ticks.
  -- (Other programs may keep both waiting.)
  local function run(works, on_tick)
    local number = {} -- a ticker that an error left behind ends with its test
    run_number = number
    local open, longest, before = #works, 0, core.now()
    for _, work in ipairs(works) do
      loop.spawn(function()
        work()
        open = open - 1
      end)
    end
    loop.spawn(function()
      local last = os.clock()
      while open > 0 and run_number == number do
        loop.sleep(0.005)
        if on_tick then on_tick() end
        longest, last = math.max(longest, os.clock() - last), os.clock()
      end
    end)
    loop.run()
    return core.now() - before, longest
  end

  local function lists(count, client, options)
    local works = {}
    for i = 1, count do
      works[i] = function()
        local images, message = client:list_images(PRIVATE, options)
        assert.equal(250, images and #images, message)
      end
    end
    return works
  end

  it("serves 16 lists side by side", function()
    local client = client_of()
    local one = run(lists(1, client, { page_size = 50 }))
    local took = run(lists(16, client, { page_size = 50 }))
    client:close()
    assert.is_true(took < 2 * one + LATE, ("%.2f s, and one %.2f s"):format(took, one))
  end)

  it("lets nobody wait long #measures", function()
    local longest
    for _ = 1, 5 do
      local client = client_of()
      longest = select(2, run(lists(1, client, { page_size = 50 })))
      client:close()
      if longest < 0.025 then break end
    end
    assert.is_true(longest < 0.025, longest)
  end)

  it("reads ahead while the coroutine works on what it got", function()
    local client, waited = client_of(), 0
    run {
      function()
        assert(client:list_images(PRIVATE, { page_size = 50 })) -- opens the connections
        local pages = client:image_pages(PRIVATE, { page_size = 50 })
        assert.truthy(pages())
        loop.sleep(2 * LATENCY)
        local before = core.now()
        for _ = 1, 3 do
          assert.truthy(pages())
        end
        waited = core.now() - before
        pages:close()
      end,
    }
    client:close()
    assert.is_true(waited < LATENCY, waited)
  end)

  it("sleeps between attempts", function()
    server.control("reset", { spec = "throttle:count=1,retry_after=0.4" })
    local client, ticks = client_of(), 0
    run({
      function()
        local _, meta = assert(client:describe_images(PRIVATE))
        assert.equal(2, meta.attempts)
        local id = client:list_images({ imageSource = "private", status = "ready" }, { max_items = 1 })[1].imageId
        assert.truthy(client:wait_image(id))
      end,
    }, function() ticks = ticks + 1 end)
    client:close()
    assert.is_true(ticks >= 20, ticks)
  end)

  it("gives a function as transport its sleep and its clock", function()
    local asked, ticks = 0, 0
    local client = client_of {
      transport = function()
        asked = asked + 1
        if asked == 1 then return { status = 429, headers = { ["retry-after"] = "0.3" }, body = "" } end
        return { status = 200, body = '{"result":{"images":[],"totalCount":0}}' }
      end,
    }
    run({ function() assert(client:describe_images(PRIVATE)) end }, function() ticks = ticks + 1 end)
    assert.equal(2, asked)
    assert.is_true(ticks >= 10, ticks)
  end)

  it("is woken when the client is closed", function()
    local client, kinds = client_of(), {}
    local function call()
      local _, _, detail = client:describe_images(PRIVATE)
      kinds[#kinds + 1] = detail and detail.kind
    end
    run {
      call,
      call,
      function()
        loop.sleep(LATENCY / 3)
        client:close()
      end,
    }
    assert.same({ "cancelled", "cancelled" }, kinds)
  end)

  it("says what to write where Lua cannot yield, and works elsewhere", function()
    server.control("reset", {})
    local client = client_of()
    local can_yield = _VERSION ~= "Lua 5.1" or package.loaded.jit
    local function loop_over_images()
      local count = 0
      for _ in client:images(PRIVATE) do
        count = count + 1
      end
      return count
    end
    local function caught(work)
      local ok, message
      loop.spawn(function()
        local thread = coroutine.create(work)
        ok, message = coroutine.resume(thread)
        while coroutine.status(thread) == "suspended" do
          ok, message = coroutine.resume(thread, coroutine.yield(message))
        end
      end)
      loop.run()
      return ok, message
    end
    if can_yield then
      local count
      loop.spawn(function() count = loop_over_images() end)
      loop.run()
      assert.equal(250, count)
    else
      local _, message = caught(loop_over_images)
      assert.matches("iterator of a for loop", message, 1, true)
      _, message = caught(function() assert(pcall(client.describe_images, client, PRIVATE)) end)
      assert.matches("through pcall", message, 1, true)
    end
    -- The iterator itself may be called everywhere, and the client goes on after an error.
    local count = 0
    loop.spawn(function()
      local images = client:images(PRIVATE)
      while images() do
        count = count + 1
      end
    end)
    loop.run()
    assert.equal(250, count)
    client:close()
  end)

  it("serves who is in no coroutine", function()
    local client = client_of()
    assert.equal(250, #assert(client:list_images(PRIVATE)))
    client:close()
  end)

  it("keeps nothing of calls that are broken off", function()
    server.control("reset", {})
    local client = client_of()
    local function break_off(times)
      loop.spawn(function()
        for i = 1, times do
          local call = client:start("describeImages", PRIVATE)
          if i % 3 == 0 then loop.sleep(0) end
          if i % 2 == 0 then
            call:cancel()
          elseif i % 5 == 0 then
            call:finish()
          end
        end
      end)
      loop.run()
      for _ = 1, 4 do
        collectgarbage()
      end
      return descriptors(), collectgarbage "count"
    end
    local open, heap = break_off(200)
    local open_now, heap_now = break_off(tonumber(os.getenv "JDVM_CALLS") or 600)
    client:close()
    assert.is_true(open_now <= open + 8, ("%d descriptors, then %d"):format(open, open_now))
    assert.is_true(heap_now < heap + 200, ("%.0f KiB, then %.0f"):format(heap, heap_now))
  end)
  return cases
end
