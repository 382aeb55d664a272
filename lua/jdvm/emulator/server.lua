-- The emulator behind nginx: turns nginx's request into a table, plays the response. Of the emulator, only this
-- file knows nginx.

local ffi = require "ffi"
local control = require "jdvm.emulator.control"
local emulator = require "jdvm.emulator"

local M = {}

-- Counters and nonces in shared dictionaries, so that all workers count together.
local SharedStore = {}
SharedStore.__index = SharedStore

function SharedStore:get(key) return self.values:get(key) end
function SharedStore:set(key, value) self.values:set(key, value) end
function SharedStore:incr(key, by) return self.values:incr(key, by, 0) end

function SharedStore:remember(name, window)
  local added, message, forcible = self.nonces:add(name, true, window)
  if forcible then self.values:incr("nonces_forgotten", 1, 0) end
  return added or message ~= "exists"
end

function SharedStore:forget() self.nonces:flush_all() end

local state, master

ffi.cdef "int getpid(void); int getppid(void); int kill(int pid, int signal);"

--- Called once in the master: everything that can fail at start fails here.
---@param options table for `jdvm.emulator.new`
function M.init(options)
  -- Asked for here: a worker that comes up when the master is gone already has another parent.
  master = ffi.C.getpid()
  options.store = setmetatable({ values = ngx.shared.jdvm_values, nonces = ngx.shared.jdvm_nonces }, SharedStore)
  state = emulator.new(options)
end

local PULSE = 0.2 -- seconds

--- Called in each worker. The first one writes into the supervisor's pipe: `ready`, and then a pulse. A worker that
--- is left alone ends: when the master is gone, or (the first one, with the master) when the supervisor is.
---@param pipe_name string
function M.init_worker(pipe_name)
  local pipe
  local function beat(_, line)
    if ffi.C.getppid() ~= master then return ffi.C.kill(ngx.worker.pid(), 15) end
    if pipe and not (pipe:write(line or ".", "\n") and pipe:flush()) then ffi.C.kill(master, 15) end
  end
  if ngx.worker.id() == 0 then
    pipe = io.open(pipe_name, "w")
    beat(nil, "ready")
  end
  ngx.timer.every(PULSE, beat)
end

