-- The transport over libcurl for clients with the option `wait`, in a loop that checks how it is waited for.
local hostile = require "spec.support.hostile"
local http2 = require "spec.support.http2"
local scheduler = require "spec.support.scheduler"
local shell = require "spec.support.shell"
local waiting = require "jdvm.transport.waiting"

local respond = hostile.respond
local LATE = (os.getenv "LD_PRELOAD" or ""):find "valgrind" and 3 or 0.3

-- The sockets and pipes of this process that are not among `known`, a set of their names; and the set of all.
local function opened(known)
  local stat = assert(io.open "/proc/self/stat")
  local pid = stat:read "*n"
  stat:close()
  local listing = os.tmpname() -- popen would open a pipe
  os.execute(("ls -l /proc/%.0f/fd >%s"):format(pid, listing))
  local list, set = {}, {}
  for name in shell.read(listing):gmatch "%l+:%[%d+%]" do
    set[name] = true
    if not known[name] then list[#list + 1] = name end
  end
  os.remove(listing)
  return list, set
end

describe("a transport that waits through a function", function()
  local server, front, loop, transport

  setup(function()
    server = hostile.start()
    front = http2.start(server)
  end)
  teardown(function()
    front.stop()
    server:stop()
  end)
  before_each(function()
    loop = scheduler.new()
    transport = waiting.new { ca_file = server.ca_file, proxy = "", wait = loop.wait }
  end)
  after_each(function() transport:close() end)

  local function start(url, changes)
    local request = { method = "GET", url = url, headers = {}, connect_timeout = 5, read_timeout = 5 }
    for name, value in pairs(changes or {}) do
      request[name] = value
    end
    return transport:start(request, transport:now() + 20)
  end

  local function slow(milliseconds, body, base)
    return (base or server:base "https") .. "/?p=" .. milliseconds .. "&" .. respond(body)
  end

  -- Fetches in a coroutine; its outcome is the table that comes back.
  local function fetch(url, changes)
    local outcome = {}
    outcome.thread = loop:spawn(function()
      outcome.response, outcome.failure = transport:finish(start(url, changes))
      outcome.at = transport:now()
    end)
    return outcome
  end

  for _, scheme in ipairs { "http1", "http2" } do
    it("serves many coroutines side by side over " .. scheme, function()
      local before, outcomes = transport:now(), {}
      for i = 1, 20 do
        outcomes[i] = fetch(slow(300, ("[%d]"):format(i), front[scheme]))
      end
      loop:run()
      for i, outcome in ipairs(outcomes) do
        assert.equal(("[%d]"):format(i), outcome.response.body)
      end
      assert.is_true(transport:now() - before < 0.6 + 3 * LATE)
    end)
  end

  it("keeps connections, one after the other and across coroutines", function()
    local first = fetch(slow(0, "[1]"))
    loop:run()
    local second = fetch(slow(0, "[2]"))
    loop:run()
    assert.same({ false, true }, { first.response.kept, second.response.kept })
  end)

  it("ends a request by its deadline, by silence, and when no connection comes about", function()
    local before = transport:now()
    local silent = fetch(server:url("https", "hang"), { read_timeout = 0.2 })
    local unconnected = fetch(server:base "full" .. "/", { connect_timeout = 0.3 })
    local late
    loop:spawn(
      function()
        late = select(
          2,
          transport:finish(transport:start({ url = server:url("https", "hang"), headers = {} }, before + 0.4))
        )
      end
    )
    loop:run()
    assert.same({ "timeout", "read_timeout" }, { silent.failure.kind, silent.failure.cause })
    assert.same({ "timeout", "connect_timeout" }, { unconnected.failure.kind, unconnected.failure.cause })
    assert.same({ "timeout", "timeout" }, { late.kind, late.cause })
    local took = transport:now() - before
    assert.is_true(took >= 0.4 and took < 0.4 + LATE, took)
  end)

  it("does not count the time in which nobody waited as silence", function()
    local pending
    loop:spawn(function()
      pending = start(slow(0, "[1]"), { read_timeout = 0.2, connect_timeout = 0.2 })
      transport:sleep(0.05)
    end)
    loop:run()
    require("socket").sleep(0.4)
    local response, failure
    loop:spawn(function()
      response, failure = transport:finish(pending)
    end)
    loop:run()
    assert.equal("[1]", response and response.body, failure and failure.message)
  end)

  it("goes on with the others' requests while one sleeps", function()
    local response, took
    loop:spawn(function()
      local pending = start(slow(100, "[1]"))
      transport:sleep(0.4)
      local before = transport:now()
      response, took = transport:finish(pending), transport:now() - before
    end)
    loop:run()
    assert.equal("[1]", response.body)
    assert.is_true(took < 0.05 + LATE, took)
  end)

  it("lets the loop go round between two responses that are there already", function()
    local pendings, rounds = {}, nil
    loop:spawn(function()
      for i = 1, 20 do
        pendings[i] = start(slow(0, "[]"))
      end
      transport:sleep(0.5)
      rounds = loop.rounds
      for _, pending in ipairs(pendings) do
        assert.equal("[]", transport:finish(pending).body)
      end
      rounds = loop.rounds - rounds
    end)
    loop:run()
    assert.equal(20, rounds)
  end)

  it("is driven by another coroutine when the one that drove it is dropped", function()
    local driver = fetch(slow(100, "[0]"))
    local others = {}
    for i = 1, 5 do
      others[i] = fetch(slow(200, ("[%d]"):format(i)))
    end
    loop:step()
    loop:drop(driver.thread)
    local before = transport:now()
    loop:run()
    assert.is_nil(driver.response)
    for i, outcome in ipairs(others) do
      assert.equal(("[%d]"):format(i), outcome.response.body)
    end
    assert.is_true(transport:now() - before < 0.6 + LATE)
    -- One that drops out while another drives is missed by nobody.
    local first, second, third = fetch(slow(200, "[1]")), fetch(slow(50, "[2]")), fetch(slow(200, "[3]"))
    loop:drop(second.thread)
    loop:run()
    assert.same({ "[1]", "[3]" }, { first.response.body, third.response.body })
  end)

  it("keeps nothing of coroutines that were dropped", function()
    local function drop(times)
      for i = 1, times do
        local outcomes = {}
        for n = 1, 3 do
          outcomes[n] = fetch(i % 2 == 0 and server:url("https", "hang") or slow(20, "[]"))
        end
        for _ = 1, i % 5 do
          loop:step()
        end
        for _, outcome in ipairs(outcomes) do
          loop:drop(outcome.thread)
        end
      end
      for _ = 1, 4 do
        collectgarbage()
      end
      local last = fetch(slow(0, "[9]"))
      loop:run()
      assert.equal("[9]", last.response.body)
      collectgarbage()
      return #opened {}, collectgarbage "count"
    end
    local open, heap = drop(50)
    local open_now, heap_now = drop(150)
    assert.is_true(open_now <= open + 4, ("%d descriptors, then %d"):format(open, open_now))
    assert.is_true(heap_now < heap + 200, ("%.0f KiB, then %.0f"):format(heap, heap_now))
  end)

  it("goes on after an error in the function", function()
    local outcome = fetch(slow(50, "[1]"))
    local wait = loop.wait
    transport.wait = function() error("no wait", 0) end
    local pending = start(slow(50, "[2]"))
    assert.equal("no wait", select(2, pcall(transport.sleep, transport, 1)))
    transport.wait = wait
    local second = {}
    loop:spawn(function() second.response = transport:finish(pending) end)
    loop:run()
    assert.same({ "[1]", "[2]" }, { outcome.response.body, second.response.body })
  end)

  it("wakes who waits for a request that another coroutine cancels", function()
    for _, order in ipairs { { "hang", "slow" }, { "slow", "hang" } } do
      local pending, failure
      local others = {}
      for _, kind in ipairs(order) do
        if kind == "hang" then
          loop:spawn(function()
            pending = start(server:url("https", "hang"))
            failure = select(2, transport:finish(pending))
          end)
        else
          others[1] = fetch(slow(300, "[1]"))
        end
      end
      loop:run(0.1)
      transport:cancel(pending)
      loop:run(0.1)
      assert.equal("cancelled", failure.kind)
      loop:run()
      assert.equal("[1]", others[1].response.body)
    end
  end)

  it("wakes all when it is closed, and has closed every socket then", function()
    local _, before = opened {}
    local outcomes = {}
    for i = 1, 5 do
      outcomes[i] = fetch(server:url("https", "hang"))
    end
    local slept
    loop:spawn(function()
      transport:sleep(10)
      slept = true
    end)
    loop:run(0.2)
    assert.is_true(#opened(before) >= 5)
    local closed = transport:now()
    transport:close()
    loop:run()
    assert.is_true(transport:now() - closed < LATE)
    assert.is_true(slept)
    for _, outcome in ipairs(outcomes) do
      assert.equal("cancelled", outcome.failure.kind)
    end
    transport.bells = {}
    collectgarbage()
    collectgarbage()
    assert.same({}, (opened(before)))
  end)

  it("needs no coroutine where the function needs none", function()
    local blocking = waiting.new {
      ca_file = server.ca_file,
      proxy = "",
      wait = function(sockets, seconds)
        local reads, writes = {}, {}
        for _, each in ipairs(sockets) do
          local handle = { getfd = function() return each.fd end }
          if each.read then reads[#reads + 1] = handle end
          if each.write then writes[#writes + 1] = handle end
        end
        require("socket").select(reads, writes, seconds)
      end,
    }
    local pending = {}
    for i = 1, 4 do
      pending[i] = blocking:start({ url = slow(50, "[]"), headers = {} }, blocking:now() + 5)
    end
    for i = 1, 4 do
      assert.equal("[]", blocking:finish(pending[i]).body)
    end
    blocking:close()
  end)
end)
