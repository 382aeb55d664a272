-- The emulator behind nginx: turns nginx's request into a table, plays the response. Of the emulator, only this
-- file knows nginx.

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

local state

---Called once in the master: everything that can fail at start fails here.
---@param options table for `jdvm.emulator.new`
function M.init(options)
  options.store = setmetatable({ values = ngx.shared.jdvm_values, nonces = ngx.shared.jdvm_nonces }, SharedStore)
  state = emulator.new(options)
end

---Called in each worker: tells the supervisor that the event loop is about to run.
function M.init_worker(ready_file)
  local file = io.open(ready_file, "w")
  if file then file:close() end
end

local function read_headers()
  local headers = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    if type(value) == "table" then
      for _, one in ipairs(value) do headers[#headers + 1] = { name, one == true and "" or one } end
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
    method = ngx.req.get_method(), target = ngx.var.request_uri, headers = read_headers(), body = read_body(),
    now = ngx.now(),
  }
end

local function enter()
  local values = ngx.shared.jdvm_values
  local running = values:incr("in_flight", 1, 0)
  if running > (values:get("peak") or 0) then values:set("peak", running) end
  if ngx.var.connection_requests == "1" then values:incr("connections", 1, 0) end
end

---Called in the log phase, however a request ended.
function M.leave()
  ngx.shared.jdvm_values:incr("in_flight", -1, 0)
end

---The service.
function M.serve()
  enter()
  local response = emulator.respond(state, read_request())
  if response.delay then ngx.sleep(response.delay) end
  ngx.status = response.status
  for _, header in ipairs(response.headers) do ngx.header[header[1]] = header[2] end
  if not state.settings.gzip then ngx.req.clear_header("Accept-Encoding") end
  if state.settings.framing == "length" then ngx.header["Content-Length"] = #response.body end
  ngx.print(response.body)
end

---The control path.
function M.control()
  local arguments = ngx.req.get_uri_args(0)
  if ngx.req.get_method() == "POST" then
    ngx.req.read_body()
    for name, value in pairs(ngx.req.get_post_args(0)) do arguments[name] = value end
  end
  local status, body = control.answer(state, ngx.var.uri:match("^/_emulator/?(.*)$"), arguments, ngx.now())
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.print(body, "\n")
end

return M
