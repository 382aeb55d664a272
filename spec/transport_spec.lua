-- jdvm.transport: which transport a call uses, and users' own.
local errors = require "jdvm.failures.failure"
local fake_transport = require "spec.support.fake_transport"
local jdvm = require "jdvm"

-- jdvm.transport as it is where nginx says `place`, with transports that are only names.
local function transport_in(place, phase)
  local loaded = {}
  local function put(name, module)
    loaded[name] = package.loaded[name] or false
    package.loaded[name] = module
  end
  local made = { curl = 0, ngx = 0 }
  local function factory(name)
    return {
      new = function()
        made[name] = made[name] + 1
        return { name = name, close = function(self) self.closed = true end }
      end,
    }
  end
  put("jdvm.transport.curl", factory "curl")
  put("jdvm.transport.nginx", factory "ngx")
  put("jdvm.transport.phase", function() return place, phase end)
  put("jdvm.transport", nil)
  local module = require "jdvm.transport"
  return module,
    made,
    function()
      for name, before in pairs(loaded) do
        package.loaded[name] = before or nil
      end
    end
end

local function choice(place, phase, config)
  local module, _, restore = transport_in(place, phase)
  local ok, chosen, failure = pcall(module.choose, config)
  restore()
  assert.is_true(ok, chosen)
  return chosen and chosen.name, failure
end

describe("the choice of a transport", function()
  it("is made by place", function()
    for _, case in ipairs {
      { nil, nil, {}, "curl" },
      { "worker thread", nil, {}, "curl" },
      { "yields", "content", {}, "ngx" },
      { "init", "init", { blocking = true }, "curl" },
      { "yields", "access", { blocking = true, transport = "curl" }, "curl" },
      { "yields", "timer", { transport = "ngx" }, "ngx" },
      { nil, nil, { transport = "curl" }, "curl" },
    } do
      case[3].transport = case[3].transport or "auto"
      assert.equal(case[4], (choice(case[1], case[2], case[3])))
    end
  end)

  it("says why libcurl cannot be loaded, with all lines of the reason", function()
    local module, _, restore = transport_in()
    package.loaded["jdvm.transport.curl"] = nil
    package.preload["jdvm.transport.curl"] = function() error("error loading module:\n\tlibcurl.so.4: no such file", 0) end
    local _, failure = module.choose { transport = "auto" }
    package.preload["jdvm.transport.curl"] = nil
    restore()
    assert.matches("error loading module: libcurl.so.4: no such file", (errors.new(failure)), 1, true)
  end)

  it("never falls to one that blocks in silence", function()
    for _, case in ipairs {
      { "init", "init", {}, "blocking = true" },
      { "forbidden", "log", {}, "ngx.timer.at" },
      { "forbidden", "header_filter", { blocking = true }, "ngx.timer.at" },
      { "yields", "content", { transport = "curl" }, "blocking = true" },
      { nil, nil, { transport = "ngx" }, "auto" },
      { "worker thread", nil, { transport = "ngx" }, "auto" },
      { "init", "init", { transport = "ngx", blocking = true }, "timer" },
    } do
      case[3].transport = case[3].transport or "auto"
      local name, failure = choice(case[1], case[2], case[3])
      assert.is_nil(name)
      assert.equal("phase", failure.kind)
      assert.equal(case[2], failure.phase)
      local words = errors.new(failure)
      assert.truthy(words:find(case[4], 1, true), words)
    end
  end)

  it("says what to do in each phase that cannot wait", function()
    for phase, part in pairs {
      log = "ngx.timer.at(0,",
      init_worker = "ngx.timer.at(0,",
      header_filter = "ngx.timer.at(0,",
      init = "blocking = true",
      set = "rewrite_by_lua",
      balancer = "access_by_lua",
      ssl_client_hello = "ssl_certificate_by_lua",
      content = "once the module is loaded",
    } do
      local situation = phase == "content" and "within C" or "forbidden"
      local _, failure = choice(situation, phase, { transport = "auto" })
      assert.equal("phase", failure.kind)
      local words = errors.new(failure)
      assert.truthy(words:find(part, 1, true), words)
    end
  end)

  it("is made at every call, and each transport once", function()
    local module, made, restore = transport_in("yields", "content")
    local config = { transport = "auto" }
    local first = module.choose(config)
    assert.equal(first, module.choose(config))
    assert.equal(1, made.ngx)
    module.close(config)
    assert.is_true(first.closed)
    assert.are_not.equal(first, module.choose(config))
    restore()
  end)
end)

-- A client with this transport.
local function client_of(transport, options)
  local all = { region = "cn-north-1", access_key = "A", secret_key = "S", transport = transport }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return jdvm.new(all)
end

local PUBLIC = { imageSource = "public" }
local EMPTY = '{"result":{"images":[],"totalCount":0}}'

