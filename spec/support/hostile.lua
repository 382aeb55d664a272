-- The one way in which specs start hostile.c, the server that misbehaves as it is told.

local curl = require "jdvm.curl"
local shell = require "spec.support.shell"

local M = {}

local root = debug.getinfo(1, "S").source:match("^@(.*)spec/support/hostile%.lua$")
if root == "" then root = "./" end

local quote = shell.quote

-- Compiled once for all suites; two that start together each make their own and the last move wins.
-- Nothing is preloaded into the compiler and the server when a sanitizer is into this Lua.
local PLAIN = "env -u LD_PRELOAD "

local function program()
  local source, made = root .. "spec/support/hostile.c", root .. "build/support/hostile"
  local command = ([[mkdir -p %s; if [ ! %s -nt %s ]; then
    %scc -std=c99 -O1 -g -o %s.$$ %s -lssl -lcrypto -lpthread && mv %s.$$ %s; fi; echo $?]]):format(
    quote(root .. "build/support"),
    quote(made),
    quote(source),
    PLAIN,
    quote(made),
    quote(source),
    quote(made),
    quote(made)
  )
  assert(shell.output(command):find("0$"), "spec/support/hostile.c does not compile")
  return made
end

---Percent-encodes the value of a step.
---@param text string
---@return string
function M.encode(text)
  return (text:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end))
end

---The step that sends a text.
---@param text string
---@return string
function M.write(text) return "w=" .. M.encode(text) end

---The steps of a whole response.
---@param body string
---@param headers? string lines, each with its CRLF
---@param status? string
---@return string
function M.respond(body, headers, status)
  local text = "HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s"
  return M.write(text:format(status or "200 OK", headers or "", #body, body))
end

local methods = {}

---The URL that makes the server take these steps.
---@param ... string steps; the first word may be the name of a port (`http` when there is none)
---@return string
function methods:url(...)
  local steps = { ... }
  local port = "http"
  if self.ports[steps[1]] then port = table.remove(steps, 1) end
  return self:base(port) .. "/?" .. table.concat(steps, "&")
end

---The same with the steps in a list, from the `first` on.
---@param port string its name
---@param steps string[]
---@param first integer
---@return string
function methods:script(port, steps, first) return self:base(port) .. "/?" .. table.concat(steps, "&", first) end

---@param port string its name
---@return string
function methods:base(port)
  local tls = port ~= "http" and port ~= "silent" and port ~= "full"
  return (tls and "https" or "http") .. "://127.0.0.1:" .. self.ports[port]
end

---Ends the server and removes its folder.
function methods:stop()
  if self.pipe then
    self.pipe:close() -- the end of its input ends it; close waits for that
    self.pipe = nil
    shell.run("rm -rf " .. quote(self.folder))
  end
end

---@return table server `{ports = {name = number}, ca_file, certificate, key, folder}`
function M.start()
  local server = setmetatable({ ports = {}, folder = shell.temporary_folder() }, { __index = methods })
  local announcement = server.folder .. "/ports"
  server.pipe = assert(
    io.popen(("exec %s%s %s >%s"):format(PLAIN, quote(program()), quote(server.folder), quote(announcement)), "w")
  )
  server.ca_file = server.folder .. "/ca.pem"
  server.certificate, server.key = server.folder .. "/server.pem", server.folder .. "/server.key"
  local multi, deadline = curl.new(), curl.now() + 20
  repeat
    local file = io.open(announcement)
    local line = file and file:read("*l")
    if file then file:close() end
    for name, port in (line and line:find(" full %d+$") and line or ""):gmatch("(%l+) (%d+)") do
      server.ports[name] = tonumber(port)
    end
    multi:sleep(0.005)
  until server.ports.full or curl.now() > deadline
  return server.ports.full and server or error("spec/support/hostile.c did not start", 0)
end

return M
