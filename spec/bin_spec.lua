-- bin/jdvm by itself: which modules it runs with, from a checkout and from a tree such as LuaRocks makes, without
-- paths in the environment.
local emulator = require "spec.support.emulator"
local source = require "spec.support.source"

local version = _VERSION:match("%d%.%d")
local here = source.lines("pwd")[1]

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

describe("the command", function()
  local folder, tree, script

  local function shell(command, ...)
    for _, word in ipairs { ... } do command = command:gsub("@", (quote(word):gsub("%%", "%%%%")), 1) end
    local pipe = io.popen("cd " .. quote(folder or "/") .. " && " .. command .. " 2>&1")
    local text = pipe:read("*a")
    pipe:close()
    return text
  end

  -- What `path` says to --version, run by this Lua from another folder.
  local function ask(path, from)
    return shell(("cd @ && %s env -u LUA_PATH -u LUA_CPATH @ @ --version"):format(emulator.NO_SETTINGS),
      from or folder, emulator.this_lua(), path)
  end

  setup(function()
    folder = shell("mktemp -d"):match("%S+")
    tree = folder .. "/a tree"
    local rock = ("%s/lib/luarocks/rocks-%s/jdvm/scm-1/bin"):format(tree, version)
    script = rock .. "/jdvm"
    shell("mkdir -p @ @ @", rock, tree .. "/share/lua", tree .. "/lib/lua")
    shell("cp @ @", here .. "/bin/jdvm", script)
    shell("cp -r @ @", here .. "/lua", tree .. "/share/lua/" .. version)
    shell("ln -s @ @", here .. "/build/" .. version,
      tree .. "/lib/lua/" .. version)
    -- The modules of this tree tell where they are from.
    local file = assert(io.open(("%s/share/lua/%s/jdvm/cli.lua"):format(tree, version), "w"))
    file:write([[return { main = function(words)
      io.write("tree ", words[1], " ", require("jdvm.core")._VERSION, "\n")
      return 0
    end }]])
    file:close()
  end)

  teardown(function() shell("rm -rf @", folder) end)

  local OF_CHECKOUT, OF_TREE = "^jdvm %d+%.%d+%.%d+\n$", "^tree %-%-version %d+%.%d+%.%d+\n$"

  it("runs from a checkout", function()
    assert.matches(OF_CHECKOUT, ask(here .. "/bin/jdvm"))
    assert.matches(OF_CHECKOUT, ask("bin/jdvm", here))
    assert.matches(OF_CHECKOUT, ask("jdvm", here .. "/bin"))
  end)

  it("runs from a tree of LuaRocks whose wrapper says nothing of paths", function()
    assert.matches(OF_TREE, ask(script))
    assert.matches(OF_TREE, ask("lib/luarocks/rocks-" .. version .. "/jdvm/scm-1/bin/jdvm", tree))
  end)

  it("runs through links and under other names", function()
    shell("ln -s @ vm && ln -s @ @ && ln -s vm again", here .. "/bin/jdvm", script, "it's 100%")
    assert.matches(OF_CHECKOUT, ask(folder .. "/vm", "/"))
    assert.matches(OF_CHECKOUT, ask("again"))
    assert.matches(OF_TREE, ask("it's 100%"))
    shell("cp @ @", script, (script:gsub("jdvm$", "images")))
    assert.matches(OF_TREE, ask((script:gsub("jdvm$", "images"))))
  end)

  it("runs from a tree that keeps the script itself in bin", function()
    shell("mkdir -p @ && cp @ @", tree .. "/bin", script, tree .. "/bin/jdvm")
    assert.matches(OF_TREE, ask(tree .. "/bin/jdvm"))
  end)

  it("elsewhere runs with the modules that Lua finds", function()
    shell("cp @ copy", script)
    local output = shell("LUA_PATH=@ LUA_CPATH=@ @ copy --version", ("%s/share/lua/%s/?.lua;;"):format(tree, version),
      ("%s/lib/lua/%s/?.so;;"):format(tree, version), emulator.this_lua())
    assert.matches(OF_TREE, output)
  end)
end)
