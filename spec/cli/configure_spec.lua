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

  it("works on the profile in use, and says which", function()
    local function configure(changes, options)
      local out, status, prompts = jdvm("configure " .. (options or ""), changes, ANSWERS)
      assert.equal(0, status, prompts)
      return prompts:match("^[^\n]*"), out:match("^wrote profile (%S+)")
    end
    shell.write(config, "[default]\nsecret_key = theirs\n[work]\nsecret_key = mistyped\n")
    shell.write(current, "work\n")
    local first, written = configure()
    assert.equal("Profile work (exists, named by " .. current .. "); Enter keeps a value", first)
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

  it("keeps what Enter is pressed at, and shows only the end of secrets", function()
    local text = "[default]\naccess_key = AKIDEXAMPLE1234\nsecret_key = hushhushhush5678\nregion_id = cn-east-2\n"
    shell.write(config, text)
    local out, status, prompts = jdvm("configure", NOTHING, "\n\n\n")
    assert.equal(0, status, prompts)
    local _
    assert.equal("wrote profile default to " .. config .. "\n", out)
    assert.truthy(
      prompts:find("Access key [****1234]: Secret key (not shown) [****5678]: Region [cn-east-2]: ", 1, true),
      prompts
    )
    assert.equal(text, shell.read(config))
    -- Another access key does not go with the old secret.
    _, status, prompts = jdvm("configure", NOTHING, "AKIDEXAMPLE9999\n\n\n")
    assert.equal(3, status)
    assert.truthy(prompts:find("Secret key (not shown): ", 1, true), prompts)
    assert.equal(text, shell.read(config))
    shell.write(config, "[default]\naccess_key = short\nsecret_key = s\n")
    assert.is_nil(select(3, jdvm("configure", NOTHING, "\n\n\n")):find("short", 1, true))
  end)

  it("doubts a region that looks mistyped, and asks a person again", function()
    local _, status, prompts = jdvm("configure", NOTHING, "ACCESSKEY\nsecretkey1\ncn-nroth-1\n")
    assert.equal(0, status)
    assert.truthy(prompts:find("cn-nroth-1 is not a known region; did you mean cn-north-1?\n", 1, true), prompts)
    _, status, prompts = jdvm("configure --region CN-North-1", NOTHING, ANSWERS)
    assert.equal(2, status)
    assert.truthy(prompts:find('did you mean "cn-north-1"?', 1, true), prompts)
    shell.run("rm -rf " .. folder)
    local terminal = world.on_terminal('"$@"', "configure --no-verify", NOTHING)
    terminal.expect "https://uc.jdcloud.com/account/accesskey"
    for _, step in ipairs {
      { "Access key: ", "ACCESSKEY\n" },
      { "Secret key (not shown): ", "secretkey1\n" },
      { "Region [cn-north-1]: ", "cn-est-2\n" },
      { "did you mean cn-east-2?\r\nRegion [cn-east-2]: ", "\n" },
    } do
      terminal.expect(step[1])
      os.execute "sleep 0.1"
      terminal.type(step[2])
    end
    terminal.finish()
    assert.truthy(shell.read(config):find("region_id = cn-east-2\n", 1, true))
  end)

  it("verifies the profile: by itself on a terminal, else when it is asked to", function()
    local keys = world.keys
    local answers = ("%s\n%s\n\n"):format(keys.access_key, keys.secret_key)
    local endpoint = " --endpoint " .. world.server.endpoint
    local out, status, complaint = jdvm("configure --verify --profile v" .. endpoint, NOTHING, answers)
    assert.equal(0, status, complaint)
    local expected = ("\nverified: %s accepts access key %s…%s; it has 30 public images in cn-north-1\n"):format(
      world.server.endpoint,
      keys.access_key:sub(1, 2),
      keys.access_key:sub(-4)
    )
    assert.truthy(out:find(expected, 1, true), out)
    -- The keys of the environment are not what is verified.
    local _
    _, status, complaint = jdvm("configure --verify --profile w" .. endpoint, nil, "ACCESSKEY\nnot-the-secret\n\n")
    assert.equal(3, status)
    assert.truthy(complaint:find("jdvm: JDCLOUD_ACCESS_KEY is set and takes precedence", 1, true), complaint)
    assert.truthy(complaint:find("hint:", 1, true), complaint)
    local terminal = world.on_terminal('"$@"', "configure --profile v", NOTHING)
    for _, prompt in ipairs { "Access key", "Secret key", "Region" } do
      terminal.expect(prompt .. (prompt == "Secret key" and " (not shown)" or "") .. " [")
      os.execute "sleep 0.1"
      terminal.type "\n"
    end
    assert.truthy(terminal.finish():find("verified: ", 1, true))
  end)

  it("lists, shows, chooses and deletes profiles, as jdc does", function()
    local _, status, complaint = jdvm("configure list", NOTHING)
    assert.same({ 0, ("jdvm: no profiles in %s; run jdvm configure\n"):format(config) }, { status, complaint })
    local prod = "[prod]\naccess_key = AKIDEXAMPLE1234\nsecret_key = hushhushhush5678\nregion_id = cn-east-2\n"
    shell.write(config, "[default]\naccess_key = A\n\n" .. prod .. "# of test\n[test]\naccess_key = C\n")
    assert.equal("* default\n  prod\n  test\n", (jdvm("configure list", NOTHING)))
    local out = jdvm("configure show prod", NOTHING)
    assert.equal(
      "profile        prod\naccess_key     ****1234\nsecret_key     ****5678\nregion_id      cn-east-2\n",
      out
    )
    assert.equal(0, (select(2, jdvm("configure use prod", NOTHING))))
    assert.equal("prod", shell.read(current))
    assert.equal(out, (jdvm("configure show", NOTHING)))
    _, status, complaint = jdvm("configure delete prod", NOTHING)
    assert.equal(3, status)
    assert.truthy(complaint:find("prod is in use; run jdvm configure use", 1, true), complaint)
    for _, action in ipairs { "show", "use", "delete" } do
      status, complaint = select(2, jdvm("configure " .. action .. " tset", NOTHING))
      assert.equal(3, status)
      assert.truthy(complaint:find('no profile "tset" in ' .. config .. "; did you mean test?", 1, true), complaint)
    end
    for _, action in ipairs { "use", "delete" } do
      assert.equal(2, (select(2, jdvm("configure " .. action, NOTHING))))
    end
    assert.equal(0, (select(2, jdvm("configure use --profile default", NOTHING))))
    assert.equal(0, (select(2, jdvm("configure delete prod", NOTHING))))
    assert.equal("[default]\naccess_key = A\n\n# of test\n[test]\naccess_key = C\n", shell.read(config))
    assert.equal("600", mode_of(config))
  end)

  it("leads from an empty home to the first listing: each step that fails names the next", function()
    assert(shell.run("rm -rf " .. folder))
    local changes = {}
    for name, value in pairs(NOTHING) do
      changes[name] = value
    end
    local _, status, complaint = jdvm("images", changes)
    assert.equal(2, status)
    assert.truthy(complaint:find("--source is required unless --id is given; it is one of public", 1, true), complaint)
    _, status, complaint = jdvm("images --source public", changes)
    assert.equal(3, status)
    assert.matches("run jdvm configure\n$", complaint)
    -- What leads to the emulator in place of the service.
    changes.JDCLOUD_ENDPOINT = nil
    local answers = ("%s\n%s\n\n"):format(world.keys.access_key, world.keys.secret_key)
    _, status, complaint = jdvm("configure", changes, answers)
    assert.equal(0, status, complaint)
    assert.truthy(complaint:find("https://uc.jdcloud.com/account/accesskey\n", 1, true), complaint)
    local out
    out, status, complaint = jdvm("images --source public", changes)
    assert.same({ 0, "" }, { status, complaint })
    assert.matches("^ID +NAME", out)
  end)
end)
