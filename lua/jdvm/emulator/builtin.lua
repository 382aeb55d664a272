-- The catalogue that is served when no size is asked for: four regions, about 90 images each, written to hold
-- every shape that a client must be able to read.

local generator = require "jdvm.emulator.generator"
local random = require "jdvm.emulator.random"

local M = {}

M.regions = { "cn-north-1", "cn-east-1", "cn-east-2", "cn-south-1" }

-- The documentation's own sample ids, one official image a region.
M.known_ids = {
  ["cn-north-1"] = "img-9ha1rgelkq",
  ["cn-east-1"] = "img-htaupmjlqq",
  ["cn-east-2"] = "img-ssazsh60t6",
  ["cn-south-1"] = "img-uxgb28v2y3",
}
-- The old form of ids is still found on old images.
M.uuid_ids = {
  ["cn-north-1"] = "98d44a0f-88c1-451a-8971-f1f769073b6c",
  ["cn-east-1"] = "bba85cab-dfdc-4359-9218-7a2de429dd80",
}

-- name, platform, osVersion, osType, architecture, boot mode, day of creation
local OFFICIAL = {
  { "CentOS 8.2 64位", "CentOS", "8.2", "linux", "x86_64", nil, "2021-01-28 16:49:05" },
  { "CentOS 7.6 64位", "CentOS", "7.6", "linux", "x86_64", nil, "2019-12-30 11:05:02" },
  { "CentOS 7.9 64位", "CentOS", "7.9", "linux", "x86_64", "bios", "2021-04-19 10:12:44" },
  { "CentOS 7.3 64位", "CentOS", "7.3", "linux", "x86_64", nil, "2018-03-02 15:20:31" },
  { "CentOS 6.9 64位", "CentOS", "6.9", "linux", "x86_64", nil, "2017-11-20 18:03:10" },
  { "CentOS 6.5 32位", "CentOS", "6.5", "linux", "i386", nil, "2016-08-15 09:41:00" },
  { "CentOS 7.6 64位 ARM版", "CentOS", "7.6", "linux", "arm64", "uefi", "2022-06-08 14:00:27" },
  { "Ubuntu 22.04 64位", "Ubuntu", "22.04", "linux", "x86_64", "bios", "2022-08-30 11:11:11" },
  { "Ubuntu 22.04 64位 UEFI版", "Ubuntu", "22.04", "linux", "x86_64", "uefi", "2022-08-30 11:25:48" },
  { "Ubuntu 20.04 64位", "Ubuntu", "20.04", "linux", "x86_64", "bios", "2020-08-21 11:36:36" },
  { "Ubuntu 18.04 64位", "Ubuntu", "18.04", "linux", "x86_64", nil, "2018-10-17 16:22:09" },
  { "Ubuntu 16.04 64位", "Ubuntu", "16.04", "linux", "x86_64", nil, "2017-05-05 10:00:00" },
  { "Ubuntu 20.04 64位 预装 NVIDIA 驱动", "Ubuntu", "20.04", "linux", "x86_64", "bios", "2021-09-13 19:31:55" },
  {
    "Windows Server 2008 R2 企业版 64位 中文版",
    "Windows Server",
    "2008 R2",
    "windows",
    "x86_64",
    nil,
    "2016-12-01 12:00:00",
  },
  {
    "Windows Server 2012 R2 标准版 64位 中文版",
    "Windows Server",
    "2012 R2",
    "windows",
    "x86_64",
    nil,
    "2018-01-25 17:45:12",
  },
  {
    "Windows Server 2012 R2 标准版 64位 英文版",
    "Windows Server",
    "2012 R2",
    "windows",
    "x86_64",
    nil,
    "2018-01-25 17:58:40",
  },
  {
    "Windows Server 2016 数据中心版 64位 中文版",
    "Windows Server",
    "2016",
    "windows",
    "x86_64",
    "bios",
    "2019-03-14 15:09:26",
  },
  {
    "Windows Server 2019 数据中心版 64位 中文版",
    "Windows Server",
    "2019",
    "windows",
    "x86_64",
    "bios",
    "2020-11-03 13:37:00",
  },
  {
    "Windows Server 2022 数据中心版 64位 中文版",
    "Windows Server",
    "2022",
    "windows",
    "x86_64",
    "uefi",
    "2022-10-12 16:18:03",
  },
  { "Debian 9.8 64位", "Other Linux", "9.8", "linux", "x86_64", nil, "2019-06-21 10:30:30" },
  { "Debian 11.4 64位", "Other Linux", "11.4", "linux", "x86_64", "bios", "2022-09-09 09:09:09" },
  { "openEuler 22.03 LTS 64位", "Other Linux", "22.03", "linux", "x86_64", "bios", "2022-12-05 11:42:17" },
  { "openEuler 22.03 LTS 64位 ARM版", "Other Linux", "22.03", "linux", "arm64", "uefi", "2022-12-05 11:58:59" },
  { "Rocky Linux 8.6 64位", "Other Linux", "8.6", "linux", "x86_64", "bios", "2022-08-18 18:08:18" },
  { "AlmaLinux 9.0 64位", "Other Linux", "9.0", "linux", "x86_64", "uefi", "2022-11-11 20:00:00" },
  { "FreeBSD 12.1 64位", "Other Linux", "12.1", "linux", "x86_64", nil, "2020-02-29 23:59:59" },
}

