-- What the subcommands do and how they end, run as a user runs them.
local cjson = require "cjson"
local commands = require "spec.support.command"
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local world, jdvm, server

describe("jdvm", function()
  setup(function()
    world = commands.start()
    jdvm, server = world.jdvm, world.server
  end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  describe("image", function()
    it("shows every field", function()
      local out, status = jdvm "image img-9ha1rgelkq"
      assert.equal(0, status)
      assert.truthy(out:find("\nsystemDisk\n  diskCategory +cloud\n"), out)
    end)

    it("finds where an image is, among several regions", function()
      local out, status, complaint =
        jdvm "image img-9ha1rgelkq img-nosuchone1 --region all -o csv --columns imageId,region"
      assert.equal("region,imageId\r\n", out:match("^[^\n]*\n") == "imageId,region\r\n" and "region,imageId\r\n")
      assert.truthy(out:find("\r\nimg-9ha1rgelkq,cn-north-1\r\n", 1, true), out)
      assert.same({ 1, "jdvm: not found: img-nosuchone1\n" }, { status, complaint })
      out, status = jdvm "image img-9ha1rgelkq --region all"
      assert.equal(0, status)
      assert.truthy(out:find("\nregionId +cn%-north%-1\n"), out)
      out, status, complaint = jdvm "wait img-9ha1rgelkq img-nosuchone1 --region all"
      assert.equal("img-9ha1rgelkq  ready\n", out)
      assert.same({ 1, "jdvm: not found: img-nosuchone1\n" }, { status, complaint })
      assert.equal(0, (select(2, jdvm "wait img-nosuchone1 --status gone --region all")))
    end)

    it("goes on after an id that does not exist, and says so", function()
      local out, status, complaint = jdvm "image img-nosuchone1 img-9ha1rgelkq --output csv --columns imageId"
      assert.equal(1, status)
      assert.equal("imageId\r\nimg-9ha1rgelkq\r\n", out)
      assert.truthy(complaint:find("404 NOT_FOUND", 1, true))
    end)
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

  it("gets along with every type of every field", function()
    local out = shell.output(emulator.this_lua() .. " spec/support/wrong_types.lua 2>&1")
    assert.truthy(tonumber(out), out)
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
        local _, warnings = complaint:gsub("jdvm: wait: could not connect[^\n]*; waiting on", "")
        assert.equal(is_wait and 1 or 0, warnings, complaint)
        assert.truthy(complaint:find("could not connect to 127.0.0.1 port 9", 1, true))
      end)

      it("no time: 124, " .. command, function()
        server.control("faults", { spec = "latency:seconds=2" })
        local _, status, complaint = jdvm(command .. " --timeout 0.3")
        assert.equal(124, status)
        assert.truthy(complaint:find("; give a longer --timeout\n", 1, true), complaint)
      end)
    end

    it("no such path: 4, since a mistyped region says nothing of the image", function()
      for _, command in ipairs { "image img-9ha1rgelkq", "wait img-9ha1rgelkq", "images --id img-9ha1rgelkq" } do
        local out, status, complaint = jdvm(command .. " --region cn-nroth-1 --timeout 20")
        assert.same({ "", 4 }, { out, status }, command)
        assert.truthy(complaint:find("did you mean cn-north-1?", 1, true), complaint)
      end
      assert.equal(1, (select(2, jdvm "image img-none")))
    end)

    it("an image that does not exist any more, by any word: 1; other refusals are tried once", function()
      for _, code in ipairs { 400, 401, 403, 404 } do
        server.control("faults", { spec = "error:status=UNKNOWN,message=INTERNAL,code=" .. code })
        local _, status, complaint = jdvm "image img-9ha1rgelkq -v"
        assert.equal(code == 401 and 3 or code == 403 and 3 or 4, status, complaint)
        assert.equal(1, select(2, complaint:gsub("jdvm: describeImage: GET ", "")), complaint)
        server.control("faults", { spec = "error:code=" .. code })
        assert.equal(code == 404 and 1 or code == 400 and 4 or 3, (select(2, jdvm "image img-9ha1rgelkq")))
      end
    end)

    it("a fault of its own: 70, in one line, and with -v where it was", function()
      local sabotage =
        [[package.preload["jdvm.cli.doctor"] = function() return { run = function() error("a\nb") end } end]]
      local function run(arguments)
        local command = ("%s %s -e %s bin/jdvm %s 2>&1; echo $?"):format(
          world.environment(),
          world.lua,
          shell.quote(sabotage),
          arguments
        )
        return shell.output(command):match("^(.*\n)(%d+)%s*$")
      end
      local complaint, status = run "doctor"
      assert.equal("70", status)
      assert.matches("^jdvm: this is a bug in jdvm, please report it: [^\n]*a b\n$", complaint)
      complaint, status = run "doctor -v"
      assert.equal("70", status)
      assert.truthy(complaint:find("stack traceback", 1, true), complaint)
    end)
  end)

  it("names the ids that are not there", function()
    local out, status, complaint = jdvm "images --id img-9ha1rgelkq --id img-nosuchone1 -o ids"
    assert.equal("img-9ha1rgelkq\n", out)
    assert.equal(1, status)
    assert.truthy(complaint:find("not found: img-nosuchone1", 1, true))
  end)

  it("of several regions names those ids that are in none of them, once", function()
    for command, expected in pairs {
      ["images -o ids"] = "cn-north-1 img-9ha1rgelkq\n",
      ["latest -o ids"] = "cn-north-1 img-9ha1rgelkq\n",
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

  it("names the region of a failure; a list ends there, and counting goes on", function()
    local regions = " --source public --region cn-north-1 --region cn-east-1"
    server.control("faults", { spec = "error:code=400,region=cn-north-1" })
    local out, status, complaint = jdvm("count" .. regions)
    assert.matches("^cn%-east%-1 %d+\n$", out)
    assert.equal(4, status)
    assert.truthy(complaint:find("^jdvm: cn%-north%-1: describeImages: 400"), complaint)
    for _, command in ipairs { "images -o json", "latest -o ids" } do
      out, status, complaint = jdvm(command .. regions)
      assert.same({ "", 4 }, { out, status })
      assert.truthy(complaint:find("regionId=cn-north-1", 1, true), complaint)
    end
    server.control("faults", { spec = "error:code=400,region=cn-east-1" })
    assert.is_false((pcall(cjson.decode, (jdvm("images -o json" .. regions)))))
  end)

  it("--verbose reports each request with its query", function()
    local _, _, complaint = jdvm "images --source public --verbose"
    assert.matches("/v1/regions/cn%-north%-1/images%?imageSource=public&[^ ]+ try 1: 200", complaint)
  end)

  describe("a command of an operation by its entry", function()
    local operations = require "jdvm.service.operations"
    local output = require "jdvm.cli.output"

    it("ends with 1 when what it is asked for does not exist", function()
      local function status(operation, changes)
        local detail = { kind = "api", http_status = 404, cause = "not_found", operation = operation }
        for name, value in pairs(changes or {}) do
          detail[name] = value
        end
        return require("jdvm.cli.status").of(detail)
      end
      operations.describeVault = { name = "describeVault", shorthand = "vaultId" }
      local found = {
        status "describeVault",
        status "describeImage",
        status("describeImage", { cause = "no_route" }),
        status "describeImages",
      }
      operations.describeVault = nil
      assert.same({ 1, 1, 4, 4 }, found)
    end)

    it("asks for the id of its rows by its own name", function()
      local entry = { name = "x", result = {}, shorthand = "vaultName", id = "vaultId" }
      local _, options = output.new("table", { columns = { "size" } }, entry)
      assert.same({ "vaultId", "size" }, options.fields)
      entry.id = nil
      _, options = output.new("json", { columns = {} }, entry)
      assert.same({ source = "_json" }, options)
    end)
  end)
end)
