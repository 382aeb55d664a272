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

  it("fetches once per ttl, keeps nobody waiting for a refresh, and outlives the service", function()
    world.get(subject, "/image")
    emulator.control("reset")
    emulator.control("settings", { latency = 0.05 })
    local stop = shell.output "mktemp -u"
    local loads = {}
    for n = 1, 6 do
      loads[n] = world.helper("load.lua", subject.port, "/image", stop)
    end
    socket.sleep(3)
    local fetched = emulator.control("stats").requests
    emulator:stop()
    emulator = nil
    socket.sleep(1)
    shell.write(stop, "")
    local total = 0
    for _, load in ipairs(loads) do
      local good, bad, problem = load:outcome():match("(%d+) good, (%d+) bad (.*)")
      assert.equal("0", bad, problem)
      total = total + tonumber(good)
    end
    os.remove(stop)
    -- ttl is 0.5 s and a fetch takes 0.05 s.
    assert.is_true(fetched >= 3 and fetched <= 7, fetched .. " fetches in 3 s")
    assert.is_true(total > 500, total .. " answers")
    local states = world.get(subject, "/note?name=states")
    assert.truthy(states:find("stale"), states)
    assert.is_nil(states:find("miss"), states)
    local slowest = tonumber((world.get(subject, "/note?name=slowest")))
    assert.is_true(slowest < 0.045, "a request took " .. slowest .. " s")
    assert.equal("", subject:complaints())
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
