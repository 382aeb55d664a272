-- Where every setting of a client comes from, and which source wins.
local settings = require "jdvm.options.settings"
local jdvm = require "jdvm"
local made_up = require "spec.support.made_up"
local sources = require "jdvm.keys.sources"

local AK, SK, CONFIG, resolve = made_up.AK, made_up.SK, made_up.CONFIG, made_up.resolve

describe("the region", function()
  it("comes from the option, the environment, the profile", function()
    local environment, files = { JDCLOUD_REGION = "env-region" }, { config = CONFIG }
    assert.equal("mine", resolve({ region = "mine" }, environment, files).region)
    assert.equal("env-region", resolve({}, environment, files).region)
    assert.equal("cn-east-1", resolve({}, {}, files).region)
    assert.equal('profile "default" of /h/.jdc/config', resolve({}, {}, files).origins.region)
    assert.is_nil(resolve({}, {}, {}).region)
  end)

  it("of a profile counts whoever gives the keys", function()
    assert.equal("cn-east-1", resolve({ access_key = AK, secret_key = SK }, {}, { config = CONFIG }).region)
    assert.equal(
      "cn-east-2",
      resolve({ access_key = AK, secret_key = SK }, { JDCLOUD_PROFILE = "keyless" }, { config = CONFIG }).region
    )
  end)

  it("that a profile should have named is missed with the reason", function()
    local function fault(environment, files, more)
      local options = { access_key = AK, secret_key = SK }
      for name, value in pairs(more or {}) do
        options[name] = value
      end
      local resolved = resolve(options, environment, files)
      return resolved.region_fault
    end
    assert.equal(
      'no profile "prdo" in /h/.jdc/config; did you mean "prod"?',
      fault({ JDCLOUD_PROFILE = "prdo" }, { config = CONFIG })
    )
    assert.matches("denied", fault({}, { config = { failure = "/h/.jdc/config: Permission denied" } }))
    assert.matches("denied", fault({}, { config = CONFIG, current = { failure = "/h/.jdc/current: denied" } }))
    assert.is_nil(fault({}, {}))
    assert.is_nil(fault({ JDCLOUD_PROFILE = "prdo" }, { config = CONFIG }, { region = "cn-north-1" }))
    assert.matches("no profile", resolve({ profile = "prdo" }, {}, { config = CONFIG }).region_fault)
  end)

  it("of another tool counts beside its keys", function()
    assert.equal("jdc", resolve({}, { JDC_ACCESS_KEY = "a", JDC_SECRET_KEY = "s", JDC_REGION = "jdc" }).region)
    assert.equal("jd", resolve({}, { JD_ACCESS_KEY_ID = "a", JD_ACCESS_KEY_SECRET = "s", JD_REGION = "jd" }).region)
    assert.is_nil(resolve({}, { JDC_REGION = "jdc" }).region)
  end)
end)

describe("a profile", function()
  it("with names that are nearly those of keys, or of the section, is told of", function()
    local function notes(config, environment) return resolve({}, environment or {}, { config = config }).notes end
    local own = 'profile "default" of /h/.jdc/config: the key '
    assert.same({
      own .. "access_key_id is not read; did you mean access_key?",
      own .. "region is not read; did you mean region_id?",
      own .. "secretkey is not read; did you mean secret_key?",
    }, notes "[default]\nregion = cn-north-1\nACCESS_KEY_ID = a\nsecretKey = s\noutput = json\ncolour = red\n")
    assert.same({}, notes "[default]\nregion = cn-north-1\nregion_id = cn-north-1\n")
    assert.same({}, notes(CONFIG))
    assert.same(
      { 'no profile "default" in /h/.jdc/config; did you mean "Default"?' },
      notes "[Default]\nregion_id = cn-north-1\n"
    )
    assert.same({}, notes "[default]\nregion_id = a\n[Default]\nregion_id = b\n")
    assert.same({}, notes "[other]\nregion_id = b\n")
    assert.same({}, notes("[Default]\nregion_id = b\n", { JDCLOUD_PROFILE = "default" }))
  end)
end)

describe("the environment", function()
  it("gives each option by the variable that its entry names", function()
    local asked = 0
    for _, option in ipairs(require("jdvm.options.options").client) do
      if option.env then
        asked = asked + 1
        local environment = { JDCLOUD_ACCESS_KEY = AK, JDCLOUD_SECRET_KEY = SK }
        if option.name == "profile" then environment = {} end
        environment[option.env] = option.name == "profile" and "prod" or "made-up"
        local resolved = resolve({}, environment, { config = CONFIG })
        if option.name == "profile" then
          assert.equal('profile "prod" of /h/.jdc/config', resolved.origins.access_key)
        else
          assert.equal("environment variable " .. option.env, resolved.origins[option.name], option.name)
        end
      end
    end
    assert.is_true(asked >= 7, asked)
  end)
end)

