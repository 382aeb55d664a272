-- The command as a whole: settings, closed streams. Wrong usage is in spec/cli/messages_spec.lua.
local commands = require "spec.support.command"
local shell = require "spec.support.shell"

local world, jdvm, folder, lua

describe("jdvm", function()
  setup(function()
    world = commands.start()
    jdvm, folder, lua = world.jdvm, world.folder, world.lua
  end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  it("says that nothing can be written when its output is closed", function()
    local function closed(arguments, stream)
      local pipe = io.popen(("{ %s %s bin/jdvm %s %s; }; echo $?"):format(world.environment(), lua, arguments, stream))
      local text = pipe:read("*a")
      pipe:close()
      return text
    end
    for _, arguments in ipairs { "count --source public", "--version", "images --source public --output jsonl" } do
      local text = closed(arguments, "3>&1 >&- 2>&3")
      assert.equal("4", text:match("(%d+)\n$"), arguments .. ": " .. text)
    end
    assert.matches("^%d+\n0\n$", closed("count --source public", "<&-"))
  end)

  it("fails when its output cannot be written", function()
    for _, command in ipairs {
      "images --source public -o jsonl",
      "count --source public",
      "man",
      "completions bash",
      "doctor",
      "--help",
      "images --help",
      "--version",
    } do
      local pipe = io.popen(
        ("%s sh -c '%s bin/jdvm %s >/dev/full 2>%s/err; echo $?'"):format(world.environment(), lua, command, folder)
      )
      assert.equal(4, pipe:read("*n"), command)
      pipe:close()
      assert.truthy(shell.read(folder .. "/err"):find("jdvm: the output could not be written", 1, true), command)
    end
  end)

  it("advises --region only where the region alone is missing", function()
    local settings = folder .. "/home/.jdc"
    local no_keys = { JDCLOUD_REGION = false, JDCLOUD_SECRET_KEY = false, JDCLOUD_ACCESS_KEY = false }
    os.execute("mkdir -p " .. settings)
    local file = assert(io.open(settings .. "/config", "w"))
    file:write("[work]\nregion_id = cn-north-1\n")
    file:close()
    os.execute("chmod 600 " .. settings .. "/config")
    local misspelled = select(3, jdvm("count --source public --profile wrok", no_keys))
    local beside_keys = select(3, jdvm("count --source public", { JDCLOUD_REGION = false, JDCLOUD_PROFILE = "wrok" }))
    os.execute("rm -rf " .. settings .. " && mkdir -p " .. settings .. "/config")
    local directory = select(3, jdvm("count --source public", no_keys))
    os.execute("rm -rf " .. settings)
    assert.matches('no profile "wrok" in .*; did you mean "work"%?\n$', misspelled)
    assert.matches("; hint: correct it, or give %-%-region\n$", beside_keys)
    assert.equal(("jdvm: describeImages: %s/config: Is a directory\n"):format(settings), directory)
  end)
end)
