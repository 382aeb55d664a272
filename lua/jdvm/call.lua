-- One call: sign, send, decode, judge, and retry as long as that is worth it and there is time.
--
-- A call is started, and later finished or cancelled, so that several run side by side over any transport. All
-- its state is in itself: a client serves any number of calls, coroutines and light threads at once. What calls
-- share in the client's state is the retry quota, the clock's offset, the signers, and nothing else.

local clock = require "jdvm.call.clock"
local core = require "jdvm.core"
local envelope = require "jdvm.call.response"
local errors = require "jdvm.failures.failure"
local events = require "jdvm.call.events"
local request = require "jdvm.call.sign"
local retry = require "jdvm.call.retry"
local transport = require "jdvm.transport"

local call = {}

local Call = {}
local mt = { __index = Call }

-- How much of a body that is not JSON goes into the message.
local GLIMPSE = 4096
-- Timers may go off this early (seconds).
local NEARLY = 0.005

-- Reports an attempt. `failure` is nil after a success.
local function report_attempt(self, status, request_id, failure, again, delay)
  local state = self.state
  if not (state.logger or state.on_attempt) then return end
  local event = events.attempt {
    operation = self.operation.name,
    region = self.region,
    method = self.operation.method,
    host = state.endpoint.host,
    path = self.path,
    query = self.target and self.target:match("%?(.*)$"),
    attempt = self.attempts,
    status = status,
    request_id = request_id,
    milliseconds = (self.transport:now() - self.attempt_started) * 1000,
    kind = failure and failure.kind,
    reason = failure and events.reason(failure),
    retry = again,
    delay = delay,
  }
  events.tell(state.logger, event)
  events.tell(state.on_attempt, event, "on_attempt", state.logger)
end

