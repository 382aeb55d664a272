-- The service, offline: a function from (state, request) to response that verifies signatures, pages, filters
-- and fails as the service does. It needs no nginx; jdvm.emulator.server puts it behind one.

local accounts = require "jdvm.emulator.accounts"
local catalogue = require "jdvm.emulator.catalogue"
local fault_rules = require "jdvm.emulator.fault_rules"
local filters = require "jdvm.emulator.filters"
local operations = require "jdvm.service.operations"
local regions = require "jdvm.service.regions"
local responses = require "jdvm.emulator.responses"
local settings = require "jdvm.emulator.settings"
local signature = require "jdvm.emulator.signature"
local uri = require "jdvm.emulator.uri"

local M = {}

local State = {}
State.__index = State

local MAX_TARGET = 8192 -- bytes

local is_region = {}
for _, name in ipairs(regions.names) do
  is_region[name] = true
end

--- Back to what the emulator started with, but for these settings and, when given, these faults.
---@param given table settings
---@param specs? string[] faults
---@return table|nil state nil when something of it is wrong, and nothing has changed
---@return string|nil message
function State:reset(given, specs)
  local options, running = self.options, self.counters and self.counters.in_flight or 0
  local values, message = settings.values(options.settings or {}, given)
  local rules
  if values then
    rules, message = fault_rules.parse_all(specs or options.faults or {})
  end
  if not rules then return nil, message end
  self.settings = values
  self.catalogue = catalogue.new(self.seed, options.images)
  self.counters = { requests = 0, nonces = 0, nonces_repeated = 0, connections = 0, in_flight = running, peak = 0 }
  self.nonces, self.faults = {}, {}
  self:add_faults(rules)
  return self
end

