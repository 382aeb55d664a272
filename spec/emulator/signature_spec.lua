-- The emulator's verifier, by known answers, against the library's signer, and under random changes.
local accounts = require "jdvm.emulator.accounts"
local core = require "jdvm.core"
local signature = require "jdvm.emulator.signature"
local signed = require "spec.support.signed"

local owner = accounts.list[1]
local ALGORITHMS = { "JDCLOUD2-HMAC-SHA256", "JDCLOUD3-HMAC-SHA256" }

local function find_secret(key) return accounts.by_key[key] and accounts.by_key[key].secret_key end

local function verify(request, find)
  return signature.verify(request, signature.index_headers(request.headers), find or find_secret)
end

-- The canonical request of a GET with one header, without the last line.
local function canonical(target, version, value)
  local index = signature.index_headers { { "X-A", value or "1" } }
  local request = { method = "GET", target = target }
  local text = signature.canonical_request(request, index, { version = version, signed = { "x-a" } }, "hash")
  return text:match("^GET\n(.*)\n\nx%-a\nhash$")
end

describe("the emulator's verifier", function()
  it("accepts the documentation's example", function()
    local request = {
      method = "POST",
      target = "/v1/resource:action?p1=p1&p0=p0&o=%25&u=u",
      body = "body data",
      headers = {
        { "x-jdcloud-date", "20190214T104514Z" },
        { "x-jdcloud-nonce", "testnonce" },
        { "x-my-header", "test  " },
        { "x-my-header_blank", "  blank" },
        {
          "Authorization",
          "JDCLOUD2-HMAC-SHA256 Credential=TESTAK/20190214/cn-north-1/test/jdcloud2_request, "
            .. "SignedHeaders=x-jdcloud-date;x-jdcloud-nonce;x-my-header;x-my-header_blank, "
            .. "Signature=2a98f83c074e7bee260bfc8ef64f009c07595bd93f7f0c3f4e156bf6479ed9bf",
        },
      },
    }
    local function secret(key) return key == "TESTAK" and "TESTSK" or nil end
    local parts = assert(verify(request, secret))
    assert.equal("cn-north-1", parts.region)
    local text =
      signature.canonical_request(request, signature.index_headers(request.headers), parts, core.sha256(request.body))
    assert.equal("fb2e317056269590681d091f8eb22272967c0b922b2deda887312215ea4eed4c", core.sha256(text))
    request.target = "/v1/resource%3Aaction?u=u&o=%25&p0=p0&p1=p1"
    assert.truthy(verify(request, secret))
    signed.set_header(request, "x-jdcloud-content-sha256", core.sha256 "body data")
    assert.truthy(verify(request, secret))
    signed.set_header(request, "x-jdcloud-content-sha256", core.sha256 "another")
    assert.same({ nil, "mismatch" }, { verify(request, secret) })
    signed.set_header(request, "x-jdcloud-content-sha256", nil)
    request.body = "body datA"
    assert.same({ nil, "mismatch" }, { verify(request, secret) })
  end)

  for _, algorithm in ipairs(ALGORITHMS) do
    it("normalises what arrives under " .. algorithm, function()
      local request = signed.request(
        owner,
        "/v1/regions/cn-north-1/images",
        { "imageName", "a*b é", "status", "" },
        { algorithm = algorithm }
      )
      for _, target in ipairs {
        "/v1/regions/cn-north-1/images?status=&imageName=a%2Ab%20%C3%A9",
        "/v1/regions/cn-north-1/images?imageName=a*b%20%c3%a9&status",
        "/v1/regions/%63n-north-1/images?image%4Eame=a*b%20\195\169&&status=",
      } do
        request.target = target
        assert.truthy(verify(request), target)
      end
    end)
  end

  -- Target, value of a header; what becomes of both under JDCLOUD2 and under JDCLOUD3.
  it("brings requests into the form of each version", function()
    for _, case in ipairs {
      { "/a//b", "1", "/a//b\n\nx-a:1", "/a/b\n\nx-a:1" },
      { "//a/%2Fb", "1", "//a/%2Fb\n\nx-a:1", "/a/b\n\nx-a:1" },
      { "", "1", "/\n\nx-a:1", "/\n\nx-a:1" },
      { "/x+y%zz", "1", "/x%2By%25zz\n\nx-a:1", "/x%20y%25zz\n\nx-a:1" },
      { "/?n=a+b", "1", "/\nn=a%2Bb\nx-a:1", "/\nn=a%20b\nx-a:1" },
      { "/?=x&b=2&a=1&b=1", "1", "/\n=x&a=1&b=1&b=2\nx-a:1", "/\na=1&b=1&b=2\nx-a:1" },
      { "/", " a \t b ", "/\n\nx-a:a b", "/\n\nx-a:a \t b" },
    } do
      assert.equal(case[3], canonical(case[1], 2, case[2]))
      assert.equal(case[4], canonical(case[1], 3, case[2]))
    end
  end)

  it("joins the values of a header in the order of arrival", function()
    local index = signature.index_headers { { "X-A", " 1" }, { "b", "x" }, { "x-a", "2 " } }
    assert.same({ ["x-a"] = { " 1", "2 " }, b = { "x" } }, index)
    local parts = { version = 3, signed = { "x-a" } }
    local text = signature.canonical_request({ method = "GET", target = "/" }, index, parts, "")
    assert.truthy(text:find("\nx-a:1,2\n", 1, true))
  end)

  it("takes any run of white space between the parts of Authorization", function()
    local request = signed.request(owner, "/v1/regions/cn-north-1/images")
    local text = signed.header(request, "authorization")
    signed.set_header(request, "authorization", "  " .. text:gsub(" ", "    "))
    assert.truthy(verify(request))
    signed.set_header(request, "authorization", (text:gsub(", ", ",")))
    assert.truthy(verify(request))
  end)

  it("says what is missing or wrong", function()
    local credential = owner.access_key .. "/20231114/cn-north-1/vm/jdcloud2_request"
    local cases = {
      [""] = "authorization",
      ["Basic abc"] = "invalid",
      ["JDCLOUD2-HMAC-SHA256"] = "invalid",
      ["JDCLOUD1-HMAC-SHA256 Credential=x"] = "invalid",
      ["JDCLOUD2-HMAC-SHA256 SignedHeaders=host, Signature=ab"] = "credential",
      ["JDCLOUD2-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=ab"] = "credential",
      ["JDCLOUD2-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=ab"] = "credential",
      ["JDCLOUD2-HMAC-SHA256 Credential=" .. credential .. ", Signature=ab"] = "signed_headers",
      ["JDCLOUD2-HMAC-SHA256 Credential=" .. credential .. ", SignedHeaders=host"] = "invalid",
      ["JDCLOUD2-HMAC-SHA256 Credential=" .. credential .. ", SignedHeaders=host, Signature="] = "mismatch",
      ["JDCLOUD3-HMAC-SHA256 Credential=" .. credential .. ", SignedHeaders=host, Signature=ab"] = "invalid",
      ["JDCLOUD2-HMAC-SHA256 Credential=" .. credential .. ", SignedHeaders=nowhere, Signature=ab"] = "mismatch",
      ["JDCLOUD2-HMAC-SHA256 Credential=NOBODY/20231114/r/vm/jdcloud2_request, SignedHeaders=host, Signature=ab"] = "unknown_key",
    }
    for text, problem in pairs(cases) do
      local request = signed.request(owner, "/v1/regions/cn-north-1/images")
      signed.set_header(request, "authorization", text)
      assert.same({ nil, problem }, { verify(request) }, text)
    end
    for name, problem in pairs {
      authorization = "authorization",
      ["x-jdcloud-date"] = "date",
      ["x-jdcloud-nonce"] = "nonce",
    } do
      for _, value in ipairs { false, "", " " } do -- an empty header is as good as none
        local request = signed.request(owner, "/v1/regions/cn-north-1/images")
        signed.set_header(request, name, value or nil)
        assert.same({ nil, problem }, { verify(request) })
      end
    end
  end)
end)

