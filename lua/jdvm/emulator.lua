-- The service, offline: a function from (state, request) to response that verifies signatures, pages, filters
-- and fails as the service does. It needs no nginx; jdvm.emulator.server puts it behind one.

local accounts = require "jdvm.emulator.accounts"
local answers = require "jdvm.emulator.answers"
local catalogue = require "jdvm.emulator.catalogue"
local faults = require "jdvm.emulator.faults"
local filters = require "jdvm.emulator.filters"
local journal = require "jdvm.emulator.journal"
local settings = require "jdvm.emulator.settings"
local shapes = require "jdvm.emulator.shapes"
local signature = require "jdvm.emulator.signature"
local store = require "jdvm.emulator.store"
local uri = require "jdvm.emulator.uri"

local M = {}

local State = {}
State.__index = State

-- Images in one answer, also to ids without paging.
local LARGEST_PAGE = 100

local NO_ROUTE = { code = 404, message = "no route and no API found with those values [gw]" }

--- Back to what the emulator started with.
function State:restart()
  self.settings = settings.defaults()
  self.catalogue = catalogue.new(self.options.seed, self.options.images)
  self.changes, self.faults = {}, {}
  for n, line in ipairs(self.options.journal) do
    journal.apply(self, -n, line)
  end
end

--- Writes a line of the journal.
---@param line string
---@return number n
function State:append(line) return journal.append(self, line) end

