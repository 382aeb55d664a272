-- Examples of the reference. Each runs as it stands, with the settings of the environment: the emulator's in the tests
-- (spec/reference_spec.lua).

local examples = {}

-- By method of a client, as the reference calls it.
examples.methods = {
  ["client:describe_images"] = [[
local client = require("jdvm").new()
local page, message = client:describe_images { imageSource = "public", platform = "CentOS", pageSize = 10 }
if not page then error(message) end
print(#page.images, page.totalCount)
]],
  ["client:images"] = [[
local client = require("jdvm").new()
for image in client:images { imageSource = "private", status = "ready" } do
  print(image.imageId, image.name)
end
]],
  ["client:image_pages"] = [[
local client = require("jdvm").new()
local pages = client:image_pages({ imageSource = "public" }, { page_size = 10 })
for page in pages do
  print(#page.images)
end
print(pages:stats().rows)
]],
  ["client:list_images"] = [[
local client = require("jdvm").new()
local images, meta = client:list_images { imageSource = "public", platform = { "CentOS", "Ubuntu" } }
print(images and #images or meta)
]],
  ["client:count_images"] = [[
local client = require("jdvm").new()
print((client:count_images { imageSource = "private" }))
]],
  ["client:describe_image"] = [[
local client = require("jdvm").new()
local image, message, detail = client:describe_image "img-9ha1rgelkq"
if image then
  print(image.name, image.status)
elseif detail.cause == "not_found" then
  print "no such image"
else
  error(message)
end
]],
  ["client:start"] = [[
local client = require("jdvm").new()
local first = client:start("describe_image", { imageId = "img-9ha1rgelkq" })
local second = client:start("describe_images", { imageSource = "public" })
local image, page = first:finish(), second:finish() -- both were under way at once
print(image.name, page.totalCount)
]],
  ["client:latest_image"] = [[
local client = require("jdvm").new()
local image = client:latest_image { imageSource = "public", platform = "Ubuntu" }
print(image.imageId, image.createTime)
]],
  ["client:wait_image"] = [[
local client = require("jdvm").new()
local image, message = client:wait_image("img-9ha1rgelkq", { timeout = 60 })
print(image and image.status or message)
]],
  ["client:settings"] = [[
local client = require("jdvm").new()
for _, setting in ipairs(client:settings()) do
  print(setting.name, setting.value, setting.origin)
end
]],
  ["client:close"] = [[
local client = require("jdvm").new()
client:count_images { imageSource = "public" }
client:close()
]],
}

examples.testing = {
  en = {
    title = "Testing your code",
    "`jdvm emulator` stands in for the service: it verifies signatures, pages and filters, and returns errors in the "
      .. "service's words. Run the tests under it; they get the address and the keys as environment variables, so the "
      .. "code under test needs no change. The emulator ends with the tests, and with their exit status:",
    "```sh\njdvm emulator -- lua test.lua\n```",
    "The built-in images are the same in every version, so tests can name them. This is a whole `test.lua`:",
    "A fault is set by `--fault` or while the tests run, as here. [The emulator's page](emulator.md) lists all faults, "
      .. "settings and control paths. Useful ones: `error:code=503`, `throttle:retry_after=1`, `hang`, `cut`, "
      .. "`drift:insert=1,page=2` (an image appears between two pages) and `life` (the status of an image changes).",
    "Where no process can be started, a function in place of the network returns recorded responses:",
  },
  zh = {
    title = "测试您的代码",
    "`jdvm emulator` 可代替真实服务：校验签名、分页、过滤，并以服务端的原文返回错误。请在它之下运行测试：地址与密钥以环境变量传入，"
      .. "被测代码无需改动。测试结束时模拟器随之结束，并返回测试的退出状态：",
    "```sh\njdvm emulator -- lua test.lua\n```",
    "内置镜像在各版本中保持不变，测试中可以直接使用其 ID。以下是一个完整的 `test.lua`：",
    "故障可用 `--fault` 指定，也可像上例那样在测试运行期间设置。全部故障、设置与控制路径见[模拟器文档](emulator.zh.md)。常用的有："
      .. "`error:code=503`、`throttle:retry_after=1`、`hang`、`cut`、`drift:insert=1,page=2`（翻页期间出现新镜像）"
      .. "以及 `life`（镜像状态变化）。",
    "无法启动其他进程时，可用函数代替网络，返回预先记录的响应：",
  },
}

-- The code of that chapter: what stands before the faults, and behind.
examples.test = [[
local jdvm = require "jdvm"

-- The code under test.
local function ready_names(client)
  local names = {}
  for image in client:images { imageSource = "private", status = "ready" } do
    names[#names + 1] = image.name
  end
  return names
end

-- Asks the emulator, such as control "faults?spec=throttle:count=2".
local function control(path)
  local url = os.getenv "JDCLOUD_ENDPOINT" .. "/_emulator/" .. path
  local pipe = io.popen("curl -sSf --noproxy '*' '" .. url .. "'")
  local body = pipe:read "*a"
  pipe:close()
  return body
end

local client = jdvm.new()
assert(#ready_names(client) > 0)

control "faults?spec=throttle:count=2" -- two attempts are throttled; the client tries again
assert(#ready_names(client) > 0)

control "faults?spec=error:code=503" -- the service is down
local ok, message = pcall(ready_names, client)
assert(not ok and message:find "503")

control "reset"
print "all passed"
]]

examples.recorded = [[
local client = require("jdvm").new {
  region = "cn-north-1", access_key = "any", secret_key = "any",
  transport = function(request)
    assert(request.url:find("imageSource=private", 1, true))
    local body = '{"requestId":"r1","result":{"images":[{"imageId":"img-1","name":"web"}],"totalCount":1}}'
    return { status = 200, headers = {}, body = body }
  end,
}
print(client:list_images({ imageSource = "private" })[1].name)
]]

return examples
