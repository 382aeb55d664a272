--- Starts and stops an nginx for a test: its own folder, ports of 127.0.0.1, a child in the process group of the test.
---
--- NGINX_CHECK says what the subject runs under: nothing, "asan" (AddressSanitizer, the module built with it) or
--- "valgrind". Both need one process, so master_process is off then.
local find_nginx = require "jdvm.emulator.find_nginx"
local shell = require "spec.support.shell"
local socket = require "socket"

local M = {}

M.check = os.getenv("NGINX_CHECK") or ""
M.root = shell.output("pwd")
M.build = os.getenv("BUILD") or "build"
--- Everything is slower under a checker; waits of the tests are multiplied by this.
M.patience = M.check == "" and 1 or M.check == "asan" and 4 or 20

local program, load_modules = assert(find_nginx())

local FRAME = [[
%s
%s
worker_processes %d;
pid %s/nginx.pid;
error_log %s/error.log info;
%s
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;
  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;
  lua_package_path "%s/lua/?.lua;%s/?.lua;;";
  lua_package_cpath "%s/?.so;;";
  %s
}
]]

local taken = {}

--- A port of 127.0.0.1 that nobody listens on.
function M.free_port()
  for _ = 1, 50 do
    local probe = assert(socket.bind("127.0.0.1", 0))
    local _, port = probe:getsockname()
    probe:close()
    port = tonumber(port)
    if not taken[port] then
      taken[port] = true
      return port
    end
  end
  error("no free port")
end

local function command(self, options)
  local wrap = ""
  if options.checked and M.check == "asan" then
    wrap = ("env LD_PRELOAD='%s %s' ASAN_OPTIONS=detect_leaks=0:log_path=%s/check"):format(
      shell.output("gcc -print-file-name=libasan.so"),
      shell.output("gcc -print-file-name=libubsan.so"),
      self.folder
    )
  elseif options.checked and M.check == "valgrind" then
    wrap = "valgrind -q --num-callers=30 --log-file=" .. self.folder .. "/check.%p"
  end
  return ("%s %s -p %s -c nginx.conf -e error.log -g 'daemon off;'"):format(wrap, program, self.folder)
end

local Server = {}
Server.__index = Server

--- Starts nginx and waits until it listens.
---@param options {name: string, http: string, main?: string, workers?: integer, checked?: boolean, port: integer}
function M.start(options)
  local self = setmetatable({ folder = shell.temporary_folder(), port = options.port, name = options.name }, Server)
  local checked = options.checked and M.check ~= ""
  self.checked = checked
  local build = M.root .. "/" .. M.build .. (checked and M.check == "asan" and "/asan-gcc" or "") .. "/5.1"
  local f = self.folder
  local main = options.main or ""
  if checked then main = main .. "\nmaster_process off;" end
  -- A worker of root's nginx would be "nobody" and could not read the checkout.
  local user = shell.output("id -u") == "0" and "user root;" or ""
  shell.write(
    f .. "/nginx.conf",
    FRAME:format(
      load_modules,
      user,
      options.workers or 1,
      f,
      f,
      main,
      f,
      f,
      f,
      f,
      f,
      M.root,
      M.root,
      build,
      options.http
    )
  )
  self.process = shell.background(command(self, options), f .. "/output")
  local function is_up()
    self.pid = tonumber(shell.read(f .. "/nginx.pid"):match("%d+"))
    return self.pid and shell.listens(self.port)
  end
  if not shell.wait(30 * M.patience, is_up) then
    local output = shell.read(f .. "/output") .. shell.read(f .. "/error.log")
    self:stop()
    error(options.name .. " did not start:\n" .. output)
  end
  return self
end

function Server:signal(name) shell.run("kill -" .. name .. " " .. (self.pid or self.process)) end

--- The pids of the workers (or of the one process).
function Server:workers()
  if self.checked then return { self.pid } end
  local pids = {}
  for pid in shell.output("ps -o pid= --ppid " .. self.pid):gmatch("%d+") do
    pids[#pids + 1] = tonumber(pid)
  end
  return pids
end

function Server:log() return shell.read(self.folder .. "/error.log") end

-- What must never stand in a log. The words are nginx's own.
local BAD = {
  "%[alert%]",
  "%[emerg%]",
  "%[crit%]",
  "exited on signal",
  "stale global SSL error",
  "writing a global Lua variable",
  "lua entry thread aborted",
  "lua user thread aborted",
  "stack traceback",
  "attempt to",
}

-- nginx's remark on a setting that a test needs.
local EXCUSED = { "lua_code_cache is off; this will hurt performance" }

--- The lines of the log that must not be there.
function Server:complaints()
  local found = {}
  for line in (self:log() .. shell.read(self.folder .. "/output")):gmatch("[^\n]+") do
    for _, pattern in ipairs(BAD) do
      if line:find(pattern) then
        local excused = false
        for _, excuse in ipairs(EXCUSED) do
          excused = excused or line:find(excuse) ~= nil
        end
        if not excused then found[#found + 1] = line end
        break
      end
    end
  end
  return table.concat(found, "\n")
end

--- What the checker reported.
function Server:reports() return shell.output("cat " .. self.folder .. "/check* 2>/dev/null || true") end

--- Stops nginx in the orderly way and removes its folder; what the checker says of the end is kept in `last_reports`.
function Server:stop()
  if self.stopped then return end
  self.stopped = true
  if self.pid then
    local workers = self:workers()
    self:signal("QUIT")
    -- A worker whose resolver still asks for a name stays for half a minute; it would outlive its master.
    if not shell.wait(10 * M.patience, function() return not shell.exists(self.folder .. "/nginx.pid") end) then
      shell.run("kill -KILL " .. self.pid .. " " .. table.concat(workers, " ") .. " 2>/dev/null")
    end
  elseif self.process then
    shell.run("kill -TERM " .. self.process .. " 2>/dev/null")
  end
  shell.wait(5, function() return not shell.alive(self.process) end)
  self.last_log, self.last_complaints, self.last_reports = self:log(), self:complaints(), self:reports()
  shell.run("rm -rf '" .. self.folder .. "'")
end

return M
