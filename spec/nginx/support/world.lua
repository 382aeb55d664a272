--- The servers that the nginx specs share, and how to ask them.
local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local http = require "socket.http"
local jdvm = require "jdvm"
local ltn12 = require "ltn12"
local nginx = require "spec.nginx.support.nginx"
local shell = require "spec.support.shell"
local subject = require "spec.nginx.support.subject"
local upstream = require "spec.nginx.support.upstream"

local M = { patience = nginx.patience, checked = nginx.check ~= "" }

local certificates

--- The folder with the certificates, made once.
function M.certificates()
  if not certificates then
    certificates = shell.temporary_folder()
    local command = "sh spec/nginx/support/certificates.sh '%s' >'%s/log' 2>&1"
    if not shell.run(command:format(certificates, certificates)) then
      error("openssl failed:\n" .. shell.read(certificates .. "/log"))
    end
  end
  return certificates
end

--- Starts the service of the transport's cases; also what a case needs to know of the run.
function M.upstream()
  local ports = {}
  for _, name in ipairs { "plain", "impatient", "good", "wrong", "unknown", "self", "deep", "closed", "six" } do
    ports[name] = nginx.free_port()
  end
  local server = nginx.start {
    name = "upstream",
    port = ports.plain,
    http = upstream.http(ports, M.certificates()),
  }
  return server, { ports = ports, patience = nginx.patience, ca = M.certificates() .. "/ca.pem" }
end

--- Starts the emulator; also what a case needs to know of the run. `images` images in each region and source.
function M.emulator(options)
  local server = emulator.start(options)
  local port = tonumber(server.endpoint:match(":(%d+)$"))
  local owner = server.accounts.owner
  local run = {
    -- Its certificate is for this name, too; nginx checks names only.
    endpoint = server.endpoint:gsub("127%.0%.0%.1", "localhost"),
    ca = server.ca_file,
    emulator = port,
    access_key = owner.access_key,
    secret_key = owner.secret_key,
    patience = nginx.patience,
  }
  local client = jdvm.new {
    endpoint = server.endpoint,
    ca_file = server.ca_file,
    region = "cn-north-1",
    access_key = owner.access_key,
    secret_key = owner.secret_key,
    timeout = 60,
  }
  run.ids = {}
  for image in client:images { imageSource = "public" } do
    run.ids[#run.ids + 1] = image.imageId
  end
  client:close()
  return server, run
end

--- The options of a client of the emulator, as they stand in a configuration.
function M.client_options(run)
  return ('endpoint = "%s", region = "cn-north-1", access_key = "%s", secret_key = "%s", timeout = 5'):format(
    run.endpoint,
    run.access_key,
    run.secret_key
  )
end

--- Starts the nginx under test.
---@param options? table http, server, main (more lines of those blocks), workers, ca (file), port
function M.subject(options)
  options = options or {}
  local port = options.port or nginx.free_port()
  return nginx.start {
    name = "subject",
    port = port,
    checked = true,
    main = options.main,
    workers = options.workers,
    http = subject.http {
      certificates = M.certificates(),
      ca = options.ca,
      port = port,
      http = options.http,
      server = options.server,
    },
  }
end

local Helper = {}
Helper.__index = Helper

function Helper:stop()
  shell.run("kill " .. self.pid)
  shell.run("rm -f '" .. self.log .. "'")
end

--- Waits for the script to end; its last line.
function Helper:outcome()
  shell.wait(30 * nginx.patience, function() return not shell.alive(self.pid) end)
  local text = shell.read(self.log)
  shell.run("rm -f '" .. self.log .. "'")
  return text:match("([^\n]*)\n$") or text
end

--- Starts a script of spec/nginx/support beside the servers, and waits until it says "ready".
function M.helper(script, ...)
  local log = shell.output("mktemp")
  local pid = shell.background(table.concat({ arg[-1] or "luajit", "spec/nginx/support/" .. script, ... }, " "), log)
  if not shell.wait(10, function() return shell.read(log):find("ready") end) then
    error(script .. " did not start: " .. shell.read(log))
  end
  return setmetatable({ pid = pid, log = log }, Helper)
end

--- Runs a function while so many clients ask the servers for /image again and again; every answer must be good.
---@return integer answers
function M.under_load(clients, servers, run)
  local stop, loads, total = shell.output "mktemp -u", {}, 0
  for n = 1, clients do
    loads[n] = M.helper("load.lua", servers[n % #servers + 1].port, "/image", stop)
  end
  local ok, message = pcall(run)
  shell.write(stop, "")
  for _, load in ipairs(loads) do
    local good, bad, problem = load:outcome():match "(%d+) good, (%d+) bad (.*)"
    if bad ~= "0" then error(("%s answers were bad: %s"):format(bad, problem)) end
    total = total + tonumber(good)
  end
  os.remove(stop)
  assert(ok, message)
  return total
end

--- GET from a server of the test.
---@return string? body
---@return integer|string status
---@return table? headers
function M.get(server, path, headers)
  local parts = {}
  http.TIMEOUT = 30 * nginx.patience
  local ok, status, response_headers = http.request {
    url = "http://127.0.0.1:" .. server.port .. path,
    sink = ltn12.sink.table(parts),
    headers = headers,
  }
  if not ok then return nil, status end
  return table.concat(parts), status, response_headers
end

--- Runs a case in the subject; "ok", or what went wrong.
function M.run_case(server, file, number, run)
  local body, status = M.get(server, "/case/" .. file .. "/" .. number, { ["X-Run"] = cjson.encode(run) })
  if status ~= 200 then return "status " .. tostring(status) .. ": " .. tostring(body) end
  return body
end

--- Stops servers, and removes the certificates with the last.
function M.stop(...)
  for index = 1, select("#", ...) do
    local server = select(index, ...)
    if server then server:stop() end
  end
end

--- Removes what the servers shared.
function M.clean()
  if certificates then
    shell.run("rm -rf '" .. certificates .. "'")
    certificates = nil
  end
end

return M
