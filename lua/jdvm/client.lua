-- A client: settings resolved once, and a method for each operation. A client does no I/O when it is made but for
-- the profile file, holds no state of any call, and may be shared by coroutines, light threads and requests.

local call = require "jdvm.call"
local check = require "jdvm.options.check"
local core = require "jdvm.core"
local events = require "jdvm.call.events"
local lazy = require "jdvm.util.lazy"
local operations = require "jdvm.service.operations"
local options_of = require "jdvm.options.options"
local parameters = require "jdvm.options.parameters"
local request = require "jdvm.call.sign"
local retry = require "jdvm.call.retry"
local settings = require "jdvm.options.settings"
local text = require "jdvm.util.text"
local transport = require "jdvm.transport"
local urls = require "jdvm.transport.url"
local value_of = require "jdvm.options.value"

local lists, latest = lazy "jdvm.lists", lazy "jdvm.lists.latest"
local proxies, waiter = lazy "jdvm.transport.proxy", lazy "jdvm.wait"

local client = {}

local methods = {}
local mt = {
  __index = methods,
  __name = "jdvm.client",
  __tostring = function(self)
    local state = self.state()
    return ("jdvm client %s %s%s"):format(
      state.region or "(no region)",
      state.endpoint.origin,
      state.closed and " (closed)" or ""
    )
  end,
}

-- Settings are fixed when the client is made: one that was assigned would be read back, and count for nothing. Anything
-- else may be put into a client, as tests do with methods.
function mt.__newindex(self, name, value)
  if options_of.find("client", name) then
    error(("jdvm: the %s of a client is fixed: give it to a call, or make another client"):format(name), 2)
  end
  rawset(self, name, value)
end

-- The state of a client; raises for one that was closed.
local function state_of(self)
  if type(self) ~= "table" or getmetatable(self) ~= mt then
    error("jdvm: call methods with a colon: client:describe_images { … }", 3)
  end
  local state = self.state()
  if state.closed then error("jdvm: the client is closed", 3) end
  return state
end

local function lua_name()
  local jit = package.loaded.jit
  return jit and tostring(jit.version):gsub("%s+", "/") or _VERSION:gsub("%s+", "/")
end

local function user_agent(given)
  local own = ("jdvm/%s %s"):format(core._VERSION, lua_name())
  return given and given .. " " .. own or own
end

-- In [0, 1). Not math.random: some Luas start it alike in every process, and then all clients retry in step.
local function random() return tonumber(core.nonce():sub(1, 8), 16) / 2 ^ 32 end

-- The end of the year 9999: dates in signatures have four digits for the year.
local LAST_SECOND = 253402300799

-- What the option clock gives goes into signatures and is compared: a wrong value is named here, at once.
local function checked_clock(clock)
  return function()
    local now = clock()
    if type(now) ~= "number" or not (now >= 0 and now <= LAST_SECOND) then
      error("jdvm: the function of option 'clock' must give seconds since 1970, got " .. text.show(now), 0)
    end
    return now
  end
end

-- The region of calls that name none, or why there is none. A bad one is misuse (the third value) when it is an
-- option; one from elsewhere is no mistake of the program, and fails the calls that need it.
local function region_of(resolved, given)
  local fault = resolved.region and value_of.fault(operations.region, resolved.region)
  if not fault then return resolved.region, resolved.region_fault end
  if given.region ~= nil then return nil, nil, "option 'region' " .. fault end
  return nil, resolved.origins.region .. ": the region " .. fault
end

--- Makes a client; raises for misuse.
---@param given table|nil see jdvm.options.options
---@param level integer as for an error in the place of this call
---@return jdvm.Client
function client.new(given, level)
  check.options("client", given, "jdvm.new", level + 1)
  given = given or {}
  local function misuse(message) error("jdvm.new: " .. message, level + 2) end
  local fault = transport.fault(given.transport)
  if fault then misuse(fault) end
  if given.proxy and given.proxy ~= "" then
    local proxy, message = proxies.parse(given.proxy)
    if not proxy then misuse("option 'proxy' " .. message) end
  end

  local state = {
    signers = setmetatable({}, { __mode = "k" }),
    quota = retry.quota(),
    -- What close has to cancel; a call that was forgotten is none of it.
    in_flight = setmetatable({}, { __mode = "k" }),
  }
  -- What goes to the transports: no keys.
  local config = {}
  for _, option in ipairs(options_of.client) do
    local value = given[option.name]
    if value == nil then value = option.default end
    if value and option.is_path then value = settings.path(value, os.getenv) end
    if option.goes == "call" or option.goes == "both" then state[option.name] = value end
    if option.goes == "transport" or option.goes == "both" then config[option.name] = value end
  end
  local function warn(message) events.tell(state.logger, events.warning(message)) end
  local resolved, message = settings.resolve(given, { getenv = os.getenv, warn = warn })
  if not resolved then misuse(message) end

  local endpoint
  endpoint, message = urls.endpoint(resolved.endpoint or options_of.defaults("client").endpoint)
  if not endpoint then misuse(("endpoint (%s) %s"):format(resolved.origins.endpoint or "default", message)) end
  -- nginx hides the environment from its workers, so that one found there is for libcurl alone.
  local proxy, variable = proxies.find(given, endpoint, os.getenv)
  config.proxy, config.environment_proxy = proxy, nil
  if variable then
    config.proxy, config.environment_proxy = nil, { address = proxy, variable = variable }
  end
  config.ca_file, config.user_agent = resolved.ca_file, user_agent(given.user_agent)
  state.config, state.endpoint = config, endpoint
  state.region, state.region_fault, message = region_of(resolved, given)
  if message then misuse(message) end
  state.resolved = resolved
  state.credentials, state.lacks_keys = resolved.credentials, resolved.origins.access_key == nil
  state.clock, state.random = given.clock and checked_clock(given.clock) or os.time, random
  -- Without marks in the result, a call takes them off again: until then they tell [] from {}.
  local array_mt = state.array_mt or state.array_mt == false and {} or nil
  state.decoding = { null = state.null, utf8 = state.utf8, array_mt = array_mt }

  for _, note in ipairs(resolved.notes) do
    warn(note)
  end
  if given.verify == false then warn("verify = false: whoever is on the way can read and change everything") end
  -- Behind a function: inspectors and serializers show no state.
  return setmetatable({ state = function() return state end }, mt)
