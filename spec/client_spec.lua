-- jdvm.client over transports in memory: what is sent, what comes back, what is raised, and when.
local cjson = require "cjson"
local errors = require "jdvm.failures.failure"
local in_memory = require "spec.support.in_memory"
local jdvm = require "jdvm"
local requests = require "jdvm.call.sign"
local service_transport = require "spec.support.service_transport"

local client_of, one_page, answer_of, failing, raised, SECRET =
  in_memory.client_of, in_memory.one_page, in_memory.answer_of, in_memory.failing, in_memory.raised, in_memory.SECRET
local PUBLIC = { imageSource = "public" }

local function image(id) return { imageId = id, name = "n", status = "ready" } end

describe("a call", function()
  it("asks for a page and gives the result and its meta", function()
    local client, fake = client_of(one_page)
    local result, meta = client:describe_images { imageSource = "public", pageNumber = 2, pageSize = 50 }
    assert.equal("img-1", result.images[1].imageId)
    assert.equal(1, result.totalCount)
    assert.same({ request_id = "r1", http_status = 200, attempts = 1, throttled = 0 }, {
      request_id = meta.request_id,
      http_status = meta.http_status,
      attempts = meta.attempts,
      throttled = meta.throttled,
    })
    assert.is_true(meta.elapsed > 0)
    local request = fake.requests[1]
    assert.equal(
      "https://vm.jdcloud-api.com/v1/regions/cn-north-1/images?imageSource=public&pageNumber=2&pageSize=50",
      request.url
    )
    assert.equal("GET", request.method)
    assert.truthy(request.headers.authorization:find("AKIDEXAMPLE", 1, true))
    assert.equal("vm.jdcloud-api.com", request.headers.host)
    assert.equal(5, request.connect_timeout)
    assert.equal(10, request.read_timeout)
    assert.equal(16777216, request.max_body)
  end)

  it("gives the image itself for its id", function()
    local client, fake = client_of(
      function() return answer_of { requestId = "r", result = { image = image "img-7" } } end
    )
    assert.equal("img-7", (client:describe_image "img-7").imageId)
    assert.equal("img-7", (client:describe_image { imageId = "img-7", regionId = "cn-east-2" }).imageId)
    assert.truthy(fake.requests[2].url:find("/regions/cn-east-2/images/img-7", 1, true))
  end)

  it("returns failures as nil, a line and plain data", function()
    local client = client_of(function() return failing(404, "NOT_FOUND") end)
    local result, message, detail = client:describe_image "img-x"
    assert.is_nil(result)
    assert.truthy(message:find("jdvm: describeImage: 404 NOT_FOUND: no luck (request r404)", 1, true), message)
    for name, value in pairs {
      kind = "api",
      code = 404,
      status = "NOT_FOUND",
      request_id = "r404",
      http_status = 404,
      operation = "describeImage",
      region = "cn-north-1",
      attempts = 1,
      retryable = false,
    } do
      assert.equal(value, detail[name], name)
    end
  end)

  it("hands on each field of a failure, and says itself what call it was", function()
    local client, fake = client_of(one_page)
    function fake:finish(pending)
      self:cancel(pending)
      return nil, { kind = "tls", message = "no", weather = "fog", operation = "other", attempts = 7 }
    end
    errors.fields.weather = 100
    local _, _, detail = client:describe_images(PUBLIC)
    errors.fields.weather = nil
    assert.same({ "fog", "describeImages", 1 }, { detail.weather, detail.operation, detail.attempts })
  end)

  it("never takes an error or a wrong shape for an empty list", function()
    for _, case in ipairs {
      { "{}", "decode" },
      { '{"result":{"images":{}}}', "decode" },
      { "", "decode" },
      { "<html>502</html>", "http", 502 },
      { '{"error":{"code":403,"status":"HTTP_FORBIDDEN","message":"no"}}', "api", 200 },
    } do
      local client = client_of(function() return { status = case[3] or 200, body = case[1] } end, { max_attempts = 1 })
      local result, message, detail = client:describe_images(PUBLIC)
      assert.is_nil(result, case[1])
      assert.equal(case[2], detail.kind, case[1])
      local list, list_message = client:list_images(PUBLIC)
      assert.is_nil(list)
      local loop_message = raised(function()
        for _ in client:images(PUBLIC) do
          error "an image"
        end
      end)
      assert.equal(message:gsub("%d+%.%d+ s", ""), (list_message:gsub("%d+%.%d+ s", "")))
      assert.equal(message, loop_message)
      assert.is_nil(client:count_images(PUBLIC))
    end
  end)

  it("can be started, and finished later or cancelled", function()
    local client, fake = client_of(one_page)
    local first, second = client:start("describeImages", PUBLIC), client:start("describe_images", PUBLIC)
    assert.equal(2, fake.open)
    assert.equal(1, (second:finish()).totalCount)
    first:cancel()
    first:cancel()
    assert.equal(0, fake.open)
    local result, _, detail = first:finish()
    assert.is_nil(result)
    assert.equal("cancelled", detail.kind)
    assert.equal(1, (second:finish()).totalCount)
    assert.equal("jdvm call describeImages (finished)", tostring(first))
  end)

  it("decodes only the fields that are wanted", function()
    local client = client_of(
      function()
        return answer_of {
          requestId = "r",
          result = {
            totalCount = 1,
            images = {
              {
                imageId = "img-1",
                name = "n",
                systemDisk = { cloudDisk = { diskSizeGB = 40, iops = 3 } },
              },
            },
          },
        }
      end
    )
    local result = client:describe_images(PUBLIC, { fields = { "systemDisk.cloudDisk.diskSizeGB" } })
    assert.same({ { systemDisk = { cloudDisk = { diskSizeGB = 40 } } } }, result.images)
    assert.equal(1, result.totalCount)
    assert.same({ { imageId = "img-1", name = "n" } }, (client:list_images(PUBLIC, { fields = { "name" } })))
    local with_defaults = setmetatable({}, { __index = { fields = { "name" } } })
    assert.same({ { name = "n" } }, client:describe_images(PUBLIC, with_defaults).images)
  end)

  it("hands JSON null through when asked to", function()
    local client = client_of(
      function() return { status = 200, body = '{"result":{"images":[{"imageId":"i","desc":null}],"totalCount":1}}' } end,
      { null = "keep" }
    )
    assert.equal(jdvm.null, client:describe_images(PUBLIC).images[1].desc)
    assert.is_nil(client:describe_images(PUBLIC, { null = "drop" }).images[1].desc)
  end)

  it("takes no table of the caller and changes none", function()
    local client = client_of(one_page)
    local params = setmetatable({ imageSource = "public" }, { __newindex = function() error "changed" end })
    local options = setmetatable({ timeout = 3 }, { __newindex = function() error "changed" end })
    assert.truthy(client:describe_images(params, options))
    assert.truthy(client:list_images(params, options))
    for _ in client:images(params, options) do
    end -- luacheck: ignore 542
    assert.same({ imageSource = "public" }, params)
  end)
end)

