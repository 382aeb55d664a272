-- The catalogue that is served when no size is asked for: four regions, about 90 images each, written to hold
-- every shape that a client must be able to read.

local generated_images = require "jdvm.emulator.generated_images"
local models = require "jdvm.service.models"

local M = {}

-- The documentation's own sample ids, one official image a region.
local KNOWN_IDS = {
  ["cn-north-1"] = "img-9ha1rgelkq",
  ["cn-east-1"] = "img-htaupmjlqq",
  ["cn-east-2"] = "img-ssazsh60t6",
  ["cn-south-1"] = "img-uxgb28v2y3",
}
-- The old form of ids is still found on old images.
local UUID_IDS = {
  ["cn-north-1"] = "98d44a0f-88c1-451a-8971-f1f769073b6c",
  ["cn-east-1"] = "bba85cab-dfdc-4359-9218-7a2de429dd80",
}

local OFFICIAL = 26 -- so many of the systems that generated images have

local STATES = { "ready", "ready", "ready", "pending", "ready", "error", "ready", "deleting" }

-- Official images, then some of the same systems for local disks, half of which are off the shelf.
local function public_records(shelf)
  local records = {}
  for key = 1, OFFICIAL + 8 do
    local i, record = key - OFFICIAL, generated_images.record(shelf, key)
    local system = generated_images.systems[i > 0 and i * 3 or key]
    record.bootMode, record.createTime = nil, nil
    for name, value in pairs(system) do
      record[name] = value
    end
    record.rootDeviceType, record.offline = i > 0 and "localDisk" or "cloudDisk", nil
    if i > 0 then record.offline = i > 4 end
    record.status, record.progress = "ready", "100"
    generated_images.add_disks(record, shelf, key, 0)
    records[key] = record
  end
  records[1].id, records[1].sizeMB = KNOWN_IDS[shelf.region], 2494
  records[2].progress, records[2].sizeMB, records[2].uefiSupport = nil, 0, true
  return records
end

-- Gives a record every field of its model, and so on, so that clients meet each one in some image. A disk is local or
-- in the cloud, never both.
local function complete(record, model)
  for _, field in ipairs(models.by_name[model]) do
    local kind, is_array = field.type:gsub("%[%]$", "")
    local part = record[field.name]
    local is_missing = part == nil or type(part) == "table" and next(part) == nil
    if is_missing and kind ~= "LocalDisk" and kind ~= "Disk" then
      local value = field.values and field.values[1] or field.name .. "-1"
      if models.by_name[kind] then
        value = complete({}, kind)
      elseif kind == "integer" then
        value = 1
      elseif kind == "boolean" then
        value = true
      elseif field.name:find "Time$" then
        value = "2023-06-01 08:00:00"
      end
      record[field.name] = is_array == 1 and { value } or value
    elseif models.by_name[kind] and part then
      for _, item in ipairs(is_array == 1 and part or { part }) do
        complete(item, kind)
      end
    end
  end
  return record
end

local function other_records(shelf, count)
  local records, names, descriptions = {}, generated_images.names, generated_images.descriptions
  for key = 1, count do
    local record = generated_images.record(shelf, key)
    local n = key + #shelf.name
    if shelf.name ~= "thirdparty" then
      record.name = names[n % #names + 1] .. (key > #names and "-" .. key or "")
      record.desc = descriptions[n % #descriptions + 1]
      record.status = STATES[(n - 1) % #STATES + 1]
    end
    record.progress = record.status == "pending" and ("%d"):format(key * 17 % 100) or key % 3 ~= 0 and "100" or nil
    if key == 2 then -- as bare as the service allows
      record.desc, record.sizeMB, record.bootMode, record.uefiSupport, record.progress = nil, 0, nil, nil, nil
    elseif key == 4 then
      generated_images.add_disks(record, shelf, key, 4)
      if shelf.name == "community" then complete(record, "Image") end
    elseif key == 5 then
      record.dataDisks, record.loginName, record.expiredTime = {}, "子账号-ops", "2030-01-01 00:00:00"
    end
    records[key] = record
  end
  if shelf.name == "owner" then records[1].id = UUID_IDS[shelf.region] end
  return records
end

local COUNTS =
  { thirdparty = 14, community = 10, owner = 14, ["owner-shared"] = 4, other = 9, ["other-shared"] = 3, partner = 3 }

--- The images of one shelf, in the order of the list; `id` is set where it is a known one.
function M.records(shelf)
  return shelf.name == "public" and public_records(shelf) or other_records(shelf, COUNTS[shelf.name])
end

return M
