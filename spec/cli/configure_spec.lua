-- `jdvm configure`, and the profile that the other commands use after it.
local command = require "spec.support.command"
local shell = require "spec.support.shell"

describe("jdvm configure", function()
  local world, jdvm, folder, config, current

  setup(function()
    world = command.start()
    jdvm, folder = world.jdvm, world.home .. "/.jdc"
    config, current = folder .. "/config", folder .. "/current"
  end)
  teardown(function() world.stop() end)
  before_each(function() assert(shell.run(("rm -rf %s && mkdir %s"):format(folder, folder))) end)

  local NOTHING = {
    JDCLOUD_ENDPOINT = false,
    JDCLOUD_REGION = false,
    JDCLOUD_ACCESS_KEY = false,
    JDCLOUD_SECRET_KEY = false,
  }
  local ANSWERS = "ACCESSKEY\nsecretkey1\n\n"

  local function mode_of(path) return shell.output("stat -c %a " .. path) end

  it("writes a profile that the other commands use, readable by its owner only", function()
    local answers = ("%s\n%s\ncn-east-1\n"):format(world.keys.access_key, world.keys.secret_key)
    local out, status, prompts = jdvm("configure --profile work --endpoint " .. world.server.endpoint, nil, answers)
    assert.equal(0, status, prompts)
    assert.matches("^wrote profile work to .*/%.jdc/config\n$", out)
    assert.equal("600", mode_of(config))
    out, status = jdvm("count --source public --profile work", NOTHING)
    assert.equal("30\n", out)
    assert.equal(0, status)
  end)

  it("refuses what would be a broken profile, before it asks", function()
    for _, options in ipairs {
      "--region all",
      "--region cn-north-1 --region cn-east-1",
      "--region 'a b'",
      "--profile DEFAULT",
      "--profile 'a b'",
      "--profile ''",
      "--endpoint nonsense",
      "--endpoint http://",
    } do
      local out, status, complaint = jdvm("configure " .. options, nil, ANSWERS)
      assert.equal(2, status, options)
      assert.equal("", out)
      assert.is_nil(complaint:find("Access key", 1, true), options)
    end
    assert.is_false(shell.exists(config))
  end)

  it("keeps what it was not asked about, and files that it cannot read", function()
    shell.write(config, "[default]\naccess_key = OLD\nendpoint = mine.example\ntimeout = 7\n[prod]\naccess_key = P\n")
    local _, status = jdvm("configure", nil, "NEWKEY\nnewsecret1\n\n")
    assert.equal(0, status)
    local text = shell.read(config)
    for _, kept in ipairs { "access_key = NEWKEY", "endpoint = mine.example", "timeout = 7", "[prod]\naccess_key = P" } do
      assert.truthy(text:find(kept, 1, true), kept)
    end
    local complaint
    _, status, complaint = jdvm("configure", nil, 'A\n"quoted"\n\n')
    assert.equal(3, status)
    assert.truthy(complaint:find("stands in quotes", 1, true))
    assert.equal(text, shell.read(config))
    os.execute(("rm %s && mkdir %s"):format(config, config))
    _, status, complaint = jdvm("configure", nil, ANSWERS)
    assert.equal(3, status)
    assert.truthy(complaint:find("Is a directory; it was left as it is", 1, true), complaint)
  end)

  it("says what it cannot write, and nothing of the shell", function()
    local out, status, complaint = jdvm("configure", { HOME = world.folder .. "/in" }, ANSWERS)
    assert.equal(3, status)
    assert.equal("", out)
    assert.truthy(complaint:find("jdvm: configure: ", 1, true), complaint)
    for _, word in ipairs { "sh:", "mkdir:", "ln:", "mktemp:" } do
      assert.is_nil(complaint:find(word, 1, true), complaint)
    end
  end)

  it("works on the profile in use, and says which", function()
    local function configure(changes, options)
      local out, status, prompts = jdvm("configure " .. (options or ""), changes, ANSWERS)
      assert.equal(0, status, prompts)
      return prompts:match("^[^\n]*"), out:match("^wrote profile (%S+)")
    end
    shell.write(config, "[default]\nsecret_key = theirs\n[work]\nsecret_key = mistyped\n")
    shell.write(current, "work\n")
    local first, written = configure()
    assert.equal("Profile work (exists, named by " .. current .. ")", first)
    assert.equal("work", written)
    local text = shell.read(config)
    assert.truthy(text:find("[default]\nsecret_key = theirs\n[work]\nsecret_key = secretkey1\n", 1, true), text)
    assert.same({ "Profile other (new)", "other" }, { configure { JDCLOUD_PROFILE = "other" } })
    assert.same({ "Profile third (new)", "third" }, { configure({ JDCLOUD_PROFILE = "other" }, "--profile third") })
    assert.equal("work\n", shell.read(current))
    -- A profile that is gone from the file is made again: it is the one that the other commands look for.
    shell.write(config, "[default]\nsecret_key = theirs\n")
    first, written = configure()
    assert.equal("Profile work (new, named by " .. current .. ")", first)
    assert.equal("work", written)
  end)

  it("makes the first profile of all the one in use, and no other", function()
    jdvm("configure --profile work", nil, ANSWERS)
    assert.equal("work", shell.read(current))
    os.remove(current)
    shell.write(config, "[default]\nsecret_key = theirs\n")
    jdvm("configure --profile work", nil, ANSWERS)
    assert.is_false(shell.exists(current))
  end)

  it("writes nothing where it cannot tell which profile is in use", function()
    shell.write(config, "[default]\nsecret_key = theirs\n")
    for _, make in ipairs { "mkdir ", "ln -s /nonexistent/current " } do
      os.execute(make .. current)
      local out, status, complaint = jdvm("configure", nil, ANSWERS)
      assert.equal(3, status)
      assert.equal("", out)
      assert.truthy(complaint:find(current, 1, true), complaint)
      assert.equal("[default]\nsecret_key = theirs\n", shell.read(config))
      assert.equal(0, (select(2, jdvm("configure --profile new", nil, ANSWERS))))
      os.execute(("rm -rf %s"):format(current))
      shell.write(config, "[default]\nsecret_key = theirs\n")
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

  it("waits for another one that writes, and then names it; one that has ended is in nobody's way", function()
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
    -- A folder of that name is nobody's lock, and is not taken either.
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

  it("ends at the first Ctrl-C at every prompt, with the echo restored", function()
    local prompts = { "Access key: ", "Secret key (not shown): ", "Region [cn-north-1]: " }
    for last = 1, #prompts do
      local terminal = world.on_terminal('trap : INT; "$@"; echo "status $?"; stty -a', "configure")
      for i = 1, last do
        terminal.expect(prompts[i])
        -- The shell of the silent prompt takes a moment to turn the echo off.
        if i == 2 then os.execute "sleep 0.2" end
        terminal.type(i == last and "\3" or "answer" .. i .. "\n")
      end
      local shown = terminal.finish()
      assert.truthy(shown:find("status 130\n", 1, true), shown)
      assert.truthy(shown:find(" echo ", 1, true), shown)
      assert.is_nil(shown:find("answer2", 1, true), shown)
      assert.is_nil(shown:find("wrote", 1, true), shown)
      assert.is_false(shell.exists(config))
    end
  end)
end)
