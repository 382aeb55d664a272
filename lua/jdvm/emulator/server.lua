-- The emulator behind nginx: turns nginx's request into a table, plays the response. Of the emulator, only this
-- file knows nginx.

local ffi = require "ffi"
local control = require "jdvm.emulator.control"
local emulator = require "jdvm.emulator"
local shell = require "jdvm.util.shell"
local one_line = require("jdvm.util.text").one_line

local M = {}

local state, folder, mode, ancestors, has_log

ffi.cdef "int getpid(void); int getppid(void); int kill(int pid, int signal); long write(int, const void *, size_t);"

-- The parent of a process, where /proc knows it.
local function parent_of(pid)
  local file = io.open(("/proc/%d/stat"):format(pid))
  local line = file and file:read "*l"
  if file then file:close() end
  return line and tonumber(line:match "^.*%) %S+ (%d+)")
end

-- run.sh, the command and what started it, as one text. In the background run.sh is on its own.
local function find_ancestors()
  local shell_pid = ffi.C.getppid()
  if mode == "background" then return tostring(shell_pid) end
  local command = parent_of(shell_pid)
  return ("%s %s %s"):format(shell_pid, command, command and parent_of(command))
end

--- Called when nginx starts: everything that can fail then fails here.
function M.init(options)
  mode, has_log = options.mode, options.log
  ancestors = find_ancestors()
  folder = os.getenv "JDVM_EMULATOR_FOLDER" -- nginx clears the environment after this
  state = assert(emulator.new(options))
end

local PULSE = 0.2 -- seconds

local function say(line) return io.stdout:write(line, "\n") and io.stdout:flush() end

--- Tells the command, over standard output, that nginx is ready, and, unless it does not listen any more, from time to
--- time that it still is. Ends nginx, and the program that the command runs, when the command has ended or what started
--- the command has; then nobody else removes the folder.
function M.watch()
  local function beat()
    if find_ancestors() == ancestors and (mode or say ".") then return end
    say "stopped"
    os.execute(
      ("cd %s && { kill $(cat program); rm -rf %s; } 2>/dev/null"):format(shell.quote(folder), shell.quote(folder))
    )
    ffi.C.kill(ffi.C.getpid(), 15)
  end
  say "ready"
  ngx.timer.every(PULSE, beat)
end

local function read_headers()
  local headers = {}
  for name, values in pairs(ngx.req.get_headers(0)) do
    for _, value in ipairs(type(values) == "table" and values or { values }) do
      headers[#headers + 1] = { name, value == true and "" or value }
    end
  end
  return headers
end

local function read_request()
  if ngx.var.http_content_length then ngx.req.read_body() end
  local request = { method = ngx.req.get_method(), target = ngx.var.request_uri, now = ngx.now() }
  request.headers, request.body = read_headers(), ngx.req.get_body_data() or ""
  return request
end

local function enter()
  local counters = state.counters
  counters.in_flight, ngx.ctx.has_entered = counters.in_flight + 1, true
  counters.peak = math.max(counters.peak, counters.in_flight)
  if ngx.var.connection_requests == "1" then counters.connections = counters.connections + 1 end
end

local LOG = 3 -- the descriptor that launcher.lua opens for --log

local function log(status, faults)
  local line = ("%s %s %s %d %.3fs %s"):format(
    ngx.localtime(),
    ngx.req.get_method(),
    ngx.var.request_uri,
    status,
    tonumber(ngx.var.request_time),
    faults
  )
  line = one_line(line, 1000) .. "\n"
  ffi.C.write(LOG, line, #line)
end

--- Called in the log phase, however a request ended.
function M.leave()
  local response = ngx.ctx.response
  if ngx.ctx.has_entered then state.counters.in_flight = state.counters.in_flight - 1 end
  if has_log then log(response and response.status or ngx.status, response and response.faults or "") end
end

-- Ends the connection, or leaves the client waiting first. 444 resets, an error just closes.
local function finish(stop)
  if stop.seconds > 0 then ngx.sleep(stop.seconds) end
  return ngx.exit(stop.fault == "reset" and 444 or ngx.ERROR)
end

local function send_headers(response)
  ngx.status = response.status
  for _, header in ipairs(response.headers) do
    if header[1] ~= "Connection" then ngx.header[header[1]] = header[2] end -- nginx writes that one itself
  end
  if not state.settings.gzip then ngx.req.clear_header "Accept-Encoding" end
  if state.settings.framing == "length" then ngx.header["Content-Length"] = #response.body end
end

-- The bytes of an HTTP/1.1 head, for responses that nginx would not send.
local function head_of(response)
  local lines = { ("HTTP/1.1 %d %s"):format(response.status, response.status == 200 and "OK" or "Error") }
  local has_date = false
  for _, header in ipairs(response.headers) do
    lines[#lines + 1] = header[1] .. ": " .. header[2]
    has_date = has_date or header[1] == "Date"
  end
  if not has_date then lines[#lines + 1] = "Date: " .. ngx.http_time(ngx.time()) end
  lines[#lines + 1] = "Content-Length: " .. math.max(0, #response.body + (response.wire.content_length or 0))
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- Sends the head or the body as the fault wants it; returns false when nothing more is to follow.
local function send_part(text, drip, stop, send)
  if stop then text = text:sub(1, math.floor(#text * stop.fraction)) end
  local bytes = drip and drip.bytes or math.max(#text, 1)
  for at = 1, #text, bytes do
    if not send(text:sub(at, at + bytes - 1)) then return false end
    if drip then ngx.sleep(drip.interval) end
  end
  if stop then finish(stop) end
  return not stop
end

-- Byte by byte on an HTTP/1.1 connection, which is closed afterwards.
local function play_bytes(response)
  local wire, stop, socket = response.wire, response.wire.stop or {}, ngx.req.socket(true)
  local function send(text) return socket:send(text) end
  if stop.at == "before" then return finish(stop) end
  if send_part(head_of(response), wire.header_drip, stop.at == "header" and stop or nil, send) then
    send_part(response.body, wire.drip, stop.at == "body" and stop or nil, send)
  end
end

-- HTTP/2 frames its own bytes: what would need the connection itself becomes the nearest thing a stream can do.
local function play_frames(response)
  local wire, stop = response.wire, response.wire.stop
  if stop and stop.at ~= "body" then return finish(stop) end
  if wire.header_drip then ngx.sleep(wire.header_drip.interval * 300 / wire.header_drip.bytes) end
  send_headers(response)
  if wire.content_length then ngx.header["Content-Length"] = math.max(0, #response.body + wire.content_length) end
  send_part(response.body, wire.drip, stop, function(text) return ngx.print(text) and ngx.flush(true) end)
end

--- The service. Only a location can make nginx close a connection after a response, so there is one for that.
---@param closing? boolean whether this is that location
function M.serve(closing)
  if not closing and not state.settings.keep_alive then return ngx.exec "@closing" end
  enter()
  local response = emulator.respond(state, read_request())
  ngx.ctx.response = response
  if response.delay then ngx.sleep(response.delay) end
  if next(response.wire) then
    local play = ngx.req.http_version() >= 2 and play_frames or play_bytes
    return play(response)
  end
  send_headers(response)
  ngx.print(response.body)
end

--- The control path.
function M.control()
  local arguments = ngx.req.get_uri_args(0)
  if ngx.req.get_method() == "POST" then
    ngx.req.read_body()
    for name, value in pairs(ngx.req.get_post_args(0)) do
      arguments[name] = value
    end
  end
  local status, body = control.respond(state, ngx.var.uri:match "^/_emulator/?(.*)$", arguments, ngx.now())
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.print(body, "\n")
end

return M
