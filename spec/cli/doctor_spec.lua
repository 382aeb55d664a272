-- `jdvm doctor`: a report that shows no secret.
local commands = require "spec.support.command"
local shell = require "spec.support.shell"

local world, jdvm, folder

describe("jdvm doctor", function()
  setup(function()
    world = commands.start()
    jdvm, folder = world.jdvm, world.folder
  end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  it("doctor reports settings, their origin, the clock and the keys", function()
    local out, status = jdvm "doctor"
    assert.equal(0, status)
    for _, text in ipairs {
      "libcurl",
      "OpenSSL",
      "environment variable JDCLOUD_REGION",
      "reached",
      "keys           accepted",
    } do
      assert.truthy(out:find(text, 1, true), text)
    end
    out, status = jdvm("doctor", { JDCLOUD_SECRET_KEY = "not-the-secret" })
    assert.equal(3, status)
    assert.truthy(out:find("sign result is not same", 1, true))
    assert.equal(4, (select(2, jdvm("doctor", { JDCLOUD_ENDPOINT = "http://127.0.0.1:9" }))))
  end)

  it("reports an OpenSSL that cannot hash", function()
    local configuration = folder .. "/openssl.cnf"
    local file = assert(io.open(configuration, "w"))
    file:write "openssl_conf = all\n[all]\nproviders = list\n[list]\nnull = none\n[none]\nactivate = 1\n"
    file:close()
    local out, status = jdvm("doctor", { OPENSSL_CONF = configuration })
    assert.equal(2, status)
    local reason = "libcrypto failed to provide SHA-256 (check OPENSSL_CONF and the providers it loads)"
    assert.truthy(out:find("jdvm.core      cannot be loaded: jdvm.core: " .. reason .. "\n", 1, true), out)
    assert.truthy(out:find("OPENSSL_CONF   " .. configuration .. "\n", 1, true), out)
    local _, _, complaint = jdvm("count --source public", { OPENSSL_CONF = configuration })
    assert.equal("jdvm: jdvm.core: " .. reason .. "; run jdvm doctor\n", complaint)
    out = jdvm("--lang zh doctor", { OPENSSL_CONF = configuration })
    assert.truthy(out:find("jdvm.core      无法加载：", 1, true), out)
  end)

  it("warns of a file with keys that others can read", function()
    local home = folder .. "/home/.jdc"
    finally(function() os.execute("rm -rf " .. home) end)
    assert(os.execute(("mkdir -p %s && touch %s/config && chmod 644 %s/config"):format(home, home, home)))
    local warning = ("%s/config can be read by others (mode 644): chmod 600 %s/config\n"):format(home, home)
    local no_keys = { JDCLOUD_ACCESS_KEY = false, JDCLOUD_SECRET_KEY = false }
    assert.truthy(select(3, jdvm("count --source public", no_keys)):find("jdvm: " .. warning, 1, true))
    assert.is_nil(select(3, jdvm "count --source public"):find(warning, 1, true))
    assert.truthy((jdvm "doctor"):find("note           " .. warning, 1, true))
    os.execute("chmod 600 " .. home .. "/config")
    assert.is_nil((jdvm "doctor"):find("note ", 1, true))
  end)

  it("doctor tells the proxy, without its password, and the profile", function()
    local out = jdvm("doctor", { http_proxy = "http://u:p/w@127.0.0.1:9", JDCLOUD_PROFILE = "work" })
    assert.truthy(out:find("proxy          http://…@127.0.0.1:9  (environment variable http_proxy)\n", 1, true), out)
    assert.is_nil(out:find("p/w", 1, true))
    assert.truthy(out:find("profile        work  (environment variable JDCLOUD_PROFILE)\n", 1, true), out)
    assert.truthy((jdvm "doctor --profile other"):find("profile        other  (--profile)\n", 1, true))
    local current = folder .. "/home/.jdc/current"
    assert(os.execute(("mkdir -p %s/home/.jdc && printf work > %s"):format(folder, current)))
    assert.truthy((jdvm "doctor"):find("profile        work  (" .. current .. ")\n", 1, true))
    assert(os.execute(("rm %s && mkdir %s"):format(current, current)))
    out = jdvm "doctor"
    os.execute(("rm -rf %s/home/.jdc"):format(folder))
    assert.truthy(out:find("profile        unknown  (" .. current .. ": Is a directory)\n", 1, true), out)
  end)

  it("tells why no proxy is used, which certificates are trusted, and which nginx would run", function()
    local proxy = { http_proxy = "http://127.0.0.1:9", all_proxy = false, no_proxy = "127.0.0.0/8" }
    local out = jdvm("doctor", proxy)
    local why = "proxy          none: http_proxy is set, but no_proxy (127.0.0.0/8) exempts 127.0.0.1\n"
    assert.truthy(out:find(why, 1, true), out)
    assert.matches("\nnginx          /%S+\n", out)
    assert.matches("\nname lookup    does not block\n", out)
    assert.matches("\ntrust store    /%S+  %(default of libcurl%)\n", out)
    local file = folder .. "/trusted.pem"
    assert(os.execute("cp spec/fixtures/screens.txt " .. file))
    out = jdvm("doctor --ca-file " .. file, { JDVM_NGINX = "/nonexistent/nginx" })
    assert.truthy(out:find("\ntrust store    " .. file .. "  (--ca-file)\n", 1, true), out)
    assert.truthy(
      out:find("\nnginx          none; JDVM_NGINX names /nonexistent/nginx, which does not exist;", 1, true),
      out
    )
    assert.truthy((jdvm "doctor"):find("\nproxy          none: no variable names one\n", 1, true))
  end)

  it("speaks Chinese, and names what loads when the module of libcurl does not", function()
    local out = jdvm "doctor --lang zh"
    for _, text in ipairs { "密钥           有效\n", "（环境变量 JDCLOUD_REGION）\n", "时钟           " } do
      assert.truthy(out:find(text, 1, true), out)
    end
    local report = shell.output(
      ("%s %s -e 'package.preload[%q] = function() error %q end' bin/jdvm doctor; echo $?"):format(
        world.environment(),
        world.lua,
        "jdvm.curl",
        "libcurl.so.4 is missing"
      )
    )
    assert.matches("\nlibcurl        jdvm.curl[^\n]*cannot be loaded[^\n]*libcurl.so.4 is missing", report)
    assert.matches("\n4$", report)
  end)
end)
