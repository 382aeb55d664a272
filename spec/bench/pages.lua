-- The documents that decoding is measured on: pages of images as the service answers them, made from
-- a seed, so that every run and every Lua reads the same bytes.
local pages = {}

-- A generator of numbers of its own (Lehmer's): math.random differs between Luas.
local function generator(seed)
  local state = seed % 2147483646 + 1
  return function(limit)
    state = state * 16807 % 2147483647
    return state % limit + 1
  end
end

local function letters(random, count, alphabet)
  local out = {}
  for index = 1, count do
    local at = random(#alphabet)
    out[index] = alphabet:sub(at, at)
  end
  return table.concat(out)
end

local NAMES = {
  "CentOS 8.2 64位",
  "CentOS 7.6 64位",
  "Ubuntu 20.04 64位",
  "Ubuntu 22.04 64位 中文版",
  "Debian 12 64位",
  "Windows Server 2016 数据中心版 64位 中文版",
  "Windows Server 2019 标准版 64位",
  "openEuler 22.03 64位",
}
local DESCRIPTIONS = {
  "",
  "官方镜像，已安装安全更新和监控插件",
  "自定义镜像：电商促销活动专用，请勿删除",
  "nightly build for the test cluster",
  "数据库服务器基础镜像 (MySQL 8.0)",
}
local LONG = {
  "本镜像由云平台官方提供，预装了常用的运维工具、安全加固组件以及监控代理，适用于大多数生产环境。",
  "使用前请先修改默认密码，并根据业务需要调整防火墙规则；如有疑问请提交工单联系技术支持团队。",
  "更新记录：修复了内核漏洞，升级了 OpenSSL 与 glibc，优化了网络协议栈的默认参数配置。",
}
local PLATFORMS = { "CentOS", "Ubuntu", "Windows Server", "Debian", "openEuler" }
local DISK_TYPES = { "ssd.gp1", "ssd.io1", "hdd.std1" }
local TAGS = { "环境", "project", "负责人", "cost-center", "部门" }
local TAG_VALUES = { "生产", "测试", "jdvm", "张伟", "李娜", "R-1024", "研发一部" }

-- An object is written from { {key, text}… }; `style` may change the order and leave fields out.
local function object(style, fields)
  local list = {}
  for _, field in ipairs(fields) do
    if field[2] and not (style.shuffle and field[1] ~= "imageId" and style.random(6) == 1) then
      list[#list + 1] = '"' .. field[1] .. '":' .. field[2]
    end
  end
  if style.shuffle then
    for index = #list, 2, -1 do
      local other = style.random(index)
      list[index], list[other] = list[other], list[index]
    end
  end
  return "{" .. table.concat(list, ",") .. "}"
end

local function array(list) return "[" .. table.concat(list, ",") .. "]" end

local function text(value) return '"' .. value .. '"' end

-- A moment, as the service writes it in most places and in a charge.
local function moment(random)
  local day = ("%04d-%02d-%02d"):format(2019 + random(5), random(12), random(28))
  local time = ("%02d:%02d:%02d"):format(random(24) - 1, random(60) - 1, random(60) - 1)
  return text(day .. " " .. time), text(day .. "T" .. time .. "Z")
end

local function boolean(random) return random(2) == 1 and "true" or "false" end

local LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"

local function cloud_disk(style, size)
  local random = style.random
  local id, instance = text("vol-" .. letters(random, 10, LOWER)), text("i-" .. letters(random, 10, LOWER))
  local created, charged = moment(random)
  local tags, policies, attachments = {}, nil, nil
  for index = 1, random(3) - random(2) + 1 do
    tags[index] =
      object(style, { { "key", text(TAGS[random(#TAGS)]) }, { "value", text(TAG_VALUES[random(#TAG_VALUES)]) } })
  end
  if random(8) == 1 then
    policies = {}
    policies[1] = object(style, {
      { "id", text("policy-" .. letters(random, 8, LOWER)) },
      { "name", text("每日快照") },
      { "interval", "86400" },
      { "status", "1" },
      { "diskCount", tostring(random(20)) },
    })
  end
  if random(4) == 1 then
    attachments = array {
      object(style, {
        { "attachmentId", text("attach-" .. letters(random, 8, LOWER)) },
        { "diskId", id },
        { "instanceType", text("vm") },
        { "instanceId", instance },
        { "status", text("attached") },
        { "attachTime", created },
      }),
    }
  end
  return object(style, {
    { "diskId", id },
    { "az", text("cn-north-1" .. letters(random, 1, "abc")) },
    { "name", text("disk-" .. random(40)) },
    { "description", text("") },
    { "diskType", text(DISK_TYPES[random(#DISK_TYPES)]) },
    { "diskSizeGB", tostring(size) },
    { "iops", tostring(1000 + 10 * size) },
    { "status", text("in-use") },
    { "attachments", attachments },
    { "multiAttachable", "false" },
    { "encrypted", boolean(random) },
    { "enabled", "true" },
    { "createTime", created },
    {
      "charge",
      object(style, {
        { "chargeMode", text("postpaid_by_duration") },
        { "chargeStatus", text("normal") },
        { "chargeStartTime", charged },
        { "chargeExpiredTime", text("") },
        { "chargeRetireTime", text("") },
      }),
    },
    { "tags", array(tags) },
    { "snapshotPolicies", policies and array(policies) },
  })
end

local function attachment(style, category, device)
  local random = style.random
  local size = 20 * random(25)
  local disk = category == "cloud" and { "cloudDisk", cloud_disk(style, size) }
    or { "localDisk", object(style, { { "diskType", text("ssd") }, { "diskSizeGB", tostring(size) } }) }
  return object(style, {
    { "diskCategory", text(category) },
    { "autoDelete", boolean(random) },
    disk,
    { "deviceName", text(device) },
    { "status", text("attached") },
  })
end

local function image(style)
  local random = style.random
  local cloud = random(10) > 1
  local disks = {}
  for index = 1, random(2) - (random(2) == 1 and 1 or 0) do
    disks[index] = attachment(style, cloud and "cloud" or "local", "vd" .. ("bcd"):sub(index, index))
  end
  local description = DESCRIPTIONS[random(#DESCRIPTIONS)]
  if style.long then
    local parts = {}
    for index = 1, 8 do
      parts[index] = LONG[random(#LONG)]
        .. '\\n\\"'
        .. letters(random, 6, LOWER)
        .. '\\"\\t\\u2014 https:\\/\\/jdcloud.com'
    end
    description = table.concat(parts)
  end
  return object(style, {
    { "imageId", text("img-" .. letters(random, 10, LOWER)) },
    { "name", text(NAMES[random(#NAMES)]) },
    { "platform", text(PLATFORMS[random(#PLATFORMS)]) },
    { "osVersion", text(random(9) .. "." .. random(9)) },
    { "architecture", text("x86_64") },
    { "systemDiskSizeGB", "40" },
    { "imageSource", text("private") },
    { "osType", text(random(4) == 1 and "windows" or "linux") },
    { "status", text("ready") },
    { "createTime", (moment(random)) },
    { "sizeMB", tostring(100 * random(90)) },
    { "desc", text(description) },
    { "ownerPin", text("jdcloud-" .. random(20)) },
    { "launchPermission", text("ownerOnly") },
    { "systemDisk", attachment(style, cloud and "cloud" or "local", "vda") },
    { "dataDisks", array(disks) },
    { "snapshotId", text("snapshot-" .. letters(random, 10, LOWER)) },
    { "rootDeviceType", text(cloud and "cloudDisk" or "localDisk") },
    { "progress", text("100") },
    { "offline", "false" },
    { "imported", boolean(random) },
    { "bootMode", text(random(3) == 1 and "uefi" or "bios") },
    { "instanceId", random(3) == 1 and text("i-" .. letters(random, 10, LOWER)) or nil },
  })
end

local function request_id(random) return '{"requestId":"' .. letters(random, 32, "0123456789abcdef") .. '","result":' end

local function page(style, total)
  local images = {}
  for index = 1, 100 do
    images[index] = image(style)
  end
  return request_id(style.random) .. '{"images":' .. array(images) .. ',"totalCount":' .. (total or 10000) .. "}}"
end

-- Each maker takes a seed and returns the text of a document.
pages.makers = {
  -- A page of 100 images.
  page = function(seed) return page { random = generator(seed) } end,
  -- The same with the keys of every object in random order and one field in six missing.
  shuffled = function(seed) return page { random = generator(seed), shuffle = true } end,
  -- The answer of describeImage.
  image = function(seed)
    local style = { random = generator(seed) }
    return request_id(style.random) .. '{"image":' .. image(style) .. "}}"
  end,
  -- A page of 100 images with long Chinese descriptions full of escapes.
  chinese = function(seed) return page { random = generator(seed), long = true } end,
  -- A page of 100 images from an encoder that writes ASCII alone.
  escaped = function(seed)
    local document = page { random = generator(seed), long = true }
    return (
      document:gsub("[\224-\239][\128-\191][\128-\191]", function(character)
        local a, b, c = character:byte(1, 3)
        return ("\\u%04x"):format((a % 16) * 4096 + (b % 64) * 64 + c % 64)
      end)
    )
  end,
  -- One object with 10,000 keys that come only once.
  adversarial = function(seed)
    local random = generator(seed)
    local fields = {}
    for index = 1, 10000 do
      fields[index] = '"' .. letters(random, 6 + random(6), LOWER) .. index .. '":"' .. letters(random, 4, LOWER) .. '"'
    end
    return "{" .. table.concat(fields, ",") .. "}"
  end,
}

--- Writes the responses of a list of so many pages into a folder: N.json, and empty.json for what is behind the last.
function pages.write(folder, count)
  local function write(name, content)
    local file = assert(io.open(("%s/%s.json"):format(folder, name), "wb"))
    file:write(content)
    file:close()
  end
  for number = 1, count do
    write(number, page({ random = generator(number) }, count * 100))
  end
  write("empty", ('{"requestId":"0","result":{"images":[],"totalCount":%d}}'):format(count * 100))
end

pages.names = { "page", "shuffled", "image", "chinese", "escaped", "adversarial" }

return pages
