-- The faults as rules and as answers; what they do to a connection is in emulator_spec.lua.
local accounts = require "jdvm.emulator.accounts"
local core = require "jdvm.core"
local emulator = require "jdvm.emulator"
local faults = require "jdvm.emulator.faults"
local kinds = require "jdvm.emulator.kinds"
local shapes = require "jdvm.emulator.shapes"
local emulated = require "spec.support.emulated"
local signed = require "spec.support.signed"

local NORTH = emulated.NORTH
local ask, ids, list, send = emulated.ask, emulated.ids, emulated.list, emulated.send
local start_with, statuses = emulated.start_with, emulated.statuses

describe("a fault rule", function()
  it("reads and writes the same", function()
    for _, text in ipairs {
      "throttle:count=2,page=3,retry_after=0.5,format=seconds,status=RATE_LIMIT",
      "drift:at=front,count=1,delete=0,insert=5",
      "error:body=json,code=503,message=a%2Cb %25 中",
      "life:image=img-1,steps=pending:10 ready@2.5s",
    } do
      local rule = assert(faults.parse(text))
      assert.same(rule, faults.parse(faults.format(rule)))
    end
    assert.equal(
      "error:body=json,code=503,message=a%2Cb",
      faults.format(faults.read { fault = "error", code = "503", message = "a,b" })
    )
  end)

  it("is refused with what would be right", function()
    local function message(text) return select(2, faults.parse(text)) end
    assert.truthy(message("throtle"):find("; did you mean 'throttle'?", 1, true))
    assert.truthy(message("throttle:cont=1"):find("; did you mean 'count'?", 1, true))
    assert.truthy(
      message("throttle:operation=describeImagez"):find(
        "operation must be describeImages, describeImage, " .. "not 'describeImagez'",
        1,
        true
      )
    )
    assert.truthy(message("throttle:account=ownr"):find("account must be owner, other", 1, true))
    assert.truthy(message("throtle"):find("unknown fault 'throtle'; there are: .*throttle"))
    assert.truthy(message("throttle:cont=1"):find("fault 'throttle' has no parameter 'cont'; it has: .*conditions: "))
    assert.equal("fault 'throttle': count must be a whole number from 0, not 'x'", message("throttle:count=x"))
    assert.equal("fault 'throttle': 'count' is not name=value", message("throttle:count"))
    assert.truthy(message("error:body=xml"):find("body must be json, html, empty, not 'xml'", 1, true))
    assert.equal("fault 'quota': probability must be a number from 0 to 1, not '5'", message("quota:probability=5"))
    assert.equal("fault 'throttle': nth must be like 3 or 1+4+5", message("throttle:nth=first"))
    assert.equal("fault 'throttle': every must be at least 1", message("throttle:every=0"))
    assert.equal("fault 'drift': at must be front, end, random or a position from 1", message("drift:at=middle"))
    assert.truthy(message("drift:insert=-1"):find("insert must be a whole number from 0", 1, true))
    for _, text in ipairs { "", ":", ":count=1", 1 } do
      assert.truthy(message(text):find("unknown fault '1?'; there are"), text)
    end
    assert.equal("fault 'life': image=ID is missing: the life of which image?", message("life:steps=ready"))
    assert.truthy(message("life:image=x,steps=ready@x"):find("'ready@x' is not STATUS", 1, true))
    assert.has_error(function() emulator.new { faults = { "nothing" } } end)
  end)

  it("befalls by count, turn and place", function()
    start_with "error:code=503,count=2"
    assert.equal("503 503 200 200", statuses(4))
    start_with "error:code=503,after=1,count=1"
    assert.equal("200 503 200", statuses(3))
    start_with "error:code=503,every=2"
    assert.equal("200 503 200 503", statuses(4))
    start_with "error:code=503,nth=1+4+5"
    assert.equal("503 200 200 503 503 200", statuses(6))
    start_with "error:code=503,page=2"
    assert.equal("200", statuses(1, 1))
    assert.equal("503", statuses(1, 2))
    start_with "error:code=503,from_page=2"
    assert.equal("200", statuses(1, 1))
    assert.equal("503", statuses(1, 7))
    start_with "error:code=503,operation=describeImage"
    assert.equal("200", statuses(1))
    assert.equal(503, send(NORTH .. "/img-x").status)
    start_with "error:code=503,image=img-y"
    assert.equal(404, send(NORTH .. "/img-x").status)
    assert.equal(503, send(NORTH .. "/img-y").status)
    start_with "error:code=503,region=cn-east-1"
    assert.equal("200", statuses(1))
    assert.equal(503, send("/v1/regions/cn-east-1/images", { "imageSource", "public" }).status)
    start_with "error:code=503,account=other"
    assert.equal("200", statuses(1))
    assert.equal(503, send(NORTH, { "imageSource", "public" }, nil, accounts.list[2]).status)
    start_with "error:code=503,source=private"
    assert.equal("200", statuses(1))
  end)

  it("befalls by chance, always the same with the same seed", function()
    local function harmed(seed)
      start_with("error:code=503,probability=0.3,seed=" .. seed)
      return statuses(200)
    end
    local one = harmed(1)
    local _, count = one:gsub("503", "")
    assert.is_true(count > 40 and count < 80, count)
    assert.equal(one, harmed(1))
    assert.is_not.equal(one, harmed(2))
    start_with "error:code=503,probability=0"
    assert.equal("200 200", statuses(2))
    start_with "error:code=503,probability=1"
    assert.equal("503 503", statuses(2))
  end)

  it("joins others, but only one replaces the answer", function()
    start_with("throttle:count=1", "error:code=503,count=1", "latency:seconds=0.5,count=2")
    assert.equal(0.5, send(NORTH, { "imageSource", "public" }).delay)
    assert.equal("503 200", statuses(2))
    local seen = ask("stats").faults
    assert.same({ 3, 3, 3 }, { seen[1].met, seen[2].met, seen[3].met })
    assert.same({ 1, 1, 2 }, { seen[1].used, seen[2].used, seen[3].used })
  end)
end)

