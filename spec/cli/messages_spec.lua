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

  it("speak of what stands on the command line, as wrong usage", function()
    for command, expected in pairs {
      nosuch = "jdvm: ",
      images = "--source",
      image = "missing argument",
      wait = "missing argument",
      ["images --source pubic"] = "images: --source must be",
      ["images --output xml --source public"] = "--output",
      ["images --source public --timeout soon"] = "--timeout",
      ["images --name -prod"] = "jdvm: --name needs a value; one that begins with a dash is written --name=-prod\nTry",
      ["images --source public --page-size 9"] = "--page-size",
      ["images --source public --page-size 101"] = "--page-size",
      ["images --source public --columns ,"] = "columns",
      ["images --source public --columns imageID"] = "did you mean",
      ["image 'a/../b'"] = "jdvm: image: the id must",
      ["doctor --region cn-north-1 --region cn-east-1"] = "--region",
      ["count --source public --endpoint foo"] = "endpoint",
      ["count --source public --region ''"] = "region",
      ["count --source public --profile ''"] = "profile",
      ["image 'img x'"] = "jdvm: image: the id must",
      ["wait img-1 'img x'"] = "jdvm: wait: the id must",
      ["images --source public --ca-file ''"] = "jdvm: --ca-file is empty",
      ["images --id a,b"] = "repeat the option for each: --id a --id b",
      ["count --source public --region a,b"] = "repeat the option for each: --region a --region b",
      ["wait img-1 --interval abc"] = "--interval: 'abc' is not a duration",
      ["images --source public --offline maybe"] = "--offline: 'maybe' is neither",
      ["emulator --set latncy=1"] = [[unknown setting "latncy"; did you mean 'latency'? (see jdvm emulator --explain)]],
    } do
      local out, status, complaint = jdvm(command)
      assert.same({ "", 2 }, { out, status }, command)
      assert.is_nil(complaint:find("stack traceback", 1, true), command)
      assert.is_nil(complaint:find("Usage", 1, true), command)
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
    assert.truthy(select(3, jdvm("count --source public", { JDCLOUD_REGION = false })):find("give --region", 1, true))
    assert.equal(2, (select(2, jdvm "doctor --endpoint foo")))
    assert.truthy((jdvm "doctor --ca-file ''"):find("settings       --ca-file is empty", 1, true))
  end)
end)
