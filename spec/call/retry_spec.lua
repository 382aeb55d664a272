-- jdvm.call.retry: what is worth a retry, and calls that are retried.
local dates = require "jdvm.util.time"
local in_memory = require "spec.support.in_memory"
local retry = require "jdvm.call.retry"

local client_of, one_page, failing = in_memory.client_of, in_memory.one_page, in_memory.failing
local PUBLIC = { imageSource = "public" }

describe("the reason for a retry", function()
  local reason = retry.reason

  it("is the code, whatever word comes with it", function()
    for code, expected in pairs {
      [429] = "throttled",
      [500] = "transient",
      [502] = "transient",
      [503] = "transient",
      [504] = "transient",
    } do
      assert.equal(expected, reason { kind = "api", status = "NOT_FOUND", code = code, http_status = code })
      assert.equal(expected, reason { kind = "http", http_status = code })
    end
    for _, code in ipairs { 301, 400, 401, 403, 404, 407, 408, 409, 413, 414, 499, 501, 505 } do
      assert.is_nil(reason { kind = "http", http_status = code })
      for _, word in ipairs { "INTERNAL", "UNKNOWN", "UNAVAILABLE", "RATE_LIMIT", "HTTP_RATE_LIMIT_EXCEEDED", "NEW" } do
        assert.is_nil(reason { kind = "api", status = word, code = code, http_status = code })
      end
    end
  end)

  it("is not there for a quota that is used up, which is a 429, too", function()
    assert.equal("throttled", reason { kind = "api", status = "RATE_LIMIT", code = 429, http_status = 429 })
    assert.is_nil(reason { kind = "api", status = "QUOTA_EXCEEDED", code = 429, http_status = 429 })
    assert.is_nil(reason { kind = "api", status = "QUOTA_EXCEEDED", code = 429, http_status = 200 })
    assert.equal("transient", reason { kind = "api", status = "QUOTA_EXCEEDED", code = 503, http_status = 503 })
  end)

  it("is the code of HTTP, or of the error in the body of a 2xx", function()
    assert.equal("transient", reason { kind = "api", code = 503, http_status = 200 })
    assert.equal("throttled", reason { kind = "api", code = 429, http_status = 200 })
    assert.equal("throttled", reason { kind = "api", code = 503, http_status = 429 })
    assert.is_nil(reason { kind = "api", code = 404, http_status = 200 })
    assert.equal("transient", reason { kind = "api", code = 400, http_status = 503 })
    assert.is_nil(reason { kind = "api", code = 500, http_status = 501 })
    assert.is_nil(reason { kind = "api", code = 503, http_status = 404 })
    assert.is_nil(reason { kind = "api", status = "UNKNOWN", code = 200, http_status = 200 })
    -- An odd code of the service's own does not hide what HTTP says.
    assert.equal("transient", reason { kind = "api", code = 12345, http_status = 503 })
  end)

  it("is there for broken connections, not for what would break again", function()
    assert.equal("transient", reason { kind = "connect" })
    assert.equal("transient", reason { kind = "timeout", phase = "read" })
    assert.equal("transient", reason { kind = "transport", message = "the connection was closed" })
    assert.is_nil(reason { kind = "transport", message = "larger than 100 bytes (max_body)", lasting = true })
    assert.is_nil(reason { kind = "connect", message = "the address of the proxy cannot be used", lasting = true })
    for _, kind in ipairs { "tls", "decode", "credentials", "phase", "cancelled", "pagination" } do
      assert.is_nil(reason { kind = kind }, kind)
    end
  end)

  it("is there for an answer that broke off", function()
    assert.equal("transient", reason { kind = "decode", broke_off = true })
    assert.is_nil(reason { kind = "decode" })
  end)
end)

describe("the delay", function()
  it("doubles from 50 ms, or from 1 s when throttled, up to 20 s", function()
    for tries, expected in ipairs { 0.05, 0.1, 0.2, 0.4, 0.8 } do
      assert.is_true(math.abs(retry.delay(tries, "transient", 1) - expected) < 1e-9)
      assert.is_true(math.abs(retry.delay(tries, "throttled", 1) - math.min(20, expected * 20)) < 1e-9)
    end
    assert.equal(20, retry.delay(100, "transient", 1))
    assert.equal(20, retry.delay(100000, "throttled", 1))
  end)

  it("is jittered over its whole length", function()
    assert.equal(0, retry.delay(3, "throttled", 0))
    assert.equal(2, retry.delay(3, "throttled", 0.5))
  end)

  it("follows Retry-After within 5 s of its own", function()
    assert.equal(3, retry.delay(1, "throttled", 1, 3))
    assert.equal(6, retry.delay(1, "throttled", 1, 3600))
    assert.equal(1, retry.delay(1, "throttled", 1, 0))
    assert.equal(5, retry.delay(1, "throttled", 0, 3600))
  end)
end)

