-- The texts of the library in the words of the command.
local commands = require "spec.support.command"

local world, jdvm

describe("the words of jdvm", function()
  setup(function()
    world = commands.start()
    jdvm = world.jdvm
  end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  it("speaks of what stands on the command line", function()
    for command, expected in pairs {
      ["image 'img x'"] = "jdvm: image: the id must",
      ["wait img-1 'img x'"] = "jdvm: wait: the id must",
      ["images --source public --ca-file ''"] = "jdvm: --ca-file is empty",
      ["images --id a,b"] = "repeat the option for each: --id a --id b",
      ["count --source public --region a,b"] = "repeat the option for each: --region a --region b",
      ["wait img-1 --interval abc"] = "--interval: 'abc' is not a duration",
      ["images --source public --offline maybe"] = "--offline: 'maybe' is neither",
      ["emulator --set latncy=1"] = "unknown setting 'latncy'; did you mean 'latency'? (see jdvm emulator --explain)",
    } do
      local _, status, complaint = jdvm(command)
      assert.equal(2, status, command)
      assert.truthy(complaint:find(expected, 1, true), command .. ": " .. complaint)
    end
    for _, changes in ipairs {
      { JDCLOUD_SECRET_KEY = false, JDCLOUD_ACCESS_KEY = false },
      { JDCLOUD_REGION = false },
    } do
      for _, command in ipairs { "count --source public", "doctor" } do
        local out, _, complaint = jdvm(command, changes)
        assert.is_nil((out .. complaint):find("jdvm.new", 1, true), out .. complaint)
      end
    end
    assert.truthy((jdvm "doctor --ca-file ''"):find("settings       --ca-file is empty", 1, true))
  end)

  it("replaces phrases that the library still uses", function()
    local source = require "spec.support.source"
    local texts = {}
    for _, path in ipairs(source.files("^lua/jdvm/.*%.lua$")) do
      if not path:find("/cli/", 1, true) and not path:find("/emulator", 1, true) then
        texts[#texts + 1] = source.strip_lua(source.read(path))
      end
    end
    -- Texts that go on in the next line of the source are joined.
    local library = table.concat(texts, "\n"):gsub("[\"']%s*%.%.%s*[\"']", "")
    for _, phrase in ipairs(require("jdvm.cli.words").phrases) do
      assert.truthy(library:find(phrase[1], 1, true), "nothing says any more: " .. phrase[1])
    end
  end)
end)