-- name, platform, osVersion
local MARKET = {
  { "宝塔Linux面板 7.9.8(CentOS 7.6)", "CentOS", "7.6" },
  { "LNMP 一键环境(Ubuntu 20.04)", "Ubuntu", "20.04" },
  { "WordPress 6.1 建站镜像", "CentOS", "7.9" },
  { "PHP运行环境(Windows2016 IIS)", "Windows Server", "2016" },
  { "Java 8 + Tomcat 9 (CentOS 7.9)", "CentOS", "7.9" },
  { "GitLab CE 15.4 代码托管", "Ubuntu", "22.04" },
  { "Oracle 19c 数据库环境", "CentOS", "7.6" },
  { 'SQL Server 2019 "Standard" 版', "Windows Server", "2019" },
  { "Docker + Portainer 容器环境", "Ubuntu", "22.04" },
  { "禅道项目管理 Linux 版", "CentOS", "7.6" },
  { "堡垒机 JumpServer v2.28", "CentOS", "7.9" },
  { "帆软报表/FineReport 11", "Windows Server", "2016" },
  { "ThinkPHP & Redis & 队列", "CentOS", "7.9" },
  { "VPN网关 <企业版>", "Other Linux", "11.4" },
}

local DESCRIPTIONS = {
  "",
  '基线镜像 "golden" v3,已装 agent',
  "第一行:系统盘 40 GB\n第二行:数据盘见 dataDisks\r\n第三行:制表符\t结束",
  "部署用 🚀🌙 emoji 👩‍💻 与中文混排",
  "C:\\jdcloud\\agent.exe /install",
  'it\'s a "quoted" name\\with backslash',
  "</script><b>&amp;</b>",
  " 前后有空格 ",
  "control \1 and delete \127",
  "长描述:" .. ("每周自动构建,通过安全扫描后发布;"):rep(12),
}
local PRIVATE_NAMES = {
  "web-base",
  "订单服务_2024",
  "mysql-主库-备份",
  "jenkins-agent",
  "k8s节点-1.24",
  "日志采集",
  "nginx-lua",
  "build_cache",
  "gpu-训练",
  "财务系统-测试",
  "临时镜像-请勿删除",
  "测试🚀",
}
local STATES = { "ready", "ready", "ready", "pending", "ready", "error", "ready", "deleting" }

local function official(shelf, key, row)
  local record = {
    name = row[1],
    platform = row[2],
    osVersion = row[3],
    osType = row[4],
    architecture = row[5],
    bootMode = row[6],
    createTime = row[7],
    status = "ready",
    desc = "",
    ownerPin = "admin",
    launchPermission = "all",
    rootDeviceType = "cloudDisk",
    systemDiskSizeGB = 40,
  }
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
  record.uefiSupport = key == 2 or row[6] == "uefi"
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
    record.systemDisk = generator.disk(shelf, key, 0, "local", 40)
    record.offline = i > 4
    records[key] = record
  end
  records[1].id = M.known_ids[shelf.region]
  return records
