-- Keys: where they come from, and keeping them fresh.
--
-- A provider is a function `(context) -> keys | nil, message`, keys being a table of access_key,
-- secret_key, and for temporary keys session_token and expires_at (seconds since 1970). It is asked when
-- there are no keys yet, shortly before they expire, and after the service has refused them.
--
-- A holder keeps what a provider gave. While one coroutine asks for new keys the others use those they have; when the
-- provider fails they stay in use, with a warning. Secrets live in closures, which neither tostring nor an inspector of
-- tables shows.
--
-- Nothing here touches the network; a provider may.

local options = require "jdvm.options.options"
local protected_call = require "jdvm.util.pcall"
local text = require "jdvm.util.text"

local credentials = {}

-- Keys are renewed this long (seconds) before they expire, or when that part of their life is left, if
-- that is shorter: one margin for all lifetimes would renew short-lived keys all the time.
local EARLY, EARLY_PART = 900, 1 / 4
local LATE, LATE_PART = 600, 1 / 6
-- Wait before a provider that failed is asked again: while the keys are good for long, and later.
local RETRY_EARLY, RETRY_LATE, RETRY_NONE = 60, 10, 1
-- Nothing tells whether a coroutine that asks the provider will ever run again: nginx ends light threads, generators
-- are left early. After so long (seconds) another asks: while there are no keys, and while there are.
local LONGEST_WAIT, GIVE_UP = 1, 10

--- What is wrong with a key or a token, or nil. The text itself never stands in the message. Nothing passes here that
--- the signer (jdvm.core) refuses: its messages do not know where a key comes from.
---@param name string access_key, secret_key or session_token
---@param value any
---@param shown string|nil what to call it; default: the name
---@return string|nil
function credentials.fault(name, value, shown)
  shown = shown or name
  if value == nil then return shown .. " is missing" end
  if type(value) ~= "string" then return ("%s must be a string, got a %s"):format(shown, type(value)) end
  if value == "" then return shown .. " is empty" end
  local first, last = value:match("^(.).*(.)$")
  if value:find("[\r\n]$") then
    return shown .. " ends in a newline: cut it off (it often comes from reading a whole file)"
  end
  if value:find("^[ \t]") or value:find("[ \t]$") then return shown .. " begins or ends with a blank: cut it off" end
  if #value > 1 and first == last and (first == '"' or first == "'") then
    return shown .. " stands in quotes: take them away"
  end
  if value:find("[^\33-\126]") then
    return shown .. " holds a blank, a control character or a character beyond ASCII"
  end
  -- The access key stands between "=", "/" and "," in the Authorization header.
  if name == "access_key" and value:find("[/,]") then
    return shown .. ' holds a "/" or a ",", which no access key does: is it the secret key?'
  end
  return nil
end

--- Shows an access key without giving it away.
---@param access_key string
---@return string
function credentials.mask(access_key)
  if #access_key < 12 then return "…" end
  return access_key:sub(1, 2) .. "…" .. access_key:sub(-4)
end

-- What a provider returns, with the names that other tools have for it.
local fields = { { name = "expires_at", other_names = { "expiration", "expires", "expiry" } }, { name = "origin" } }
for i, name in ipairs { "access_key", "secret_key", "session_token" } do
  table.insert(fields, i, options.find("client", name))
end

-- Makes keys of what a provider gave; the secrets end in a closure. `origins` are those of each, where they differ.
local function take(given, origin, origins)
  if type(given) ~= "table" then
    return nil, ("the provider must return a table of access_key and secret_key, got a %s"):format(type(given))
  end
  for name in pairs(given) do
    local meant = type(name) == "string" and text.meant(name, fields)
    if meant and meant.name ~= name then
      return nil, ("the provider returned '%s'; did you mean '%s'?"):format(name, meant.name)
    end
  end
  local access_key, secret_key, session_token = given.access_key, given.secret_key, given.session_token
  origin = type(given.origin) == "string" and given.origin or origin
  for _, name in ipairs { "access_key", "secret_key", "session_token" } do
    local message = (given[name] ~= nil or name ~= "session_token") and credentials.fault(name, given[name])
    if message then return nil, (origins and origins[name] or origin) .. ": " .. message end
  end
  local expires_at = given.expires_at
  if expires_at ~= nil and (type(expires_at) ~= "number" or expires_at ~= expires_at) then
    return nil, ("%s: expires_at must be a number of seconds since 1970, got %s"):format(origin, text.show(expires_at))
  end
  local keys = {
    origin = origin,
    expires_at = expires_at,
    masked = credentials.mask(access_key),
    reveal = function() return access_key, secret_key, session_token end,
  }
  return setmetatable(keys, {
    __tostring = function() return ("jdvm keys %s from %s"):format(keys.masked, keys.origin) end,
  })
