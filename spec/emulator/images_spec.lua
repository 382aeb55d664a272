-- jdvm.emulator.images: the built-in catalogue, and catalogues of a chosen size.
local accounts = require "jdvm.emulator.accounts"
local emulated = require "spec.support.emulated"
local models = require "jdvm.service.models"
local regions = require "jdvm.service.regions"

local owner, other = accounts.list[1], accounts.list[2]
local NORTH = emulated.NORTH
local all, send = emulated.all, emulated.send

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

  it("holds every field and value of the models, and texts that a client must read", function()
    local found = {}
    local function visit(model, value)
      for _, field in ipairs(models.by_name[model]) do
        local part, kind = value[field.name], field.type:gsub("%[%]$", "")
        local name = model .. "." .. field.name
        found[part == nil and "no " .. name or name] = true
        if field.values and part then found[name .. " " .. part] = true end
        for _, item in ipairs(part ~= nil and models.by_name[kind] and (kind == field.type and { part } or part) or {}) do
          visit(kind, item)
        end
      end
    end
    for _, image in ipairs(images) do
      visit("Image", image)
      local text = (image.desc or "empty") .. image.name
      for label, part in pairs { quote = '"', newline = "\n", emoji = "🚀", chinese = "中", backslash = "\\" } do
        if text:find(part, 1, true) then found[label] = true end
      end
      if image.desc == "" then found["empty desc"] = true end
      if image.dataDisks and #image.dataDisks == 0 then found["no data disks"] = true end
      local cloud_disk = image.systemDisk.cloudDisk
      if cloud_disk then
        assert.equal(cloud_disk.encrypted, cloud_disk.encrypt)
        found["encrypted " .. tostring(cloud_disk.encrypt)] = true
      end
    end
    for _, model in ipairs(models.list) do
      for _, field in ipairs(model.fields) do
        assert.is_true(found[model.name .. "." .. field.name], model.name .. "." .. field.name)
      end
    end
    for _, field in ipairs(models.by_name.Image) do
      for _, value in ipairs(field.values or {}) do
        assert.is_true(found["Image." .. field.name .. " " .. value], field.name .. " " .. value)
      end
    end
    for name in ("desc dataDisks progress offline uefiSupport bootMode"):gmatch("%a+") do
      assert.is_true(found["no Image." .. name], name)
    end
    for _, name in ipairs {
      "quote",
      "newline",
      "emoji",
      "chinese",
      "backslash",
      "empty desc",
      "no data disks",
      "encrypted true",
    } do
      assert.is_true(found[name], name)
    end
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

describe("a catalogue of a chosen size", function()
  it("has that many images in each region and source, found by id", function()
    emulated.start { images = 1234, seed = 7 }
    for _, source in ipairs { "private", "shared" } do
      local images, seen = all { "imageSource", source }, {}
      assert.equal(1234, #images)
      for i, image in ipairs(images) do
        assert.is_nil(seen[image.imageId])
        seen[image.imageId] = true
        if i % 100 == 1 then assert.same(image, select(2, send(NORTH .. "/" .. image.imageId)).result.image) end
      end
    end
    local _, body = send(NORTH, { "imageSource", "private", "status", "error" })
    assert.equal(155, body.result.totalCount) -- one in 8
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
    state.catalogue.rows = nil
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 8000)
  end)
end)
