-- What a person at a terminal sees: the line of progress, and Ctrl-C.
local command = require "spec.support.command"

local CLEARED = "\r\27[K"

describe("the line of progress", function()
  local world

  setup(function() world = command.start { images = 400, settings = { latency = 0.05 } } end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  -- What is left on the screen's last lines once the terminal has carried out the clearing.
  local function lines_left(shown)
    local lines = {}
    for line in (shown .. "\n"):gmatch("(.-)\n") do
      lines[#lines + 1] = line:gsub("^.*\r\27%[K", "")
    end
    return lines
  end

  it("is cleared before a failure is told", function()
    world.server.control("faults", { spec = "error:code=400,page=15" })
    local terminal = world.on_terminal(
      '"$@" >/dev/null; echo "status $?"',
      "images --source public --page-size 10 --prefetch 0 -o ids"
    )
    local shown = terminal.finish()
    assert.truthy(shown:find("140 of %d+ images, %d+ a second"), shown)
    local lines = lines_left(shown)
    assert.matches("^jdvm: describeImages: 400 ", lines[1])
    assert.matches("^jdvm: there is more: ", lines[2])
    assert.equal("status 4", lines[3])
  end)

  it("does not stand in the way of what reads the output, which may end first", function()
    local terminal = world.on_terminal(
      '"$@" | head -n 25 | tail -n 1; echo "end"',
      "images --source public --page-size 10 --prefetch 0 -o ids"
    )
    assert.matches("^img%-%w+\nend\n", terminal.finish())
  end)

  it("is cleared at Ctrl-C, which ends the shell's loop, too", function()
    for _, arguments in ipairs {
      "images --source public --page-size 10 --prefetch 0 -o ids",
      "wait img-nosuchone1",
    } do
      world.server.control("faults", { spec = "latency:seconds=0.3" })
      local terminal =
        world.on_terminal('for i in 1 2; do "$@" >/dev/null; echo "status $?"; done; echo the loop went on', arguments)
      terminal.expect(CLEARED)
      terminal.type "\3"
      local shown = terminal.finish()
      assert.is_nil(shown:find("went on", 1, true), shown)
      assert.is_nil(shown:find("status", 1, true), shown)
      assert.equal("", lines_left(shown)[1], arguments)
    end
  end)
end)

describe("on a terminal", function()
  local world

  setup(function() world = command.start() end)
  teardown(function() world.stop() end)

  it("a table has colours, unless the terminal is dumb, and keeps its lines within the screen", function()
    local images = "images --source public --platform Ubuntu"
    local coloured = world.on_terminal('"$@"', images, { TERM = "xterm" }).finish()
    assert.truthy(coloured:find("\27[1mID", 1, true), coloured)
    local plain = world.on_terminal('"$@"', images, { TERM = "dumb" }).finish()
    assert.is_nil(plain:find("\27", 1, true))
    local ids = command.lines_of((world.jdvm(images .. " --output ids")))
    local shown = command.lines_of(plain)
    assert.matches("^jdvm: not shown %(%-%-columns%): architecture, systemDiskSizeGB$", table.remove(shown))
    for i, line in ipairs(shown) do
      assert.is_true(require("jdvm.cli.terminal").width(line) <= 80, line)
      assert.equal(i == 1 and "ID" or ids[i - 1], line:match("^%S+"))
    end
  end)

  it("a failing wait is told in the line of progress", function()
    local changes = { TERM = "xterm", JDCLOUD_ENDPOINT = "http://127.0.0.1:9" }
    local text = world.on_terminal('"$@"', "wait img-9ha1rgelkq --interval 0.1 --timeout 1.5", changes).finish()
    assert.truthy(text:find("\r\27[Kimg-9ha1rgelkq: not seen yet, 1 s; could not connect to 127", 1, true), text)
    assert.is_nil(text:find("going on", 1, true))
  end)

  it("Ctrl-C ends the command by SIGINT however early it comes", function()
    local shell = require "spec.support.shell"
    shell.write(world.folder .. "/script", '"$@" >/dev/null 2>&1 & sleep $delay; kill -INT $!; wait $!; echo $?\n')
    for delay = 0, 0.08, 0.005 do
      local status = shell.output(
        ("%s delay=%.3f sh %s/script %s 2>/dev/null"):format(
          world.environment(),
          delay,
          world.folder,
          world.command "count --source public"
        )
      )
      -- 0: it ended before, or the interpreter had not yet asked for SIGINT, which is ignored in the background.
      assert.is_true(status == "130" or status == "0", delay .. ": " .. status)
    end
  end)
end)