local function read_headers()
  local headers = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    if type(value) == "table" then
      for _, one in ipairs(value) do
        headers[#headers + 1] = { name, one == true and "" or one }
      end
    else
      headers[#headers + 1] = { name, value == true and "" or value }
    end
  end
  return headers
end

local function read_body()
  local length = ngx.var.http_content_length
  if not length or length == "0" then return "" end
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then return body end
  local name = ngx.req.get_body_file()
  local file = name and io.open(name, "rb")
  if not file then return "" end
  body = file:read("*a")
  file:close()
  return body
end

local function read_request()
  return {
    method = ngx.req.get_method(),
    target = ngx.var.request_uri,
    headers = read_headers(),
    body = read_body(),
    now = ngx.now(),
  }
end

local function enter()
  local values = ngx.shared.jdvm_values
  local running = values:incr("in_flight", 1, 0)
  if running > (values:get("peak") or 0) then values:set("peak", running) end
  if values:add("connection:" .. ngx.var.connection, true, 600) then values:incr("connections", 1, 0) end
end

--- Called in the log phase, however a request ended.
function M.leave() ngx.shared.jdvm_values:incr("in_flight", -1, 0) end

local CHUNK = 65536

local function in_pieces(text, bytes, interval, send)
  for at = 1, #text, bytes do
    if not send(text:sub(at, at + bytes - 1)) then return end
    ngx.sleep(interval)
  end
end

-- Ends the connection, or leaves the client waiting first. 444 resets, an error just closes.
local function stop(how, seconds)
  if seconds > 0 then ngx.sleep(seconds) end
  return ngx.exit(how == "reset" and 444 or ngx.ERROR)
end

local function send_headers(response)
  ngx.status = response.status
  for _, header in ipairs(response.headers) do
    if header[1] ~= "Connection" then ngx.header[header[1]] = header[2] end -- nginx writes that one itself
  end
  if not state.settings.gzip then ngx.req.clear_header("Accept-Encoding") end
  if state.settings.framing == "length" then ngx.header["Content-Length"] = response.length end
end

local function send_padding(padding)
  local letters = ("a"):rep(CHUNK)
  for sent = 0, padding.bytes - 1, CHUNK do
    if not ngx.print(letters:sub(1, math.min(CHUNK, padding.bytes - sent))) or not ngx.flush(true) then return end
  end
  ngx.print(padding.tail)
end

-- What nginx itself can send; the body may come slowly or end too early.
local function play(response)
  send_headers(response)
  if response.pieces then return ngx.print(response.pieces) end
  local wire = response.wire or {}
  local body, halt = response.body, wire.stop
  if halt then body = body:sub(1, math.floor(#body * halt.fraction)) end
  local function send(text) return ngx.print(text) and ngx.flush(true) end
  if wire.drip then
    ngx.send_headers()
    ngx.flush(true)
    in_pieces(body, wire.drip.bytes, wire.drip.interval, send)
  elseif halt then
    send(body)
  else
    ngx.print(body)
    if response.padding then send_padding(response.padding) end
  end
  if halt then return stop(halt.how, halt.seconds) end
end

-- The bytes of an HTTP/1.1 head, for answers that nginx would not send.
local function head_text(response, length)
  local lines = { ("HTTP/1.1 %d %s"):format(response.status, response.status == 200 and "OK" or "Error") }
  local has_date = false
  for _, header in ipairs(response.headers) do
    lines[#lines + 1] = header[1] .. ": " .. header[2]
    has_date = has_date or header[1] == "Date"
  end
  if not has_date then lines[#lines + 1] = "Date: " .. ngx.http_time(ngx.time()) end
  lines[#lines + 1] = "Content-Length: " .. math.max(0, length)
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- Byte by byte on the connection itself, which is closed afterwards.
local function play_raw(response)
  local wire, socket = response.wire, ngx.req.socket(true)
  local halt = wire.stop or {}
  local head = head_text(response, response.length + (wire.content_length or 0))
  local function send(text) return socket:send(text) end
  if halt.at == "before" then return stop(halt.how, halt.seconds) end
  if halt.at == "header" then head = head:sub(1, math.floor(#head * halt.fraction)) end
  if wire.header_drip then
    in_pieces(head, wire.header_drip.bytes, wire.header_drip.interval, send)
  else
    send(head)
  end
  if halt.at == "header" then return stop(halt.how, halt.seconds) end
  local body = response.body
  if halt.at == "body" then body = body:sub(1, math.floor(#body * halt.fraction)) end
  if wire.drip then
    in_pieces(body, wire.drip.bytes, wire.drip.interval, send)
  else
    send(body)
  end
  if halt.at then return stop(halt.how, halt.seconds) end
end

-- HTTP/2 frames its own bytes: what would need the connection itself becomes the nearest thing a stream can do.
local function play_framed(response)
  local wire = response.wire
  local halt = wire.stop
  if halt and halt.at ~= "body" then return stop(halt.how, halt.seconds) end
  if wire.content_length then
    response.headers[#response.headers + 1] = { "Content-Length", math.max(0, response.length + wire.content_length) }
  end
  if wire.header_drip then ngx.sleep(wire.header_drip.interval * 300 / wire.header_drip.bytes) end
  return play(response)
end

local function needs_bytes(wire) return wire.header_drip or wire.content_length or wire.stop and wire.stop.at ~= "body" end

local function length_of(response)
  if response.body then return #response.body end
  local length = 0
  for _, piece in ipairs(response.pieces) do
    length = length + #piece
  end
  return length
end

--- The service. Only a location can make nginx close a connection after an answer, so there is one for that.
---@param closing? boolean whether this is that location
function M.serve(closing)
  if not closing and not state.settings.keep_alive then return ngx.exec("@closing") end
  enter()
  local response = emulator.answer(state, read_request())
  if response.delay then ngx.sleep(response.delay) end
  response.length = length_of(response)
  if response.padding then response.length = response.length + response.padding.bytes + #response.padding.tail end
  if not response.wire or not needs_bytes(response.wire) then return play(response) end
  if ngx.req.http_version() >= 2 then return play_framed(response) end
  return play_raw(response)
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
  local status, body = control.answer(state, ngx.var.uri:match("^/_emulator/?(.*)$"), arguments, ngx.now())
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.print(body, "\n")
end

return M
