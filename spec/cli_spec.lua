-- The command, run as a user runs it: one process a case, with its output and exit status.

local cjson = require "cjson"
local emulator = require "spec.support.emulator"

local lua = emulator.this_lua()
local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir -p " .. folder .. "/home"))

local server, keys

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function environment(changes)
  local values = {
    JDCLOUD_ENDPOINT = server.endpoint,
    JDCLOUD_REGION = "cn-north-1",
    JDCLOUD_ACCESS_KEY = keys.access_key,
    JDCLOUD_SECRET_KEY = keys.secret_key,
    HOME = folder .. "/home",
    COLUMNS = "80",
  }
  for name, value in pairs(changes or {}) do
    values[name] = value or nil
  end
  local words = {}
  for name, value in pairs(values) do
    words[#words + 1] = ("%s='%s'"):format(name, value)
  end
  return emulator.NO_SETTINGS .. table.concat(words, " ")
end

-- Everything that came out of any run, for the search for secrets at the end.
local everything = {}

---Runs `jdvm ARGUMENTS`; gives standard output, exit status, standard error.
local function jdvm(arguments, changes, input)
  local out, err = folder .. "/out", folder .. "/err"
  local answers = assert(io.open(folder .. "/in", "wb"))
  answers:write(input or "")
  answers:close()
  local pipe = io.popen(
    ("%s %s bin/jdvm %s >%s 2>%s <%s/in; echo $?"):format(environment(changes), lua, arguments, out, err, folder)
  )
  local status = tonumber(pipe:read("*a"):match("(%d+)%s*$"))
  pipe:close()
  local result, complaint = read(out), read(err)
  everything[#everything + 1] = result .. complaint
  return result, status, complaint
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

describe("jdvm", function()
  setup(function()
    server = emulator.start()
    keys = server.accounts.owner
  end)

  teardown(function()
    server.stop()
    os.execute("rm -rf " .. folder)
  end)

  before_each(function() server.control "reset" end)

  describe("images", function()
    it("prints an aligned table, wide characters counted as two columns", function()
      local out, status = jdvm "images --source public --platform Ubuntu"
      assert.equal(0, status)
      local lines = lines_of(out)
      assert.equal(9, #lines)
      assert.equal(1, lines[1]:find("imageId", 1, true))
      local terminal = require "jdvm.cli.terminal"
      local column = lines[1]:find("platform", 1, true)
      for i = 2, #lines do
        local before = lines[i]:match("^(.-)Ubuntu    ")
        assert.equal(column - 1, terminal.width(before), lines[i])
      end
    end)

    it("prints JSON lines that are the service's own objects", function()
      local out, status = jdvm "images --source private --output jsonl"
      assert.equal(0, status)
      local lines = lines_of(out)
      assert.is_true(#lines > 10, #lines)
      for _, line in ipairs(lines) do
        assert.is_string(cjson.decode(line).imageId)
      end
    end)

    it("prints one JSON array, the same objects", function()
      local out = jdvm "images --source private --output json"
      assert.equal(#lines_of((jdvm "images --source private --output jsonl")), #cjson.decode(out))
      assert.equal("[]\n", (jdvm "images --source public --platform Nothing --output json"))
    end)

    it("prints CSV as RFC 4180 has it", function()
      local out, status = jdvm "images --source private --output csv --columns imageId,systemDiskSizeGB,desc"
      assert.equal(0, status)
      assert.equal("imageId,systemDiskSizeGB,desc\r\n", out:match("^[^\n]*\n"))
      assert.truthy(out:find('\n[%w-]+,%d+,"[^"]*""'), "a quote is doubled inside quotes")
      assert.is_nil(out:find("%d%.0,"), "integers have no fraction")
    end)

    it("stops at --max and prints bare ids", function()
      local out = jdvm "images --source public --output ids --max 3"
      assert.equal(3, #lines_of(out))
    end)

    it("reads several regions, or all", function()
      local out = jdvm "images --source public -o csv --columns imageId --region cn-north-1 --region cn-east-1"
      assert.truthy(out:find("^region,imageId\r\ncn%-north%-1,img%-%w+\r\n"))
      assert.truthy(out:find("\r\ncn%-east%-1,img%-%w+\r\n$"))
      assert.equal(4, #lines_of((jdvm "count --source public --region all")))
    end)

    it(
      "does not print control characters of names to a table",
      function() assert.is_nil((jdvm "images --source private --columns imageId,desc"):find("[%z\1-\9\11-\31\127]")) end
    )

    it("leaves a JSON array open when the list breaks off, and says why", function()
      server.control("faults", { script = { { fault = "error", code = 500, page = 2 } } })
      local out, status, complaint = jdvm "images --source public --output json --page-size 10 --prefetch 0"
      assert.equal(4, status)
      assert.truthy(complaint:find("500", 1, true))
      assert.is_false((pcall(cjson.decode, out)))
    end)

    it("ends quietly when nobody reads any more", function()
      local pipe = io.popen(
        ("%s sh -c '%s bin/jdvm images --source public --output jsonl 2>&1 | head -n 1'"):format(environment(), lua)
      )
      local out = pipe:read("*a")
      pipe:close()
      assert.equal(1, #lines_of(out))
    end)
  end)

  describe("image", function()
    it("shows every field, nested ones by dotted names", function()
      local out, status = jdvm "image img-9ha1rgelkq"
      assert.equal(0, status)
      assert.truthy(out:find("\nsystemDisk.cloudDisk.diskSizeGB +40\n"))
    end)

    it("goes on after an id that does not exist, and says so", function()
      local out, status, complaint = jdvm "image img-nosuchone1 img-9ha1rgelkq --output csv --columns imageId"
      assert.equal(1, status)
      assert.equal("imageId\r\nimg-9ha1rgelkq\r\n", out)
      assert.truthy(complaint:find("404 NOT_FOUND", 1, true))
    end)
  end)

  it("image prints no JSON that looks whole when a call failed, but an empty array for what does not exist", function()
    for _, case in ipairs {
      { { { fault = "error", code = 500 } }, "image img-9ha1rgelkq", 4, "" },
      { {}, "image img-nosuchone1", 1, "[]\n" },
    } do
      server.control("faults", { script = case[1] })
      local out, status = jdvm(case[2] .. " --output json")
      assert.equal(case[3], status)
      assert.equal(case[4], out)
    end
    server.control "reset"
    local out, status = jdvm("image img-9ha1rgelkq --output json", { JDCLOUD_SECRET_KEY = "not-the-secret" })
    assert.equal(3, status)
    assert.equal("", out)
    server.control("faults", { script = { { fault = "error", code = 500, image = "img-nosuchone1" } } })
    out, status = jdvm "image img-9ha1rgelkq img-nosuchone1 --output json"
    assert.equal(4, status)
    assert.is_false((pcall(cjson.decode, out)), out)
  end)

  describe("a table on a screen", function()
    local output, operations = require "jdvm.cli.output", require "jdvm.service.operations"

    local left_out
    local function print_table(columns, screen, rows)
      local printed = {}
      left_out = nil
      if screen then screen.left_out = function(names) left_out = names end end
      local printer = output.new(
        "table",
        columns,
        operations.describeImages,
        function(line) printed[#printed + 1] = line end,
        screen
      )
      for _, row in ipairs(rows) do
        printer.row(row)
      end
      printer.finish()
      return lines_of(table.concat(printed))
    end

    local image = {
      imageId = "img-9ha1rgelkq",
      name = ("n"):rep(40),
      platform = "Ubuntu",
      osVersion = "16.04 64-bit",
      architecture = "x86_64",
      systemDiskSizeGB = 40,
      imageSource = "public",
      status = "ready",
      createTime = "2018-10-11 17:31:22",
    }

    it("drops the last of the usual columns, then narrows the name, and never the id", function()
      local columns = output.default_columns(operations.describeImages)
      local lines = print_table(columns, { columns = 79, may_drop = true }, { image })
      assert.truthy(lines[1]:find("^imageId +name +status +platform$"))
      assert.equal("img-9ha1rgelkq  " .. image.name .. "  ready   Ubuntu", lines[2])
      assert.equal("osVersion,architecture,systemDiskSizeGB,imageSource,createTime", left_out)
      lines = print_table(columns, { columns = 30, may_drop = true }, { image })
      assert.equal("img-9ha1rgelkq  " .. ("n"):rep(13) .. "…", lines[2])
      lines = print_table(columns, { columns = 10, may_drop = true }, { image })
      assert.equal("img-9ha1rgelkq  nnn…", lines[2])
    end)

    it("narrows the columns that were asked for, but the id", function()
      local lines = print_table({ "name", "imageId", "createTime" }, { columns = 40 }, { image })
      assert.truthy(lines[2]:find("^n+…  img%-9ha1rgelkq  2[%d-: ]*…$"), lines[2])
      assert.is_nil(left_out)
    end)

    it("prints integers of 64 bits whole where Lua has them", function()
      local large = 9007199254740993
      local lines = print_table({ "imageId", "systemDiskSizeGB" }, nil, { { imageId = "a", systemDiskSizeGB = large } })
      assert.equal("a        " .. ("%d"):format(large), lines[2])
      assert.equal("n  1000000000000000\n", output.describe({ n = 1e15 }, {}))
      assert.equal(("n  %d\n"):format(large), output.describe({ n = large }, {}))
    end)
  end)

  describe("on a terminal", function()
    -- What a terminal is sent, by util-linux's script.
    local function on_terminal(arguments, changes)
      local command = ("%s bin/jdvm %s"):format(lua, arguments)
      local pipe = io.popen(("%s script -qec '%s' /dev/null </dev/null 2>&1"):format(environment(changes), command))
      local text = pipe:read("*a")
      pipe:close()
      return (text:gsub("\r\n", "\n"))
    end

    it("colours a table, unless the terminal is dumb, and keeps its lines within the screen", function()
      local command = "images --source public --platform Ubuntu"
      local coloured = on_terminal(command, { TERM = "xterm" })
      assert.truthy(coloured:find("\27[1mimageId", 1, true), coloured)
      local plain = on_terminal(command, { TERM = "dumb" })
      assert.is_nil(plain:find("\27", 1, true))
      local ids = lines_of((jdvm(command .. " --output ids")))
      local shown = lines_of(plain)
      assert.matches("^jdvm: not shown: .*createTime %(%-%-columns%)$", table.remove(shown, 1))
      for i, line in ipairs(shown) do
        assert.is_true(require("jdvm.cli.terminal").width(line) <= 80, line)
        assert.equal(i == 1 and "imageId" or ids[i - 1], line:match("^%S+"))
      end
    end)

    it("shows a failing wait in the line of progress", function()
      local text = on_terminal(
        "wait img-9ha1rgelkq --interval 0.1 --timeout 0.5",
        { TERM = "xterm", JDCLOUD_ENDPOINT = "http://127.0.0.1:9" }
      )
      assert.truthy(text:find("\r\27[Kimg-9ha1rgelkq: not seen yet, 0 s; could not connect to 127", 1, true), text)
      assert.is_nil(text:find("going on", 1, true))
    end)
  end)

  it("refuses columns for the formats that have their own fields", function()
    local _, status, err = jdvm "images --source public --columns name --output jsonl"
    assert.equal(2, status)
    assert.truthy(err:find("--columns is for table and csv", 1, true), err)
  end)

  it("says that nothing can be written when its output is closed", function()
    local function closed(arguments, stream)
      local pipe = io.popen(("{ %s %s bin/jdvm %s %s; }; echo $?"):format(environment(), lua, arguments, stream))
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

  it("latest gives the newest ready image", function()
    local out, status = jdvm "latest --source public --platform Ubuntu --output csv --columns imageId,createTime"
    assert.equal(0, status)
    local newest = ""
    for line in
      (jdvm "images --source public --platform Ubuntu --output csv --columns createTime,imageId"):gmatch(
        "(%d%d%d%d[^\r]*)\r\n"
      )
    do
      newest = line > newest and line or newest
    end
    local time, id = newest:match("^([^,]*),(.*)$")
    assert.equal("imageId,createTime\r\n" .. id .. "," .. time .. "\r\n", out)
  end)

  it("wait waits", function()
    local out, status = jdvm "wait img-9ha1rgelkq"
    assert.equal(0, status)
    assert.equal("img-9ha1rgelkq  ready\n", out)
  end)

  describe("exit status and message for", function()
    local data_commands = {
      "images --source public",
      "image img-9ha1rgelkq",
      "count --source public",
      "latest --source public",
      "wait img-9ha1rgelkq",
    }

    for _, command in ipairs(data_commands) do
      it("a wrong secret: 3, " .. command, function()
        local _, status, complaint = jdvm(command, { JDCLOUD_SECRET_KEY = "not-the-secret" })
        assert.equal(3, status)
        assert.truthy(complaint:find("hint: check the secret key", 1, true))
      end)

      it("no keys: 3, " .. command, function()
        local _, status, complaint = jdvm(command, { JDCLOUD_SECRET_KEY = false, JDCLOUD_ACCESS_KEY = false })
        assert.equal(3, status)
        assert.truthy(complaint:find("jdvm configure", 1, true))
      end)

      it("no network: 4, " .. command, function()
        local is_wait = command:find("^wait") ~= nil
        local _, status, complaint = jdvm(
          command .. (is_wait and " --interval 0.1 --timeout 1" or " --timeout 10"),
          { JDCLOUD_ENDPOINT = "http://127.0.0.1:9" }
        )
        assert.equal(4, status)
        local _, warnings = complaint:gsub("jdvm: wait: could not connect[^\n]*; going on", "")
        assert.equal(is_wait and 1 or 0, warnings, complaint)
        assert.truthy(complaint:find("could not connect to 127.0.0.1 port 9", 1, true))
      end)

      it("no time: 124, " .. command, function()
        server.control("faults", { script = { { fault = "latency", seconds = 2 } } })
        local _, status, complaint = jdvm(command .. " --timeout 0.3")
        assert.equal(124, status)
        assert.truthy(complaint:find("; give a longer --timeout\n", 1, true), complaint)
      end)
    end

    it("wrong usage: 2", function()
      for _, command in ipairs {
        "",
        "nosuch",
        "images --output xml --source public",
        "images --source pubic",
        "images",
        "image",
        "wait",
        "images --source public --timeout soon",
        "image 'a/../b'",
        "images --source public --page-size 9",
        "images --source public --columns ,",
        "images --source public --columns imageID",
      } do
        local out, status, complaint = jdvm(command)
        assert.equal(2, status, command)
        assert.equal("", out, command)
        assert.truthy(complaint:find("jdvm: ", 1, true), command)
        assert.is_nil(complaint:find("stack traceback", 1, true), command)
      end
    end)
  end)

  it("doctor reports settings, their origin, the clock and the keys", function()
    local out, status = jdvm "doctor"
    assert.equal(0, status)
    for _, text in ipairs {
      "libcurl",
      "OpenSSL",
      "environment variable JDCLOUD_REGION",
      "reached",
      "keys           accepted",
    } do
      assert.truthy(out:find(text, 1, true), text)
    end
    out, status = jdvm("doctor", { JDCLOUD_SECRET_KEY = "not-the-secret" })
    assert.equal(3, status)
    assert.truthy(out:find("sign result is not same", 1, true))
    assert.equal(4, (select(2, jdvm("doctor", { JDCLOUD_ENDPOINT = "http://127.0.0.1:9" }))))
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
      local pipe =
        io.popen(("%s sh -c '%s bin/jdvm %s >/dev/full 2>%s/err; echo $?'"):format(environment(), lua, command, folder))
      assert.equal(4, pipe:read("*n"), command)
      pipe:close()
      assert.truthy(read(folder .. "/err"):find("jdvm: the output could not be written", 1, true), command)
    end
  end)

  it("says what is wrong with a setting, as wrong usage", function()
    for _, case in ipairs {
      { "count --source public --endpoint foo", "endpoint" },
      { "count --source public --region ''", "region" },
      { "count --source public --profile ''", "profile" },
      { "doctor --endpoint foo", false },
      { "image img-9ha1rgelkq --region cn-north-1 --region cn-east-1", "--region" },
      { "images --source public --page-size 101", "--page-size" },
      { "images", "--source" },
      { "images --source pubic", "images: --source must be" },
    } do
      local out, status, complaint = jdvm(case[1])
      assert.equal(2, status, case[1])
      assert.truthy((out .. complaint):find(case[2] or "endpoint", 1, true), case[1] .. ": " .. out .. complaint)
      assert.is_nil(complaint:find("stack traceback", 1, true), complaint)
    end
    local _, status, complaint = jdvm("count --source public", { JDCLOUD_REGION = false })
    assert.equal(3, status)
    assert.truthy(complaint:find("give --region", 1, true), complaint)
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
    assert.matches("; hint: correct that, or give %-%-region\n$", beside_keys)
    assert.matches("Is a directory\n$", directory)
  end)

  it("names the ids that are not there", function()
    local out, status, complaint = jdvm "images --id img-9ha1rgelkq --id img-nosuchone1 -o ids"
    assert.equal("img-9ha1rgelkq\n", out)
    assert.equal(1, status)
    assert.truthy(complaint:find("not found: img-nosuchone1", 1, true))
  end)

  it("of several regions names those ids that are in none of them, once", function()
    for command, expected in pairs {
      ["images -o ids"] = "img-9ha1rgelkq\n",
      ["latest -o ids"] = "img-9ha1rgelkq\n",
      count = "cn-north-1 1\ncn-east-1 0\ncn-east-2 0\ncn-south-1 0\n",
    } do
      local out, status, complaint = jdvm(command .. " --region all --id img-9ha1rgelkq --id img-nosuchone1")
      assert.equal(expected, out)
      assert.equal(1, status)
      assert.equal("jdvm: not found: img-nosuchone1\n", complaint)
      out, status, complaint = jdvm(command .. " --region all --id img-9ha1rgelkq")
      assert.equal(expected, out)
      assert.equal(0, status)
      assert.equal("", complaint)
    end
  end)

  it("goes on with the next region after a failure, which it says the region of", function()
    local regions = " --source public --region cn-north-1 --region cn-east-1"
    for command, expected in pairs { ["images -o ids"] = "^img%-%w+\n", count = "^cn%-east%-1 %d+\n$" } do
      server.control("faults", { script = { { fault = "error", code = 400, region = "cn-north-1" } } })
      local out, status, complaint = jdvm(command .. regions)
      assert.truthy(out:find(expected), out)
      assert.equal(4, status)
      assert.truthy(complaint:find("^jdvm: cn%-north%-1: describeImages: 400"), complaint)
      server.control "reset"
    end
    server.control("faults", { script = { { fault = "error", code = 400, region = "cn-north-1" } } })
    local out = jdvm("images -o json" .. regions)
    assert.is_false((pcall(cjson.decode, out)))
    out = jdvm("latest -o ids" .. regions)
    assert.equal("", out)
  end)

  it("shows the column region once, filled, and a region given twice once", function()
    local out = jdvm "images --source public --max 1 -o csv --columns imageId,region"
    assert.truthy(out:find("^imageId,region\r\nimg%-%w+,cn%-north%-1\r\n$"), out)
    out = jdvm "images --source public --max 1 -o csv --columns imageId,region --region cn-east-1 --region cn-north-1"
    assert.truthy(out:find("^imageId,region\r\nimg%-%w+,cn%-east%-1\r\n$"), out)
    assert.truthy((jdvm "count --source public --region cn-north-1 --region cn-north-1"):find("^%d+\n$"))
    assert.equal(
      "imageId,region\r\nimg-9ha1rgelkq,cn-north-1\r\n",
      (jdvm "image img-9ha1rgelkq -o csv --columns imageId,region")
    )
  end)

  it("image shows the columns that are asked for, and no blank line before the first", function()
    local out = jdvm "image img-9ha1rgelkq --columns imageId,status"
    assert.equal("imageId         status\nimg-9ha1rgelkq  ready\n", out)
    assert.truthy((jdvm "image img-nosuchone1 img-9ha1rgelkq"):find("^%w"))
  end)

  it("counts --max over all regions, and says in JSON where a row is from", function()
    local out = jdvm "images --source public --region all --max 31 -o jsonl"
    local lines = lines_of(out)
    assert.equal(31, #lines)
    assert.equal("cn-north-1", cjson.decode(lines[1]).region)
    assert.equal("cn-east-1", cjson.decode(lines[31]).region)
  end)

  it("prints columns that go through arrays, the same every time", function()
    local command = "images --source private --columns imageId,dataDisks.deviceName,dataDisks -o csv"
    local out = jdvm(command)
    assert.truthy(out:find("vdb", 1, true))
    assert.equal(out, (jdvm(command)))
    assert.equal(0, (select(2, jdvm "images --source public --columns region,imageId --max 1")))
    local _, _, complaint = jdvm "images --source public --columns fooBar --max 1"
    assert.truthy(complaint:find("no field 'fooBar'", 1, true))
  end)

  it("--verbose reports each request", function()
    local _, _, complaint = jdvm "images --source public --verbose"
    assert.truthy(complaint:find("/v1/regions/cn-north-1/images try 1: 200", 1, true))
  end)

  it("prints help, a man page and completions of every command", function()
    local commands = { "images", "image", "count", "latest", "wait", "configure", "doctor", "emulator" }
    local man = jdvm "man"
    for _, command in ipairs(commands) do
      local help, status = jdvm(command .. " --help")
      assert.equal(0, status)
      assert.truthy(help:find("Examples:", 1, true), command)
      assert.truthy(man:find(".SS jdvm " .. command, 1, true), command)
    end
    for shell, check in pairs { bash = "bash -n", zsh = false, fish = false } do
      local text, status = jdvm("completions " .. shell)
      assert.equal(0, status)
      for _, command in ipairs(commands) do
        assert.truthy(text:find(command, 1, true), shell .. " " .. command)
      end
      if check then assert.truthy((os.execute(check .. " " .. folder .. "/out")) ~= nil) end
    end
  end)

  it("completes the values of options", function()
    local script = folder .. "/complete.bash"
    local file = assert(io.open(script, "wb"))
    file:write(
      (jdvm "completions bash"),
      'COMP_WORDS=(jdvm "$@" ""); COMP_CWORD=$(($# + 1)); _jdvm; echo "${COMPREPLY[*]}"\n'
    )
    file:close()
    for words, expected in pairs {
      ["images --source"] = "public thirdparty private shared community",
      ["wait --status"] = "ready pending deleting error",
      ["--region"] = "all cn-north-1 cn-east-1 cn-east-2 cn-south-1",
      ["completions"] = "bash zsh fish",
      ["images --columns"] = "region imageId name platform ",
      ["images --output"] = "table json jsonl csv ids",
    } do
      local pipe = io.popen(("bash %s %s"):format(script, words))
      local reply = pipe:read("*a")
      pipe:close()
      assert.equal(1, reply:find(expected, 1, true), words .. ": " .. reply)
    end
    assert.equal(2, (select(2, jdvm "images --source official")))
    assert.truthy(select(3, jdvm "images --source official"):find('did you mean "public"', 1, true))
  end)

  it("names values, defaults and settings in its help, in its own words", function()
    for command, texts in pairs {
      [""] = { "JDCLOUD_PROFILE", "NO_COLOR", "JDVM_NGINX", "default 30s for each list", "wait: 30m" },
      images = {
        "table, json, jsonl, csv, ids",
        "Required unless --id is given",
        "default 100",
        "default 4",
        "with --source public or thirdparty",
      },
      wait = { "ready, pending, deleting, error", "default 5s" },
      emulator = { "good, wrong-name, unknown-ca", "default good", "--port <n>", "default, picks" },
    } do
      local help = jdvm(command .. " --help"):gsub("%s+", " ")
      for _, text in ipairs(texts) do
        assert.truthy(help:find(text, 1, true), command .. ": " .. text)
      end
      if command ~= "" then
        assert.truthy(help:find("Global options (--region, --profile, --timeout, --verbose, ...)", 1, true), command)
      end
    end
    local man = jdvm "man"
    for _, text in ipairs { "images of JD Cloud\n", ".B jdvm wait [\\-h]", "\n.B ids\nOne or more image ids." } do
      assert.truthy(man:find(text, 1, true), text)
    end
  end)

  it("speaks of what stands on the command line", function()
    for command, expected in pairs {
      ["image 'img x'"] = "jdvm: image: the id must",
      ["wait img-1 'img x'"] = "jdvm: wait: the id must",
      ["images --source public --ca-file ''"] = "jdvm: --ca-file is empty",
      ["images --id a,b"] = "repeat the option for each: --id a --id b",
      ["count --source public --region a,b"] = "repeat the option for each: --region a --region b",
      ["wait img-1 --interval abc"] = "--interval: 'abc' is not a duration",
      ["images --source public --offline maybe"] = "--offline: 'maybe' is neither",
      ["emulator --set latncy=1"] = "unknown setting 'latncy'; did you mean 'latency'? (see jdvm emulator --explain)",
    } do
      local _, status, complaint = jdvm(command)
      assert.equal(2, status, command)
      assert.truthy(complaint:find(expected, 1, true), command .. ": " .. complaint)
    end
    for _, changes in ipairs {
      { JDCLOUD_SECRET_KEY = false, JDCLOUD_ACCESS_KEY = false },
      { JDCLOUD_REGION = false },
    } do
      for _, command in ipairs { "count --source public", "doctor" } do
        local out, _, complaint = jdvm(command, changes)
        assert.is_nil((out .. complaint):find("jdvm.new", 1, true), out .. complaint)
      end
    end
    assert.truthy((jdvm "doctor --ca-file ''"):find("settings       --ca-file is empty", 1, true))
  end)

  it("warns of a file with keys that others can read", function()
    local home = folder .. "/home/.jdc"
    finally(function() os.execute("rm -rf " .. home) end)
    assert(os.execute(("mkdir -p %s && touch %s/config && chmod 644 %s/config"):format(home, home, home)))
    local warning = ("%s/config can be read by others (mode 644): chmod 600 %s/config\n"):format(home, home)
    local no_keys = { JDCLOUD_ACCESS_KEY = false, JDCLOUD_SECRET_KEY = false }
    assert.truthy(select(3, jdvm("count --source public", no_keys)):find("jdvm: " .. warning, 1, true))
    assert.is_nil(select(3, jdvm "count --source public"):find(warning, 1, true))
    assert.truthy((jdvm "doctor"):find("note           " .. warning, 1, true))
    os.execute("chmod 600 " .. home .. "/config")
    assert.is_nil((jdvm "doctor"):find("note ", 1, true))
  end)

  it("doctor tells the proxy, without its password, and the profile", function()
    local out = jdvm("doctor", { http_proxy = "http://u:p/w@127.0.0.1:9", JDCLOUD_PROFILE = "work" })
    assert.truthy(out:find("proxy          http://…@127.0.0.1:9  (environment variable http_proxy)\n", 1, true), out)
    assert.is_nil(out:find("p/w", 1, true))
    assert.truthy(out:find("profile        work  (environment variable JDCLOUD_PROFILE)\n", 1, true), out)
    assert.truthy((jdvm "doctor --profile other"):find("profile        other  (--profile)\n", 1, true))
    local current = folder .. "/home/.jdc/current"
    assert(os.execute(("mkdir -p %s/home/.jdc && printf work > %s"):format(folder, current)))
    assert.truthy((jdvm "doctor"):find("profile        work  (" .. current .. ")\n", 1, true))
    assert(os.execute(("rm %s && mkdir %s"):format(current, current)))
    out = jdvm "doctor"
    os.execute(("rm -rf %s/home/.jdc"):format(folder))
    assert.truthy(out:find("profile        unknown  (" .. current .. ": Is a directory)\n", 1, true), out)
  end)

  it("emulator --explain says what each fault, condition and setting is", function()
    local out, status = jdvm "emulator --explain"
    assert.equal(0, status)
    for name, kind in pairs(require "jdvm.emulator.faults") do
      assert.truthy(out:find("  " .. name .. ": " .. kind.doc, 1, true), name)
    end
    assert.truthy(out:find("    past_end            a page after the last one", 1, true))
  end)

  it("has a command for an operation by its entry alone", function()
    local operations = require "jdvm.service.operations"
    local entry = {
      name = "describeVaultKeys",
      method_name = "describe_vault_keys",
      method = "GET",
      path = "/v1/regions/{regionId}/vaults/{vaultId}/keys",
      doc = "Keys of a vault.",
      doc_zh = "…",
      parameters = {
        { name = "regionId", type = "string", path = true, required = true, doc = "Region.", doc_zh = "…" },
        { name = "vaultId", type = "string", path = true, required = true, doc = "Vault.", doc_zh = "…" },
        { name = "keyNames", type = "string[]", doc = "Names.", doc_zh = "…" },
        { name = "depth", type = "integer", min = 1, doc = "Depth.", doc_zh = "…" },
        { name = "shared", type = "boolean", doc = "Shared.", doc_zh = "…" },
      },
      rules = {},
      result = { { name = "owner", type = "Tag", doc = "Owner.", doc_zh = "…" } },
    }
    table.insert(operations.list, entry)
    local root, by_command = require("jdvm.cli.parser").new()
    table.remove(operations.list)
    local given = root:parse {
      "describe-vault-keys",
      "--vault-id",
      "v-1",
      "--key-names",
      "a",
      "--key-names",
      "b",
      "--depth",
      "2",
      "--shared",
      "false",
    }
    assert.equal(entry, by_command[given.command])

    local asked, printed = nil, {}
    local status = require("jdvm.cli.commands").show({
      given = given,
      regions = { "cn-north-1" },
      time_left = function() end,
      flush = function() end,
      write = function(text) printed[#printed + 1] = text end,
      client = {
        describe_vault_keys = function(_, params)
          asked = params
          return { owner = { key = "team", value = "infra" } }
        end,
      },
    }, entry)
    assert.equal(0, status)
    assert.same({ regionId = "cn-north-1", vaultId = "v-1", keyNames = { "a", "b" }, depth = 2, shared = false }, asked)
    assert.equal("owner.key    team\nowner.value  infra\n", table.concat(printed))
  end)

  describe("a command of an operation by its entry", function()
    local commands, operations = require "jdvm.cli.commands", require "jdvm.service.operations"
    local output = require "jdvm.cli.output"

    it("ends with 1 when what it is asked for does not exist", function()
      local function status(operation, changes)
        local detail = { kind = "api", http_status = 404, status = "NOT_FOUND", operation = operation }
        for name, value in pairs(changes or {}) do
          detail[name] = value
        end
        return commands.status_of(detail)
      end
      operations.describeVault = { name = "describeVault", shorthand = "vaultId" }
      local found = {
        status "describeVault",
        status "describeImage",
        status("describeImage", { status = "HTTP_NO_ROUTE" }),
        status "describeImages",
      }
      operations.describeVault = nil
      assert.same({ 1, 1, 4, 4 }, found)
    end)

    it("shows its first plain fields, or all where none is plain", function()
      local function columns_of(fields) return output.default_columns { name = "x", result = fields } end
      assert.same(
        { "a", "d" },
        columns_of {
          { name = "a", type = "string" },
          { name = "b", type = "Tag" },
          { name = "c", type = "string[]" },
          { name = "d", type = "integer" },
        }
      )
      assert.same({ "b", "c" }, columns_of { { name = "b", type = "Tag" }, { name = "c", type = "string[]" } })
    end)

    it("asks for the id of its rows by its own name", function()
      local entry = { name = "x", result = {}, shorthand = "vaultName", id = "vaultId" }
      local _, options = output.new("table", { "size" }, entry, print)
      assert.same({ "vaultId", "size" }, options.fields)
      entry.id = nil
      _, options = output.new("json", {}, entry, print)
      assert.same({ source = "_json" }, options)
    end)
  end)

  it("replaces phrases that the library still uses", function()
    local source = require "spec.support.source"
    local texts = {}
    for _, path in ipairs(source.files("^lua/jdvm/.*%.lua$")) do
      if not path:find("/cli/", 1, true) and not path:find("/emulator", 1, true) then
        texts[#texts + 1] = source.strip_lua(source.read(path))
      end
    end
    -- Texts that go on in the next line of the source are joined.
    local library = table.concat(texts, "\n"):gsub("[\"']%s*%.%.%s*[\"']", "")
    for _, phrase in ipairs(require("jdvm.cli.words").phrases) do
      assert.truthy(library:find(phrase[1], 1, true), "nothing says any more: " .. phrase[1])
    end
  end)

  it("takes limits, defaults and formats from the library and the printer", function()
    local options, parser = require "jdvm.options.options", require "jdvm.cli.parser"
    local output = require "jdvm.cli.output"
    local size, endpoint = options.find("client", "page_size"), options.find("client", "endpoint")
    local ahead = options.find("client", "prefetch")
    local kept = { size.max, ahead.max }
    size.max, ahead.max = 77, 7
    table.insert(output.formats, "yaml")
    local root = parser.new()
    size.max, ahead.max = kept[1], kept[2]
    table.remove(output.formats)
    local function is_taken(...) return (root:pparse { ... }) end
    assert.is_true(is_taken("images", "--page-size", "77"))
    assert.is_false(is_taken("images", "--page-size", "78"))
    assert.is_true(is_taken("images", "--prefetch", "7"))
    assert.is_false(is_taken("images", "--prefetch", "8"))
    assert.is_true(is_taken("images", "--consistency", "eventual"))
    for _, command in ipairs { "images", "latest", "image" } do
      assert.is_true(is_taken(command, command == "image" and "img-1" or "--source=public", "--output", "yaml"))
    end
    assert.is_false(is_taken("image", "img-1", "--output", "ids"))
    local help = root:get_help():gsub("%s+", " ")
    assert.truthy(help:find("default " .. endpoint.default .. ".", 1, true), help)
    for _, option in ipairs(options.client) do
      if option.env then assert.truthy(help:find(option.env, 1, true), option.env) end
    end
  end)

  it("takes the library's default for an answer", function()
    local out, status = jdvm "count --source public"
    assert.equal(0, status)
    local lines = lines_of((jdvm "images --source public --consistency eventual -o ids"))
    assert.equal(tonumber(out), #lines)
  end)

  it("has never printed a secret", function()
    local text = table.concat(everything)
    assert.is_true(#text > 10000)
    assert.is_nil(text:find(keys.secret_key, 1, true))
    assert.is_nil(text:find("not-the-secret", 1, true))
    assert.is_nil(text:lower():find("signature=%x"))
  end)
end)
