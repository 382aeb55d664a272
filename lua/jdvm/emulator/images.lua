-- The images of the catalogue, each made from its number: the same number gives the same image, so a catalogue of any
-- size costs no memory. Together they hold every shape that a client must be able to read.

local copy = require "jdvm.util.copy"
local models = require "jdvm.service.models"
local random = require "jdvm.emulator.random"

local M = {}

-- The documentation's own sample ids, and the old form of ids, which is still found on old images: those of the first
-- images of some shelves.
M.ids = {
  ["cn-north-1 public"] = "img-9ha1rgelkq",
  ["cn-east-1 public"] = "img-htaupmjlqq",
  ["cn-east-2 public"] = "img-ssazsh60t6",
  ["cn-south-1 public"] = "img-uxgb28v2y3",
  ["cn-north-1 owner"] = "98d44a0f-88c1-451a-8971-f1f769073b6c",
  ["cn-east-1 owner"] = "bba85cab-dfdc-4359-9218-7a2de429dd80",
}

--- How many images a shelf has when no number is asked for; 3 where none stands.
M.counts = { public = 34, thirdparty = 14, community = 10, owner = 14, ["owner-shared"] = 4, other = 9 }

-- The systems that images have; "-" stands for no value.
local systems = {}
for line in
  ([[
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
Windows 10 专业版 64位 | Other Windows | 10 | x86_64 | uefi | -
]]):gmatch "[^\n]+"
do
  local system, cells = {}, (line .. " | "):gmatch "(.-) | "
  for _, field in ipairs { "name", "platform", "osVersion", "architecture", "bootMode", "createTime" } do
    local cell = cells()
    if cell ~= "-" then system[field] = cell end
  end
  system.osType = system.platform:find("Windows", 1, true) and "windows" or "linux"
  system.uefiSupport = system.bootMode == "uefi"
  systems[#systems + 1] = system
end

local names = {}
for name in
  (
    "web-base 订单服务_2024 mysql-主库-备份 jenkins-agent k8s节点-1.24 日志采集 nginx-lua build_cache "
    .. "gpu-训练 财务系统-测试 临时镜像-请勿删除 测试🚀"
  ):gmatch "%S+"
do
  names[#names + 1] = name
end
local descriptions = {
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
local BASE_TIME = 1700000000
local STATES = { "ready", "ready", "ready", "pending", "ready", "error", "ready", "deleting" }
local MARKET_STATES = { [5] = "pending", [10] = "deleting", [15] = "error" }

local OFFICIAL = { public = true, thirdparty = true }

local function time_text(seconds) return os.date("!%Y-%m-%d %H:%M:%S", seconds) end

local function cloud_disk(shelf, key, n, size)
  local disk = {
    diskType = key % 3 == 0 and "ssd.io1" or "ssd.gp1",
    diskSizeGB = size,
    iops = 1800 + 30 * size,
    snapshotId = "snapshot-" .. random.text(shelf.seed + 10 * n + 2, key, 10),
    encrypt = key % 6 == 0,
    encrypted = key % 6 == 0,
  }
  if OFFICIAL[shelf.name] then return disk end
  disk.diskId, disk.az = "vol-" .. random.text(shelf.seed + 10 * n + 3, key, 10), shelf.region .. "a"
  disk.name, disk.description = n == 0 and "系统盘" or "数据盘-" .. n, ""
  disk.status, disk.attachments, disk.createTime = "available", {}, time_text(BASE_TIME - key * 420)
  disk.charge = { chargeMode = "postpaid_by_duration", chargeStatus = "normal", chargeExpiredTime = "" }
  disk.tags = { { key = "team", value = key % 2 == 0 and "支付" or "infra" }, { key = "环境", value = "生产" } }
  return disk
end

-- Gives an image its disks and what follows from them; `count` is the number of data disks.
local function add_disks(record, shelf, key, count)
  local is_local = record.rootDeviceType == "localDisk"
  local function disk(n, size, is_cloud)
    local one = { diskCategory = is_cloud and "cloud" or "local", deviceName = "vd" .. string.char(97 + n) }
    one.autoDelete = n == 0 or key % 2 == 0
    if is_cloud then
      one.cloudDisk = cloud_disk(shelf, key, n, size)
    else -- the service leaves out the type of a local system disk
      one.localDisk = { diskType = n > 0 and "premium-hdd" or nil, diskSizeGB = size }
    end
    return one
  end
  record.systemDiskSizeGB = record.osType == "windows" and 60 or 40
  record.systemDisk = disk(0, record.systemDiskSizeGB, not is_local)
  record.snapshotId = is_local and "" or record.systemDisk.cloudDisk.snapshotId
  record.dataDisks = count > 0 and {} or nil
  for n = 1, count do
    record.dataDisks[n] = disk(n, 100 * n, not is_local and n ~= 2)
  end
end

local EXAMPLES = { integer = 1, boolean = true }

-- Gives a record every field of its model that it lacks, and so on in its parts. A disk is local or in the cloud,
-- never both.
local function complete(record, model)
  for _, field in ipairs(models.by_name[model]) do
    local kind, is_array = field.type:gsub("%[%]$", "")
    local part, is_model = record[field.name], models.by_name[kind] ~= nil
    local is_missing = part == nil or type(part) == "table" and next(part) == nil
    if is_missing and kind ~= "LocalDisk" and kind ~= "Disk" then
      local time = field.name:find "Time$" and "2023-06-01 08:00:00"
      part = is_model and {} or EXAMPLES[kind] or time or field.values and field.values[1] or field.name .. "-1"
      if is_array == 1 then part = { part } end
      record[field.name] = part
    end
    for _, item in ipairs(is_model and (is_array == 1 and part or { part }) or {}) do
      complete(item, kind)
    end
  end
end

-- The first public images have one system each; then come some of the same for local disks, half of them withdrawn.
local SYSTEMS, LOCAL = 26, 8

--- The fields of an image, but for its id and source.
---@param shelf table of jdvm.emulator.catalogue; keys above `count` are newer than all others
function M.record(shelf, key)
  local is_public, n, disks = shelf.name == "public", key + #shelf.name, 0
  local place = (key - 1) % (SYSTEMS + LOCAL) + 1
  local is_local = is_public and place > SYSTEMS or not is_public and key % 8 == 7
  local system = is_local and (place - SYSTEMS) * 3 or place
  local record = copy(systems[is_public and system or random.pick(shelf.seed, key * 7, #systems)])
  record.rootDeviceType = is_local and "localDisk" or "cloudDisk"
  record.status, record.progress = "ready", (is_public or key % 3 ~= 0) and "100" or nil
  record.ownerPin, record.launchPermission, record.desc = shelf.viewers.pin, shelf.viewers.permission, ""
  record.sizeMB = key % 5 == 0 and 0 or 1500 + key * 37 % 9000
  if key % 10 == 0 then
    record.imported, record.expiredTime = true, ""
  end
  if not is_public or key > shelf.count then
    local age = key <= shelf.count and key * (shelf.count > 100 and 300 or 90061) or key * -60
    record.createTime = time_text(BASE_TIME - age)
  end
  if is_public and key == 1 then record.sizeMB = 2494 end -- as in the documentation's sample
  if is_public and is_local then
    record.offline = key > SYSTEMS + LOCAL / 2 and key == place
  elseif shelf.name == "thirdparty" then
    record.status, record.serviceCode = MARKET_STATES[key % 16] or "ready", "market-" .. key % 13
    record.chargeInfo = { serviceCode = record.serviceCode, formula = { "vm", "image" } }
    if key % 9 == 0 then record.offline = key % 27 == 0 end
  elseif not is_public then
    record.status = STATES[(n - 1) % #STATES + 1]
    record.name = names[n % #names + 1] .. (key > #names and "-" .. key or "")
    record.desc = descriptions[n % #descriptions + 1]
    record.instanceId = "i-" .. random.text(shelf.seed + 1, key % 500, 10)
    disks = key % 3 == 0 and 1 + key % 2 or 0
  end
  if record.status == "pending" then record.progress = ("%d"):format(key * 17 % 100) end
  if key == 2 then -- as bare as the service allows
    record.desc, record.sizeMB, record.bootMode, record.uefiSupport, record.progress = nil, 0, nil, nil, nil
  end
  add_disks(record, shelf, key, key == 4 and not is_public and 4 or disks)
  if key == 4 and shelf.name == "community" then complete(record, "Image") end
  if key == 5 and not is_public then
    record.dataDisks, record.loginName, record.expiredTime = {}, "子账号-ops", "2030-01-01 00:00:00"
  end
  return record
end

return M