describe("the endpoint", function()
  it("comes from the option, the environment, the profile whose keys are used", function()
    local environment, files = { JDCLOUD_ENDPOINT = "https://env:1" }, { config = CONFIG, current = "prod" }
    assert.equal("https://mine", resolve({ endpoint = "https://mine" }, environment, files).endpoint)
    assert.equal("https://env:1", resolve({}, environment, files).endpoint)
    assert.equal("http://vm.internal.cn-south-1.jdcloud-api.com", resolve({}, {}, files).endpoint)
    assert.is_nil(resolve({ access_key = AK, secret_key = SK }, {}, files).endpoint)
    assert.equal(
      "http://vm.internal.cn-south-1.jdcloud-api.com",
      resolve({ profile = "prod" }, environment, files).endpoint
    )
  end)

  it("of a profile that is jdc's default, or another product's, is left out", function()
    local function with(endpoint, scheme)
      return resolve({}, {}, {
        config = ("[default]\naccess_key=a\nsecret_key=s\nendpoint=%s\nscheme=%s\n"):format(
          endpoint,
          scheme or "https"
        ),
      })
    end
    assert.is_nil(with("www.jdcloud-api.com", "http").endpoint)
    assert.same({}, with("www.jdcloud-api.com").notes)
    assert.is_nil(with("nc.jdcloud-api.com").endpoint)
    assert.same(
      { 'endpoint "nc.jdcloud-api.com" of the profile is not the VM service\'s; it was left out' },
      with("nc.jdcloud-api.com").notes
    )
    assert.equal("https://vm.jdcloud-api.com", with("vm.jdcloud-api.com").endpoint)
    assert.equal("http://127.0.0.1:8443", with("127.0.0.1:8443", "HTTP").endpoint)
    assert.equal("https://x.example/base", with("https://x.example/base", "http").endpoint)
    assert.is_nil(with("").endpoint)
  end)
end)

describe("the file of certificates", function()
  it("comes from the option or the environment", function()
    assert.equal("/a", resolve({ ca_file = "/a" }, { JDCLOUD_CA_FILE = "/b" }).ca_file)
    assert.equal("/b", resolve({}, { JDCLOUD_CA_FILE = "/b" }).ca_file)
    assert.is_nil(resolve({}, {}).ca_file)
    assert.equal("/h/ca.pem", resolve({ ca_file = "~/ca.pem" }).ca_file)
    assert.equal("/h/ca.pem", resolve({}, { JDCLOUD_CA_FILE = "~/ca.pem" }).ca_file)
    assert.equal("~/ca.pem", resolve({}, { JDCLOUD_CA_FILE = "~/ca.pem", HOME = false }).ca_file)
    assert.equal("~/ca.pem", resolve({ ca_file = "~/ca.pem" }, { HOME = "" }).ca_file)
    assert.equal("/h", resolve({ ca_file = "~" }).ca_file)
    assert.equal("~other/ca.pem", resolve({ ca_file = "~other/ca.pem" }).ca_file)
  end)
end)

describe("notes", function()
  it("warn of lines that were skipped", function()
    local resolved = resolve({}, {}, { config = CONFIG .. "\nnonsense\n" })
    assert.same({
      "/h/.jdc/config: line 18 is neither a [section] nor key = value; it was skipped",
    }, resolved.notes)
    assert.same({}, resolve({}, {}, { config = CONFIG }).notes)
    assert.same({}, resolve({}, {}, { config = CONFIG }).notes)
  end)
end)

describe("a profile that cannot be read", function()
  local files = { config = { failure = "/h/.jdc/config: Permission denied" } }

  it("is noted when nothing depends on it", function()
    local resolved = resolve(
      {},
      { JDCLOUD_ACCESS_KEY = AK, JDCLOUD_SECRET_KEY = SK, JDCLOUD_ENDPOINT = "http://x" },
      files
    )
    assert.same({}, resolved.notes, "the region is missing, which the failure says")
    resolved = resolve(
      { region = "cn-north-1" },
      { JDCLOUD_ACCESS_KEY = AK, JDCLOUD_SECRET_KEY = SK, JDCLOUD_PROFILE = "x" },
      files
    )
    assert.same({ "/h/.jdc/config: Permission denied" }, resolved.notes)
    assert.equal(AK .. "|" .. SK .. "|nil", made_up.keys_of(resolved))
  end)

  it("is the failure when the keys would come from it, and no note besides", function()
    local resolved = resolve({}, {}, files)
    local _, message = made_up.keys_of(resolved)
    assert.equal("/h/.jdc/config: Permission denied", message)
    assert.same({}, resolved.notes)
  end)
end)

