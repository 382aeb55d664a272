-- The transport inside nginx and OpenResty: HTTP/1.1 over cosockets, which never blocks a worker.
--
-- One object serves all requests of a worker: it keeps nothing of a request. Connections live in nginx's own pools,
-- named by everything that makes two of them different (jdvm.transport.route). `start` runs the exchange in a light
-- thread of the current request, `perform` in the caller itself, which is cheaper when nothing else is to go on.
-- Every wait ends at the deadline, the look-up of the name included.

local core = require "jdvm.core"

local causes = require "jdvm.transport.nginx_causes"
local exchange = require "jdvm.transport.exchange"
local http1 = require "jdvm.transport.http1"
local light_thread = require "jdvm.transport.light_thread"
local proxies = require "jdvm.transport.proxy"
local routes = require "jdvm.transport.route"
local text = require "jdvm.util.text"
local url = require "jdvm.transport.url"

local ngx = ngx -- nil in plain Lua, where nothing here is of use
-- ngx.now() follows the wall clock, and its cached value lags behind work just done.
local can_yield, now = core.can_yield, core.now
local max, min = math.max, math.min
local milliseconds, failure = exchange.milliseconds, exchange.failure

local CONNECT_TIMEOUT, READ_TIMEOUT = 5, 10 -- seconds, where the request names none
local IDLE = 30 -- seconds a pooled connection waits: less than common servers do
local POOL_SIZE = 100 -- idle connections of one pool in one worker
local BACKLOG = 100000 -- requests that wait for one of max_connections
local PICKS = 16 -- connections tried at most, as long as each is refused, before a name's addresses have all refused
-- A Unix socket without a path: nginx looks into the pool first, by the pool's name, and then fails at once, without a
-- look-up. (Those who replace `connect` to look names up themselves leave Unix sockets alone.)
local NOWHERE = "unix:"

local M = {}

---@class jdvm.NgxTransport
local Transport = {}
Transport.__index = Transport

-- A name may stand for several addresses, of which nginx picks one. One that refuses has seen nothing of the request,
-- so another is picked; nginx does not tell which there are.
local function connect_to_one(socket, route, options)
  local ok, err
  for _ = 1, PICKS do
    ok, err = socket:connect(route.address, route.address_port, options)
    if ok or not causes.is_refusal(err) then break end
  end
  return ok, err
end

-- nginx bounds a look-up by resolver_timeout (30 s unless set) and nothing else, so it goes into a light thread that
-- can be ended; then nobody knows whether it still asked for the name or connected already.
local function connect_by_name(socket, route, options, seconds, control)
  -- A pooled connection needs no look-up, and no thread.
  if socket:connect(NOWHERE, route.address_port, options) then return true end
  local thread = light_thread.new()
  control.waits_for = thread
  -- A little longer than the socket's own time-out, which tells more: that the name was known at once.
  thread:start(seconds + 0.02, function()
    thread.ok, thread.err = connect_to_one(socket, route, options)
  end, true)
  thread:wait(seconds + 1)
  control.waits_for = nil
  if not thread.over then return nil, causes.GIVEN_UP end
  return thread.ok, thread.err
end

local function unconnected(kind, phase, cause, facts, advice) return failure(kind, phase, cause, false, facts, advice) end

-- When the service answers so fast that the handshake ends within the call, lua-nginx-module loses the result of a
-- failed verification (until its pull request 2506): it closes the connection but says that all went well, or, when
-- asked for the session, stumbles over its own assertion. So the session is asked for, and the reason fetched from
-- where it was left.
local function handshake(socket, route)
  local ran, session, err = pcall(socket.sslhandshake, socket, nil, route.host, route.verify)
  if ran then return session, err end
  local has_base, base = pcall(require, "resty.core.base")
  local reason = has_base and base.get_errmsg_ptr()
  if reason and reason[0] ~= nil then return nil, require "ffi".string(reason[0]) end
  return nil, tostring(session)
