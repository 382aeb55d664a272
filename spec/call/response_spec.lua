-- Answers of the service, and of whatever else may answer, read as result or failure.
local core = require "jdvm.core"
local envelope = require "jdvm.call.response"
local errors = require "jdvm.failures.failure"
local operations = require "jdvm.service.operations"

local list, one = operations.describeImages, operations.describeImage

local function read(operation, status, body, headers)
  local value, message, offset = core.decode(body)
  local problem
  if value == nil then problem = { message = message, offset = offset, body = body, text = body } end
  return envelope.read(operation, status, headers or {}, value, problem)
end

local function failure_of(operation, status, body, headers)
  local result, failure = read(operation, status, body, headers)
  assert.is_nil(result)
  assert.is_table(failure)
  assert.equal(status, failure.http_status)
  return failure
end

describe("a good answer", function()
  it("gives the result and the request id", function()
    local result, request_id =
      read(list, 200, '{"requestId":"5dfb","result":{"images":[{"imageId":"img-a"}],"totalCount":1}}\n')
    assert.same({ images = { { imageId = "img-a" } }, totalCount = 1 }, result)
    assert.equal("5dfb", request_id)
  end)

  it("gives the image of a detail", function()
    local image, request_id =
      read(one, 200, '{"result":{"image":{"imageId":"img-a"}}}', { ["x-jdcloud-request-id"] = "from-header" })
    assert.same({ imageId = "img-a" }, image)
    assert.equal("from-header", request_id)
  end)

  it("may be empty, lack a total, and hold what nobody knows", function()
    assert.same({}, (read(list, 200, '{"result":{"images":[],"totalCount":0}}')).images)
    assert.is_nil((read(list, 200, '{"result":{"images":[{}]}}')).totalCount)
    assert.is_nil((read(list, 200, '{"result":{"images":[{}],"totalCount":null}}')).totalCount)
    assert.equal("x", (read(list, 200, '{"new":1,"result":{"images":[],"totalCount":0,"more":"x"}}')).more)
  end)

  it("may carry an error that is none", function()
    for _, none in ipairs {
      "null",
      "{}",
      '{"code":0,"status":"","message":""}',
      '""',
      '{"code":0,"details":[],"more":{"code":null}}',
    } do
      assert.is_table((read(list, 200, '{"error":' .. none .. ',"result":{"images":[],"totalCount":0}}')))
    end
  end)

  it("is about the image that was asked for", function()
    local function about(image)
      local result, failure = envelope.read(one, 200, {}, { result = { image = image } }, nil, "img-a")
      return result and "good" or failure.message
    end
    assert.equal("good", about { imageId = "img-a" })
    assert.equal("unexpected response: 'result.image.imageId' is missing or null", about {})
    assert.equal(
      "unexpected response: 'result.image.imageId' is \"img-b\", which was not asked for",
      about { imageId = "img-b" }
    )
  end)

  it("has a request id of one line, whatever was sent", function()
    local forged = "a\n2026 CRITICAL forged\27[31m"
    local result = core.decode '{"images":[],"totalCount":0}'
    for _, given in ipairs {
      { {}, { result = result, requestId = forged } },
      { { ["x-jdcloud-request-id"] = forged }, { result = result } },
    } do
      local _, id = envelope.read(list, 200, given[1], given[2])
      assert.is_nil(id:find "%c")
      assert.truthy(id:find("forged", 1, true))
    end
  end)

  it("that broke off says so", function()
    local _, detail = errors.new(failure_of(list, 200, '{"requestId":"5dfb","result":{"ima'))
    assert.equal("try again; if it persists, check the proxy", detail.hint)
  end)

  it("is read from the body decoded with null kept", function()
    local value = core.decode('{"error":null,"result":{"images":[],"totalCount":null}}', { null = "keep" })
    assert.is_table((envelope.read(list, 200, {}, value)))
    value = core.decode('{"error":null,"result":{"images":null}}', { null = "keep" })
    local _, failure = envelope.read(list, 200, {}, value)
    assert.equal("unexpected response: 'result.images' is null", failure.message)
  end)
end)

