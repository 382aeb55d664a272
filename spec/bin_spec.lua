-- bin/jdvm by itself: which modules it runs with, from a checkout and from a tree such as LuaRocks makes, without
-- paths in the environment.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"
local source = require "spec.support.source"

local version = _VERSION:match("%d%.%d")
local here = source.lines("pwd")[1]

describe("the command", function()
  local folder, tree, script

  -- What a command prints, in which the words stand for each "@".
  local function run(command, ...)
    for _, word in ipairs { ... } do
      command = command:gsub("@", (shell.quote(word):gsub("%%", "%%%%")), 1)
    end
    return shell.output("cd " .. shell.quote(folder) .. " && " .. command .. " 2>&1")
  end

  -- What `path` says to --version, run by this Lua from another folder.
  local function ask(path, from)
    return run(
      ("cd @ && %s env -u LUA_PATH -u LUA_CPATH @ @ --version"):format(emulator.NO_SETTINGS),
      from or folder,
      emulator.this_lua(),
      path
    )
  end

  setup(function()
    folder = shell.temporary_folder()
    tree = folder .. "/a tree"
    local rock = ("%s/lib/luarocks/rocks-%s/jdvm/scm-1/bin"):format(tree, version)
    script = rock .. "/jdvm"
    run("mkdir -p @ @ @", rock, tree .. "/share/lua", tree .. "/lib/lua")
    run("cp @ @", here .. "/bin/jdvm", script)
    run("cp -r @ @", here .. "/lua", tree .. "/share/lua/" .. version)
    run("ln -s @ @", here .. "/build/" .. version, tree .. "/lib/lua/" .. version)
    -- The modules of this tree tell where they are from.
    shell.write(
      ("%s/share/lua/%s/jdvm/cli.lua"):format(tree, version),
      [[return { main = function(words)
      io.write("tree ", words[1], " ", require("jdvm.core")._VERSION, "\n")
      return 0
    end }]]
    )
  end)

  teardown(function() run("rm -rf @", folder) end)

  local OF_CHECKOUT, OF_TREE = "^jdvm %d+%.%d+%.%d+$", "^tree %-%-version %d+%.%d+%.%d+$"

  it("runs from a checkout", function()
    assert.matches(OF_CHECKOUT, ask(here .. "/bin/jdvm"))
    assert.matches(OF_CHECKOUT, ask("bin/jdvm", here))
    assert.matches(OF_CHECKOUT, ask("jdvm", here .. "/bin"))
  end)

  it("runs from a tree of LuaRocks whose wrapper says nothing of paths", function()
    assert.matches(OF_TREE, ask(script))
    assert.matches(OF_TREE, ask("lib/luarocks/rocks-" .. version .. "/jdvm/scm-1/bin/jdvm", tree))
  end)

  it("says in one line what to install when argparse is missing", function()
    local said = run(
      "{ LUA_PATH=/nowhere/?.lua LUA_CPATH=/nowhere/?.so @ @ images; echo $?; }",
      emulator.this_lua(),
      here .. "/bin/jdvm"
    )
    assert.equal(
      (
        "jdvm: the command needs argparse for Lua %s: apt-get install lua-argparse, or luarocks "
        .. "--lua-version %s install argparse\n2"
      ):format(version, version),
      said
    )
  end)

  it("says in one line why jdvm.core cannot be loaded, with the cause behind the first line", function()
    run(
      "mkdir -p core/bin core/build/@/jdvm && cp @ core/bin && ln -s @ core/lua",
      version,
      here .. "/bin/jdvm",
      here .. "/lua"
    )
    shell.write(("%s/core/build/%s/jdvm/core.so"):format(folder, version), "no library")
    for _, command in ipairs { "images", "doctor" } do
      assert.matches(
        "error loading module 'jdvm.core' from file '[^\n]*': [^\n]*core.so: [^\n]+",
        run("env -u LUA_CPATH @ core/bin/jdvm " .. command, emulator.this_lua())
      )
    end
  end)

  it("runs through links and under other names", function()
    run("ln -s @ vm && ln -s @ @ && ln -s vm again", here .. "/bin/jdvm", script, "it's 100%")
    assert.matches(OF_CHECKOUT, ask(folder .. "/vm", "/"))
    assert.matches(OF_CHECKOUT, ask("again"))
    assert.matches(OF_TREE, ask("it's 100%"))
    run("cp @ @", script, (script:gsub("jdvm$", "images")))
    assert.matches(OF_TREE, ask((script:gsub("jdvm$", "images"))))
  end)

  it("runs from a tree that keeps the script itself in bin", function()
    run("mkdir -p @ && cp @ @", tree .. "/bin", script, tree .. "/bin/jdvm")
    assert.matches(OF_TREE, ask(tree .. "/bin/jdvm"))
  end)

  it("elsewhere runs with the modules that Lua finds", function()
    run("cp @ copy", script)
    local output = run(
      "LUA_PATH=@ LUA_CPATH=@ @ copy --version",
      ("%s/share/lua/%s/?.lua;;"):format(tree, version),
      ("%s/lib/lua/%s/?.so;;"):format(tree, version),
      emulator.this_lua()
    )
    assert.matches(OF_TREE, output)
  end)
end)