end

-- What a new connection needs before the request: the way through a proxy, and TLS.
local function secure(socket, route, call, connect_timeout)
  if route.proxy and route.secure then
    local open, problem = exchange.tunnel(socket, route, call, connect_timeout)
    if not open then return nil, problem end
  end
  if not route.secure then return true end
  local left = min(connect_timeout, call.deadline - now())
  if left <= 0 then return exchange.out_of_time("tls") end
  -- A handshake waits for as long as a connect may take.
  socket:settimeouts(milliseconds(left), call.waiting, call.waiting)
  local ok, err = handshake(socket, route)
  if not ok then return unconnected(causes.handshake(err, route)) end
  return true
end

local function open(self, route, call, connect_timeout, fresh)
  local left = call.deadline - now()
  if left <= 0 then return exchange.out_of_time("connect") end
  local socket = ngx.socket.tcp()
  call.waiting = milliseconds(min(call.read_timeout, left))
  left = min(connect_timeout, left)
  socket:settimeouts(milliseconds(left), call.waiting, call.waiting)
  local options = route.options
  -- The pool of fresh connections is always empty, because they are closed after use.
  if fresh then options = { pool = route.pool .. "|fresh", pool_size = self.pool_size } end
  local ok, err
  if route.named then
    ok, err = connect_by_name(socket, route, options, left, call.control)
  else
    ok, err = socket:connect(route.address, route.address_port, options)
    if not ok and route.other_address and causes.is_refusal(err) then
      ok = socket:connect(route.other_address, route.address_port, options)
    end
  end
  if not ok then
    local _, problem = unconnected(causes.connect(err, route, left, self.limit))
    problem.at_proxy = route.proxy ~= nil
    return nil, problem
  end
  call.reused = socket:getreusedtimes() > 0
  if not call.reused then
    local ready, problem = secure(socket, route, call, connect_timeout)
    if not ready then
      socket:close()
      return nil, problem
    end
  end
  return socket
end

local function attempt(self, route, target, request, deadline, control)
  if route.secure and self.unsupported then return unconnected("tls", "tls", "unsupported_ca", self.unsupported) end
  if route.proxy and not route.secure then target = request.url:gsub("#.*$", "") end
  local head, reason = http1.head(request.method, target, request.headers, route.headers)
  if not head then return exchange.lasting("send", "bad_request", false, reason) end

  local call = {
    deadline = deadline,
    now = now,
    control = control,
    read_timeout = request.read_timeout or READ_TIMEOUT,
    method = request.method,
    max_body = request.max_body or self.max_body,
    secure = route.secure,
  }
  local socket, problem = open(self, route, call, request.connect_timeout or CONNECT_TIMEOUT, request.fresh)
  if not socket then return nil, problem end
  local response
  response, problem = exchange.run(socket, head, call)
  -- A connection that cannot be kept is no failure of the request: TLS 1.3 may have sent a late ticket.
  local keeps = response and response.reusable and not request.fresh
  if not keeps or not socket:setkeepalive(IDLE * 1000, self.pool_size) then socket:close() end
  if not response then return nil, problem end
  response.kept = call.reused
  return response
end

-- Where Lua cannot yield, a socket or a light thread must not even be tried: nginx has noted that it waits by the time
-- that Lua raises, and would later wake whatever waits then.
local function within_c()
  local _, problem = failure("phase", ngx.get_phase(), "within_c")
  problem.lasting = true
  return nil, problem
end

local function perform(self, request, deadline, control)
  if not can_yield() then return within_c() end
  local origin, target = url.split(request.url)
  local route, fault = self:route(origin)
  if not route then return nil, fault end
  local ran, response, problem = pcall(attempt, self, route, target, request, deadline, control)
  if not ran then return failure("transport", "send", "transport_failed", false, { reason = tostring(response) }) end
  if response then return response end
  return nil, proxies.blame(route.proxy, problem)
