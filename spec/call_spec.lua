-- The fault suite: what becomes of a list when the service misbehaves, over the real transport.
-- A list is complete or an error; it is never short, and never hangs.
local emulator = require "spec.support.emulator"
local jdvm = require "jdvm"

-- Scans and stalls take their full measure on one Lua; the others run the same with less of it.
local FULL = _VERSION == "Lua 5.4"

local server
local PRIVATE = { imageSource = "private" }

setup(function() server = emulator.start { images = 250, tls = true } end)
teardown(function() server.stop() end)

local function client_of(options)
  local all = {
    region = server.regions[1],
    endpoint = server.endpoint,
    ca_file = server.ca_file,
    no_proxy = "*",
    access_key = server.accounts.owner.access_key,
    secret_key = server.accounts.owner.secret_key,
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  local client = jdvm.new(all)
  -- The delays between attempts are tested elsewhere.
  client.state().random = function() return 0.002 end
  return client
end

-- Sets faults and settings anew; the mark is where the oracle looks from.
local function misbehave(spec, settings)
  local arguments = { spec = spec }
  for name, value in pairs(settings or {}) do
    arguments[name] = value
  end
  server.control("reset", arguments)
  return server.mark()
end

local function oracle_fault(mark, images)
  local oracle = server.oracle(mark)
  local have, allowed = {}, {}
  for _, image in ipairs(images) do
    if have[image.imageId] then return image.imageId .. " is there twice" end
    have[image.imageId] = true
  end
  for _, name in ipairs { "stable", "came", "went" } do
    for _, id in ipairs(oracle[name]) do
      allowed[id] = true
    end
  end
  for _, id in ipairs(oracle.stable) do
    if not have[id] then return id .. " is missing" end
  end
  for id in pairs(have) do
    if not allowed[id] then return id .. " never was" end
  end
  return nil
end

-- A list under a fault: kind of the failure or "complete", then the detail or the meta.
local function list(spec, options, settings)
  local mark = misbehave(spec, settings)
  local client = client_of(options)
  local images, meta, detail = client:list_images(PRIVATE, { timeout = 20 })
  client:close()
  if images then
    local fault = oracle_fault(mark, images)
    if fault then error(("%s: the list claims to be complete, but %s"):format(spec, fault), 2) end
    assert.equal(0, server.control("stats").nonces_repeated)
    return "complete", meta
  end
  assert.equal("string", type(meta))
  assert.is_nil(meta:find("[%c]"))
  return detail.kind, detail
end

describe("a list is complete", function()
  local faults = {
    -- Throttling.
    "throttle:count=1",
    "throttle:count=1,retry_after=0.2",
    "throttle:count=1,retry_after=1,format=date",
    -- Errors of the service and of what stands before it.
    "error:count=2,code=502,body=html",
    "error:count=2,code=503,body=empty",
    "error:count=2,code=504,body=html,page=2",
    "error:count=1,code=503,retry_after=0.3",
    -- Connections that break.
    "cut:count=1,at=before",
    "cut:count=1,at=header",
    "cut:count=2,at=body,page=2",
    "reset:count=1,at=before",
    "length:count=1,by=10",
    "gzip:count=1,how=checksum",
    -- Slowness that is none of its business.
    "latency:seconds=0.1",
    "drip:bytes=20000,interval=0.01,count=2",
    "drip:part=header,bytes=20,interval=0.01,count=2",
    "hang:at=body,seconds=0.2,count=1",
    -- Totals that lie, and images that come and go.
    "total:by=-50",
    "total:value=200",
    "total:text=",
    "drift:page=2,insert=130,at=front",
    "drift:page=2,delete=99,at=front",
    "date:by=3600",
  }
  for _, spec in ipairs(faults) do
    it("under " .. spec, function() assert.equal("complete", (list(spec))) end)
  end

  for _, settings in ipairs {
    { past_end = "clamped" },
    { keep_alive = false },
    { framing = "length" },
    { gzip = true },
    { line_feed = false },
    { clock_offset = 7200 },
  } do
    local name, value = next(settings)
    it(("with %s = %s"):format(name, tostring(value)), function()
      local outcome, meta = list(nil, nil, settings)
      assert.equal("complete", outcome)
      assert.is_false(meta.drift)
    end)
  end
end)

describe("a list is an error", function()
  -- kind, http_status, status, requests it may take: at most.
  local cases = {
    { "quota:page=3", "api", 429, "QUOTA_EXCEEDED" },
    { "forbidden:", "api", 403, "HTTP_FORBIDDEN", 1 },
    { "error:code=503,page=2", "api", 503, "UNAVAILABLE" },
    { "error:code=502,body=html", "http", 502, nil, 3 },
    { "error:code=503,body=empty", "http", 503, nil, 3 },
    { "error:code=404,body=html", "http", 404, nil, 1 },
    { "cut:at=body", "transport", nil, nil, 3 },
    { "reset:at=body,page=2", "transport" },
    { "length:by=10,page=3", "transport" },
    { "gzip:how=garbage", "transport", nil, nil, 3 },
    { "gzip:how=truncated", "decode", 200 },
    { "header:bytes=100000", "transport", nil, nil, 1 },
    { "truncated:", "decode", 200, nil, 3 },
    -- What follows the cut off answer on the connection may be what the next try meets.
    { "length:by=-10,page=2", "decode transport" },
    { "repeated:serve=2,page=3", "pagination" },
    -- Bodies of other shapes are in spec/call/response_spec.lua.
    { "body:text={}", "decode", 200, nil, 1 },
    { "body:text=", "decode", 200, nil, 1 },
    { 'body:text={"error":"something%20went%20wrong"}', "api", 200 },
    { 'body:result={"images":null},page=2', "decode", 200 },
    { 'body:result={"images":[{"name":"x"}]}', "decode" },
  }
  for _, case in ipairs(cases) do
    it("under " .. case[1], function()
      local kind, detail = list(case[1])
      assert.truthy(case[2]:find(kind, 1, true), kind)
      if case[3] then assert.equal(case[3], detail.http_status) end
      if case[4] then assert.equal(case[4], detail.status) end
      assert.equal("describeImages", detail.operation)
      assert.equal("table", type(detail.stats))
      local requests = server.control("stats").requests
      if case[5] then
        assert.equal(case[5], requests)
      else
        assert.is_true(requests <= 50, requests .. " requests")
      end
    end)
  end

  it("larger than max_body", function()
    local kind, detail = list("oversized:bytes=3000000", { max_body = 1000000 })
    assert.equal("transport", kind)
    assert.truthy(detail.message:find("max_body", 1, true))
    assert.equal(1, server.control("stats").requests)
  end)
end)

describe("a stall", function()
  local limit = FULL and 2 or 0.6

  it("of the service ends with the deadline, and names where #measures", function()
    local stalls = {
      { "latency:seconds=30", { wait = true } },
      { "hang:at=before", { wait = true } },
      { "hang:at=header", { wait = true, read = true } },
      { "hang:at=body", { read = true } },
      { "drip:bytes=1,interval=0.1", { read = true } },
      { "drip:part=header,bytes=1,interval=0.1", { wait = true, read = true } },
    }
    local specs = {}
    for page, stall in ipairs(stalls) do
      specs[page] = stall[1] .. ",page=" .. page
    end
    misbehave(table.concat(specs, " "))
    local client = client_of()
    local carrier = require("jdvm.transport").choose(client.state().config)
    local began, calls = carrier:now(), {}
    for page in ipairs(stalls) do
      calls[page] = client:start(
        "describeImages",
        { imageSource = "private", pageNumber = page, pageSize = 10 },
        { timeout = limit }
      )
    end
    for page, stall in ipairs(stalls) do
      local result, _, detail = calls[page]:finish()
      local elapsed = carrier:now() - began
      assert.is_nil(result)
      assert.same({ "timeout", 1 }, { detail.kind, detail.attempts }, stall[1])
      assert.truthy(stall[2][detail.phase], ("%s: phase %s"):format(stall[1], tostring(detail.phase)))
      assert.is_true(elapsed >= limit - 0.01 and elapsed <= limit + 0.3, ("%s: %.3f s"):format(stall[1], elapsed))
      assert.is_true(detail.elapsed >= limit - 0.01)
    end
    client:close()
  end)
end)

describe("a service that fails", function()
  local tls

  setup(function()
    tls, server = server, emulator.start { images = 150 }
  end)
  teardown(function()
    server.stop()
    server = tls
  end)

  it("three times out of ten loses no scan #long", function()
    local scans = FULL and 200 or 60
    local rules = {}
    for i, kind in ipairs {
      "error:code=503",
      "error:code=502,body=html",
      "throttle:status=RATE_LIMIT",
      "cut:at=body",
      "cut:at=header",
      "reset:at=before",
    } do
      rules[i] = ("%s,probability=0.057,seed=%d"):format(kind, i)
    end
    misbehave(table.concat(rules, " "))
    local client = client_of { max_attempts = 20 }
    local expected = client:count_images(PRIVATE)
    local attempts = 0
    for i = 1, scans do
      local images, meta =
        client:list_images(PRIVATE, { timeout = 20, page_size = i % 2 == 0 and 100 or 64, fields = { "imageId" } })
      assert.is_truthy(images, meta)
      assert.equal(expected, #images)
      attempts = attempts + meta.attempts
    end
    local stats = server.control "stats"
    assert.equal(0, stats.nonces_repeated)
    assert.is_true(stats.requests > scans * 2.5 * 1.3, stats.requests .. " requests")
    client:close()
  end)
end)
