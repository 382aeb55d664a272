-- jdvm.call.clock: calls on a machine whose clock is off.
local in_memory = require "spec.support.in_memory"
local jdvm = require "jdvm"
local service_transport = require "spec.support.service_transport"

local client_of, one_page, failing = in_memory.client_of, in_memory.one_page, in_memory.failing
local PUBLIC = { imageSource = "public" }

describe("the clock", function()
  it("is corrected once when the service's is minutes away, and kept for later calls", function()
    for _, ahead in ipairs { 3600, -3600, 86400 * 30 } do
      local fake = service_transport.new {}
      fake.ahead = ahead
      local client = jdvm.new(service_transport.options(fake))
      local result, meta = client:describe_images(PUBLIC)
      assert.truthy(result, meta)
      assert.equal(2, meta.attempts)
      assert.equal(0, #fake.sleeps)
      local _
      _, meta = client:describe_images(PUBLIC)
      assert.equal(1, meta.attempts)
      -- NTP sets the clock right: the offset goes with it.
      fake.ahead = 0
      _, meta = client:describe_images(PUBLIC)
      assert.equal(2, meta.attempts)
      _, meta = client:describe_images(PUBLIC)
      assert.equal(1, meta.attempts)
    end
  end)

  it("shrinks with the answers, before anything fails", function()
    local fake = service_transport.new {}
    fake.ahead = 2000
    local client = jdvm.new(service_transport.options(fake))
    assert.truthy(client:describe_images(PUBLIC))
    for ahead = 2000, 0, -400 do
      fake.ahead = ahead
      local _, meta = client:describe_images(PUBLIC)
      assert.equal(1, meta.attempts)
    end
    assert.equal("0", (("%s"):format(client.state().offset or 0)))
  end)

  it("is left alone again when the correction was refused, too", function()
    local fake = service_transport.new { faults = { "date:by=3600", "forbidden:count=1" } }
    local client = jdvm.new(service_transport.options(fake))
    -- The service's clock is right; only its Date header is not.
    assert.is_nil(client:describe_images(PUBLIC))
    local _, meta = client:describe_images(PUBLIC)
    assert.equal(1, meta.attempts)
  end)

  it("is corrected after a 403, too, and the failure says how far it is off", function()
    local date = "Sun, 06 Nov 1994 08:49:37 GMT"
    local function client_with(status, ahead, max_attempts)
      return client_of(
        function(_, n) return n == 1 and failing(status, "ANY", { date = date }) or one_page() end,
        { clock = function() return 784111777 - ahead end, max_attempts = max_attempts }
      )
    end
    local client, fake = client_with(403, 600)
    local _, meta = client:describe_images(PUBLIC)
    assert.equal(2, meta.attempts)
    assert.equal("19941106T083937Z", fake.requests[1].headers["x-jdcloud-date"])
    assert.equal("19941106T084937Z", fake.requests[2].headers["x-jdcloud-date"])
    for status, ahead in pairs { [403] = 600, [401] = -600 } do
      local _, message, detail = client_with(status, ahead, 1):describe_images(PUBLIC)
      assert.same({ ahead, ahead > 0 and "clock_behind" or "clock_ahead" }, { detail.skew, detail.cause })
      assert.matches("clock is 600 s " .. (ahead > 0 and "behind" or "ahead of"), message, 1, true)
    end
  end)

  it("follows no date that could not be signed with, and none of a proxy", function()
    for _, date in ipairs { "Mon, 01 Jan 1900 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT" } do
      local client = client_of(
        function(_, n) return n == 1 and failing(401, "ACCESS_ERROR", { date = date }) or one_page() end
      )
      assert.is_nil((client:describe_images(PUBLIC)))
      assert.truthy(client:describe_images(PUBLIC))
      assert.is_nil(client.state().offset)
    end
    local client, fake = client_of(
      function() return { status = 403, headers = { date = "Sun, 06 Nov 1994 08:49:37 GMT" }, body = "no" } end
    )
    assert.is_nil((client:describe_images(PUBLIC)))
    assert.equal(1, #fake.requests)
  end)

  it("is not blamed for a wrong secret", function()
    local fake = service_transport.new {}
    local client = jdvm.new(service_transport.options(fake, { secret_key = "another-secret-for-tests" }))
    local _, _, detail = client:describe_images(PUBLIC)
    assert.equal(401, detail.code)
    assert.equal(1, detail.attempts)
    fake.ahead = 3600
    _, _, detail = client:describe_images(PUBLIC)
    assert.equal(2, detail.attempts)
  end)
end)
