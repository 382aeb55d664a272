-- The images that the emulator serves: the built-in ones, and those of a chosen size.
local accounts = require "jdvm.emulator.accounts"
local catalogue = require "jdvm.emulator.catalogue"
local core = require "jdvm.core"
local emulated = require "spec.support.emulated"

local owner, other = accounts.list[1], accounts.list[2]
local NORTH = emulated.NORTH
local all, send = emulated.all, emulated.send

describe("the built-in catalogue", function()
  setup(function() emulated.start() end)

  local images, seen = {}, {}
  it("holds at least 300 images that differ", function()
    for _, region in ipairs(catalogue.regions) do
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
    local models, found, inside = require "jdvm.service.models", {}, {}
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
        assert.is_true(found[name], name .. ": give it a place in image.lua and a value in builtin.lua of the emulator")
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

  it("is the same every time", function()
    local function fingerprint() return core.sha256((send(NORTH, { "imageSource", "private", "pageSize", "100" })).body) end
    emulated.start()
    local first = fingerprint()
    assert.is_not.equal(first, fingerprint()) -- another request id
    emulated.start()
    assert.equal(first, fingerprint())
    -- On every Lua, and from one version to the next: people's tests name what is in it.
    assert.equal(
      "f4698659845a",
      first:sub(1, 12),
      "the built-in catalogue has changed: if it was meant to, put the new fingerprint here"
    )
  end)
end)

describe("a catalogue of a chosen size", function()
  it("has that many images in each region and source, found by id", function()
    emulated.start { images = 1234, seed = 7 }
    for _, source in ipairs { "public", "private", "shared" } do
      local images, seen = all({ "imageSource", source, "offline", "false" }), {}
      for _, image in ipairs(images) do
        seen[image.imageId] = true
      end
      local distinct = 0
      for _ in pairs(seen) do
        distinct = distinct + 1
      end
      assert.equal(#images, distinct)
      if source ~= "public" then assert.equal(1234, #images) end
      for i = 1, #images, 100 do
        local _, body = send(NORTH .. "/" .. images[i].imageId)
        assert.same(images[i], body.result.image)
      end
    end
    local _, body = send(NORTH, { "imageSource", "private", "status", "error" })
    assert.equal(77, body.result.totalCount) -- one in 16
  end)

  it("costs little however large", function()
    local state = emulated.start { images = 100000 }
    collectgarbage()
    local before = collectgarbage("count")
    for page = 1, 1000, 97 do
      local _, body = send(NORTH, { "imageSource", "private", "pageSize", "100", "pageNumber", tostring(page) })
      assert.equal(100, #body.result.images)
      assert.equal(100000, body.result.totalCount)
    end
    state.catalogue.pages = {}
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 8000)
  end)
end)
