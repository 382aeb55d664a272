-- jdvm.core but for signing and decoding: hashes, nonces, what the module is.
local core = require "jdvm.core"
local own_process = require "spec.support.own_process"
local shell = require "spec.support.shell"

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
  it(
    "writes base64",
    function()
      assert.same(
        { "", "Zg==", "Zm8=", "Zm9v" },
        { core.base64 "", core.base64 "f", core.base64 "fo", core.base64 "foo" }
      )
    end
  )

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

  it("does not load beside a libcrypto that provides no SHA-256, and names the configuration that it read", function()
    local folder = shell.temporary_folder()
    local configuration = folder .. "/openssl.cnf"
    shell.write(
      configuration,
      "openssl_conf = all\n[all]\nproviders = list\n[list]\nnull = none\n[none]\nactivate = 1\n"
    )
    local output =
      own_process.run('print(select(2, pcall(require, "jdvm.core")))', "OPENSSL_CONF=" .. shell.quote(configuration))
    shell.run("rm -rf " .. folder)
    assert.equal(
      "jdvm.core: libcrypto failed to provide SHA-256 (check OPENSSL_CONF and the providers it loads)",
      output
    )
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
    local good, text = pcall(core.sha256, {})
    assert.is_false(good)
    assert.truthy(text:find("string expected, got table", 1, true), text)
    assert.is_false(pcall(core.sha256))
  end)
end)