describe("an error of the service", function()
  it("is read in any order and with its details", function()
    local failure = failure_of(
      one,
      403,
      '{"error":{"message":"no","details":[{"param0":"*"}],'
        .. '"status":"HTTP_FORBIDDEN","code":403},"requestId":"bbf8"}'
    )
    assert.same({
      kind = "api",
      cause = "forbidden",
      code = 403,
      status = "HTTP_FORBIDDEN",
      message = "no",
      details = { { param0 = "*" } },
      http_status = 403,
      request_id = "bbf8",
    }, failure)
  end)

  it("comes before any result, whatever the HTTP status", function()
    local body = '{"error":{"code":500,"status":"INTERNAL","message":"half"},"result":{"images":[],"totalCount":0}}'
    assert.equal("INTERNAL", failure_of(list, 200, body).status)
    assert.equal("INTERNAL", failure_of(list, 500, body).status)
  end)

  it("may have its code as text, or none", function()
    local failure = failure_of(list, 429, '{"error":{"code":"429","status":"RATE_LIMIT","message":"slow"}}')
    assert.equal(429, failure.code)
    assert.equal("number", type(failure.code))
    assert.equal("jdvm: 429 RATE_LIMIT: slow", (errors.new(failure)):match("^[^;]*"))
    assert.equal(503, failure_of(list, 503, '{"error":{"code":"soon","message":"x"}}').code)
    assert.equal(503, failure_of(list, 503, '{"error":{"status":"UNAVAILABLE"}}').code)
    assert.equal("UNAVAILABLE", failure_of(list, 503, '{"error":{"status":"UNAVAILABLE"}}').message)
    assert.equal("plain words", failure_of(list, 500, '{"error":"plain words"}').message)
    for _, wrong in ipairs { "1e300", "-1e300", "1.5", "1234567890", '"1e400"', '"inf"', '"0x1F7"', "true", "[503]" } do
      local odd = failure_of(list, 503, '{"error":{"code":' .. wrong .. ',"status":"ODD","message":"m"}}')
      assert.same({ 503, "ODD", "m" }, { odd.code, odd.status, odd.message }, wrong)
    end
    local textual = failure_of(list, 400, '{"error":{"code":"Throttling","message":"slow down"}}')
    assert.same({ 400, "Throttling", "slow down" }, { textual.code, textual.status, textual.message })
    textual = failure_of(list, 200, '{"error":{"code":"Throttling"}}')
    assert.same({ 200, "Throttling", "Throttling" }, { textual.code, textual.status, textual.message })
  end)

  it("in a form that is not known is shown in its details", function()
    for body, details in pairs {
      ['{"error":[{"reason":"x"}]}'] = { { reason = "x" } },
      ['{"error":{"reason":"x"}}'] = { { reason = "x" } },
      ['{"error":{"message":5}}'] = { { message = 5 } },
      ['{"error":{"details":[1]}}'] = { 1 },
    } do
      local failure = failure_of(list, 500, body)
      assert.same(
        { "api", 500, "an error in a form that is not known" },
        { failure.kind, failure.code, failure.message }
      )
      assert.same(details, failure.details, body)
    end
  end)

  it("tells an image that does not exist from a path that does not", function()
    local function cause_of(status, body) return failure_of(list, status, '{"error":' .. body .. "}").cause end
    local head = '{"code":404,"status":"NOT_FOUND","message":'
    assert.equal("not_found", cause_of(404, head .. [["Image 'img-x' not found"}]]))
    assert.equal("not_found", cause_of(200, head .. [["Image 'img-x' not found"}]]))
    assert.equal("no_route", cause_of(404, head .. [["no route and no API found with those values"}]]))
    assert.equal("no_route", cause_of(404, head .. [["No Route [gw]"}]]))
    assert.is_nil(cause_of(404, '{"code":404,"status":"UNKNOWN","message":"m"}'))
    assert.is_nil(cause_of(400, '{"code":400,"status":"NOT_FOUND","message":"m"}'))
  end)

  it("has the request id of the header when the body has none", function()
    local headers = { ["x-jdcloud-request-id"] = "h1" }
    local function id_of(start) return failure_of(list, 404, start .. '"error":{"code":404}}', headers).request_id end
    assert.equal("h1", id_of "{")
    assert.equal("b1", id_of '{"requestId":"b1",')
    assert.equal("h1", id_of '{"requestId":7,')
    assert.equal("h1", id_of '{"requestId":"",')
    assert.equal("h1", failure_of(list, 502, "<html>", headers).request_id)
  end)
