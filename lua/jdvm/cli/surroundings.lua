-- What `jdvm doctor` says of the machine: the system, nginx, the proxy. Needs neither module in C, so that it also
-- serves where these cannot be loaded.
local find_nginx = require "jdvm.emulator.find_nginx"
local language = require "jdvm.cli.language"
local messages = require "jdvm.cli.messages"
local options = require "jdvm.options.options"
local proxies = require "jdvm.transport.proxy"
local shell = require "jdvm.util.shell"
local terminal = require "jdvm.cli.terminal"
local text = require "jdvm.util.text"
local urls = require "jdvm.transport.url"

local say = language.say

local surroundings = {}

local LABELS = 15

---A line of the report, wrapped on a screen.
---@param name string
---@param value string
---@param origin string? where the value comes from
---@return string
function surroundings.line(name, value, origin)
  local shown = origin and say("  (%s)", "（%s）", messages.localized(messages.origin(origin))) or ""
  local whole, width = value .. shown, terminal.is_screen() and terminal.columns() - LABELS or 0
  if width >= LABELS then whole = terminal.wrap(whole, width):gsub("\n", "\n" .. (" "):rep(LABELS)) end
  return name .. terminal.padding(name, LABELS - 1) .. " " .. whole .. "\n"
end

---What runs this: Lua and the system.
---@param write fun(line: string)
function surroundings.programs(write)
  local jit = package.loaded.jit
  write(surroundings.line("Lua", _VERSION .. (jit and ", " .. jit.version or "")))
  write(surroundings.line(say("system", "系统"), shell.line_of("uname -srm 2>/dev/null") or "?"))
  local nginx, message = find_nginx()
  write(surroundings.line("nginx", nginx or say("none", "无") .. "; " .. messages.localized(message)))
end

---Which proxy leads to an endpoint, and why.
---@param write fun(line: string)
---@param address string of the service
---@return { address: string, variable: string? } proxy as a configuration of a transport
function surroundings.proxy(write, address)
  local endpoint = urls.endpoint(address)
  local proxy, variable = proxies.find({}, endpoint, os.getenv)
  -- A password may hold anything when somebody forgot to encode it: it ends at the last "@".
  local host = proxy:match(".*@(.*)$")
  local shown = host and (proxy:match("^%a[%w+.-]*://") or "") .. "…@" .. host or proxy
  if shown == "" then
    local no_proxy = os.getenv "no_proxy" or os.getenv "NO_PROXY" or ""
    shown = variable
        and say(
          "none: %s is set, but no_proxy (%s) exempts %s",
          "无：已设置 %s，但 no_proxy（%s）排除了 %s",
          variable,
          text.one_line(no_proxy, 200),
          endpoint.name
        )
      or say("none: no variable names one", "无：没有变量指定代理")
    write(surroundings.line(say("proxy", "代理"), shown))
  else
    write(surroundings.line(say("proxy", "代理"), text.one_line(shown, 200), "environment variable " .. variable))
  end
  return { address = proxy, variable = variable }
end

---The report where the core cannot be loaded, on standard output.
---@param reason string
function surroundings.without_core(reason)
  local function write(line) io.stdout:write(line) end
  local configuration = os.getenv "OPENSSL_CONF" or say("not set", "未设置")
  write(surroundings.line("jdvm.core", say("cannot be loaded: ", "无法加载：") .. reason))
  write(surroundings.line("OPENSSL_CONF", configuration))
  write(surroundings.line("package.cpath", package.cpath))
  surroundings.programs(write)
  local endpoint = os.getenv(options.find("client", "endpoint").env)
  if not endpoint or not urls.endpoint(endpoint) then endpoint = options.defaults("client").endpoint end
  surroundings.proxy(write, endpoint)
end

return surroundings