describe("the kinds of faults", function()
  local function one(spec, path, query)
    start_with(spec)
    return send(path or NORTH, query or { "imageSource", "private" })
  end

  it("are all described", function()
    for name, kind in pairs(kinds) do
      assert.is_string(kind.doc, name)
      assert.is_true(kind.before ~= nil or kind.result ~= nil or kind.response ~= nil, name)
      for parameter in pairs(kind.defaults or {}) do
        assert.truthy(kind.parameters[parameter] or faults.conditions[parameter], name .. "." .. parameter)
      end
    end
  end)

  it("throttle with the words of both tables", function()
    local response, body = one "throttle"
    assert.same({ 429, "RATE_LIMIT" }, { body.error.code, body.error.status })
    assert.is_nil(signed.header(response, "retry-after"))
    response, body = one "throttle:status=HTTP_RATE_LIMIT_EXCEEDED,retry_after=2"
    assert.equal("HTTP_RATE_LIMIT_EXCEEDED", body.error.status)
    assert.equal("2", signed.header(response, "retry-after"))
    response = one "throttle:retry_after=60,format=date"
    assert.equal("Tue, 14 Nov 2023 22:14:20 GMT", signed.header(response, "retry-after"))
    assert.equal("QUOTA_EXCEEDED", select(2, one "quota").error.status)
    assert.equal("vm:describeImages", select(2, one "forbidden").error.details[1].param1)
  end)

  it("answer errors in JSON, in HTML or with nothing", function()
    for code, word in pairs {
      [500] = "INTERNAL",
      [502] = "SOURCE_UNAVAILABLE",
      [503] = "UNAVAILABLE",
      [504] = "HTTP_SERVER_TIMING_OUT",
    } do
      local response, body = one("error:code=" .. code)
      assert.same({ code, code, word }, { response.status, body.error.code, body.error.status })
      response = one("error:code=" .. code .. ",body=html")
      assert.equal("text/html", signed.header(response, "content-type"))
      assert.truthy(response.body:find("^<html>.*" .. code))
      response = one("error:code=" .. code .. ",body=empty,retry_after=1")
      assert.equal("", response.body)
      assert.is_nil(signed.header(response, "content-type"))
      assert.equal("1", signed.header(response, "retry-after"))
    end
  end)

  it("answer every wrong shape with 200", function()
    start_with()
    local id = list().images[1].imageId
    for _, shape in ipairs(shapes.names) do
      for _, path in ipairs { NORTH, NORTH .. "/" .. id } do
        local response, body = one("shape:as=" .. shape, path)
        assert.equal(200, response.status)
        local result = type(body) == "table" and type(body.result) == "table" and body.result or {}
        local looks_right = type(result.images) == "table"
          and type(result.images[1]) == "table"
          and result.images[1].imageId
          and type(result.totalCount) == "number"
          and result.totalCount % 1 == 0
          and result.totalCount > 0
          and body.error == nil
        assert.is_falsy(looks_right and path == NORTH, shape)
      end
    end
    local refused, body = send(NORTH, nil, nil, { access_key = "x", secret_key = "y" })
    assert.equal(401, refused.status) -- a shape does not hide a refusal
    assert.truthy(body.error)
  end)

  it("lie about the total", function()
    local function total(spec) return select(2, one(spec)).result.totalCount end
    assert.equal(23, total "total:by=5")
    assert.equal(13, total "total:by=-5")
    assert.equal(0, total "total:by=-50")
    assert.equal(7, total "total:value=7")
    assert.equal("x", total 'total:text="x"')
    assert.is_nil(total "total:text=null")
    assert.equal("18", total "shape:as=total_string")
  end)

  it("spoil the body", function()
    local response = one "truncated:fraction=1"
    assert.equal("}", response.body:sub(-1))
    response = one "truncated:fraction=0.25"
    assert.is_nil(core.decode(response.body))
    for _, how in ipairs { "garbage", "truncated", "checksum" } do
      response = one("gzip:how=" .. how)
      assert.equal("gzip", signed.header(response, "content-encoding"))
      assert.equal(how ~= "garbage", response.body:sub(1, 2) == "\31\139")
    end
    response = one "oversized:bytes=100000"
    local whole = response.body .. ("a"):rep(response.padding.bytes) .. response.padding.tail
    assert.equal(100000, #whole)
    assert.truthy(core.decode(whole).result)
    response = one "header:bytes=10,lines=2"
    assert.equal("aaaaaaaaaa", signed.header(response, "x-jdcloud-padding-2"))
    response = one "date:by=-3600"
    assert.equal("Tue, 14 Nov 2023 21:13:20 GMT", signed.header(response, "date"))
  end)

  it("tell the server what to do to the connection", function()
    assert.same({ how = "cut", at = "body", fraction = 0.5, seconds = 0 }, one("cut").wire.stop)
    assert.same({ how = "reset", at = "before", fraction = 0.5, seconds = 0 }, one("reset").wire.stop)
    assert.same({ how = "hang", at = "header", fraction = 0.5, seconds = 5 }, one("hang:at=header,seconds=5").wire.stop)
    assert.same({ bytes = 1, interval = 0.1 }, one("drip").wire.drip)
    assert.same({ bytes = 7, interval = 0.1 }, one("drip:part=header,bytes=7").wire.header_drip)
    assert.equal(-4, one("length:by=-4").wire.content_length)
    local delay = one("latency:seconds=1,jitter=0.5").delay
    assert.is_true(delay >= 1 and delay < 1.5)
  end)

  it("serve another page again", function()
    start_with "repeated:page=2,serve=1"
    assert.same(ids(list(1).images), ids(list(2).images))
  end)
end)
