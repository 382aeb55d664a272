-- Which transport a call uses, and what a user's own function or table must be to be one.
--
-- A transport has start(self, request, deadline) -> pending, finish(self, pending) -> response | nil, failure,
-- cancel(self, pending), sleep(self, seconds), now(self) -> seconds, close(self); and may have
-- perform(self, request, deadline), which is start and finish in one.
--
-- "auto" looks where it is at every call: a client made in nginx's init phase is used in request phases, where
-- nothing may block, and in worker threads, where cosockets do not exist.

local lazy = require "jdvm.util.lazy"
local protected_call = require "jdvm.util.pcall"
local place_of = require "jdvm.transport.phase"
local text = require "jdvm.util.text"

local nginx = lazy "jdvm.transport.nginx"

local transport = {}

--- Where nginx runs this: nil outside, "yields", "within C", "init", "worker thread" or "forbidden"; and the phase's
--- name.
transport.place = place_of

local PHASES = {
  init = "init_phase",
  set = "set_phase",
  balancer = "balancer_phase",
  ssl_client_hello = "ssl_phase",
  ssl_session_fetch = "ssl_phase",
}

--- The cause of a failure in a place that cannot wait for the network.
function transport.phase_cause(phase, place) return place == "within C" and "within_c" or PHASES[phase] or "phase" end

local METHODS = { "start", "finish", "cancel", "sleep", "now" }

--- What is wrong with the option `transport`, or nil.
---@param given any
---@return string|nil
function transport.fault(given)
  if type(given) ~= "table" then return nil end
  local metatable = getmetatable(given)
  if type(metatable) == "table" and metatable.__call and given.start == nil then return nil end
  if given.request ~= nil then
    for _, name in ipairs { "request", "sleep", "now" } do
      local kind = type(given[name])
      if kind ~= "function" and (kind ~= "nil" or name == "request") then
        return ("the field '%s' of option 'transport' must be a function, got a %s"):format(name, kind)
      end
    end
    return nil
  end
  for _, name in ipairs(METHODS) do
    if type(given[name]) ~= "function" then
      local needed = table.concat(METHODS, ", ")
      return ("option 'transport' is a table without the function '%s'; it needs %s"):format(name, needed)
    end
  end
  return nil
end

-- Time and sleep for a user's function that has none of its own: those of the transport that would be used here, which
-- is asked for nothing else. Without one (libcurl is not installed) the clock is coarse and retries follow at once.
local function base_of(self)
  local config = self.config
  local base = transport.choose(config.fallback)
  return base or { now = function() return os.time() end, sleep = function() end }
end

local function unusable(cause, message, is_lasting)
  return nil, { kind = "transport", cause = cause, message = message, sent = true, lasting = is_lasting }
end

-- What is wrong with what a user's function returned, or nil.
local function response_fault(response)
  local status = type(response) == "table" and response.status
  if type(status) ~= "number" or status % 1 ~= 0 or status < 100 or status > 999 then
    return "the transport function must return a table with a status (100 to 999), or nil and a message"
  end
  if response.headers ~= nil and type(response.headers) ~= "table" then
    return "the transport function returned headers that are "
      .. text.show(response.headers)
      .. " where a table of names and values is wanted"
  end
  if type(response.body) ~= "string" then
    return "the transport function must return the body as a string, got " .. text.show(response.body)
  end
  return nil
end

local FAILURE_FIELDS = { "kind", "cause", "phase", "message", "hint", "sent", "lasting", "kept" }

local Function = {}
Function.__index = Function

function Function.start(_, request, deadline) return { request = request, deadline = deadline } end

--- Runs the user's function; a second value says why there is no response.
function Function:finish(pending)
  if pending.cancelled then return nil, { kind = "cancelled", sent = false } end
  pending.request.timeout = pending.deadline - self:now()
  local ok, response, problem = protected_call(self.call, pending.request, pending.deadline)
  if not ok then
    return unusable("function_failed", "the transport function raised an error: " .. tostring(response))
  end
  if response == nil then
    if type(problem) == "table" and problem.kind then
      local failure = {}
      for _, name in ipairs(FAILURE_FIELDS) do
        failure[name] = problem[name]
      end
      if type(failure.message) ~= "string" then failure.message = nil end
      return nil, failure
    end
    return unusable("no_response", problem and tostring(problem))
  end
  local fault = response_fault(response)
  if fault then return unusable("function_misused", fault, true) end
  local headers = {}
  for name, value in pairs(response.headers or {}) do
    headers[text.lower(tostring(name))] = tostring(value)
  end
  return {
    status = response.status,
    headers = headers,
    body = response.body,
    kept = response.kept,
  }
end

function Function.cancel(_, pending) pending.cancelled = true end

function Function:now()
  if self.clock then return self.clock() end
  return base_of(self):now()
end

function Function:sleep(seconds)
  if self.pause then return self.pause(seconds) end
  return base_of(self):sleep(seconds)
end

function Function.close() end

-- What keeps a call from being made at all.
local function refuse(kind, phase, cause, facts)
  return nil, { kind = kind, phase = phase, cause = cause, facts = facts, sent = false }
end

local function curl_of(config)
  if not config.curl then
    local found, curl = pcall(require, "jdvm.transport.curl")
    if not found then
      package.loaded["jdvm.transport.curl"] = nil -- Lua 5.1 keeps a mark there that would make every later attempt fail
      -- Ctrl-C in a script, which the interpreter turns into an error, is no fault of the module.
      if tostring(curl):find("interrupted!$") then error(curl, 0) end
      return refuse("transport", nil, "no_libcurl", { reason = tostring(curl) })
    end
    -- Not lazy: inside nginx that would load libcurl into workers that use cosockets.
    config.curl = (config.wait and require "jdvm.transport.waiting" or curl).new(config)
  end
  return config.curl
end

local function nginx_of(config)
  config.nginx = config.nginx or nginx.new(config)
  return config.nginx
end

--- Chooses the transport of a call.
---@param config table the client's own table of options; what is made for it is kept there
---@return table|nil transport
---@return table|nil failure what this place forbids, and the way out
function transport.choose(config)
  local wanted = config.transport
  if type(wanted) == "table" and wanted.start then return wanted end
  if type(wanted) ~= "string" then
    if not config.own then
      config.fallback = setmetatable({ transport = "auto" }, { __index = config })
      local parts = type(wanted) == "table" and wanted.request and wanted or { request = wanted }
      config.own =
        setmetatable({ call = parts.request, pause = parts.sleep, clock = parts.now, config = config }, Function)
    end
    return config.own
  end

  -- The transport for nginx asks itself whether Lua can yield.
  local place, phase = place_of(wanted ~= "curl")
  if not place or place == "worker thread" then
    if wanted ~= "ngx" then return curl_of(config) end
    return refuse("phase", phase, "not_in_nginx", { place = place and "in a worker thread" or "outside nginx" })
  end
  if place == "yields" and wanted ~= "curl" then return nginx_of(config) end
  if wanted == "curl" and (place == "yields" or place == "within C") then
    if config.blocking then return curl_of(config) end
    return refuse("phase", phase, "would_block")
  end
  if place == "init" and wanted ~= "ngx" and config.blocking then return curl_of(config) end
  return refuse("phase", phase, transport.phase_cause(phase, place))
end

--- Closes what choose made for a client.
---@param config table
function transport.close(config)
  for _, name in ipairs { "curl", "nginx" } do
    local made = rawget(config, name)
    if made then made:close() end
    config[name] = nil
  end
  if rawget(config, "fallback") then transport.close(config.fallback) end
end

return transport
