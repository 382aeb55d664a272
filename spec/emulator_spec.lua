-- jdvm.emulator: a function from request to response.
local accounts = require "jdvm.emulator.accounts"
local core = require "jdvm.core"
local emulated = require "spec.support.emulated"
local signed = require "spec.support.signed"

local owner, other = accounts.list[1], accounts.list[2]
local NORTH = emulated.NORTH
local all, answer, send = emulated.all, emulated.answer, emulated.send

-- A refusal as one line, after checking its form.
local function refusal(response, body)
  assert.equal(response.status, body.error.code)
  assert.is_nil(body.result)
  assert.equal(signed.header(response, "x-jdcloud-request-id"), body.requestId)
  assert.equal(32, #body.requestId)
  return body.error.code .. " " .. body.error.status .. " " .. body.error.message
end

describe("the emulated service", function()
  local state
  before_each(function() state = emulated.start() end)

  it("answers as the service does", function()
    local response, body = send(NORTH, { "imageSource", "public" })
    assert.equal(200, response.status)
    assert.equal("application/json; charset=utf-8", signed.header(response, "content-type"))
    assert.equal("jd-gateway/1.0.1", signed.header(response, "via"))
    assert.equal("describeImages", signed.header(response, "x-jdcloud-operationid"))
    assert.equal(body.requestId, signed.header(response, "x-jdcloud-request-id"))
    assert.equal("\n", response.body:sub(-1))
    assert.equal(20, #body.result.images)
    assert.equal(30, body.result.totalCount)
    local first, second = body.result.images[1], body.result.images[2]
    assert.same({ "CentOS 8.2 64位", 2494, "100" }, { first.name, first.sizeMB, first.progress })
    assert.is_nil(first.dataDisks)
    assert.is_nil(second.progress)
    assert.equal(0, second.sizeMB)
  end)

  it("shows the same fields in the list and in the detail", function()
    for _, image in ipairs(all { "imageSource", "private" }) do
      local _, body = send(NORTH .. "/" .. image.imageId)
      assert.same(image, body.result.image)
    end
  end)

  it("refuses in the service's words", function()
    local limit = ("x"):rep(8300)
    local cases = {
      { "400 FAILED_PRECONDITION Parameter ImageSource missing", NORTH },
      { "400 FAILED_PRECONDITION Parameter ImageSource missing", NORTH, { "imageSource", "" } },
      { "400 OUT_OF_RANGE PageSize out of range", NORTH, { "imageSource", "public", "pageSize", "9" } },
      { "400 OUT_OF_RANGE PageSize out of range", NORTH, { "imageSource", "public", "pageSize", "101" } },
      { "400 OUT_OF_RANGE PageNumber out of range", NORTH, { "imageSource", "public", "pageNumber", "0" } },
      { "400 INVALID_ARGUMENT Invalid parameter PageNumber", NORTH, { "imageSource", "public", "pageNumber", "x" } },
      { "400 INVALID_ARGUMENT Invalid parameter PageSize", NORTH, { "imageSource", "public", "pageSize", "10.5" } },
      { "400 INVALID_ARGUMENT Invalid parameter imageSource", NORTH, { "imageSource", "pubic" } },
      { "400 INVALID_ARGUMENT Invalid parameter offline", NORTH, { "imageSource", "public", "offline", "maybe" } },
      { "404 NOT_FOUND Image 'img-nosuchone1' not found", NORTH .. "/img-nosuchone1" },
      { "404 NOT_FOUND Image '\"quoted\"' not found", NORTH .. '/"quoted"' },
      { "404 NOT_FOUND Image 'img-?中' not found", NORTH .. "/img-\255中" }, -- JSON is UTF-8, whatever is asked for
      { "404 NOT_FOUND no route and no API found with those values [gw]", "/v1/regions/cn-north-1/image" },
      { "404 NOT_FOUND no route and no API found with those values [gw]", "/v1/regions/cn-mars-1/images" },
      { "414 HTTP_URI_TOO_LONG limit 8k [gw]", NORTH, { "imageName", limit } },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[1], refusal(send(case[2], case[3], { region = case[2]:match("regions/([^/]+)") })))
    end
    local response, body = send(NORTH, nil, { method = "POST", body = "{}" })
    assert.equal("404 NOT_FOUND no route and no API found with those values [gw]", refusal(response, body))
    assert.truthy(body.requestId:match("^[a-z0-9]+$"))
  end)

  it("lets nobody in who cannot prove who they are", function()
    local request = signed.request(owner, NORTH, { "imageSource", "public" })
    signed.set_header(request, "authorization", nil)
    local response = answer(request)
    assert.equal("401 ACCESS_ERROR lack of header authorization[gw]", refusal(response, core.decode(response.body)))
    local function with(key, secret) return refusal(send(NORTH, nil, nil, { access_key = key, secret_key = secret })) end
    assert.equal("401 ACCESS_ERROR Invalid accessKey [gw]", with("NOBODY", "x"))
    assert.equal("401 ACCESS_ERROR sign result is not same [gw]", with(owner.access_key, "x"))
    assert.equal(
      "401 ACCESS_ERROR sign result is not same [gw]",
      refusal(send(NORTH, { "imageSource", "public" }, { region = "cn-east-1" }))
    )
  end)

  it("refuses a nonce that it has seen, from the same key", function()
    local query = { "imageSource", "public" }
    assert.equal(200, (send(NORTH, query, { nonce = "n" })).status)
    assert.equal("403 HTTP_FORBIDDEN please use different noncestr [gw]", refusal(send(NORTH, query, { nonce = "n" })))
    assert.equal(200, (send(NORTH, query, { nonce = "n" }, other)).status)
    assert.same({ 3, 1 }, { state.counters.nonces, state.counters.nonces_repeated })
    -- A wrong signature uses up no nonce, and outside the window it may come again.
    send(NORTH, nil, { nonce = "w" }, { access_key = owner.access_key, secret_key = "wrong" })
    assert.equal(200, (send(NORTH, query, { nonce = "w" })).status)
    assert.equal(200, (send(NORTH, query, { nonce = "m", now = 1700004000 })).status)
    assert.equal(200, (send(NORTH, query, { nonce = "n", now = 1700008000 })).status)
  end)

  it("refuses a clock that is too far away", function()
    local function at(offset, wanted)
      local request = signed.request(owner, NORTH, { "imageSource", "public" }, { now = 1700000000 })
      request.now = request.now + offset
      local response = answer(request)
      assert.equal(wanted, response.status)
      return response
    end
    at(899, 200)
    at(-899, 200)
    at(901, 401)
    at(-901, 401)
    emulated.start { settings = { clock_offset = 3600 } }
    assert.equal("Tue, 14 Nov 2023 23:13:20 GMT", signed.header(at(0, 401), "date"))
    at(-3600, 200)
  end)

  it("marks the end of a response as its settings say", function()
    emulated.start { settings = { keep_alive = false, line_feed = false, latency = 0.05 } }
    local response = send(NORTH, { "imageSource", "private" })
    assert.equal("close", signed.header(response, "connection"))
    assert.equal("}", response.body:sub(-1))
    assert.equal(0.05, response.delay)
  end)

  it("reads a plus as a space where the signature does", function()
    local function sent(algorithm, path, query)
      local request = signed.request(owner, path, query, { algorithm = algorithm })
      request.target = request.target:gsub("%%20", "+"):gsub("%%2B", "+")
      local response = answer(request)
      return response, core.decode(response.body)
    end
    local _, body = sent("JDCLOUD3-HMAC-SHA256", NORTH, { "imageSource", "public", "platform", "Windows Server" })
    assert.equal(6, body.result.totalCount)
    _, body = sent("JDCLOUD2-HMAC-SHA256", NORTH, { "imageSource", "public", "platform", "Windows+Server" })
    assert.equal(0, body.result.totalCount)
    local message = "404 NOT_FOUND Image 'img x' not found"
    assert.equal(message, refusal(sent("JDCLOUD3-HMAC-SHA256", NORTH .. "/img x")))
  end)

  it("survives whatever comes as a query", function()
    for _, query in ipairs {
      { "ids.", "x" },
      { "ids.1", "" },
      { "ids.99999999999999999999", "x" },
      { "x", "" },
      { "pageSize", "1e999" },
      { "pageSize", "nan" },
      { "pageSize", "0x20" },
      { "pageNumber", "-1e400" },
    } do
      query[#query + 1], query[#query + 2] = "imageSource", "public"
      local response = send(NORTH, query)
      assert.is_true(response.status == 200 or response.status == 400)
    end
  end)
end)
