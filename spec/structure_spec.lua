-- The rules of the house: which way the arrows run, who may use what, how long a file may be, lists that must agree.
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

-- module -> { module it requires -> true }. Every string that is the name of a module counts, so that computed and lazy
-- requires do, too; "jdvm" alone stands in many other strings.
local graph, modules = {}, { ["jdvm.core"] = true, ["jdvm.curl"] = true }
for _, path in ipairs(lua_files) do
  modules[module_of(path)] = true
end
for _, path in ipairs(lua_files) do
  local name, code, wanted = module_of(path), source.strip_lua(source.read(path)), {}
  for target in code:gmatch("[\"'](jdvm%.[%w_.]*)[\"']") do
    if modules[target] and target ~= name then wanted[target] = true end
  end
  if code:find("require%s*%(?%s*[\"']jdvm[\"']") then wanted.jdvm = true end
  graph[name] = wanted
end

-- Lines of `files` that match `pattern`, but for the files in `allowed`; with `strip`, of code alone.
local function offences(files, pattern, allowed, strip)
  local found = {}
  for _, path in ipairs(files) do
    if not allowed[path] then
      local text = source.read(path)
      for _, line in ipairs(source.grep(path, strip and source.strip_lua(text, true) or text, pattern)) do
        found[#found + 1] = line
      end
    end
  end
  return table.concat(found, "\n")
end

-- Pairs "module -> required module" for which `is_wrong` holds.
local function arrows(is_wrong)
  local found = {}
  for name, required in pairs(graph) do
    for target in pairs(required) do
      if is_wrong(name, target) then found[#found + 1] = name .. " -> " .. target end
    end
  end
  table.sort(found)
  return table.concat(found, "\n")
end

-- The floors of the house, from below; a module requires only what is on its own floor or further down.
local FLOORS = {
  { "^jdvm%.util%.", "^jdvm%.core$", "^jdvm%.curl$" },
  { "^jdvm%.service%.", "^jdvm%.options%.", "^jdvm%.keys%.", "^jdvm%.failures%.", "^jdvm%.transport" },
  { "^jdvm%.call", "^jdvm%.lists", "^jdvm%.wait$" },
  { "^jdvm%.client$" },
  { "^jdvm$", "^jdvm%.cache", "^jdvm%.loops%.", "^jdvm%.stores%.", "^jdvm%.types$" },
  { "^jdvm%.emulator" },
  { "^jdvm%.cli" },
}

local function floor_of(name)
  for i, patterns in ipairs(FLOORS) do
    for _, pattern in ipairs(patterns) do
      if name:find(pattern) then return i end
    end
  end
  error("no floor for " .. name)
end

describe("Lua modules", function()
  it("require only what is below them", function()
    assert.equal("", arrows(function(name, target) return floor_of(name) < floor_of(target) end))
  end)

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

  it("of policy do no input or output", function()
    local quiet = {}
    for _, path in ipairs(lua_files) do
      local name = module_of(path)
      for _, pattern in ipairs { "^jdvm%.service%.", "^jdvm%.options%.", "^jdvm%.failures%." } do
        if name:find(pattern) then quiet[#quiet + 1] = path end
      end
    end
    quiet[#quiet + 1] = "lua/jdvm/lists/scan.lua"
    quiet[#quiet + 1] = "lua/jdvm/call/retry.lua"
    for _, name in ipairs { "io%.", "os%.", "print%f[^%w_]" } do
      assert.equal("", offences(quiet, "%f[%w_.]" .. name, {}, true))
    end
  end)

  it("know nginx only where they serve or use it", function()
    local allowed = set {
      "lua/jdvm/transport/nginx.lua",
      "lua/jdvm/transport/light_thread.lua",
      "lua/jdvm/transport/phase.lua",
      "lua/jdvm/util/lazy.lua",
      "lua/jdvm/cache.lua",
      "lua/jdvm/cache/locks.lua",
      "lua/jdvm/cache/timers.lua",
      "lua/jdvm/emulator/server.lua",
    }
    assert.equal("", offences(lua_files, "%f[%w_.]ngx%f[^%w_]", allowed, true))
  end)

  it("reach libcurl only through its transport, and a transport only through the one place that chooses", function()
    assert.equal(
      "",
      arrows(function(name, target)
        if target == "jdvm.curl" then return name ~= "jdvm.transport.curl" and name ~= "jdvm.transport.waiting" end
        local chosen = target == "jdvm.transport.curl" or target == "jdvm.transport.nginx"
        return chosen and not name:find("^jdvm%.transport")
      end)
    )
  end)

  it("print nothing, but for the command", function()
    local allowed = {}
    for _, path in ipairs(lua_files) do
      if path:find("^lua/jdvm/cli") then allowed[path] = true end
    end
    assert.equal("", offences(lua_files, "%f[%w_.]print%s*%(", allowed, true))
  end)
end)

describe("C files", function()
  local function includes(files, pattern, allowed) return offences(files, "^%s*#%s*include%s*" .. pattern, set(allowed)) end

  it("keep OpenSSL in one file, and libcurl in another", function()
    assert.equal("", includes(c_files, "<openssl/", { "src/pure/crypto.c" }))
    assert.equal("", includes(c_files, "<curl/", { "src/pure/libcurl.h" }))
  end)

  it("below the bindings have never heard of Lua", function()
    local pure = source.files("^src/pure/.*%.[ch]$")
    assert.is_true(#pure > 0)
    assert.equal("", includes(pure, '[<"]lua', {}))
    assert.equal("", includes(pure, '[<"]lauxlib', {}))
    assert.equal("", offences(pure, "lua_State", {}))
  end)

  it("include no .c file", function() assert.equal("", includes(source.files("%.[ch]$"), '[<"][^>"]*%.c[>"]', {})) end)

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

describe("files", function()
  local generated = set { "lua/jdvm/types.lua" }

  it("are short enough to be read", function()
    local found = {}
    for _, list in ipairs { { lua_files, 350 }, { c_files, 450 } } do
      for _, path in ipairs(list[1]) do
        local _, lines = source.read(path):gsub("\n", "")
        if lines > list[2] and not generated[path] then found[#found + 1] = ("%s: %d lines"):format(path, lines) end
      end
    end
    assert.equal("", table.concat(found, "\n"))
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

  it("builds each C module from the sources that the Makefile names, and leaves none out", function()
    local built = rockspec.build.modules
    assert.equal("", difference(make_list("CORE_PURE", "CORE_LUA"), set(built["jdvm.core"].sources)))
    assert.equal("", difference(make_list("CURL_PURE", "CURL_LUA"), set(built["jdvm.curl"].sources)))
    local used = {}
    for _, module in pairs(built) do
      for _, path in ipairs(type(module) == "table" and module.sources or {}) do
        used[path] = true
      end
    end
    assert.equal("", difference(set(source.files("^src/.*%.c$")), used))
  end)
end)

describe("make build", function()
  it("is an error where there is no Lua to build for", function()
    local output = table.concat(source.lines("make -s build INCLUDE=/nowhere 2>&1; echo $?"), "\n")
    assert.matches("^make build: found no Lua: install its headers, .*\n2$", output)
  end)
end)

describe("the version", function()
  it("is one number, which the change log knows", function()
    local jdvm, core = require "jdvm", require "jdvm.core"
    assert.equal(core._VERSION, jdvm._VERSION)
    local literal = assert(jdvm._VERSION:match("%d+%.%d+%.%d+")):gsub("%.", "%%.")
    local places = {}
    for _, path in ipairs(source.files("^[sl][ru][ca]/")) do
      if #source.grep(path, source.read(path), "[\"']" .. literal .. "[\"']") > 0 then places[#places + 1] = path end
    end
    assert.equal(1, #places, "the number stands in " .. table.concat(places, ", "))
    assert.truthy(source.read("CHANGELOG.md"):find(literal))
    assert.truthy(source.read("jdvm-" .. jdvm._VERSION .. "-1.rockspec"))
  end)
end)
