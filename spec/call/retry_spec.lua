-- jdvm.call.retry: pure functions.
local retry = require "jdvm.call.retry"

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
