--- jdvm.cache inside nginx: in one worker, and across four.
local shell = require "spec.support.shell"
local socket = require "socket"
local world = require "spec.nginx.support.world"

describe("a catalogue in nginx", function()
  local emulator, subject, run

  setup(function()
    emulator, run = world.emulator { tls = true, images = 100 }
    subject = world.subject { ca = run.ca }
  end)

  teardown(function()
    world.stop(subject, emulator)
    world.clean()
  end)

  for number, case in ipairs(require "spec.nginx.cases.cache") do
    it(case.name, function() assert.equal("ok", world.run_case(subject, "cache", number, run)) end)
  end

  it("leaves a clean log", function()
    assert.equal("", subject:complaints())
    assert.equal("", subject:reports())
  end)
end)

describe("a catalogue where timers are few", function()
  local emulator, subject, run

  setup(function()
    emulator, run = world.emulator { tls = true, images = 20 }
    subject = world.subject { ca = run.ca, http = "lua_max_running_timers 1;" }
  end)

  teardown(function()
    world.stop(subject, emulator)
    world.clean()
  end)

  for number, case in ipairs(require "spec.nginx.cases.timers") do
    it(case.name, function() assert.equal("ok", world.run_case(subject, "timers", number, run)) end)
  end
end)

local HTTP = [[
  init_by_lua_block { require("spec.nginx.support.catalogue").open({ %s }, "%s") }
]]

local SERVER = [[
  location = /image { content_by_lua_block { require("spec.nginx.support.catalogue").image() } }
  location = /log {
    content_by_lua_block { ngx.print("x") }
    log_by_lua_block { require("spec.nginx.support.catalogue").from_log() }
  }
  location = /one { content_by_lua_block { require("spec.nginx.support.catalogue").one() } }
  location = /note { content_by_lua_block { require("spec.nginx.support.phases").note() } }
]]

describe("a catalogue of four workers", function()
  local emulator, subject, run

  setup(function()
    if world.checked then return end -- the checkers allow for one process only
    emulator, run = world.emulator { tls = true, images = 20 }
    subject = world.subject {
      workers = 4,
      ca = run.ca,
      http = HTTP:format(world.client_options(run), run.ids[1]),
      server = SERVER,
    }
  end)

  teardown(function()
    world.stop(subject, emulator)
    world.clean()
  end)

  if world.checked then return end

  it("goes on through reloads under load, and after all workers were killed in the middle of a fetch", function()
    local answers = world.under_load(4, { subject }, function()
      for _ = 1, 4 do
        local before = subject:workers()
        subject:signal "HUP"
        assert(shell.wait(5, function() return not shell.alive(before[1]) end), "a worker that does not leave")
      end
    end)
    assert.is_true(answers > 80, answers .. " answers")
    assert.equal("", subject:complaints())
    emulator.control("settings", { latency = 1 })
    local one = ("curl -s --max-time 9 http://127.0.0.1:%d/one?id=%s"):format(subject.port, run.ids[2])
    shell.run(one .. " >/dev/null &")
    socket.sleep(0.3)
    shell.run("kill -KILL " .. table.concat(subject:workers(), " "))
    emulator.control("settings", { latency = 0 })
    local text
    shell.wait(5, function()
      text = shell.output(one)
      return text ~= ""
    end)
    local state, seconds = text:match "^(%a+) (%S+)$"
    assert.equal("miss", state, text)
    assert.is_true(tonumber(seconds) < 1.5, "lock_ttl is 1 s, and it took " .. seconds)
  end)

  it("fetches once per ttl, keeps nobody waiting for a refresh, and outlives the service", function()
    world.get(subject, "/image")
    emulator.control("reset")
    emulator.control("settings", { latency = 0.05 })
    local fetched
    local total = world.under_load(6, { subject }, function()
      socket.sleep(3)
      fetched = emulator.control("stats").requests
      emulator:stop()
      emulator = nil
      socket.sleep(1)
    end)
    -- ttl is 0.5 s and a fetch takes 0.05 s.
    assert.is_true(fetched >= 3 and fetched <= 7, fetched .. " fetches in 3 s")
    assert.is_true(total > 500, total .. " answers")
    local states = world.get(subject, "/note?name=states")
    assert.truthy(states:find("stale"), states)
    assert.is_nil(states:find("miss"), states)
    local slowest = tonumber((world.get(subject, "/note?name=slowest")))
    assert.is_true(slowest < 0.045, "a request took " .. slowest .. " s")
    -- Those that the test before this one killed.
    assert.equal("", (subject:complaints():gsub("[^\n]*exited on signal 9\n?", "")))
  end)

  it("is read in phases that cannot wait", function()
    world.get(subject, "/log")
    local text
    shell.wait(2, function()
      text = world.get(subject, "/note?name=log")
      return text ~= "nothing"
    end)
    assert.truthy(text:find(run.ids[1], 1, true), text)
    assert.truthy(
      text:find("not in the cache, and this place cannot wait for the network (phase log of nginx)", 1, true),
      text
    )
  end)
end)

describe("a catalogue with lua_code_cache off", function()
  it("is made for each request, and still fetches once", function()
    if world.checked then return end
    local emulator, run = world.emulator { tls = true, images = 20 }
    local code = ('require("spec.nginx.support.catalogue").open({ %s }, "%s") '):format(
      world.client_options(run),
      run.ids[1]
    )
    local subject = world.subject {
      ca = run.ca,
      http = "lua_code_cache off;",
      server = "location = /one { content_by_lua_block { "
        .. code
        .. 'require("spec.nginx.support.catalogue").one() } }',
    }
    emulator.control "reset"
    local states = {}
    for n = 1, 5 do
      states[n] = world.get(subject, "/one?id=" .. run.ids[3]):match "^%a+"
    end
    local fetched = emulator.control("stats").requests
    subject:stop()
    world.stop(emulator)
    world.clean()
    assert.equal("miss hit hit hit hit", table.concat(states, " "))
    assert.equal(1, fetched)
    assert.equal("", subject.last_complaints)
  end)
end)
