-- The command: a table of subcommands.

local M = {}

local commands = {}

local USAGE = "usage: jdvm emulator [--port N] [--tls] [--http2] [--certificate KIND] [--images N] [--workers N] "
  .. "[--seed N] [--fault SPEC]... [--set NAME=VALUE]..."

local NUMBERS = { ["--port"] = "port", ["--images"] = "images", ["--workers"] = "workers", ["--seed"] = "seed" }

local function fail(message)
  io.stderr:write("jdvm: ", message, "\n")
  return 2
end

---`jdvm emulator`: serves until stopped.
---@param arguments string[]
---@return number exit status
function commands.emulator(arguments)
  local options, i = { settings = {}, faults = {} }, 1
  while i <= #arguments do
    local name, value = arguments[i], arguments[i + 1]
    if name == "--tls" or name == "--http2" then
      options[name:sub(3)] = true
      i = i - 1
    elseif NUMBERS[name] then
      options[NUMBERS[name]] = tonumber(value)
      if not tonumber(value) then return fail(name .. " needs a number") end
    elseif name == "--certificate" then
      options.certificate = value
    elseif name == "--fault" then
      options.faults[#options.faults + 1] = value
    elseif name == "--set" then
      local setting, text = (value or ""):match("^([^=]+)=(.*)$")
      if not setting then return fail("--set needs NAME=VALUE") end
      options.settings[setting] = text
    else
      return fail("unknown option '" .. name .. "'\n" .. USAGE)
    end
    i = i + 2
  end
  local status, message = require("jdvm.emulator.launcher").run(options)
  if message then io.stderr:write("jdvm: emulator: ", message, "\n") end
  return status
end

---Runs the command.
---@param arguments string[]
---@return number exit status
function M.main(arguments)
  local command = commands[arguments[1] or ""]
  if not command then return fail(USAGE) end
  local rest = {}
  for i = 2, #arguments do rest[i - 1] = arguments[i] end
  return command(rest)
end

return M
