-- `jdvm emulator`: writes the configuration of an nginx that has Lua, starts it (run.sh), and says what is needed to
-- use it, or runs a program that uses it. Lua alone has neither processes nor signals; nginx itself notices when the
-- command has ended (server.lua).

local accounts = require "jdvm.emulator.accounts"
local emulator = require "jdvm.emulator"
local find_nginx = require "jdvm.emulator.find_nginx"
local regions = require "jdvm.service.regions"
local shell = require "jdvm.util.shell"

local M = {}

-- Exit statuses of the command, which its man page lists.
local MISUSE, FAILURE = 2, 4

local TLS = [[ssl_certificate server.pem; ssl_certificate_key server.key; ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:1m;]]

local CERTIFICATE_NAMES = "DNS:localhost,IP:127.0.0.1,DNS:vm.jdcloud-api.com,DNS:vm.jdcloud-api.test"

-- The folder that holds `jdvm/`, so that nginx loads the same files as this Lua.
local function source_root()
  local root = debug.getinfo(1, "S").source:match "^@(.*)jdvm/emulator/launcher%.lua$"
  if root:sub(1, 1) == "/" then return root end
  return shell.line_of("cd ./" .. shell.quote(root) .. " && pwd") .. "/"
end

-- A port to try when any will do.
local function candidate() return 20000 + tonumber(shell.line_of "od -An -N2 -tu2 /dev/urandom") % 12000 end

