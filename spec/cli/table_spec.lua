-- Rows as an aligned table.
local command = require "spec.support.command"
local operations = require "jdvm.service.operations"
local output = require "jdvm.cli.output"

describe("a table on a screen", function()
  local left_out

  -- The lines of a table of these rows; `asked`: the columns that were asked for.
  local function print_table(columns, asked, rows)
    local printed, listing = {}, operations.describeImages
    left_out = nil
    local printer = output.new("table", {
      columns = asked or listing.columns,
      asked = asked ~= nil,
      headers = true,
      screen = columns and { columns = columns },
      write = function(...)
        for _, text in ipairs { ... } do
          printed[#printed + 1] = text
        end
      end,
      left_out = function(names) left_out = table.concat(names, ",") end,
    }, listing)
    for _, row in ipairs(rows) do
      printer.row(row)
      printer.flush()
    end
    printer.finish()
    return command.lines_of(table.concat(printed))
  end

  local image = {
    imageId = "img-9ha1rgelkq",
    name = ("n"):rep(40),
    platform = "Ubuntu",
    osVersion = "16.04 64-bit",
    architecture = "x86_64",
    systemDiskSizeGB = 40,
    imageSource = "public",
    status = "ready",
    createTime = "2018-10-11 17:31:22",
  }

  it("has the columns that matter most, and as much of the name as there is room for", function()
    for columns, expected in pairs {
      [120] = "^img%-9ha1rgelkq  n+…  ready   2018%-10%-11 17:31:22  Ubuntu    16%.04 64%-bit  x86_64  40$",
      [80] = "^img%-9ha1rgelkq  n+…  ready   2018%-10%-11 17:31:22  Ubuntu$",
      [40] = "^img%-9ha1rgelkq  n+…  ready$",
      [34] = "^img%-9ha1rgelkq  n+…$",
      [19] = "^img%-9ha1rgelkq$",
    } do
      local lines = print_table(columns, nil, { image })
      assert.matches(expected, lines[2])
      assert.is_true(#lines[2]:gsub("…", ".") <= columns, lines[2])
    end
    print_table(19, nil, { image })
    assert.equal("name,status,createTime,platform,osVersion,architecture,systemDiskSizeGB,imageSource", left_out)
    print_table(200, nil, { image })
    assert.is_nil(left_out)
  end)

  it("narrows the columns that were asked for, but the id, and leaves out what has no room at all", function()
    local lines = print_table(40, { "name", "imageId", "createTime" }, { image })
    assert.matches("^n+…  img%-9ha1rgelkq  2[%d-: ]*…$", lines[2])
    assert.is_nil(left_out)
    lines = print_table(20, { "imageId", "name", "createTime" }, { image })
    assert.equal("img-9ha1rgelkq  nnn…", lines[2])
    assert.equal("createTime", left_out)
  end)

  it("has a column for a field that no model has, under its own name", function()
    local lines = print_table(nil, { "imageId", "systemDiskSizeGB", "newField" }, { image })
    assert.equal("ID              GB  newField", lines[1])
    assert.equal("img-9ha1rgelkq  40", lines[2])
  end)

  it("has no line at all without rows", function() assert.same({}, print_table(80, nil, {})) end)

  it("never wraps: what stands before a long id gives way, and so does the rest of a row with a longer one", function()
    local terminal = require "jdvm.cli.terminal"
    local long = "img-" .. ("x"):rep(32)
    local lines = print_table(40, { "region", "imageId", "name" }, { { imageId = long, name = "web" } })
    assert.same({ "ID", long }, { lines[1], lines[2] })
    assert.equal("region,name", left_out)
    lines = print_table(20, nil, { { imageId = long, name = "web" } })
    assert.equal(long:sub(1, 19) .. "…", lines[2])
    local rows = {}
    for i = 1, 101 do
      rows[i] = { imageId = "img-1", name = "web", status = "ready" }
    end
    rows[101].imageId = long
    for _, line in ipairs(print_table(40, nil, rows)) do
      assert.is_true(terminal.width(line) <= 40, line)
    end
  end)
end)
