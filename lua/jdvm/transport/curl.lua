--- The transport over libcurl: for every place that may block, which is everywhere but a request
--- phase of nginx. Requests that were started run side by side; they are driven while one of them is
--- waited for, and while sleeping.
---
--- `read_timeout` is the longest silence once the request is out; a header line counts when it is whole.
--- A response whose gzip stream was cut off is not noticed here, but its JSON does not end.
---
--- Which proxy is used is decided in jdvm.transport.proxy, not by libcurl.
local curl = require "jdvm.curl"
local proxies = require "jdvm.transport.proxy"

-- Longest wait inside C. Between two, Lua runs the hook by which its stand-alone interpreters let
-- Ctrl-C end a script.
local STEP = 0.1

local methods = {}
local metatable = { __index = methods }

--- Begins a request and returns at once. A request that cannot even begin fails in `finish`.
---@param request table `url`; `method` (only "GET"), `headers` (name -> value), `connect_timeout`
---  and `read_timeout` (seconds), `max_body` (bytes, inflated), `fresh` (on a new connection)
---@param deadline number|nil on the clock of `now`: when the answer must be complete
---@return userdata|table pending for `finish` or `cancel`
function methods:start(request, deadline)
  if (request.method or "GET") ~= "GET" then error("this transport sends GET alone", 2) end
  if self.bad_proxy then return proxies.failure("bad_proxy", self.bad_proxy) end
  local pending = self.multi:start {
    url = request.url,
    headers = request.headers,
    connect_timeout = request.connect_timeout,
    read_timeout = request.read_timeout,
    max_body = request.max_body,
    fresh = request.fresh,
    timeout = deadline and deadline - curl.now(),
  }
  return pending or { kind = "cancelled", cause = "client_closed", facts = {}, sent = false }
end

--- Waits for a request that was started.
---@param pending userdata|table
---@return table|nil response `status`, `headers` (lower-case names), `body`, `kept` (whether the
---  connection was used before)
---@return table|nil failure `kind` (connect, tls, timeout, transport, cancelled), `phase` (dns,
---  connect, tls, send, wait, read), `message`, `sent` (whether any byte of the request left), `kept`
---  (the connection was used before, and failed before the first byte of a response)
function methods:finish(pending)
  if type(pending) == "table" then return nil, pending end -- what it failed with before it began
  local status, headers, body, kept
  repeat
    status, headers, body, kept = self.multi:finish(pending, STEP)
    local is_waiting = not (status or headers)
    if is_waiting and self.on_wait then self.on_wait() end
  until not is_waiting
  if not status then return nil, proxies.blame(self.proxy, headers) end
  return { status = status, headers = headers, body = body, kept = kept }
end

--- Gives a request up, whatever state it is in.
---@param pending userdata
function methods:cancel(pending)
  if type(pending) ~= "table" then self.multi:cancel(pending) end
end

--- Waits, and drives the requests that are running.
---@param seconds number
function methods:sleep(seconds)
  local finish = curl.now() + seconds
  repeat
    self.multi:sleep(math.min(seconds, STEP))
    if self.on_wait then self.on_wait() end
    seconds = finish - curl.now()
  until seconds <= 0
end

-- LuaJIT runs no hooks in code that it has compiled.
local jit = package.loaded.jit
if jit then
  jit.off(methods.finish)
  jit.off(methods.sleep)
end

--- Seconds of a clock that only goes forward.
---@return number
function methods.now() return curl.now() end

--- Cancels what is running and closes the connections. Responses in hand stay readable.
function methods:close() self.multi:close() end

--- The version of libcurl and of what it is built on, for reports.
---@return string version
---@return boolean blocks whether it looks names up while everything else waits, also with the option `wait`
---@return string|nil file of the certificates that it trusts by default
---@return string|nil folder of them
function methods.version() return curl.version() end

local transport = { methods = methods }

--- One set of connections. Needs no network yet: the first request does.
---@param config table|nil the options of `jdvm.new` that concern a transport: `ca_file`, `ca_path`,
---  `proxy`, `proxy_ca_file`, `verify`, `user_agent`, `max_body`, `http2`, `wait`
---@return table transport
function transport.new(config)
  config = config or {}
  local found = config.environment_proxy or { address = config.proxy or "" }
  local proxy, reason
  if found.address ~= "" then
    proxy, reason = proxies.parse(found.address)
  end
  return setmetatable({
    proxy = proxy,
    bad_proxy = reason and { reason = reason, variable = found.variable },
    on_wait = config.on_wait,
    multi = curl.new {
      ca_file = config.ca_file,
      ca_path = config.ca_path,
      proxy = proxy and proxy.url,
      proxy_ca_file = config.proxy_ca_file,
      verify = config.verify,
      user_agent = config.user_agent,
      max_body_bytes = config.max_body,
      http2 = config.http2,
      gzip = config.gzip,
      max_connections = config.max_connections,
      waits = config.wait == nil,
    },
  }, metatable)
end

return transport