function State:add_faults(rules)
  for _, rule in ipairs(rules) do
    self.faults[#self.faults + 1] = { rule = rule, met = 0, used = 0 }
  end
end

---@param options? table `{seed, images (in each region and source), settings = {name = value}, faults = {spec…}}`
---@return table|nil state
---@return string|nil message what is wrong with the options
function M.new(options)
  options = options or {}
  return setmetatable({ options = options, seed = options.seed or 1 }, State):reset {}
end

-- Which operation a request is for, and its path parameters.
local function route(method, path, plus_is_space)
  for _, operation in ipairs(operations.list) do
    local names, parameters = {}, {}
    local pattern = operation.path:gsub("{(%w+)}", function(name)
      names[#names + 1] = name
      return "([^/]+)"
    end)
    local values = { path:match("^" .. pattern .. "$") }
    if method == operation.method and values[1] then
      for i, name in ipairs(names) do
        parameters[name] = uri.decode(values[i], plus_is_space)
      end
      return operation.name, parameters
    end
  end
  return nil, {}
end

local function find_secret(key) return accounts.by_key[key] and accounts.by_key[key].secret_key end

-- Finds out who asks; returns why the gateway does not let them in.
local function authenticate(state, call)
  local request, counters = call.request, state.counters
  local parts, problem = signature.verify(request, call.headers, find_secret)
  local account = parts and accounts.by_key[parts.access_key]
  if parts and (parts.service ~= "vm" or call.region and parts.region ~= call.region) then
    problem = "mismatch"
  elseif parts and not accounts.token_accepted(account, call.headers) then
    problem = "token"
  end
  if problem then return { code = 401, message = signature.messages[problem] } end
  counters.nonces = counters.nonces + 1
  local nonce = parts.access_key .. "/" .. parts.nonce
  local last_used = state.nonces[nonce]
  state.nonces[nonce] = request.now
  if last_used and request.now - last_used < state.settings.nonce_window then
    counters.nonces_repeated = counters.nonces_repeated + 1
    return { code = 403, message = "please use different noncestr [gw]" }
  end
  if not parts.seconds or math.abs(parts.seconds - call.moment.now) > state.settings.skew then
    return { code = 401, message = signature.messages.skew }
  end
  call.account = account.sees
end

-- What each operation returns: `{images (JSON text), total}`, `{text (JSON text)}`, or `{failure}`.
local handlers = {}

local function text_of(state, call, shelf, key)
  return responses.write(catalogue.image(state.catalogue, call.account, shelf, key, call.moment), "Image")
end

function handlers.describeImages(state, call)
  local query, refusal = filters.read(call.pairs, call.values, state.settings)
  if not query then return { failure = refusal } end
  query.account, query.region = call.account, call.region
  local rows = query.ids and catalogue.named(state.catalogue, query, query.ids)
    or catalogue.list(state.catalogue, query, call.moment)
  local page, texts = not query.ids and call.serve_page or query.page, {}
  if state.settings.past_end == "clamped" then page = math.min(page, math.max(1, math.ceil(#rows / query.size))) end
  for i = (page - 1) * query.size + 1, math.min(page * query.size, #rows) do
    texts[#texts + 1] = text_of(state, call, catalogue.at(state.catalogue, rows[i]))
  end
  return { images = "[" .. table.concat(texts, ",") .. "]", total = #rows }
end

function handlers.describeImage(state, call)
  local shelf, key = catalogue.find(state.catalogue, call, call.image)
  if not shelf then return { failure = { code = 404, message = "Image '" .. call.image .. "' not found" } } end
  return { text = '{"image":' .. text_of(state, call, shelf, key) .. "}" }
end

local function result_of(state, call, failure)
  if failure then return { failure = failure } end
  if #call.request.target > MAX_TARGET then return { failure = { code = 414 } } end
  if not call.operation or not is_region[call.region] then return { failure = { code = 404 } } end
  return handlers[call.operation](state, call)
end

local function body_of(result, request_id)
  if result.failure then return responses.failure(request_id, result.failure) end
  if result.body then return result.body end -- of a fault
  local total = tostring(result.total)
  local text = result.text or '{"images":' .. result.images .. (total ~= "" and ',"totalCount":' .. total or "") .. "}"
  return responses.success(request_id, text)
end

local function headers_of(state, call, request_id)
  local headers = {
    { "Content-Type", "application/json; charset=utf-8" },
    { "x-jdcloud-request-id", request_id },
    { "Via", "jd-gateway/1.0.1" },
  }
  if call.operation then headers[#headers + 1] = { "x-jdcloud-operationid", call.operation } end
  if not state.settings.keep_alive then headers[#headers + 1] = { "Connection", "close" } end
  if state.settings.clock_offset ~= 0 then headers[#headers + 1] = { "Date", responses.http_date(call.moment.now) } end
  return headers
end

local function read_call(state, request)
  local path, query = uri.split(request.target)
  state.counters.requests = state.counters.requests + 1
  local call = {
    request = request,
    headers = signature.index_headers(request.headers),
    moment = state:moment(request.now),
  }
  local plus_is_space = signature.plus_is_space(call.headers)
  call.pairs = uri.parse_query(query, plus_is_space)
  call.values = filters.values(call.pairs)
  local parameters
  call.operation, parameters = route(request.method, path, plus_is_space)
  call.moment.old_words = state.settings.words == "old" and filters.old_words[call.operation] or {}
  call.region, call.image, call.source = parameters.regionId, parameters.imageId, call.values.imageSource
  if call.operation == "describeImages" then call.page = tonumber(call.values.pageNumber) or 1 end
  return call
end

--- What images and their lives depend on: the time by the service's clock, and the requests so far.
function State:moment(now) return { now = now + self.settings.clock_offset, requests = self.counters.requests } end

--- Answers one request.
---@param state table from `new`
---@param request table `{method, target (as it came), headers ({name, value} in order), body, now (epoch seconds)}`
---@return table response `{status, headers ({name, value}), body, delay? (seconds), wire, faults (their names)}`; for
---  `wire` see faults.lua
function M.respond(state, request)
  local call = read_call(state, request)
  local failure = authenticate(state, call)
  local due = fault_rules.due(state.faults, call)
  fault_rules.act(due, "before", state, call)
  local result = result_of(state, call, failure)
  fault_rules.act(due, "result", result, call)
  local request_id = responses.request_id(state.seed, call.moment.requests)
  local response = {
    status = result.failure and result.failure.code or 200,
    headers = headers_of(state, call, request_id),
    body = body_of(result, request_id) .. (state.settings.line_feed and "\n" or ""),
    delay = state.settings.latency > 0 and state.settings.latency or nil,
    wire = {},
    faults = fault_rules.names(due),
  }
  fault_rules.act(due, "response", response, call)
  return response
end

return M
