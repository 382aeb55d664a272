-- jdvm.emulator.launcher, run.sh and certificates.sh: how the command starts, fails and ends.
local curl = require "jdvm.curl"
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

-- What a command prints, and the status it ends with.
local function run(command) return shell.output(command .. "; echo status $?") end

-- Whatever of an emulator is still there: its folder, and processes that name it.
local function leftovers(folder)
  -- A bracket in the name keeps these very processes from being found.
  local pattern = folder:sub(1, -2) .. "[" .. folder:sub(-1) .. "]"
  return shell.output(("ls -d %s 2>/dev/null; grep -la %s /proc/[0-9]*/cmdline 2>/dev/null"):format(pattern, pattern))
end

local function is_gone_within(seconds, folder)
  local limit = curl.now() + seconds
  repeat
    local left = leftovers(folder)
    if left == "" then return true end
    os.execute("sleep 0.05")
  until curl.now() > limit
  return false, leftovers(folder)
end

-- How it may end: the shell text that starts it (%s; the first line it says is the process to be ended), and the
-- signal, to a process or (with the minus) to its group.
local ENDS = {
  { "the command gets SIGINT", "echo $$; exec %s", "kill -INT " },
  { "the command gets SIGTERM", "echo $$; exec %s", "kill -TERM " },
  { "the command gets SIGHUP", "echo $$; exec %s", "kill -HUP " },
  { "the command is killed", "echo $$; exec %s", "kill -KILL " },
  {
    "the terminal interrupts the whole group",
    [[exec setsid sh -c "echo \$\$; trap : INT; %s; :"]],
    "kill -INT -",
  },
  { "the whole group is killed", [[exec setsid sh -c "echo \$\$; %s; :"]], "kill -KILL -" },
  { "the command's parent gets SIGTERM", "echo $$; %s & wait", "kill -TERM " },
  { "the command's parent is killed", "echo $$; %s & wait", "kill -KILL " },
}

describe("nothing of the emulator is left when", function()
  local started = {}

  setup(function() -- all at once, for speed
    for i, way in ipairs(ENDS) do
      started[i] = { pipe = io.popen(way[2]:format(emulator.command { tls = true })) }
    end
    for i, way in ipairs(ENDS) do
      local one = started[i]
      one.pid = one.pipe:read("*l")
      one.folder = emulator.read_announcement(one.pipe).ca_file:match("^(.*)/")
      one.was_there = leftovers(one.folder)
      os.execute(way[3] .. one.pid)
    end
  end)

  teardown(function()
    for i, one in ipairs(started) do
      if leftovers(one.folder) ~= "" then os.execute("kill -KILL " .. one.pid .. "; kill -KILL -" .. one.pid) end
      one.pipe:close()
      started[i] = nil
    end
  end)

  for i, way in ipairs(ENDS) do
    it(way[1], function()
      assert.truthy(started[i].was_there:find("/proc/", 1, true))
      assert.is_true(is_gone_within(5, started[i].folder))
    end)
  end

  it("nginx is killed, and that is said", function()
    local pipe = io.popen(emulator.command { tls = true } .. " 2>&1")
    local folder = emulator.read_announcement(pipe).ca_file:match("^(.*)/")
    os.execute("kill -KILL $(cat " .. folder .. "/nginx.pid)")
    assert.is_true(is_gone_within(5, folder))
    assert.truthy(pipe:read("*a"):find("^jdvm: emulator: nginx ended"))
    pipe:close()
  end)
end)

describe("a program that the emulator's command runs", function()
  local function with_program(text, options)
    options = options or {}
    options.args = { "--", "sh", "-c", text }
    return emulator.NO_SETTINGS .. emulator.command(options) .. " 2>&1"
  end

  it("has the variables, the standard streams and its own exit status", function()
    local script = 'cat; echo "$JDCLOUD_REGION $JDCLOUD_ACCESS_KEY $JDCLOUD_PROFILE"; '
      .. 'curl -s --noproxy "*" --cacert "$JDCLOUD_CA_FILE" "$JDCLOUD_ENDPOINT/" | head -c 30; echo; '
      .. 'dirname "$JDCLOUD_CA_FILE"; exit 7'
    script = script:gsub('%-%-noproxy "%*"', "")
    local text =
      run("echo given | https_proxy=http://127.0.0.1:9 JDCLOUD_PROFILE=mine " .. with_program(script, { tls = true }))
    local folder = text:match("\n(/[^\n]*/jdvm%-emulator%.%w+)\n")
    assert.matches('^given\ncn%-north%-1 JDVM%-EMULATOR%-OWNER \n{"error":{"status":"ACCESS_ERR', text)
    assert.matches("status 7$", text)
    assert.equal("", leftovers(folder))
  end)

  it("passes on how it ended", function()
    assert.equal("status 143", run(with_program "kill -TERM $$"))
    assert.equal("status 130", run(with_program "kill -INT $$"))
    assert.equal("status 127", run(emulator.command { args = { "--", "no-such-program-here" } } .. " 2>/dev/null"))
  end)

  it("ends with the command, and nothing is left", function()
    for _, signal in ipairs { "TERM", "HUP", "KILL" } do
      local script = 'echo "$JDCLOUD_CA_FILE"; exec sleep 60'
      local pipe = io.popen("echo $$; exec " .. with_program(script, { tls = true }))
      local pid, folder = pipe:read("*l"), pipe:read("*l"):match("^(.*)/")
      os.execute(("kill -%s %s"):format(signal, pid))
      assert.equal("", pipe:read("*a")) -- comes when all of them have ended
      pipe:close()
      assert.is_true(is_gone_within(5, folder))
    end
  end)

  it("stands without --env and --background", function()
    for _, name in ipairs { "--env", "--background" } do
      local text = run(emulator.command { args = { name, "--", "true" } } .. " 2>&1")
      assert.truthy(text:find(name .. " has no effect with a command to run", 1, true))
      assert.matches("status 2$", text)
    end
  end)
end)

