-- Options are checked against one table: names, types, ranges, known values.
local check = require "jdvm.options.check"
local operations = require "jdvm.service.operations"
local options = require "jdvm.options.options"

describe("options", function()
  it("have defaults and known values that pass their own checks", function()
    for _, set in ipairs { "client", "call", "list", "wait", "cache" } do
      local given = options.defaults(set)
      for _, option in ipairs(options[set]) do
        if option.required then given[option.name] = option.type == "table" and {} or "x" end
      end
      assert.is_nil(check.fault(set, given))
      for _, option in ipairs(options[set]) do
        for _, value in ipairs(option.values or {}) do
          assert.is_nil(check.fault(set, { [option.name] = value }), option.name)
        end
      end
    end
    assert.equal(30, options.defaults("client").timeout)
    assert.is_nil(options.defaults("list").page_size) -- the client's
    assert.equal(1800, options.defaults("wait").timeout)
  end)

  it("of a client say who looks at them, but for those that the client resolves", function()
    local resolved = {}
    for _, option in ipairs(options.client) do
      if not option.goes then
        resolved[#resolved + 1] = option.name
      else
        assert.is_truthy(({ transport = true, call = true, both = true })[option.goes], option.name)
      end
    end
    assert.same({
      "region",
      "access_key",
      "secret_key",
      "session_token",
      "credentials",
      "profile",
      "endpoint",
      "ca_file",
      "user_agent",
      "clock",
    }, resolved)
  end)

  it("of a client that go to the transport are read by one", function()
    local source = require "spec.support.source"
    local code = {}
    for i, path in ipairs { "transport.lua", "transport/curl.lua", "transport/nginx.lua" } do
      code[i] = source.strip_lua(source.read("lua/jdvm/" .. path))
    end
    code = table.concat(code)
    local function is_read(name) return code:find("%f[%w_]config%." .. name .. "%f[^%w_]") ~= nil end
    assert.is_false(is_read "colour")
    for _, option in ipairs(options.client) do
      if option.goes == "transport" or option.goes == "both" then
        assert.is_true(is_read(option.name), option.name .. " is accepted, but no transport reads it")
      end
    end
  end)

  it("that are nil or empty are fine", function()
    assert.is_nil(check.fault("call", nil))
    assert.is_nil(check.fault("call", {}))
  end)

  it("of lists and waits include those of every call", function()
    assert.is_nil(check.fault("list", { timeout = 2.5, max_items = 7, fields = { "imageId" } }))
    assert.is_nil(check.fault("wait", { timeout = 600, status = "ready" }))
    assert.matches("^unknown option 'max_items'", check.fault("call", { max_items = 7 }))
  end)

  it("of a cache must name a client and a dict, and times that can be kept", function()
    assert.equal("option 'client' is required", check.fault("cache", nil))
    assert.equal("option 'dict' is required", check.fault("cache", { client = {} }))
    local function fault(name, value) return check.fault("cache", { client = {}, dict = "d", [name] = value }) end
    assert.equal("unknown option 'tll'; did you mean 'ttl'?", fault("tll", 1))
    for _, name in ipairs { "ttl", "lock_ttl" } do
      assert.equal(("option '%s' must be at least 0.001, got 0"):format(name), fault(name, 0))
    end
    for _, name in ipairs { "stale", "negative_ttl" } do
      assert.is_nil(fault(name, 0))
      assert.equal(("option '%s' must be at least 0, got -1"):format(name), fault(name, -1))
      assert.matches("must be at most 1", fault(name, 1e9))
    end
  end)

  it("suggest the nearest name", function()
    assert.equal("unknown option 'reigon'; did you mean 'region'?", check.fault("client", { reigon = "x" }))
    assert.equal("unknown option 'maxAttempts'; did you mean 'max_attempts'?", check.fault("call", { maxAttempts = 1 }))
    assert.matches("^unknown option 'colour'; known are timeout, .* and utf8$", check.fault("call", { colour = 1 }))
    assert.matches("^options are named, but there is one with the key 1", check.fault("call", { 5 }))
  end)

  it(
    "are told from parameters",
    function()
      assert.equal(
        "unknown option 'imageSource': it is a parameter, which goes into the table before the options",
        check.fault("list", { imageSource = "public" }, operations.describeImages.parameters)
      )
    end
  )

  it("of other calls are told from them", function()
    for message, set_and_name in pairs {
      ["unknown option 'max_items': it is an option of lists"] = { "call", "max_items" },
      ["unknown option 'fields': it is an option of calls"] = { "client", "fields" },
      ["unknown option 'interval': it is an option of wait_image"] = { "list", "interval" },
      ["unknown option 'region': it is an option of jdvm.new; here give the parameter 'regionId', in the table before " .. "the options"] = {
        "list",
        "region",
      },
    } do
      local set, name = set_and_name[1], set_and_name[2]
      assert.equal(
        message,
        check.fault(set, { [name] = 1 }, set ~= "client" and operations.describeImages.parameters or nil)
      )
    end
  end)

  it("have types", function()
    assert.equal("the options must be a table, got 5", check.fault("call", 5))
    assert.equal("option 'timeout' must be a number, got \"5\"", check.fault("call", { timeout = "5" }))
    assert.matches("must be a finite number, got ", check.fault("call", { timeout = 0 / 0 }))
    assert.equal("option 'timeout' must be a finite number, got inf", check.fault("call", { timeout = math.huge }))
    assert.equal("option 'prefetch' must be an integer, got 2.5", check.fault("list", { prefetch = 2.5 }))
    assert.equal("option 'http2' must be true or false, got 1", check.fault("client", { http2 = 1 }))
    assert.equal("option 'logger' must be a function, got a table", check.fault("client", { logger = {} }))
    assert.is_nil(check.fault("client", { logger = setmetatable({}, { __call = print }) }))
    assert.is_nil(check.fault("client", { transport = {} }))
    assert.is_nil(check.fault("client", { transport = print }))
    assert.equal(
      "option 'transport' must be a string, a table or a function, got 5",
      check.fault("client", { transport = 5 })
    )
    for message, wrong in pairs {
      ['must be an array of strings, got "imageId": write { "imageId" }'] = "imageId",
      ["element 1 must be a string, got 5"] = { 5 },
      ['must be an array of strings; it has the key "a"'] = { a = "b" },
      ["has a hole: element 2 is nil"] = { "a", [3] = "b" },
      ["is empty: leave it out, or give at least one"] = {},
    } do
      assert.equal("option 'fields' " .. message, check.fault("call", { fields = wrong }))
    end
  end)

  it("have ranges", function()
    assert.equal("option 'timeout' must be above 0, got 0", check.fault("call", { timeout = 0 }))
    assert.equal("option 'page_size' must be from 10 to 100, got 9", check.fault("list", { page_size = 9 }))
    assert.equal("option 'page_size' must be from 10 to 100, got 101", check.fault("list", { page_size = 101 }))
    assert.equal(
      "option 'max_body' must be at most 1073741824, got 2147483648",
      check.fault("client", { max_body = 2147483648 })
    )
    assert.is_nil(check.fault("call", { timeout = 0.001, max_attempts = 0 }))
    assert.is_nil(check.fault("list", { page_size = 10 }))
    assert.is_nil(check.fault("list", { page_size = 100, prefetch = 0 }))
  end)

  it("have known values", function()
    assert.equal(
      'option \'transport\' must be auto, curl or ngx, got "crul"; did you mean "curl"?',
      check.fault("client", { transport = "crul" })
    )
    assert.equal("option 'region' is empty: leave it out instead", check.fault("client", { region = "" }))
    assert.is_nil(check.fault("client", { proxy = "" }))
    assert.equal(
      "option 'user_agent' holds a control character (0x0D at byte 1)",
      check.fault("client", { user_agent = "a\r\nb" })
    )
  end)

  it("that are secret stay out of messages", function()
    for _, name in ipairs { "access_key", "secret_key", "session_token", "proxy" } do
      local message = check.fault("client", { [name] = { "hush-hush" } })
      assert.matches("got a table", message)
      message = check.fault("client", { [name] = 123456789 })
      assert.is_nil(message:find("123456789", 1, true))
    end
  end)

  it("that are unknown are reported in the same order in every run", function()
    for _ = 1, 20 do
      local given = {}
      for _, name in ipairs { "zeta", "alpha", "mid", "beta" } do
        given[name .. "zzz"] = 1
      end
      assert.matches("unknown option 'alphazzz'", check.fault("client", given), 1, true)
    end
  end)

  it("of other tools' names lead to ours", function()
    for other, own in pairs {
      accessKeyId = "access_key",
      accessKey = "access_key",
      secretAccessKey = "secret_key",
      secretKey = "secret_key",
      secret_access_key = "secret_key",
      accessKeySecret = "secret_key",
      securityToken = "session_token",
      token = "session_token",
      regionId = "region",
      max_retries = "max_attempts",
    } do
      assert.equal(
        ("unknown option '%s'; did you mean '%s'?"):format(other, own),
        check.fault("client", { [other] = "x" })
      )
    end
  end)

  it("raise at the caller's line", function()
    local line
    local _, message = pcall(function()
      line = debug.getinfo(1, "l").currentline + 1
      check.options("client", { reigon = "x" }, "jdvm.new", 1)
      return nil
    end)
    assert.matches("check_spec%.lua:" .. line .. ": jdvm%.new: unknown option 'reigon'", message)
    _, message = pcall(check.options, "list", { prefetch = -1 }, "describeImages", 1)
    assert.matches("jdvm: describeImages: option 'prefetch' must be from 0 to 64, got %-1", message)
    assert.has_no.errors(function() check.options("client", { region = "x" }, "jdvm.new") end)
  end)

  it("do not share their defaults", function()
    options.defaults("client").timeout = 1
    assert.equal(30, options.defaults("client").timeout)
  end)
end)
