-- jdvm.emulator.builtin_images: the catalogue that is served when no size is asked for.
local accounts = require "jdvm.emulator.accounts"
local emulated = require "spec.support.emulated"
local models = require "jdvm.service.models"
local regions = require "jdvm.service.regions"

local owner, other = accounts.list[1], accounts.list[2]
local all = emulated.all

describe("the built-in catalogue", function()
  setup(function() emulated.start() end)

  local images, seen = {}, {}
  it("holds at least 300 images that differ", function()
    for _, region in ipairs(regions.names) do
      for _, account in ipairs { owner, other } do
        for _, source in ipairs { "public", "thirdparty", "community", "private", "shared" } do
          for _, image in ipairs(all({ "imageSource", source }, account, region)) do
            if not seen[image.imageId] then images[#images + 1] = image end
            seen[image.imageId] = true
          end
        end
      end
    end
    assert.is_true(#images >= 300, #images)
  end)

  it("holds every shape that a client must read", function()
    local found = {}
    for _, image in ipairs(images) do
      found["status " .. image.status] = true
      found["os " .. image.osType] = true
      found["root " .. image.rootDeviceType] = true
      found["source " .. image.imageSource] = true
      for name in pairs(image) do
        found[name] = true
      end
      for _, name in ipairs { "desc", "dataDisks", "progress", "offline", "uefiSupport", "bootMode" } do
        if image[name] == nil then found["no " .. name] = true end
      end
      local text = (image.desc or "") .. image.name
      for label, pattern in pairs { quote = '"', newline = "\n", emoji = "🚀", chinese = "中", backslash = "\\" } do
        if text:find(pattern, 1, true) then found[label] = true end
      end
      if image.desc == "" then found["empty desc"] = true end
      if image.snapshotId == "" then found["empty snapshotId"] = true end
      if image.dataDisks and #image.dataDisks == 0 then found["no data disks"] = true end
      for _, disk in ipairs(image.dataDisks or {}) do
        found["data " .. disk.diskCategory] = true
        if disk.cloudDisk and disk.cloudDisk.tags then found.tags = true end
        if disk.cloudDisk and disk.cloudDisk.charge then found.charge = true end
      end
    end
    for _, name in ipairs {
      "status pending",
      "status ready",
      "status deleting",
      "status error",
      "os windows",
      "os linux",
      "root cloudDisk",
      "root localDisk",
      "source public",
      "source thirdparty",
      "source private",
      "source shared",
      "source community",
      "chargeInfo",
      "loginName",
      "expiredTime",
      "imported",
      "instanceId",
      "serviceCode",
      "no desc",
      "no dataDisks",
      "no progress",
      "no offline",
      "no uefiSupport",
      "no bootMode",
      "quote",
      "newline",
      "emoji",
      "chinese",
      "backslash",
      "empty desc",
      "empty snapshotId",
      "no data disks",
      "data cloud",
      "data local",
      "tags",
      "charge",
    } do
      assert.is_true(found[name], name)
    end
  end)

  it("serves every field of an image and of the models inside it", function()
    local found, inside = {}, {}
    local function visit(name, value)
      for _, field in ipairs(models.by_name[name]) do
        local part, of = value[field.name], field.type:gsub("%[%]$", "")
        if part ~= nil then found[name .. "." .. field.name] = true end
        if part ~= nil and models.by_name[of] then
          for _, item in ipairs(of == field.type and { part } or part) do
            visit(of, item)
          end
        end
      end
    end
    for _, image in ipairs(images) do
      visit("Image", image)
    end
    local function check(model)
      inside[model] = true
      for _, field in ipairs(models.by_name[model]) do
        local name, of = model .. "." .. field.name, field.type:gsub("%[%]$", "")
        assert.is_true(found[name], name)
        if models.by_name[of] and not inside[of] then check(of) end
      end
    end
    check "Image"
  end)

  it("holds no market image of a system that cannot be", function()
    local versions = {
      CentOS = "^[678]%.%d$",
      Ubuntu = "^%d%d%.04$",
      ["Windows Server"] = "^20%d%d$",
      ["Other Linux"] = "^11%.4$",
    }
    local count = 0
    for _, image in ipairs(images) do
      if image.imageSource == "thirdparty" then
        count = count + 1
        assert.matches(versions[image.platform], image.osVersion)
        local is_windows = image.platform == "Windows Server"
        assert.equal(is_windows and "windows" or "linux", image.osType)
        assert.equal(is_windows and 60 or 40, image.systemDiskSizeGB)
        local disk = image.systemDisk.cloudDisk or image.systemDisk.localDisk
        assert.equal(image.systemDiskSizeGB, disk.diskSizeGB)
      end
    end
    assert.is_true(count >= 40, count)
  end)

  -- People's tests name what is in it.
  it("is the same in every version", function()
    local ids = {}
    for _, image in ipairs(all { "imageSource", "private" }) do
      ids[#ids + 1] = image.imageId
    end
    assert.same(
      { 18, "98d44a0f-88c1-451a-8971-f1f769073b6c", "img-8xuptrfjsd", "img-5ot9cemm8f" },
      { #ids, ids[1], ids[2], ids[18] }
    )
    assert.equal("img-9ha1rgelkq", all({ "imageSource", "public" })[1].imageId)
  end)
end)
