-- The files of profiles: written by one at a time, whole, and for their owner only.
local command = require "spec.support.command"
local shell = require "spec.support.shell"

describe("the files of profiles", function()
  local world, jdvm, folder, config

  setup(function()
    world = command.start()
    jdvm, folder = world.jdvm, world.home .. "/.jdc"
    config = folder .. "/config"
  end)
  teardown(function() world.stop() end)
  before_each(function() assert(shell.run(("rm -rf %s && mkdir %s"):format(folder, folder))) end)

  local ANSWERS = "ACCESSKEY\nsecretkey1\n\n"

  local function mode_of(path) return shell.output("stat -c %a " .. path) end

  it("says what it cannot write, and nothing of the shell", function()
    local out, status, complaint = jdvm("configure", { HOME = world.folder .. "/in" }, ANSWERS)
    assert.equal(3, status)
    assert.equal("", out)
    assert.truthy(complaint:find("jdvm: configure: ", 1, true), complaint)
    for _, word in ipairs { "sh:", "mkdir:", "ln:", "mktemp:" } do
      assert.is_nil(complaint:find(word, 1, true), complaint)
    end
  end)

  it("loses no profile when several run at once, and shows no half of a file", function()
    shell.write(config, "[default]\naccess_key = OLD\nsecret_key = OLDSECRET\n")
    shell.write(
      world.folder .. "/script",
      ([[
        for i in 1 2 3 4 5 6 7 8; do
          printf "ACCESS$i\nSECRET$i\n" | "$@" --profile p$i >%s/said$i 2>&1 & pids="$pids $!"
        done
        while kill -0 $pids 2>/dev/null; do
          grep -q OLDSECRET %s || echo "half a file was read"
          for p in $pids; do kill -0 $p 2>/dev/null && live="$live $p"; done; pids=$live; live=
          [ "$pids" ] || break
        done
        wait; cat %s/said*]]):format(world.folder, config, world.folder)
    )
    local said = shell.output(
      ("%s bash %s/script %s"):format(world.environment(), world.folder, world.command "configure --region cn-north-1")
    )
    assert.is_nil(said:find("half", 1, true), said)
    local text = shell.read(config)
    for i = 1, 8 do
      assert.truthy(said:find("wrote profile p" .. i, 1, true), said)
      assert.truthy(text:find("secret_key = SECRET" .. i .. "\n", 1, true), text)
    end
    assert.equal("config", shell.output("ls -A " .. folder))
  end)

  it("leaves the file to its owner only, whatever lies beside it, and a link a link", function()
    local other = world.folder .. "/dotfiles"
    assert(shell.run("mkdir " .. other))
    shell.write(other .. "/jdc", "[default]\nsecret_key = theirs\n")
    for _, leftover in ipairs { config .. ".new", other .. "/jdc.new" } do
      shell.write(leftover, "")
      assert(shell.run("chmod 666 " .. leftover))
    end
    assert(shell.run(("chmod 644 %s/jdc && ln -s %s/jdc %s"):format(other, other, config)))
    local _, status, complaint = jdvm("configure --profile work", nil, ANSWERS)
    assert.equal(0, status, complaint)
    assert.equal(other .. "/jdc", shell.output("readlink " .. config))
    assert.equal("600", mode_of(other .. "/jdc"))
    assert.matches("%[work%]", shell.read(other .. "/jdc"))
    assert.equal("jdc\njdc.new", shell.output("ls -A " .. other))
  end)

  it("waits for another process that writes, and names it in the end; one that has exited is ignored", function()
    -- A `sleep` that takes no time, so that the patience of seconds is over at once.
    local bin = world.folder .. "/bin"
    assert(shell.run("mkdir " .. bin))
    shell.write(bin .. "/sleep", "#!/bin/sh\n")
    assert(shell.run("chmod 755 " .. bin .. "/sleep"))
    local changes = { PATH = bin .. ":" .. os.getenv("PATH") }
    local machine, lock = shell.output "uname -n", config .. ".lock"
    local ended = shell.output "sh -c 'echo $$'"
    shell.write(config, "[default]\nsecret_key = theirs\n")
    for holder, expected in pairs {
      [machine .. ":1"] = "another jdvm configure (process 1 on " .. machine .. ") is writing " .. config,
      ["elsewhere:" .. ended] = "(process " .. ended .. " on elsewhere)",
    } do
      assert(shell.run(("ln -s %s %s"):format(holder, lock)))
      local out, status, complaint = jdvm("configure", changes, ANSWERS)
      assert.equal(3, status)
      assert.equal("", out)
      assert.truthy(complaint:find(expected, 1, true), complaint)
      assert.truthy(complaint:find("if none is running, remove " .. lock, 1, true), complaint)
      assert.equal("[default]\nsecret_key = theirs\n", shell.read(config))
      assert.equal(holder, shell.output("readlink " .. lock))
      os.remove(lock)
    end
    -- A folder of that name belongs to no process, and cannot be taken either.
    assert(shell.run("mkdir " .. lock))
    local _, refused, why = jdvm("configure", changes, ANSWERS)
    assert.equal(3, refused)
    assert.truthy(why:find("if none is running, remove " .. lock, 1, true), why)
    assert.equal("", shell.output("ls -A " .. lock))
    assert(os.remove(lock))
    assert(shell.run(("ln -s %s:%s %s"):format(machine, ended, lock)))
    local _, status, complaint = jdvm("configure", changes, ANSWERS)
    assert.equal(0, status, complaint)
    assert.equal("config\ncurrent", shell.output("ls -A " .. folder))
  end)
end)
