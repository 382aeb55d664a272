--- What clients that leave, and light threads that are killed, leave behind: nothing that those after them wait for.
local shell = require "spec.support.shell"
local socket = require "socket"
local world = require "spec.nginx.support.world"

local HTTP = [[ init_by_lua_block { require("spec.nginx.support.left").open({ %s }, { "%s" }) } ]]

local LOCATION = [[
  location = /%s { lua_check_client_abort on; content_by_lua_block { require("spec.nginx.support.left").%s() } }
]]

describe("in a worker of nginx", function()
  local emulator, subject, run

  setup(function()
    emulator, run = world.emulator { tls = true, images = 100 }
    local locations = {}
    for i, name in ipairs {
      "reset",
      "quick",
      "slow",
      "image",
      "kill",
      "start",
      "list",
      "threads",
      "generator",
    } do
      locations[i] = LOCATION:format(name, name)
    end
    subject = world.subject {
      ca = run.ca,
      http = HTTP:format(world.client_options(run), table.concat(run.ids, '", "', 1, 4)),
      server = table.concat(locations),
    }
  end)

  before_each(function() emulator.control("settings", { latency = 0 }) end)

  teardown(function()
    world.stop(subject, emulator)
    world.clean()
  end)

  -- A client that waits for so long.
  local function leave(path, seconds)
    shell.run(("curl -s --max-time %g http://127.0.0.1:%d%s"):format(seconds, subject.port, path))
  end

  -- What a request says, which takes less than `limit` seconds.
  local function get(path, limit)
    local began = socket.gettime()
    local body = world.get(subject, path)
    local seconds = socket.gettime() - began
    assert.is_true(seconds < limit * world.patience, path .. " took " .. seconds .. " s: " .. tostring(body))
    return body
  end

  it("keys are asked for anew when the client for which they were asked for has left", function()
    world.get(subject, "/reset")
    leave("/image", 0.2)
    world.get(subject, "/quick")
    assert.equal(run.ids[1] .. " 2", get("/image", 2.5))
    for _ = 1, 1000 do
      assert.equal(run.ids[1] .. " 2", world.get(subject, "/image"))
    end
  end)

  it("so they are when they were being renewed", function()
    world.get(subject, "/reset")
    world.get(subject, "/quick")
    assert.equal(run.ids[1] .. " 1", get("/image", 1))
    world.get(subject, "/slow")
    leave("/image", 0.2)
    world.get(subject, "/quick")
    assert.equal(run.ids[1] .. " 3", get("/image", 1))
  end)

  it("so they are when the light thread was killed that asked", function()
    world.get(subject, "/reset")
    assert.equal(run.ids[1] .. " 2", get("/kill", 2.5))
  end)

  it("the end of a client ends no light thread of another request", function()
    for _, path in ipairs { "/start", "/list" } do
      emulator.control("settings", { latency = 0.3 })
      for _ = 1, 3 do
        leave(path, 0.2)
        assert.equal("done done done done", world.get(subject, "/threads"))
      end
    end
  end)

  it("a generator that is left early keeps no request waiting", function()
    for _, query in ipairs { "", "?prefetch=0", "?prefetch=4" } do
      assert.equal("ten", get("/generator" .. query, 2))
    end
  end)

  it(
    "what a generator fetches ahead can be ended from outside",
    function() assert.equal("ten", get("/generator?prefetch=4&close=" .. run.emulator, 2.5)) end
  )

  it("nothing of this is noted in the log", function()
    assert.equal("", subject:complaints())
    assert.equal("", subject:reports())
  end)
end)