describe("a report", function()
  local function lines(resolved)
    local out = {}
    for i, line in ipairs(settings.report(resolved)) do
      out[i] = line.name .. "=" .. line.value .. (line.origin and " (" .. line.origin .. ")" or "")
    end
    return table.concat(out, "\n")
  end

  it("shows where everything comes from, and no secret", function()
    local shown = lines(resolve({ endpoint = "https://x" }, {
      JDCLOUD_ACCESS_KEY = AK,
      JDCLOUD_SECRET_KEY = SK,
      JDCLOUD_SESSION_TOKEN = "TOKENTOKENTOKEN",
    }, { config = CONFIG }))
    assert.equal(
      table.concat({
        'region=cn-east-1 (profile "default" of /h/.jdc/config)',
        "endpoint=https://x (option endpoint)",
        "ca_file=default",
        "access_key=AK…1111 (environment variable JDCLOUD_ACCESS_KEY)",
        "secret_key=set (environment variable JDCLOUD_SECRET_KEY)",
        "session_token=set (environment variable JDCLOUD_SESSION_TOKEN)",
      }, "\n"),
      shown
    )
  end)

  it("is what a client gives", function()
    local client = require("jdvm").new { region = "cn-north-1", access_key = AK, secret_key = SK }
    local found = {}
    for _, setting in ipairs(client:settings()) do
      found[setting.name] = setting.value .. "|" .. tostring(setting.origin)
    end
    assert.equal("cn-north-1|option region", found.region)
    assert.equal("AK…1111|option access_key", found.access_key)
    assert.equal("set|option secret_key", found.secret_key)
    client:close()
    assert.error_matches(function() client:settings() end, "the client is closed")
  end)

  it("shows what is missing", function()
    local shown = lines(resolve({}, {}, {}))
    assert.matches(
      "region=none\nendpoint=default\nca_file=default\naccess_key=none\nsecret_key=none\n"
        .. "session_token=none\nproblem=no keys",
      shown,
      nil,
      true
    )
  end)

  it("asks no provider", function()
    local shown = lines(resolve({ region = "x", credentials = function() error "asked" end }))
    assert.matches("access_key=asked for at the first call (the function credentials)", shown, nil, true)
    assert.matches("secret_key=asked for at the first call", shown, nil, true)
  end)
end)

describe("a control character", function()
  it("in a variable is an error that names the variable", function()
    local function with(name, value) return resolve({}, { [name] = value }, { config = CONFIG }) end
    assert.equal(
      "ca_file (environment variable JDCLOUD_CA_FILE) holds a control character (0x0D at byte 7)",
      select(2, with("JDCLOUD_CA_FILE", "/ca.pem\r"))
    )
    assert.equal(
      'environment variable JDCLOUD_PROFILE holds a control character: "prod\\r"',
      with("JDCLOUD_PROFILE", "prod\r").region_fault
    )
    local _, message = made_up.keys_of(with("JDCLOUD_PROFILE", "prod\r"))
    assert.matches("environment variable JDCLOUD_PROFILE", message, 1, true)
    assert.matches('HOME holds a control character: "/h\\r"', select(2, made_up.keys_of(with("HOME", "/h\r"))), 1, true)
  end)

  it("in each variable of a setting is an error of the client or of its calls", function()
    local variables = { JDCLOUD_REGION = true, JDCLOUD_ENDPOINT = true, JDCLOUD_CA_FILE = true, JDCLOUD_PROFILE = true }
    for _, group in ipairs(sources.groups) do
      for _, pair in ipairs(group.pairs) do
        variables[pair[1]], variables[pair[2]] = pair, pair
      end
      if group.region then variables[group.region] = group.pairs[1] end
      if group.token then variables[group.token] = group.pairs[1] end
    end
    for name, pair in pairs(variables) do
      local environment = { HOME = "/nowhere", PATH = "/bin", JDCLOUD_REGION = "cn-north-1" }
      if type(pair) == "table" then
        environment[pair[1]], environment[pair[2]] = AK, SK
        if name:lower():find "region" then environment.JDCLOUD_REGION = nil end
      end
      environment[name] = (environment[name] or "https://cn-north-1") .. "\r"
      local getenv = os.getenv
      os.getenv = function(asked) return environment[asked] end -- luacheck: ignore 122
      local made, client = pcall(jdvm.new, { transport = function() error "sent" end })
      local message = client
      if made then message = select(2, client:describe_images { imageSource = "public" }) end
      os.getenv = getenv -- luacheck: ignore 122
      assert.matches("environment variable " .. name, message, 1, true)
    end
  end)
end)
