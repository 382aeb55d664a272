-- Options are checked against one table: names, types, ranges, known values.
local check = require "jdvm.options.check"
local operations = require "jdvm.service.operations"

local list, one = operations.describeImages, operations.describeImage

describe("options", function()
  it("that are nil or empty are fine", function()
    assert.is_nil(check.fault("call", nil))
    assert.is_nil(check.fault("call", {}))
  end)

  it("of lists and waits include those of every call", function()
    assert.is_nil(check.fault("list", { timeout = 2.5, max_items = 7, fields = { "imageId" } }))
    assert.is_nil(check.fault("wait", { timeout = 600, status = "ready" }))
    assert.matches("^unknown option 'max_items'", check.fault("call", { max_items = 7 }))
  end)

  it("of a cache must name a client and a dict, and times that can be kept", function()
    assert.equal("option 'client' is required", check.fault("cache", nil))
    assert.equal("option 'dict' is required", check.fault("cache", { client = {} }))
    local function fault(name, value) return check.fault("cache", { client = {}, dict = "d", [name] = value }) end
    assert.equal("unknown option 'tll'; did you mean 'ttl'?", fault("tll", 1))
    for _, name in ipairs { "ttl", "lock_ttl" } do
      assert.equal(("option '%s' must be at least 0.001, got 0"):format(name), fault(name, 0))
    end
    for _, name in ipairs { "stale", "negative_ttl" } do
      assert.is_nil(fault(name, 0))
      assert.equal(("option '%s' must be at least 0, got -1"):format(name), fault(name, -1))
      assert.matches("must be at most 1", fault(name, 1e9))
    end
  end)

  it("suggest the nearest name", function()
    assert.equal("unknown option 'reigon'; did you mean 'region'?", check.fault("client", { reigon = "x" }))
    assert.equal("unknown option 'maxAttempts'; did you mean 'max_attempts'?", check.fault("call", { maxAttempts = 1 }))
    assert.matches("^unknown option 'colour'; known are timeout, .* and utf8$", check.fault("call", { colour = 1 }))
    assert.matches("^options are named, but there is one with the key 1", check.fault("call", { 5 }))
  end)

  it(
    "are told from parameters",
    function()
      assert.equal(
        "unknown option 'imageSource': it is a parameter, which goes into the table before the options",
        check.fault("list", { imageSource = "public" }, operations.describeImages.parameters)
      )
    end
  )

  it("of other calls are told from them", function()
    for message, set_and_name in pairs {
      ["unknown option 'max_items': it is an option of lists"] = { "call", "max_items" },
      ["unknown option 'fields': it is an option of calls"] = { "client", "fields" },
      ["unknown option 'interval': it is an option of wait_image"] = { "list", "interval" },
      ["unknown option 'region': it is an option of jdvm.new; here give the parameter 'regionId', in the table before " .. "the options"] = {
        "list",
        "region",
      },
    } do
      local set, name = set_and_name[1], set_and_name[2]
      assert.equal(
        message,
        check.fault(set, { [name] = 1 }, set ~= "client" and operations.describeImages.parameters or nil)
      )
    end
  end)

  it("of other tools' names lead to ours", function()
    for other, own in pairs {
      accessKeyId = "access_key",
      secret_access_key = "secret_key",
      token = "session_token",
      max_retries = "max_attempts",
    } do
      assert.equal(
        ("unknown option '%s'; did you mean '%s'?"):format(other, own),
        check.fault("client", { [other] = "x" })
      )
    end
  end)

  it("raise at the caller's line", function()
    local line
    local _, message = pcall(function()
      line = debug.getinfo(1, "l").currentline + 1
      check.options("client", { reigon = "x" }, "jdvm.new", 1)
      return nil
    end)
    assert.matches("check_spec%.lua:" .. line .. ": jdvm%.new: unknown option 'reigon'", message)
    _, message = pcall(check.options, "list", { prefetch = -1 }, "describeImages", 1)
    assert.matches("jdvm: describeImages: option 'prefetch' must be from 0 to 64, got %-1", message)
    assert.has_no.errors(function() check.options("client", { region = "x" }, "jdvm.new") end)
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
      function() check.call("call", { source = "imageId" }, one, 1) end,
      "jdvm: describeImage: option 'source' is \"imageId\", a field of Image, which it would overwrite"
    )
    assert.has_no.errors(function() check.call("call", { source = "json", fields = { "name" } }, one, 1) end)
    assert.has_no.errors(function() check.call("call", nil, one, 1) end)
  end)
end)
