-- jdvm.core but for signing and decoding: hashes, nonces, what the module is.
local core = require "jdvm.core"

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

  it("says what was wrong with an argument", function()
    for _, name in ipairs { "sha256", "has_control" } do
      local good, text = pcall(core[name], {})
      assert.is_false(good)
      assert.truthy(text:find("string expected, got table", 1, true), text)
      assert.is_false(pcall(core[name]))
    end
  end)
end)