end)

describe("an answer that is not the service's", function()
  it("is kind http with its status when that is an error", function()
    local failure = failure_of(
      list,
      502,
      "<html><head><title>502 Bad\r\nGateway</title></head>x</html>",
      { ["content-type"] = "text/html; charset=utf-8" }
    )
    assert.equal("http", failure.kind)
    assert.equal(
      'jdvm: describeImages: HTTP 502: text/html: "502 Bad Gateway"',
      (
        errors
          .new { kind = "http", http_status = 502, message = failure.message, operation = "describeImages" }
          :match "^(.-); hint"
      )
    )
    assert.equal("an empty body", failure_of(list, 503, "").message)
    assert.equal('text: "upstream died"', failure_of(list, 504, "upstream died").message)
    assert.equal("http", failure_of(list, 500, "{}").kind)
    assert.equal("a response without an error in it", failure_of(list, 500, '{"result":{"images":[]}}').message)
    assert.equal("no Route matched", failure_of(list, 404, '{"message":"no Route matched"}').message)
    assert.equal("http", failure_of(list, 302, "").kind)
    assert.equal("http", failure_of(list, 500, "[1]").kind)
  end)

  it("is kind decode when the status promises a result", function()
    local failure = failure_of(list, 200, '{"result":{"images":[{"imageId"')
    assert.equal("decode", failure.kind)
    assert.matches("^the response is not JSON: .+ at byte %d+ %(text: ", failure.message)
    failure =
      failure_of(list, 200, "<!DOCTYPE html><html><TITLE>Please log in</TITLE>", { ["content-type"] = "text/html" })
    assert.matches('%(text/html: "Please log in"%)$', failure.message)
    assert.equal("decode", failure_of(list, 204, "").kind)
  end)

  it("is told apart by what is missing or of another shape", function()
    for body, words in pairs {
      ["{}"] = "'result' is missing or null",
      ['{"result":null}'] = "'result' is missing or null",
      ['{"result":[]}'] = "'result' is an array",
      ['{"result":"x"}'] = "'result' is a string",
      ['{"result":{}}'] = "'result.images' is missing or null",
      ['{"result":{"images":null}}'] = "'result.images' is missing or null",
      ['{"result":{"images":{}}}'] = "'result.images' is an object, not an array",
      ['{"result":{"images":{"1":{}}}}'] = "'result.images' is an object, not an array",
      ['{"result":{"images":"none"}}'] = "'result.images' is a string, not an array",
      ['{"result":{"images":[{},"x"]}}'] = "'result.images[1]' is a string, not an object",
      ['{"result":{"images":[[]]}}'] = "'result.images[0]' is an array, not an object",
      ['{"result":{"images":[[{}]]}}'] = "'result.images[0]' is an array, not an object",
      ['{"result":{"images":[],"totalCount":"2"}}'] = "'result.totalCount' is a string, not an integer",
      ['{"result":{"images":[],"totalCount":-1}}'] = "'result.totalCount' is -1",
      ['{"result":{"images":[],"totalCount":1.5}}'] = "'result.totalCount' is 1.5",
      ["[]"] = "it is an array",
      ["5"] = "it is a number",
      ['"x"'] = "it is a string",
      ["null"] = "it is null",
    } do
      local failure = failure_of(list, 200, body)
      assert.same({ "decode", "unexpected response: " .. words }, { failure.kind, failure.message })
    end
    for body, words in pairs {
      ['{"result":{}}'] = "'result.image' is missing or null",
      ['{"result":{"image":[]}}'] = "'result.image' is an array, not an object",
      ['{"result":{"image":"img"}}'] = "'result.image' is a string, not an object",
    } do
      assert.equal("unexpected response: " .. words, failure_of(one, 200, body).message)
    end
  end)

  it("of arrays with null in them is refused", function()
    local failure = failure_of(list, 200, '{"result":{"images":[null],"totalCount":1}}')
    assert.equal("unexpected response: 'result.images[0]' is null, not an object", failure.message)
  end)
end)
