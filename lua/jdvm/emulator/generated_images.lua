-- Images made on demand from a number: the same number gives the same image, so a catalogue of any size
-- costs no memory, and what matters to filters comes without building the whole image.

local random = require "jdvm.emulator.random"

local M = {}

--- Reads a table written as text: a row a line, its cells between bars, "-" for none.
function M.rows(text)
  local rows = {}
  for line in text:gmatch("[^\n]+") do
    local cells = {}
    for cell in (line .. " | "):gmatch("(.-) | ") do
      cells[#cells + 1] = cell
    end
    rows[#rows + 1] = cells
  end
  return rows
end

--- The fields of an image that follow from a row of such a table.
---@param row string[] name, platform, osVersion, architecture?, boot mode?
function M.from_row(row)
  return {
    name = row[1],
    platform = row[2],
    osVersion = row[3],
    osType = row[2]:find("Windows", 1, true) and "windows" or "linux",
    architecture = row[4],
    bootMode = row[5] ~= "-" and row[5] or nil,
  }
end

-- name, platform, osVersion, architecture, boot mode
local SYSTEMS = M.rows [[
CentOS 7.6 64位 | CentOS | 7.6 | x86_64 | bios
CentOS 8.2 64位 | CentOS | 8.2 | x86_64 | bios
Ubuntu 18.04 64位 | Ubuntu | 18.04 | x86_64 | bios
Ubuntu 20.04 64位 | Ubuntu | 20.04 | x86_64 | bios
Ubuntu 22.04 64位 UEFI版 | Ubuntu | 22.04 | x86_64 | uefi
Ubuntu 22.04 64位 ARM版 | Ubuntu | 22.04 | arm64 | uefi
Windows Server 2016 数据中心版 64位 中文版 | Windows Server | 2016 | x86_64 | bios
Windows Server 2019 数据中心版 64位 中文版 | Windows Server | 2019 | x86_64 | bios
Windows Server 2022 数据中心版 64位 英文版 | Windows Server | 2022 | x86_64 | uefi
Debian 11.4 64位 | Other Linux | 11.4 | x86_64 | bios
openEuler 22.03 LTS 64位 ARM版 | Other Linux | 22.03 | arm64 | uefi
Windows 10 专业版 64位 | Other Windows | 10 | x86_64 | uefi
]]

M.names = {
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
local TEAMS = { "infra", "支付", "搜索", "growth" }
local DISK_TYPES = { "ssd.gp1", "ssd.io1", "hdd.std1" }
local BASE_TIME = 1700000000

-- Mostly ready; one in 16 is in each of the other states, by number and not by chance, so that tests can count.
local STATES = { [5] = "pending", [10] = "deleting", [15] = "error" }

local function is_official(shelf) return shelf.name == "public" or shelf.name == "thirdparty" end

--- The fields that filters look at.
---@param shelf table `{name, region, seed}`
function M.filtered_fields(shelf, key)
  local record = M.from_row(SYSTEMS[random.pick(shelf.seed, key * 7, #SYSTEMS)])
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
  local seed = shelf.seed + 10 * n
  local disk = {
    diskType = DISK_TYPES[random.pick(seed + 5, key, 3)],
    diskSizeGB = size,
    iops = 1800 + 30 * size,
    snapshotId = "snapshot-" .. random.text(seed + 2, key, 10),
    encrypt = false,
    encrypted = key % 6 == 0,
  }
  if is_official(shelf) then return disk end
  disk.diskId = "vol-" .. random.text(seed + 3, key, 10)
  disk.az = shelf.region .. "a"
  disk.name, disk.description = n == 0 and "系统盘" or "数据盘-" .. n, ""
  disk.throughput, disk.status, disk.attachments = 80 + size % 200, "available", {}
  disk.multiAttachable, disk.enabled = false, true
  disk.createTime = time_text(BASE_TIME - key * 420)
  disk.charge = {
    chargeMode = "postpaid_by_duration",
    chargeStatus = "normal",
    chargeStartTime = "2023-05-28T16:31:37Z",
    chargeExpiredTime = "",
    chargeRetireTime = "",
  }
  disk.tags =
    { { key = "team", value = TEAMS[random.pick(seed + 4, key, #TEAMS)] }, { key = "环境", value = "生产" } }
  return disk
end

---@param n number 0 for the system disk
---@param category string `cloud` or `local`
---@param size number GB
function M.disk(shelf, key, n, category, size)
  local disk =
    { diskCategory = category, autoDelete = n == 0 or key % 2 == 0, deviceName = "vd" .. string.char(97 + n) }
  if category == "cloud" then
    disk.cloudDisk = cloud_disk(shelf, key, n, size)
  elseif n == 0 then
    disk.localDisk = { diskSizeGB = size } -- the service leaves out the type of a local system disk
  else
    disk.localDisk = { diskType = "premium-hdd", diskSizeGB = size }
  end
  return disk
end

--- The whole image.
---@param shelf table `{name, region, seed, count}`; keys above `count` are newer than all others
function M.record(shelf, key)
  local record = M.filtered_fields(shelf, key)
  local category = record.rootDeviceType == "cloudDisk" and "cloud" or "local"
  local size = record.osType == "windows" and 60 or 40
  record.systemDiskSizeGB = size
  local age = key * (shelf.is_generated and 300 or 90061)
  record.createTime = time_text(key <= shelf.count and BASE_TIME - age or BASE_TIME + key * 60)
  record.sizeMB = key % 5 == 0 and 0 or 1500 + key * 37 % 9000
  record.desc = is_official(shelf) and "" or M.descriptions[random.pick(shelf.seed, key * 7 + 2, #M.descriptions)]
  record.ownerPin = shelf.viewers.pin
  record.systemDisk = M.disk(shelf, key, 0, category, size)
  if not is_official(shelf) and key % 3 == 0 then
    record.dataDisks = {}
    for n = 1, 1 + key % 2 do
      record.dataDisks[n] = M.disk(shelf, key, n, category, 100 * n)
    end
  end
  record.snapshotId = category == "cloud" and record.systemDisk.cloudDisk.snapshotId or ""
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
  record.uefiSupport = record.bootMode == "uefi"
  return record
end

return M
