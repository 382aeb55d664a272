-- Which keys a client uses, of all those it could find.
local errors = require "jdvm.failures.failure"
local made_up = require "spec.support.made_up"

local AK, SK, CONFIG, resolve, keys_of = made_up.AK, made_up.SK, made_up.CONFIG, made_up.resolve, made_up.keys_of

describe("keys", function()
  it("of the options win, and nothing is read for them", function()
    local resolved, _, reads = resolve(
      { access_key = AK, secret_key = SK, session_token = "TTT", region = "x" },
      { JDCLOUD_ACCESS_KEY = "ENV", JDCLOUD_SECRET_KEY = "ENV" },
      { config = CONFIG }
    )
    assert.equal(AK .. "|" .. SK .. "|TTT", keys_of(resolved))
    assert.same({
      region = "option region",
      access_key = "option access_key",
      secret_key = "option secret_key",
      session_token = "option session_token",
    }, resolved.origins)
    assert.same({}, reads)
  end)

  it("of the environment come before those of a profile", function()
    local resolved = resolve({}, {
      JDCLOUD_ACCESS_KEY = "ENVAK",
      JDCLOUD_SECRET_KEY = "ENVSK",
      JDCLOUD_SESSION_TOKEN = "ENVT",
      JDCLOUD_REGION = "cn-north-1",
    }, { config = CONFIG })
    assert.equal("ENVAK|ENVSK|ENVT", keys_of(resolved))
    assert.equal("environment variable JDCLOUD_SECRET_KEY", resolved.origins.secret_key)
    assert.equal("environment variable JDCLOUD_SESSION_TOKEN", resolved.origins.session_token)
    assert.equal("environment variable JDCLOUD_REGION", resolved.origins.region)
  end)

  it("of the environment are known by all their names, the best known first", function()
    local pairs_of_names = {
      { "JDCLOUD_ACCESS_KEY", "JDCLOUD_SECRET_KEY" },
      { "JDCLOUD_ACCESS_KEY", "JDCLOUD_SECRET_ACCESS_KEY" },
      { "JDCLOUD_ACCESS_KEY_ID", "JDCLOUD_SECRET_ACCESS_KEY" },
      { "JDCLOUD_AK", "JDCLOUD_SK" },
      { "JDC_ACCESS_KEY", "JDC_SECRET_KEY" },
      { "JD_ACCESS_KEY_ID", "JD_ACCESS_KEY_SECRET" },
      { "access_key", "secret_key" },
    }
    local environment = {}
    for i = #pairs_of_names, 1, -1 do
      local names = pairs_of_names[i]
      environment[names[1]], environment[names[2]] = "AK" .. i, "SK" .. i
      local resolved = resolve({}, environment)
      assert.equal(("AK%d|SK%d|nil"):format(i, i), keys_of(resolved))
      assert.equal("environment variable " .. names[1], resolved.origins.access_key)
    end
  end)

  it("with a session token take it only from their own tool's names", function()
    assert.equal(
      "a|s|nil",
      keys_of(resolve({}, {
        JDC_ACCESS_KEY = "a",
        JDC_SECRET_KEY = "s",
        JDCLOUD_SESSION_TOKEN = "t",
      }))
    )
    assert.equal("a|s|t", keys_of(resolve({}, { JDCLOUD_AK = "a", JDCLOUD_SK = "s", JDCLOUD_SESSION_TOKEN = "t" })))
  end)

  it("named as Terraform does come after a profile", function()
    local environment = { access_key = "TFAK", secret_key = "TFSK", region = "tf-region" }
    local resolved = resolve({}, environment, { config = CONFIG })
    assert.equal("PROFILE-DEFAULT-1|profile-secret-1|nil", keys_of(resolved))
    assert.equal("cn-east-1", resolved.region)
    resolved = resolve({}, environment)
    assert.equal("TFAK|TFSK|nil", keys_of(resolved))
    assert.equal("tf-region", resolved.region)
    -- Half a pair of such common names is nobody's mistake.
    resolved = resolve({}, { access_key = "TFAK", region = "tf-region" })
    assert.is_nil(resolved.region)
    assert.matches("^no keys", select(2, keys_of(resolved)))
  end)

  it("of half a pair are an error that names the other half", function()
    for environment, message in pairs {
      [{ JDCLOUD_ACCESS_KEY = "a" }] = "environment variable JDCLOUD_ACCESS_KEY is set, but JDCLOUD_SECRET_KEY is not",
      [{ JDCLOUD_SECRET_KEY = "s" }] = "environment variable JDCLOUD_SECRET_KEY is set, but JDCLOUD_ACCESS_KEY is not",
      [{ JDCLOUD_ACCESS_KEY = "a", JDCLOUD_SECRET_KEY = "" }] = "environment variable JDCLOUD_ACCESS_KEY is set, but JDCLOUD_SECRET_KEY is not",
      [{ JDC_SECRET_KEY = "s" }] = "environment variable JDC_SECRET_KEY is set, but JDC_ACCESS_KEY is not",
    } do
      local keys, found, kind = keys_of(resolve({}, environment, { config = CONFIG }))
      assert.is_nil(keys)
      assert.equal(message .. ": keys are a pair", found)
      assert.equal("credentials", kind)
    end
    local _, found = keys_of(resolve({ profile = "half" }, {}, { config = CONFIG }))
    assert.equal('profile "half" of /h/.jdc/config has only one of access_key and secret_key: keys are a pair', found)
  end)

  it("that the signer would refuse are refused where they come from", function()
    local jdvm, core = require "jdvm", require "jdvm.core"
    local _, message, kind = keys_of(resolve({}, { JDCLOUD_ACCESS_KEY = "hu/sh", JDCLOUD_SECRET_KEY = "hush" }))
    assert.matches('^environment variable JDCLOUD_ACCESS_KEY: access_key holds a "/" or a ","', message)
    assert.equal("credentials", kind)
    local ok, raised = pcall(jdvm.new, { access_key = "hu,sh", secret_key = "hush" })
    assert.is_false(ok)
    assert.matches("jdvm.new: option access_key holds a", raised, 1, true)
    for byte = 0, 255 do
      for _, name in ipairs { "access_key", "secret_key", "session_token" } do
        local keys = { access_key = "hush", secret_key = "hush", session_token = "hush" }
        keys[name] = "hu" .. string.char(byte) .. "sh"
        local held, refusal = keys_of(resolve { credentials = function() return keys end })
        for _, encoding in ipairs(held and { "base64", "raw" } or {}) do
          keys.region, keys.token_encoding = "r", encoding
          assert.is_true(pcall(core.signer, keys), name .. " with byte " .. byte)
        end
        assert.is_nil((refusal or ""):find("hu", 1, true))
      end
    end
  end)

  it("of the profile in use are the last", function()
    local resolved = resolve({}, {}, { config = CONFIG, current = "prod\n" })
    assert.equal("PROFILE-PROD-2222|profile-secret-2|nil", keys_of(resolved))
    assert.equal('profile "prod" of /h/.jdc/config', resolved.origins.secret_key)
    resolved = resolve({}, { JDCLOUD_PROFILE = "default" }, { config = CONFIG, current = "prod" })
    assert.equal("PROFILE-DEFAULT-1|profile-secret-1|nil", keys_of(resolved))
  end)

  it("of a named profile come before the environment", function()
    local environment = {
      JDCLOUD_ACCESS_KEY = "ENVAK",
      JDCLOUD_SECRET_KEY = "ENVSK",
      JDCLOUD_REGION = "env-region",
      JDCLOUD_PROFILE = "default",
    }
    local resolved = resolve({ profile = "prod" }, environment, { config = CONFIG })
    assert.equal("PROFILE-PROD-2222|profile-secret-2|nil", keys_of(resolved))
    assert.equal("cn-south-1", resolved.region)
    -- Named in the environment only, it comes after the keys there.
    resolved = resolve({}, environment, { config = CONFIG })
    assert.equal("ENVAK|ENVSK|nil", keys_of(resolved))
  end)

  it("of a profile that is not there are an error when somebody named it", function()
    local function message_of(options, environment, files)
      local keys, message = keys_of(resolve(options, environment, files))
      assert.is_nil(keys)
      return message
    end
    local meant = 'no profile "porod" in /h/.jdc/config; did you mean "prod"?'
    assert.equal(meant, message_of({ profile = "porod" }, {}, { config = CONFIG }))
    assert.equal(meant, message_of({}, { JDCLOUD_PROFILE = "porod" }, { config = CONFIG }))
    assert.equal(meant, message_of({}, {}, { config = CONFIG, current = "porod" }))
    assert.equal("/h/.jdc/config does not exist", message_of({ profile = "prod" }, {}, {}))
    assert.equal(
      'profile "keyless" of /h/.jdc/config has no access_key and secret_key',
      message_of({ profile = "keyless" }, {}, { config = CONFIG })
    )
    assert.matches("^no keys", message_of({}, {}, { config = "[other]\naccess_key=a\nsecret_key=s\n" }))
  end)

  it("that are nowhere are an error that says where was looked", function()
    local _, message = keys_of(resolve({}, {}, {}))
    assert.equal("no keys: looked at the options, the environment and /h/.jdc/config", message)
    _, message = keys_of(resolve({}, { HOME = false }, {}))
    assert.matches("the home folder is unknown", message)
    local function hint_of(environment)
      local holder = resolve({}, environment, {}).credentials
      return (select(2, errors.new(select(2, holder:get { clock = os.time })))).hint
    end
    local hint = hint_of { PATH = false, HOME = false }
    assert.matches("env JDCLOUD_ACCESS_KEY; env JDCLOUD_SECRET_KEY;", hint, 1, true)
    assert.matches("nginx.conf", hint, 1, true)
    assert.matches("init_by_lua", hint, 1, true)
    assert.is_nil(hint_of({ PATH = "/bin" }):find("nginx", 1, true))
  end)

  it("can be asked of one source by name", function()
    local environment = { JDCLOUD_ACCESS_KEY = "ENVAK", JDCLOUD_SECRET_KEY = "ENVSK" }
    assert.equal(
      "PROFILE-DEFAULT-1|profile-secret-1|nil",
      keys_of(resolve({ credentials = "profile" }, environment, { config = CONFIG }))
    )
    assert.equal("ENVAK|ENVSK|nil", keys_of(resolve({ credentials = "environment" }, environment, { config = CONFIG })))
    assert.matches("^no keys", select(2, keys_of(resolve({ credentials = "environment" }, {}, { config = CONFIG }))))
  end)

  it("are those of no profile where the file that names the profile in use cannot be read", function()
    local files = { config = CONFIG, current = { failure = "/h/.jdc/current: Permission denied" } }
    local keys, message, kind = keys_of(resolve({}, {}, files))
    assert.is_nil(keys)
    assert.equal("/h/.jdc/current: Permission denied", message)
    assert.equal("credentials", kind)
    assert.equal("PROFILE-PROD-2222|profile-secret-2|nil", keys_of(resolve({ profile = "prod" }, {}, files)))
    assert.equal("A|S|nil", keys_of(resolve({}, { JDCLOUD_ACCESS_KEY = "A", JDCLOUD_SECRET_KEY = "S" }, files)))
  end)

  it("may come from a function, which is not asked beforehand", function()
    local asked = 0
    local resolved = resolve({
      region = "x",
      credentials = function()
        asked = asked + 1
        return { access_key = "FAK", secret_key = "FSK" }
      end,
    }, { JDCLOUD_ACCESS_KEY = "ENVAK", JDCLOUD_SECRET_KEY = "ENVSK" }, { config = CONFIG })
    assert.equal(0, asked)
    assert.equal("FAK|FSK|nil", keys_of(resolved))
    assert.equal("FAK|FSK|nil", keys_of(resolved))
    assert.equal(1, asked)
  end)

  it("with blanks, newlines or quotes are refused under the name of what holds them, without being shown", function()
    for _, wrong in ipairs { SK .. "\r\n", " " .. SK, SK .. " ", '"' .. SK .. '"', "'" .. SK .. "'", "a b" .. SK } do
      local resolved, message = resolve({ access_key = AK, secret_key = wrong })
      assert.is_nil(resolved)
      assert.matches("^option secret_key ", message)
      assert.is_nil(message:find(SK, 1, true))
      message = select(2, keys_of(resolve({}, { JDCLOUD_ACCESS_KEY = AK, JDCLOUD_SECRET_KEY = wrong })))
      assert.matches("^environment variable JDCLOUD_SECRET_KEY: secret_key ", message)
      assert.is_nil(message:find(SK, 1, true))
    end
    for words, options in pairs {
      ["option access_key ends in a newline"] = { access_key = AK .. "\n", secret_key = SK },
      ["option session_token ends in a newline"] = { access_key = AK, secret_key = SK, session_token = "t\n" },
      ["option secret_key is empty"] = { access_key = AK, secret_key = "" },
    } do
      assert.matches("^" .. words, select(2, resolve(options)))
    end
    local environment = { JDCLOUD_ACCESS_KEY = AK, JDCLOUD_SECRET_KEY = SK, JDCLOUD_SESSION_TOKEN = "a b" }
    local words = "^environment variable JDCLOUD_SESSION_TOKEN: session_token holds a blank"
    assert.matches(words, select(2, keys_of(resolve({}, environment))))
  end)
end)

describe("options that contradict each other", function()
  it("are refused", function()
    for message, options in pairs {
      ["option access_key needs secret_key beside it"] = { access_key = AK },
      ["option secret_key needs access_key beside it"] = { secret_key = SK },
      ["option session_token needs access_key and secret_key beside it"] = { session_token = "t" },
      ["give either access_key and secret_key or credentials, not both"] = {
        access_key = AK,
        secret_key = SK,
        credentials = print,
      },
      ["option profile names the source of the keys; leave it or the other source out"] = {
        profile = "x",
        credentials = "environment",
      },
      ['option credentials must be a function, "environment" or "profile", got "profil"'] = {
        credentials = "profil",
      },
    } do
      local resolved, found = resolve(options)
      assert.is_nil(resolved)
      assert.equal(message, found)
    end
    assert.is_table((resolve({ profile = "x", credentials = "profile" })))
  end)
end)
