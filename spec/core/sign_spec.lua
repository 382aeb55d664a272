-- The signer: known answers, a vector for every rule, and what it refuses.
local core = require "jdvm.core"

local V2, V3 = "JDCLOUD2-HMAC-SHA256", "JDCLOUD3-HMAC-SHA256"
local HOST, PATH, NONCE = "vm.jdcloud-api.com", "/v1/regions/cn-north-1/images", "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
local NOW = 1794731400 -- 2026-11-15T08:30:00Z
local SECRET, TOKEN = "secret-that-nobody-may-see", "token-that-nobody-may-see"

local function signer_with(changes)
  local options = { access_key = "AK", secret_key = SECRET, region = "cn-north-1" }
  for name, value in pairs(changes or {}) do
    options[name] = value
  end
  return core.signer(options)
end

local function sign(signer, changes)
  local r = { method = "GET", host = HOST, path = PATH, time = NOW, nonce = NONCE }
  for name, value in pairs(changes or {}) do
    r[name] = value
  end
  return signer:sign(r.method, r.host, r.path, r.query, r.time, r.nonce, r.body, r.headers)
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- What a verifier computes for a request: the Authorization header.
local function verify(r)
  local canonical, names = core.canonical_request {
    algorithm = r.algorithm,
    method = r.method,
    path = r.path,
    query = r.query,
    headers = r.headers,
    body = r.body,
  }
  local date
  for _, header in ipairs(r.headers) do
    if header[1]:lower() == "x-jdcloud-date" then date = header[2] end
  end
  local day = date:sub(1, 8)
  local scope = table.concat({ day, r.region, r.service, r.algorithm:lower():match("^jdcloud%d") .. "_request" }, "/")
  local key = core.signing_key(r.algorithm, r.secret_key, day, r.region, r.service)
  local signature = core.hmac_sha256(key, core.string_to_sign(r.algorithm, date, scope, canonical))
  return core.authorization(r.algorithm, r.access_key, scope, names, core.hex(signature)), canonical
end

