-- jdvm.new: what it takes, where it looks, what it refuses, and that it touches no network.
local cjson = require "cjson"
local core = require "jdvm.core"
local fake_transport = require "spec.support.fake_transport"
local jdvm = require "jdvm"
local own_process = require "spec.support.own_process"
local profile = require "jdvm.keys.profile"
local proxy = require "jdvm.transport.proxy"

local getenv = os.getenv
local unpack_all = table.unpack or unpack -- luacheck: ignore 113 143

local function with_environment(values, f)
  os.getenv = function(name) return values[name] end -- luacheck: ignore 122
  local ok, result = pcall(f)
  os.getenv = getenv -- luacheck: ignore 122
  if not ok then error(result, 0) end
  return result
end

local function raised(f)
  local ok, message = pcall(f)
  assert.is_false(ok)
  return message
end

describe("jdvm", function()
  it("has the version of its C module, and the null of cjson", function()
    assert.equal(core._VERSION, jdvm._VERSION)
    assert.equal(cjson.null, jdvm.null)
  end)

  it("knows the regions and the service's times", function()
    assert.same({ id = "cn-north-1", name = "North China, Beijing", name_zh = "华北-北京" }, jdvm.regions[1])
    assert.equal(4, #jdvm.regions)
    assert.equal(1611823745, jdvm.time "2021-01-28 16:49:05")
  end)

  it("loads what few programs need when it is used, but inside nginx at once", function()
    local loads = [[
      require "jdvm"
      for _, name in ipairs { "lists.iterator", "lists.scan", "wait", "service.models", "transport.nginx" } do
        if package.loaded["jdvm." .. name] then print(name) end
      end
    ]]
    assert.equal("", own_process.run(loads))
    assert.equal(
      "lists.iterator\nlists.scan\nwait\nservice.models\ntransport.nginx",
      own_process.run("ngx = { socket = {}, thread = {} }\n" .. loads)
    )
  end)

  it("says what to do when that cannot be loaded later, and tries again", function()
    local output = own_process.run [[
      local client = require "jdvm".new { region = "cn-north-1", access_key = "a", secret_key = "s" }
      local path = package.path
      package.path = ""
      print(pcall(client.images, client, { imageSource = "public" }))
      package.path = path
      print(type(client:images { imageSource = "public" }))
    ]]
    assert.matches(
      '^false\tjdvm: jdvm%.%w+ cannot be loaded now; write require "jdvm%.%w+" where the program ' .. "starts: .*\n%w+$",
      output
    )
  end)
end)

describe("the locale", function()
  -- As tr_TR.UTF-8, whose small "I" is no single byte, does it to them.
  local function in_turkish(f)
    local lower, upper = string.lower, string.upper
    local function all_but(letter, change)
      return function(text)
        return (text:gsub(".", function(character) return character == letter and character or change(character) end))
      end
    end
    string.lower, string.upper = all_but("I", lower), all_but("i", upper) -- luacheck: ignore 122
    local results = { pcall(f) }
    string.lower, string.upper = lower, upper -- luacheck: ignore 122
    return unpack_all(results)
  end

  it("does not decide what a name means", function()
    local body = '{"error":{"code":401,"status":"ACCESS_ERROR","message":"INVALID ACCESSKEY"}}'
    local options = {
      region = "cn-north-1",
      access_key = "A",
      secret_key = "S",
      endpoint = "HTTPS://VM.INTERNAL",
      transport = function() return { status = 401, headers = { ["X-JDCLOUD-REQUEST-ID"] = "r1" }, body = body } end,
    }
    local ok, client, detail, sections, fault = in_turkish(function()
      local client = jdvm.new(options)
      local _, _, detail = client:describe_images { imageSource = "public" }
      local sections = profile.parse "[default]\nREGION_ID = cn-north-1\n"
      assert.is_true(proxy.exempts("*.INTERNAL", "vm.internal", 443))
      return client, detail, sections, raised(function() jdvm.new { REGION_ID = "x" } end)
    end)
    assert.is_true(ok, client)
    assert.matches("https://vm.internal", tostring(client), 1, true)
    assert.same({ "unknown_access_key", "r1" }, { detail.cause, detail.request_id })
    assert.same({ default = { region_id = "cn-north-1" } }, sections)
    assert.matches("did you mean 'region'?", fault, 1, true)
  end)
end)

describe("jdvm.explain", function()
  it("words a failure for other readers", function()
    local detail = { kind = "credentials", cause = "no_region", message = "no region" }
    local line, explained = jdvm.explain(detail, "zh", "command")
    assert.equal("jdvm: 没有地域", line)
    assert.equal("没有地域", explained.message)
    assert.equal("jdvm: no region", (jdvm.explain(detail)))
  end)

  it("raises for what is no failure and no language", function()
    assert.has_error(function() jdvm.explain("x") end, "jdvm.explain: give it the detail of a failure, got a string")
    assert.has_error(function() jdvm.explain({}, "fr") end, 'jdvm.explain: the language is "en" or "zh"')
  end)
end)

describe("jdvm.new", function()
  local function fake()
    return fake_transport.new(function() return { status = 200, body = "{}" } end)
  end

  it("touches no network and needs no keys", function()
    local transport = fake()
    transport.start = function() error "a request" end
    with_environment({}, function() return jdvm.new { transport = transport } end)
    with_environment({}, function() return jdvm.new() end)
  end)

  it("raises for misuse at the caller's line, and says what was meant", function()
    for part, given in pairs {
      ["did you mean 'region'"] = { regoin = "cn-north-1" },
      ["option 'timeout' must be a number"] = { timeout = "30" },
      ["option 'page_size' must be from 10 to 100"] = { page_size = 9 },
      ["option access_key needs secret_key beside it"] = { access_key = "A" },
      ["must be auto, curl or ngx"] = { transport = "socket" },
      ["without the function 'start'"] = { transport = {} },
      ["the options must be a table"] = "cn-north-1",
      ["must begin with https://"] = { endpoint = "vm.jdcloud-api.com" },
    } do
      local line = debug.getinfo(1, "l").currentline + 1
      local message = raised(function() jdvm.new(given) end)
      assert.truthy(message:find(part, 1, true), message)
      assert.equal(tostring(line), message:match("jdvm_spec%.lua:(%d+): jdvm%.new: "), message)
    end
  end)

  it("shows no secret in what it raises", function()
    for _, options in ipairs {
      { access_key = "AKID", secret_key = "a secret text" },
      { access_key = "AKID", secret_key = "wJalr\n" },
      { access_key = "AKID", secret_key = 12345678 },
      { secret_key = "wJalrXUtnFEMI" },
    } do
      local message = raised(function() jdvm.new(options) end)
      assert.is_nil(message:find(tostring(options.secret_key), 1, true), message)
      assert.is_nil(message:find("wJalr", 1, true), message)
    end
  end)

  it("shows its region and its endpoint", function()
    assert.equal(
      "jdvm client r https://vm.jdcloud-api.com",
      tostring(jdvm.new { region = "r", endpoint = "https://VM.jdcloud-api.com:443/" })
    )
    local message = raised(function() jdvm.new { endpoint = "https://x/base" } end)
    assert.truthy(message:find("endpoint (option endpoint)", 1, true), message)
  end)

  it("finds region, keys and endpoint in the environment", function()
    local client = with_environment({
      JDCLOUD_REGION = "cn-east-2",
      JDCLOUD_ENDPOINT = "http://127.0.0.1:1",
      JDCLOUD_ACCESS_KEY = "AKIDENV",
      JDCLOUD_SECRET_KEY = "SKENV",
    }, function() return jdvm.new { transport = fake() } end)
    assert.equal("jdvm client cn-east-2 http://127.0.0.1:1", tostring(client))
    local transport = fake()
    client = with_environment(
      { JDCLOUD_ACCESS_KEY = "AKIDENV", JDCLOUD_SECRET_KEY = "SKENV" },
      function() return jdvm.new { transport = transport, region = "cn-north-1", max_attempts = 1 } end
    )
    client:describe_image "img-1"
    assert.truthy(transport.requests[1].headers.authorization:find("AKIDENV", 1, true))
  end)

  it("says at the first call what keys it did not find, and where it looked", function()
    local client = with_environment(
      { HOME = "/nonexistent" },
      function() return jdvm.new { transport = fake(), region = "cn-north-1" } end
    )
    local result, message, detail = client:describe_image "img-1"
    assert.is_nil(result)
    assert.equal("credentials", detail.kind)
    assert.truthy(message:find("JDCLOUD_ACCESS_KEY", 1, true), message)
    assert.equal(0, detail.attempts)
  end)

  it("makes the options' values the defaults of calls", function()
    local transport = fake()
    local client = jdvm.new {
      region = "cn-north-1",
      access_key = "A",
      secret_key = "S",
      transport = transport,
      connect_timeout = 1,
      read_timeout = 2,
      max_body = 1000,
      max_attempts = 1,
    }
    client:describe_image "img-1"
    client:describe_image("img-1", { connect_timeout = 3, read_timeout = 4 })
    local first, second = transport.requests[1], transport.requests[2]
    assert.same({ 1, 2, 1000 }, { first.connect_timeout, first.read_timeout, first.max_body })
    assert.same({ 3, 4, 1000 }, { second.connect_timeout, second.read_timeout, second.max_body })
  end)

  it("makes clients that are closed at the end of their scope", function()
    local client = jdvm.new { region = "r", transport = fake() }
    assert.equal("function", type(getmetatable(client).__close))
    getmetatable(client).__close(client)
    raised(function() client:describe_image "img-1" end)
  end)
end)

describe("another operation of the service", function()
  it("takes an entry and nothing else; it needs neither a region in its path nor a list", function()
    local operations = require "jdvm.service.operations"
    local entry = {
      name = "describeInstances",
      method_name = "describe_instances",
      method = "GET",
      path = "/v1/regions/{regionId}/instances",
      doc = "Instances.",
      doc_zh = "云主机。",
      parameters = {
        { name = "regionId", type = "string", path = true, required = true, doc = "", doc_zh = "" },
        { name = "pageNumber", type = "integer", min = 1, doc = "", doc_zh = "" },
        { name = "pageSize", type = "integer", min = 10, max = 100, doc = "", doc_zh = "" },
      },
      result = {
        { name = "instances", type = "Instance[]", required = true },
        { name = "totalCount", type = "integer" },
      },
      page = {
        items = "instances",
        id = "instanceId",
        total = "totalCount",
        number = "pageNumber",
        size = "pageSize",
        min = 10,
        max = 100,
      },
    }
    local quota = {
      name = "describeQuota",
      method_name = "describe_quota",
      method = "GET",
      path = "/v1/quota",
      parameters = {},
      result = { { name = "limit", type = "integer" }, { name = "used", type = "integer" } },
    }
    local loaded, list = {}, operations.list
    for _, name in ipairs { "jdvm", "jdvm.client", "jdvm.service.operations" } do
      loaded[name] = package.loaded[name]
    end
    operations.list = { list[1], list[2], entry, quota }
    operations.describeInstances, operations.describeQuota = entry, quota
    package.loaded["jdvm"], package.loaded["jdvm.client"] = nil, nil
    local ok, problem = pcall(function()
      local transport = fake_transport.new(function(request)
        local instances = '{"result":{"instances":[{"instanceId":"i-1"}],"totalCount":1}}'
        return { status = 200, body = request.url:find "/v1/quota$" and '{"result":{"limit":9,"used":4}}' or instances }
      end)
      local client = require("jdvm").new { region = "r", access_key = "A", secret_key = "S", transport = transport }
      assert.equal(1, client:describe_instances({}).totalCount)
      assert.equal("i-1", client:list_instances({})[1].instanceId)
      assert.equal(1, (client:count_instances {}))
      for instance in client:instances {} do
        assert.equal("i-1", instance.instanceId)
      end
      for page in client:instance_pages {} do
        assert.equal(1, #page.instances)
      end
      assert.equal(1, client:start("describeInstances", {}):finish().totalCount)
      assert.same({ limit = 9, used = 4 }, (client:describe_quota()))
      assert.same({ used = 4 }, (client:describe_quota(nil, { fields = { "used" } })))
    end)
    operations.list, operations.describeInstances, operations.describeQuota = list, nil, nil
    for name, module in pairs(loaded) do
      package.loaded[name] = module
    end
    assert.is_true(ok, problem)
  end)
end)

describe("the example that lists images", function()
  it("prints those of which the service says next to nothing, too", function()
    local transport = fake_transport.new(
      function() return { status = 200, body = '{"result":{"images":[{"imageId":"img-1"}],"totalCount":1}}' } end
    )
    local replaced, lines = { jdvm = package.loaded.jdvm, arg = _G.arg, print = print }, {}
    package.loaded.jdvm = {
      new = function()
        return jdvm.new { region = "cn-north-1", access_key = "A", secret_key = "S", transport = transport }
      end,
    }
    _G.arg, _G.print = {}, function(line) lines[#lines + 1] = line end -- luacheck: ignore 122
    local ok, problem = pcall(dofile, "examples/list_images.lua")
    package.loaded.jdvm, _G.arg, _G.print = replaced.jdvm, replaced.arg, replaced.print -- luacheck: ignore 122
    assert.is_true(ok, problem)
    assert.matches("^img%-1 +%- +%- +%- +%- +%-$", lines[2])
    assert.matches("^1 image%(s%) on 1 page%(s%)", lines[3])
  end)
end)
