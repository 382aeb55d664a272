-- The signer: known answers, what a verifier that shares no code with it makes of its work, and what it refuses.
local core = require "jdvm.core"
local dates = require "jdvm.util.time"
local signature = require "jdvm.emulator.signature"

local V2, V3 = "JDCLOUD2-HMAC-SHA256", "JDCLOUD3-HMAC-SHA256"
local HOST, PATH, NONCE = "vm.jdcloud-api.com", "/v1/regions/cn-north-1/images", "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
local NOW = 1794731400 -- 2026-11-15T08:30:00Z
local SECRET, TOKEN = "secret-that-nobody-may-see", "token-that-nobody-may-see"

local function with(defaults, changes)
  local result = {}
  for name, value in pairs(defaults) do
    result[name] = value
  end
  for name, value in pairs(changes or {}) do
    result[name] = value
  end
  return result
end

local function signer_with(changes)
  return core.signer(with({ access_key = "AK", secret_key = SECRET, region = "cn-north-1" }, changes))
end

local function sign(signer, changes)
  local r = with({ method = "GET", host = HOST, path = PATH, time = NOW, nonce = NONCE }, changes)
  return signer:sign(r.method, r.host, r.path, r.query, r.time, r.nonce)
end

-- What the emulator's verifier says of a request as it arrives.
local function verify(method, target, headers, secret)
  local list = {}
  for name, value in pairs(headers) do
    list[#list + 1] = { name, value }
  end
  local request = { method = method, target = target, headers = list, body = "" }
  return signature.verify(request, signature.index_headers(list), function() return secret end)
end

local function plain(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- Path and parameters of a target, decoded, in the order of the target.
local function parts_of(target)
  local path, query = target:match "^([^?]*)%??(.*)$"
  local parameters = {}
  for name, value in query:gmatch "([^=&]+)=([^&]*)" do
    parameters[#parameters + 1] = { plain(name), plain(value) }
  end
  return plain(path), parameters
end

local function seconds_of(date)
  return dates.of((date:gsub("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$", "%1-%2-%3T%4:%5:%6Z")))
end

describe("known answer", function()
  local defaults = {
    access_key = "JDVMFIXTUREACCESSKEY",
    secret_key = "fixture-secret-for-tests-only",
    region = "cn-north-1",
    service = "vm",
    method = "GET",
    host = HOST,
    date = "20261115T083000Z",
    nonce = NONCE,
  }
  for name, case in pairs(dofile "spec/fixtures/sign.lua") do
    it(name .. ": " .. case.rule, function()
      local r = with(defaults, case)
      local path, sent = parts_of(r.target)
      local parameters = {} -- in the wrong order
      for _, pair in ipairs(sent) do
        table.insert(parameters, 1, pair[2])
        table.insert(parameters, 1, pair[1])
      end
      local time = seconds_of(r.date)
      local target, headers = signer_with(r):sign(r.method, r.host, path, parameters, time, r.nonce)
      assert.equal(r.target, target)
      assert.equal(r.date, headers["x-jdcloud-date"])
      assert.equal(r.signature, headers.authorization:match("Signature=(%x+)$"))
      assert.truthy(verify(r.method, target, headers, r.secret_key))
    end)
  end
end)

describe("signer:sign", function()
  it("gives exactly the headers to send", function()
    local query = { "pageSize", "100", "imageSource", "public" }
    local signer = signer_with { session_token = TOKEN, token_encoding = "raw" }
    local target, headers = sign(signer, { query = query })
    local names = "content-type;host;x-jdcloud-date;x-jdcloud-nonce;x-jdcloud-security-token"
    local before, digits = headers.authorization:match("^(.*)(" .. ("[0-9a-f]"):rep(64) .. ")$")
    assert.equal(PATH .. "?imageSource=public&pageSize=100", target)
    assert.same({
      ["content-type"] = "application/json",
      host = HOST,
      ["x-jdcloud-date"] = "20261115T083000Z",
      ["x-jdcloud-nonce"] = NONCE,
      ["x-jdcloud-security-token"] = TOKEN,
      authorization = before .. digits,
    }, headers)
    assert.equal(
      V2 .. " Credential=AK/20261115/cn-north-1/vm/jdcloud2_request, SignedHeaders=" .. names .. ", Signature=",
      before
    )
    assert.same({ "pageSize", "100", "imageSource", "public" }, query) -- as it was
    -- And beside them the text whose hash is signed.
    assert.equal(
      table.concat({
        "GET",
        PATH,
        "imageSource=public&pageSize=100",
        "content-type:application/json",
        "host:" .. HOST,
        "x-jdcloud-date:20261115T083000Z",
        "x-jdcloud-nonce:" .. NONCE,
        "x-jdcloud-security-token:" .. TOKEN,
        "",
        names,
        core.sha256(""),
      }, "\n"),
      signer:canonical_request("GET", HOST, PATH, query, NOW, NONCE)
    )
  end)

  it("encodes path and query once, in one place", function()
    local target = sign(signer_with(), {
      path = "/v1/regions/cn-north-1/images/a:b c%20镜像~",
      query = { "b", "1/2?&=+ %", "a b", "", "b", "1", "镜", "像" },
    })
    local path = "/v1/regions/cn-north-1/images/a%3Ab%20c%2520%E9%95%9C%E5%83%8F~"
    local query = "%E9%95%9C=%E5%83%8F&a%20b=&b=1&b=1%2F2%3F%26%3D%2B%20%25"
    assert.equal(path .. "?" .. query, target)
  end)

  it("treats no query and an empty one alike", function()
    assert.equal(PATH, (sign(signer_with(), { query = {} })))
    assert.same({ sign(signer_with()) }, { sign(signer_with(), { query = {} }) })
  end)

  it("takes dots that are not a whole segment, and a slash at the end", function()
    for _, path in ipairs { "/", "/a/", "/v1/a../b", "/..a", "/.../", "/a.", "/a/.b", "/a..", "/v1.2/.../x" } do
      assert.equal(path, (sign(signer_with(), { path = path })))
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
      { path = "/" },
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

  it("signs what it returns, which is what was given: a verifier that sees only that agrees", function()
    local seed = 42
    local function random(n)
      seed = (seed * 16807) % 2147483647
      return seed % n
    end
    local function before(a, b) return a[1] == b[1] and a[2] < b[2] or a[1] < b[1] end
    local function text(most)
      local bytes = {}
      for i = 1, random(most) do
        bytes[i] = string.char(random(3) == 0 and random(256) or 97 + random(26))
      end
      return table.concat(bytes)
    end
    for _, algorithm in ipairs { V2, V3 } do
      for _, token in ipairs { "", TOKEN } do
        local signer = signer_with { algorithm = algorithm, session_token = token }
        for i = 0, 99 do
          local query, expected = {}, {}
          for n = 1, random(6) do
            query[2 * n - 1], query[2 * n] = "n" .. text(12), text(20)
            expected[n] = { query[2 * n - 1], query[2 * n] }
          end
          table.sort(expected, before)
          local path = "/v1/x" .. text(30):gsub("%.", "-"):gsub("//+", "/")
          local time = i * 86400 * 365 * 80 + random(86400 * 365)
          local target, headers = signer:sign("POST", HOST .. ":" .. random(65536), path, query, time, core.nonce())
          assert.equal(time, seconds_of(headers["x-jdcloud-date"]))
          assert.is_nil(target:find("[^%w%-._~/?&=%%]"))
          local sent_path, parameters = parts_of(target)
          table.sort(parameters, before)
          assert.same({ path, expected }, { sent_path, parameters })
          assert.truthy(verify("POST", target, headers, SECRET))
          assert.falsy(verify("GET", target, headers, SECRET))
        end
      end
    end
  end)

  it("takes ten thousand parameters", function()
    local signer, query = signer_with(), {}
    for i = 1, 10000 do
      query[2 * i - 1], query[2 * i] = "ids." .. (i * 7919 % 10007), "img-" .. i
    end
    local target, headers = sign(signer, { query = query })
    assert.is_true(#target > 150000)
    assert.truthy(verify("GET", target, headers, SECRET))
    assert.same({ sign(signer_with()) }, { sign(signer) })
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
      [("foobar"):rep(2000)] = ("Zm9vYmFy"):rep(2000),
    } do
      local target, headers = sign(signer_with { session_token = token })
      assert.equal(encoded, headers["x-jdcloud-security-token"])
      assert.truthy(verify("GET", target, headers, SECRET))
    end
  end)

  it(
    "that is empty is none",
    function() assert.same({ sign(signer_with()) }, { sign(signer_with { session_token = "" }) }) end
  )
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

  it("what is not visible in a nonce, wherever it stands", function()
    local signer = signer_with()
    for byte = 0, 255 do
      for _, place in ipairs { 0, 7, 20 } do
        local text = ("a"):rep(place) .. string.char(byte) .. ("~"):rep(20 - place)
        local fine = byte > 32 and byte < 127 or byte == 32 and place == 7
        local good, message = pcall(sign, signer, { nonce = text })
        assert.equal(fine, good, byte)
        assert.truthy(fine or message:find("nonce is not made of visible ASCII", 1, true))
      end
    end
  end)

  for name, bytes in pairs { CR = "\r", LF = "\n", NUL = "\0", DEL = "\127" } do
    refuses(name .. " in the host", { host = "a" .. bytes .. "b" }, "host is empty, or contains a character")
    refuses(name .. " in the method", { method = "G" .. bytes }, "method is not made of the letters A to Z")
  end
  refuses("an empty method", { method = "" }, "method is not made of")
  refuses("a method in small letters", { method = "get" }, "method is not made of")
  refuses("an empty host", { host = "" }, "host is empty")
  refuses("a URL for a host", { host = "https://vm.jdcloud-api.com" }, "contains a character that no host name")
  refuses("a user in the host", { host = "a@b" }, "contains a character that no host name")
  refuses("an empty nonce", { nonce = "" }, "nonce is not made of visible ASCII")
  refuses("blanks in a row in a nonce", { nonce = "a  b" }, "nonce is not made of visible ASCII")
  for _, path in ipairs { "", "v1", "?" } do
    refuses("the path " .. path, { path = path }, 'path does not begin with "/"')
  end
  for _, path in ipairs { "/v1/..", "/v1/../x", "/..", "/./x", "/x/.", "//", "/a//b" } do
    refuses("the path " .. path, { path = path }, "path contains the segment")
  end
  refuses("a parameter without a name", { query = { "", "x" } }, "name of a query parameter is empty")
  refuses("a parameter without a value", { query = { "a" } }, "query has a name without a value")
  refuses("a number for a value", { query = { "a", 1 } }, "query contains something else than strings")
  refuses("a hole in the query", { query = { "a", false } }, "query contains something else than strings")
  refuses("a query that is a text", { query = "a=b" }, "table expected, got string")
  refuses("a time before 1970", { time = -1 }, "time is not between the years 1970 and 9999")
  refuses("a time after 9999", { time = 253402300800 }, "time is not between the years 1970 and 9999")
  refuses("a time without end", { time = math.huge }, "time is not between the years 1970 and 9999")
  refuses("a time that is no number", { time = 0 / 0 }, "time is not between the years 1970 and 9999")
  refuses("a date for a time", { time = "20190214T104514Z" }, "number expected, got string")
  refuses("a method that is missing", { method = false }, "string expected, got boolean")
  refuses("a number for a nonce", { nonce = 1 }, "string expected, got number")
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
      assert.truthy(text:find("jdvm.signer expected", 1, true), text)
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

  local long = { "name", ("y"):rep(3000) }

  it("may use the signer that is at work, and change its query", function()
    local signer = signer_with { session_token = TOKEN }
    local query, many = {}, {}
    for i = 1, 400 do
      many[i] = "parameter-" .. i
    end
    local runs, busy = 0, false
    local function use()
      if not busy then
        busy = true
        runs = runs + 1
        signer:sign("DELETE", "other.example.com", "/other", many, NOW + runs, "other-nonce")
        for i = 3, 100 do
          query[i] = "a parameter that was not there when the call began"
        end
        busy = false
      end
    end
    for _, parameters in ipairs { { "pageNumber", "1" }, long } do
      local want = { sign(signer, { query = parameters }) }
      -- When the collector comes by depends on what else the process holds.
      local tries, before = 0, runs
      while tries < 500 or (runs - before <= 10 and tries < 100000) do
        tries = tries + 1
        for i = #query, 3, -1 do
          query[i] = nil
        end
        query[1], query[2] = parameters[1], parameters[2]
        garbage(use)
        local target, headers = sign(signer, { query = query })
        if #target <= #want[1] then assert.same({ want[1], want[2] }, { target, headers }) end
        assert.truthy(tries % 50 ~= 0 or verify("GET", target, headers, SECRET))
      end
      assert.is_true(runs - before > 10, runs - before)
    end
  end)

  it("may close it", function()
    local closed = 0
    for _, query in ipairs { {}, long } do
      local want = { sign(signer_with { session_token = TOKEN }, { query = query }) }
      for _ = 1, 500 do
        local signer = signer_with { session_token = TOKEN }
        garbage(function() signer:close() end)
        local got = { pcall(sign, signer, { query = query }) }
        if got[1] then
          assert.same(want, { got[2], got[3] })
        else
          closed = closed + 1
          assert(got[2]:find("signer is closed", 1, true), got[2])
        end
      end
    end
    assert.is_true(closed < 1000)
  end)
end)
