-- The editor types and the reference pages say what the library does now.
local api = require "docs.lib.api"
local described = require "docs.lib.described"
local examples = require "docs.lib.examples"
local make_files = require "docs.make"
local make_reference = require "docs.lib.reference"
local make_types = require "docs.lib.types"
local jdvm = require "jdvm"
local operations = require "jdvm.service.operations"
local shell = require "spec.support.shell"

describe("generated files", function()
  for _, file in ipairs(make_files) do
    it(
      file.path .. " is current (else run make docs)",
      function()
        assert.is_true(shell.read(file.path) == file.make(), file.path .. " differs from what make docs writes")
      end
    )
  end
end)

describe("the editor types", function()
  it("are Lua on every version", function()
    local chunk = assert(loadfile "lua/jdvm/types.lua")
    assert.is_table(chunk())
  end)
end)

for _, language in ipairs { "en", "zh" } do
  describe("the reference page (" .. language .. ")", function()
    local page = make_reference(language)

    it("links to places that exist", function()
      local targets = {}
      for title in page:gmatch("\n#+ ([^\n]+)") do
        targets[title:lower()] = true
      end
      for anchor in page:gmatch('<a id="([^"]+)"></a>') do
        targets[anchor] = true
      end
      local links = 0
      for link in page:gmatch("%]%(#([^)]+)%)") do
        links = links + 1
        assert.is_truthy(targets[link], link)
      end
      assert.is_true(links > 30, links)
    end)

    it("has an example for each method of a client", function()
      local count = 0
      for at, method in page:gmatch("()\n#### `(client:[%w_]+)") do
        local text = page:sub(at + 1, page:find("\n##", at + 1, true))
        assert.is_truthy(text:find("```lua\n", 1, true), method)
        count = count + 1
      end
      assert.is_true(count >= 10, count)
    end)

    it("says what the module holds besides functions", function()
      for name, value in pairs(jdvm) do
        if type(value) ~= "function" and name ~= "regions" then
          assert.is_truthy(page:find("\n#### `jdvm." .. name .. "`\n", 1, true), name)
        end
      end
    end)

    it("gives the service's return codes in its words", function()
      for code, words in pairs {
        [200] = "OK",
        [400] = "Invalid parameter",
        [401] = "Authentication failed",
        [404] = "Not found",
        [500] = "Internal server error",
        [503] = "Service unavailable",
      } do
        assert.is_truthy(page:find(("\n| `%d` | %s |"):format(code, words), 1, true), code)
      end
    end)

    it("has tables whose rows have as many cells as their heads", function()
      local width
      for line in page:gmatch("([^\n]*)\n") do
        if line:sub(1, 1) == "|" then
          local _, bars = line:gsub("\\|", ""):gsub("|", "")
          width = width or bars
          assert.equal(width, bars, line)
        else
          width = nil
        end
      end
    end)

    it("describes the file of profiles, by an example that is read as it stands", function()
      local profile = require "jdvm.keys.profile"
      local sections, names, problems = profile.parse(page:match("\n```ini\n(.-)```\n"))
      assert.same({ "default", "test" }, names)
      assert.same({}, problems)
      assert.equal("cn-north-1", sections.default.region_id)
      assert.equal("http", sections.test.scheme)
      for _, section in pairs(sections) do
        assert.same({}, profile.near_misses(section))
      end
      for _, key in ipairs(described.profile) do
        assert.is_truthy(
          page:find(
            ("\n| `%s` | [^\n]*"):format(key.name) .. (language == "zh" and key.doc_zh or key.doc):gsub("%p", "%%%0")
          ),
          key.name
        )
      end
      assert.is_truthy(page:find("`~/.jdc/current`", 1, true))
    end)
  end)
end

