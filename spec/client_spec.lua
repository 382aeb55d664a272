-- jdvm.client over a transport in memory: what is sent, what comes back, what is raised.
local cjson = require "cjson"
local fake_transport = require "spec.support.fake_transport"
local jdvm = require "jdvm"

local function answer_of(value) return { status = 200, body = cjson.encode(value) } end

local function image(id) return { imageId = id, name = "n", status = "ready" } end

local function client_of(answer, options)
  local fake = fake_transport.new(answer)
  local all = { region = "cn-north-1", access_key = "AKIDEXAMPLE", secret_key = "wJalrXUtnFEMI-secret",
    transport = fake, endpoint = "https://vm.jdcloud-api.com" }
  for name, value in pairs(options or {}) do all[name] = value end
  return jdvm.new(all), fake
end

describe("a client", function()
  it("asks for a page and gives the result and its meta", function()
    local client, fake = client_of(function()
      return answer_of { requestId = "r1", result = { images = { image "img-1" }, totalCount = 1 } }
    end)
    local result, meta = client:describe_images { imageSource = "public", pageNumber = 2, pageSize = 50 }
    assert.equal("img-1", result.images[1].imageId)
    assert.equal(1, result.totalCount)
    assert.equal("r1", meta.request_id)
    assert.equal(200, meta.http_status)
    assert.equal(1, meta.attempts)
    assert.is_true(meta.elapsed > 0)
    assert.equal("https://vm.jdcloud-api.com/v1/regions/cn-north-1/images?imageSource=public&pageNumber=2&pageSize=50",
      fake.requests[1].url)
    assert.equal("GET", fake.requests[1].method)
    assert.truthy(fake.requests[1].headers.authorization:find("AKIDEXAMPLE", 1, true))
    assert.equal("vm.jdcloud-api.com", fake.requests[1].headers.host)
  end)

  it("gives the image itself for its id", function()
    local client, fake = client_of(function()
      return answer_of { requestId = "r", result = { image = image "img-7" } }
    end)
    assert.equal("img-7", (client:describe_image "img-7").imageId)
    assert.equal("img-7", (client:describe_image { imageId = "img-7", regionId = "cn-east-2" }).imageId)
    assert.truthy(fake.requests[2].url:find("/regions/cn-east-2/images/img-7", 1, true))
  end)

  it("returns failures as nil, a line and plain data", function()
    local client = client_of(function()
      return { status = 404, body = cjson.encode { requestId = "r4",
        error = { code = 404, status = "NOT_FOUND", message = "Image 'img-x' not found" } } }
    end)
    local result, message, detail = client:describe_image "img-x"
    assert.is_nil(result)
    assert.truthy(message:find("jdvm: describeImage: 404 NOT_FOUND: Image 'img-x' not found", 1, true))
    assert.equal("api", detail.kind)
    assert.equal(404, detail.code)
    assert.equal("NOT_FOUND", detail.status)
    assert.equal("r4", detail.request_id)
    assert.equal("describeImage", detail.operation)
    assert.equal("cn-north-1", detail.region)
    assert.equal(1, detail.attempts)
    assert.is_false(detail.retryable)
  end)

  it("never takes an error or a wrong shape for an empty list", function()
    for _, case in ipairs {
      { "{}", "decode" }, { '{"result":{}}', "decode" }, { '{"result":{"images":{}}}', "decode" },
      { '{"result":{"images":[{"imageId":', "decode" }, { "", "decode" }, { "[]", "decode" }, { "null", "decode" },
      { "<html>hello</html>", "decode" }, { "<html>502</html>", "http", 502 }, { "", "http", 503 },
      { '{"error":{"code":403,"status":"HTTP_FORBIDDEN","message":"no"}}', "api", 200 },
    } do
      local client = client_of(function() return { status = case[3] or 200, body = case[1] } end, { max_attempts = 1 })
      local result, message, detail = client:describe_images { imageSource = "public" }
      assert.is_nil(result, case[1])
      assert.equal("string", type(message))
      assert.equal(case[2], detail.kind, case[1])
      assert.is_nil(client:list_images { imageSource = "public" })
      assert.has_error(function() for _ in client:images { imageSource = "public" } do error "an image" end end,
        nil)
    end
  end)
end)
