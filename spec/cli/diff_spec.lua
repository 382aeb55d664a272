-- `jdvm diff`: what is new, gone or changed between two lists.
local command = require "spec.support.command"
local shell = require "spec.support.shell"

describe("jdvm diff", function()
  local world, jdvm, before, after

  setup(function()
    world = command.start()
    jdvm, before, after = world.jdvm, world.folder .. "/before", world.folder .. "/after"
  end)
  teardown(function() world.stop() end)

  it("says what is new, gone and changed, and exits with 1 when anything is", function()
    shell.write(
      before,
      '{"imageId":"a","name":"A","status":"ready","disks":[1]}\n{"imageId":"b","name":"B"}\n{"imageId":"c","name":"C"}\n'
    )
    shell.write(
      after,
      '{"imageId":"d","name":"D"}\n{"imageId":"a","name":"A","status":"error","disks":[2]}\n{"name":"C","imageId":"c"}\n'
    )
    local out, status, complaint = jdvm(("diff %s %s"):format(before, after))
    assert.equal("~ a  A  disks; status: ready -> error\n- b  B\n+ d  D\n", out)
    assert.equal(1, status)
    assert.equal("jdvm: 1 new, 1 gone, 1 changed\n", complaint)
    assert.same({ "", 0, "" }, { jdvm(("diff %s -"):format(before), nil, shell.read(before)) })
  end)

  it("compares a file with the images that match now, region by region", function()
    local filters = " --source public --region cn-north-1 --region cn-east-1"
    for _, format in ipairs { "jsonl", "json" } do
      shell.write(before, (jdvm(("images -o %s%s"):format(format, filters))))
      assert.same({ "", 0, "" }, { jdvm("diff " .. before .. filters) })
    end
    world.server.control("images", { region = "cn-east-1", source = "public", delete = 1, at = "front" })
    local out, status = jdvm("diff " .. before .. filters)
    assert.equal(1, status)
    assert.matches("^%- cn%-east%-1 img%-%w+  [^\n]*\n$", out)
  end)

  it("compares only fields that both lists have", function()
    shell.write(before, (jdvm "images --source public -o jsonl --columns imageId,status"))
    assert.same({ "", 0, "" }, { jdvm("diff " .. before .. " --source public") })
  end)

  it("says which file is none, and what the service refuses", function()
    shell.write(after, '{"imageId":"a"}\n{"imageId":\n')
    for arguments, expected in pairs {
      ["/nosuch"] = "/nosuch: No such file",
      [world.folder] = world.folder .. ": Is a directory",
      [after] = after .. ": line 2: ",
    } do
      local out, status, complaint = jdvm("diff " .. arguments .. " " .. after)
      assert.same({ "", 2 }, { out, status })
      assert.truthy(complaint:find("jdvm: diff: " .. expected, 1, true), complaint)
    end
    shell.write(before, "")
    local out, status = jdvm("diff " .. before .. " --source public", { JDCLOUD_SECRET_KEY = "not-the-secret" })
    assert.same({ "", 3 }, { out, status })
  end)
end)
