-- jdvm.emulator.faults: what each does to a response; what they do to a connection is in server_spec.lua.
local core = require "jdvm.core"
local faults = require "jdvm.emulator.faults"
local settings = require "jdvm.emulator.settings"
local emulated = require "spec.support.emulated"
local signed = require "spec.support.signed"

local NORTH = emulated.NORTH
local ids, list, send, start_with = emulated.ids, emulated.list, emulated.send, emulated.start_with

describe("faults", function()
  local function one(spec, path, query)
    start_with(spec)
    return send(path or NORTH, query or { "imageSource", "private" })
  end

  it("are all described", function()
    for name, fault in pairs(faults) do
      assert.is_string(fault.doc, name)
      assert.is_true(fault.before ~= nil or fault.result ~= nil or fault.response ~= nil, name)
      for parameter, entry in pairs(fault.parameters) do
        assert.is_string(entry[2], name .. "." .. parameter)
        if entry[3] ~= nil then assert.equal(entry[3], (settings.read_value(parameter, entry[1], entry[3]))) end
      end
    end
  end)

  it("throttle with the words of both tables", function()
    local response, body = one "throttle:status=HTTP_RATE_LIMIT_EXCEEDED,retry_after=2"
    assert.equal("HTTP_RATE_LIMIT_EXCEEDED", body.error.status)
    assert.equal("2", signed.header(response, "retry-after"))
    response = one "throttle:retry_after=60,format=date"
    assert.equal("Tue, 14 Nov 2023 22:14:20 GMT", signed.header(response, "retry-after"))
    assert.equal("vm:describeImages", select(2, one "forbidden").error.details[1].param1)
  end)

  it("answer errors in JSON, in HTML or with nothing", function()
    for code, word in pairs { [400] = "INVALID_ARGUMENT", [404] = "NOT_FOUND", [429] = "RATE_LIMIT", [500] = "INTERNAL" } do
      local _, body = one("error:code=" .. code)
      assert.same({ code, word }, { body.error.code, body.error.status })
    end
    local response = one "error:code=502,body=html"
    assert.equal("text/html", signed.header(response, "content-type"))
    assert.truthy(response.body:find "^<html>.*502")
    response = one "error:code=503,body=empty,retry_after=1"
    assert.equal("", response.body)
    assert.is_nil(signed.header(response, "content-type"))
    assert.equal("1", signed.header(response, "retry-after"))
    local function message(path) return select(2, one("error:code=404", path)).error.message end
    assert.equal("no route and no API found with those values [gw]", message(NORTH))
    assert.equal("Image 'img-x' not found", message(NORTH .. "/img-x"))
  end)

  it("return another body or result with 200", function()
    local response = one "body:text=<html>%25</html>"
    assert.same({ 200, "<html>%</html>\n" }, { response.status, response.body })
    assert.equal("{}\n", (one "body").body)
    local _, body = one 'body:result={"images":null}'
    assert.is_string(body.requestId)
    assert.same({}, body.result)
    local refused, failure = send(NORTH, nil, nil, { access_key = "x", secret_key = "y" })
    assert.equal(401, refused.status) -- it does not hide a refusal
    assert.truthy(failure.error)
  end)

  it("lie about the total", function()
    for spec, total in pairs { ["by=5"] = 23, ["by=-50"] = 0, ["value=7"] = 7, ['text="x"'] = "x" } do
      assert.equal(total, select(2, one("total:" .. spec)).result.totalCount)
    end
    assert.truthy((one "total:text=null").body:find('"totalCount":null', 1, true))
    assert.is_nil((one "total:text=").body:find("totalCount", 1, true))
  end)

  it("spoil the body", function()
    local response = one "truncated:fraction=1"
    assert.equal("}", response.body:sub(-1))
    response = one "truncated:fraction=0.25"
    assert.is_nil(core.decode(response.body))
    assert.equal(100000, #one("oversized:bytes=100000").body)
    response = one "header:bytes=10,lines=2"
    assert.equal("aaaaaaaaaa", signed.header(response, "x-jdcloud-padding-2"))
    response = one "date:by=-3600"
    assert.equal("Tue, 14 Nov 2023 21:13:20 GMT", signed.header(response, "date"))
  end)

  it("delay by chance", function()
    local delay = one("latency:seconds=1,jitter=0.5").delay
    assert.is_true(delay >= 1 and delay < 1.5)
  end)

  it("serve another page again", function()
    start_with "repeated:page=2,serve=1"
    assert.same(ids(list(1).images), ids(list(2).images))
  end)
end)