describe("the examples of the reference", function()
  local emulator = require "spec.support.emulator"

  -- Runs Lua code as the reference says, under the emulator; what it prints, and its exit status.
  local function run(code)
    local path = os.tmpname()
    shell.write(path, code)
    local command = emulator.command { args = { "--", emulator.this_lua(), path } }
    local paths = ("LUA_PATH=%s LUA_CPATH=%s "):format(shell.quote(package.path), shell.quote(package.cpath))
    local text = shell.output(emulator.NO_SETTINGS .. paths .. command .. " 2>&1; echo status $?")
    os.remove(path)
    return text
  end

  it("run as they stand", function()
    local code = {}
    for _, example in pairs(examples.methods) do
      code[#code + 1] = "do\n" .. example .. "end\n"
    end
    local text = run(table.concat(code))
    assert.matches("status 0$", text)
    for _, line in ipairs { "9\t9", "endpoint\t", "CentOS 8.2 64位\tready", "30", "18", "img%-[%w]+\t2022" } do
      assert.matches(line, text)
    end
  end)

  it("of testing are the page's own, and test", function()
    assert.equal("all passed\nstatus 0", run(examples.test))
    assert.equal("web\nstatus 0", run(examples.recorded))
    local broken = examples.test:gsub("throttle:count=2", "throttle:count=99")
    assert.matches("status 1$", run(broken))
  end)
end)

describe("a third operation", function()
  local entry = {
    name = "describeKeypairs",
    method_name = "describe_keypairs",
    method = "GET",
    path = "/v1/keypairs",
    doc = "Keypairs of the test.",
    doc_zh = "测试用密钥对。",
    parameters = { { name = "keyNames", type = "string[]", doc = "Names of the test.", doc_zh = "测试名称。" } },
    result = {
      { name = "keypairs", type = "Tag[]", required = true, doc = "Keys of the test.", doc_zh = "测试结果。" },
    },
    page = { items = "keypairs", id = "key" },
  }

  it("is in types and pages by its entry alone", function()
    local types, english, chinese
    table.insert(operations.list, entry)
    local ok, message = pcall(function()
      types, english, chinese = make_types(), make_reference "en", make_reference "zh"
    end)
    table.remove(operations.list)
    assert.is_true(ok, message)
    for _, line in ipairs {
      "---@class jdvm.DescribeKeypairsParams",
      "---@field keyNames? string[] Names of the test. 测试名称。",
      "---@field keypairs jdvm.Tag[] Keys of the test. 测试结果。",
      "function Client:describe_keypairs(params, options) end",
      "function Client:keypairs(params, options) end",
      "function Client:keypair_pages(params, options) end",
      "function Client:list_keypairs(params, options) end",
      "---@return jdvm.Tag[]|nil items",
    } do
      assert.is_truthy(types:find(line, 1, true), line)
    end
    assert.is_truthy(english:find("\n### describeKeypairs\n\nKeypairs of the test.\n", 1, true))
    assert.is_truthy(english:find("`client:list_keypairs(params, options?)`", 1, true))
    assert.is_truthy(chinese:find("测试用密钥对。", 1, true))
  end)
end)

describe("public names", function()
  local client = jdvm.new { region = "cn-north-1", access_key = "A", secret_key = "S" }
  it("of catalogues are described, and those described are there", function()
    -- As far as making a catalogue goes, this is nginx.
    rawset(_G, "ngx", { shared = { jdvm = { capacity = function() return 1024 end } } })
    package.loaded["jdvm.cache"] = nil
    local ok, catalogue = pcall(function() return require "jdvm.cache".new { client = client, dict = "jdvm" } end)
    rawset(_G, "ngx", nil)
    package.loaded["jdvm.cache"] = nil
    assert.is_true(ok, catalogue)
    local there, documented = {}, {}
    for name in pairs(getmetatable(catalogue).__index) do
      there[name] = name:sub(1, 2) ~= "__" or nil
    end
    for _, object in ipairs(api.objects) do
      for _, method in ipairs(object.name == "Catalogue" and object.methods or {}) do
        documented[method.name] = true
      end
    end
    assert.same(documented, there)
  end)

  it("of the options of jdvm.decode are those that it names itself", function()
    local _, message = pcall(require("jdvm").decode, "[]", { colour = 1 })
    local known, documented = {}, {}
    for name in message:match("there are ([^)]*)"):gmatch("[%l_%d]+") do
      known[name] = true
    end
    for _, option in ipairs(api.decode_options) do
      documented[option.name] = true
    end
    assert.same(known, documented)
  end)

  it("are documented in both languages", function()
    local function check(entry, where)
      assert.matches("%.$", entry.doc, where)
      assert.matches("。$", entry.doc_zh, where)
    end
    for _, list in ipairs { api.functions, api.client, api.lists, api.decode_options, { api.cache } } do
      for _, entry in ipairs(list) do
        check(entry, entry.name or entry.method)
      end
    end
    for _, object in ipairs(api.objects) do
      check(object, object.name)
      for _, entry in ipairs(object.methods) do
        check(entry, object.name .. ":" .. entry.name)
      end
    end
    for _, list in pairs(described.options) do
      for _, option in ipairs(list) do
        check(option, option.name)
      end
    end
    for _, class in ipairs(described.models) do
      check(class, class.name)
      for _, field in ipairs(class.fields) do
        check(field, class.name .. "." .. field.name)
      end
    end
    for _, class in ipairs(api.classes) do
      check(class, class.name)
      for _, field in ipairs(class.fields) do
        check(field, class.name .. "." .. field.name)
      end
    end
  end)
end)
