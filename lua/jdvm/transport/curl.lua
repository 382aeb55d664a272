--- The transport over libcurl: for every place that may block, which is everywhere but a request
--- phase of nginx. Requests that were started run side by side; they are driven while one of them is
--- waited for, and while sleeping.
---
--- `read_timeout` is the longest silence once the request is out; a header line counts when it is whole.
--- A response whose gzip stream was cut off is not noticed here, but its JSON does not end.
---
--- Without `proxy`, libcurl goes by the environment: `https_proxy`, `HTTPS_PROXY`, `http_proxy`,
--- `all_proxy`, `ALL_PROXY`, `no_proxy`, `NO_PROXY`. `proxy = ""` means no proxy in any case.
local curl = require "jdvm.curl"

-- Longest wait inside C. Between two, Lua runs the hook by which its stand-alone interpreters let
-- Ctrl-C end a script.
local STEP = 0.1

local methods = {}
local metatable = { __index = methods }

-- In place of a request that a closed client could not begin.
local CLOSED = {}

--- Begins a request and returns at once. A request that cannot even begin fails in `finish`.
---@param request table `url`; `method` (only "GET"), `headers` (name -> value), `connect_timeout`
---  and `read_timeout` (seconds), `max_body` (bytes, inflated), `fresh` (on a new connection)
---@param deadline number|nil on the clock of `now`: when the answer must be complete
---@return userdata|table pending for `finish` or `cancel`
function methods:start(request, deadline)
  if (request.method or "GET") ~= "GET" then error("this transport sends GET alone", 2) end
  local pending = self.multi:start {
    url = request.url,
    headers = request.headers,
    connect_timeout = request.connect_timeout,
    read_timeout = request.read_timeout,
    max_body = request.max_body,
    fresh = request.fresh,
    timeout = deadline and deadline - curl.now(),
  }
  return pending or CLOSED
end

--- Waits for a request that was started.
---@param pending userdata|table
---@return table|nil response `status`, `headers` (lower-case names), `body`, `kept` (whether the
---  connection was used before)
---@return table|nil failure `kind` (connect, tls, timeout, transport, cancelled), `phase` (dns,
---  connect, tls, send, wait, read), `message`, `sent` (whether any byte of the request left), `kept`
---  (the connection was used before, and failed before the first byte of a response)
function methods:finish(pending)
  if pending == CLOSED then return nil, { kind = "cancelled", message = "the client is closed", sent = false } end
  local status, headers, body, kept
  repeat
    status, headers, body, kept = self.multi:finish(pending, STEP)
  until status or headers
  if not status then return nil, headers end
  return { status = status, headers = headers, body = body, kept = kept }
end

--- Gives a request up, whatever state it is in.
---@param pending userdata
function methods:cancel(pending)
  if pending ~= CLOSED then self.multi:cancel(pending) end
end

--- Waits, and drives the requests that are running.
---@param seconds number
function methods:sleep(seconds)
  local finish = curl.now() + seconds
  repeat
    self.multi:sleep(math.min(seconds, STEP))
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
---@return string
function methods.version() return curl.version() end

local transport = {}

--- One set of connections. Needs no network yet: the first request does.
---@param config table|nil the options of `jdvm.new` that concern a transport: `ca_file`, `ca_path`,
---  `proxy`, `no_proxy`, `verify`, `user_agent`, `max_body`, `http2`
---@return table transport
function transport.new(config)
  config = config or {}
  return setmetatable({
    multi = curl.new {
      ca_file = config.ca_file,
      ca_path = config.ca_path,
      proxy = config.proxy,
      no_proxy = config.no_proxy,
      verify = config.verify,
      user_agent = config.user_agent,
      max_body_bytes = config.max_body,
      http2 = config.http2,
      gzip = config.gzip,
      max_connections = config.max_connections,
    },
  }, metatable)
end

return transport
