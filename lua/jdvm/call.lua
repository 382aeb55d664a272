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
-- An attempt that lay idle for IDLE seconds while its caller did something else, and is found broken within AT_ONCE
-- seconds, does not count.
local IDLE, AT_ONCE = 1, 0.1
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

-- What must not be shown: the secrets as they are, and as they travel.
local function secrets_of(self)
  local secrets = {}
  if self.keys then
    local _, secret_key, session_token = self.keys.reveal()
    secrets[1], secrets[2], secrets[3] = secret_key, session_token, self.sent_token
  end
  return secrets
end

-- Ends the call, and reports it.
local function conclude(self, result, meta_or_message, detail)
  local state, facts = self.state, detail or meta_or_message
  self.outcome = { result, meta_or_message, detail }
  if state.on_call then
    events.tell(state.on_call, {
      operation = self.operation.name,
      region = self.region,
      ok = detail == nil,
      attempts = self.attempts,
      elapsed = facts.elapsed,
      kind = facts.kind,
      status = facts.status,
      http_status = facts.http_status,
      request_id = facts.request_id,
      message = detail and meta_or_message,
    }, "on_call", state.logger)
  end
  return result, meta_or_message, detail
end

-- Ends the call with a failure: fields for jdvm.failures.failure.
local function fail(self, failure)
  local now = self.transport and self.transport:now()
  failure.operation, failure.region, failure.attempts = self.operation.name, self.region, self.attempts
  failure.elapsed = now and self.budget and math.max(0, now - self.budget.started) or 0
  failure.retryable = failure.retryable or false
  return conclude(self, nil, errors.new(failure, secrets_of(self)))
end

local function succeed(self, result, status, request_id)
  self.state.quota:pay_back(self.cost)
  return conclude(self, result, {
    request_id = request_id,
    http_status = status,
    attempts = self.attempts,
    throttled = self.throttled,
    replayed = self.replayed,
    elapsed = self.transport:now() - self.started,
  })
end

-- Asks for keys to sign with; gives nil and a failure when there are none.
local function fetch_keys(self, now)
  local state, carrier, deadline = self.state, self.transport, self.budget.deadline
  return state.credentials:get({
    clock = state.clock,
    sleep = function(seconds) carrier:sleep(seconds) end,
    timeout = deadline - now,
    transport = carrier,
    deadline = deadline,
  }, transport.turn)
end

-- Begins an attempt. A failure that needs no response is kept for finish.
local function attempt(self, at_once, now, fresh)
  local carrier, deadline = self.transport, self.budget.deadline
  self.attempt_started = now
  if now >= deadline then
    self.early = { kind = "timeout", phase = "sleep", cause = "no_time_left" }
    return
  end
  local keys, failure = self.state.credentials:at_hand(self.state.clock), nil
  if not keys then
    keys, failure = fetch_keys(self, now)
    if keys and carrier:now() >= deadline then
      keys, failure = nil, { kind = "timeout", phase = "sleep", cause = "keys_timeout" }
    end
  end
  if not keys then
    self.early = failure
    return
  end
  self.keys, self.fresh = keys, fresh
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
---  budget { started, deadline } or timeout; early: why it cannot be made
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
  attempt(self, at_once, now)
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

-- Whether this failure is worth a retry: the reason and seconds to wait, or nil.
local function worth_another(self, failure, is_skewed)
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
  return reason, retry.delay(self.attempts, reason, state.random(), failure.retry_after)
end

-- Whether the client's quota covers a retry for this reason; it is paid.
local function can_pay(self, failure, reason)
  if reason == "clock" or reason == "keys" then return true end
  local cost = self.state.quota:take(reason)
  if not cost then
    failure.hint = errors.hint { cause = "retries_spent" }
    return false
  end
  self.cost = (self.cost or 0) + cost
  return true
end

-- The failure of a call whose time ran out: with what failed before it.
local function out_of_time(self, failure, last)
  return fail(self, {
    kind = "timeout",
    phase = failure.phase,
    cause = failure.cause,
    facts = failure.facts,
    message = failure.message,
    retryable = true,
    last = last,
    retry_after = last and last.retry_after,
  })
end

-- Whether an attempt was left alone for so long that its failure says nothing: only one that was under way when
-- finish began can be that.
local function was_neglected(self, failure, finish_began)
  if not finish_began or not (failure.kind == "timeout" or failure.kind == "transport") then return false end
  local now = self.transport:now()
  return finish_began - self.attempt_started > IDLE and now - finish_began < AT_ONCE and now < self.budget.deadline
end

-- Whether somebody cancelled the call while it waited, or closed the client: what is waited for in one piece
-- (`perform`) is not among what `close` cancels, so it ends here, with its response, and is not retried.
local function was_cancelled(self)
  if self.state.closed then self:cancel() end
  return self.outcome ~= nil
end

local function outcome_of(self) return self.outcome[1], self.outcome[2], self.outcome[3] end

--- Waits for the response, retrying as the client's options say.
---@param received function|nil called when a good response is there and about to be read, unless the call was throttled
---@return table|nil result
---@return table|string meta_or_message
---@return jdvm.Failure|nil detail
function Call:finish(received)
  if self.outcome then return outcome_of(self) end
  local carrier = self.transport
  local began = self.pending and carrier:now()
  while true do
    if self.early then
      if self.early.kind == "timeout" then return out_of_time(self, self.early, errors.last(self.last)) end
      return fail(self, self.early)
    end
    local response, failure = self.response, self.failure
    if self.pending then
      response, failure = carrier:finish(self.pending)
      self.state.in_flight[self] = nil
    end
    self.pending, self.response, self.failure = nil, nil, nil
    if was_cancelled(self) then return outcome_of(self) end

    local now = carrier:now()
    if not self.fresh and now < self.budget.deadline and retry.is_replayed(response, failure) then
      self.replayed = self.replayed + 1
      attempt(self, true, now, true)
    elseif not response and was_neglected(self, failure, began) then
      attempt(self, true, now)
    else
      -- Where nothing can wait, no request was sent.
      if response or failure.kind ~= "phase" then self.attempts = self.attempts + 1 end
      local is_skewed = false
      if response then
        if received and response.status == 200 and self.throttled == 0 then received() end
        local result, id_or_failure = judge(self, response)
        if result ~= nil then
          clock.follow(self, response.headers)
          report_attempt(self, response.status, id_or_failure)
          return succeed(self, result, response.status, id_or_failure)
        end
        failure = id_or_failure
        is_skewed = clock.follow(self, response.headers, failure)
      end

      if failure.kind == "timeout" and carrier:now() >= self.budget.deadline - NEARLY then
        report_attempt(self, nil, nil, failure)
        return out_of_time(self, failure, errors.last(self.last))
      end
      local reason, delay = worth_another(self, failure, is_skewed)
      local is_late = reason and carrier:now() + delay >= self.budget.deadline
      if reason and not is_late and not can_pay(self, failure, reason) then reason = nil end
      report_attempt(
        self,
        response and response.status,
        failure.request_id,
        failure,
        not is_late and reason or nil,
        delay
      )
      if not reason then
        failure.last = nil
        return fail(self, failure)
      end
      if is_late then return out_of_time(self, { phase = "sleep", cause = "no_time_left" }, errors.last(failure)) end
      self.last = failure
      if delay > 0 then carrier:sleep(delay) end
      if was_cancelled(self) then return outcome_of(self) end
      attempt(self, true, carrier:now())
    end
  end
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
