-- jdvm.core but for signing and decoding: hashes, nonces, percent-encoding, what the module is.
local core = require "jdvm.core"

local ALL = {}
for i = 0, 255 do
  ALL[i + 1] = string.char(i)
end
ALL = table.concat(ALL)

describe("sha256", function()
  it("has its known answers", function() -- FIPS 180-4
    assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", core.sha256(""))
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", core.sha256("abc"))
    assert.equal(
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      core.sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
    )
    assert.equal("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", core.sha256(("a"):rep(1000000)))
  end)
end)

describe("hmac_sha256", function()
  local function answer(expected, key, text)
    assert.equal(expected, core.hex(core.hmac_sha256(key, text)):sub(1, #expected))
  end

  it("has its known answers", function() -- RFC 4231
    answer("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", ("\11"):rep(20), "Hi There")
    answer("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe", "what do ya want for nothing?")
    answer("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe", ("\170"):rep(20), ("\221"):rep(50))
    answer("a3b6167473100ee06e0c796c2955552b", ("\12"):rep(20), "Test With Truncation")
    answer(
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      ("\170"):rep(131),
      "Test Using Larger Than Block-Size Key - Hash Key First"
    )
    answer(
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
      ("\170"):rep(131),
      "This is a test using a larger than block-size key and a larger than block-size data. "
        .. "The key needs to be hashed before being used by the HMAC algorithm."
    )
  end)

  it(
    "takes empty keys and texts",
    function() answer("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", "", "") end
  )
end)

describe("has_control", function()
  it("finds each control character anywhere, and nothing else", function()
    assert.is_false(core.has_control(""))
    for byte = 0, 255 do
      local character = string.char(byte)
      for _, text in ipairs { character, "before" .. character, character .. "behind" } do
        assert.equal(byte < 32 or byte == 127, core.has_control(text))
      end
    end
  end)
end)

describe("can_yield", function()
  it("tells a coroutine from a callback of C, where it can be asked", function()
    local function within_c()
      local answer
      ("x"):gsub("x", function() answer = core.can_yield() end)
      return answer
    end
    local in_coroutine, in_callback = coroutine.wrap(function() return core.can_yield(), within_c() end)()
    assert.is_true(in_coroutine)
    assert.equal(not coroutine.isyieldable, in_callback) -- luacheck: ignore 143
  end)
end)

describe("hex and equal", function()
  it("write two small digits a byte", function()
    assert.equal("", core.hex(""))
    assert.equal("00017f80ff", core.hex("\0\1\127\128\255"))
    local expected = ALL:rep(3):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    assert.equal(2 * 3 * 256, #expected)
    assert.equal(expected, core.hex(ALL:rep(3)))
    for length = 0, 40 do
      assert.equal(expected:sub(1, 2 * length), core.hex(ALL:sub(1, length)))
    end
  end)

  it("compare", function()
    assert.is_true(core.equal("", ""))
    assert.is_true(core.equal(ALL, ALL))
    assert.is_false(core.equal("a", "b"))
    assert.is_false(core.equal("a", "a\0"))
    assert.is_false(core.equal("\0", ""))
  end)
end)

describe("nonce", function()
  it("is a UUID of version 4, never the same", function()
    local seen = {}
    for _ = 1, 20000 do
      local nonce = core.nonce()
      assert(nonce:find("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"), nonce)
      assert(nonce == nonce:lower())
      assert(not seen[nonce])
      seen[nonce] = true
    end
  end)

  it("uses every digit in every place", function()
    local places = {}
    for _ = 1, 600 do
      local nonce = core.nonce():gsub("%-", "")
      for i = 1, 32 do
        places[i] = places[i] or {}
        places[i][nonce:sub(i, i)] = true
      end
    end
    for i = 1, 32 do
      local digits = 0
      for _ in pairs(places[i]) do
        digits = digits + 1
      end
      assert.equal(i == 13 and 1 or i == 17 and 4 or 16, digits)
    end
  end)
end)

describe("percent-encoding", function()
  local function encode(text, kept)
    return (text:gsub("[^" .. kept .. "]", function(c) return ("%%%02X"):format(c:byte()) end):gsub("%z", "%%00"))
  end

  it("keeps letters, digits and - . _ ~ and nothing else", function()
    assert.equal(encode(ALL, "%w%-._~%z"), core.encode_uri(ALL))
    assert.equal(encode(ALL, "%w%-._~%z/"), core.encode_uri(ALL, true))
    assert.equal("", core.encode_uri(""))
    assert.equal("a%2Fb", core.encode_uri("a/b"))
    assert.equal("a/b", core.encode_uri("a/b", true))
  end)

  it("comes back", function()
    for _, text in ipairs { "", ALL, ALL:reverse(), "镜像 100%", ("%"):rep(100) } do
      assert.equal(text, core.decode_uri(core.encode_uri(text)))
      assert.equal(text, core.decode_uri(core.encode_uri(text, true), true))
    end
    local small = ALL:gsub(".", function(c) return ("%%%02x"):format(c:byte()) end)
    assert.equal(#ALL, #core.decode_uri(small))
  end)

  it("leaves percent signs alone that encode nothing", function()
    for _, text in ipairs { "%", "%%", "100%", "%2", "%zz", "%2z", "%z2", "% 20", "%%zz" } do
      assert.equal(text, core.decode_uri(text))
    end
    assert.equal("%A", core.decode_uri("%%41"))
  end)

  it("reads a plus sign as a space only where asked", function()
    assert.equal("a+b", core.decode_uri("a+b"))
    assert.equal("a b+", core.decode_uri("a+b%2B", true))
  end)
end)

describe("the module", function()
  it("names itself and the library below it", function()
    assert.truthy(core._VERSION:find("^%d+%.%d+%.%d+$"))
    assert.truthy(core.openssl_version():find("^%a+ %d+%.%d+"))
  end)

  it("has null, a light userdata that is equal to itself everywhere", function()
    assert.equal("userdata", type(core.null))
    assert.truthy(tostring(core.null):find("^userdata: "))
  end)

  it("can be loaded again and leaves no global behind", function()
    local globals = {}
    for name in pairs(_G) do
      globals[name] = true
    end
    package.loaded["jdvm.core"] = nil
    local again = require "jdvm.core"
    package.loaded["jdvm.core"] = core
    assert.not_equal(core, again)
    assert.equal(core.null, again.null)
    assert.not_equal(core.nonce(), again.nonce())
    local old = core.signer { access_key = "a", secret_key = "s", region = "r" }
    local new = again.signer { access_key = "a", secret_key = "s", region = "r" }
    assert.same({ old:sign("GET", "h", "/", nil, 0, "n") }, { new:sign("GET", "h", "/", nil, 0, "n") })
    assert.same({ old:sign("GET", "h", "/", nil, 0, "n") }, { old.sign(new, "GET", "h", "/", nil, 0, "n") })
    for name in pairs(_G) do
      assert.truthy(globals[name], name)
    end
  end)

  it("raises when it is used by a finalizer that runs after its own", function()
    package.loaded["jdvm.core"] = nil
    local again = require "jdvm.core"
    package.loaded["jdvm.core"] = core
    local _, shared = debug.getupvalue(again.sha256, 1)
    if not shared then -- 5.1 keeps upvalues of C functions from Lua: nobody can do what follows
      return assert.equal("Lua 5.1", _VERSION)
    end
    getmetatable(shared).__gc(shared)
    getmetatable(shared).__gc(shared)
    for _, call in ipairs {
      function() return again.sha256("") end,
      function() return again.hmac_sha256("", "") end,
      again.nonce,
      function() return again.canonical_request {} end,
      function() return again.string_to_sign("", "", "", "") end,
      function() return again.signing_key("JDCLOUD2-HMAC-SHA256", "", "", "", "") end,
    } do
      local good, text = pcall(call)
      assert.is_false(good)
      assert.truthy(text:find("the Lua state is being closed", 1, true), text)
    end
    assert.equal(64, #core.sha256(""))
  end)

  it("says what was wrong with an argument", function()
    for _, name in ipairs {
      "sha256",
      "hmac_sha256",
      "hex",
      "equal",
      "encode_uri",
      "decode_uri",
      "string_to_sign",
      "authorization",
    } do
      local good, text = pcall(core[name], {})
      assert.is_false(good)
      assert.truthy(text:find("string expected, got table", 1, true), text)
      assert.is_false(pcall(core[name]))
    end
    assert.is_false(pcall(core.signing_key, "x", "secret", "20190214", "r", "s"))
    assert.is_false(pcall(core.signing_key, "JDCLOUD2-HMAC-SHA256", "secret", "20190214", "r"))
  end)
end)

describe("canonical_request", function()
  local function refuses(what, fields, message)
    it("refuses " .. what, function()
      local good, text = pcall(core.canonical_request, fields)
      assert.is_false(good)
      assert.truthy(text:find(message, 1, true), text)
    end)
  end
  refuses("anything but a table", "GET /", "table expected, got string")
  refuses("unknown fields", { metod = "GET" }, 'canonical_request: there is no field "metod"')
  refuses("a number for a path", { path = 1 }, "canonical_request: path must be a string, not number")
  refuses("a text for headers", { headers = "x" }, "canonical_request: headers must be a table, not string")
  refuses("headers by name", { headers = { { host = "x" } } }, "names and values of headers must be strings")
  refuses("headers that are texts", { headers = { "host: x" } }, "headers must contain tables {name, value}")
  refuses("a name that is no token", { headers = { { "a b", "x" } } }, "name of a header is not a token of HTTP")
  refuses("a line end in a value", { headers = { { "a", "x\r\ny" } } }, "header a contains a control character")
  refuses("an unknown algorithm", { algorithm = "HMAC" }, "algorithm is neither JDCLOUD2-HMAC-SHA256 nor")

  it("of nothing is the empty request", function()
    local text, names = core.canonical_request {}
    assert.equal("\n/\n\n\n\n" .. core.sha256(""), text)
    assert.equal("", names)
  end)

  it(
    "writes the method in capitals",
    function() assert.equal("POST\n", core.canonical_request { method = "post" }:sub(1, 5)) end
  )

  it("takes the hash of the body from whom is nearest", function()
    local function last(fields) return (core.canonical_request(fields):match("[^\n]*$")) end
    local headers = { { "X-Jdcloud-Content-SHA256", "from-header" } }
    assert.equal(core.sha256("b"), last { body = "b" })
    assert.equal("from-header", last { body = "b", headers = headers })
    assert.equal("given", last { body = "b", headers = headers, payload_hash = "given" })
  end)
end)
