-- Failures as people and programs see them.
local causes = require "jdvm.call.causes"
local documented = require "docs.lib.failures"
local errors = require "jdvm.failures.failure"
local texts = require "jdvm.failures.texts"

local function line_of(fields, secrets)
  local message, detail = errors.new(fields, secrets)
  assert.is_string(message)
  assert.is_nil(message:find("[%z\1-\31\127]"), message)
  return message, detail
end

-- The hint of a failure; what the service or something in front of it returned is given its cause as it is in calls.
local function hint_of(fields)
  if fields.kind == "api" or fields.kind == "http" then fields.cause = fields.cause or causes.of(fields) end
  local _, detail = errors.new(fields)
  return detail.hint
end

describe("the details of a failure", function()
  it("have no holes", function()
    local null = require "jdvm".null
    local _, detail = errors.new { kind = "api", message = "no", details = { null, { a = "b" }, null } }
    assert.same({ { a = "b" } }, detail.details)
  end)
end)

describe("the line of a failure", function()
  it(
    "is what the design says",
    function()
      assert.equal(
        "jdvm: describeImage: 404 NOT_FOUND: Image 'img-x' not found (request 5dfb); hint: an image exists in "
          .. "one region only (asked in cn-north-1), and sub-accounts see only what they may use",
        (
          line_of {
            kind = "api",
            cause = "not_found",
            operation = "describeImage",
            region = "cn-north-1",
            code = 404,
            status = "NOT_FOUND",
            message = "Image 'img-x' not found",
            request_id = "5dfb",
            http_status = 404,
            attempts = 1,
            elapsed = 0.1,
          }
        )
      )
    end
  )

  it("has the facts that matter in brackets", function()
    assert.equal("jdvm: describeImages: no answer within 10 s (phase read, 3 attempts, 30.0 s)", (line_of {
      kind = "timeout",
      operation = "describeImages",
      message = "no answer within 10 s",
      phase = "read",
      attempts = 3,
      elapsed = 30.04,
    }))
    assert.equal(
      "jdvm: it broke (2 attempts, 1.5 s)",
      (line_of { kind = "transport", message = "it broke", attempts = 2, elapsed = 1.5 })
    )
    assert.equal("jdvm: it broke", (line_of { kind = "transport", message = "it broke", attempts = 1, elapsed = 1.5 }))
  end)

  it("names the failure before a timeout", function()
    local message, detail = line_of {
      kind = "timeout",
      message = "the time ran out",
      phase = "sleep",
      attempts = 2,
      elapsed = 2,
      last = { kind = "api", code = 503, status = "UNAVAILABLE", message = "later" },
    }
    assert.equal(
      "jdvm: the time ran out (phase sleep, 2 attempts, 2.0 s); before that: 503 UNAVAILABLE: later",
      message
    )
    assert.same({ kind = "api", code = 503, status = "UNAVAILABLE", message = "later" }, detail.last)
  end)

  it("is made for every kind", function()
    for _, kind in ipairs(documented.kinds) do
      local message, detail = line_of { kind = kind.name, message = "words" }
      assert.matches("^jdvm: .*words", message)
      assert.equal(kind.name, detail.kind)
      assert.truthy(texts.usual[kind.name])
    end
  end)

  it("is made from next to nothing", function()
    assert.equal("jdvm: the exchange failed", (line_of {}))
    assert.equal("jdvm: x", (line_of { kind = "of my own transport", message = "x" }))
    assert.equal("jdvm: error: x", (line_of { kind = "api", message = "x" }))
    assert.matches("^jdvm: HTTP error: x; hint: ", (line_of { kind = "http", message = "x" }))
  end)

  it("is one printable line whatever comes in", function()
    local hostile = "a\r\nb\0c\27[31m\226\128\174d\255" .. ("é"):rep(5000)
    local message, detail = line_of {
      kind = "api",
      operation = hostile,
      region = hostile,
      status = hostile,
      message = hostile,
      request_id = hostile,
      phase = hostile,
      details = { { [hostile] = hostile } },
      code = 500,
    }
    assert.is_true(#message < 1100, #message)
    assert.is_nil(message:find("\27", 1, true))
    assert.is_nil(message:find("\226\128\174", 1, true))
    assert.matches("a b c %[31md%?é", message)
    local key, value = next(detail.details[1])
    assert.is_nil((key .. value):find("[%c]"))
  end)
end)

describe("the data of a failure", function()
  it("holds what it was given, and nothing that is not plain", function()
    local given = {
      kind = "api",
      cause = "not_found",
      facts = { host = "h", port = 1 },
      code = 404,
      status = "NOT_FOUND",
      message = "m",
      http_status = 404,
      request_id = "r",
      details = { { param0 = "*", f = print } },
      operation = "describeImage",
      region = "x",
      attempts = 2,
      elapsed = 1.5,
      phase = "read",
      retryable = false,
      hint = "h",
      retry_after = 3,
      skew = 5,
      stranger = "y",
    }
    local _, detail = errors.new(given)
    given.stranger, given.details = nil, { { param0 = "*" } }
    assert.same(given, detail)
    assert.is_nil(getmetatable(detail))
  end)

  it("keeps an image as it was", function()
    local image = { desc = "two\nlines" }
    local _, detail = errors.new { kind = "wait", message = "m", image = image }
    assert.equal(image, detail.image)
  end)

  it("survives tables that contain themselves", function()
    local loop = {}
    loop.loop = loop
    local _, detail = errors.new { kind = "api", message = "m", details = loop }
    assert.is_table(detail.details)
  end)

  it("is documented field by field", function()
    local names = {}
    for _, field in ipairs(documented.fields) do
      assert.not_nil(errors.fields[field.name], field.name)
      names[field.name] = true
    end
    for name in pairs(errors.fields) do
      assert.is_true(names[name], name)
    end
  end)
end)

describe("secrets", function()
  local secrets = { "s3cr3t+/=key", "token%with-magic(chars)" }

  it("are taken out of everything", function()
    local text = "you sent " .. secrets[1] .. " and " .. secrets[2] .. secrets[2] .. ", why?"
    local message, detail = errors.new({
      kind = "api",
      code = 400,
      message = text,
      status = text,
      request_id = text,
      hint = text,
      details = { [text] = { text } },
      facts = { reason = text },
      last = { kind = "api", message = text },
    }, secrets)
    local function walk(value)
      if type(value) == "table" then
        for key, element in pairs(value) do
          walk(key)
          walk(element)
        end
      end
      for _, secret in ipairs(secrets) do
        assert.is_nil(tostring(value):find(secret, 1, true), value)
      end
    end
    walk(message)
    walk(detail)
    assert.equal("you sent [redacted] and [redacted][redacted], why?", detail.message)
  end)

  it("are also what stands before the host of a proxy", function()
    for address, expected in pairs {
      ["http://me:hunter2@h:1"] = { "me:hunter2", "hunter2", "me:hunter2", "hunter2" },
      ["me:hunter%402@h:1"] = { "me:hunter%402", "hunter%402", "me:hunter@2", "hunter@2" },
      ["http://me:hun/hunter2@h:1"] = { "me:hun/hunter2", "hun/hunter2", "me:hun/hunter2", "hun/hunter2" },
      ["socks5://me:a@hunter2@h:1"] = { "me:a@hunter2", "a@hunter2", "me:a@hunter2", "a@hunter2" },
      ["http://hunter2@h"] = { "hunter2", nil, "hunter2" },
      ["http://h:3128"] = {},
      [""] = {},
    } do
      assert.same(expected, { errors.secrets_of_proxy(address) }, address)
    end
    assert.same({}, { errors.secrets_of_proxy(nil) })
  end)

  it(
    "that are too short to be any leave the text alone",
    function() assert.equal("jdvm: a cat", (errors.new({ kind = "wait", message = "a cat" }, { "a", "", "cat" }))) end
  )
end)

describe("hints", function()
  it("tell what to check about what the service says", function()
    for _, case in ipairs {
      { 401, "ACCESS_ERROR", "sign result is not same [gw]", "secret key.*characters.*clock" },
      { 401, "ACCESS_ERROR", "Invalid accessKey [gw]", "does not know this access key" },
      { 401, "ACCESS_ERROR", "secret key is null", "does not know this access key" },
      { 401, "ACCESS_ERROR", "lack of header authorization[gw]", "proxy" },
      { 401, "UNAUTHENTICATED", "no", "session token" },
      { 403, "HTTP_FORBIDDEN", "please use different noncestr [gw]", "sends requests twice" },
      { 403, "HTTP_FORBIDDEN", "Your IP address is not allowed [gw]", "certain addresses" },
      {
        403,
        "HTTP_FORBIDDEN",
        "You are not authorized to perform (vm:x) [IAM] [gw]",
        "do not allow vm:describeImages;",
      },
      { 404, "NOT_FOUND", "no route and no API found", "^check the region cn%-north%-1 and the endpoint$" },
      { 429, "QUOTA_EXCEEDED", "Image quota limit exceeded", "not retried" },
      { 429, "RATE_LIMIT", "x", "1000 calls a minute" },
      { 429, "HTTP_RATE_LIMIT_EXCEEDED", "minute rate limit exceeded", "1000 calls a minute" },
      { 400, "FAILED_PRECONDITION", "Parameter ImageSource missing", "give imageSource" },
      { 400, "FAILED_PRECONDITION", "Conflict with underlay image task 'x'", "try again later" },
      { 400, "OUT_OF_RANGE", "PageSize out of range", "10 to 100" },
      { 414, "HTTP_URI_TOO_LONG", "x", "fewer ids" },
    } do
      local failure = { kind = "api", code = case[1], http_status = case[1], status = case[2], message = case[3] }
      failure.operation, failure.region = "describeImages", "cn-north-1"
      assert.matches(case[4], hint_of(failure))
    end
    assert.is_nil(hint_of { kind = "api", code = 500, http_status = 500, status = "INTERNAL", message = "x" })
  end)

  it("tell by how much the clock is wrong, and which region was meant", function()
    for expected, fields in pairs {
      ["this machine's clock is 412 s behind the service's: set it right (NTP)"] = {
        cause = "clock_behind",
        skew = 412.3,
      },
      ["this machine's clock is 3600 s ahead of the service's: set it right (NTP)"] = {
        cause = "clock_ahead",
        skew = -3600,
      },
      ["check the region cn-nroth-1 (did you mean cn-north-1?) and the endpoint"] = {
        cause = "no_route",
        region = "cn-nroth-1",
      },
    } do
      fields.kind, fields.message = "api", "x"
      assert.equal(expected, hint_of(fields))
    end
  end)

  it("are not looked for when the failure wants none", function()
    local failure = { kind = "decode", message = "row 1 of page 1 has no key" }
    assert.matches("check the endpoint", hint_of(failure))
    failure.hint = false
    local message, detail = errors.new(failure)
    assert.is_nil(detail.hint)
    assert.is_nil(message:find("hint", 1, true))
  end)

  it("tell about what stands between", function()
    for expected, fields in pairs {
      ["name servers"] = { kind = "connect", cause = "no_host" },
      ["^check the host name"] = { kind = "connect", phase = "dns", message = "x" },
      ["other side ended it"] = { kind = "connect", phase = "tls", message = "x" },
      ["firewall"] = { kind = "connect", message = "Connection refused" },
      ["proxy and the firewall"] = { kind = "timeout", phase = "connect", message = "x" },
      ["do not reply"] = { kind = "timeout", phase = "dns", message = "x" },
      ["is for another name"] = { kind = "tls", cause = "wrong_name" },
      ["JDCLOUD_CA_FILE names"] = { kind = "tls", cause = "untrusted_certificate" },
      ["must exist, be readable and hold certificates"] = { kind = "tls", cause = "bad_ca_file" },
      ["http:// for one without TLS"] = { kind = "tls", cause = "not_tls" },
      ["https:// for a port with TLS"] = { kind = "transport", cause = "not_http" },
      ["this does not look like the service"] = { kind = "decode", http_status = 200, message = "x" },
      ["gateway"] = { kind = "http", http_status = 502, message = 'text/html: "502 Bad Gateway"' },
      ["write https://"] = {
        kind = "http",
        http_status = 400,
        message = 'text/html: "400 The plain HTTP request was sent to HTTPS port"',
      },
      ["redirects"] = { kind = "http", http_status = 302, message = "x" },
      ["user name and a password"] = { kind = "http", http_status = 407, message = "x" },
      ["check the endpoint and the proxy$"] = { kind = "http", http_status = 404, message = "x" },
    } do
      assert.matches(expected, hint_of(fields), nil, false)
    end
    assert.is_nil(hint_of { kind = "timeout", phase = "connect", cause = "too_late" })
  end)

  it("for the command name its options, also where they are about what failed before", function()
    local function command_hint(failure)
      local _, detail = errors.new(failure)
      local _, explained = errors.explain(detail, nil, "command")
      return explained.hint, detail.hint
    end
    local hint, of_program = command_hint { kind = "credentials", cause = "no_region" }
    assert.matches("jdvm.new", of_program, 1, true)
    assert.matches("give --region", hint, 1, true)
    local last = errors.last { kind = "tls", cause = "bad_ca_file", facts = { reason = "no such file" } }
    assert.matches(
      "--ca-file",
      (command_hint { kind = "timeout", cause = "not_seen", last = last, hint = errors.hint(last) }),
      1,
      true
    )
    assert.equal("mine", (command_hint { kind = "api", cause = "no_region", message = "m", hint = "mine" }))
    assert.is_nil((command_hint { kind = "api", cause = "no_region", message = "m", hint = false }))
  end)

  it("give way to the one that was given, and may be none", function()
    assert.equal("mine", hint_of { kind = "connect", message = "x", hint = "mine" })
    assert.is_nil(hint_of { kind = "cancelled", message = "x" })
  end)
end)

describe("a failure in Chinese", function()
  it("has its message, hints and facts in Chinese, and the words of the service as they are", function()
    local _, detail = errors.new {
      kind = "timeout",
      cause = "read_timeout",
      operation = "describeImages",
      phase = "read",
      attempts = 2,
      elapsed = 20.04,
      facts = { seconds = 10 },
      last = errors.last { kind = "api", code = 503, status = "UNAVAILABLE", message = "later" },
    }
    local line, explained = errors.explain(detail, "zh")
    assert.equal(
      "jdvm: describeImages: 10 秒内未收到任何数据（read_timeout）（阶段 read，尝试 2 次，20.0 秒）；此前：503 UNAVAILABLE: later",
      line
    )
    assert.equal("10 秒内未收到任何数据（read_timeout）", explained.message)
    assert.matches("^nothing arrived", detail.message)

    _, detail = errors.new { kind = "connect", cause = "no_host", facts = { host = "h" }, advice = "nginx" }
    assert.matches("无法解析主机名 h；建议：.*resolver", (errors.explain(detail, "zh")))
    _, detail = errors.new { kind = "api", code = 404, cause = "not_found", message = "Not here", region = "r" }
    assert.matches("404: Not here；建议：镜像只存在于", (errors.explain(detail, "zh")))
    _, detail = errors.new { kind = "credentials", cause = "no_region" }
    assert.matches("%-%-region", (errors.explain(detail, "zh", "command")))
  end)

  it("is English when nothing else is asked for", function()
    local line, detail = errors.new { kind = "cancelled" }
    assert.equal(line, (errors.explain(detail)))
  end)
end)
