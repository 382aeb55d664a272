-- The one way in which specs start the emulator: as a user would, by its command.

local cjson = require "cjson"
local curl = require "jdvm.curl"
local shell = require "spec.support.shell"

local M = {}

local root = debug.getinfo(1, "S").source:match("^@(.*)spec/support/emulator%.lua$")
if root == "" then root = "./" end

---The Lua that runs this spec; its path is the first argument of all.
function M.this_lua()
  if rawget(_G, "jit") then return "luajit" end
  local at = 0
  while arg and arg[at - 1] do
    at = at - 1
  end
  local path = arg and arg[at] or ""
  return path:match("lua[%d.]*$") and path or "lua" .. _VERSION:match("%d%.%d")
end

---Begins a command line without the settings of the environment that the suite runs in.
M.NO_SETTINGS = "env"
for name in ("ENDPOINT REGION PROFILE CA_FILE ACCESS_KEY SECRET_KEY SESSION_TOKEN"):gmatch("%S+") do
  M.NO_SETTINGS = M.NO_SETTINGS .. " -u JDCLOUD_" .. name
end
M.NO_SETTINGS = M.NO_SETTINGS .. " "

local function escape(text)
  return (tostring(text):gsub("[^A-Za-z0-9%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

---The command as shell text. Options by name become arguments; `settings` and `faults` are repeated ones.
---@param options table as for `start`
---@return string
function M.command(options)
  local words = { M.this_lua(), root .. "bin/jdvm", "emulator", "--port", options.port or 0 }
  for _, name in ipairs { "tls", "http2" } do
    if options[name] then words[#words + 1] = "--" .. name end
  end
  for _, name in ipairs { "certificate", "images", "seed" } do
    if options[name] then
      words[#words + 1] = "--" .. name
      words[#words + 1] = options[name]
    end
  end
  for _, fault in ipairs(options.faults or {}) do
    words[#words + 1] = "--fault"
    words[#words + 1] = fault
  end
  for name, value in pairs(options.settings or {}) do
    words[#words + 1] = "--set"
    words[#words + 1] = name .. "=" .. tostring(value)
  end
  for _, word in ipairs(options.args or {}) do
    words[#words + 1] = word
  end
  for i, word in ipairs(words) do
    words[i] = shell.quote(word)
  end
  return "env -u LD_PRELOAD " .. table.concat(words, " ") -- a sanitizer is for this process alone
end

---Reads what the command says up to "ready".
---@param pipe file*
---@return table server
function M.read_announcement(pipe)
  local server, seen = { accounts = {} }, {}
  for line in pipe:lines() do
    if line == "ready" then return server end
    seen[#seen + 1] = line
    local name, value = line:match("^(%S+) (.*)$")
    if name == "account" then
      local account, access_key, secret_key, token = value:match("^(%S+) (%S+) (%S+) ?(.*)$")
      server.accounts[account] =
        { access_key = access_key, secret_key = secret_key, session_token = token ~= "" and token or nil }
    elseif name == "regions" then
      server.regions = {}
      for region in value:gmatch("%S+") do
        table.insert(server.regions, region)
      end
    elseif name then
      server[name == "control" and "control_url" or name] = value
    end
  end
  error("the emulator did not start: " .. table.concat(seen, "\n"), 0)
end

-- Arguments of a control call as a form.
local function form(arguments)
  local parts = {}
  for name, value in pairs(arguments or {}) do
    parts[#parts + 1] = escape(name) .. "=" .. escape(value)
  end
  return table.concat(parts, "&")
end

-- One connection for all control calls; the certificate may be a wrong one on purpose.
local function open_control(server)
  local multi = curl.new { verify = false, proxy = "" }
  return function(path, arguments)
    local transfer = multi:start {
      url = server.control_url .. "/" .. path .. "?" .. form(arguments),
      timeout = 20,
      connect_timeout = 5,
      read_timeout = 20,
    }
    local status, headers, body = multi:finish(transfer)
    if not status then error("control " .. path .. ": " .. headers.message, 2) end
    local answer = cjson.decode(body)
    if status ~= 200 then error("control " .. path .. ": " .. answer.error, 2) end
    return answer
  end
end

-- What a list of the owner's private images may hold that began when `mark` was taken: the images that were there all
-- the time (`stable`), and those that `came` or `went` meanwhile.
local function add_oracle(server)
  function server.mark() return server.control "images" end
  function server.oracle(mark)
    local now, oracle, is_new = server.control "images", { stable = {}, came = {}, went = {} }, {}
    for i = #mark.inserted + 1, #now.inserted do
      table.insert(oracle.came, now.inserted[i])
      is_new[now.inserted[i]] = true
    end
    for i = #mark.deleted + 1, #now.deleted do
      table.insert(oracle.went, now.deleted[i])
    end
    for _, id in ipairs(now.images) do
      if not is_new[id] then table.insert(oracle.stable, id) end
    end
    return oracle
  end
end

-- Calls a function when nothing refers to the guard any more, at the latest at the end of the process.
local function guard(release)
  local new_proxy = rawget(_G, "newproxy")
  if not new_proxy then return setmetatable({}, { __gc = release }) end
  local proxy = new_proxy(true)
  getmetatable(proxy).__gc = release
  return proxy
end

---Begins to start an emulator; several that begin before one is waited for start side by side.
---@param options? table as for `start`
---@return fun(): table wait returns the server when it answers
function M.begin(options)
  local pipe = io.popen("echo $$; exec " .. M.command(options or {}))
  local pid
  local function stop()
    if not pipe then return end
    pid = pid or pipe:read("*l")
    os.execute("kill -INT " .. pid .. " 2>/dev/null")
    pipe:read("*a") -- ends when the command has, and with it all of the emulator
    pipe:close()
    pipe = nil
  end
  -- A server that a failed spec forgot would block Lua, which waits for the command when it collects the pipe.
  local watch = guard(stop)
  return function()
    pid = pipe:read("*l")
    local server = M.read_announcement(pipe)
    server.pid, server.watch = tonumber(pid), watch
    server.control = open_control(server)
    add_oracle(server)
    server.stop = stop
    return server
  end
end

---Starts an emulator and returns when it answers. It also ends when this process does.
---@param options? table `{tls, http2, certificate, images, seed, settings = {name = value}, faults = {spec},
---port, args}`
---@return table server `{endpoint, ca_file, accounts, regions, control(path, arguments), mark(), oracle(mark),
---stop(), pid}`
function M.start(options) return M.begin(options)() end

return M