---@param options? table `{seed, images (in each region and source), settings = {name = value}, faults = {spec…},
--- store}`
---@return table state
function M.new(options)
  options = options or {}
  local lines = {}
  for name, value in pairs(options.settings or {}) do
    local read, message = settings.read(name, value)
    if read == nil then error(message, 2) end
    lines[#lines + 1] = "set " .. name .. " " .. tostring(read)
  end
  for _, spec in ipairs(options.faults or {}) do
    local rule, message = faults.parse(spec)
    if not rule then error(message, 2) end
    lines[#lines + 1] = "fault " .. faults.format(rule)
  end
  local state = setmetatable({
    options = { seed = options.seed or 1, images = options.images, journal = lines },
    store = options.store or store.new(),
    verifier = signature.new(),
    applied = 0,
  }, State)
  state:restart()
  return state
end

-- Which operation a path is for; the ids in it are decoded once.
local function route(method, path)
  local region, rest = path:match("^/v1/regions/([^/]+)/images(.*)$")
  if not region or method ~= "GET" then return nil end
  if rest == "" then return "describeImages", uri.decode(region) end
  local id = rest:match("^/([^/]+)$")
  if id then return "describeImage", uri.decode(region), uri.decode(id) end
end

-- Who asks, or why the gateway does not let them in.
local function authenticate(state, call)
  local config, request = state.settings, call.request
  local parts, problem = signature.verify(state.verifier, request, call.headers, accounts.secret)
  if not parts then
    if problem == "unknown_key" then return { code = 401, message = config.unknown_key_message } end
    return { code = 401, message = signature.messages[problem] }
  end
  if parts.service ~= "vm" or call.region and parts.region ~= call.region then
    return { code = 401, message = signature.messages.mismatch }
  end
  if not accounts.token_accepted(parts.access_key, call.headers) then
    return { code = 401, message = signature.messages.token }
  end
  local fresh = state.store:remember(parts.access_key .. "/" .. parts.nonce, config.nonce_window, request.now)
  state.store:incr("nonces", 1)
  if not fresh then
    state.store:incr("nonces_repeated", 1)
    return { code = 403, message = "please use different noncestr [gw]" }
  end
  local date = signature.parse_date(parts.date)
  if not date or math.abs(date - call.now) > config.skew then
    return { code = config.skew_status, message = signature.messages.skew }
  end
  call.account, call.access_key = accounts.name(parts.access_key), parts.access_key
end

local function over_rate(state, call)
  local limit = state.settings.rate_limit
  if limit <= 0 then return false end
  local since = state.store:get("journal_first") or 0 -- a reset begins anew
  local key = ("rate:%s:%d:%d"):format(call.access_key, since, math.floor(call.now / 60))
  return state.store:incr(key, 1) > limit
end

local function check_region(state, call)
  if state.catalogue.shelves[call.region] or state.settings.unknown_region == "empty" then return nil end
  if state.settings.unknown_region == "argument" then
    return { code = 400, status = "INVALID_ARGUMENT", message = "Invalid regionId '" .. call.region .. "'" }
  end
  return NO_ROUTE
end

local function by_ids(state, call, ids)
  local wanted, rows = {}, {}
  for _, id in ipairs(ids) do
    local shelf, key = catalogue.find(state.catalogue, call.account, call.region, id)
    if shelf and not wanted[id] then
      wanted[id] = true
      rows[#rows + 1] = { shelf = shelf, key = key }
    end
  end
  -- In the order of the catalogue, which is not the caller's.
  table.sort(rows, function(a, b)
    if a.shelf ~= b.shelf then return a.shelf.number < b.shelf.number end
    return a.key < b.key
  end)
  return rows
end

local operations = {}

function operations.describeImages(state, call)
  local query, refusal = filters.read(call.pairs, call.values, state.settings)
  if not query then return nil, refusal end
  local config, images = state.settings, state.catalogue
  if query.ids then
    local texts, rows = {}, by_ids(state, call, query.ids)
    local first, last = 1, math.min(#rows, LARGEST_PAGE)
    if query.size then
      first, last = (query.page - 1) * query.size + 1, math.min(query.page * query.size, #rows)
    end
    for i = first, last do
      texts[#texts + 1] = catalogue.text(images, call.account, rows[i].shelf, rows[i].key, call.moment)
    end
    return { images = table.concat(texts, ","), rows = #texts, total = #rows }
  end
  query.account, query.region = call.account, call.region
  local view = catalogue.view(images, query, call.moment)
  local first = ((call.serve_page or query.page) - 1) * query.size + 1
  if first > view.total and config.past_end == "clamped" and view.total > 0 then
    first = math.floor((view.total - 1) / query.size) * query.size + 1
  end
  local text, rows = catalogue.slice(images, call.account, view, first, query.size, call.moment)
  return { images = text, rows = rows, total = view.total }
end

function operations.describeImage(state, call)
  local shelf, key = catalogue.find(state.catalogue, call.account, call.region, call.image_id)
  if not shelf then
    return nil, { code = 404, status = "NOT_FOUND", message = "Image '" .. call.image_id .. "' not found" }
  end
  return { image = catalogue.text(state.catalogue, call.account, shelf, key, call.moment) }
end

-- Why the gateway or the service refuses, before it looks at the parameters.
local function refusal_of(state, call)
  local config = state.settings
  if #call.request.target > config.uri_limit then return { code = 414, message = "limit 8k [gw]" } end
  if over_rate(state, call) then return { code = 429, message = "minute rate limit exceeded, role:ak [gw]" } end
  if not call.operation then return NO_ROUTE end
  return check_region(state, call)
end

-- The answer as data: `{code, failure}` or `{code, images, total}` or `{code, image}`.
local function answer(state, call, failure)
  failure = failure or refusal_of(state, call)
  if failure then return { code = failure.code, failure = failure, from_gateway = true } end
  call.moment = { now = call.now, requests = call.number, old_words = state.settings.words == "old" }
  local result
  result, failure = operations[call.operation](state, call)
  if failure then return { code = failure.code, failure = failure } end
  result.code = 200
  return result
end

-- The body in pieces.
local function body_of(result, request_id)
  if result.failure then return { answers.failure(request_id, result.failure) } end
  if result.shape then return { shapes.body(result.shape, request_id, result) } end
  if result.image then return answers.success(request_id, '{"image":', result.image, "}}") end
  return answers.success(request_id, '{"images":[', result.images, '],"totalCount":', tostring(result.total), "}}")
end

local function headers_of(state, call, request_id)
  local headers = {
    { "Content-Type", "application/json; charset=utf-8" },
    { "x-jdcloud-request-id", request_id },
  }
  if call.operation then
    headers[3] = { "x-jdcloud-operationid", call.operation }
    headers[4] = { "x-jdcloud-upstream-latency", tostring(12 + call.number % 40) }
  end
  headers[#headers + 1] = { "x-jdcloud-proxy-latency", tostring(call.number % 7) }
  headers[#headers + 1] = { "Via", "jd-gateway/1.0.1" }
  if not state.settings.keep_alive then headers[#headers + 1] = { "Connection", "close" } end
  return headers
end

local function read_call(state, request)
  local path, query = uri.split(request.target)
  local call = {
    request = request,
    headers = signature.index_headers(request.headers),
    pairs = uri.parse_query(query),
    now = request.now + state.settings.clock_offset,
    number = state.store:incr("requests", 1),
  }
  call.values = filters.values(call.pairs)
  call.operation, call.region, call.image_id = route(request.method, path)
  if call.operation == "describeImages" then call.page = tonumber(call.values.pageNumber) or 1 end
  return call
end

--- Answers one request, with the body in pieces where no fault wants it whole.
---@param state table from `new`
---@param request table as for `respond`
---@return table response as from `respond`, but with `pieces` (strings) in place of `body`
function M.answer(state, request)
  journal.sync(state)
  local call = read_call(state, request)
  local failure = authenticate(state, call)
  local befalling = faults.befalling(state, call)
  faults.act(befalling, "before", state, call)
  local result = answer(state, call, failure)
  faults.act(befalling, "result", result, call)
  local request_id = answers.request_id(state.options.seed, call.number, not result.from_gateway)
  local pieces = body_of(result, request_id)
  if state.settings.line_feed then pieces[#pieces + 1] = "\n" end
  local response = {
    status = result.code,
    headers = headers_of(state, call, request_id),
    pieces = pieces,
    delay = state.settings.latency > 0 and state.settings.latency or nil,
  }
  if state.settings.clock_offset ~= 0 then
    response.headers[#response.headers + 1] = { "Date", answers.http_date(call.now) }
  end
  if befalling[1] then
    response.body, response.pieces = table.concat(pieces), nil
    faults.act(befalling, "response", response, call)
  end
  return response
end

--- Answers one request. The state changes only by counters, nonces and what faults script.
---@param state table from `new`
---@param request table `{method, target (as it came), headers ({name, value} in order), body, now (epoch seconds)}`
---@return table response `{status, headers ({name, value}), body, delay? (seconds), wire?, padding?}`; what `wire`
--- and `padding` say is in kinds.lua
function M.respond(state, request)
  local response = M.answer(state, request)
  response.body = response.body or table.concat(response.pieces)
  return response
end

return M