end

-- Checks and starts a call. Errors blame the caller's caller.
local function begin(state, operation, params, options, at_once)
  check.call("call", options, operation, 3)
  local path, query, region = parameters.check(operation, params, state.region or "unset", 3)
  options = options or {}
  -- What is asked for by its id has to come with it.
  local id = operation.id
  return call.start(state, {
    operation = operation,
    path = path,
    query = query,
    region = region,
    options = options,
    id = id and (type(params) == "string" and params or params[id]),
    decoding = request.decoding(state, operation, options, id),
    timeout = options.timeout or state.timeout,
    early = request.region_failure(state, params),
  }, at_once)
end

-- The methods that read a list of many pages. No tail calls: the level of an error counts them.
local function add_list_methods(operation)
  local names = operations.list_methods(operation)
  for _, kind in ipairs { "items", "pages", "list", "count" } do
    methods[names[kind]] = function(self, params, options)
      local first, second, third, closing = lists[kind](state_of(self), operation, params, options, 2)
      return first, second, third, closing
    end
  end
end

for _, operation in ipairs(operations.list) do
  methods[operation.method_name] = function(self, params, options)
    local pending = begin(state_of(self), operation, params, options, true)
    return pending:finish()
  end
  if operation.page then add_list_methods(operation) end
end

--- Starts a call without waiting for its response; several run side by side.
---@param name string operation, such as "describeImages", or its method's name
---@param params table|string|nil
---@param options table|nil
---@return jdvm.Call call with finish() -> result, meta | nil, message, detail; and cancel()
function methods:start(name, params, options)
  local state = state_of(self)
  local operation, names = nil, {}
  for i, known in ipairs(operations.list) do
    names[i] = known.name
    if known.name == name or known.method_name == name then operation = known end
  end
  if not operation then
    error(("jdvm: there is no operation %s; known are %s"):format(text.show(name), text.enumerate(names, "and")), 2)
  end
  local pending = begin(state, operation, params, options, false)
  -- Behind functions: inspectors show no keys and headers.
  return setmetatable({
    finish = function() return pending:finish() end,
    cancel = function() pending:cancel() end,
  }, {
    __name = "jdvm.call",
    __tostring = function()
      return ("jdvm call %s (%s)"):format(operation.name, pending.outcome and "finished" or "pending")
    end,
  })
end

--- The newest image of a list that is ready and matches; see jdvm.lists.latest.
---@param params table|nil
---@param options table|nil those of lists, and match
---@return table|nil image
---@return jdvm.ListStats|string stats_or_message
---@return jdvm.Failure|nil detail
function methods:latest_image(params, options)
  local image, meta, detail = latest.read(state_of(self), operations.describeImages, params, options, 2)
  return image, meta, detail
end

--- Waits until an image, or all images of a list, are in a state; see jdvm.wait.
---@param id string|string[]
---@param options table|nil
---@return table|nil image or images, in the order of the ids
---@return table|string meta_or_message
---@return jdvm.Failure|nil detail
function methods:wait_image(id, options)
  local state = state_of(self)
  check.options("wait", options, "waitImage", 2)
  local message = waiter.fault(id)
  if message then error("jdvm: waitImage: " .. message, 2) end
  return waiter.wait(state, self, id, options or {})
end

--- Where each setting of the client comes from, to show to people: no secret, the access key mostly hidden.
---@return jdvm.Setting[]
function methods:settings() return settings.report(state_of(self).resolved) end

--- Cancels what is in flight and closes the connections. The client cannot be used any more.
function methods:close()
  if type(self) ~= "table" or getmetatable(self) ~= mt then
    error("jdvm: call methods with a colon: client:close()", 2)
  end
  local state = self.state()
  if state.closed then return end
  state.closed = true
  local calls = {}
  for pending in pairs(state.in_flight) do
    calls[#calls + 1] = pending
  end
  for _, pending in ipairs(calls) do
    pending:cancel()
  end
  transport.close(state.config)
end

mt.__close = methods.close

return client