end

---@class jdvm.HeldKeys
---@field origin string where they come from
---@field masked string the access key, mostly hidden
---@field expires_at number|nil seconds since 1970
---@field reveal fun(): string, string, string|nil access key, secret key, session token

-- What a provider may use is jdvm.KeyContext (jdvm.types).

---@class jdvm.KeyHolder
local Holder = {}
Holder.__index = Holder
Holder.__tostring = function(self) return "jdvm credentials from " .. self.origin end

-- The state holds the keys in use: behind a function, out of sight of inspectors.
local function new_holder(origin, state)
  return setmetatable({ origin = origin, state = function() return state end }, Holder)
end

--- Makes a holder for a provider.
---@param provider fun(context: jdvm.KeyContext): table|nil, string|nil
---@param origin string
---@param warn? fun(message: string)
---@return jdvm.KeyHolder
function credentials.new(provider, origin, warn) return new_holder(origin, { provider = provider, warn = warn }) end

--- Makes a holder of keys that never change.
---@param given table access_key, secret_key, session_token
---@param origins table<string, string> where each of them comes from
---@return jdvm.KeyHolder
function credentials.fixed(given, origins)
  local keys, message = take(given, origins.access_key, origins)
  return new_holder(origins.access_key, { fixed = true, keys = keys, problem = message })
end

--- Makes a holder where there are no keys.
---@param message string why not
---@return jdvm.KeyHolder
function credentials.none(message) return new_holder("nowhere", { fixed = true, problem = message }) end

-- Why the keys at hand should be renewed now: nil, "early", "late", "expired", "refused".
local function due(state, now)
  local keys = state.keys
  if state.refused then return "refused" end
  if not keys.expires_at then return nil end
  local left, lifetime = keys.expires_at - now, keys.expires_at - state.obtained_at
  if left <= 0 then return "expired" end
  if left < math.min(LATE, lifetime * LATE_PART) then return "late" end
  return left < math.min(EARLY, lifetime * EARLY_PART) and "early" or nil
end

-- Asks the provider and keeps what it gives. Gives the keys to use, or nil and a message.
local function refresh(self, state, context, reason)
  local asking = { since = context.clock() }
  state.asking = asking
  function asking.ask()
    local given, message = state.provider(context) -- no tail call: this function has to stay on the stack
    return given, message
  end
  local ok, given, message = protected_call(asking.ask)
  local now = context.clock()
  local keys
  if not ok then
    message = "the provider failed: " .. text.one_line(tostring(given), 300)
  elseif given == nil then
    message = text.one_line(tostring(message or "the provider gave no keys"), 500)
  else
    keys, message = take(given, self.origin)
  end
  if state.asking == asking then state.asking = nil end
  if keys then
    state.keys, state.obtained_at, state.problem, state.refused = keys, now, nil, false
    -- A provider may hand out keys that are as good as expired; do not ask it at every call. But one that keeps its
    -- own keys has new ones only when those have expired.
    state.not_before = now + RETRY_LATE
    if keys.expires_at then state.not_before = math.min(state.not_before, math.max(now + 1, keys.expires_at)) end
    return keys
  end
  state.problem = message
  state.not_before = now + (not state.keys and RETRY_NONE or reason == "early" and RETRY_EARLY or RETRY_LATE)
  if not state.keys then return nil, message end
  local expired = reason == "expired" and " although they have expired" or ""
  local warning = "keys from %s could not be renewed, the old ones stay in use%s: %s"
  if state.warn then pcall(state.warn, warning:format(self.origin, expired, message)) end
  return state.keys
