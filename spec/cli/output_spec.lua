-- How rows are printed, and the columns of a table.
local cjson = require "cjson"
local commands = require "spec.support.command"

local lines_of = commands.lines_of
local world, jdvm, server, lua

describe("the output of jdvm", function()
  setup(function()
    world = commands.start()
    jdvm, server, lua = world.jdvm, world.server, world.lua
  end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  describe("images", function()
    it("prints an aligned table, wide characters counted as two columns", function()
      local out, status = jdvm "images --source public --platform Ubuntu"
      assert.equal(0, status)
      local lines = lines_of(out)
      assert.equal(9, #lines)
      assert.equal(1, lines[1]:find("ID", 1, true))
      local terminal = require "jdvm.cli.terminal"
      local column = lines[1]:find("VERSION", 1, true)
      for i = 2, #lines do
        local before = lines[i]:match("^(.+  )%d%d%.04 ")
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

    it("stops at --max, prints bare ids, and says how to go on", function()
      local out, status, complaint = jdvm "images --source public --output ids --max 3"
      assert.equal(3, #lines_of(out))
      assert.equal(0, status)
      local token = complaint:match("^jdvm: there is more: %-%-start (%S+)\n$")
      local rest = jdvm("images --source public --output ids --start " .. token)
      assert.equal((jdvm "images --source public --output ids"), out .. rest)
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
      server.control("faults", { spec = "error:code=500,page=2" })
      local out, status, complaint = jdvm "images --source public --output json --page-size 10 --prefetch 0"
      assert.equal(4, status)
      assert.truthy(complaint:find("500", 1, true))
      assert.is_false((pcall(cjson.decode, out)))
    end)

    it("ends quietly when nobody reads any more", function()
      local pipe = io.popen(
        ("%s sh -c '%s bin/jdvm images --source public --output jsonl 2>&1 | head -n 1'"):format(
          world.environment(),
          lua
        )
      )
      local out = pipe:read("*a")
      pipe:close()
      assert.equal(1, #lines_of(out))
    end)
  end)

  describe("text of others", function()
    local operations, output = require "jdvm.service.operations", require "jdvm.cli.output"

    -- What a printer of this format writes for a name, on a terminal or not.
    local function printed(format, name, screen, page)
      local parts = {}
      page = page or {}
      page.columns, page.asked, page.headers, page.screen = { "name" }, format ~= "json", false, screen
      function page.write(...)
        for _, text in ipairs { ... } do
          parts[#parts + 1] = text
        end
      end
      local printer = output.new(format, page, operations.describeImages)
      printer.row { imageId = "i", name = name, _json = '{"name":"' .. name .. '"}' }
      printer.finish()
      return table.concat(parts)
    end

    local SCREEN = { columns = 80 }

    it("cannot steer a terminal, in no format", function()
      for code, bytes in pairs {
        [0x7F] = "\127",
        [0x9B] = "\194\155",
        [0x200B] = "\226\128\139",
        [0x200F] = "\226\128\143",
        [0x2028] = "\226\128\168",
        [0x202E] = "\226\128\174",
        [0x2069] = "\226\129\169",
        [0x61C] = "\216\156",
        [0xE0041] = "\243\160\129\129",
      } do
        local name = "a" .. bytes .. "b"
        for _, format in ipairs { "table", "csv", "tsv" } do
          assert.matches("^a ?b\r?\n$", printed(format, name, SCREEN), format)
        end
        local escaped = code > 0xFFFF and "\\udb40\\udc41" or ("\\u%04x"):format(code)
        for _, format in ipairs { "json", "jsonl" } do
          assert.truthy(printed(format, name, SCREEN):find("a" .. escaped .. "b", 1, true), format)
        end
        assert.equal(name, cjson.decode(printed("jsonl", name, SCREEN)).name)
        assert.equal(name .. "\n", printed("tsv", name))
        assert.truthy(printed("json", name):find(name, 1, true))
      end
      assert.equal("64位 ✅\n", printed("table", "64位 ✅", SCREEN))
    end)

    it("is no formula in a spreadsheet, with --csv-safe", function()
      for _, name in ipairs { "=1+2", "+1", "-1", "@SUM", "\tx", "\rx", "＝1", "＋1", "－1", "＠1" } do
        assert.equal(name, (printed("csv", name):gsub("\r\n$", ""):gsub('"', "")))
        assert.equal("'" .. name, (printed("csv", name, nil, { csv_safe = true }):gsub("\r\n$", ""):gsub('"', "")))
      end
      assert.equal("a=1\r\n", printed("csv", "a=1", nil, { csv_safe = true }))
    end)
  end)

  it("image prints no JSON that looks whole when a call failed, but an empty array for what does not exist", function()
    for _, case in ipairs {
      { "error:code=500", "image img-9ha1rgelkq", 4, "" },
      { "", "image img-nosuchone1", 1, "[]\n" },
    } do
      server.control("faults", { spec = case[1] })
      local out, status = jdvm(case[2] .. " --output json")
      assert.equal(case[3], status)
      assert.equal(case[4], out)
    end
    server.control "reset"
    local out, status = jdvm("image img-9ha1rgelkq --output json", { JDCLOUD_SECRET_KEY = "not-the-secret" })
    assert.equal(3, status)
    assert.equal("", out)
    server.control("faults", { spec = "error:code=500,image=img-nosuchone1" })
    out, status = jdvm "image img-9ha1rgelkq img-nosuchone1 --output json"
    assert.equal(4, status)
    assert.is_false((pcall(cjson.decode, out)), out)
  end)

  it("prints JSON of the columns that were asked for, nested fields nested", function()
    local columns = " --source public --max 2 --columns systemDisk.cloudDisk.diskSizeGB,imageId"
    local expected = '{"systemDisk":{"cloudDisk":{"diskSizeGB":40}},"imageId":"img-9ha1rgelkq"}'
    assert.equal(expected, lines_of((jdvm("images -o jsonl" .. columns)))[1])
    assert.same(cjson.decode(expected), cjson.decode((jdvm("images -o json" .. columns)))[1])
    local text = jdvm "images --source public --max 1 -o jsonl --columns imageId,region --region all"
    assert.equal('{"imageId":"img-9ha1rgelkq","region":"cn-north-1"}\n', text)
  end)

  it("prints tab-separated values, the same fields whatever the filter, and no headings on request", function()
    local columns = " --source private --columns imageId,desc"
    local tsv, plain = jdvm("images -o tsv" .. columns), jdvm("images -o tsv --no-headers" .. columns)
    assert.equal(tsv, "imageId\tdesc\n" .. plain)
    assert.truthy(plain:find('\tit\'s a "quoted" name\\\\with backslash\n', 1, true), plain)
    local heads = {}
    for _, filter in ipairs { "--source public", "--source public --status ready" } do
      heads[#heads + 1] = jdvm("images --max 1 -o csv " .. filter):match("^[^\n]*")
    end
    assert.equal(heads[1], heads[2])
    assert.truthy(heads[1]:find(",imageSource\r", 1, true), heads[1])
    for _, format in ipairs { "table", "csv" } do
      local out = jdvm("images --source public --max 1 --no-headers --columns imageId -o " .. format)
      assert.matches("^img%-9ha1rgelkq\r?\n$", out)
    end
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
    assert.equal("ID              STATUS\nimg-9ha1rgelkq  ready\n", out)
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
end)
