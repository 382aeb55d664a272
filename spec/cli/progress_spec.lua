-- The line of progress, and what is told of retries.
local command = require "spec.support.command"

describe("progress", function()
  local world

  setup(function() world = command.start() end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  it("shows after half a second that a single call works, on a terminal that can clear the line", function()
    world.server.control("faults", { spec = "latency:seconds=0.9" })
    for _, arguments in ipairs { "image img-9ha1rgelkq -o csv", "count --source public", "images --source public -o ids" } do
      local shown = world.on_terminal('"$@"', arguments, { TERM = "xterm" }).finish()
      assert.truthy(shown:find("\r\27[Kwaiting for the response … 1 s", 1, true), shown)
    end
    for _, kind in ipairs { "dumb", "" } do
      local shown = world.on_terminal('"$@"', "count --source public", { TERM = kind }).finish()
      assert.matches("^%d+\n$", shown)
    end
    local shown = world.on_terminal('"$@" >/dev/null', "count --source public", { TERM = "xterm" }).finish()
    assert.truthy(shown:find("waiting for the response", 1, true), shown)
  end)

  it("is silent while a call is fast", function()
    local shown = world.on_terminal('"$@"', "count --source public", { TERM = "xterm" }).finish()
    assert.matches("^%d+\n$", shown)
  end)

  it("says why and for how long a retry waits", function()
    world.server.control("faults", { spec = "throttle:retry_after=2,count=1" })
    local shown = world.on_terminal('"$@"', "count --source public --max-attempts 4", { TERM = "xterm" }).finish()
    assert.matches("\r\27%[K429 [%u_]+; attempt 2 of 4 in %d s", shown)
  end)

  it("tells at the end how often requests were retried, and tries as often as it is told", function()
    world.server.control("faults", { spec = "error:code=503,count=2" })
    local _, status, complaint = world.jdvm "images --source public -o ids"
    assert.equal(0, status)
    assert.matches("^jdvm: 2 retries: 503 [%u_]+ x2\n$", complaint)
    world.server.control("faults", { spec = "error:code=503" })
    _, status, complaint = world.jdvm "count --source public --max-attempts 2"
    assert.equal(4, status)
    assert.matches("%(2 attempts", complaint)
  end)
end)
