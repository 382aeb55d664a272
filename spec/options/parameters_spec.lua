-- What a call may be given: every refusal names the operation, the parameter and the way out.
local check = require "jdvm.options.check"
local parameters = require "jdvm.options.parameters"
local jdvm = require "jdvm"
local operations = require "jdvm.service.operations"

local list, one = operations.describeImages, operations.describeImage

local function message_of(operation, params, region)
  if region == nil then region = "cn-north-1" end
  local path, message = parameters.build(operation, params, region or nil)
  assert.is_nil(path, "was accepted")
  assert.is_string(message)
  local prefix = "jdvm: " .. operation.name .. ": "
  assert.equal(prefix, message:sub(1, #prefix))
  assert.is_nil(message:find("[%c]"))
  return message:sub(#prefix + 1)
end

local function request(operation, params, region)
  local path, query, used = parameters.build(operation, params, region or "cn-north-1")
  assert.is_string(path, query)
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

  it("leaves the caller's tables alone", function()
    local ids = setmetatable({ "img-a", "img-b" }, { __newindex = error })
    local params = setmetatable({ ids = ids, pageSize = 50 }, { __newindex = error })
    local before = { ids = { "img-a", "img-b" }, pageSize = 50 }
    request(list, params)
    assert.same(before, { ids = { ids[1], ids[2] }, pageSize = params.pageSize })
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
      region = "regionId",
      arch = "architecture",
      state = "status",
      page = "pageNumber",
      perPage = "pageSize",
      imageIds = "ids",
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

  it("are reported in the same order each time", function()
    for _ = 1, 20 do
      assert.matches("^unknown parameter 'aaaaaaaa'", message_of(list, { zzzzzzzz = 1, aaaaaaaa = 2, mmmmmm = 3 }))
    end
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

  it("of strings", function()
    assert.equal("'imageSource' must be a string, got true", message_of(list, { imageSource = true }))
    assert.equal("'imageName' must be a string, got 5", message_of(list, { imageSource = "public", imageName = 5 }))
    assert.equal("'imageId' must be a string, got a table", message_of(one, { imageId = {} }))
    assert.equal("'imageId' must be a string, got 12", message_of(one, { imageId = 12 }))
    assert.equal(
      "'imageName' is empty: leave it out instead",
      message_of(list, { imageSource = "public", imageName = "" })
    )
  end)

  it("of integers", function()
    local function with(value) return message_of(list, { imageSource = "public", pageSize = value }) end
    assert.equal(
      "'pageSize' must be an integer, got the string \"40\": write it without quotes or use tonumber",
      with "40"
    )
    assert.equal("'pageSize' must be an integer, got \"many\"", with "many")
    assert.matches("^'pageSize' must be an integer, got 40.5", with(40.5))
    assert.matches("^'pageSize' must be an integer, got ", with(1 / 0))
    assert.matches("^'pageSize' must be an integer, got ", with(0 / 0))
    assert.equal("'pageSize' must be an integer, got true", with(true))
  end)

  it("of booleans", function()
    for _, value in ipairs { "true", "false", 1, 0 } do
      assert.matches(
        "^'offline' must be true or false, got ",
        message_of(list, { imageSource = "public", offline = value })
      )
    end
  end)

  it("of arrays", function()
    local function with(value) return message_of(list, { ids = value }) end
    assert.equal('\'ids\' must be an array of strings, got "img-a": write { "img-a" }', with "img-a")
    assert.equal("'ids' must be an array of strings, got 7", with(7))
    assert.equal("'ids' is empty: leave it out, or give at least one", with {})
    assert.equal("'ids' has a hole: element 2 is nil", with { "img-a", nil, "img-c" })
    assert.equal("'ids' has a hole: element 1 is nil", with { [3] = "img-c" })
    assert.equal("'ids' must be an array of strings; it has the key \"first\"", with { first = "img-a" })
    assert.equal("'ids' element 2 must be a string, got 5", with { "img-a", 5 })
    assert.equal("'ids' element 1 is empty: leave it out instead", with { "" })
  end)
end)

describe("ranges", function()
  it("of pageSize", function()
    for _, value in ipairs { 9, 101, 0, -1, 1e9 } do
      assert.matches(
        "^'pageSize' must be from 10 to 100, got ",
        message_of(list, { imageSource = "public", pageSize = value })
      )
    end
    request(list, { imageSource = "public", pageSize = 10 })
    request(list, { imageSource = "public", pageSize = 100 })
  end)

  it("of pageNumber", function()
    local function with(value) return message_of(list, { imageSource = "public", pageNumber = value }) end
    assert.equal("'pageNumber' must be at least 1, got 0", with(0))
    assert.equal("'pageNumber' must be at least 1, got -3", with(-3))
    assert.matches("^'pageNumber' must be at most 2147483647", with(1e12))
  end)

  it("of the request line", function()
    local ids = {}
    for i = 1, 100 do
      ids[i] = ("img-%090d"):format(i)
    end
    assert.matches(
      "^the parameters make a request line of %d+ bytes, more than the 8192 .*: give fewer ids, or use "
        .. "the iterators",
      message_of(list, { ids = ids })
    )
    assert.matches(
      "^the parameters make a request line of .*: shorten 'imageName', the longest$",
      message_of(list, { imageSource = "public", imageName = ("镜"):rep(1000), platform = ("x"):rep(2000) })
    )
    assert.matches(
      "^the parameters make a request line of .*: shorten 'instanceIds', the longest$",
      message_of(list, { imageSource = "public", instanceIds = ids })
    )
    assert.matches(": shorten 'imageId', the longest$", message_of(one, ("x"):rep(8200)))
    for i = 1, 100 do
      ids[i] = ("img-%040d"):format(i)
    end
    request(list, { ids = ids })
  end)
end)

describe("known values", function()
  it("suggest the nearest", function()
    assert.equal(
      "'imageSource' must be public, thirdparty, private, shared or community, got \"pubic\"; did you mean "
        .. '"public"?',
      message_of(list, { imageSource = "pubic" })
    )
    assert.equal(
      '\'status\' must be pending, ready, deleting or error, got "Ready"; did you mean "ready"?',
      message_of(list, { imageSource = "public", status = "Ready" })
    )
    assert.equal(
      "'bootMode' must be bios or uefi, got \"secure\"",
      message_of(list, { imageSource = "public", bootMode = "secure" })
    )
  end)

  it("name the new word for an old one", function()
    for old, new in pairs { jcloud = "public", marketplace = "thirdparty", self = "private", share = "shared" } do
      assert.equal(
        ('\'imageSource\' is "%s"; did you mean "%s"?'):format(old, new),
        message_of(list, { imageSource = old })
      )
    end
    assert.equal(
      '\'architecture\' is "amd64"; did you mean "x86_64"?',
      message_of(list, { imageSource = "public", architecture = "amd64" })
    )
    for _, word in ipairs { "Windows", "windows" } do
      assert.equal(
        ('\'platform\' is "%s"; did you mean "Windows Server"?'):format(word),
        message_of(list, { imageSource = "public", platform = word })
      )
    end
  end)

  it("may be new where the documentation lists no end", function()
    local _, query = request(list, { imageSource = "public", platform = "Debian", architecture = "riscv64" })
    assert.equal("imageSource=public&platform=Debian&architecture=riscv64", query)
  end)

  it("in another spelling are refused even there", function()
    assert.equal(
      '\'platform\' is "windows server"; did you mean "Windows Server"?',
      message_of(list, { imageSource = "public", platform = "windows server" })
    )
    assert.equal(
      '\'architecture\' is "x86-64"; did you mean "x86_64"?',
      message_of(list, { imageSource = "public", architecture = "x86-64" })
    )
    assert.equal(
      '\'regionId\' is "cn_north_1"; did you mean "cn-north-1"?',
      message_of(list, { imageSource = "public", regionId = "cn_north_1" })
    )
  end)
end)

describe("rules between parameters", function()
  it("want a source or ids", function()
    assert.matches("^imageSource is required unless ids is given", message_of(list, {}))
    assert.matches("^imageSource is required unless ids is given", message_of(list, nil))
    assert.matches("^imageSource is required unless ids is given", message_of(list, { platform = "CentOS" }))
  end)

  it("want ids alone", function()
    for name, value in pairs {
      imageSource = "public",
      offline = false,
      platform = "CentOS",
      rootDeviceType = "cloudDisk",
      status = "ready",
      launchPermission = "all",
      imageName = "x",
      serviceCode = "x",
      architecture = "x86_64",
      instanceIds = { "i-a" },
      bootMode = "uefi",
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

describe("text that could change the request", function()
  it("is refused in ids", function()
    for _, id in ipairs {
      "a/../b",
      "a?x=1",
      "a#b",
      "a b",
      "a%2Fb",
      "a\r\nHost: x",
      "a\0",
      "镜像",
      "a&b",
      ".",
      "..",
      "a:b",
      "img-m5s0****29",
    } do
      assert.matches("^'imageId' must consist of letters, digits, '.', '_' and '%-', got ", message_of(one, id))
      assert.matches("^'ids' element 1 must consist of", message_of(list, { ids = { id } }))
    end
    assert.equal("'imageId' is empty: give it a value", message_of(one, ""))
    assert.equal("'imageId' is required", message_of(one, {}))
    assert.equal("'imageId' is required", message_of(one, nil))
    request(one, "...")
    request(one, "a.b_c-D9")
  end)

  it("is refused in regions", function()
    assert.matches("^'regionId' must consist of", message_of(one, { imageId = "x", regionId = "a/b" }))
    assert.matches("^the client's region must consist of", message_of(one, "x", "../v2"))
    assert.matches("^the client's region is empty", message_of(one, "x", ""))
  end)

  it("is refused in strings", function()
    assert.equal(
      "'imageName' holds a control character (0x0D at byte 1)",
      message_of(list, { imageSource = "private", imageName = "a\r\nb" })
    )
    assert.equal(
      "'imageName' holds a control character (0x00 at byte 0)",
      message_of(list, { imageSource = "private", imageName = "\0" })
    )
    assert.equal(
      "'serviceCode' is not valid UTF-8 (at byte 2)",
      message_of(list, { imageSource = "private", serviceCode = "ab\255" })
    )
    assert.equal(
      "'platform' holds a control character (0x0A at byte 6)",
      message_of(list, { imageSource = "public", platform = "CentOS\n" })
    )
  end)

  it("needs no region from the client when the call names one", function()
    assert.matches("^no region: give jdvm.new a region, set JDCLOUD_REGION", message_of(one, "img-a", false))
    assert.equal("/v1/regions/x/images/img-a", (parameters.build(one, { imageId = "img-a", regionId = "x" }, nil)))
  end)
end)

describe("blame", function()
  -- Messages of `error` begin with the file and line that are blamed.
  local function line_of(message) return tonumber(message:match("parameters_spec%.lua:(%d+): jdvm: ")) end
  local function this_line() return debug.getinfo(2, "l").currentline end

  it("falls on the line of the call, or on its caller's", function()
    local line
    local _, message = pcall(function()
      line = this_line() + 1
      parameters.check(one, "", "cn-north-1", 1)
      return nil
    end)
    assert.equal(line, line_of(message))

    local function method(id)
      local path = parameters.check(one, id, "cn-north-1", 2)
      return path
    end
    _, message = pcall(function()
      line = this_line() + 1
      method("")
      return nil
    end)
    assert.equal(line, line_of(message))
  end)

  it("raises strings and passes good calls on", function()
    local ok, message = pcall(parameters.check, list, { pageSize = 5 }, "cn-north-1")
    assert.is_false(ok)
    assert.is_string(message)
    local path, query, region = parameters.check(one, "img-a", "cn-north-1")
    assert.same({ "/v1/regions/cn-north-1/images/img-a", {}, "cn-north-1" }, { path, query, region })
  end)
end)

describe("the option fields", function()
  it("takes names of the model, nested ones and new ones", function()
    assert.is_nil(check.fields_fault(list, {
      "imageId",
      "name",
      "systemDisk",
      "systemDisk.cloudDisk.diskSizeGB",
      "dataDisks.cloudDisk.tags.key",
      "chargeInfo.formula",
      "someNewField",
      "someNewField.deep",
    }))
    assert.is_nil(check.fields_fault(one, { "imageId" }))
  end)

  it("refuses what is nearly a name", function()
    assert.equal(
      "option 'fields': element 2 \"imageID\" is no field of Image; did you mean 'imageId'?",
      check.fields_fault(list, { "name", "imageID" })
    )
    assert.equal(
      "option 'fields': element 1 \"systemDisk.cloudDisc\" is no field of InstanceDiskAttachment; did you "
        .. "mean 'systemDisk.cloudDisk'?",
      check.fields_fault(list, { "systemDisk.cloudDisc" })
    )
  end)

  it("refuses paths that lead nowhere", function()
    assert.equal(
      "option 'fields': element 1 \"name.first\" goes into name, which is of type string",
      check.fields_fault(list, { "name.first" })
    )
    assert.matches("has an empty part", check.fields_fault(list, { "systemDisk..x" }))
    assert.matches("has an empty part", check.fields_fault(list, { "" }))
    assert.matches("is not printable", check.fields_fault(list, { "a\nb" }))
  end)

  it("speaks of the items, of what is unwrapped, or of the result itself", function()
    local result = {
      { name = "tags", type = "Tag[]" },
      { name = "names", type = "string[]" },
      { name = "disk", type = "LocalDisk" },
    }
    local function faults_of(entry, ...)
      entry.name, entry.result = "describeX", result
      local found = {}
      for i, name in ipairs { ... } do
        found[i] = (check.fields_fault(entry, { name }) or "fine"):gsub("^option 'fields': element 1 ", "")
      end
      return found
    end
    assert.same(
      { "fine", "\"kye\" is no field of Tag; did you mean 'key'?", "fine" },
      faults_of({ page = { items = "tags" } }, "key", "kye", "diskTyp")
    )
    assert.same(
      { "fine", "\"diskTyp\" is no field of LocalDisk; did you mean 'diskType'?" },
      faults_of({ unwrap = "disk" }, "kye", "diskTyp")
    )
    assert.same({
      "fine",
      "\"nmaes\" is no field of the result; did you mean 'names'?",
      "\"tags.kye\" is no field of Tag; did you mean 'tags.key'?",
    }, faults_of({}, "disk", "nmaes", "tags.kye"))
    assert.same({ "fine" }, faults_of({ unwrap = "names" }, "anything"))
  end)
end)

describe("the option source", function()
  it("may be no field of the images, which it would overwrite", function()
    assert.error_matches(
      function() check.reading(one, { source = "imageId" }) end,
      "jdvm: describeImage: option 'source' is \"imageId\", a field of Image, which it would overwrite"
    )
    assert.has_no.errors(function() check.reading(one, { source = "json", fields = { "name" } }) end)
    assert.has_no.errors(function() check.reading(one, nil) end)
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
