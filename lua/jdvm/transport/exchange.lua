-- One request and its answer over a connected cosocket, under a deadline. Pure: over any socket and clock; nothing here
-- opens a connection or starts a thread.

local http1 = require "jdvm.transport.http1"

local max, min, floor = math.max, math.min, math.floor

local exchange = {}

local PIECE = 65536 -- bytes; a read returns what has arrived, up to nginx's lua_socket_buffer_size

-- Sizes of nginx's socket buffer (lua_socket_buffer_size; a page of memory unless set) are multiples of this in any
-- configuration that is in earnest.
local BUFFER_UNIT = 1024

--- Time-outs of a socket are whole milliseconds, and 0 would mean none.
---@param seconds number
---@return integer
function exchange.milliseconds(seconds) return max(1, floor(seconds * 1000)) end
local milliseconds = exchange.milliseconds

---@class jdvm.TransportFailure
---@field kind "connect"|"tls"|"timeout"|"transport"|"cancelled"|"phase"
---@field phase string "dns", "connect", "tls", "send", "wait" or "read"; nginx's own for the kind "phase"
---@field cause string
---@field facts table
---@field advice string? names a further hint of the cause's
---@field at_proxy boolean? the proxy itself was not found, reached or trusted
---@field sent boolean may the service have seen the request?
---@field lasting boolean? the same request would fail in the same way
---@field kept boolean? a pooled connection failed before the first byte of a response: it is to blame, not the request

---@class jdvm.Exchange
---@field deadline number on `now()`
---@field now fun(): number monotonic seconds
---@field read_timeout number seconds without a byte
---@field waiting integer the socket's time-outs, in milliseconds
---@field control {cancelled: boolean?} may be set while the exchange waits
---@field method string of the request
---@field max_body integer? bytes
---@field reused boolean? does the connection come out of the pool?
---@field secure boolean? does the connection speak TLS?

--- A failure, as the second of two results.
---@param kind string
---@param phase string
---@param cause string
---@param sent boolean|nil whether the service may have seen the request
---@param facts table|nil
---@param advice string|nil the hint's name
---@return nil
---@return jdvm.TransportFailure
function exchange.failure(kind, phase, cause, sent, facts, advice)
  return nil, { kind = kind, phase = phase, cause = cause, facts = facts or {}, sent = sent or false, advice = advice }
end
local failure = exchange.failure

--- A failure that the same request meets again.
function exchange.lasting(phase, cause, sent, reason)
  local _, problem = failure("transport", phase, cause, sent, { reason = reason })
  problem.lasting = true
  return nil, problem
end

function exchange.out_of_time(phase, sent) return failure("timeout", phase, "timeout", sent) end

function exchange.cancelled(phase, sent) return failure("cancelled", phase, "cancelled", sent) end

-- Whether there may be more that was read but not given out. A piece is all that has arrived, unless it fills nginx's
-- buffer: then more of it may lie decrypted in OpenSSL, where neither the reader nor nginx, which looks into the kernel
-- before it pools a connection, would see it; the next call would take it for its answer. How large the buffer is
-- cannot be asked. But a piece that is smaller than another did not fill it, and one that did has a size that buffers
-- have, or, when that is an odd one and the answer is longer than the buffer, the size of the largest piece before it.
local function may_be_cut(size, largest) return size == largest or size > largest and size % BUFFER_UNIT == 0 end

--- Sends a request and reads the answer to its end.
---@param socket table connected; its send time-out is set, and `waiting` is its receive time-out
---@param head string from http1.head
---@param call jdvm.Exchange
---@return jdvm.Http1Response? response complete
---@return jdvm.TransportFailure?
function exchange.run(socket, head, call)
  local ok, err = socket:send(head)
  if not ok then
    if err == "timeout" then return failure("timeout", "send", "send_timeout", true) end
    local _, problem = failure("transport", "send", "send_failed", true, { reason = err })
    problem.kept = call.reused
    return nil, problem
  end
  local deadline, longest, waiting = call.deadline, milliseconds(call.read_timeout), call.waiting
  local response
  local size, largest = 0, 0 -- bytes of the last piece, and of the largest before it

  -- Bytes; or nil and the socket's reason or a failure.
  local function more()
    local phase = response.started and "read" or "wait"
    local left = deadline - call.now()
    if left <= 0 then return exchange.out_of_time(phase, true) end
    -- The time-out of a socket is for one read. A service that drips would outlast any deadline but for this.
    local wait = min(longest, milliseconds(left))
    if wait ~= waiting then
      socket:settimeouts(wait, wait, wait)
      waiting = wait
    end
    local data, reason = socket:receiveany(PIECE)
    if call.control.cancelled then return exchange.cancelled(phase, true) end
    if data then
      size, largest = #data, max(size, largest)
      return data
    end
    if reason ~= "timeout" then return nil, reason end
    if wait < longest then return exchange.out_of_time(phase, true) end
    return failure("timeout", phase, "read_timeout", true, { seconds = call.read_timeout })
  end

  response = http1.response(call.method, more, call.max_body)
  local complete, message = response:read()
  if complete then
    if call.secure and may_be_cut(size, largest) then response.reusable = false end
    return response
  end
  local _, problem
  if message then
    _, problem = exchange.lasting("read", "malformed_response", true, message)
    -- What is no HTTP on a pooled connection is left from before, as libcurl takes it, too.
    problem.kept = call.reused and message == http1.FOREIGN
  elseif type(response.err) == "table" then
    problem = response.err
  else
    local place = response:place()
    local facts = response.err == "closed" and { where = place } or { reason = response.err, within = place }
    _, problem = failure("transport", response.started and "read" or "wait", "cut_off", true, facts)
    problem.kept = call.reused and not response.started
  end
  return nil, problem
end

--- Asks a proxy for a tunnel (RFC 9110, 9.3.6). After it, the socket is as if connected to the service.
---@param socket table connected to the proxy
---@param route jdvm.Route
---@param call jdvm.Exchange
---@param connect_timeout number seconds
---@return true? open
---@return jdvm.TransportFailure?
function exchange.tunnel(socket, route, call, connect_timeout)
  local limit = min(call.deadline, call.now() + connect_timeout)
  local authority = route.host .. ":" .. route.port
  local headers = { host = authority, ["proxy-authorization"] = route.proxy.authorization }
  local function wait_at_most()
    local left = milliseconds(limit - call.now())
    socket:settimeouts(left, left, left)
  end
  local response = http1.response("HEAD", function()
    if call.now() >= limit then return nil, "timeout" end
    wait_at_most()
    return socket:receive(1) -- not one byte of what follows the header: that is the service's
  end)
  wait_at_most()
  local complete, message
  local ok, err = socket:send(http1.head("CONNECT", authority, headers))
  if ok then
    complete, message = response:read()
    err = message or response.err
  end
  if complete and response.status >= 200 and response.status < 300 then return true end
  local facts = { host = route.host, port = route.port }
  if err == "timeout" then
    if limit == call.deadline then return exchange.out_of_time("connect") end
    return failure("timeout", "connect", "proxy_timeout", false, facts)
  end
  facts.status, facts.reason = response.status or nil, not response.status and err or nil
  return failure("connect", "connect", facts.status == 407 and "proxy_login" or "proxy_refused", false, facts)
end

return exchange
