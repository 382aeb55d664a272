-- The catalogue that is served when no size is asked for: four regions, about 90 images each, written to hold
-- every shape that a client must be able to read.

local generated_images = require "jdvm.emulator.generated_images"
local models = require "jdvm.service.models"
local random = require "jdvm.emulator.random"

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

-- name, platform, osVersion, architecture, boot mode, time of creation
local OFFICIAL = generated_images.rows [[
CentOS 8.2 64位 | CentOS | 8.2 | x86_64 | - | 2021-01-28 16:49:05
CentOS 7.6 64位 | CentOS | 7.6 | x86_64 | - | 2019-12-30 11:05:02
CentOS 7.9 64位 | CentOS | 7.9 | x86_64 | bios | 2021-04-19 10:12:44
CentOS 7.3 64位 | CentOS | 7.3 | x86_64 | - | 2018-03-02 15:20:31
CentOS 6.9 64位 | CentOS | 6.9 | x86_64 | - | 2017-11-20 18:03:10
CentOS 6.5 32位 | CentOS | 6.5 | i386 | - | 2016-08-15 09:41:00
CentOS 7.6 64位 ARM版 | CentOS | 7.6 | arm64 | uefi | 2022-06-08 14:00:27
Ubuntu 22.04 64位 | Ubuntu | 22.04 | x86_64 | bios | 2022-08-30 11:11:11
Ubuntu 22.04 64位 UEFI版 | Ubuntu | 22.04 | x86_64 | uefi | 2022-08-30 11:25:48
Ubuntu 20.04 64位 | Ubuntu | 20.04 | x86_64 | bios | 2020-08-21 11:36:36
Ubuntu 18.04 64位 | Ubuntu | 18.04 | x86_64 | - | 2018-10-17 16:22:09
Ubuntu 16.04 64位 | Ubuntu | 16.04 | x86_64 | - | 2017-05-05 10:00:00
Ubuntu 20.04 64位 预装 NVIDIA 驱动 | Ubuntu | 20.04 | x86_64 | bios | 2021-09-13 19:31:55
Windows Server 2008 R2 企业版 64位 中文版 | Windows Server | 2008 R2 | x86_64 | - | 2016-12-01 12:00:00
Windows Server 2012 R2 标准版 64位 中文版 | Windows Server | 2012 R2 | x86_64 | - | 2018-01-25 17:45:12
Windows Server 2012 R2 标准版 64位 英文版 | Windows Server | 2012 R2 | x86_64 | - | 2018-01-25 17:58:40
Windows Server 2016 数据中心版 64位 中文版 | Windows Server | 2016 | x86_64 | bios | 2019-03-14 15:09:26
Windows Server 2019 数据中心版 64位 中文版 | Windows Server | 2019 | x86_64 | bios | 2020-11-03 13:37:00
Windows Server 2022 数据中心版 64位 中文版 | Windows Server | 2022 | x86_64 | uefi | 2022-10-12 16:18:03
Debian 9.8 64位 | Other Linux | 9.8 | x86_64 | - | 2019-06-21 10:30:30
Debian 11.4 64位 | Other Linux | 11.4 | x86_64 | bios | 2022-09-09 09:09:09
openEuler 22.03 LTS 64位 | Other Linux | 22.03 | x86_64 | bios | 2022-12-05 11:42:17
openEuler 22.03 LTS 64位 ARM版 | Other Linux | 22.03 | arm64 | uefi | 2022-12-05 11:58:59
Rocky Linux 8.6 64位 | Other Linux | 8.6 | x86_64 | bios | 2022-08-18 18:08:18
AlmaLinux 9.0 64位 | Other Linux | 9.0 | x86_64 | uefi | 2022-11-11 20:00:00
FreeBSD 12.1 64位 | Other Linux | 12.1 | x86_64 | - | 2020-02-29 23:59:59
]]

-- name, platform, osVersion
local MARKET = generated_images.rows [[
宝塔Linux面板 7.9.8(CentOS 7.6) | CentOS | 7.6
LNMP 一键环境(Ubuntu 20.04) | Ubuntu | 20.04
WordPress 6.1 建站镜像 | CentOS | 7.9
PHP运行环境(Windows2016 IIS) | Windows Server | 2016
Java 8 + Tomcat 9 (CentOS 7.9) | CentOS | 7.9
GitLab CE 15.4 代码托管 | Ubuntu | 22.04
Oracle 19c 数据库环境 | CentOS | 7.6
SQL Server 2019 "Standard" 版 | Windows Server | 2019
Docker + Portainer 容器环境 | Ubuntu | 22.04
禅道项目管理 Linux 版 | CentOS | 7.6
堡垒机 JumpServer v2.28 | CentOS | 7.9
帆软报表/FineReport 11 | Windows Server | 2016
ThinkPHP & Redis & 队列 | CentOS | 7.9
VPN网关 <企业版> | Other Linux | 11.4
]]