-- The request that `sign` was asked for, as it arrives: its results, and nothing else, go in.
local function arrived(algorithm, method, target, headers, body)
  local path, query = target:match("^([^?]*)%??(.*)$")
  local signed = {}
  for name in headers.authorization:match("SignedHeaders=([^,]*)"):gmatch("[^;]+") do
    signed[#signed + 1] = { name, headers[name] }
  end
  return {
    algorithm = algorithm,
    access_key = "AK",
    secret_key = SECRET,
    region = "cn-north-1",
    service = "vm",
    method = method,
    path = path,
    query = query,
    headers = signed,
    body = body,
  }
end

describe("the example of the documentation", function()
  local canonical, names = core.canonical_request {
    method = "POST",
    path = "/v1/resource:action",
    query = "p1=p1&p0=p0&o=%25&u=u",
    body = "body data",
    headers = {
      { "x-jdcloud-date", "20190214T104514Z" },
      { "x-jdcloud-nonce", "testnonce" },
      { "x-my-header", "test  " },
      { "x-my-header_blank", "  blank" },
    },
  }
  local scope = "20190214/cn-north-1/test/jdcloud2_request"

  it("has its canonical request", function()
    assert.equal("fb2e317056269590681d091f8eb22272967c0b922b2deda887312215ea4eed4c", core.sha256(canonical))
    assert.equal("x-jdcloud-date;x-jdcloud-nonce;x-my-header;x-my-header_blank", names)
  end)

  it("has its chain of keys", function()
    local date = core.hmac_sha256("JDCLOUD2TESTSK", "20190214")
    local region = core.hmac_sha256(date, "cn-north-1")
    local service = core.hmac_sha256(region, "test")
    assert.equal("dbbdee87", core.hex(date):sub(1, 8))
    assert.equal("78e1da51", core.hex(region):sub(1, 8))
    assert.equal("44050ec2", core.hex(service):sub(1, 8))
    local key = "a4e50bcb6001be0008696b173c30172b5ce22a77db00d21c6a9d69de2ba33b7d"
    assert.equal(key, core.hex(core.hmac_sha256(service, "jdcloud2_request")))
    assert.equal(key, core.hex(core.signing_key(V2, "TESTSK", "20190214", "cn-north-1", "test")))
  end)

  it("has its signature", function()
    local key = core.signing_key(V2, "TESTSK", "20190214", "cn-north-1", "test")
    local to_sign = core.string_to_sign(V2, "20190214T104514Z", scope, canonical)
    assert.equal(V2 .. "\n20190214T104514Z\n" .. scope .. "\n" .. core.sha256(canonical), to_sign)
    local signature = core.hex(core.hmac_sha256(key, to_sign))
    assert.equal("2a98f83c074e7bee260bfc8ef64f009c07595bd93f7f0c3f4e156bf6479ed9bf", signature)
    assert.equal(
      V2 .. " Credential=TESTAK/" .. scope .. ", SignedHeaders=" .. names .. ", Signature=" .. signature,
      core.authorization(V2, "TESTAK", scope, names, signature)
    )
  end)
end)

it("a known answer of JDCLOUD3 comes out of a signer", function()
  local signer = core.signer {
    access_key = "ak",
    secret_key = "sk",
    region = "cn-north-1",
    service = "apigatewaytestproductline",
    algorithm = V3,
  }
  local target, headers = signer:sign(
    "GET",
    "apigw-internal-dev.cn-north-1.jcloudcs.com:8000",
    "/v1/regions/cn-north-1/instances",
    nil,
    1568702828,
    " X-Jdcloud- -Nonce "
  )
  assert.equal("/v1/regions/cn-north-1/instances", target)
  assert.equal("20190917T064708Z", headers["x-jdcloud-date"])
  assert.equal("X-Jdcloud- -Nonce", headers["x-jdcloud-nonce"])
  assert.equal(
    "5d955d1de475eac2b4378473ca0adce8fddd13f45d2be53bc2ffb6eee6450ba4",
    headers.authorization:match("Signature=(%x+)$")
  )
end)

describe("vector", function()
  local folder, count = "spec/fixtures/sign/", 0
  local names = assert(io.popen("ls " .. folder))
  for name in names:lines() do
    if not name:find("%.md$") then
      count = count + 1
      it(name, function()
        local case = folder .. name .. "/"
        local authorization, canonical = verify(assert(loadfile(case .. "request.lua"))())
        assert.equal(read(case .. "canonical.txt"), canonical .. "\n")
        assert.equal(read(case .. "authorization.txt"), authorization .. "\n")
      end)
    end
  end
  names:close()

  it("folders are found", function() assert.is_true(count >= 100) end)
end)

describe("signer:sign", function()
  it("gives exactly the headers to send", function()
    local target, headers = sign(signer_with(), { query = { "pageSize", "100", "imageSource", "public" } })
    assert.equal(PATH .. "?imageSource=public&pageSize=100", target)
    local authorization = headers.authorization
    assert.same({
      ["content-type"] = "application/json",
      host = HOST,
      ["x-jdcloud-date"] = "20261115T083000Z",
      ["x-jdcloud-nonce"] = NONCE,
      authorization = authorization,
    }, headers)
    local before, signature = authorization:match("^(.*)(" .. ("%x"):rep(64) .. ")$")
    assert.equal(
      V2
        .. " Credential=AK/20261115/cn-north-1/vm/jdcloud2_request, "
        .. "SignedHeaders=content-type;host;x-jdcloud-date;x-jdcloud-nonce, Signature=",
      before
    )
    assert.equal(signature:lower(), signature)
  end)

  it("encodes path and query once, in one place", function()
    local target = sign(signer_with(), {
      path = "/v1/regions/cn-north-1/images/a:b c%20镜像~",
      query = { "b", "1/2?&=+ %", "a b", "", "b", "1", "镜", "像" },
    })
    assert.equal(
      "/v1/regions/cn-north-1/images/a%3Ab%20c%2520%E9%95%9C%E5%83%8F~"
        .. "?%E9%95%9C=%E5%83%8F&a%20b=&b=1&b=1%2F2%3F%26%3D%2B%20%25",
      target
    )
  end)

  it("leaves the query's table as it was", function()
    local query = { "b", "2", "a", "1" }
    sign(signer_with(), { query = query })
    assert.same({ "b", "2", "a", "1" }, query)
  end)

  it("treats no query, an empty one and an empty path alike", function()
    local target = sign(signer_with(), { query = {} })
    assert.equal(PATH, target)
    assert.equal("/", (sign(signer_with(), { path = "" })))
  end)

  it("takes dots that are not a whole segment", function()
    for _, path in ipairs { "/v1/a../b", "/..a", "/.../", "/a.", "/a/.b", "/a..", "/v1.2/.../x" } do
      assert.equal(path, (sign(signer_with(), { path = path })))
    end
  end)

  it("collapses slashes for JDCLOUD3, whose verifiers do", function()
    assert.equal("//a//b", (sign(signer_with(), { path = "//a//b" })))
    assert.equal("/a/b/", (sign(signer_with { algorithm = V3 }, { path = "//a///b//" })))
  end)

  it("formats every date", function()
    local signer = signer_with()
    for time, date in pairs {
      [0] = "19700101T000000Z",
      [951782399] = "20000228T235959Z",
      [951782400] = "20000229T000000Z",
      [951868800] = "20000301T000000Z",
      [1078012800] = "20040229T000000Z",
      [1709164800.75] = "20240229T000000Z",
      [1735689599] = "20241231T235959Z",
      [1735689600] = "20250101T000000Z",
      [2147483648] = "20380119T031408Z",
      [4107542400] = "21000301T000000Z",
      [253402300799] = "99991231T235959Z",
    } do
      local _, headers = sign(signer, { time = time })
      assert.equal(date, headers["x-jdcloud-date"])
      assert.truthy(headers.authorization:find("AK/" .. date:sub(1, 8) .. "/", 1, true))
    end
  end)

  it("makes the same signature again, whatever came in between", function()
    local signer = signer_with()
    local query = { "pageNumber", "1" }
    local _, first = sign(signer, { query = query })
    for _, other in ipairs {
      { time = NOW + 1 },
      { time = NOW + 86400 },
      { time = 0 },
      { host = "127.0.0.1:8443" },
      { nonce = "other" },
      { headers = { ["x-a"] = "b" } },
      { path = "/" },
      { body = "x" },
      { method = "DELETE" },
      { query = { "a", "b" } },
    } do
      local _, different = sign(signer, other)
      assert.not_equal(first.authorization, different.authorization)
      local _, again = sign(signer, { query = query })
      assert.same(first, again)
      assert.same({ sign(signer_with(), other) }, { sign(signer, other) })
    end
  end)

  it("signs what it returns: a verifier that sees only that agrees", function()
    local seed = 42
    local function random(n)
      seed = (seed * 16807) % 2147483647
      return seed % n
    end
    local function text(most)
      local bytes = {}
      for i = 1, random(most) do
        bytes[i] = string.char(random(3) == 0 and random(256) or 97 + random(26))
      end
      return table.concat(bytes)
    end
    for _, algorithm in ipairs { V2, V3 } do
      for _, token in ipairs { "", TOKEN } do
        local signer = signer_with { algorithm = algorithm, session_token = token ~= "" and token or nil }
        for i = 1, 200 do
          local query = {}
          for n = 1, random(6) do
            query[2 * n - 1], query[2 * n] = "n" .. text(12), text(20)
          end
          local body = random(3) == 0 and text(200) or nil
          local headers = random(3) == 0 and { ["X-A-" .. random(9)] = " a  b ", ["x-b"] = "" } or nil
          local target, sent = signer:sign(
            "POST",
            HOST .. ":" .. random(65536),
            "/v1/x" .. text(30):gsub("%.", "-"),
            query,
            NOW + i * 7919,
            core.nonce(),
            body,
            headers
          )
          assert.is_nil(target:find("[^%w%-._~/?&=%%]"))
          assert.equal(sent.authorization, (verify(arrived(algorithm, "POST", target, sent, body))))
        end
      end
    end
  end)

  it("takes ten thousand parameters and a body of a megabyte", function()
    local signer, query = signer_with(), {}
    for i = 1, 10000 do
      query[2 * i - 1], query[2 * i] = "ids." .. (i * 7919 % 10007), "img-" .. i
    end
    local body = ("x"):rep(1024 * 1024)
    local target, headers = sign(signer, { method = "POST", query = query, body = body })
    assert.is_true(#target > 150000)
    assert.equal(headers.authorization, (verify(arrived(V2, "POST", target, headers, body))))
    assert.same({ sign(signer_with()) }, { sign(signer) })
  end)
end)

describe("further headers", function()
  it("are signed and sent with small letters and in canonical form", function()
    local extra = { ["X-Zebra"] = "  a \t  b ", accept = "application/json" }
    local _, headers = sign(signer_with(), { headers = extra })
    assert.equal("a b", headers["x-zebra"])
    assert.equal("application/json", headers.accept)
    assert.equal(
      "accept;content-type;host;x-jdcloud-date;x-jdcloud-nonce;x-zebra",
      headers.authorization:match("SignedHeaders=([^,]*)")
    )
    _, headers = sign(signer_with { algorithm = V3 }, { headers = { ["X-Zebra"] = "  a   b " } })
    assert.equal("a   b", headers["x-zebra"])
  end)

  it("may replace the content type", function()
    local _, headers = sign(signer_with(), { headers = { ["Content-Type"] = "text/plain" } })
    assert.equal("text/plain", headers["content-type"])
    assert.is_nil(headers["Content-Type"])
    assert.equal(headers.authorization, (verify(arrived(V2, "GET", PATH, headers))))
  end)

  it("may bring the hash of the body", function()
    local hash = core.sha256("a body elsewhere")
    local _, headers = sign(signer_with(), { method = "PUT", headers = { ["X-Jdcloud-Content-Sha256"] = hash } })
    assert.equal(hash, headers["x-jdcloud-content-sha256"])
    assert.equal(headers.authorization, (verify(arrived(V2, "PUT", PATH, headers, "a body elsewhere"))))
  end)

  it("may not bring an empty hash of the body", function()
    assert.has_error(
      function() sign(signer_with(), { headers = { ["x-jdcloud-content-sha256"] = "" } }) end,
      "jdvm.core: header x-jdcloud-content-sha256 is empty"
    )
  end)

  it("that proxies change are sent but not signed", function()
    local extra = {
      ["User-Agent"] = "jdvm",
      Connection = "close",
      ["x-jdcloud-request-id"] = "x",
      ["X-Jdcloud-Trace-Id"] = "y",
      Accept = "*/*",
      Range = "bytes=0-",
    }
    local _, headers = sign(signer_with(), { headers = extra })
    assert.equal("jdvm", headers["user-agent"])
    assert.equal("close", headers.connection)
    assert.equal(
      "accept;content-type;host;range;x-jdcloud-date;x-jdcloud-nonce",
      headers.authorization:match("SignedHeaders=([^,]*)")
    )
    _, headers = sign(signer_with { algorithm = V3 }, { headers = extra })
    assert.equal("bytes=0-", headers.range)
    assert.equal(
      "content-type;host;x-jdcloud-date;x-jdcloud-nonce",
      headers.authorization:match("SignedHeaders=([^,]*)")
    )
  end)
end)

describe("a session token", function()
  it("is sent and signed as base64", function()
    for token, encoded in pairs {
      f = "Zg==",
      fo = "Zm8=",
      foo = "Zm9v",
      foob = "Zm9vYg==",
      fooba = "Zm9vYmE=",
      foobar = "Zm9vYmFy", -- RFC 4648
      ["\195\191\195\190 >?"] = "w7/DviA+Pw==",
    } do
      local _, headers = sign(signer_with { session_token = token })
      assert.equal(encoded, headers["x-jdcloud-security-token"])
      assert.equal(
        "content-type;host;x-jdcloud-date;x-jdcloud-nonce;x-jdcloud-security-token",
        headers.authorization:match("SignedHeaders=([^,]*)")
      )
    end
  end)

  it("is sent as it is where that is asked for", function()
    local _, headers = sign(signer_with { session_token = TOKEN, token_encoding = "raw" })
    assert.equal(TOKEN, headers["x-jdcloud-security-token"])
  end)

  it("of many bytes fits", function()
    local token = TOKEN:rep(400)
    local _, headers = sign(signer_with { session_token = token, token_encoding = "raw" })
    assert.equal(token, headers["x-jdcloud-security-token"])
    assert.equal(headers.authorization, (verify(arrived(V2, "GET", PATH, headers))))
    _, headers = sign(signer_with { session_token = ("foobar"):rep(2000) })
    assert.equal(("Zm9vYmFy"):rep(2000), headers["x-jdcloud-security-token"])
    assert.equal(headers.authorization, (verify(arrived(V2, "GET", PATH, headers))))
  end)

  it("that is empty is none", function()
    local _, headers = sign(signer_with { session_token = "" })
    assert.is_nil(headers["x-jdcloud-security-token"])
  end)
end)

describe("refused:", function()
  local function refuses(what, changes, message)
    it(what, function()
      local signer = signer_with { session_token = TOKEN }
      local expected = { sign(signer) }
      local good, text = pcall(sign, signer, changes)
      assert.is_false(good)
      assert.truthy(text:find(message, 1, true), text)
      assert.is_nil(text:find("%c"))
      assert.same(expected, { sign(signer) }) -- the signer works on
    end)
  end

  for name, bytes in pairs { CR = "\r", LF = "\n", NUL = "\0", DEL = "\127", ["a control character"] = "\1" } do
    refuses(name .. " in the host", { host = "a" .. bytes .. "b" }, "host contains a character")
    refuses(name .. " in the method", { method = "G" .. bytes }, "method is not made of the letters A to Z")
    refuses(name .. " in the nonce", { nonce = "a" .. bytes .. "b" }, "header x-jdcloud-nonce contains a control")
    refuses(name .. " at the end of a header", { headers = { ["x-a"] = "b" .. bytes } }, "header x-a contains a contr")
    refuses(name .. " in the name of a header", { headers = { ["x" .. bytes] = "b" } }, "name of a header is not a tok")
  end
  it("control characters wherever they stand", function()
    local signer = signer_with()
    for _, bytes in ipairs { "\0", "\1", "\8", "\10", "\11", "\12", "\13", "\31", "\127" } do
      for place = 0, 20 do
        local text = ("a"):rep(place) .. bytes .. ("~"):rep(20 - place)
        assert.is_false(pcall(sign, signer, { nonce = text }))
        assert.is_false(pcall(sign, signer, { headers = { ["x-a"] = text } }))
      end
    end
    local fine = "!~\128\255" -- the neighbours of what is refused or trimmed
    for place = 0, 20 do
      local text = fine:rep(5):sub(1, place) .. "a" .. fine:rep(5):sub(place + 2)
      local _, headers = sign(signer, { nonce = text, headers = { ["x-a"] = text } })
      assert.equal(text, headers["x-jdcloud-nonce"])
      assert.equal(text, headers["x-a"])
    end
  end)

  refuses("an empty method", { method = "" }, "method is empty")
  refuses("a method in small letters", { method = "get" }, "method is not made of")
  refuses("an empty host", { host = "" }, "host is empty")
  refuses("a URL for a host", { host = "https://vm.jdcloud-api.com" }, "host contains a character")
  refuses("a user in the host", { host = "a@b" }, "host contains a character")
  refuses("an empty nonce", { nonce = "" }, "nonce is empty")
  refuses("a nonce of blanks", { nonce = " \t " }, "nonce is empty")
  refuses("a path that does not begin with a slash", { path = "v1" }, 'path does not begin with "/"')
  for _, path in ipairs { "/v1/..", "/v1/../x", "/..", "/./x", "/x/." } do
    refuses("the path " .. path, { path = path }, "path contains the segment")
  end
  refuses("a parameter without a name", { query = { "", "x" } }, "name of a query parameter is empty")
  refuses("a parameter without a value", { query = { "a" } }, "query has a name without a value")
  refuses("a number for a value", { query = { "a", 1 } }, "query contains something else than strings")
  refuses("a hole in the query", { query = { "a", false } }, "query contains something else than strings")
  refuses("a query that is a text", { query = "a=b" }, "table expected, got string")
  refuses("headers that are a text", { headers = "a: b" }, "table expected, got string")
  refuses("a number for a header", { headers = { ["x-a"] = 1 } }, "headers contain something else than strings")
  refuses("a list of headers", { headers = { "a" } }, "headers contain something else than strings")
  refuses("a header without a name", { headers = { [""] = "x" } }, "name of a header is not a token")
  refuses("a colon in a header's name", { headers = { ["a:"] = "x" } }, "name of a header is not a token")
  refuses("a header given twice", { headers = { ["X-A"] = "x", ["x-a"] = "x" } }, "header x-a is given twice")
  refuses(
    "an unsigned header given twice",
    { headers = { ["User-Agent"] = "x", ["user-agent"] = "x" } },
    "header user-agent is given twice"
  )
  for _, name in ipairs { "Host", "X-Jdcloud-Date", "x-jdcloud-nonce", "Authorization" } do
    refuses("the header " .. name, { headers = { [name] = "x" } }, "is made by the signer")
  end
  refuses("a second token", { headers = { ["X-Jdcloud-Security-Token"] = "x" } }, "is given twice")
  refuses("a time before 1970", { time = -1 }, "time is not between the years 1970 and 9999")
  refuses("a time after 9999", { time = 253402300800 }, "time is not between the years 1970 and 9999")
  refuses("a time without end", { time = math.huge }, "time is not between the years 1970 and 9999")
  refuses("a time that is no number", { time = 0 / 0 }, "time is not between the years 1970 and 9999")
  refuses("a date for a time", { time = "20190214T104514Z" }, "number expected, got string")
  refuses("a method that is missing", { method = false }, "string expected, got boolean")
  refuses("a body that is a table", { body = {} }, "string expected, got table")

  it("blanks and tabs may stand inside a nonce", function()
    local _, headers = sign(signer_with(), { nonce = " a \t b" })
    assert.equal("a b", headers["x-jdcloud-nonce"])
  end)
end)

describe("core.signer", function()
  local function refuses(what, changes, message)
    it("refuses " .. what, function()
      local good, text = pcall(signer_with, changes)
      assert.is_false(good)
      assert.truthy(text:find(message, 1, true), text)
      assert.is_nil(text:find("nobody-may-see", 1, true))
      assert.is_nil(text:find("%c"))
    end)
  end
  for _, name in ipairs { "access_key", "secret_key", "region", "service" } do
    refuses("an empty " .. name, { [name] = "" }, name .. " is empty")
    refuses("a line end in " .. name, { [name] = "nobody-may-see\n" }, name .. " contains")
    refuses("NUL in " .. name, { [name] = "nobody-may-see\0x" }, name .. " contains")
    refuses("a number as " .. name, { [name] = 12345 }, name .. " must be a string, not number")
    refuses("a table as " .. name, { [name] = {} }, name .. " must be a string, not table")
  end
  for _, name in ipairs { "access_key", "region", "service" } do
    refuses("a slash in " .. name, { [name] = "a/b" }, name .. ' contains a "/"')
    refuses("a comma in " .. name, { [name] = "a,b" }, name .. ' contains a "/", a ","')
    refuses("a blank in " .. name, { [name] = "a b" }, name .. " contains")
    refuses("UTF-8 in " .. name, { [name] = "镜" }, name .. " contains")
  end
  refuses("a line end in the token", { session_token = "nobody-may-see\r\n" }, "session_token contains a control")
  refuses(
    "a raw token that no header can carry",
    { session_token = "nobody-may-see 镜", token_encoding = "raw" },
    'session_token contains something else than visible ASCII; send it with token_encoding "base64"'
  )
  refuses("an unknown encoding", { token_encoding = "hex" }, "token_encoding is neither base64 nor raw")
  refuses("an unknown algorithm", { algorithm = "AWS4-HMAC-SHA256" }, "algorithm is neither JDCLOUD2-HMAC-SHA256 nor")
  refuses("an algorithm that is no text", { algorithm = 2 }, "algorithm must be a string, not number")
  refuses("unknown options", { acess_key = "x" }, 'signer: there is no field "acess_key"')
  refuses("options without a name", { "x" }, "signer: names of fields must be strings")

  it("needs a table, a region and both keys", function()
    assert.has_error(function() core.signer() end)
    for _, missing in ipairs { "region", "access_key", "secret_key" } do
      local options = { access_key = "AK", secret_key = SECRET, region = "cn-north-1" }
      options[missing] = nil
      local good, text = pcall(core.signer, options)
      assert.is_false(good)
      assert.truthy(text:find(missing .. " is empty", 1, true), text)
    end
  end)

  it("makes signers that can be closed and show no secret", function()
    local signer = signer_with { session_token = TOKEN, algorithm = V3 }
    assert.equal("jdvm signer (JDCLOUD3-HMAC-SHA256)", tostring(signer))
    signer:close()
    signer:close()
    assert.equal("jdvm signer (closed)", tostring(signer))
    local good, text = pcall(sign, signer)
    assert.is_false(good)
    assert.truthy(text:find("signer is closed", 1, true))
  end)

  it("knows its own kind", function()
    local signer = signer_with()
    for _, other in ipairs { {}, "x", 1, io.stdout } do
      local good, text = pcall(signer.sign, other, "GET")
      assert.is_false(good)
      assert.truthy(text:find("signer expected", 1, true), text)
      assert.has_error(function() signer.close(other) end)
    end
  end)
end)

-- A finalizer runs in the middle of whatever allocates; what it does to the signer must not matter.
describe("a finalizer", function()
  local function garbage(finalize)
    -- However much other specs left in memory: this brings the collector round within a few tries.
    local _ = ("x"):rep(100000 + math.random(1000))
    if newproxy then -- luacheck: ignore 113
      getmetatable(newproxy(true)).__gc = finalize -- luacheck: ignore 113
    else
      setmetatable({}, { __gc = finalize })
    end
  end

  local function check(want, target, got)
    assert(target == want[1])
    for name, value in pairs(want[2]) do
      assert(got[name] == value, name)
    end
  end

  local long = { ["x-a"] = ("y"):rep(3000) }

  before_each(function() collectgarbage("setpause", 100) end)

  after_each(function() collectgarbage("setpause", 200) end)

  it("may close the signer that is about to work", function()
    local worked = 0
    for round = 1, 3000 do
      local signer = signer_with {}
      garbage(function() signer:close() end)
      -- A number becomes a string on the way, which may be what runs the finalizer.
      local ok, message = pcall(signer.sign, signer, "GET", "vm.example.com", "/v1", nil, NOW + round, 10000000 + round)
      if ok then
        worked = worked + 1
      else
        assert.truthy(message:find("closed", 1, true), message)
      end
    end
    assert.is_true(worked > 0)
  end)

  it("may use the signer that is at work", function()
    local signer = signer_with { session_token = TOKEN }
    local query, many = { "pageNumber", "1" }, {}
    for i = 1, 400 do
      many[i] = "parameter-" .. i
    end
    local runs, busy = 0, false
    local function use()
      if not busy then
        busy = true
        runs = runs + 1
        signer:sign("DELETE", "other.example.com", "/other", many, NOW + runs, "other-nonce", "body", long)
        busy = false
      end
    end
    for _, headers in ipairs { {}, long } do
      local want = { sign(signer, { query = query, headers = headers }) }
      -- When the collector comes by depends on what else the process holds.
      local tries, before = 0, runs
      while tries < 500 or (runs - before <= 10 and tries < 100000) do
        tries = tries + 1
        garbage(use)
        check(want, sign(signer, { query = query, headers = headers }))
      end
      assert.is_true(runs - before > 10, runs - before)
    end
  end)

  it("may close it", function()
    local closed = 0
    for _, headers in ipairs { {}, long } do
      local want = { sign(signer_with { session_token = TOKEN }, { headers = headers }) }
      for _ = 1, 500 do
        local signer = signer_with { session_token = TOKEN }
        garbage(function() signer:close() end)
        local good, target, got = pcall(sign, signer, { headers = headers })
        if good then
          check(want, target, got)
        else
          closed = closed + 1
          assert(target:find("signer is closed", 1, true), target)
        end
      end
    end
    assert.is_true(closed < 1000)
  end)
end)
