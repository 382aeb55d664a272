-- Connections that are kept between calls, over libcurl: what a server does to an idle connection must neither cost an
-- attempt nor become the response to another request. The server acts as the id of the image says (hostile.c).
local curl = require "jdvm.curl"
local hostile = require "spec.support.hostile"
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

local function open(scheme)
  return jdvm.new {
    region = "cn-north-1",
    access_key = "ak",
    secret_key = "sk",
    endpoint = server:base(scheme),
    ca_file = server.ca_file,
    proxy = "",
    transport = "curl",
    max_attempts = 1,
    timeout = 20,
  }
end

-- The image of that id in one attempt; the rest of what the call tells.
local function image(id)
  local found, meta, detail = client:describe_image(id)
  assert.is_table(found, type(meta) == "string" and meta or nil)
  assert.equal(id, found.imageId)
  assert.equal(1, meta.attempts)
  assert.is_nil(detail)
  return meta
end

local IDLE = { "close", "reset", "fin", "notify", "stray", "408", "408open", "garbage", "break" }
local LATE = { "lateclose", "latereset", "late408" }

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
        client = open(scheme)
        for i = 1, 3 do
          assert.equal(0, image(("img-%d.%s"):format(i, mishap)).replayed)
          settle()
        end
        image "img-last"
      end)
    end

    it("is not used when more than the response came in the last piece of it, " .. scheme, function()
      client = open(scheme)
      for i = 1, 3 do
        image(("img-%d.tail"):format(i)) -- with TLS that shows when the next request has been sent
        settle()
      end
      image "img-last"
    end)

    for _, mishap in ipairs(LATE) do
      it(("that fails under a request has it sent again: %s, %s"):format(mishap, scheme), function()
        client = open(scheme)
        image "img-first"
        assert.equal(1, image("img-again." .. mishap).replayed)
        assert.equal(0, image("img-fresh").replayed)
      end)
    end

    it("is used again and again, one call at a time and side by side, " .. scheme, function()
      client = open(scheme)
      local before = counted().connections
      for round = 1, 20 do
        image("img-" .. round)
      end
      assert.equal(1, counted().connections - before)
      for _ = 1, 5 do
        local calls = {}
        for i = 1, 8 do
          calls[i] = client:start("describeImage", "img-" .. i)
        end
        for i = 1, 8 do
          assert.equal("img-" .. i, (assert(calls[i]:finish())).imageId)
        end
      end
      assert.truthy(counted().connections - before <= 9)
    end)

    it("of any past gives no call the response to another, " .. scheme, function()
      client = open(scheme)
      local draw = random.new(7)
      local function some(n) return draw(1, n) end
      for round = 1, 60 do
        local calls, ids = {}, {}
        for i = 1, some(4) do
          local mishap = some(3) == 1 and LATE[some(#LATE)]
            or some(2) == 1 and IDLE[some(#IDLE)]
            or some(9) == 1 and "tail"
            or "none"
          ids[i] = ("img-%d-%d.%s"):format(round, i, mishap)
          calls[i] = client:start("describeImage", ids[i])
        end
        for i, call in ipairs(calls) do
          local found, meta = call:finish()
          assert.is_table(found, type(meta) == "string" and meta or nil)
          assert.equal(ids[i], found.imageId)
          assert.equal(1, meta.attempts)
        end
        settle()
      end
    end)
  end
end)
