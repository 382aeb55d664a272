-- The language in which the command speaks, and the encoding of the terminal.
local command = require "spec.support.command"
local shell = require "spec.support.shell"

describe("the command speaks", function()
  local world, jdvm

  setup(function()
    world = command.start()
    jdvm = world.jdvm
  end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  local NONE = { LC_ALL = "", LC_MESSAGES = "", LANG = "" }
  local function with(changes)
    local environment = {}
    for name, value in pairs(NONE) do
      environment[name] = changes[name] or value
    end
    for name, value in pairs(changes) do
      environment[name] = value
    end
    return environment
  end

  it("Chinese where the first of LC_ALL, LC_MESSAGES and LANG says so, or --lang does", function()
    for _, case in ipairs {
      { true, with { LANG = "zh_CN.UTF-8" } },
      { true, with { LC_MESSAGES = "zh_TW", LANG = "en_US.UTF-8" } },
      { false, with { LC_ALL = "C", LANG = "zh_CN.UTF-8" } },
      { false, with {} },
      { true, with {}, " --lang zh" },
      { false, with { LANG = "zh_CN.UTF-8" }, " --lang=en" },
    } do
      local is_chinese, environment, option = case[1], case[2], case[3] or ""
      local help = jdvm("images --help" .. option, environment)
      assert.equal(is_chinese, help:find("镜像来源", 1, true) ~= nil)
      local _, _, complaint = jdvm("images --source private --name zzz" .. option, environment)
      assert.equal(is_chinese, complaint:find("没有符合条件的镜像", 1, true) ~= nil, complaint)
      _, _, complaint = jdvm("image img-none" .. option, environment)
      assert.equal(is_chinese, complaint:find("建议：", 1, true) ~= nil, complaint)
      assert.truthy(complaint:find("404 NOT_FOUND: Image 'img-none' not found", 1, true))
    end
  end)

  it("one language to programs", function()
    for _, arguments in ipairs {
      "images --source public -o csv",
      "images --source public -o tsv",
      "images --source public -o jsonl",
      "images --source public",
      "image img-9ha1rgelkq",
      "count --source public",
    } do
      assert.equal((jdvm(arguments, with {})), (jdvm(arguments, with { LANG = "zh_CN.UTF-8" })))
    end
  end)

  it("in the encoding of the terminal, and in UTF-8 to files", function()
    local function shown(text)
      shell.write(world.folder .. "/gb", text)
      return shell.output(("iconv -f GB18030 -t UTF-8 <%s/gb"):format(world.folder))
    end
    local environment = with { LANG = "zh_CN.GB18030", TERM = "xterm" }
    local arguments = "images --source public --max 1 --columns name"
    local screen = world.on_terminal('"$@"', arguments, environment).finish()
    assert.is_nil(screen:find("位", 1, true))
    local text = shown(screen)
    local name, note = text:find("64位", 1, true), text:find("还有更多结果", 1, true)
    assert.is_true(name ~= nil and note ~= nil and name < note, text)
    assert.truthy(jdvm(arguments, environment):find("64位", 1, true))
  end)
end)
