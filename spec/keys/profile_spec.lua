-- The profile files of the `jdc` command, as it writes them and as people edit them.
local own_process = require "spec.support.own_process"
local profile = require "jdvm.keys.profile"
local shell = require "spec.support.shell"

local function reader(files)
  return function(path)
    local content = files[path]
    if type(content) == "table" then return nil, content.failure end
    return content
  end
end

-- What `jdc configure add` writes.
local written_by_jdc = table.concat({
  "[default]",
  "access_key = AK1",
  "secret_key = SK1",
  "region_id = cn-north-1",
  "endpoint = www.jdcloud-api.com",
  "scheme = https",
  "timeout = 20",
  "",
  "[prod]",
  "access_key = AK2",
  "secret_key = SK2",
  "region_id = cn-east-2",
  "endpoint = vm.internal.cn-east-2.jdcloud-api.com",
  "scheme = http",
  "timeout = 20",
  "",
  "",
}, "\n")

describe("a config file", function()
  it("of jdc is read", function()
    local sections, names, problems = profile.parse(written_by_jdc)
    assert.same({ "default", "prod" }, names)
    assert.same({}, problems)
    assert.same({
      access_key = "AK1",
      secret_key = "SK1",
      region_id = "cn-north-1",
      endpoint = "www.jdcloud-api.com",
      scheme = "https",
      timeout = "20",
    }, sections.default)
    assert.equal("http", sections.prod.scheme)
  end)

  it("edited by hand is read", function()
    local sections, names, problems = profile.parse(table.concat({
      "\239\187\191# a comment",
      "; another",
      "[ spaced name ]  ",
      "Access_Key=AK",
      "  secret_key  =  a=b:c  ",
      "region_id: cn-north-1",
      "empty =",
      "",
      "[default]\r",
      "access_key = AK1\r",
      "secret_key = 100%% and 5%\r",
    }, "\n"))
    assert.same({}, problems)
    assert.same({ " spaced name ", "default" }, names)
    assert.same(
      { access_key = "AK", secret_key = "a=b:c", region_id = "cn-north-1", empty = "" },
      sections[" spaced name "]
    )
    assert.same({ access_key = "AK1", secret_key = "100% and 5%" }, sections.default)
  end)

  it("lends the values of [DEFAULT] to all sections", function()
    local sections, names = profile.parse "[DEFAULT]\nregion_id = cn-north-1\n[a]\nx = 1\n[b]\nregion_id = cn-east-2\n"
    assert.same({ "a", "b" }, names)
    assert.same({ x = "1", region_id = "cn-north-1" }, sections.a)
    assert.same({ region_id = "cn-east-2" }, sections.b)
  end)

  it("may name a section or a key twice; the last counts", function()
    local sections, names = profile.parse "[a]\nx = 1\nx = 2\n[b]\n[a]\ny = 3"
    assert.same({ "a", "b" }, names)
    assert.same({ x = "2", y = "3" }, sections.a)
  end)

  it("reports what it cannot read, without repeating it", function()
    local sections, _, problems = profile.parse "key = before\n[a]\nhush-hush-secret\n= no key\nx = 1\n"
    assert.same({
      "line 1 stands before the first [section]",
      "line 3 is neither a [section] nor key = value",
      "line 4 is neither a [section] nor key = value",
    }, problems)
    assert.same({ a = { x = "1" } }, sections)
  end)

  it("of any bytes is read without an error", function()
    local bytes = {}
    for i = 0, 255 do
      bytes[#bytes + 1] = string.char(i, (i * 7) % 256, 10, 91, i, 93)
    end
    assert.is_table((profile.parse(table.concat(bytes))))
    assert.same({}, (profile.parse ""))
  end)
end)

describe("the files of a folder", function()
  it("tell the profile in use, and what chose it", function()
    local path = "/h/.jdc/current"
    local function in_use(wanted, environment, current)
      local function getenv(name) return ({ HOME = "/h", JDCLOUD_PROFILE = environment })[name] end
      return { profile.in_use(wanted, getenv, reader { [path] = current }) }
    end
    for _, current in ipairs { "prod", "prod\n", " prod \r\n", "\239\187\191prod" } do
      assert.same({ "prod", path }, in_use(nil, nil, current))
    end
    assert.same({ "default", path .. " is empty" }, in_use(nil, "", "\n"))
    assert.same({ "default", path .. " does not exist" }, in_use())
    assert.same({ "work", "environment variable JDCLOUD_PROFILE", true }, in_use(nil, "work", "prod"))
    assert.same({ "mine", "option profile", true }, in_use("mine", "work", { failure = path .. ": denied" }))
    assert.same({ nil, path .. ": denied" }, in_use(nil, nil, { failure = path .. ": denied" }))
    assert.same({ "default", "HOME is not set" }, { profile.in_use(nil, function() end) })
  end)

  it("tell no profile in use where the file that names it cannot be read", function()
    local home = os.tmpname()
    finally(function() os.execute("rm -rf " .. home) end)
    local current = home .. "/.jdc/current"
    for make, expected in pairs {
      ["mkdir "] = "Is a directory",
      ["ln -s /nonexistent/current "] = " is a link to a file that does not exist",
      ["head -c 1048577 /dev/zero > "] = " is larger than 1 MiB",
    } do
      os.execute(("rm -rf %s; mkdir -p %s/.jdc; %s%s"):format(home, home, make, current))
      local name, message = profile.in_use(nil, function(variable) return variable == "HOME" and home or nil end)
      assert.is_nil(name)
      assert.truthy(message:find(current, 1, true), message)
      assert.truthy(message:find(expected, 1, true), message)
    end
  end)

  it("may be absent or unreadable", function()
    local files, message = profile.read("/h/.jdc", reader {})
    assert.is_nil(files)
    assert.is_nil(message)
    files, message = profile.read(
      "/h/.jdc",
      reader {
        ["/h/.jdc/config"] = { failure = "/h/.jdc/config: Permission denied" },
      }
    )
    assert.is_nil(files)
    assert.equal("/h/.jdc/config: Permission denied", message)
  end)

  it("name the profiles there are when one is not", function()
    local files = profile.read("/h/.jdc", reader { ["/h/.jdc/config"] = written_by_jdc })
    assert.equal("AK2", profile.values(files, "prod").access_key)
    local function refusal(name)
      local values, message = profile.values(files, name)
      assert.is_nil(values)
      return message
    end
    assert.equal('no profile "porod" in /h/.jdc/config; did you mean "prod"?', refusal "porod")
    assert.equal('no profile "xyzzy" in /h/.jdc/config; it has default and prod', refusal "xyzzy")
    files = profile.read("/h/.jdc", reader { ["/h/.jdc/config"] = "[only]\n" })
    assert.equal('no profile "default" in /h/.jdc/config; it has only', refusal "default")
    files = profile.read("/h/.jdc", reader { ["/h/.jdc/config"] = "" })
    assert.equal('no profile "default" in /h/.jdc/config; it has none', refusal "default")
  end)

  it("are looked for in the home folder", function()
    local function at(environment)
      return profile.directory(function(name) return environment[name] end)
    end
    assert.equal("/users/me/.jdc", at { HOME = "/users/me" })
    assert.equal("/users/me/.jdc", at { HOME = "/users/me/" })
    assert.equal("C:\\Users\\me/.jdc", at { USERPROFILE = "C:\\Users\\me" })
    assert.is_nil(at { HOME = "" })
    assert.is_nil(at {})
  end)

  it("are read from the disk", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir -p " .. folder))
    finally(function() os.execute("rm -rf " .. folder) end)
    assert.is_nil((profile.read(folder)))
    local file = assert(io.open(folder .. "/config", "wb"))
    file:write(written_by_jdc)
    file:close()
    local files = profile.read(folder)
    assert.equal(folder .. "/config", files.path)
    assert.equal("SK1", files.sections.default.secret_key)
    assert.matches("^x can be read by others %(mode 644%): chmod 600 x$", profile.mode_warning("x", "644"))
    assert.is_nil(profile.mode_warning("x", "600"))
    assert.is_nil(profile.mode_warning("x", nil))
    -- A folder in the place of the file.
    os.execute("rm " .. folder .. "/config && mkdir " .. folder .. "/config")
    local none, message = profile.read(folder)
    assert.is_nil(none)
    assert.matches("config", message)
  end)
end)

describe("a file", function()
  local folder

  before_each(function() folder = shell.temporary_folder() end)
  after_each(function() shell.run("rm -rf " .. folder) end)

  it("with bytes that no text file holds is refused, with the line", function()
    for content, expected in pairs {
      ["[default]\raccess_key = a\r"] = "line 1 holds a control character (0x0D)",
      ["[default]\r\n\taccess_key = a\0\r\n"] = "line 2 holds a control character (0x00)",
      ["\255\254[\0d\0]\0"] = "line 1 holds a control character (0x00)",
      ["[default]\n\27[Ax = y"] = "line 2 holds a control character (0x1B)",
    } do
      shell.write(folder .. "/config", content)
      local read, message = profile.read_file(folder .. "/config")
      assert.is_nil(read)
      assert.equal(folder .. "/config: " .. expected .. ": save the file as plain text", message)
    end
    for _, content in ipairs { "", "prod\r", "[a]\r\nx\t= 1\r\n", "\239\187\191[a]\nb = 镜\n" } do
      shell.write(folder .. "/config", content)
      assert.equal(content, profile.read_file(folder .. "/config"))
    end
  end)

  it("that is a pipe is refused at once", function()
    shell.run("mkfifo " .. folder .. "/current")
    local program = ("print(select(2, require'jdvm.keys.profile'.read_file(%q)))"):format(folder .. "/current")
    assert.equal(folder .. "/current is not a file", own_process.run(program, "timeout 5 env"))
  end)

  it("that nobody may write can be read", function()
    shell.write(folder .. "/config", "[a]\n")
    shell.run("chmod 400 " .. folder .. "/config")
    assert.equal("[a]\n", profile.read_file(folder .. "/config"))
  end)
end)

describe("an update", function()
  it(
    "writes what jdc would",
    function()
      assert.equal(
        "[default]\naccess_key = AK\nsecret_key = SK\nregion_id = cn-north-1\nendpoint = vm.jdcloud-api.com\n"
          .. "scheme = https\ntimeout = 20\n",
        profile.update("", "default", {
          timeout = "20",
          scheme = "https",
          endpoint = "vm.jdcloud-api.com",
          region_id = "cn-north-1",
          secret_key = "SK",
          access_key = "AK",
        })
      )
    end
  )

  it("changes its values and leaves the rest as it is", function()
    local before = "# mine\n[default]\nAccess_Key=OLD\n; note\nsecret_key = OLD\n\n[prod]\naccess_key = AK2\n"
    local after =
      profile.update(before, "default", { access_key = "NEW", secret_key = "NEW2", region_id = "cn-east-1" })
    assert.equal(
      "# mine\n[default]\naccess_key = NEW\n; note\nsecret_key = NEW2\nregion_id = cn-east-1\n\n[prod]\n"
        .. "access_key = AK2\n",
      after
    )
    assert.same({ access_key = "AK2" }, (profile.parse(after)).prod)
  end)

  it("loses a profile, and what stands around it stays", function()
    local before = "# all\r\n[a]\nx = 1\n# inside\ny = 2\n\n# of b\n[b]\nx = 3"
    assert.equal("# all\r\n# of b\n[b]\nx = 3\n", profile.remove(before, "a"))
    assert.equal(
      "# all\r\n[a]\nx = 1\n# inside\ny = 2\n\n# of b\n",
      profile.remove(before .. "\n", "b"):gsub("\n$", "") .. "\n"
    )
    assert.equal("", profile.remove("[a]\nx = 1\n", "a"))
  end)

  it("adds a profile", function()
    local after = profile.update("[default]\naccess_key = AK", "new one", { access_key = "A%B", secret_key = "S" })
    assert.equal("[default]\naccess_key = AK\n\n[new one]\naccess_key = A%%B\nsecret_key = S\n", after)
    assert.same({ access_key = "A%B", secret_key = "S" }, (profile.parse(after))["new one"])
  end)

  it("is the same when done twice", function()
    local values = { access_key = "AK", secret_key = "S%K", region_id = "cn-north-1" }
    local once = profile.update(written_by_jdc, "prod", values)
    assert.equal(once, profile.update(once, "prod", values))
  end)
end)
