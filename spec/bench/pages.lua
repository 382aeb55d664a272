-- The documents that decoding is measured on: pages of images as the service answers them, made from
-- a seed, so that every run and every Lua reads the same bytes.
local core = require "jdvm.core"
local json = require "jdvm.util.json"
local new_random = require("spec.support.random").new

local pages = {}

local function letters(random, count, alphabet)
  local out = {}
  for index = 1, count do
    local at = random(1, #alphabet)
    out[index] = alphabet:sub(at, at)
  end
  return table.concat(out)
end

local LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"

local function two_digits(low, high)
  return function(random) return ("%02d"):format(random(low, high)) end
end

-- A grammar: $name in a text becomes one of the texts of that name, at random, in which the same is done; or what a
-- function gives.
local GRAMMAR = {
  image = {
    '{"imageId":"img-$id","name":"$name","platform":"$platform","osVersion":"$digit.$digit","architecture":"x86_64",'
      .. '"systemDiskSizeGB":40,"imageSource":"private","osType":"$system","status":"ready","createTime":"$day $time",'
      .. '"sizeMB":$digit$digit00,"desc":"$description","ownerPin":"jdcloud-$digit","launchPermission":"ownerOnly",'
      .. '"systemDisk":$vda,"dataDisks":[$disks],"snapshotId":"snapshot-$id","rootDeviceType":"cloudDisk",'
      .. '"progress":"100","offline":false,"imported":$boolean,"bootMode":"$boot"$instance}',
  },
  name = {
    "CentOS 8.2 64位",
    "CentOS 7.6 64位",
    "Ubuntu 22.04 64位 中文版",
    "Windows Server 2016 数据中心版 64位 中文版",
    "openEuler 22.03 64位",
  },
  platform = { "CentOS", "Ubuntu", "Windows Server", "Debian", "openEuler" },
  system = { "windows", "linux", "linux", "linux" },
  boot = { "uefi", "bios", "bios" },
  instance = { "", "", ',"instanceId":"i-$id"' },
  description = {
    "",
    "官方镜像，已安装安全更新和监控插件",
    "自定义镜像：电商促销活动专用，请勿删除",
    "nightly build for the test cluster",
  },
  long = {
    '本镜像由云平台官方提供，预装了常用的运维工具、安全加固组件以及监控代理。\\n\\"$id\\"\\t\\u2014 https:\\/\\/jdcloud.com',
    '使用前请先修改默认密码，并根据业务需要调整防火墙规则；如有疑问请提交工单。\\n\\"$id\\"\\t\\u2014 https:\\/\\/jdcloud.com',
  },
  disks = { "", "$vdb", "$vdb", "$vdb,$vdc" },
  vda = { '$disk,"deviceName":"vda","status":"attached"}' },
  vdb = { '$disk,"deviceName":"vdb","status":"attached"}' },
  vdc = { '$disk,"deviceName":"vdc","status":"attached"}' },
  disk = {
    '{"diskCategory":"cloud","autoDelete":$boolean,"cloudDisk":$cloud',
    '{"diskCategory":"cloud","autoDelete":$boolean,"cloudDisk":$cloud',
    '{"diskCategory":"cloud","autoDelete":$boolean,"cloudDisk":$cloud',
    '{"diskCategory":"local","autoDelete":$boolean,"localDisk":{"diskType":"ssd","diskSizeGB":$digit0}',
  },
  cloud = {
    '{"diskId":"vol-$id","az":"cn-north-1a","name":"disk-$digit$digit","description":"","diskType":"$disktype",'
      .. '"diskSizeGB":$digit0,"iops":1$digit00,"status":"in-use"$attachments,"multiAttachable":false,'
      .. '"encrypted":$boolean,"enabled":true,"createTime":"$day $time","charge":{"chargeMode":"postpaid_by_duration",'
      .. '"chargeStatus":"normal","chargeStartTime":"$dayT$timeZ","chargeExpiredTime":"","chargeRetireTime":""},'
      .. '"tags":[$tags]$policies}',
  },
  disktype = { "ssd.gp1", "ssd.io1", "hdd.std1" },
  attachments = {
    "",
    "",
    ',"attachments":[{"attachmentId":"attach-$id","diskId":"vol-$id","instanceType":"vm","instanceId":"i-$id",'
      .. '"status":"attached","attachTime":"$day $time"}]',
  },
  policies = {
    "",
    "",
    "",
    ',"snapshotPolicies":[{"id":"policy-$id","name":"每日快照","interval":86400,"status":1,"diskCount":$digit}]',
  },
  tags = { "", "$tag", "$tag", "$tag,$tag", "$tag,$tag,$tag" },
  tag = { '{"key":"$tagname","value":"$tagvalue"}' },
  tagname = { "环境", "project", "负责人", "cost-center", "部门" },
  tagvalue = { "生产", "测试", "jdvm", "张伟", "李娜", "R-1024", "研发一部" },
  boolean = { "true", "false" },
  day = { "2019-$month-$date", "2021-$month-$date", "2023-$month-$date" },
  time = { "$hour:$minute:$minute" },
  month = two_digits(1, 12),
  date = two_digits(1, 28),
  hour = two_digits(0, 23),
  minute = two_digits(0, 59),
  digit = function(random) return tostring(random(1, 9)) end,
  id = function(random) return letters(random, 10, LOWER) end,
}

local function expand(random, text)
  return (
    text:gsub("%$(%l+)", function(name)
      local rule = GRAMMAR[name]
      return type(rule) == "function" and rule(random) or expand(random, rule[random(1, #rule)])
    end)
  )
end

local function response(random, result)
  return '{"requestId":"' .. letters(random, 32, "0123456789abcdef") .. '","result":' .. expand(random, result) .. "}"
end

local function page(random, total, image)
  local images = ("," .. (image or "$image")):rep(100):sub(2)
  return response(random, ('{"images":[%s],"totalCount":%d}'):format(images, total))
end

-- The same value with the keys of every object in random order and one field in six missing.
local function shuffled(random, value)
  if type(value) ~= "table" then return json(value) end
  local parts, keys = {}, {}
  for index, item in ipairs(value) do
    parts[index] = shuffled(random, item)
  end
  if parts[1] or next(value) == nil then return "[" .. table.concat(parts, ",") .. "]" end
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local is_needed = key == "imageId" or type(value[key]) == "table"
    if is_needed or random(1, 6) > 1 then
      table.insert(parts, random(1, #parts + 1), json(key) .. ":" .. shuffled(random, value[key]))
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function chinese(seed)
  local long = ("$long"):rep(8)
  return page(new_random(seed), 10000, (GRAMMAR.image[1]:gsub("%$description", function() return long end)))
end

-- Each maker takes a seed and returns the text of a document.
pages.makers = {
  -- A page of 100 images.
  page = function(seed) return page(new_random(seed), 10000) end,
  shuffled = function(seed)
    local random = new_random(seed)
    return shuffled(random, core.decode(page(random, 10000)))
  end,
  -- The answer of describeImage.
  image = function(seed) return response(new_random(seed), '{"image":$image}') end,
  -- A page of 100 images with long Chinese descriptions full of escapes.
  chinese = chinese,
  -- A page of 100 images from an encoder that writes ASCII alone.
  escaped = function(seed)
    return (
      chinese(seed):gsub("[\224-\239][\128-\191][\128-\191]", function(character)
        local a, b, c = character:byte(1, 3)
        return ("\\u%04x"):format((a % 16) * 4096 + (b % 64) * 64 + c % 64)
      end)
    )
  end,
  -- One object with 10,000 keys that come only once.
  adversarial = function(seed)
    local random, fields = new_random(seed), {}
    for index = 1, 10000 do
      fields[index] = ('"%s%d":"%s"'):format(letters(random, random(7, 12), LOWER), index, letters(random, 4, LOWER))
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
    write(number, page(new_random(number), count * 100))
  end
  write("empty", ('{"requestId":"0","result":{"images":[],"totalCount":%d}}'):format(count * 100))
end

pages.names = { "page", "shuffled", "image", "chinese", "escaped", "adversarial" }

return pages