describe("a function as transport", function()
  it("takes a request and returns a response", function()
    local request
    local client = client_of(function(given)
      request = given
      return {
        status = 200,
        headers = { ["X-Jdcloud-Request-Id"] = "r9" },
        body = EMPTY,
      }
    end)
    local result, meta = client:describe_images(PUBLIC)
    assert.equal(0, result.totalCount)
    assert.equal("r9", meta.request_id)
    assert.equal("GET", request.method)
    assert.equal("https://vm.jdcloud-api.com/v1/regions/cn-north-1/images?imageSource=public", request.url)
    assert.equal("string", type(request.headers.authorization))
  end)

  it(
    "that fails, raises or returns something else is a failure in its words, tried again where that may help",
    function()
      for words, case in pairs {
        ["the tunnel is down"] = { attempts = 3, function() return nil, "the tunnel is down" end },
        ["the transport function raised an error: the tunnel fell in"] = {
          attempts = 3,
          function() error("the tunnel fell in", 0) end,
        },
        ["who are you?"] = {
          kind = "tls",
          phase = "tls",
          function() return nil, { kind = "tls", message = "who are you?", phase = "tls" } end,
        },
        ["must return a table with a status"] = { function() return "200 OK" end },
        ["a status (100 to 999)"] = { function() return { status = "200" } end },
        ["(100 to 999), or nil"] = { function() return { status = 20.5, body = "" } end },
        ["headers that are"] = { function() return { status = 200, headers = "x", body = "{}" } end },
        ["the body as a string, got nil"] = { function() return { status = 200 } end },
        ["got a table"] = { function() return { status = 200, body = {} } end },
      } do
        local count = 0
        local _, message, detail = client_of(function()
          count = count + 1
          return case[1]()
        end):describe_images(PUBLIC)
        assert.matches(words, message, 1, true)
        assert.same({ case.kind or "transport", case.phase }, { detail.kind, case.phase and detail.phase })
        assert.equal(case.attempts or 1, count, words)
      end
    end
  )

  it("may yield", function()
    local client = client_of(function()
      assert.equal("go on", coroutine.yield "wait")
      return { status = 200, body = EMPTY }
    end)
    local thread = coroutine.create(function() return (client:describe_images(PUBLIC)) end)
    local _, word = coroutine.resume(thread)
    assert.equal("wait", word)
    local _, result = coroutine.resume(thread, "go on")
    assert.equal(0, result.totalCount)
  end)

  it("may be any callable, and serves lists one page at a time", function()
    local service = require("spec.support.service_transport").new { images = 60 }
    local asked, open = 0, 0
    local callable = setmetatable({}, {
      __call = function(_, request)
        asked, open = asked + 1, open + 1
        assert.equal(1, open)
        local response = service:finish(service:start(request, math.huge))
        open = open - 1
        return response
      end,
    })
    local options = require("spec.support.service_transport").options(service, { transport = callable })
    local images = assert(jdvm.new(options):list_images({ imageSource = "public" }, { page_size = 10 }))
    assert.is_true(#images > 50)
    assert.is_true(asked >= 6)
  end)
end)

describe("a function with a clock and a sleep of its own", function()
  it("is timed by them alone", function()
    local time, sleeps, seen = 50, {}, {}
    local client = client_of({
      request = function(request, deadline)
        seen[#seen + 1] = { request.timeout, deadline }
        if #seen == 1 then return { status = 503, headers = { ["Retry-After"] = "3" }, body = "" } end
        return { status = 200, body = EMPTY }
      end,
      sleep = function(seconds)
        sleeps[#sleeps + 1] = seconds
        time = time + seconds
        coroutine.yield "asleep"
      end,
      now = function() return time end,
    }, { timeout = 8 })
    local thread = coroutine.wrap(function() return client:describe_images(PUBLIC) end)
    assert.equal("asleep", thread())
    local _, meta = thread()
    assert.same({ 1, 2 }, { #sleeps, meta.attempts })
    assert.equal(sleeps[1], meta.elapsed)
    assert.same({ 8, 58 }, seen[1])
    assert.same({ 8 - sleeps[1], 58 }, seen[2])
  end)

  it("is misuse when one of them is no function", function()
    for name, value in pairs { request = "x", sleep = 1, now = 1 } do
      local given = { request = print, sleep = print, now = print }
      given[name] = value
      assert.error_matches(
        function() jdvm.new { transport = given } end,
        "field '" .. name .. "' of option 'transport'"
      )
    end
  end)
end)

describe("a table as transport", function()
  it("is used as it is, with perform for calls that wait", function()
    local fake = fake_transport.new(function() return { status = 200, body = EMPTY } end)
    local performed = 0
    function fake.perform(self, request, deadline)
      performed = performed + 1
      return self:finish(self:start(request, deadline))
    end
    local client = client_of(fake)
    client:describe_images(PUBLIC)
    assert.equal(1, performed)
    client:start("describeImages", PUBLIC):finish()
    assert.equal(1, performed)
    client:close()
    assert.is_nil(fake.closed)
  end)

  -- A table whose `perform` fails, after what `run` does.
  local function failing(failure, run)
    local slow = { time = 0, performed = 0 }
    for _, name in ipairs { "start", "finish", "cancel" } do
      slow[name] = function() end
    end
    function slow.now() return slow.time end
    function slow.sleep(_, seconds)
      slow.time = slow.time + seconds
      run "sleep"
    end
    function slow.perform()
      slow.performed = slow.performed + 1
      run("perform", slow)
      return nil, failure
    end
    return slow
  end

  it("is asked no more for a call whose client was closed while it waited", function()
    for _, place in ipairs { "perform", "sleep" } do
      local client
      local failure = { kind = "transport", message = "the connection broke", sent = true }
      local fake = failing(failure, function(where)
        if where == place then client:close() end
      end)
      client = client_of(fake)
      local images, message, detail = client:describe_images(PUBLIC)
      assert.is_nil(images)
      assert.equal("cancelled", detail.kind, message)
      assert.equal(1, fake.performed)
    end
  end)

  it("is asked as often as max_attempts says when each of its failures takes long", function()
    local failure =
      { kind = "timeout", phase = "wait", message = "nothing arrived for 2 s (read_timeout)", sent = true }
    local slow = failing(failure, function(_, self)
      if self then self.time = self.time + 2 end
    end)
    local _, _, detail = client_of(slow, { max_attempts = 3, timeout = 60 }):describe_images(PUBLIC)
    assert.same({ 3, 3 }, { slow.performed, detail.attempts })
  end)
end)
