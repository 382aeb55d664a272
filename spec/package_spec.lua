-- The rock as a user gets it: made by LuaRocks with nothing but the rockspec's own steps into an empty
-- tree, for every Lua, and used from a folder that knows nothing of the checkout. Run by its own step
-- (make test-package), once, because it goes through all Luas itself.
local source = require "spec.support.source"
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local LUAS = {
  { name = "5.1", version = "5.1", interpreter = "lua5.1" },
  { name = "5.2", version = "5.2", interpreter = "lua5.2" },
  { name = "5.3", version = "5.3", interpreter = "lua5.3" },
  { name = "5.4", version = "5.4", interpreter = "lua5.4" },
  { name = "LuaJIT", version = "5.1", interpreter = "luajit", incdir = "/usr/include/luajit-2.1" },
}

local LIST = [[
local jdvm = require "jdvm"
local from = package.searchpath and package.searchpath("jdvm", package.path) or "?"
local client = jdvm.new {}
local count = 0
for image in client:images { imageSource = "public" } do
  assert(type(image.imageId) == "string")
  count = count + 1
end
client:close()
print(from, count)
]]

-- A first session with the command ($jdvm), its own emulator included.
local NEW_USER = [[
set -e
"$jdvm" emulator --port 0 > emulator.log 2>&1 &
trap "kill -INT $!; wait" EXIT
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if grep -qs '^ready' emulator.log; then break; fi
  sleep 0.3
done
endpoint=$(sed -n 's/^endpoint //p' emulator.log)
printf '%s\n' "$access_key" "$secret_key" cn-north-1 | "$jdvm" configure --endpoint "$endpoint" > configure.log 2>&1
echo "ids $("$jdvm" images --source public --output ids | wc -l)"
latest=$("$jdvm" latest --source public --output ids)
echo "latest $latest"
echo "image $("$jdvm" image "$latest" --output json | grep -o 'img-[a-z0-9]*' | head -n 1)"
echo "wait $("$jdvm" wait "$latest")"
"$jdvm" doctor
]]

-- What a compiler leaves, but for the folder of make.
local BUILT = "find . -path ./build -prune -o '(' -name '*.o' -o -name '*.so' ')' -print"

local quote = shell.quote

-- Runs a shell command and gives its output and whether it succeeded.
local function run(command)
  local pipe = assert(io.popen("(" .. command .. ') 2>&1; echo "status $?"'))
  local output = pipe:read("*a")
  pipe:close()
  local text, status = output:match("^(.-)status (%d+)\n$")
  return text, status == "0"
end

-- The output of a shell command that has to succeed.
local function must(command)
  local output, good = run(command)
  assert(good, command .. "\n" .. output)
  return output
end

local folder, checkout, server, built_before

-- luarocks with a configuration of its own, so that nothing of the user's or the machine's is read.
local function luarocks(lua, tree, arguments)
  local command = ("cd %s && env -u LUA_PATH -u LUA_CPATH HOME=%s LUAROCKS_CONFIG=%s"):format(
    quote(checkout),
    quote(folder),
    quote(folder .. "/config.lua")
  )
  command = ("%s luarocks --lua-version %s --tree %s %s"):format(command, lua.version, quote(tree), arguments)
  if lua.incdir then command = command .. " LUA_INCDIR=" .. quote(lua.incdir) end
  return command
end

