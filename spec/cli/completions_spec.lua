-- Completion, in each shell that is there, as a user meets it.
local commands = require "spec.support.command"
local shell = require "spec.support.shell"

local world, jdvm, bin

describe("completion", function()
  setup(function()
    world = commands.start()
    jdvm, bin = world.jdvm, world.folder .. "/bin"
    assert(shell.run("mkdir -p " .. bin .. " " .. world.home .. "/.jdc"))
    shell.write(bin .. "/jdvm", ('#!/bin/sh\nexec %s %s/bin/jdvm "$@"\n'):format(world.lua, shell.output "pwd"))
    assert(shell.run("chmod 755 " .. bin .. "/jdvm"))
    shell.write(world.home .. "/.jdc/config", "[default]\naccess_key = A\n[prod]\naccess_key = B\n")
    for _, name in ipairs { "bash", "zsh", "fish" } do
      local script, status = jdvm("completions " .. name)
      assert.equal(0, status)
      shell.write(world.folder .. "/completions." .. name, script)
    end
  end)
  teardown(function() world.stop() end)

  local function run(command)
    return shell.output(("%s PATH=%s:$PATH %s 2>&1"):format(world.environment(), bin, command))
  end

  -- What stands at the cursor, behind words as a shell takes them apart, and what is offered there.
  local CASES = {
    { { "" }, "images image count latest wait diff configure doctor emulator completions man" },
    { { "imag" }, "images image" },
    { { "--region", "" }, "all cn-north-1 cn-east-1 cn-east-2 cn-south-1" },
    { { "--profile", "" }, "default prod" },
    { { "--lang", "" }, "en zh" },
    { { "images", "--sou" }, "--source" },
    { { "images", "--verb" }, "--verbose" },
    { { "images", "--source", "p" }, "public private" },
    { { "images", "--output", "js" }, "json jsonl" },
    { { "images", "--columns", "na" }, "name" },
    { { "images", "--columns", "imageId,na" }, "imageId,name" },
    { { "images", "--sort", "createT" }, "createTime" },
    { { "images", "--consistency", "" }, "eventual stable" },
    { { "images", "--name", "" }, "" },
    { { "images", "--max", "" }, "" },
    { { "--region", "cn-north-1", "images", "--offline", "" }, "true false" },
    { { "wait", "img-1", "" }, "" },
    { { "wait", "--status", "" }, "ready pending deleting error gone" },
    { { "emulator", "--fault", "thr" }, "throttle" },
    { { "configure", "" }, "list show use delete" },
    { { "configure", "use", "p" }, "prod" },
    { { "completions", "" }, "bash zsh fish" },
    { { "completions", "bash", "" }, "" },
  }

  local function quoted(words)
    local list = {}
    for i, word in ipairs(words) do
      list[i] = shell.quote(word)
    end
    return table.concat(list, " ")
  end

  it("in bash, under set -u", function()
    local script = world.folder .. "/complete.bash"
    shell.write(
      script,
      ([[
set -u
complete() { :; }
. %s/completions.bash
compopt() { echo "compopt $*"; }
COMP_WORDS=(jdvm "$@"); COMP_CWORD=$#
_jdvm jdvm; echo "${COMPREPLY[*]-}"
]]):format(world.folder)
    )
    local function reply(words) return run("bash " .. script .. " " .. quoted(words)) end
    for _, case in ipairs(CASES) do
      assert.equal(case[2], reply(case[1]), table.concat(case[1], " "))
    end
    -- bash takes an option and its value apart.
    assert.equal("public private", reply { "images", "--source", "=", "p" })
    assert.equal("true false", reply { "images", "--offline", "=" })
    assert.equal("Windows\\ Server", reply { "images", "--platform", "Win" })
    assert.equal("compopt -o nospace\nlatency=", reply { "emulator", "--set", "laten" })
    for _, words in ipairs { { "diff", "" }, { "--ca-file", "" }, { "emulator", "--", "" } } do
      assert.equal("compopt -o default", reply(words):match "^[^\n]*")
    end
  end)

  it("in fish, where it is installed", function()
    if not shell.run "command -v fish >/dev/null" then return pending "fish is not installed" end
    for _, case in ipairs(CASES) do
      local line = "jdvm " .. table.concat(case[1], " ")
      local reply = run(
        ("fish -N -c 'source %s/completions.fish; complete -C %s' | cut -f1"):format(world.folder, '"' .. line .. '"')
      )
      local words = {}
      for word in case[2]:gmatch "%S+" do
        words[word] = true
      end
      for word in reply:gmatch "%S+" do
        assert.is_true(words[word], line .. ": " .. reply)
        words[word] = nil
      end
      assert.is_nil(next(words), line .. ": " .. reply)
    end
    assert.matches(
      "^%-%-source=public",
      run(("fish -N -c 'source %s/completions.fish; complete -C \"jdvm images --source=pu\"'"):format(world.folder))
    )
  end)

  it("in zsh, where it is installed", function()
    if not shell.run "command -v zsh >/dev/null" then return pending "zsh is not installed" end
    local script = world.folder .. "/complete.zsh"
    shell.write(
      script,
      ([[
setopt no_unset
compdef() { :; }
. %s/completions.zsh
_describe() { print -r -- ${(P)3%%%%:*}; }
_files() { print files; }
words=(jdvm "$@"); CURRENT=$#words
_jdvm
]]):format(world.folder)
    )
    local function reply(words) return run("zsh -f " .. script .. " " .. quoted(words)) end
    for _, case in ipairs(CASES) do
      assert.equal(case[2], reply(case[1]), table.concat(case[1], " "))
    end
    assert.equal("--source=public --source=private", reply { "images", "--source=p" })
    assert.equal("files", reply { "diff", "" })
  end)
end)
