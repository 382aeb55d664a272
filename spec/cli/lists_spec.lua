-- What `jdvm images` and `jdvm latest` ask for and choose.
local command = require "spec.support.command"

local lines_of = command.lines_of

describe("lists of jdvm", function()
  local world, jdvm

  setup(function()
    world = command.start()
    jdvm = world.jdvm
  end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  local function values(arguments)
    local out, status, complaint = jdvm("images --no-headers -o tsv " .. arguments)
    assert.equal(0, status, complaint)
    return lines_of(out), complaint
  end

  it("take several values of a filter, and all sources", function()
    local public, private = values "--source public", values "--source private --status error"
    local both = values "--source public --source private --status ready --status error --columns imageId,status"
    assert.is_true(#both > #public and #private > 0)
    for _, line in ipairs(both) do
      assert.is_true(line:find "\tready$" ~= nil or line:find "\terror$" ~= nil, line)
    end
    local is_seen = {}
    for _, source in ipairs(values "--source all --columns imageSource") do
      is_seen[source] = true
    end
    assert.same({ public = true, private = true, shared = true, thirdparty = true, community = true }, is_seen)
  end)

  it("match a text in id, name or description, whatever its case, and stop at --max of those", function()
    local all = values "--source public --columns imageId,name,desc"
    local matching = {}
    for _, line in ipairs(all) do
      if line:lower():find("ubuntu", 1, true) then matching[#matching + 1] = line end
    end
    assert.same(matching, (values "--source public --columns imageId,name,desc --match UBUNTU"))
    assert.same(
      { matching[1], matching[2] },
      (values "--source public --columns imageId,name,desc --match ubuntu --max 2")
    )
    local ids = lines_of((jdvm "images --source public --match ubuntu -o ids --page-size 10"))
    assert.equal(#matching, #ids)
    assert.same({ "img-9ha1rgelkq" }, (values "--source public --columns imageId --match img-9HA1"))
  end)

  it("are sorted by a field, numbers by size, before --max counts", function()
    for sort, is_before in pairs {
      ["createTime"] = function(a, b) return a <= b end,
      ["-createTime"] = function(a, b) return a >= b end,
      ["-systemDiskSizeGB"] = function(a, b) return tonumber(a) >= tonumber(b) end,
    } do
      local field = sort:gsub("^-", "")
      local sorted = values(("--source private --sort %s --columns %s"):format(sort, field))
      assert.is_true(#sorted > 10)
      for i = 2, #sorted do
        assert.is_true(is_before(sorted[i - 1], sorted[i]), sort .. ": " .. sorted[i - 1] .. " " .. sorted[i])
      end
      local first = values(("--source private --sort=%s --columns %s --max 3"):format(sort, field))
      assert.same({ sorted[1], sorted[2], sorted[3] }, first)
    end
    local ids = lines_of((jdvm "images --source private --sort -createTime -o ids"))
    local rows = values "--source private --sort -createTime --columns imageId"
    assert.same(rows, ids)
    assert.equal(2, (select(2, jdvm "images --source public --sort createtime")))
  end)

  it("say on standard error that nothing matches, and by which filters", function()
    for arguments, expected in pairs {
      ["--source private --status error --name zzz"] = "--source private --name zzz",
      ["--source private --match zzz --region cn-east-1"] = "--source private --match zzz --region cn-east-1",
      ["--source public --offline true --platform Nothing"] = "--source public --offline true --platform Nothing",
    } do
      local out, status, complaint = jdvm("images " .. arguments)
      assert.same({ "", 0 }, { out, status })
      local words = complaint:match "^jdvm: no images match ([^\n]*)\n$"
      assert.truthy(words, complaint)
      for word in expected:gmatch "%S+" do
        assert.truthy(words:find(word, 1, true), words)
      end
    end
    assert.matches("^imageId", (jdvm "images --source private --name zzz -o csv"))
    assert.equal(
      "jdvm: no images match --source private --status ready --name zzz; a sub-account sees only the images it "
        .. "may see\n",
      select(3, jdvm "latest --source private --name zzz")
    )
  end)

  it("leave a column out of a table that the filter makes the same in each row", function()
    assert.is_nil((jdvm "images --source public --max 1"):find "SOURCE")
    assert.truthy((jdvm "images --source public --source private --max 1"):find "SOURCE")
    assert.is_nil((jdvm "images --source public --status ready --platform Ubuntu --max 1"):find "STATUS")
    assert.matches("CREATED", (jdvm "latest --source public"))
  end)

  it("say how to go on after a failure, too", function()
    world.server.control("faults", { spec = "error:code=400,page=2" })
    local out, status, complaint = jdvm "images --source public -o ids --page-size 10 --prefetch 0"
    assert.equal(4, status)
    local token = complaint:match "\njdvm: there is more: %-%-start (%S+)\n$"
    world.server.control "reset"
    local rest = jdvm("images --source public -o ids --page-size 10 --start " .. token)
    assert.equal((jdvm "images --source public -o ids"), out .. rest)
    world.server.control("faults", { spec = "error:code=400,page=1" })
    assert.is_nil(select(3, jdvm "images --source public -o ids"):find("--start", 1, true))
  end)
end)