-- A program run by `lua` from an unrelated folder, that finds modules only in `tree`: the library needs no other rock.
local function from_tree(lua, tree, arguments)
  local environment = {
    LUA_PATH = ("%s/share/lua/%s/?.lua"):format(tree, lua.version),
    LUA_CPATH = ("%s/lib/lua/%s/?.so"):format(tree, lua.version),
    JDCLOUD_ENDPOINT = server.endpoint,
    JDCLOUD_CA_FILE = server.ca_file,
    JDCLOUD_REGION = server.regions[1],
    JDCLOUD_ACCESS_KEY = server.accounts.owner.access_key,
    JDCLOUD_SECRET_KEY = server.accounts.owner.secret_key,
    HOME = folder,
  }
  local words = { "cd", quote(folder .. "/elsewhere"), "&& env" }
  for name, value in pairs(environment) do
    words[#words + 1] = name .. "=" .. quote(value)
  end
  words[#words + 1] = arguments
  return table.concat(words, " ")
end

-- A script in which $jdvm is the command of `tree`, as somebody runs it who has only just installed it.
local function as_new_user(tree, script)
  local home = tree .. "-home"
  shell.write(home .. ".sh", script)
  return ('mkdir -p %s && cd %s && env -i PATH="$PATH" HOME=%s jdvm=%s access_key=%s secret_key=%s sh %s'):format(
    quote(home),
    quote(home),
    quote(home),
    quote(tree .. "/bin/jdvm"),
    quote(server.accounts.owner.access_key),
    quote(server.accounts.owner.secret_key),
    quote(home .. ".sh")
  )
end

setup(function()
  built_before = must(BUILT)
  folder = must("mktemp -d"):match("%S+")
  checkout = folder .. "/checkout"
  must("mkdir " .. quote(checkout) .. " " .. quote(folder .. "/elsewhere"))
  -- LuaRocks leaves object files beside the sources, so it works on a copy of them.
  for _, path in ipairs(source.files()) do
    if not path:find("^spec/") then must(("cp --parents %s %s"):format(quote(path), quote(checkout))) end
  end
  shell.write(folder .. "/config.lua", "rocks_servers = {}\nlocal_by_default = false\n")
  shell.write(folder .. "/elsewhere/list.lua", LIST)
  server = emulator.start { tls = true }
end)

teardown(function()
  if server then server.stop() end
  must("rm -rf " .. quote(folder))
end)

for index, lua in ipairs(LUAS) do
  describe("the rock on " .. lua.name, function()
    local tree, listed

    setup(function() tree = ("%s/tree%d"):format(folder, index) end)

    it(
      "is made by luarocks into an empty tree",
      function() must(luarocks(lua, tree, "make --deps-mode=none jdvm-scm-1.rockspec")) end
    )

    it("holds every module of the checkout", function()
      local missing = {}
      for _, path in ipairs(source.files("^lua/")) do
        local file = io.open(("%s/share/lua/%s/%s"):format(tree, lua.version, path:gsub("^lua/", "")), "rb")
        if file then
          assert.equal(source.read(path), file:read("*a"))
          file:close()
        else
          missing[#missing + 1] = path
        end
      end
      assert.equal("", table.concat(missing, " "))
    end)

    it("exports one function a C module and nothing else", function()
      for _, module in ipairs { "core", "curl" } do
        local names = must(("nm -D --defined-only %s/lib/lua/%s/jdvm/%s.so"):format(quote(tree), lua.version, module))
        local found = {}
        for name in names:gmatch(" [TDBRVW] (%S+)") do
          found[#found + 1] = name
        end
        assert.same({ "luaopen_jdvm_" .. module }, found)
      end
    end)

    it("lists the emulator's images from an unrelated folder", function()
      local output = must(from_tree(lua, tree, lua.interpreter .. " list.lua"))
      local from, count = output:match("^(%S+)%s+(%d+)%s*$")
      assert.truthy(count, output)
      assert.truthy(from == "?" or from:find(tree, 1, true), from)
      assert.is_true(tonumber(count) > 0)
      listed = output:match("(%d+)%s*$")
    end)

    it("brings the command, which runs from anywhere without a path in the environment", function()
      local output = must(as_new_user(tree, NEW_USER))
      local ids, one = output:match("^ids (%d+)\n.-\nimage (img%-%w+)\n")
      assert.equal(listed, ids, output)
      assert.truthy(output:find("\nlatest img%-%w+\n"), output)
      assert.truthy(output:find("\nwait " .. one:gsub("%-", "%%-") .. "%s+ready\n"), output)
      assert.truthy(output:find("\nkeys%s+accepted\n"), output)
    end)
  end)
end

-- As it will be once the release has a public address, which here is a tag of a local repository.
describe("a release", function()
  local lua, tree = LUAS[4], nil

  setup(function()
    tree = folder .. "/release"
    local git = "git -c user.name=jdvm -c user.email=jdvm@example.com "
    must(
      ("cp -r %s %s && cd %s && git init -q && git add . && %s commit -qm release && %s tag -m release v0.1.0"):format(
        quote(checkout),
        quote(tree),
        quote(tree),
        git,
        git
      )
    )
  end)

  it("is built from its tag, packed, and the packed rock installed, with what runs of the examples", function()
    local rockspec = folder .. "/jdvm-0.1.0-1.rockspec"
    local text = source.read("jdvm-0.1.0-1.rockspec"):gsub("git%+file://%.", "git+file://" .. tree)
    shell.write(rockspec, text)
    must(luarocks(lua, tree .. "/built", "build --deps-mode=none " .. quote(rockspec)))
    local rock = must(luarocks(lua, tree .. "/built", "pack jdvm")):match("Packed: (%S+)")
    must(luarocks(lua, tree .. "/installed", ("install --deps-mode=none %s"):format(quote(rock))))
    assert.matches("%d+%s*$", must(from_tree(lua, tree .. "/installed", lua.interpreter .. " list.lua")))
    assert.matches("^jdvm %d", must(as_new_user(tree .. "/installed", '"$jdvm" --version')))
    local examples = tree .. "/installed/lib/luarocks/rocks-5.4/jdvm/0.1.0-1/examples"
    assert.matches("\nuefiSupport: ", must(as_new_user(tree .. "/installed", "bash " .. quote(examples .. "/demo.sh"))))
  end)
end)

-- LuaRocks links without -z nodelete.
describe("a program that closes its Lua while a name is being looked up", function()
  it("lives on", function()
    local program, slow = folder .. "/outlive", folder .. "/slow_dns.so"
    must("cc -I/usr/include/lua5.4 -o " .. quote(program) .. " spec/support/outlive.c -llua5.4")
    must("cc -DSLOW_DNS -shared -fPIC -o " .. quote(slow) .. " spec/support/outlive.c")
    shell.write(
      folder .. "/elsewhere/slow.lua",
      [[
local client = require("jdvm").new { endpoint = "http://slow.example", proxy = "", timeout = 0.3, max_attempts = 1 }
print(select(3, client:describe_images { imageSource = "public" }).phase)
]]
    )
    local output =
      must(from_tree(LUAS[4], folder .. "/tree4", "LD_PRELOAD=" .. quote(slow) .. " " .. quote(program) .. " slow.lua"))
    assert.equal("dns\nalive\n", output)
  end)
end)

describe("a module in the wrong Lua's tree", function()
  local function load_core(number, version, interpreter)
    local cpath = ("%s/tree%d/lib/lua/%s/?.so"):format(folder, number, version)
    return run(("LUA_CPATH=%s %s -e 'require \"jdvm.core\"'"):format(quote(cpath), interpreter))
  end

  it("is refused with a message, not a crash", function()
    local output, good = load_core(4, "5.4", "lua5.1")
    assert.is_false(good)
    assert.truthy(output:find("undefined symbol", 1, true), output)
    output, good = load_core(1, "5.1", "lua5.4")
    assert.is_false(good)
    assert.truthy(output:find("undefined symbol", 1, true), output)
  end)
end)

-- Compiler flags that show a /usr/include from which the folder `name` is missing, as on a machine
-- without the -dev package.
local function flags_without(name)
  local view = folder .. "/include-" .. name
  local triplet = must("cc -dumpmachine"):match("%S+")
  must(([[
    mkdir VIEW && ln -s /usr/include/* VIEW/ && rm -f VIEW/NAME VIEW/TRIPLET && mkdir VIEW/TRIPLET &&
    ln -s /usr/include/TRIPLET/* VIEW/TRIPLET/ && rm -f VIEW/TRIPLET/NAME
  ]]):gsub("%u%u%u%u+", { VIEW = quote(view), TRIPLET = triplet, NAME = name }))
  return ("-O2 -fPIC -nostdinc -isystem %s -isystem %s/%s -isystem %s"):format(
    must("cc -print-file-name=include"):match("%S+"),
    view,
    triplet,
    view
  )
end

describe("a header that is missing", function()
  it("of libcurl is named with the package to install", function()
    local arguments = "make --deps-mode=none jdvm-scm-1.rockspec CFLAGS=" .. quote(flags_without("curl"))
    local output, good = run(luarocks(LUAS[4], folder .. "/none", arguments))
    assert.is_false(good)
    assert.truthy(output:find("libcurl4-openssl-dev", 1, true), output)
  end)

  -- LuaRocks adds the folder in which it found the header, so this one asks the compiler itself.
  it("of OpenSSL is named with the package to install", function()
    local compile = "cc %s -c -o /dev/null %s"
    local output, good = run(compile:format(flags_without("openssl"), "src/pure/crypto.c"))
    assert.is_false(good)
    assert.truthy(output:find("libssl-dev", 1, true), output)
  end)

  it("of OpenSSL is asked for by LuaRocks before it compiles", function()
    local arguments = "make --deps-mode=none jdvm-scm-1.rockspec OPENSSL_INCDIR=" .. quote(folder .. "/elsewhere")
    local output, good = run(luarocks(LUAS[4], folder .. "/none", arguments))
    assert.is_false(good)
    assert.truthy(output:find("OPENSSL", 1, true) and output:find("openssl/evp.h", 1, true), output)
  end)
end)

describe("each rockspec", function()
  for _, name in ipairs { "jdvm-scm-1", "jdvm-0.1.0-1" } do
    it(
      "is one that luarocks lints: " .. name,
      function() must(luarocks(LUAS[4], folder .. "/none", "lint " .. name .. ".rockspec")) end
    )
  end
end)

describe("making the rock", function()
  it("leaves objects where LuaRocks ran, which make clean removes, and none here", function()
    assert.equal(built_before, must(BUILT))
    local in_copy = ("cd %s && "):format(quote(checkout))
    assert.truthy(must(in_copy .. BUILT):find("./src/lua/core.o", 1, true))
    must(in_copy .. "make -s clean")
    assert.equal("", must(in_copy .. BUILT))
  end)
end)
