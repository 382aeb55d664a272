-- The entries themselves: complete, well formed, and enough for everything that follows from them.
local parameters = require "jdvm.options.parameters"
local models = require "jdvm.service.models"
local value_of = require "jdvm.options.value"
local operations = require "jdvm.service.operations"

local SCALARS = { string = true, integer = true, boolean = true }

local function base(kind) return (kind:gsub("%[%]$", "")) end

local function names_of(list)
  local names = {}
  for i, entry in ipairs(list) do
    names[i] = entry.name
  end
  return names
end

local function assert_documented(entry, where)
  assert.is_string(entry.doc, where .. " has no doc")
  assert.is_string(entry.doc_zh, where .. " has no doc_zh")
  assert.matches("%.$", entry.doc, where)
  assert.matches("。$", entry.doc_zh, where)
  assert.is_nil(entry.doc:find("[%c\128-\255]"), where)
end

describe("the operations", function()
  it("are the service's two", function()
    assert.same({ "describeImages", "describeImage" }, names_of(operations.list))
    assert.equal(operations.list[1], operations.describeImages)
    assert.equal(operations.list[2], operations.describeImage)
    assert.same(
      { "describe_images", "describe_image" },
      { operations.describeImages.method_name, operations.describeImage.method_name }
    )
  end)

  it("have the parameters of the service's pages and of its newest SDK", function()
    assert.same({
      "regionId",
      "imageSource",
      "ids",
      "offline",
      "platform",
      "rootDeviceType",
      "launchPermission",
      "status",
      "pageNumber",
      "pageSize",
      "imageName",
      "serviceCode",
      "architecture",
      "instanceIds",
      "bootMode",
    }, names_of(operations.describeImages.parameters))
    assert.same({ "regionId", "imageId" }, names_of(operations.describeImage.parameters))
  end)

  it("are documented in both languages, with every part", function()
    for _, operation in ipairs(operations.list) do
      assert_documented(operation, operation.name)
      for _, list in ipairs { operation.parameters, operation.result } do
        for _, entry in ipairs(list) do
          assert_documented(entry, operation.name .. "." .. entry.name)
        end
      end
      for i, rule in ipairs(operation.rules or {}) do
        assert_documented(rule, operation.name .. " rule " .. i)
        assert.is_function(rule.broken)
      end
    end
  end)

  it("give defaults and known values that pass their own checks", function()
    for _, parameter in ipairs(operations.describeImages.parameters) do
      local tried = { parameter.default }
      for _, value in ipairs(parameter.values or {}) do
        tried[#tried + 1] = value
      end
      for old, new in pairs(parameter.old_values or {}) do
        tried[#tried + 1] = new
        for _, value in ipairs(parameter.values) do
          assert.not_equal(old, value)
        end
      end
      for _, value in ipairs(tried) do
        local params = { imageSource = parameter.name == "launchPermission" and "private" or "public" }
        params[parameter.name] = value
        assert.is_string(parameters.check(operations.describeImages, params, "cn-north-1", 1))
      end
    end
  end)

  it("have results whose types exist", function()
    for _, operation in ipairs(operations.list) do
      for _, field in ipairs(operation.result) do
        local kind = base(field.type)
        assert.is_true(SCALARS[kind] or models.by_name[kind] ~= nil, operation.name .. "." .. field.name)
      end
    end
  end)
end)

describe("the regions", function()
  local region = operations.describeImages.parameters[1]
  local function region_fault(value) return value_of.fault(region, value) end

  it("are known, and new ones are taken", function()
    assert.same({ "cn-north-1", "cn-east-1", "cn-east-2", "cn-south-1" }, names_of(operations.regions))
    for _, known in ipairs(operations.regions) do
      assert_documented(known, known.name)
      assert.is_nil(region_fault(known.name))
    end
    assert.is_nil(region_fault "cn-hongkong-11")
  end)

  it("that cannot be are refused", function()
    assert.equal('is "CN-North-1"; did you mean "cn-north-1"?', region_fault "CN-North-1")
    assert.equal("must be a string, got 5", region_fault(5))
    assert.equal("is empty: give it a value", region_fault "")
    assert.matches("^must consist of", region_fault "cn/north")
  end)
end)

describe("the models", function()
  -- Every field of the service's pages and of its SDK 1.6.1, by hand from their reference.
  local reference = {
    Image = {
      "imageId",
      "name",
      "platform",
      "osVersion",
      "architecture",
      "systemDiskSizeGB",
      "imageSource",
      "osType",
      "status",
      "createTime",
      "sizeMB",
      "desc",
      "ownerPin",
      "loginName",
      "launchPermission",
      "systemDisk",
      "dataDisks",
      "snapshotId",
      "rootDeviceType",
      "progress",
      "offline",
      "serviceCode",
      "imported",
      "expiredTime",
      "instanceId",
      "bootMode",
      "chargeInfo",
      "uefiSupport",
    },
    ImageChargeInfo = { "serviceCode", "formula" },
    InstanceDiskAttachment = { "diskCategory", "autoDelete", "localDisk", "cloudDisk", "deviceName", "status" },
    LocalDisk = { "diskType", "diskSizeGB" },
    Disk = {
      "diskId",
      "az",
      "name",
      "description",
      "diskType",
      "diskSizeGB",
      "iops",
      "throughput",
      "status",
      "attachments",
      "snapshotId",
      "multiAttachable",
      "encrypted",
      "enabled",
      "createTime",
      "charge",
      "tags",
      "snapshotPolicies",
      "resourceGroupId",
      "canPutInRecycleBin",
      "trashTime",
      "encrypt",
    },
    DiskAttachment = { "attachmentId", "diskId", "instanceType", "instanceId", "status", "attachTime" },
    Charge = { "chargeMode", "chargeStatus", "chargeStartTime", "chargeExpiredTime", "chargeRetireTime" },
    Tag = { "key", "value" },
    SnapshotPolicy = {
      "id",
      "name",
      "pin",
      "interval",
      "effectiveTime",
      "lastTriggerTime",
      "nextTriggerTime",
      "createTime",
      "updateTime",
      "snapshotLifecycle",
      "contactInfo",
      "status",
      "diskCount",
    },
    SnapshotPolicyContactInfo = { "sms", "email", "personIds", "groupIds" },
  }

  it("have every field", function()
    for model, expected in pairs(reference) do
      local names = names_of(models.by_name[model])
      table.sort(names)
      table.sort(expected)
      assert.same(expected, names, model)
    end
    for model in pairs(models.by_name) do
      assert.is_table(reference[model], model)
    end
  end)

  it("have types that exist", function()
    for _, model in ipairs(models.list) do
      assert.equal(model.fields, models.by_name[model.name])
      for _, field in ipairs(model.fields) do
        local where = model.name .. "." .. field.name
        local kind = base(field.type)
        assert.is_true(SCALARS[kind] or models.by_name[kind] ~= nil, where)
        if field.values then assert.equal("string", field.type, where) end
      end
    end
  end)
end)