describe("misuse", function()
  local client, fake = client_of(one_page)

  it("is raised at the caller's line, before anything is sent", function()
    for i, case in ipairs {
      { "describe_images", { imageSource = "pubic" } },
      { "describe_images", PUBLIC, { timeuot = 3 } },
      { "describe_images", PUBLIC, { fields = { "unknown..name" } } },
      { "describe_images", PUBLIC, { source = "imageId" } },
      { "describe_image", "a/../b" },
      { "list_images", PUBLIC, { fields = { "name." } } },
      { "list_images", PUBLIC, { page_size = 9 } },
      { "list_images", { imageSource = "public", pageSize = 100 } },
      { "list_images", { ids = { "img-1", "a b" } } },
      { "images", { imageSource = "pubic" } },
      { "images", { imageSource = "public", pageNumber = 2 } },
      { "images", PUBLIC, { start = "jdvm1-00" } },
      { "images", PUBLIC, { start = "" } },
      { "images", PUBLIC, { fields = { "imageID" } } },
      { "images", PUBLIC, { source = "imageId" } },
      { "images", "x" },
      { "image_pages", {}, {} },
      { "list_images", 7 },
      { "count_images", { imageSource = "public", pagesize = 3 } },
      { "count_images", PUBLIC, { max_attempts = "3" } },
      { "start", "describeImages", {} },
      { "start", "describeimages" },
      { "wait_image", 7 },
      { "wait_image", "img-1", { interval = 0 } },
    } do
      local line = debug.getinfo(1, "l").currentline + 1
      local message = raised(function() client[case[1]](client, case[2], case[3]) end)
      assert.matches("^[^:]*client_spec%.lua:" .. line .. ": jdvm", message, 1, false, i)
    end
    assert.equal(0, #fake.requests)
  end)

  it("says what was meant", function()
    for part, f in pairs {
      ["page_size, in the table after the parameters, instead of 'pageSize'"] = function()
        client:images { imageSource = "public", pageSize = 100 }
      end,
      ["a list takes the option page_size"] = function() client:images { imageSource = "public", page_size = 20 } end,
      ["a list sets 'pageNumber' itself"] = function() client:images { imageSource = "public", page = 20 } end,
      ["is not a resume token"] = function() client:images(PUBLIC, { start = "page 3" }) end,
      ['no operation "describeInstances"; known are describeImages'] = function() client:start "describeInstances" end,
    } do
      assert.truthy(raised(f):find(part, 1, true), part .. ": " .. raised(f))
    end
  end)

  it("is using a closed client", function()
    local closed = client_of(one_page)
    local it = closed:images(PUBLIC)
    closed:close()
    closed:close()
    assert.truthy(raised(function() closed:describe_images(PUBLIC) end):find("the client is closed", 1, true))
    assert.truthy(tostring(closed):find("(closed)", 1, true))
    raised(function() it() end)
  end)
end)

describe("closing a client", function()
  it("cancels what is in flight, of calls and of lists", function()
    local fake = service_transport.new { images = 100 }
    local client = jdvm.new(service_transport.options(fake))
    local call, images = client:start("describeImages", PUBLIC), client:images(PUBLIC, { page_size = 10, prefetch = 4 })
    images()
    assert.equal(5, fake.open)
    client:close()
    assert.equal(0, fake.open)
    local _, _, detail = call:finish()
    assert.equal("cancelled", detail.kind)
    local message = raised(function()
      for _ in images do
      end -- luacheck: ignore 542
    end)
    assert.truthy(message:find("cancelled", 1, true), message)
    images:close()
  end)
end)

describe("no region", function()
  it("is a failure that says what to do, not a mistake of the program", function()
    local client = client_of(one_page, { region = false })
    local result, message, detail = client:describe_images(PUBLIC)
    assert.is_nil(result)
    assert.same({ "credentials", "no_region", nil }, { detail.kind, detail.cause, detail.region })
    assert.truthy(message:find("JDCLOUD_REGION", 1, true))
    local _, _, of_list = client:list_images(PUBLIC)
    assert.same({ "no_region", nil }, { of_list.cause, of_list.region })
    assert.truthy(raised(client:images(PUBLIC)):find("no region", 1, true))
    assert.truthy(client:describe_images { imageSource = "public", regionId = "cn-south-1" })
    assert.is_true(#client:list_images { imageSource = "public", regionId = "cn-south-1" } > 0)
    local failure = requests.region_failure({ region_fault = 'no profile "prdo"' }, {})
    assert.equal('no profile "prdo"', failure.message)
    assert.is_false(requests.region_failure({ region_fault = "x", lacks_keys = true }, {}).hint)
    -- A misspelled parameter is still one.
    raised(function() client:describe_images { imageSource = "pubic" } end)
  end)

  it("that can be one is named by what holds it, an option or a variable", function()
    for _, case in ipairs { { "cn/north", "must consist of" }, { "CN-North-1", 'did you mean "cn-north-1"?' } } do
      local message = raised(function() jdvm.new { region = case[1] } end)
      assert.matches("client_spec.lua:%d+: jdvm.new: option 'region' ", message)
      assert.truthy(message:find(case[2], 1, true))
    end
    local getenv = os.getenv
    os.getenv = function(name) return name == "JDCLOUD_REGION" and "cn north" or nil end -- luacheck: ignore 122
    local made, client = pcall(client_of, one_page, { region = false })
    os.getenv = getenv -- luacheck: ignore 122
    assert(made, client)
    local result, message, detail = client:describe_images(PUBLIC)
    assert.is_nil(result)
    assert.equal("credentials", detail.kind)
    assert.truthy(message:find("environment variable JDCLOUD_REGION: the region must consist of", 1, true), message)
  end)
end)

describe("the deadline", function()
  it("ends a call that hangs, and names phase and time", function()
    for _, phase in ipairs { "connect", "tls", "send", "wait", "read" } do
      local client, fake = client_of(function() return { after = 100, phase = phase } end)
      local began = fake.time
      local result, message, detail = client:describe_images(PUBLIC, { timeout = 2 })
      assert.is_nil(result)
      assert.equal("timeout", detail.kind)
      assert.equal(phase, detail.phase)
      assert.equal(2, fake.time - began)
      assert.equal(2, detail.elapsed)
      assert.equal(1, detail.attempts)
      assert.is_true(detail.retryable)
      assert.truthy(message:find("phase " .. phase, 1, true), message)
    end
  end)

  it("covers attempts and sleeps, and reports the failure before", function()
    local client, fake = client_of(
      function(_, n) return n < 3 and failing(503, "UNAVAILABLE") or { after = 100, phase = "read" } end,
      { max_attempts = 10 }
    )
    local began = fake.time
    local _, message, detail = client:describe_images(PUBLIC, { timeout = 2 })
    assert.equal("timeout", detail.kind)
    assert.equal("read", detail.phase)
    assert.equal(3, detail.attempts)
    assert.equal("UNAVAILABLE", detail.last.status)
    assert.equal("r503", detail.last.request_id)
    assert.equal(2, fake.time - began)
    assert.truthy(message:find("before that: 503 UNAVAILABLE", 1, true), message)
  end)

  it("starts no sleep and no attempt that cannot end in time, nor pays for them or announces them", function()
    local attempts = {}
    local client, fake = client_of(
      function() return failing(429, "RATE_LIMIT", { ["retry-after"] = "4" }) end,
      { on_attempt = function(event) attempts[#attempts + 1] = event end }
    )
    local began = fake.time
    local _, _, detail = client:describe_images(PUBLIC, { timeout = 3 })
    assert.same({ "timeout", "sleep", 4 }, { detail.kind, detail.phase, detail.retry_after })
    assert.equal("RATE_LIMIT", detail.last.status)
    assert.same({ 0, 1, 1 }, { #fake.sleeps, #fake.requests, #attempts })
    assert.is_nil(attempts[1].retry)
    assert.equal(500, client.state().quota.left)
    assert.is_true(fake.time - began < 0.1)
  end)
end)

describe("a clock that gives no time", function()
  it("is named", function()
    local value
    local client = client_of(one_page, { clock = function() return value end })
    for _, wrong in ipairs { false, "now", 0 / 0, -1, math.huge } do
      value = wrong or nil
      for _, method in ipairs { "describe_images", "list_images" } do
        local message = raised(function() client[method](client, PUBLIC) end)
        assert.matches("^jdvm: the function of option 'clock' must give seconds since 1970, got ", message)
      end
    end
    for _, right in ipairs { 0, 1700000000.5 } do
      value = right
      assert.truthy(client:describe_images(PUBLIC))
    end
  end)
end)

describe("keys", function()
  it("that the service refuses are asked for again", function()
    local fake = service_transport.new {}
    local asked = 0
    local options = service_transport.options(fake, {
      credentials = function()
        asked = asked + 1
        return {
          access_key = "JDVM-EMULATOR-OWNER",
          secret_key = asked == 1 and "an-old-secret" or "owner-secret-for-tests-only",
        }
      end,
    })
    options.access_key, options.secret_key = nil, nil
    local client = jdvm.new(options)
    assert.is_nil(client:describe_images(PUBLIC))
    fake.time = fake.time + 15
    assert.truthy(client:describe_images(PUBLIC))
    assert.equal(2, asked)
    fake.time = fake.time + 15
    fake.answer = function() return failing(403, "HTTP_FORBIDDEN") end
    assert.is_nil(client:describe_images(PUBLIC))
    assert.equal(2, asked)
  end)
end)

describe("hooks", function()
  it("warn when the certificate is not checked", function()
    local lines = {}
    client_of(one_page, { verify = false, logger = function(event) lines[#lines + 1] = tostring(event) end })
    assert.truthy(lines[1]:find("verify = false", 1, true))
  end)
end)

describe("a client", function()
  it("names itself behind what the user puts before it", function()
    local function name_of(given) return client_of(one_page, { user_agent = given }).state().config.user_agent end
    assert.matches("^jdvm/%d+%.%d+%.%d+ Lua[^%s]+$", name_of(nil))
    assert.equal("tool/1 " .. name_of(nil), name_of "tool/1")
  end)

  it("spreads its delays evenly", function()
    local random, least, most = client_of(one_page).state().random, 1, 0
    for _ = 1, 300 do
      local value = random()
      least, most = math.min(least, value), math.max(most, value)
    end
    assert.is_true(least >= 0 and least < 0.1 and most > 0.9 and most < 1)
  end)

  it("says so when a setting is assigned, which would count for nothing, and takes anything else", function()
    local client = client_of(one_page)
    for _, name in ipairs { "region", "timeout", "access_key", "max_attempts" } do
      assert.error_matches(function() client[name] = 5 end, "the " .. name .. " of a client is fixed")
    end
    client.describe_image = function() return { imageId = "img-1" } end
    assert.equal("img-1", client:describe_image("img-2").imageId)
  end)
end)

describe("empty arrays of a client", function()
  local function results(options)
    local body = '{"requestId":"r","result":{"images":[%s],"totalCount":%d}}'
    local client = client_of(function(request)
      local is_empty = request.url:find("imageSource=private", 1, true) or request.url:find("ids.1=", 1, true)
      return { body = body:format(is_empty and "" or '{"imageId":"img-1","tags":[],"more":{}}', is_empty and 0 or 1) }
    end, options)
    local row = client:describe_images(PUBLIC).images[1]
    local page = client:describe_images({ imageSource = "private" }).images
    local empty = { row.tags, page, (client:list_images { imageSource = "private" }) }
    empty[4] = client:list_images { ids = { "a" } }
    assert.is_nil(getmetatable(row.more))
    assert.same({ {}, {}, {}, {} }, empty)
    local mark = debug.getmetatable(page)
    for _, array in ipairs(empty) do
      assert.equal(mark, debug.getmetatable(array))
    end
    return mark
  end

  it("have the mark of the option array_mt, or none", function()
    local usual, mine = require("jdvm.core").array_mt(), {}
    assert.equal("table", type(usual))
    assert.equal(usual, results {})
    assert.equal(mine, results { array_mt = mine })
    assert.is_nil(results { array_mt = false })
    assert.matches(
      "option 'array_mt' must be a table or false",
      raised(function() client_of(one_page, { array_mt = true }) end)
    )
  end)
end)

describe("keys from a function that sleeps", function()
  it("cost the call its time", function()
    local function client_with(timeout)
      return client_of(one_page, {
        access_key = false,
        secret_key = false,
        timeout = timeout,
        credentials = function(context)
          context.sleep(2)
          return { access_key = "A", secret_key = "S" }
        end,
      })
    end
    local client, fake = client_with(30)
    local result, meta = client:describe_images(PUBLIC)
    assert.truthy(result, meta)
    assert.same({ 2 }, fake.sleeps)
    assert.is_true(meta.elapsed >= 2)
    client, fake = client_with(1)
    local _, _, detail = client:describe_images(PUBLIC)
    assert.same({ "timeout", "keys_timeout", "sleep", 0 }, { detail.kind, detail.cause, detail.phase, detail.attempts })
    assert.equal(0, #fake.requests)
  end)
end)

describe("secrets", function()
  it("are in nothing that comes out", function()
    local out = {}
    local function note(value, depth)
      depth = depth or 0
      if type(value) == "table" and depth < 8 then
        for k, v in pairs(value) do
          note(k, depth + 1)
          note(v, depth + 1)
        end
      end
      out[#out + 1] = tostring(value)
    end
    local token, signature = "SESSIONTOKENSESSIONTOKEN", nil
    for _, answer in ipairs {
      one_page(),
      failing(401, "ACCESS_ERROR"),
      failing(500, "INTERNAL"),
      { kind = "tls", message = "secret " .. SECRET },
      { kind = "connect", message = "Unsupported proxy syntax in 'http://user:passw0rd@proxy:1'" },
      function(request)
        signature = request.headers.authorization:match "Signature=(%x+)"
        local body = { error = { code = 400, status = "BAD", message = request.headers.authorization } }
        return { status = 400, body = cjson.encode(body) }
      end,
      { status = 502, body = "<html>" .. SECRET .. token },
      { status = 407, body = "Proxy-Authorization: Basic dXNlcjpwYXNzdzByZA== (user:passw0rd)" },
      { status = 502, body = "refused " .. ("-"):rep(100) .. token },
      {
        status = 400,
        body = cjson.encode {
          error = { code = 400, status = "BAD", message = "you sent " .. "U0VTU0lPTlRPS0VOU0VTU0lPTlRPS0VO" },
        },
      },
      {
        status = 400,
        body = cjson.encode {
          error = {
            code = 400,
            status = SECRET,
            message = "you sent " .. SECRET .. " and " .. token,
            details = { { a = SECRET } },
          },
        },
      },
    } do
      local client = client_of(type(answer) == "function" and answer or function() return answer end, {
        session_token = token,
        logger = note,
        on_attempt = note,
        on_call = note,
        proxy = "http://user:passw%30rd@proxy:1",
      })
      note(client)
      for _, value in pairs { client:describe_images(PUBLIC) } do
        note(value)
      end
      for _, value in pairs { client:list_images(PUBLIC) } do
        note(value)
      end
      note(raised(function() client:describe_images { imageSource = "x" } end))
      note(client:start("describeImages", PUBLIC))
    end
    local all = table.concat(out, "\n")
    for _, secret in ipairs {
      SECRET,
      token,
      token:sub(1, 12),
      "U0VTU0lPTlRPS0VO",
      "passw0rd",
      "passw%30rd",
      "dXNlcjpw",
      signature,
    } do
      assert.is_nil(all:find(secret, 1, true), secret)
    end
  end)
end)

describe("what users hold", function()
  it("leads to no option and no key by its tables, not even while requests are in flight", function()
    local fake = service_transport.new { images = 60 }
    local client = jdvm.new(service_transport.options(fake, { proxy = "http://user:passw0rd@proxy:1" }))
    local it = client:images(PUBLIC, { page_size = 10 })
    it()
    assert.is_true(fake.open > 0)
    local by_page = client:image_pages { ids = { "img-1", "img-2" } }
    pcall(by_page)
    local seen = {}
    local function walk(value, path)
      if type(value) == "string" then
        for _, secret in ipairs { "owner-secret", "passw0rd", "JDVM-EMULATOR-OWNER" } do
          assert.is_nil(value:find(secret, 1, true), path)
        end
      elseif type(value) == "table" and not seen[value] then
        seen[value] = true
        for key, element in next, value do
          assert.is_false(key == "config" or key == "keys" and type(element) == "table" and element.reveal ~= nil, path)
          walk(key, path)
          walk(element, path .. "." .. tostring(key))
        end
      end
    end
    for name, value in pairs {
      client = client,
      iterator = it,
      pages = by_page,
      call = client:start("describeImages", PUBLIC),
    } do
      walk(value, name)
    end
    it:close()
  end)
end)

describe("a dot where a colon belongs, and the other way round,", function()
  it("is explained at the caller's line", function()
    local client = client_of(one_page)
    local it = client:images(PUBLIC)
    for name, f in pairs {
      ["client:close()"] = function() client.close() end,
      ["iterator:stats()"] = function() it.stats() end,
      ["iterator:close()"] = function() it.close() end,
      ["iterator:token()"] = function() it.token() end,
      ["iterator:failure()"] = function() it.failure() end,
      ["jdvm.new { … }"] = function() jdvm:new { region = "cn-north-1" } end,
    } do
      local message = raised(f)
      assert.matches("^spec/client_spec%.lua:%d+: jdvm", message)
      assert.matches(name, message, 1, true)
    end
    it:close()
  end)
end)