local STATES = { "ready", "ready", "ready", "pending", "ready", "error", "ready", "deleting" }

local function official(shelf, key, row)
  local record = generated_images.from_row(row)
  record.createTime = row[6]
  record.status, record.desc, record.ownerPin, record.launchPermission = "ready", "", "admin", "all"
  record.rootDeviceType, record.systemDiskSizeGB = "cloudDisk", 40
  record.sizeMB = key == 2 and 0 or 1200 + key * 647 % 4000
  if key == 1 then record.sizeMB = 2494 end
  if key ~= 2 then record.progress = "100" end
  record.systemDisk = {
    diskCategory = "cloud",
    autoDelete = true,
    deviceName = "vda",
    cloudDisk = {
      diskType = "ssd.gp1",
      diskSizeGB = 40,
      encrypt = false,
      encrypted = false,
      snapshotId = "snapshot-" .. random.text(shelf.seed, key, 10),
    },
  }
  record.snapshotId = record.systemDisk.cloudDisk.snapshotId
  record.uefiSupport = key == 2 or record.bootMode == "uefi"
  return record
end

-- The same systems for local disks, some of them taken off the shelf.
local function public_records(shelf)
  local records = {}
  for key, row in ipairs(OFFICIAL) do
    records[key] = official(shelf, key, row)
  end
  for i = 1, 8 do
    local key = #records + 1
    local record = official(shelf, key, OFFICIAL[i * 3])
    record.rootDeviceType, record.snapshotId = "localDisk", ""
    record.systemDisk = generated_images.disk(shelf, key, 0, "local", 40)
    record.offline = i > 4
    records[key] = record
  end
  records[1].id = KNOWN_IDS[shelf.region]
  return records
end

local function market_records(shelf)
  local records = {}
  for key, row in ipairs(MARKET) do
    local record = generated_images.record(shelf, key)
    for name, value in pairs(generated_images.from_row(row)) do
      record[name] = value
    end
    record.architecture, record.bootMode, record.uefiSupport = "x86_64", "bios", false
    record.systemDiskSizeGB = record.osType == "windows" and 60 or 40
    local category = record.rootDeviceType == "cloudDisk" and "cloud" or "local"
    record.systemDisk = generated_images.disk(shelf, key, 0, category, record.systemDiskSizeGB)
    record.status, record.progress, record.offline = "ready", "100", key % 6 == 0
    records[key] = record
  end
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

local function user_records(shelf, count)
  local records = {}
  for key = 1, count do
    local record = generated_images.record(shelf, key)
    local n = key + #shelf.name
    record.name = generated_images.names[n % #generated_images.names + 1]
      .. (key > #generated_images.names and "-" .. key or "")
    record.desc = generated_images.descriptions[n % #generated_images.descriptions + 1]
    record.status = STATES[(n - 1) % #STATES + 1]
    record.progress = record.status == "pending" and ("%d"):format(key * 17 % 100) or key % 3 ~= 0 and "100" or nil
    if key == 2 then -- as bare as the service allows
      record.desc, record.sizeMB, record.bootMode, record.uefiSupport, record.progress = nil, 0, nil, nil, nil
    elseif key == 4 then
      record.dataDisks = {}
      for d = 1, 4 do
        record.dataDisks[d] = generated_images.disk(shelf, key, d, d % 2 == 0 and "local" or "cloud", 50 * d)
      end
      if shelf.name == "community" then complete(record, "Image") end
    elseif key == 5 then
      record.dataDisks, record.loginName, record.expiredTime = {}, "子账号-ops", "2030-01-01 00:00:00"
    end
    records[key] = record
  end
  if shelf.name == "owner" then records[1].id = UUID_IDS[shelf.region] end
  return records
end

local COUNTS = { community = 10, owner = 14, ["owner-shared"] = 4, other = 9, ["other-shared"] = 3, partner = 3 }

--- The images of one shelf, in the order of the list; `id` is set where it is a known one.
---@param shelf table `{name, region, seed, count}`
function M.records(shelf)
  if shelf.name == "public" then return public_records(shelf) end
  if shelf.name == "thirdparty" then return market_records(shelf) end
  return user_records(shelf, COUNTS[shelf.name])
end

return M
