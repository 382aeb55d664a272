-- The rules of the house: which way the arrows run, who may include what, and lists that must agree.
local source = require "spec.support.source"

local lua_files = source.files("^lua/.*%.lua$")
local c_files = source.files("^src/.*%.[ch]$")

local function set(list)
  local result = {}
  for _, value in ipairs(list) do
    result[value] = true
  end
  return result
end

-- What two sets, or two maps, do not share, as text; empty when they are equal.
local function difference(expected, actual)
  local found = {}
  for key, value in pairs(expected) do
    if actual[key] ~= value then found[#found + 1] = "missing: " .. tostring(key) end
  end
  for key, value in pairs(actual) do
    if expected[key] ~= value then found[#found + 1] = "not expected: " .. tostring(key) end
  end
  table.sort(found)
  return table.concat(found, "\n")
end

local function module_of(path) return (path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/", ".")) end

-- module -> { required module -> true }, of the modules of this project. A computed name counts as
-- every name of the project that stands in the same file as a whole string.
local function requires_of(path)
  local code = source.strip_lua(source.read(path))
  local required = {}
  for name in code:gmatch("[\"'](jdvm[%w_.]*)[\"']") do
    required[name] = true
  end
  local wanted = {}
  for name in code:gmatch("require%s*%(?%s*[\"'](jdvm[%w_.]*)[\"']") do
    wanted[name] = true
  end
  for name in code:gmatch("%f[%w]lazy%s*[\"'](jdvm[%w_.]*)[\"']") do
    wanted[name] = true
  end
  for name in code:gmatch("require%s*,%s*[\"'](jdvm[%w_.]*)[\"']") do
    wanted[name] = true
  end
  if code:find("require%s*%(%s*[%a_][%w_.]*%s*[%)%.]") then
    for name in pairs(required) do
      wanted[name] = true
    end
  end
  return wanted
end

local graph = {}
for _, path in ipairs(lua_files) do
  graph[module_of(path)] = requires_of(path)
end

-- Whether the comment at the head of a file says "Pure": a module of pure functions of their arguments, which does no
-- I/O and requires nothing that does any.
local function is_pure(path)
  local head = {}
  for line in source.read(path):gmatch("([^\n]*)\n") do
    if line:sub(1, 2) ~= "--" then break end
    head[#head + 1] = line
  end
  return table.concat(head, "\n"):find("%f[%a]Pure%f[%A]") ~= nil
end

local pure_files, pure_modules = {}, { ["jdvm.core"] = true }
for _, path in ipairs(lua_files) do
  if is_pure(path) then
    pure_files[#pure_files + 1] = path
    pure_modules[module_of(path)] = true
  end
end

-- Lines of `files` that match `pattern`, but for the files in `allowed`.
local function offences(files, pattern, allowed, strip)
  local found = {}
  for _, path in ipairs(files) do
    if not allowed[path] then
      local text = source.read(path)
      for _, line in ipairs(source.grep(path, strip and strip(text) or text, pattern)) do
        found[#found + 1] = line
      end
    end
  end
  return table.concat(found, "\n")
end

local function code_only(text) return source.strip_lua(text, true) end

-- Modules that require one whose name matches, but for those whose own name matches one of the rest.
local function requirers(pattern, ...)
  local found = {}
  local function is_allowed(name, allowed, ...)
    return allowed and (name:find(allowed) ~= nil or is_allowed(name, ...)) or false
  end
  for name, required in pairs(graph) do
    for target in pairs(required) do
      if target:find(pattern) and not is_allowed(name, ...) then found[#found + 1] = name .. " -> " .. target end
    end
  end
  table.sort(found)
  return table.concat(found, "\n")
end

describe("Lua modules", function()
  it("require each other without a cycle", function()
    local state, cycles = {}, {}
    local function visit(name, trail)
      if state[name] == "done" then return end
      if state[name] == "open" then
        cycles[#cycles + 1] = trail .. " -> " .. name
        return
      end
      state[name] = "open"
      for target in pairs(graph[name] or {}) do
        visit(target, trail .. " -> " .. name)
      end
      state[name] = "done"
    end
    for name in pairs(graph) do
      visit(name, "")
    end
    assert.equal("", table.concat(cycles, "\n"))
  end)

  it("that are required exist", function()
    local missing = {}
    for name, required in pairs(graph) do
      for target in pairs(required) do
        if not graph[target] and target ~= "jdvm.core" and target ~= "jdvm.curl" then
          missing[#missing + 1] = name .. " -> " .. target
        end
      end
    end
    assert.equal("", table.concat(missing, "\n"))
  end)

  it("without I/O require only such modules", function()
    assert.is_true(pure_modules["jdvm.options.check"] and pure_modules["jdvm.emulator.uri"])
    local found = {}
    for name in pairs(pure_modules) do
      for target in pairs(graph[name] or {}) do
        if not pure_modules[target] then found[#found + 1] = name .. " -> " .. target end
      end
    end
    assert.equal("", table.concat(found, "\n"))
  end)

  it("without I/O touch neither files nor clocks nor the environment", function()
    assert.equal("", offences(pure_files, "%f[%w_.]io%.", {}, code_only))
    assert.equal("", offences(pure_files, "%f[%w_.]os%.", {}, code_only))
    assert.equal("", offences(pure_files, "%f[%w_.]print%f[^%w_]", {}, code_only))
  end)

  it("know nginx only where they serve or use it", function()
    local allowed = set {
      "lua/jdvm/transport/nginx.lua",
      "lua/jdvm/transport/light_thread.lua",
      "lua/jdvm/transport/situation.lua",
      "lua/jdvm/util/lazy.lua",
      "lua/jdvm/cache.lua",
      "lua/jdvm/emulator/server.lua",
    }
    assert.equal("", offences(lua_files, "%f[%w_.]ngx%f[^%w_]", allowed, code_only))
  end)

  it(
    "reach libcurl only through its transport",
    function() assert.equal("", requirers("^jdvm%.curl$", "^jdvm%.transport%.curl$")) end
  )

  it("choose a transport in one place", function()
    for _, name in ipairs { "curl", "nginx" } do
      assert.equal("", requirers("^jdvm%.transport%." .. name .. "$", "^jdvm%.transport"))
    end
  end)

  it("below the client do not know it", function()
    assert.equal("", requirers("^jdvm%.client$", "^jdvm$"))
    assert.equal("", requirers("^jdvm$", "^jdvm%.cli%f[%W]"))
  end)

  it("of the library need neither the emulator nor the command", function()
    assert.equal("", requirers("^jdvm%.emulator", "^jdvm%.emulator", "^jdvm%.cli%f[%W]"))
    assert.equal("", requirers("^jdvm%.cli%f[%W]", "^jdvm%.cli%f[%W]"))
  end)

  it("set no globals and print nothing", function()
    local allowed = {}
    for _, path in ipairs(lua_files) do
      if path:find("^lua/jdvm/cli") then allowed[path] = true end
    end
    assert.equal("", offences(lua_files, "%f[%w_.]print%s*%(", allowed, code_only))
    assert.equal("", offences(lua_files, "%f[%w_]_G%f[^%w_]", {}, code_only))
  end)
end)

describe("C files", function()
  local function includes(files, pattern, allowed) return offences(files, "^%s*#%s*include%s*" .. pattern, set(allowed)) end

  it(
    "keep OpenSSL in one file",
    function() assert.equal("", includes(c_files, "<openssl/", { "src/pure/crypto.c" })) end
  )

  it("keep libcurl in one file", function() assert.equal("", includes(c_files, "<curl/", { "src/pure/libcurl.c" })) end)

  it("below the bindings have never heard of Lua", function()
    local pure = source.files("^src/pure/.*%.[ch]$")
    assert.is_true(#pure > 0)
    assert.equal("", includes(pure, '[<"]lua', {}))
    assert.equal("", includes(pure, '[<"]lauxlib', {}))
    assert.equal("", offences(pure, "lua_State", {}))
  end)

  it("include no .c file", function() assert.equal("", includes(source.files("%.[ch]$"), '[<"][^>"]*%.c[>"]', {})) end)

  it(
    "ask for the version of Lua in one place",
    function() assert.equal("", offences(c_files, "LUA_VERSION_NUM", set { "src/lua/compat.h" })) end
  )

  it("have comments that a formatter has not broken", function()
    local files = source.files("%.[ch]$")
    assert.equal("", offences(files, "^%s*%*/", {}))
    -- "*word" at the start of a line, unless it stores through a pointer
    local found = {}
    for line in offences(files, "^%s*%*+[%w`'\"-]", {}):gmatch("[^\n]+") do
      if not line:find("=", 1, true) then found[#found + 1] = line end
    end
    assert.equal("", table.concat(found, "\n"))
  end)

  it("export one function a module", function()
    local exports = {}
    for _, path in ipairs(source.files("^src/.*%.c$")) do
      for name in source.read(path):gmatch("JDVM_EXPORT%s+int%s+([%w_]+)") do
        exports[name] = true
      end
    end
    assert.equal("", difference({ luaopen_jdvm_core = true, luaopen_jdvm_curl = true }, exports))
  end)
end)

describe("the rockspec", function()
  local rockspec = source.globals("jdvm-scm-1.rockspec")
  local makefile = source.read("Makefile"):gsub("\\\n", " ")

  local function make_list(...)
    local result = {}
    for _, variable in ipairs { ... } do
      local names = assert(makefile:match("\n" .. variable .. "%s*:=%s*([^\n]*)"), variable)
      for name in names:gmatch("%S+") do
        result[("src/%s/%s.c"):format(variable:find "PURE" and "pure" or "lua", name)] = true
      end
    end
    return result
  end

  it("lists every Lua module, and no other", function()
    local files, listed = {}, {}
    for _, path in ipairs(lua_files) do
      files[module_of(path)] = path
    end
    for name, path in pairs(rockspec.build.modules) do
      if type(path) == "string" then listed[name] = path end
    end
    assert.equal("", difference(files, listed))
  end)

  it("builds each C module from the sources that the Makefile names", function()
    local modules = rockspec.build.modules
    assert.equal("", difference(make_list("CORE_PURE", "CORE_LUA"), set(modules["jdvm.core"].sources)))
    assert.equal("", difference(make_list("CURL_PURE", "CURL_LUA"), set(modules["jdvm.curl"].sources)))
  end)

  it("leaves no C file out", function()
    local used = {}
    for _, module in pairs(rockspec.build.modules) do
      for _, path in ipairs(type(module) == "table" and module.sources or {}) do
        used[path] = true
      end
    end
    assert.equal("", difference(set(source.files("^src/.*%.c$")), used))
  end)

  it(
    "asks for no header of libcurl, which LuaRocks would not find on Debian",
    function() assert.is_nil(rockspec.external_dependencies.CURL.header) end
  )

  it(
    "promises no address from which nothing can be fetched",
    function() assert.equal("file://.", rockspec.source.url) end
  )

  it("installs the command and copies folders that exist", function()
    for _, path in ipairs(rockspec.build.install.bin) do
      assert.truthy(io.open(path), path)
    end
    for _, folder in ipairs(rockspec.build.copy_directories) do
      assert.is_true(#source.files("^" .. folder .. "/") > 0, folder)
    end
  end)
end)

describe("the repository", function()
  it("has one version number", function()
    local jdvm, core = require "jdvm", require "jdvm.core"
    assert.equal(core._VERSION, jdvm._VERSION)
    local number = jdvm._VERSION:match("%d+%.%d+%.%d+")
    assert.truthy(number, "the version is three numbers: " .. jdvm._VERSION)
    local literal = number:gsub("%.", "%%.")
    local places = {}
    for _, path in ipairs(source.files("^[sl][ru][ca]/")) do
      if #source.grep(path, source.read(path), "[\"']" .. literal .. "[\"']") > 0 then places[#places + 1] = path end
    end
    assert.equal(1, #places, "the number stands in " .. table.concat(places, ", "))
    assert.truthy(source.read("CHANGELOG.md"):find(literal), "CHANGELOG.md does not know " .. number)
  end)

  it("names no path of a machine and no host of a package registry", function()
    -- Written in pieces, so that this file passes its own test.
    local names = {
      "/wo" .. "rk/",
      "/ro" .. "ot/",
      "registry%.npm" .. "js",
      "deb%.deb" .. "ian",
      "lua" .. "rocks%.org",
      "proxy%.go" .. "lang",
      "py" .. "pi%.org",
    }
    local found = {}
    for _, path in ipairs(source.files()) do
      local text = source.read(path)
      for _, name in ipairs(names) do
        for _, line in ipairs(source.grep(path, text, "%f[%w/]" .. name)) do
          found[#found + 1] = line:sub(1, 200)
        end
      end
    end
    assert.equal("", table.concat(found, "\n"))
  end)

  it("cites no paper that is not in it", function()
    -- Written in pieces, so that this file passes its own test.
    local cited = { "api%-refer" .. "ence %d", "%(D" .. "%d+%)" }
    local found = {}
    for _, path in ipairs(source.files("^[a-z]+/.*%.[a-z]+$")) do
      if not path:find("^spec/fixtures/") then
        for _, name in ipairs(cited) do
          for _, line in ipairs(source.grep(path, source.read(path), name)) do
            found[#found + 1] = line:sub(1, 200)
          end
        end
      end
    end
    assert.equal("", table.concat(found, "\n"))
  end)

  it("ends every text file with a line end and no line with blanks", function()
    local found = {}
    for _, path in ipairs(source.files()) do
      local text = source.read(path)
      local is_text = not text:find("%z") and not path:find("^spec/fixtures/") and not path:find("/corpus/")
      if is_text and #text > 0 then
        if text:sub(-1) ~= "\n" then found[#found + 1] = path .. ": no line end at the end" end
        if not path:find("%.md$") then
          for _, line in ipairs(source.grep(path, text, "[ \t]\r?$")) do
            found[#found + 1] = line
          end
        end
      end
    end
    assert.equal("", table.concat(found, "\n"))
  end)
end)
