-- Images made on demand from a number: the same number gives the same image, so a catalogue of any size
-- costs no memory, and what matters to filters comes without building the whole image.

local random = require "jdvm.emulator.random"

local M = {}

--- The systems that images have: name, platform, osVersion, architecture, bootMode and createTime between bars, "-" for
--- none.
M.systems = {}
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
  table.insert(M.systems, system)
end

M.names = {}
for name in
  (
    "web-base 订单服务_2024 mysql-主库-备份 jenkins-agent k8s节点-1.24 日志采集 nginx-lua build_cache "
    .. "gpu-训练 财务系统-测试 临时镜像-请勿删除 测试🚀"
  ):gmatch "%S+"
do
  table.insert(M.names, name)
end
M.descriptions = {
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

-- Mostly ready; one in 16 is in each of the other states, by number and not by chance, so that tests can count.
local STATES = { [5] = "pending", [10] = "deleting", [15] = "error" }

local function is_official(shelf) return shelf.name == "public" or shelf.name == "thirdparty" end

--- The fields that filters look at.
function M.filtered_fields(shelf, key)
  local record = {}
  for name, value in pairs(M.systems[random.pick(shelf.seed, key * 7, #M.systems)]) do
    record[name] = value
  end
  record.rootDeviceType = key % 8 == 7 and "localDisk" or "cloudDisk"
  record.status = STATES[key % 16] or "ready"
  record.launchPermission = shelf.viewers.permission
  if is_official(shelf) then
    if key % 9 == 0 then record.offline = key % 27 == 0 end
    if shelf.name == "thirdparty" then record.serviceCode = "market-" .. key % 13 end
  else
    record.name = M.names[random.pick(shelf.seed, key * 7 + 1, #M.names)] .. "-" .. ("%05d"):format(key)
    record.instanceId = "i-" .. random.text(shelf.seed + 1, key % 500, 10)
  end
  return record
end

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
  if is_official(shelf) then return disk end
  disk.diskId, disk.az = "vol-" .. random.text(shelf.seed + 10 * n + 3, key, 10), shelf.region .. "a"
  disk.name, disk.description = n == 0 and "系统盘" or "数据盘-" .. n, ""
  disk.status, disk.attachments, disk.createTime = "available", {}, time_text(BASE_TIME - key * 420)
  disk.charge = { chargeMode = "postpaid_by_duration", chargeStatus = "normal", chargeExpiredTime = "" }
  disk.tags = { { key = "team", value = key % 2 == 0 and "支付" or "infra" }, { key = "环境", value = "生产" } }
  return disk
end

--- Gives an image its disks and what follows from them.
---@param disks number of data disks
function M.add_disks(record, shelf, key, disks)
  local is_local = record.rootDeviceType == "localDisk"
  local size = record.osType == "windows" and 60 or 40
  local function disk(n, gigabytes, is_cloud)
    local one = { diskCategory = is_cloud and "cloud" or "local", deviceName = "vd" .. string.char(97 + n) }
    one.autoDelete = n == 0 or key % 2 == 0
    if is_cloud then
      one.cloudDisk = cloud_disk(shelf, key, n, gigabytes)
    else -- the service leaves out the type of a local system disk
      one.localDisk = { diskType = n > 0 and "premium-hdd" or nil, diskSizeGB = gigabytes }
    end
    return one
  end
  record.systemDiskSizeGB, record.systemDisk = size, disk(0, size, not is_local)
  record.snapshotId = is_local and "" or record.systemDisk.cloudDisk.snapshotId
  record.dataDisks = disks > 0 and {} or nil
  for n = 1, disks do
    record.dataDisks[n] = disk(n, 100 * n, not is_local and n ~= 2)
  end
end

--- The whole image.
---@param shelf table `{name, region, seed, count}`; keys above `count` are newer than all others
function M.record(shelf, key)
  local record = M.filtered_fields(shelf, key)
  local age = key * (shelf.is_generated and 300 or 90061)
  record.createTime = time_text(key <= shelf.count and BASE_TIME - age or BASE_TIME + key * 60)
  record.sizeMB = key % 5 == 0 and 0 or 1500 + key * 37 % 9000
  record.desc = is_official(shelf) and "" or M.descriptions[random.pick(shelf.seed, key * 7 + 2, #M.descriptions)]
  record.ownerPin = shelf.viewers.pin
  M.add_disks(record, shelf, key, not is_official(shelf) and key % 3 == 0 and 1 + key % 2 or 0)
  if record.status == "pending" then
    record.progress = ("%d"):format(key * 13 % 100)
  elseif key % 4 ~= 0 then
    record.progress = "100"
  end
  if shelf.name == "thirdparty" then
    record.chargeInfo = { serviceCode = record.serviceCode, formula = { "vm", "image" } }
  end
  if key % 10 == 0 then
    record.imported, record.expiredTime = true, ""
  end
  return record
end

return M
