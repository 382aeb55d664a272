-- `jdvm doctor`: a report to paste into a question. Versions, where each setting came from, whether the
-- service is reached, how far the clocks are apart, whether the keys are taken. It shows no secret.
local core = require "jdvm.core"
local errors = require "jdvm.errors"
local operations = require "jdvm.operations"
local parser = require "jdvm.cli.parser"
local profile = require "jdvm.profile"
local retry = require "jdvm.retry"
local settings = require "jdvm.settings"
local transport = require "jdvm.transport"

local doctor = {}

local DEFAULT_ENDPOINT = "https://vm.jdcloud-api.com"

local function first_line(command)
  local pipe = io.popen(command .. " 2>/dev/null", "r")
  local line = pipe and pipe:read("*l")
  if pipe then
    pipe:close()
  end
  return line or "unknown"
end

-- The service's answer to a plain request, whatever it is: that it answers, and when it thinks it is.
local function reach(carrier, endpoint, seconds)
  local began = carrier:now()
  local response, failure = carrier:finish(carrier:start(
    { method = "GET", url = endpoint, headers = {}, connect_timeout = 5, read_timeout = 10 }, began + seconds))
  local elapsed = carrier:now() - began
  if not response then
    return nil, failure
  end
  local date = retry.http_date(response.headers.date)
  return { milliseconds = elapsed * 1000, status = response.status, offset = date and date - os.time() }
end

---Prints the report.
---@param context table see jdvm.cli
---@return integer? exit status
---@return table? detail the failure that decides the exit status instead
function doctor.run(context)
  local given = context.given
  local function line(name, value, origin)
    context.write(("%-14s %s%s\n"):format(name, value, origin and "  (" .. origin .. ")" or ""))
  end
  line("jdvm", core._VERSION)
  local jit = package.loaded.jit
  line("Lua", _VERSION .. (jit and ", " .. jit.version or ""))
  line("OpenSSL", core.openssl_version())
  line("system", first_line("uname -srm"))

  local options = { region = context.regions[1] or nil, profile = given.profile, endpoint = given.endpoint,
    ca_file = given.ca_file }
  local ok, client = pcall(function()
    local made = require("jdvm").new(options)
    return made
  end)
  local resolved = ok and settings.resolve(options, { file_mode = profile.mode })
  if not resolved then
    line("settings", (tostring(client):gsub("^[^%s:]+:%d+: ", "")))
    return parser.status.usage
  end
  for _, entry in ipairs(settings.report(resolved)) do
    line(entry.name, entry.value, entry.origin)
  end
  for _, note in ipairs(resolved.notes) do
    line("note", note)
  end

  local carrier, failure = transport.choose { transport = "curl", ca_file = resolved.ca_file }
  if not carrier then
    return nil, failure
  end
  line("libcurl", carrier:version())
  local answer
  answer, failure = reach(carrier, resolved.endpoint or DEFAULT_ENDPOINT, given.timeout or 10)
  if not answer then
    line("reached", "no: " .. errors.new { kind = failure.kind, message = failure.message }:gsub("^jdvm: ", ""))
    return nil, failure
  end
  line("reached", ("yes, HTTP %d after %.0f ms"):format(answer.status, answer.milliseconds))
  line("clock", answer.offset and ("%+d s against the service's"):format(answer.offset) or "the service sends no date")

  local result, call_message, detail = client:describe_images(
    { imageSource = "public", pageSize = operations.describeImages.page.min }, { timeout = context.time_left() })
  line("keys", result and "accepted" or call_message)
  return parser.status.fine, not result and detail or nil
end

return doctor