end

--- Sends a request and waits for the answer in the caller's own light thread.
---@param request jdvm.TransportRequest time-outs and max_body may be absent here
---@param deadline number on `now()`
---@return jdvm.Http1Response? response complete
---@return jdvm.TransportFailure?
function Transport:perform(request, deadline) return perform(self, request, deadline, {}) end

-- A pending exchange that is forgotten is to end, not to run on for nobody: the guard is collected with the caller's
-- handle, and the exchange, which does not hold it, looks at `cancelled` whenever something arrives.
local function forgotten_guard(thread)
  local guard = newproxy(true)
  getmetatable(guard).__gc = function() thread.cancelled = true end
  return guard
end

--- Starts an exchange; others may be started before it is finished.
---@param request jdvm.TransportRequest
---@param deadline number on `now()`
---@return table pending for `finish` or `cancel`
function Transport:start(request, deadline)
  local thread = light_thread.new()
  if can_yield() then
    -- The exchange itself ends by the deadline.
    thread:start(max(0, deadline - now()) + 1, function()
      thread.response, thread.failure = perform(self, request, deadline, thread)
    end)
  else
    thread.response, thread.failure = within_c()
    thread.over = true
  end
  return { thread = thread, deadline = deadline, guard = forgotten_guard(thread) }
end

--- Waits for the answer. May be called from another coroutine or light thread than `start` was.
---@param pending table
---@return table? response
---@return jdvm.TransportFailure?
function Transport.finish(_, pending)
  local thread = pending.thread
  if not thread.over and not can_yield() then
    thread:cancel()
    return within_c()
  end
  thread:wait(max(0, pending.deadline - now()) + 1)
  if not thread.over or thread.cancelled then
    thread:cancel()
    return exchange.cancelled("wait", true)
  end
  return thread.response, thread.failure
end

--- Gives an exchange up and closes its connection, at once, wherever it was started.
---@param pending table
function Transport.cancel(_, pending) pending.thread:cancel() end

--- Sleeps without blocking the worker.
---@param seconds number
function Transport.sleep(_, seconds)
  if not can_yield() then return end -- what comes next says so
  ngx.sleep(max(0.001, seconds)) -- 0 needs patches that only OpenResty's nginx has
end

--- Seconds that never go back.
---@return number
Transport.now = now

--- Nothing to do: idle connections belong to nginx, which closes them in its time.
function Transport.close(_) end

function Transport:route(origin)
  if origin == self.origin then return self.known_route end
  local route, fault = routes.to(origin, self.config)
  if not route then return nil, fault end
  local proxy = route.proxy
  if proxy and proxy.userinfo then
    proxy.authorization = "Basic " .. ngx.encode_base64(text.percent_decoded(proxy.userinfo))
  end
  route.headers = {
    ["user-agent"] = self.user_agent,
    ["accept-encoding"] = "identity",
    ["proxy-authorization"] = proxy and not route.secure and proxy.authorization or nil,
  }
  local limit = self.limit
  -- The first who uses a pool sets its limits, so those with other limits need another.
  route.options = {
    pool = route.pool .. "|" .. (limit or ""),
    pool_size = self.pool_size,
    backlog = limit and BACKLOG,
  }
  self.origin, self.known_route = origin, route
  return route
end

--- A transport for a client. Does no I/O; may be made in init_by_lua.
---@param config table the client's options: proxy, verify, user_agent, max_body, max_connections
---@return jdvm.NgxTransport
function M.new(config)
  config = config or {}
  local limit = config.max_connections
  return setmetatable({
    config = { proxy = config.proxy, verify = config.verify },
    user_agent = (config.user_agent or "jdvm"):gsub("%c", " "),
    max_body = config.max_body or http1.MAX_BODY,
    pool_size = limit or POOL_SIZE,
    limit = limit,
    unsupported = causes.unsupported(config),
  }, Transport)
end

return M