describe("a valid request, changed,", function()
  local function request_of()
    return signed.request(
      owner,
      "/v1/regions/r/images/img-1",
      { "imageName", "a/b 中", "ids.1", "x" },
      { nonce = "n" }
    )
  end

  it("is refused whatever it says differently", function()
    for name, change in pairs {
      method = function(request) request.method = "POST" end,
      body = function(request) request.body = "x" end,
      path = function(request) request.target = request.target:gsub("img%-1", "img-2") end,
      value = function(request) request.target = request.target:gsub("ids.1=x", "ids.1=y") end,
      name = function(request) request.target = request.target:gsub("ids.1=x", "ids.2=x") end,
      more = function(request) request.target = request.target .. "&a=b" end,
      host = function(request) signed.set_header(request, "host", "example.com") end,
      nonce = function(request) signed.set_header(request, "x-jdcloud-nonce", "m") end,
      date = function(request) signed.set_header(request, "x-jdcloud-date", "20231114T221321Z") end,
      day = function(request) signed.set_header(request, "x-jdcloud-date", "20231115T221320Z") end,
    } do
      local request = request_of()
      assert.truthy(verify(request))
      change(request)
      assert.same({ nil, "mismatch" }, { verify(request) }, name)
    end
    local request = request_of()
    local text = signed.header(request, "authorization")
    for at = 1, #text do
      signed.set_header(request, "authorization", text:sub(1, at - 1) .. "\1" .. text:sub(at + 1))
      local parts, problem = verify(request)
      local is_blank = text:sub(at, at):find("[ ,]") ~= nil
      assert.is_true(is_blank or parts == nil, "at " .. at)
      assert.truthy(parts or problem == "unknown_key" or signature.messages[problem])
    end
  end)
end)
