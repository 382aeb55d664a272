-- What a call may be given: every refusal names the operation, the parameter and the way out.
local parameters = require "jdvm.options.parameters"
local jdvm = require "jdvm"
local operations = require "jdvm.service.operations"

local list, one = operations.describeImages, operations.describeImage

local function message_of(operation, params)
  local accepted, message = pcall(parameters.check, operation, params, "cn-north-1", 50)
  assert.is_false(accepted)
  local prefix = "jdvm: " .. operation.name .. ": "
  assert.equal(prefix, message:sub(1, #prefix))
  assert.is_nil(message:find("[%c]"))
  return message:sub(#prefix + 1)
end

local function request(operation, params)
  local path, query, used = parameters.check(operation, params, "cn-north-1", 1)
  local pairs_of = {}
  for i = 1, #query, 2 do
    pairs_of[#pairs_of + 1] = query[i] .. "=" .. query[i + 1]
  end
  return path, table.concat(pairs_of, "&"), used
end

describe("a request", function()
  it("has the region in its path", function()
    local path, query, region = request(list, { imageSource = "public" })
    assert.equal("/v1/regions/cn-north-1/images", path)
    assert.equal("imageSource=public", query)
    assert.equal("cn-north-1", region)
  end)

  it("takes the region of the call before the client's", function()
    local path, query, region = request(list, { imageSource = "public", regionId = "cn-east-2" })
    assert.equal("/v1/regions/cn-east-2/images", path)
    assert.equal("imageSource=public", query)
    assert.equal("cn-east-2", region)
  end)

  it("flattens arrays, booleans and integers", function()
    local _, query = request(list, {
      imageSource = "thirdparty",
      offline = false,
      instanceIds = { "i-1", "i-2" },
      pageNumber = 3,
      pageSize = 100.0,
    })
    assert.equal(
      "imageSource=thirdparty&offline=false&pageNumber=3&pageSize=100&instanceIds.1=i-1&instanceIds.2=i-2",
      query
    )
    _, query = request(list, { ids = { "img-a", "img-b" }, regionId = "cn-south-1" })
    assert.equal("ids.1=img-a&ids.2=img-b", query)
    _, query = request(list, { imageSource = "public", offline = true })
    assert.equal("imageSource=public&offline=true", query)
  end)

  it("writes integers without an exponent", function()
    local _, query = request(list, { imageSource = "public", pageNumber = 2147483647 })
    assert.equal("imageSource=public&pageNumber=2147483647", query)
    _, query = request(list, { imageSource = "public", pageNumber = 1e6 })
    assert.equal("imageSource=public&pageNumber=1000000", query)
  end)

  it("keeps strings as they are", function()
    local _, query = request(list, { imageSource = "private", imageName = "镜像 a&b=c?#%+~" })
    assert.equal("imageSource=private&imageName=镜像 a&b=c?#%+~", query)
  end)

  it("takes the id of an image alone", function()
    assert.equal("/v1/regions/cn-north-1/images/img-chn8lfcn6j", (request(one, "img-chn8lfcn6j")))
    assert.equal(
      "/v1/regions/x/images/98d44a0f-88c1-451a-8971-f1f769073b6c",
      (request(one, { imageId = "98d44a0f-88c1-451a-8971-f1f769073b6c", regionId = "x" }))
    )
  end)

  it("makes the page large enough for all ids, where no size is given", function()
    local function query_of(count, size)
      local ids = {}
      for i = 1, count do
        ids[i] = "img-" .. i
      end
      local _, query = request(list, { ids = ids, pageSize = size })
      return query
    end
    assert.is_nil(query_of(20):find("pageSize", 1, true))
    assert.matches("pageSize=21", query_of(21), 1, true)
    assert.matches("pageSize=100", query_of(100), 1, true)
    assert.matches("pageSize=10&", query_of(30, 10) .. "&", 1, true)
    local ids = {}
    for i = 1, 101 do
      ids[i] = "img-" .. i
    end
    assert.equal(
      "101 ids are more than the 100 of a page: use list_images, which takes any number",
      message_of(list, { ids = ids })
    )
  end)

  it("allows paging beside ids, and an empty filter where it means any", function()
    request(list, { ids = { "img-a" }, pageNumber = 1, pageSize = 100 })
    local _, query = request(list, { imageSource = "private", platform = "", launchPermission = "" })
    assert.equal("imageSource=private&platform=&launchPermission=", query)
  end)
end)

describe("unknown parameters", function()
  it("suggest the nearest", function()
    assert.equal(
      "unknown parameter 'imagesource'; did you mean 'imageSource'?",
      message_of(list, { imagesource = "public" })
    )
    assert.equal(
      "unknown parameter 'image_source'; did you mean 'imageSource'?",
      message_of(list, { image_source = "public" })
    )
    assert.equal("unknown parameter 'platfrom'; did you mean 'platform'?", message_of(list, { platfrom = "CentOS" }))
  end)

  it("suggest what other tools call it", function()
    for wrong, right in pairs {
      name = "imageName",
      id = "ids",
      perPage = "pageSize",
      source = "imageSource",
    } do
      assert.equal(
        ("unknown parameter '%s'; did you mean '%s'?"):format(wrong, right),
        message_of(list, { [wrong] = "x" })
      )
    end
    assert.equal("unknown parameter 'id'; did you mean 'imageId'?", message_of(one, { id = "img-a" }))
  end)

  it("are told from options", function()
    assert.equal(
      "unknown parameter 'timeout': it is an option, which goes into the table after the parameters",
      message_of(list, { imageSource = "public", timeout = 3 })
    )
    assert.equal(
      "unknown parameter 'max_items': it is an option of lists, which goes into the table after the " .. "parameters",
      message_of(list, { imageSource = "public", max_items = 50 })
    )
    assert.equal(
      "unknown parameter 'page_size': it is an option of lists; here give the parameter 'pageSize'",
      message_of(list, { imageSource = "public", page_size = 50 })
    )
  end)

  it("list the known when none is near", function()
    local message = message_of(list, { colour = "red" })
    assert.matches("^unknown parameter 'colour'; known are regionId, imageSource, ids, .* and bootMode$", message)
  end)

  it("without a name are refused", function()
    assert.matches('^parameters are named: write describe_image%("…"%)', message_of(one, { "img-a" }))
    assert.matches("^parameters are named, but there is one with the key 1", message_of(list, { "public" }))
    assert.matches("with the key true", message_of(list, { [true] = 1 }))
  end)

  it(
    "show nothing that could break a line",
    function() assert.matches("^unknown parameter 'a b'", message_of(list, { ["a\r\nb"] = 1 })) end
  )
end)

describe("types", function()
  it("of the whole", function()
    assert.equal("the parameters must be a table, got 5", message_of(list, 5))
    assert.equal('the parameters must be a table, got "public"', message_of(list, "public"))
    assert.equal("the parameters must be a table or the imageId, got true", message_of(one, true))
  end)
end)

describe("ranges", function()
  it("of the request line", function()
    local ids = {}
    for i = 1, 100 do
      ids[i] = ("img-%090d"):format(i)
    end
    local fault =
      "^the parameters make a request line of %d+ bytes, more than the 8192 .*: shorten the longest, or give fewer"
    assert.matches(fault, message_of(list, { ids = ids }))
    assert.matches(fault, message_of(list, { imageSource = "public", imageName = ("镜"):rep(1000) }))
    assert.matches(fault, message_of(one, ("x"):rep(8200)))
    for i = 1, 100 do
      ids[i] = ("img-%040d"):format(i)
    end
    request(list, { ids = ids })
  end)
end)

describe("values", function()
  it("are named with their parameter", function()
    assert.equal("'pageSize' must be from 10 to 100, got 9", message_of(list, { imageSource = "public", pageSize = 9 }))
    assert.equal(
      "'imageName' is not valid UTF-8 (at byte 1)",
      message_of(list, { imageSource = "public", imageName = "a\255" })
    )
    assert.equal("'imageId' is required", message_of(one, {}))
    assert.equal("'imageId' is required", message_of(one, nil))
    assert.matches("^'ids' element 1 must consist of", message_of(list, { ids = { "a/b" } }))
    assert.matches("^'regionId' must consist of", message_of(one, { imageId = "x", regionId = "a/b" }))
  end)
end)

describe("the status of a query", function()
  it("is any word, since the pages list none", function()
    local _, query = request(list, { imageSource = "public", status = "migrating" })
    assert.equal("imageSource=public&status=migrating", query)
  end)

  it("is not one that is near a known one", function()
    for word, meant in pairs { redy = "ready", Ready = "ready", errror = "error", available = "ready" } do
      assert.equal(
        ('\'status\' is "%s"; did you mean "%s"?'):format(word, meant),
        message_of(list, { imageSource = "public", status = word })
      )
    end
  end)
end)

describe("rules between parameters", function()
  it("want a source or ids", function()
    assert.matches("^imageSource is required unless ids is given", message_of(list, {}))
    assert.matches("^imageSource is required unless ids is given", message_of(list, nil))
    assert.matches("^imageSource is required unless ids is given", message_of(list, { platform = "CentOS" }))
  end)

  it("leave the source out beside ids, where the service ignores it", function()
    local _, query = request(list, { ids = { "img-a" }, imageSource = "public" })
    assert.equal("ids.1=img-a", query)
    assert.matches("^'imageSource' must be public, ", message_of(list, { ids = { "img-a" }, imageSource = "pubic" }))
  end)

  it("want no filter beside ids", function()
    for name, value in pairs {
      status = "ready",
      offline = false,
      launchPermission = "all",
      instanceIds = { "i-a" },
    } do
      assert.equal(
        ("'%s' has no effect beside ids: leave one of the two out"):format(name),
        message_of(list, { ids = { "img-a" }, [name] = value })
      )
    end
  end)

  it("allow offline with public and thirdparty only", function()
    for _, source in ipairs { "private", "shared", "community" } do
      assert.matches(
        "^'offline' has no effect on " .. source .. " images",
        message_of(list, { imageSource = source, offline = true })
      )
    end
    request(list, { imageSource = "public", offline = true })
    request(list, { imageSource = "thirdparty", offline = false })
  end)

  it("allow launchPermission with private only", function()
    for _, source in ipairs { "public", "thirdparty", "shared", "community" } do
      assert.matches(
        "^'launchPermission' has no effect on " .. source .. " images",
        message_of(list, { imageSource = source, launchPermission = "all" })
      )
    end
    request(list, { imageSource = "private", launchPermission = "ownerOnly" })
  end)
end)

describe("the ids of a list", function()
  it("are checked all, in the caller's array, at the caller's line", function()
    local client = jdvm.new { region = "cn-north-1", access_key = "A", secret_key = "S" }
    local gap = { "img-a", "img-b" }
    gap[5] = "img-e"
    local long = {}
    for i = 1, 2000 do
      long[i] = "img-0000000000" .. i
    end
    long[1999] = "img/b"
    for words, ids in pairs {
      ['must be an array of strings; it has the key "extra"'] = { "img-a", "img-b", extra = "img-c" },
      ["has a hole: element 3 is nil"] = gap,
      ["has a hole: element 1 is nil"] = { nil, "img-b" },
      ["element 3 must consist of"] = { "img-a", "img-b", "img c" },
      ["element 1999 must consist of"] = long,
      ["is empty: leave it out"] = {},
    } do
      for _, method in ipairs { "images", "list_images", "image_pages", "count_images" } do
        local line
        local _, message = pcall(function()
          line = debug.getinfo(1, "l").currentline + 1
          client[method](client, { ids = ids })
          return nil
        end)
        assert.matches("parameters_spec.lua:" .. line .. ": jdvm: describeImages: 'ids' " .. words, message, 1, true)
      end
    end
  end)
end)