describe("times in headers", function()
  it("are read from HTTP dates", function()
    assert.equal(784111777, retry.http_date "Sun, 06 Nov 1994 08:49:37 GMT")
    assert.equal(951782400, retry.http_date "Tue, 29 Feb 2000 00:00:00 GMT")
    assert.equal(1709251199, retry.http_date "Thu, 29 Feb 2024 23:59:59 GMT")
    assert.equal(0, retry.http_date "Thu, 01 Jan 1970 00:00:00 GMT")
    local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
    for number, name in ipairs(months) do
      assert.equal(
        dates.seconds(2001, number, 2, 3, 4, 5),
        retry.http_date(("Thu, 02 %s 2001 03:04:05 GMT"):format(name))
      )
    end
    for _, bad in ipairs { "", "yesterday", "Sun, 06 Xyz 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", "784111777" } do
      assert.is_nil(retry.http_date(bad))
    end
    assert.is_nil(retry.http_date(nil))
  end)

  it("are read from Retry-After, in seconds or as a date", function()
    assert.equal(7, retry.after({ ["retry-after"] = "7" }, 0))
    assert.equal(1.5, retry.after({ ["retry-after"] = " 1.5 " }, 0))
    assert.is_nil(retry.after({}, 0))
    assert.is_nil(retry.after({ ["retry-after"] = "soon" }, 0))
    assert.is_nil(retry.after({ ["retry-after"] = "-3" }, 0))
    for _, endless in ipairs { ("9"):rep(400), "99999999999.5", "Fri, 31 Dec 9999 23:59:59 GMT" } do
      assert.equal(365 * 86400, retry.after({ ["retry-after"] = endless }, 0))
    end
    local date = "Sun, 06 Nov 1994 08:49:37 GMT"
    assert.equal(37, retry.after({ ["retry-after"] = date, date = "Sun, 06 Nov 1994 08:49:00 GMT" }, 0))
    assert.equal(7, retry.after({ ["retry-after"] = date }, 784111770))
    assert.equal(0, retry.after({ ["retry-after"] = date }, 784111799))
  end)
end)

describe("the quota", function()
  it("pays 35 transient or 100 throttled retries", function()
    local quota, count = retry.quota(), 0
    while quota:take "transient" do
      count = count + 1
    end
    assert.equal(35, count)
    quota, count = retry.quota(), 0
    while quota:take "throttled" do
      count = count + 1
    end
    assert.equal(100, count)
  end)

  it("is paid back by success, and never grows beyond its size", function()
    local quota = retry.quota()
    local cost = quota:take "transient"
    quota:pay_back(cost)
    assert.equal(500, quota.left)
    quota:pay_back()
    assert.equal(500, quota.left)
    while quota:take "transient" do
    end
    for _ = 1, 4 do
      quota:pay_back()
    end
    assert.equal(14, quota.left)
    assert.equal(14, quota:take "transient")
  end)
end)