-- What must not be shown: the secrets as they are and as they travel, and those of the proxy.
local function secrets_of(self)
  local secrets, config = {}, self.state.config
  local function add(...)
    for i = 1, select("#", ...) do
      secrets[#secrets + 1] = (select(i, ...))
    end
  end
  local proxy = config.environment_proxy
  local userinfo, password, plain_userinfo, plain_password =
    errors.secrets_of_proxy(config.proxy or proxy and proxy.address)
  add(userinfo, password, plain_userinfo, plain_password)
  if plain_userinfo then add(core.base64(plain_userinfo)) end -- as Proxy-Authorization carries it
  if self.keys then add(select(2, self.keys.reveal())) end
  if self.sent then add(self.sent["x-jdcloud-security-token"], self.sent.authorization:match "Signature=(%x+)") end
  return secrets
end

-- Of what a call ended with, what on_call is told.
local TOLD = { "attempts", "elapsed", "kind", "cause", "status", "http_status", "request_id" }

-- Ends the call, and reports it.
local function conclude(self, result, meta_or_message, detail)
  local state, facts = self.state, detail or meta_or_message
  self.outcome = { result, meta_or_message, detail }
  if not state.on_call then return end
  local event = { operation = self.operation.name, region = self.region, ok = detail == nil }
  for _, name in ipairs(TOLD) do
    event[name] = facts[name]
  end
  event.message = detail and meta_or_message
  events.tell(state.on_call, event, "on_call", state.logger)
end

-- Ends the call with a failure: fields for jdvm.failures.failure.
local function fail(self, failure)
  local now = self.transport and self.transport:now()
  failure.operation, failure.region, failure.attempts = self.operation.name, self.region, self.attempts
  failure.filter = self.filter
  failure.elapsed = now and self.budget and math.max(0, now - self.budget.started) or 0
  failure.retryable = failure.retryable or false
  conclude(self, nil, errors.new(failure, secrets_of(self)))
end

-- Ends the call because its time ran out, with what failed before that.
local function out_of_time(self, failure, before)
  fail(self, {
    kind = "timeout",
    phase = failure.phase,
    cause = failure.cause,
    facts = failure.facts,
    message = failure.message,
    retryable = true,
    last = errors.last(before),
    retry_after = before and before.retry_after,
  })
end

local function succeed(self, result, status, request_id)
  self.state.quota:pay_back(self.cost)
  conclude(self, result, {
    request_id = request_id,
    http_status = status,
    attempts = self.attempts,
    throttled = self.throttled,
    replayed = self.replayed,
    elapsed = self.transport:now() - self.started,
  })
end

-- The keys to sign with, or nil and a failure.
local function fetch_keys(self, now)
  local state, carrier, deadline = self.state, self.transport, self.budget.deadline
  local at_hand = state.credentials:at_hand(state.clock)
  if at_hand then return at_hand end
  local keys, failure = state.credentials:get({
    clock = state.clock,
    sleep = function(seconds) carrier:sleep(seconds) end,
    timeout = deadline - now,
    transport = carrier,
    deadline = deadline,
  })
  if keys and carrier:now() >= deadline then
    return nil, { kind = "timeout", phase = "sleep", cause = "keys_timeout" }
  end
  return keys, failure
end

-- Begins an attempt. A failure before anything is sent is kept for finish.
local function attempt(self, at_once, fresh)
  local carrier, deadline = self.transport, self.budget.deadline
  local now = carrier:now()
  self.attempt_started, self.fresh = now, fresh
  if now >= deadline then
    self.early = { kind = "timeout", phase = "sleep", cause = "no_time_left" }
    return
  end
  local keys, failure = fetch_keys(self, now)
  self.keys, self.early = keys or self.keys, failure
  if self.early or self.outcome then return end
  local signed = request.signed(self, fresh)
  if at_once and carrier.perform then
    self.response, self.failure = carrier:perform(signed, deadline)
  else
    self.pending = carrier:start(signed, deadline)
    self.state.in_flight[self] = true
  end
end

--- Starts a call whose parameters were checked.
---@param state table the client's
---@param job table becomes the call: operation, path, query, region, options, decoding (options of core.decode), id;
---  budget { started, deadline } or timeout; early: why it cannot be made; filter: what a failure names
---@param at_once boolean|nil the call is finished next, with nothing in between
function call.start(state, job, at_once)
  local self = setmetatable(job, mt)
  self.state, self.attempts, self.throttled, self.replayed = state, 0, 0, 0
  if self.early and self.early.has_no_region then self.region = nil end
  if state.closed then self.early = self.early or { kind = "cancelled", cause = "client_closed" } end
  if self.early then return self end
  local carrier, failure = transport.choose(state.config)
  if not carrier then
    self.early = failure
    return self
  end
  local now = carrier:now()
  self.transport, self.started = carrier, now
  self.budget = self.budget or { started = now, deadline = now + self.timeout }
  attempt(self, at_once)
  return self
end

-- Reads a response: the result and the request id, or nil and a failure.
local function judge(self, response)
  local status, headers = response.status, response.headers or {}
  local is_good = status >= 200 and status <= 299
  local decoding = is_good and self.decoding or self.state.decoding
  local value, message, offset = core.decode(response.body, decoding)
  local problem
  if message then
    local body = response.body
    -- Before it is cut: of a part nobody knows whether it is one of a secret.
    local shown = errors.redact(body:sub(1, GLIMPSE), secrets_of(self))
    value, problem = nil, { message = message, offset = offset, body = body, text = shown }
  end
  local result, id_or_failure = envelope.read(self.operation, status, headers, value, problem, self.id)
  if result == nil then
    local failure = id_or_failure
    failure.retry_after = retry.after(headers, self.state.clock())
  elseif self.state.array_mt == false then
    envelope.unmark(result)
  end
  return result, id_or_failure
end

-- Why a failed attempt is followed by another, and the seconds to wait; nil when it is not.
local function next_attempt(self, failure, is_skewed)
  local state = self.state
  local reason = retry.reason(failure)
  failure.retryable = reason ~= nil
  if reason == "throttled" then self.throttled = self.throttled + 1 end
  if self.attempts >= (self.options.max_attempts or state.max_attempts) then return nil end
  if is_skewed and not self.was_skewed then
    self.was_skewed = true
    return "clock", 0
  end
  if failure.http_status == 401 and self.keys and state.credentials:refuse(self.keys) then return "keys", 0 end
  if not reason then return nil end
  local delay = retry.delay(self.attempts, reason, state.random(), failure.retry_after)
  if self.transport:now() + delay >= self.budget.deadline then return "late" end
  local cost = state.quota:take(reason)
  if not cost then
    failure.hint = errors.hint { cause = "retries_spent" }
    return nil
  end
  self.cost = (self.cost or 0) + cost
  return reason, delay
end

-- Waits for what the present attempt comes to.
local function receive(self)
  local response, failure = self.response, self.failure
  if self.pending then
    response, failure = self.transport:finish(self.pending)
    self.state.in_flight[self] = nil
  end
  self.pending, self.response, self.failure = nil, nil, nil
  -- `close` does not cancel what is waited for in one piece (`perform`), nor a sleep.
  if self.state.closed then self:cancel() end
  return response, failure
end

-- Ends the call after a failed attempt, or begins another.
local function retry_or_fail(self, response, failure, is_skewed)
  local carrier, deadline = self.transport, self.budget.deadline
  if failure.kind == "timeout" and carrier:now() >= deadline - NEARLY then
    report_attempt(self, nil, nil, failure)
    return out_of_time(self, failure, self.last)
  end
  local reason, delay = next_attempt(self, failure, is_skewed)
  report_attempt(self, response and response.status, failure.request_id, failure, delay and reason, delay)
  if not reason then
    failure.last = nil
    return fail(self, failure)
  end
  if not delay then return out_of_time(self, { phase = "sleep", cause = "no_time_left" }, failure) end
  self.last = failure
  if delay > 0 then carrier:sleep(delay) end
  if self.state.closed then self:cancel() end
  if not self.outcome then attempt(self, true) end
end

--- Waits for the response, retrying as the client's options say.
---@param received function|nil called when a good response is there and about to be read, unless the call was throttled
---@return table|nil result
---@return table|string meta_or_message
---@return jdvm.Failure|nil detail
function Call:finish(received)
  while not self.outcome do
    local early = self.early
    local response, failure
    if not early then
      response, failure = receive(self)
    end
    if self.outcome then break end

    if early and early.kind == "timeout" then
      out_of_time(self, early, self.last)
    elseif early then
      fail(self, early)
    elseif not self.fresh and retry.is_replayed(response, failure) and self.transport:now() < self.budget.deadline then
      self.replayed = self.replayed + 1
      attempt(self, true, true)
    elseif response then
      self.attempts = self.attempts + 1
      if received and response.status == 200 and self.throttled == 0 then received() end
      local result, id_or_failure = judge(self, response)
      local is_skewed = clock.follow(self, response.headers, result == nil and id_or_failure or nil)
      if result == nil then
        retry_or_fail(self, response, id_or_failure, is_skewed)
      else
        report_attempt(self, response.status, id_or_failure)
        succeed(self, result, response.status, id_or_failure)
      end
    else
      -- Where nothing can wait, no request was sent.
      if failure.kind ~= "phase" then self.attempts = self.attempts + 1 end
      retry_or_fail(self, nil, failure, false)
    end
  end
  return self.outcome[1], self.outcome[2], self.outcome[3]
end

--- Gives the call up, wherever it stands.
function Call:cancel()
  if self.outcome then return end
  local pending = self.pending
  self.pending, self.response = nil, nil
  self.state.in_flight[self] = nil
  if pending then self.transport:cancel(pending) end
  self.early = nil
  local message, detail = errors.new {
    kind = "cancelled",
    operation = self.operation.name,
    region = self.region,
    attempts = self.attempts,
    retryable = false,
  }
  self.outcome = { nil, message, detail }
end

return call