describe("an emulator in the background", function()
  it("is used by the shell that started it, until that ends it", function()
    local started = emulator.command { args = { "--env", "--background", "--tls" } }
    local text =
      run(([[eval "$(%s)"; curl -s --noproxy '*' --cacert "$JDCLOUD_CA_FILE" -o /dev/null -w '%%{http_code}\n' \
      "$JDCLOUD_ENDPOINT"; dirname "$JDCLOUD_CA_FILE"; kill "$JDVM_EMULATOR_PID"]]):format(started))
    local folder = text:match("^401\n(/.-)\nstatus 0$")
    assert.is_true(is_gone_within(5, folder))
  end)

  it("is announced as usual without --env, and ends when run.sh is killed", function()
    local pipe = io.popen(emulator.command { args = { "--background" }, tls = true })
    local server = emulator.read_announcement(pipe)
    pipe:close()
    local folder = server.ca_file:match("^(.*)/")
    assert.truthy(leftovers(folder):find("/proc/", 1, true))
    os.execute("kill -KILL " .. server.pid)
    assert.is_true(is_gone_within(5, folder))
  end)
end)

describe("the emulator's log", function()
  it("has a line for each request, with the faults that were played", function()
    local script =
      'for path in "/x?a=1" /_emulator/stats; do curl -s --noproxy "*" -o /dev/null "$JDCLOUD_ENDPOINT$path"; done'
    local text =
      run(emulator.command { args = { "--log", "--", "sh", "-c", script }, faults = { "quota:count=1" } } .. " 2>&1")
    assert.matches(
      "^[%d-]+ [%d:]+ GET /x%?a=1 429 [%d.]+s quota\n[%d-]+ [%d:]+ GET /_emulator/stats 200 [%d.]+s\n",
      text
    )
  end)
end)

describe("the emulator's command", function()
  it("says nothing more when it is interrupted, and ends by the signal", function()
    local pipe =
      io.popen("exec 2>&1; (echo; exec sh -c 'echo $$; exec \"$@\"' - " .. emulator.command {} .. "); echo $?")
    pipe:read("*l")
    local pid = pipe:read("*l")
    emulator.read_announcement(pipe)
    os.execute("kill -INT " .. pid)
    assert.equal("130\n", pipe:read("*a"))
    pipe:close()
  end)

  it("says why there is no certificate, and leaves nothing", function()
    local folder = shell.temporary_folder()
    shell.write(folder .. "/openssl", "#!/bin/sh\necho no such curve >&2\nexit 1\n")
    local text = run(
      ("chmod +x %s/openssl; PATH=%s:$PATH TMPDIR=%s; export PATH TMPDIR; %s 2>&1; ls %s"):format(
        folder,
        folder,
        folder,
        emulator.command { tls = true },
        folder
      )
    )
    assert.matches("^jdvm: emulator: openssl could not make a certificate: no such curve\n.*openssl\nstatus 0$", text)
    assert.is_nil(text:find("jdvm-emulator.", 1, true))
    os.execute("rm -r " .. folder)
  end)

  it("says that a port is taken", function()
    local server = emulator.start()
    finally(function() server.stop() end)
    local port = server.endpoint:match(":(%d+)$")
    assert.equal(
      "jdvm: emulator: port " .. port .. " is taken\nstatus 4",
      run(emulator.command { port = port } .. " 2>&1")
    )
  end)

  it(
    "names what to install when there is no nginx with Lua",
    function()
      assert.equal(
        "jdvm: emulator: JDVM_NGINX names /nowhere/nginx, which does not exist; the emulator needs nginx "
          .. "with its Lua module: apt-get install nginx libnginx-mod-http-lua (or install OpenResty)\nstatus 4",
        run("JDVM_NGINX=/nowhere/nginx " .. emulator.command {} .. " 2>&1")
      )
    end
  )

  it("lets nginx log nowhere but in its own folder, also before it has read the configuration", function()
    local server = emulator.start { tls = true }
    finally(function() server.stop() end)
    assert.truthy(
      shell
        .read("/proc/" .. shell.read(server.ca_file:gsub("ca%.pem$", "nginx.pid")):match("%d+") .. "/cmdline")
        :find("%-e%z")
    )
  end)

  it("refuses what does not go together, and faults that it does not know", function()
    for expected, options in pairs {
      ['unknown fault "throtle"'] = { faults = { "throtle" } },
      ["--http2 needs --tls"] = { http2 = true },
      ["--certificate needs --tls"] = { certificate = "unknown-ca" },
    } do
      local text = run(emulator.command(options) .. " 2>&1")
      assert.truthy(text:find(expected, 1, true) and text:find "status 2$", text)
    end
  end)

  it("shows the certificate that was asked for", function()
    local kinds = { good = 401, chain = 401, ["wrong-name"] = "tls", ["unknown-ca"] = "tls", ["self-signed"] = "tls" }
    local starting = {}
    for kind in pairs(kinds) do
      starting[kind] = emulator.begin { tls = true, certificate = kind }
    end
    for kind, wait in pairs(starting) do
      local server = wait()
      local multi = curl.new { ca_file = server.ca_file, proxy = "" }
      local status, failure = multi:finish(multi:start { url = server.endpoint, timeout = 5 })
      multi:close()
      server.stop()
      assert.equal(kinds[kind], status or failure.kind, kind)
    end
  end)
end)
