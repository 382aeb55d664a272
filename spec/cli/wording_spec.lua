-- The Chinese of what argparse and the library say of a wrong command line.
local commands = require "spec.support.command"
local wording = require "jdvm.cli.wording"

describe("wrong usage in Chinese", function()
  local world, jdvm
  setup(function()
    world = commands.start()
    jdvm = world.jdvm
  end)
  teardown(function() world.stop() end)

  it("has no English sentence left in it", function()
    for _, arguments in ipairs {
      "",
      "nosuch",
      "imags",
      "image",
      "image a/b",
      "images",
      "images --source official",
      "images --source pubic",
      "images --source public --columns imageID",
      "images --source public --columns ,",
      "images --source public --page-size 9",
      "images --nam x",
      "images --output xml",
      "images --name -prod",
      "images --name",
      "images --max 1 --max 2",
      "images --csv-safe=1",
      "images extra",
      "images --source public --offline false --id x",
      "images --source private --offline true",
      "images --source public --offline maybe",
      "images --source public --timeout soon",
      "images --source public --name ''",
      "images --id a,b",
      "count --source public --endpoint foo",
      "count --source public --endpoint http://h/path",
      "count --source public --region ''",
      "wait img-1 --status raedy",
      "emulator --set latncy=1",
      "emulator --set latency=x",
      "emulator --fault nosuch",
      "emulator --http2",
      "emulator --env -- true",
      "configure use",
      "configure --profile 'a b'",
      "configure --endpoint foo",
      "configure --region CN-NORTH-1",
      "doctor --region cn-north-1 --region cn-east-1",
    } do
      local _, status, complaint = jdvm("--lang zh " .. arguments)
      if arguments ~= "" then
        assert.equal(2, status, arguments)
        assert.truthy(complaint:find "[\228-\233]", complaint)
      end
      -- Three English words in a row are a sentence; names of options and values are not.
      local plain = complaint:gsub("'[^']*'", ""):gsub("%-%-%S+", ""):gsub('"[^"]*"', ""):gsub("jdvm[%l ]*", "")
      assert.is_nil(plain:match "%f[%a]%l+ %l+ %l+%f[%A]", complaint)
    end
  end)

  it("takes only its phrases for what they are", function()
    assert.equal("--name 为空：请省略", wording "--name is empty: leave it out instead")
    assert.equal("其他", wording "其他")
  end)
end)
