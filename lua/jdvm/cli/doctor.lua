-- `jdvm doctor`: a report to paste into a question. Versions, where each setting came from, whether the
-- service is reached, how far the clocks are apart, whether the keys are taken. It shows no secret.
local core = require "jdvm.core"
local errors = require "jdvm.failures.failure"
local operations = require "jdvm.service.operations"
local options_of = require "jdvm.options.options"
local profile = require "jdvm.keys.profile"
local retry = require "jdvm.call.retry"
local status = require "jdvm.cli.status"
local text = require "jdvm.util.text"
local transport = require "jdvm.transport"
local messages = require "jdvm.cli.messages"
local language = require "jdvm.cli.language"
local surroundings = require "jdvm.cli.surroundings"

local say = language.say

local doctor = {}

local DEFAULT_ENDPOINT = options_of.defaults("client").endpoint

-- The service's response to a plain request, whatever it is: that there is one, and what time it has.
local function reach(carrier, endpoint, seconds)
  local began = carrier:now()
  local response, failure = carrier:finish(
    carrier:start(
      { method = "GET", url = endpoint, headers = {}, connect_timeout = 5, read_timeout = 10 },
      began + seconds
    )
  )
  local elapsed = carrier:now() - began
  if not response then return nil, failure end
  local date = retry.http_date(response.headers.date)
  return { milliseconds = elapsed * 1000, status = response.status, offset = date and date - os.time() }
end

---Prints the report.
---@param context table see jdvm.cli
---@return integer? exit status
---@return table? detail the failure that decides the exit status instead
function doctor.run(context)
  local given = context.given
  local function line(...) context.write(surroundings.line(...)) end
  line("jdvm", core._VERSION)
  line("OpenSSL", core.openssl_version())
  surroundings.programs(context.write)

  local notes, origins, endpoint, ca_file = {}, {}, DEFAULT_ENDPOINT, nil
  local ok, client = pcall(context.new_client, function(message) notes[#notes + 1] = message:gsub("^jdvm: ", "") end)
  if not ok then
    local message = tostring(client):gsub("^[^%s:]+:%d+: ", "")
    line(say("settings", "设置"), (messages.usage(message, context.operation, given.command):gsub("^jdvm: ", "")))
    return status.usage
  end
  -- The profile in use, whether or not anything is taken from it.
  local name, origin = profile.in_use(given.profile, os.getenv)
  line(say("profile", "配置"), name and text.one_line(name, 60) or say("unknown", "未知"), origin)
  for _, setting in ipairs(client:settings()) do
    local failure = setting.failure
        and select(2, require("jdvm").explain(setting.failure, language.current(), "command"))
      or {}
    local hint = failure.hint and say("; hint: %s", "；建议：%s", failure.hint) or ""
    line(setting.name, (failure.message or setting.value) .. hint, setting.origin)
    if setting.name == "endpoint" and setting.origin then endpoint = setting.value end
    if setting.name == "ca_file" and setting.origin then ca_file = setting.value end
    origins[setting.name] = setting.origin
  end
  notes[#notes + 1] = context.mode_warning()
  for _, note in ipairs(notes) do
    line(say("note", "注意"), messages.localized(note))
  end
  local proxy = surroundings.proxy(context.write, endpoint)

  local carrier, failure = transport.choose { transport = "curl", ca_file = ca_file, environment_proxy = proxy }
  if not carrier then
    local _, detail = errors.new(failure)
    line("libcurl", (messages.failure(detail):gsub("^jdvm: ", "")))
    return nil, detail
  end
  local version, blocks, file, folder = carrier:version()
  line("libcurl", version)
  line(
    say("name lookup", "域名解析"),
    blocks
        and say(
          "blocks event loops: libcurl has no resolver of its own",
          "会阻塞事件循环：libcurl 没有异步解析器"
        )
      or say("does not block", "不阻塞")
  )
  line(
    say("trust store", "受信任证书"),
    ca_file or file or folder or say("that of the TLS library", "TLS 库自带"),
    ca_file and origins.ca_file or say("default of libcurl", "libcurl 默认")
  )
  local response
  response, failure = reach(carrier, endpoint, given.timeout or 10)
  if not response then
    local _, detail = errors.new(failure)
    line(say("reached", "连通"), say("no: ", "否：") .. messages.failure(detail):gsub("^jdvm: ", ""))
    return nil, detail
  end
  line(
    say("reached", "连通"),
    say("yes, HTTP %d after %.0f ms", "是，HTTP %d，%.0f 毫秒", response.status, response.milliseconds)
  )
  line(
    say("clock", "时钟"),
    response.offset and say("%+d s against the service's", "与服务端相差 %+d 秒", response.offset)
      or say("the service sends no date", "服务端未返回时间")
  )

  local result, _, detail = client:describe_images(
    { imageSource = "public", pageSize = operations.describeImages.page.min },
    { timeout = context.time_left() }
  )
  line(say("keys", "密钥"), result and say("accepted", "有效") or messages.failure(detail))
  return status.fine, not result and detail or nil
end

return doctor
