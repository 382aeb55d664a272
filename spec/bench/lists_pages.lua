-- Writes the answers of a long list: lists_pages.lua FOLDER [PAGES], 100 images in each, as the service
-- would send them (nested disks, charges, tags, Chinese names; about 170 KB a page). Deterministic.
local folder, pages = arg[1], tonumber(arg[2] or 100)
local PAGE = 100

-- A small generator of our own, so that every Lua writes the same bytes.
local seed = 20240607
local function random(n)
  seed = (seed * 16807) % 2147483647
  return seed % n + 1
end

local function pick(list) return list[random(#list)] end

local function hex(n)
  local out = {}
  for i = 1, n do
    out[i] = ("%x"):format(random(16) - 1)
  end
  return table.concat(out)
end

local function id(prefix)
  local letters = "abcdefghijklmnopqrstuvwxyz0123456789"
  local out = { prefix }
  for i = 2, 11 do
    local at = random(#letters)
    out[i] = letters:sub(at, at)
  end
  return table.concat(out)
end

local function date()
  return ("20%02d-%02d-%02d %02d:%02d:%02d"):format(
    16 + random(8),
    random(12),
    random(28),
    random(24) - 1,
    random(60) - 1,
    random(60) - 1
  )
end

local function bool() return random(2) == 1 and "true" or "false" end

local systems = {
  { "Ubuntu", { "16.04", "18.04", "20.04", "22.04" }, "linux" },
  { "CentOS", { "6.9", "7.4", "7.6", "8.2" }, "linux" },
  { "Windows Server", { "2012 R2", "2016", "2019" }, "windows" },
  { "Debian", { "9.13", "10.9", "11.3" }, "linux" },
}

local function cloud_disk()
  local tags = {}
  for i = 1, random(3) - 1 do
    tags[i] = ('{"key":"%s","value":"%s"}'):format(
      pick { "env", "team", "部门" },
      pick { "prod", "测试", "web-01" }
    )
  end
  return (
    '{"diskId":"%s","name":"vol-%s","diskType":"%s","diskSizeGB":%d,"iops":%d,"status":"in-use",'
    .. '"snapshotId":"%s","encrypted":%s,"createTime":"%s","tags":[%s]}'
  ):format(
    id "vol-",
    hex(6),
    pick { "ssd.gp1", "ssd.io1", "hdd.std1" },
    20 * random(50),
    100 * random(200),
    id "snapshot-",
    bool(),
    date(),
    table.concat(tags, ",")
  )
end

local function disk(index)
  local device = ("abcdefg"):sub(index, index)
  if random(8) == 1 then
    return (
      '{"diskCategory":"local","autoDelete":true,"localDisk":{"diskType":"ssd","diskSizeGB":%d},'
      .. '"deviceName":"vd%s"}'
    ):format(20 * random(50), device)
  end
  return ('{"diskCategory":"cloud","autoDelete":%s,"cloudDisk":%s,"deviceName":"vd%s","status":"attached"}'):format(
    bool(),
    cloud_disk(),
    device
  )
end

local function image()
  local system = pick(systems)
  local version = pick(system[2])
  local disks = {}
  for i = 1, random(5) - 1 do
    disks[i] = disk(i + 1)
  end
  return (
    '{"imageId":"%s","name":"%s %s 64位 %s","platform":"%s","osVersion":"%s","architecture":"x86_64",'
    .. '"systemDiskSizeGB":%d,"imageSource":"private","osType":"%s","status":"ready","createTime":"%s","sizeMB":%d,'
    .. '"desc":"%s","ownerPin":"jcloud_%s","launchPermission":"ownerOnly","systemDisk":%s,"dataDisks":[%s],'
    .. '"snapshotId":"%s","rootDeviceType":"cloudDisk","progress":"100","offline":false,"serviceCode":"","imported":%s,'
    .. '"expiredTime":"","instanceId":"%s","bootMode":"%s","uefiSupport":%s}'
  ):format(
    id "img-",
    system[1],
    version,
    pick { "基础版", "应用镜像", "prod", "备份" },
    system[1],
    version,
    20 * random(10),
    system[3],
    date(),
    random(20000),
    pick { "由云主机制作的镜像", 'nightly build\\nsee \\"notes\\"', "", "网站模板，含 nginx 与 php" },
    hex(6),
    disk(1),
    table.concat(disks, ","),
    id "snapshot-",
    bool(),
    id "i-",
    pick { "bios", "uefi" },
    bool()
  )
end

for page = 1, pages do
  local images = {}
  for i = 1, PAGE do
    images[i] = image()
  end
  local file = assert(io.open(("%s/%d.json"):format(folder, page), "wb"))
  file:write(
    '{"requestId":"',
    hex(16),
    '","result":{"images":[',
    table.concat(images, ","),
    '],"totalCount":',
    ("%d"):format(pages * PAGE),
    "}}"
  )
  file:close()
end

-- What is behind the last page.
local file = assert(io.open(folder .. "/empty.json", "wb"))
file:write(('{"requestId":"0","result":{"images":[],"totalCount":%d}}'):format(pages * PAGE))
file:close()
