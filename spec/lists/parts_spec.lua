-- jdvm.lists.parts: what a list over several values or regions is put together of.
local operations = require "jdvm.service.operations"
local parts = require "jdvm.lists.parts"

local images = operations.describeImages

local function filters(params, regions)
  local list, fault = parts.of(images, params, regions)
  if not list then return fault end
  local names = {}
  for i, part in ipairs(list) do
    names[i] = part.lane .. ": " .. tostring(part.filter)
  end
  return table.concat(names, "; ")
end

describe("a list", function()
  it("of one value each is one part", function()
    local params = { imageSource = "public", ids = { "img-1", "img-2" } }
    assert.same({ { params = params, lane = 1 } }, parts.of(images, params))
  end)

  it("has a part for each value, where the service takes one, and the last filter changes first", function()
    assert.equal(
      "1: imageSource=public, platform=CentOS; 1: imageSource=public, platform=Ubuntu; "
        .. "1: imageSource=private, platform=CentOS; 1: imageSource=private, platform=Ubuntu",
      filters { imageSource = { "public", "private", "public" }, platform = { "CentOS", "Ubuntu" } }
    )
    local list = parts.of(images, { imageSource = { "public", "private" }, offline = true, instanceIds = { "i-1" } })
    assert.same({ imageSource = "private", offline = true, instanceIds = { "i-1" } }, list[2].params)
    assert.equal(2, #list)
  end)

  it(
    "asks for states in the order in which an image passes through them",
    function()
      assert.equal(
        "1: status=pending; 1: status=ready; 1: status=error; 1: status=deleting",
        filters { status = { "deleting", "error", "pending", "ready" } }
      )
    end
  )

  it("asks for states that are not known last", function()
    local words = "1: status=ready; 1: status=error; 1: status=migrating; 1: status=frozen"
    assert.equal(words, filters { status = { "error", "migrating", "frozen", "ready" } })
  end)

  it("asks but once where the service ignores a filter", function()
    local list = parts.of(images, { ids = { "img-1" }, imageSource = { "public", "private" } })
    assert.same({ { params = { ids = { "img-1" }, imageSource = "public" }, lane = 1 } }, list)
  end)

  it("has a lane for each region", function()
    assert.equal(
      "1: regionId=cn-south-1, status=ready; 1: regionId=cn-south-1, status=error; "
        .. "2: regionId=cn-east-1, status=ready; 2: regionId=cn-east-1, status=error",
      filters({ status = { "error", "ready" } }, { "cn-south-1", "cn-east-1", "cn-south-1" })
    )
    assert.equal(
      "1: regionId=cn-north-1; 2: regionId=cn-east-1; 3: regionId=cn-east-2; 4: regionId=cn-south-1",
      filters({ imageSource = "public" }, "all")
    )
  end)

  it("names the value that is wrong", function()
    for words, params in pairs {
      ['^\'status\' element 2 is "redy"; did you mean "ready"%?$'] = {
        status = { "error", "redy" },
      },
      ["^'imageName' is empty: leave it out, or give at least one$"] = { imageName = {} },
      ["^'platform' element 1 must be a string, got 7$"] = { platform = { 7 } },
    } do
      assert.matches(words, filters(params))
    end
    assert.equal("give either 'regionId' or the option 'regions'", filters({ regionId = "cn-east-1" }, "all"))
  end)
end)