end

local function market_records(shelf)
  local records = {}
  for key, row in ipairs(MARKET) do
    local record = generator.record(shelf, key)
    record.name, record.platform, record.osVersion = row[1], row[2], row[3]
    record.osType = row[2] == "Windows Server" and "windows" or "linux"
    record.architecture, record.bootMode, record.uefiSupport = "x86_64", "bios", false
    record.systemDiskSizeGB = record.osType == "windows" and 60 or 40
    local category = record.rootDeviceType == "cloudDisk" and "cloud" or "local"
    record.systemDisk = generator.disk(shelf, key, 0, category, record.systemDiskSizeGB)
    record.status, record.progress, record.offline = "ready", "100", key % 6 == 0
    records[key] = record
  end
  return records
end

-- A data disk on a cloud disk with all that the model knows: attached, under a snapshot policy, once in the recycle
-- bin.
local function fill_disk(shelf, data_disk)
  local disk = data_disk.cloudDisk
  data_disk.status = "attached"
  disk.status, disk.attachments =
    "in-use", { {
      attachmentId = "attach-" .. random.text(shelf.seed + 6, 1, 10),
      diskId = disk.diskId,
      instanceType = "vm",
      instanceId = "i-" .. random.text(shelf.seed + 6, 2, 10),
      status = "attached",
      attachTime = "2023-06-01 08:00:00",
    } }
  disk.snapshotPolicies = {
    {
      id = "snapshotpolicy-" .. random.text(shelf.seed + 6, 3, 10),
      name = "每日快照",
      pin = "jdvm-owner",
      interval = 86400,
      effectiveTime = "2023-06-01T20:00:00+08:00",
      lastTriggerTime = "2023-11-13T20:00:00+08:00",
      nextTriggerTime = "2023-11-14T20:00:00+08:00",
      snapshotLifecycle = 0,
      contactInfo = { sms = 0, email = 1, personIds = { 7 }, groupIds = { 1, 2 } },
      createTime = "2023-06-01T10:00:00+08:00",
      updateTime = "2023-06-02T10:00:00+08:00",
      status = 1,
      diskCount = 1,
    },
  }
  disk.resourceGroupId, disk.canPutInRecycleBin = "rg-" .. random.text(shelf.seed + 6, 4, 10), true
  disk.trashTime = "2023-07-01 12:00:00"
end

local function user_records(shelf, count)
  local records = {}
  for key = 1, count do
    local record = generator.record(shelf, key)
    local n = key + #shelf.name
    record.name = PRIVATE_NAMES[n % #PRIVATE_NAMES + 1] .. (key > #PRIVATE_NAMES and "-" .. key or "")
    record.desc = DESCRIPTIONS[n % #DESCRIPTIONS + 1]
    record.status = STATES[(n - 1) % #STATES + 1]
    record.progress = record.status == "pending" and ("%d"):format(key * 17 % 100) or key % 3 ~= 0 and "100" or nil
    if key == 2 then -- as bare as the service allows
      record.desc, record.sizeMB, record.bootMode, record.uefiSupport, record.progress = nil, 0, nil, nil, nil
    elseif key == 4 then
      record.dataDisks = {}
      for d = 1, 4 do
        record.dataDisks[d] = generator.disk(shelf, key, d, d % 2 == 0 and "local" or "cloud", 50 * d)
      end
      fill_disk(shelf, record.dataDisks[1])
    elseif key == 5 then
      record.dataDisks, record.loginName, record.expiredTime = {}, "子账号-ops", "2030-01-01 00:00:00"
    end
    records[key] = record
  end
  if shelf.name == "owner" then records[1].id = M.uuid_ids[shelf.region] end
  return records
end

local COUNTS = { community = 10, owner = 14, ["owner-shared"] = 4, other = 9, ["other-shared"] = 3, partner = 3 }

--- The images of one shelf, in the order of the list; `id` is set where it is a known one.
---@param shelf table `{name, region, seed, count}`
---@return table[] records
function M.records(shelf)
  if shelf.name == "public" then return public_records(shelf) end
  if shelf.name == "thirdparty" then return market_records(shelf) end
  return user_records(shelf, COUNTS[shelf.name])
end

return M
