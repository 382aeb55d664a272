-- `jdvm doctor`: a report to paste into a question. Versions, where each setting came from, whether the
-- service is reached, how far the clocks are apart, whether the keys are taken. It shows no secret.
local core = require "jdvm.core"
local errors = require "jdvm.failures.failure"
local operations = require "jdvm.service.operations"
local options_of = require "jdvm.options.options"
local profile = require "jdvm.keys.profile"
local proxies = require "jdvm.transport.proxy"
local retry = require "jdvm.call.retry"
local shell = require "jdvm.util.shell"
local status = require "jdvm.cli.status"
local text = require "jdvm.util.text"
local transport = require "jdvm.transport"
local messages = require "jdvm.cli.messages"
local urls = require "jdvm.transport.url"

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

-- The proxy of an endpoint, without its password, and what chose it: as a configuration of a transport.
local function print_proxy(line, endpoint)
  local no_proxy = os.getenv "no_proxy" or os.getenv "NO_PROXY"
  local address, variable = proxies.find({}, urls.endpoint(endpoint), os.getenv)
  -- A password may hold anything when somebody forgot to encode it: it ends at the last "@".
  local host = address:match(".*@(.*)$")
  local shown = host and (address:match("^%a[%w+.-]*://") or "") .. "…@" .. host or address
  line("proxy", shown == "" and "none" or text.one_line(shown, 200), variable and "environment variable " .. variable)
  if variable then line("no_proxy", no_proxy and text.one_line(no_proxy, 200) or "none") end
  return { address = address, variable = variable }
end

---Prints the report.
---@param context table see jdvm.cli
---@return integer? exit status
---@return table? detail the failure that decides the exit status instead
function doctor.run(context)
  local given = context.given
  local function line(name, value, origin)
    context.write(("%-14s %s%s\n"):format(name, value, origin and "  (" .. messages.origin(origin) .. ")" or ""))
  end
  line("jdvm", core._VERSION)
  local jit = package.loaded.jit
  line("Lua", _VERSION .. (jit and ", " .. jit.version or ""))
  line("OpenSSL", core.openssl_version())
  line("system", shell.line_of("uname -srm 2>/dev/null") or "unknown")

  local notes, endpoint, ca_file = {}, DEFAULT_ENDPOINT, nil
  local ok, client = pcall(context.new_client, function(message) notes[#notes + 1] = message:gsub("^jdvm: ", "") end)
  if not ok then
    local message = tostring(client):gsub("^[^%s:]+:%d+: ", "")
    line("settings", (messages.usage(message, context.operation, given.command):gsub("^jdvm: ", "")))
    return status.usage
  end
  -- The profile in use, whether or not anything is taken from it.
  local name, origin = profile.in_use(given.profile, os.getenv)
  line("profile", name and text.one_line(name, 60) or "unknown", origin)
  for _, setting in ipairs(client:settings()) do
    local failure = setting.failure and select(2, require("jdvm").explain(setting.failure, nil, "command")) or {}
    line(setting.name, setting.value .. (failure.hint and "; hint: " .. failure.hint or ""), setting.origin)
    if setting.name == "endpoint" and setting.origin then endpoint = setting.value end
    if setting.name == "ca_file" and setting.origin then ca_file = setting.value end
  end
  notes[#notes + 1] = context.mode_warning()
  for _, note in ipairs(notes) do
    line("note", note)
  end
  local proxy = print_proxy(line, endpoint)

  local carrier, failure = transport.choose { transport = "curl", ca_file = ca_file, environment_proxy = proxy }
  if not carrier then return nil, failure end
  local version, blocks = carrier:version()
  line(
    "libcurl",
    version .. (blocks and " (without a resolver of its own: looking up a name blocks event loops)" or "")
  )
  local response
  response, failure = reach(carrier, endpoint, given.timeout or 10)
  if not response then
    local _, detail = errors.new(failure)
    line("reached", "no: " .. messages.failure(detail):gsub("^jdvm: ", ""))
    return nil, detail
  end
  line("reached", ("yes, HTTP %d after %.0f ms"):format(response.status, response.milliseconds))
  line(
    "clock",
    response.offset and ("%+d s against the service's"):format(response.offset) or "the service sends no date"
  )

  local result, _, detail = client:describe_images(
    { imageSource = "public", pageSize = operations.describeImages.page.min },
    { timeout = context.time_left() }
  )
  line("keys", result and "accepted" or messages.failure(detail))
  return status.fine, not result and detail or nil
end

return doctor
