-- Connections that are kept between calls, over libcurl: what a server does to an idle connection must neither cost an
-- attempt nor become the response to another request. The mishap stands behind the id.
local curl = require "jdvm.curl"
local curl_transport = require "jdvm.transport.curl"
local hostile = require "spec.support.hostile"
local http2 = require "spec.support.http2"
local jdvm = require "jdvm"
local random = require "spec.support.random"

local server, watcher, client

local function counted()
  local transfer = watcher:start { url = server:url "count", timeout = 10 }
  local status, _, body = watcher:finish(transfer)
  assert.equal(200, status)
  local counts = {}
  for name, value in body:gmatch '"(%l+)":(%d+)' do
    counts[name] = tonumber(value)
  end
  return counts
end

-- Waits until the server has done all that follows its responses: then it has also arrived here.
local function settle()
  local deadline = curl.now() + 10
  local counts
  repeat
    counts = counted()
  until counts.done == counts.requests or curl.now() > deadline
  assert.equal(counts.requests, counts.done)
end

local write = hostile.write

local function response(id, rest)
  local body = ('{"requestId":"r","result":{"image":{"imageId":"%s"}},"rest":"%s"}'):format(id, rest or "")
  return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
end

local STRAY = response "img-stray"
local TIMEOUT = write "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

-- What the server does behind its response, while the connection is idle; and what it does in place of a response that
-- is not the first of its connection.
local IDLE = { "close", "reset", "fin", "notify", "stray", "408", "408open", "garbage", "break" }
local LATE = { "lateclose", "latereset", "late408" }
local STEPS = {
  stray = write(STRAY),
  ["408"] = TIMEOUT .. "&close",
  ["408open"] = TIMEOUT,
  garbage = write "\1\2garbage",
  ["break"] = write "\r\n",
  lateclose = "first=1&close",
  latereset = "first=1&reset",
  late408 = "first=2&" .. TIMEOUT .. "&close",
}

-- The steps of the server for an image, whose id may name a mishap.
local function steps_of(id)
  local mishap = id:match "%.(%w+)$"
  -- In the last of several records of TLS stand the end of the body and more.
  if mishap == "tail" then return write(response(id, ("x"):rep(20000)) .. STRAY) end
  local steps = STEPS[mishap] or mishap ~= "none" and mishap or ""
  return steps:find "^first" and steps .. "&" .. write(response(id)) or write(response(id)) .. "&" .. steps
end

-- A client whose requests for an image at `base` become scripts for the server.
local function open(base)
  local transport = curl_transport.new { ca_file = server.ca_file, proxy = "" }
  local start = transport.start
  function transport.start(self, request, deadline)
    request.url = base .. "/?" .. steps_of(request.url:match "/images/(.*)$")
    return start(self, request, deadline)
  end
  return jdvm.new {
    region = "cn-north-1",
    access_key = "ak",
    secret_key = "sk",
    endpoint = base,
    transport = transport,
    max_attempts = 1,
    timeout = 20,
  }
end

-- Images of that many ids, asked for side by side, each in one attempt; how many requests were sent again.
local function images(ids)
  local calls, replayed = {}, 0
  for i, id in ipairs(ids) do
    calls[i] = client:start("describeImage", id)
  end
  for i, call in ipairs(calls) do
    local found, meta = call:finish()
    assert.is_table(found, type(meta) == "string" and meta or nil)
    assert.equal(ids[i], found.imageId)
    assert.equal(1, meta.attempts)
    replayed = replayed + meta.replayed
  end
  return replayed
end

describe("a kept connection", function()
  setup(function()
    server = hostile.start()
    watcher = curl.new { proxy = "" }
  end)

  teardown(function()
    watcher:close()
    server:stop()
  end)

  after_each(function() client:close() end)

  for _, scheme in ipairs { "http", "https" } do
    for _, mishap in ipairs(IDLE) do
      it(("on which the server does this while it is idle is not used: %s, %s"):format(mishap, scheme), function()
        client = open(server:base(scheme))
        for i = 1, 3 do
          assert.equal(0, images { ("img-%d.%s"):format(i, mishap) })
          settle()
        end
        images { "img-last" }
      end)
    end

    it("is not used when more than the response came in the last piece of it, " .. scheme, function()
      client = open(server:base(scheme))
      for i = 1, 3 do
        images { ("img-%d.tail"):format(i) } -- with TLS that shows when the next request has been sent
        settle()
      end
      images { "img-last" }
    end)

    for _, mishap in ipairs(LATE) do
      it(("that fails under a request has it sent again: %s, %s"):format(mishap, scheme), function()
        client = open(server:base(scheme))
        images { "img-first" }
        assert.equal(1, images { "img-again." .. mishap })
        assert.equal(0, images { "img-fresh" })
      end)
    end

    it("is used again and again, one call at a time and side by side, " .. scheme, function()
      client = open(server:base(scheme))
      local before = counted().connections
      for round = 1, 20 do
        images { "img-" .. round }
      end
      assert.equal(1, counted().connections - before)
      for _ = 1, 5 do
        images { "img-1", "img-2", "img-3", "img-4", "img-5", "img-6", "img-7", "img-8" }
      end
      assert.truthy(counted().connections - before <= 9)
    end)

    it("of any past gives no call the response to another, " .. scheme, function()
      client = open(server:base(scheme))
      local draw = random.new(7)
      local function some(n) return draw(1, n) end
      for round = 1, 60 do
        local ids = {}
        for i = 1, some(4) do
          local mishap = some(3) == 1 and LATE[some(#LATE)] or some(2) == 1 and IDLE[some(#IDLE)] or "none"
          ids[i] = ("img-%d-%d.%s"):format(round, i, some(20) == 1 and "tail" or mishap)
        end
        images(ids)
        settle()
      end
    end)
  end

  it("that ends with GOAWAY (HTTP/2) costs no attempt", function()
    local front = http2.start(server)
    finally(front.stop)
    client = open(front.goaway)
    for _ = 1, 10 do
      images { "img-1", "img-2", "img-3", "img-4" }
      images { "img-5" }
    end
  end)
end)
