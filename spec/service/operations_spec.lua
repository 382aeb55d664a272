-- The entries themselves: complete, well formed, and enough for everything that follows from them.
local parameters = require "jdvm.options.parameters"
local envelope = require "jdvm.call.response"
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

  it("can all be reached from the results of the operations", function()
    local seen = {}
    local function visit(fields)
      for _, field in ipairs(fields) do
        local model = base(field.type)
        if models.by_name[model] and not seen[model] then
          seen[model] = true
          visit(models.by_name[model])
        end
      end
    end
    for _, operation in ipairs(operations.list) do
      visit(operation.result)
    end
    for model in pairs(models.by_name) do
      assert.is_true(seen[model], model)
    end
  end)
end)

describe("a third operation", function()
  -- One made-up entry, and nothing else.
  local entry = {
    name = "describeKeypairs",
    method_name = "describe_keypairs",
    method = "GET",
    path = "/v1/regions/{regionId}/vaults/{vaultId}/keypairs",
    doc = "Keypairs.",
    doc_zh = "密钥对。",
    parameters = {
      { name = "regionId", type = "string", path = true, doc = "Region.", doc_zh = "地域。" },
      { name = "vaultId", type = "string", path = true, doc = "Vault.", doc_zh = "库。" },
      { name = "keyNames", type = "string[]", doc = "Names.", doc_zh = "名称。" },
      { name = "depth", type = "integer", min = 1, max = 3, doc = "Depth.", doc_zh = "深度。" },
      { name = "order", type = "string", values = { "up", "down" }, doc = "Order.", doc_zh = "顺序。" },
      { name = "shared", type = "boolean", doc = "Shared.", doc_zh = "是否共享。" },
    },
    rules = {
      {
        doc = "shared needs order.",
        doc_zh = "shared 需要 order。",
        broken = function(params)
          if params.shared ~= nil and params.order == nil then return "'shared' needs 'order'" end
        end,
      },
    },
    result = {
      { name = "keypairs", type = "string[]", required = true, doc = "Names.", doc_zh = "名称。" },
      { name = "owner", type = "Tag", doc = "Owner.", doc_zh = "所有者。" },
    },
  }

  it("is checked and made a request", function()
    local path, query, region = parameters.check(entry, {
      vaultId = "v-1",
      keyNames = { "a b", "c" },
      depth = 2,
      shared = true,
      order = "up",
    }, "cn-north-1", 1)
    assert.equal("/v1/regions/cn-north-1/vaults/v-1/keypairs", path)
    assert.same({ "keyNames.1", "a b", "keyNames.2", "c", "depth", "2", "order", "up", "shared", "true" }, query)
    assert.equal("cn-north-1", region)
    for message, params in pairs {
      ["'vaultId' is required"] = {},
      ["'depth' must be from 1 to 3, got 4"] = { vaultId = "v", depth = 4 },
      ["unknown parameter 'vault_id'; did you mean 'vaultId'?"] = { vault_id = "v" },
      ['\'order\' must be up or down, got "dwn"; did you mean "down"?'] = { vaultId = "v", order = "dwn" },
      ["'shared' needs 'order'"] = { vaultId = "v", shared = false },
      ["'keyNames' is empty: leave it out, or give at least one"] = { vaultId = "v", keyNames = {} },
    } do
      assert.same(
        { false, "jdvm: describeKeypairs: " .. message },
        { pcall(function() parameters.check(entry, params, "cn-north-1", 50) end) }
      )
    end
  end)

  it("has its answers read", function()
    local result, request_id = envelope.read(entry, 200, {}, { requestId = "r", result = { keypairs = { "a" } } })
    assert.same({ { keypairs = { "a" } }, "r" }, { result, request_id })
    local _, failure = envelope.read(entry, 200, {}, { result = { keypairs = { "a" }, owner = "x" } })
    assert.equal("unexpected response: 'result.owner' is a string, not an object", failure.message)
  end)

  -- A client with a method for the operation, whose answers have the given body, and the last request it sent.
  local function client_with(operation, body)
    local shared = package.loaded["jdvm.client"]
    table.insert(operations.list, operation)
    package.loaded["jdvm.client"] = nil
    local ok, fresh = pcall(require, "jdvm.client")
    package.loaded["jdvm.client"] = shared
    table.remove(operations.list)
    assert.is_true(ok, fresh)
    local sent = {}
    return fresh.new({
      region = "cn-north-1",
      access_key = "A",
      secret_key = "S",
      transport = function(request)
        for name, value in pairs(request) do
          sent[name] = value
        end
        return { status = 200, headers = {}, body = body }
      end,
    }, 1),
      sent
  end

  it("needs neither a region in its path nor a list or a field to unwrap", function()
    local client, sent = client_with({
      name = "describeQuota",
      method_name = "describe_quota",
      method = "GET",
      path = "/v1/quota",
      doc = "Quota.",
      doc_zh = "配额。",
      parameters = {},
      result = {
        { name = "limit", type = "integer", doc = "Most there may be.", doc_zh = "上限。" },
        { name = "used", type = "integer", doc = "What there is.", doc_zh = "已用。" },
      },
    }, '{"requestId":"r","result":{"limit":9,"used":4}}')
    local result, meta = client:describe_quota()
    assert.same({ limit = 9, used = 4 }, result)
    assert.equal("r", meta.request_id)
    assert.equal("https://vm.jdcloud-api.com/v1/quota", sent.url)
    assert.matches("/cn%-north%-1/vm/", sent.headers.authorization)
    assert.same({ used = 4 }, (client:describe_quota(nil, { fields = { "used" } })))
  end)
end)