local function lua_text(value)
  if type(value) ~= "table" then return type(value) == "string" and ("%q"):format(value) or tostring(value) end
  local parts = {}
  for name, item in pairs(value) do
    local key = type(name) == "number" and "" or "[" .. lua_text(name) .. "] = "
    parts[#parts + 1] = key .. lua_text(item)
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- What is wrong with the options, if anything.
local function problem_of(options)
  local has_program = #(options.program or {}) > 0
  for _, name in ipairs { "env", "background" } do
    if has_program and options[name] then return "--" .. name .. " has no effect with a command to run" end
  end
  for _, name in ipairs { "http2", "certificate" } do
    if options[name] and not options.tls then return "--" .. name .. " needs --tls" end
  end
  return select(2, emulator.new(options))
end

-- The shell command that becomes nginx. Its session is its own, so that neither Ctrl-C nor a kill of the whole group
-- reaches it.
local function command(nginx, load_modules, port, options)
  local root = source_root()
  local values = {
    LOAD_MODULES = load_modules,
    PATH = root .. "?.lua;;",
    CPATH = _VERSION == "Lua 5.1" and package.cpath .. ";;" or ";;",
    OPTIONS = lua_text {
      seed = options.seed,
      images = options.images,
      settings = options.settings,
      faults = options.faults,
      log = options.log,
      mode = options.background and "background" or options.program and options.program[1] and "program" or nil,
    },
    TLS = options.tls and TLS or "",
    LISTEN = port .. (options.tls and " ssl" or "") .. (options.http2 and " http2" or ""),
  }
  local template = assert(io.open(root .. "jdvm/emulator/nginx.conf"))
  local configuration = template:read("*a"):gsub("@([%u_]+)@", values)
  template:close()
  local words = {
    root .. "jdvm/emulator/run.sh",
    nginx,
    options.tls and (options.certificate or "good") or "",
    options.certificate == "wrong-name" and "DNS:elsewhere.example" or CERTIFICATE_NAMES,
  }
  for i, word in ipairs(words) do
    words[i] = shell.quote(word)
  end
  return ("configuration=%s; export configuration; exec $(command -v setsid) sh %s %s 2>&1 </dev/null"):format(
    shell.quote(configuration),
    table.concat(words, " "),
    options.log and "3>&2" or ""
  )
end

local function address_of(port, options) return (options.tls and "https" or "http") .. "://127.0.0.1:" .. port end

-- Shell text that makes programs use the emulator with the keys of its first account, and nothing else.
local function exports(port, seen, options)
  local owner = accounts.list[1]
  local lines = {
    "unset JDCLOUD_PROFILE JDCLOUD_SESSION_TOKEN",
    'export no_proxy="127.0.0.1,${no_proxy:-$NO_PROXY}"', -- no proxy leads to this machine
  }
  for _, variable in ipairs {
    { "JDCLOUD_ENDPOINT", address_of(port, options) },
    { "JDCLOUD_REGION", regions.names[1] },
    { "JDCLOUD_ACCESS_KEY", owner.access_key },
    { "JDCLOUD_SECRET_KEY", owner.secret_key },
    { "JDCLOUD_CA_FILE", options.tls and seen.folder .. "/ca.pem" },
    { "JDVM_EMULATOR_PID", options.background and seen.pid },
  } do
    if variable[2] then lines[#lines + 1] = ("export %s=%s"):format(variable[1], shell.quote(variable[2])) end
  end
  return lines
end

-- What is needed to use the emulator, for people and programs.
local function announcement(port, seen, options)
  local address = address_of(port, options)
  local lines = { "endpoint " .. address }
  if options.tls then lines[#lines + 1] = "ca_file " .. seen.folder .. "/ca.pem" end
  lines[#lines + 1] = "regions " .. table.concat(regions.names, " ")
  for _, account in ipairs(accounts.list) do
    lines[#lines + 1] =
      table.concat({ "account", account.name, account.access_key, account.secret_key, account.token }, " ")
  end
  lines[#lines + 1] = "control " .. address .. "/_emulator"
  if options.background then lines[#lines + 1] = "pid " .. seen.pid end
  lines[#lines + 1] = "ready"
  return lines
end

-- Runs a program in the place of the command: exit status, and the signal that ended it, if one did. nginx ends the
-- program when the command is killed, by the process id in the folder.
local function run_program(port, seen, options)
  local words = {}
  for i, word in ipairs(options.program) do
    words[i] = shell.quote(word)
  end
  local lines = exports(port, seen, options)
  lines[#lines + 1] = "echo $$ >" .. shell.quote(seen.folder .. "/program")
  lines[#lines + 1] = "exec " .. table.concat(words, " ")
  local result, kind, number = os.execute(table.concat(lines, "\n"))
  if type(result) == "number" then -- Lua 5.1 gives what waitpid does
    kind, number = result % 128 == 0 and "exit" or "signal", result % 128 == 0 and result / 256 or result % 128
  end
  if kind == "signal" then return 128 + number, number end
  return math.floor(number)
end

-- Reads what run.sh and nginx say until nginx is ready or has ended, or says that the port is taken.
local function follow(pipe, seen)
  for line in pipe:lines() do
    local name, value = line:match "^(%l+) (.*)$"
    if line == "ready" then
      seen.is_ready = true
      return
    elseif line == "stopped" then
      seen.has_stopped = true
    elseif name == "pid" or name == "folder" then
      seen[name] = value
    elseif line:find("Address already in use", 1, true) then
      seen.is_taken = true
      return
    elseif line ~= "." then
      seen.errors = (seen.errors and seen.errors .. "\n" or "") .. line:gsub("^error: ", "")
    end
  end
end

-- What happens between the start of nginx and its end, by what was asked for.
local function use(pipe, seen, port, options)
  follow(pipe, seen)
  if not seen.is_ready then return end
  if options.program and options.program[1] then
    seen.status, seen.signal = run_program(port, seen, options)
    return
  end
  local lines = (options.env and exports or announcement)(port, seen, options)
  io.stdout:write(table.concat(lines, "\n"), "\n")
  io.stdout:flush()
  seen.is_left = options.background
  if not options.background then follow(pipe, seen) end
end

local SIGINT = 2

-- Pipes that must not be closed, since that would wait for an emulator in the background.
local left = {}

-- Serves on one port until stopped: an exit status and a message as from `run`, or nil when the port is taken.
local function serve(nginx, load_modules, port, options)
  local pipe, seen = io.popen(command(nginx, load_modules, port, options)), {}
  -- An interrupt makes the read fail, or waits for the next dot of nginx; either way Lua raises an error of its own
  -- after it, in here or on the way out.
  local is_calm, has_ended = pcall(pcall, use, pipe, seen, port, options)
  local is_interrupted = not (is_calm and has_ended)
  if seen.is_left and not is_interrupted then
    left[#left + 1] = pipe
    return 0
  end
  if seen.pid and (is_interrupted or seen.is_taken or seen.status) then os.execute("kill " .. seen.pid) end
  pipe:close()
  if seen.is_taken then return nil end
  if is_interrupted or seen.signal == SIGINT then error("interrupted!", 0) end -- as Lua says it
  if seen.status or seen.has_stopped then return seen.status or 0 end
  return FAILURE, (seen.is_ready and "nginx ended: " or "") .. (seen.errors or "nginx did not start")
end

--- Serves until stopped, or until the program has ended; an interrupt raises Lua's error.
---@param options table `{port, tls, http2, certificate, images, seed, settings, faults, env, background, log, program}`
---@return number exit status
---@return string|nil message when it could not start
function M.run(options)
  local problem = problem_of(options)
  if problem then return MISUSE, problem end
  local nginx, load_modules = find_nginx()
  if not nginx then return FAILURE, load_modules end
  local is_free = (options.port or 0) == 0
  for _ = 1, is_free and 50 or 1 do
    local status, message = serve(nginx, load_modules, is_free and candidate() or options.port, options)
    if status then return status, message end
  end
  return FAILURE, is_free and "found no free port" or "port " .. options.port .. " is taken"
end

return M