describe("retries", function()
  -- Answers of a script, the last one for ever.
  local function script(answers, options)
    return client_of(function(_, n) return answers[math.min(n, #answers)] end, options)
  end

  it("repeat what may pass, with a new date, nonce and signature", function()
    for _, first in ipairs {
      failing(503, "UNAVAILABLE"),
      { status = 502, body = "<html>" },
      { kind = "timeout", phase = "read" },
    } do
      local client, fake = script { first, first, one_page() }
      local result, meta = client:describe_images(PUBLIC)
      assert.truthy(result, meta)
      assert.equal(3, meta.attempts)
      assert.equal(3, #fake.requests)
      assert.equal(2, #fake.sleeps)
      local nonces = {}
      for _, request in ipairs(fake.requests) do
        nonces[request.headers["x-jdcloud-nonce"]] = true
      end
      local count = 0
      for _ in pairs(nonces) do
        count = count + 1
      end
      assert.equal(3, count)
    end
  end)

  it("are not needed where a kept connection was closed: the request is sent again, once, and anew", function()
    for _, first in ipairs {
      { kind = "transport", phase = "wait", sent = true, kept = true },
      { kind = "transport", phase = "send", sent = false, kept = true },
      { status = 408, kept = true },
    } do
      local client, fake = script({ first, one_page() }, { max_attempts = 1 })
      local result, meta = client:describe_images(PUBLIC)
      assert.truthy(result, meta)
      assert.same({ 1, 1, 0 }, { meta.attempts, meta.replayed, #fake.sleeps })
      local before, after = fake.requests[1], fake.requests[2]
      assert.is_nil(before.fresh)
      assert.is_true(after.fresh)
      assert.equal(before.url, after.url)
      assert.not_equal(before.headers["x-jdcloud-nonce"], after.headers["x-jdcloud-nonce"])
      assert.not_equal(before.headers.authorization, after.headers.authorization)

      -- Whoever says so of a fresh connection is not believed.
      client, fake = script({ first }, { max_attempts = 2 })
      assert.is_nil((client:describe_images(PUBLIC)))
      assert.equal(first.status and 2 or 4, #fake.requests)
    end
    local client, fake = script({ { status = 408 } }, { max_attempts = 1 })
    local _, _, detail = client:describe_images(PUBLIC)
    assert.same({ 408, 1 }, { detail.http_status, #fake.requests })
  end)

  it("do not send again when the time is over", function()
    local late = { kind = "transport", sent = true, kept = true, after = 5 }
    local client, fake = script({ late }, { timeout = 5 })
    local _, _, detail = client:describe_images(PUBLIC)
    assert.same({ "timeout", 1 }, { detail.kind, #fake.requests })
  end)

  it("end after max_attempts in all, with the last failure", function()
    for _, case in ipairs { { nil, 3 }, { 0, 1 }, { 1, 1 }, { 2, 2 }, { 7, 7 } } do
      local client, fake = script({ failing(503, "UNAVAILABLE") }, { max_attempts = case[1] })
      local _, message, detail = client:describe_images(PUBLIC)
      assert.equal(case[2], #fake.requests)
      assert.equal(case[2], detail.attempts)
      assert.equal("UNAVAILABLE", detail.status)
      assert.is_true(detail.retryable)
      if case[2] > 1 then assert.truthy(message:find(case[2] .. " attempts", 1, true), message) end
      client, fake = script({ failing(503, "UNAVAILABLE") })
      client:describe_images(PUBLIC, { max_attempts = case[2] })
      assert.equal(case[2], #fake.requests)
    end
  end)

  it("wait as long as the service asks", function()
    local client, fake = script { failing(429, "RATE_LIMIT", { ["retry-after"] = "3" }), one_page() }
    local _, meta = client:describe_images(PUBLIC)
    assert.is_true(fake.sleeps[1] >= 3 and fake.sleeps[1] < 3.1)
    assert.equal(1, meta.throttled)
  end)

  it("go by the code in a body behind 200", function()
    local function script_of(code, status)
      local body = ('{"requestId":"r","error":{"code":%d,"status":"%s","message":"m"}}'):format(code, status)
      return client_of(function(_, n) return n == 1 and { status = 200, body = body } or one_page() end)
    end
    local client, fake = script_of(503, "UNAVAILABLE")
    local result, meta = client:describe_images(PUBLIC)
    assert.truthy(result)
    assert.same({ 2, 2 }, { meta.attempts, #fake.requests })
    client, fake = script_of(404, "NOT_FOUND")
    local _, _, detail = client:describe_image "img-1"
    assert.same(
      { "api", "not_found", 404, 200, false },
      { detail.kind, detail.cause, detail.code, detail.http_status, detail.retryable }
    )
    assert.equal(1, #fake.requests)
  end)

  it("are paid back by a call that succeeds in the end, and by no other", function()
    local client = client_of(function(_, n) return n <= 2 and failing(503, "UNAVAILABLE") or one_page() end)
    assert.truthy(client:describe_images(PUBLIC))
    assert.equal(500, client.state().quota.left)
    client = client_of(
      function(_, n) return n <= 4 and failing(503, "UNAVAILABLE") or one_page() end,
      { max_attempts = 2 }
    )
    assert.is_nil((client:describe_images(PUBLIC)))
    assert.is_nil((client:describe_images(PUBLIC)))
    assert.equal(500 - 2 * 14, client.state().quota.left)
    assert.truthy(client:describe_images(PUBLIC))
    assert.equal(500 - 2 * 14 + 1, client.state().quota.left)
  end)

  it("stop when the client's quota is used up", function()
    local client, fake = script({ failing(503, "UNAVAILABLE") }, { max_attempts = 3 })
    local last
    for _ = 1, 200 do
      local _, _, detail = client:describe_images(PUBLIC)
      last = detail
    end
    -- 500 tokens pay 35 retries at 14 each.
    assert.equal(200 + 35, #fake.requests)
    assert.equal(1, last.attempts)
    assert.equal("UNAVAILABLE", last.status)
    assert.truthy(last.hint:find("was not retried", 1, true))
  end)
end)