end

-- Whether it is the provider who asks. The coroutine does not tell, since nginx uses coroutines again; the stack does.
local function is_within(asking)
  local level = 1
  local frame = debug.getinfo(level, "f")
  while frame and frame.func ~= asking.ask do
    level = level + 1
    frame = debug.getinfo(level, "f")
  end
  return frame ~= nil
end

-- Waits for the keys that another coroutine asks for, at most so long; gives the seconds waited.
local function wait_for(state, asking, sleep, most)
  local waited, step = 0, 0.005
  while state.asking == asking and not state.keys and waited < most do
    step = math.min(step * 2, 0.1, most - waited)
    sleep(step)
    waited = waited + step
  end
  return waited
end

-- A problem is a text, or a failure's cause and facts.
local function failed(problem)
  local failure = type(problem) == "table" and problem or { message = problem }
  return nil, { kind = "credentials", cause = failure.cause, facts = failure.facts, message = failure.message }
end

--- The keys to sign with now, if they need no renewing: most often, and with no need to say how one could wait.
---@param clock fun(): number seconds since 1970
---@return jdvm.HeldKeys|nil keys nil: get() is to be asked
function Holder:at_hand(clock)
  local state = self.state()
  local keys = state.keys
  if not keys or state.fixed or not (state.asking or due(state, clock())) then return keys end
  return nil
end

--- The keys to sign with now.
---@param context jdvm.KeyContext
---@return jdvm.HeldKeys|nil keys the same table as long as the keys do not change
---@return table|nil failure fields for jdvm.failures.failure
function Holder:get(context)
  local state = self.state()
  state.clock = context.clock
  local at_hand = self:at_hand(context.clock)
  if at_hand then return at_hand end
  if state.fixed then return failed(state.problem) end
  local now = context.clock()
  if state.keys then
    local reason = due(state, now)
    local is_asked = state.asking and math.abs(now - state.asking.since) <= GIVE_UP
    -- A clock that was set back must not put the next attempt off for long.
    local may_try = now >= state.not_before or state.not_before - now > RETRY_EARLY
    if not reason or is_asked or not may_try then return state.keys end
    return refresh(self, state, context, reason)
  end
  local left = context.timeout or math.huge
  while state.asking do
    local asking = state.asking
    if is_within(asking) then return failed { cause = "provider_calls_itself" } end
    if not context.sleep then return failed { cause = "keys_asked_for" } end
    left = left - wait_for(state, asking, context.sleep, math.min(left, LONGEST_WAIT))
    if state.keys then return state.keys end
    if left <= 0 then return nil, { kind = "timeout", phase = "sleep", cause = "keys_timeout" } end
    if state.asking == asking then state.asking = nil end
  end
  now = context.clock()
  if state.problem and now < state.not_before and state.not_before - now <= RETRY_NONE then
    return failed(state.problem)
  end
  local keys, message = refresh(self, state, context, "none")
  if not keys then return failed(message) end
  return keys
end

--- Tells that the service refused these keys: a provider is asked again at the next call, unless it
--- was asked a moment ago.
---@param keys jdvm.HeldKeys
---@return boolean again whether another attempt may get other keys
function Holder:refuse(keys)
  local state = self.state()
  if state.fixed then return false end
  if state.keys ~= keys then return true end
  state.refused = state.clock() >= state.not_before
  return state.refused
end

--- The access key for people, mostly hidden; providers that may ask a server are not called for it.
---@return string
---@return table|nil problem why there is none: fields for jdvm.failures.failure
function Holder:shown()
  local state = self.state()
  if state.keys then return state.keys.masked end
  if not state.fixed then return "asked for at the first call" end
  return "none", state.problem and select(2, failed(state.problem)) or nil
end

--- Whether the keys never change (options, environment, profile) or come from a provider function.
---@return boolean
function Holder:is_fixed() return self.state().fixed == true end

return credentials
