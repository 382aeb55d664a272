-- Responses of the service for a whole nginx: one fetch per key whatever the load, stale responses at once while one
-- timer fetches new ones, and as long as the service is down.
--
-- A response lives in a shared dict. It is fresh for `ttl` seconds and may be returned, stale, for `stale` more; a
-- stale one is returned at once, and the first of all workers starts a refresh. A request that finds none waits: in
-- each worker one flight stands for all that want the same, and of the flights of all workers one holds the lock and
-- fetches, while the others watch the dict. A flight runs in a timer, so a client that leaves does not end it.
--
-- Where there are neither timers nor light threads but a call may block (the init phase with a client that has
-- blocking = true, and worker threads), what is missing is fetched on the spot, so that a cache can be filled while
-- nginx starts. Behind the dict there may be a store that several nginx share (jdvm.cache.fleet).

local core = require "jdvm.core"
local entry = require "jdvm.cache.entry"
local errors = require "jdvm.failures.failure"
local fleet = require "jdvm.cache.fleet"
local key_of = require "jdvm.cache.key"
local check = require "jdvm.options.check"
local locks = require "jdvm.cache.locks"
local options_of = require "jdvm.options.options"
local timers = require "jdvm.cache.timers"
local transport = require "jdvm.transport"

local ngx = ngx -- nil outside nginx, where new() says so
local max, min = math.max, math.min

local cache = {}

local OPERATIONS = { describe_image = "describeImage", list_images = "describeImages" } -- by method
local FETCHES_HERE = { init = true, ["worker thread"] = true } -- by place
local FAILURE_TTL = 1 -- seconds for which others are given a failure that may pass

local Catalogue = {}
Catalogue.__index = Catalogue
local KIND, FRESH, FETCHED, FIRST, SECOND = entry.KIND, entry.FRESH, entry.FETCHED, entry.FIRST, entry.SECOND

local function parse(self, text) return entry.read(text, self.decoding) end

-- What the dict has under a key: the entry and its text, or nil.
local function kept(self, key)
  local text = self.dict:get(key)
  local known = parse(self, text)
  return known, known and text
end

local function is_fresh(self, known) return known ~= nil and entry.is_fresh(known, self.clock(), self.longest) end

local function failure(self, job, fields, seconds)
  fields.operation, fields.region = OPERATIONS[job.method], self.region
  local message, detail = errors.new(fields)
  local now = self.clock()
  return entry.write("failed", now + (seconds or 0), now, message, detail)
end

-- The Lua of a worker thread cannot write to the log.
local function log(level, message)
  if ngx.log then ngx.log(ngx[level], "jdvm: " .. message) end
end

-- Warns once a minute of each kind of trouble, whichever worker meets it.
local function complain(self, kind, message)
  if self.locks:is_first(kind .. self.prefix, 60) then log("WARN", message) end
end

-- Stores an entry; nil and why when it has no room.
local function store(self, key, text, seconds)
  if seconds <= 0 then return true end
  -- A set that cannot succeed would throw out all others first.
  if #text > self.capacity / 2 then return nil, "no memory" end
  local stored, message, forcible = self.dict:set(key, text, seconds)
  if stored and forcible then
    local words =
      'the shared dict %s is full and drops answers before their time: enlarge it ("lua_shared_dict %s …;")'
    complain(self, "full", words:format(self.name, self.name))
  end
  return stored, message
end

-- The fleet, where there is one that can be asked.
local function fleet_here(self) return self.fleet and transport.place() == "yields" and self.fleet or nil end

-- Takes over what the fleet has.
local function import(self, key, text)
  local known = parse(self, text)
  if not known then return nil end
  local seconds = known[FRESH] - self.clock() + (known[KIND] == "ok" and self.stale or 0)
  return seconds > 0 and store(self, key, text, seconds) and text or nil
end

-- Asks the service. The entry, its kind, and the seconds for which it may be kept.
local function ask(self, job)
  local client = self.client
  local ok, result, meta, detail = pcall(client[job.method], client, job.params, self.options_of[job.method])
  local now = self.clock()
  if not ok then return entry.write("raised", 0, now, tostring(result), {}), "raised", 0 end
  if result ~= nil then return entry.write("ok", now + self.ttl, now, result, meta), "ok", self.ttl + self.stale end
  -- A refusal by the service will stay the same for a while; a failure on the way may pass.
  if detail.kind == "api" and (detail.code == 404 or detail.code == 400) then
    return entry.write("negative", now + self.negative_ttl, now, meta, detail), "negative", self.negative_ttl
  end
  -- A place that cannot wait says nothing about others.
  local seconds = detail.kind == "phase" and 0 or min(self.negative_ttl, FAILURE_TTL)
  return entry.write("failed", now + seconds, now, meta, detail), "failed", seconds
end

-- Keeps a response. The entry, and whether an older one was kept in its place.
local function keep(self, key, job, text, kind, seconds)
  if kind == "failed" and self.dict:get(key) then
    complain(self, "old", "an older answer stays in use: " .. parse(self, text)[FIRST])
    return text, true
  end
  -- An answer that is not to be kept still ends an older one.
  if kind == "negative" and seconds <= 0 then self.dict:delete(key) end
  local shared = (kind == "ok" or kind == "negative") and fleet_here(self)
  if shared then shared:set(key, text, max(seconds, 0.001)) end
  local stored, reason = store(self, key, text, seconds)
  if stored then return text, false end
  text = failure(self, job, {
    kind = "cache",
    facts = { bytes = #text, dict = self.name, capacity = self.capacity, reason = reason },
  }, self.negative_ttl)
  log("ERR", parse(self, text)[FIRST])
  if self.dict:get(key) then return text, true end
  store(self, key, text, self.negative_ttl)
  return text, false
end

-- Asks the service, unless another node has done so just now, and keeps the response.
local function renew(self, key, job)
  local shared, token = fleet_here(self), nil
  if shared then
    local theirs, right = shared:claim(key, function(other) return is_fresh(self, parse(self, other)) end)
    if theirs and import(self, key, theirs) then return theirs, false end
    token = right
  end
  local began = self.clock()
  local text, kind, seconds = ask(self, job)
  -- A caller that asked later, with fresh = true, may have got a newer response meanwhile.
  local newer, newer_text = kept(self, key)
  local is_old_kept = false
  if newer and newer[FETCHED] > began and newer[FETCHED] <= self.clock() then
    text = newer_text
  else
    text, is_old_kept = keep(self, key, job, text, kind, seconds)
  end
  if shared then shared:release(key, token) end
  return text, is_old_kept
end

-- The same for the holder of the lock, who gives it back here; after a failure not at once, so that a service that
-- is down is not asked by everybody in turn.
local function fetch(self, key, job, token)
  local ok, text, is_old_kept = self.locks:work(key, token, renew, self, key, job)
  if not ok then text = entry.write("raised", 0, self.clock(), tostring(text), {}) end
  self.locks:give(key, token, is_old_kept and self.negative_ttl)
  return text
end

-- An entry for a key that has none: fetched here, or by whoever holds the lock.
local function obtain(self, key, job)
  local deadline, pause = self.clock() + self.patience, 0.005
  repeat
    local token = self.locks:take(key)
    -- Looked at with the lock in hand: who held it before may have just put it there.
    local _, text = kept(self, key)
    local shared = token and not text and fleet_here(self)
    if shared then text = import(self, key, shared:get(key)) end
    if text then
      if token then self.locks:give(key, token) end
      return text
    end
    if token then return fetch(self, key, job, token) end
    ngx.sleep(pause)
    pause = min(pause * 2, 0.1)
  until self.clock() >= deadline
  return failure(self, job, { kind = "timeout", phase = "wait", cause = "cache_timeout" })
end

local function take_off(self, key, job)
  local flight
  local timer = timers.run(function()
    flight.text = obtain(self, key, job)
    if self.flights[key] == flight then self.flights[key] = nil end
    local waiting = -flight.semaphore:count()
    if waiting > 0 then flight.semaphore:post(waiting) end
    ngx.sleep(0) -- else an OpenResty that has nothing else to do wakes nobody whom a new timer posts to
  end)
  if not timer then return nil end
  flight = { timer = timer, semaphore = require "ngx.semaphore".new(0), ends = self.clock() + self.patience + 1 }
  self.flights[key] = flight
  return flight
end

local function wait_for(self, key, job)
  local place, phase = transport.place()
  -- Who can neither sleep nor leave it to a timer. The lock, if it is to be had, keeps others from asking meanwhile.
  if FETCHES_HERE[place] then return fetch(self, key, job, self.locks:take(key) or "") end
  local flight = self.flights[key]
  if not flight or self.clock() > flight.ends then flight = take_off(self, key, job) end
  if place ~= "yields" then
    local cause = flight and "not_cached_yet" or transport.phase_cause(phase, place)
    return failure(self, job, { kind = "phase", phase = phase, cause = cause })
  end
  if not flight then return obtain(self, key, job) end
  local is_over = flight.semaphore:wait(timers.LATE)
  if not flight.timer.began then
    if self.flights[key] == flight then self.flights[key] = nil end
    return obtain(self, key, job)
  end
  if not is_over then flight.semaphore:wait(self.patience + 1) end
  return flight.text or failure(self, job, { kind = "timeout", phase = "wait", cause = "cache_timeout" })
end

-- Fetches anew, unless somebody does so already or it failed just now.
local function refresh(self, key, job)
  local place = transport.place()
  if place == "init" then return end -- nginx need not wait: the first who ask refresh it
  local token = self.locks:take(key)
  if not token then return end
  if place == "worker thread" then return fetch(self, key, job, token) end
  local is_off = timers.run(function()
    if is_fresh(self, (kept(self, key))) then return self.locks:give(key, token) end
    fetch(self, key, job, token)
  end)
  if not is_off then self.locks:give(key, token) end
end

local function copy_of(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, item in pairs(value) do
    copy[name] = copy_of(item)
  end
  return copy
end

local function get(self, method, params, options)
  if getmetatable(self) ~= Catalogue then
    error(("jdvm: call methods with a colon: catalogue:%s(…)"):format(method), 3)
  end
  if options then check.options("cached", options, method, 3) end
  local key, state = key_of(self.prefix .. method .. ":", params), "hit"
  local known = kept(self, key)
  if options and options.fresh then
    local job = { method = method, params = params }
    state, known = "miss", parse(self, keep(self, key, job, ask(self, job)))
  elseif not known then
    state, known = "miss", parse(self, wait_for(self, key, { method = method, params = copy_of(params) }))
  end
  if known[KIND] == "ok" and not is_fresh(self, known) then
    state = "stale"
    refresh(self, key, { method = method, params = copy_of(params) })
  end
  local first, second = known[FIRST], known[SECOND]
  -- A mistake of the caller's: as the client said it, but for the place.
  if known[KIND] == "raised" then error((first:gsub("^[^\n]-:%d+: ", "")), 3) end
  second.cache, second.age = state, max(0, self.clock() - known[FETCHED])
  if known[KIND] == "ok" then return first, second end
  return nil, first, second
end

--- An image, as client:describe_image gives it.
---@param params string|table an image id, or parameters
---@param options? { fresh: boolean } fresh: ask the service now, and cache what it says
---@return table? image nil when the service has none, or none could be had; yours to change
---@return table|string meta_or_message meta.cache is "hit", "stale" or "miss", meta.age its age in seconds
---@return jdvm.Failure? detail with cache and age, too: that an image does not exist is kept for `negative_ttl`
function Catalogue:describe_image(params, options)
  local image, meta, detail = get(self, "describe_image", params, options)
  return image, meta, detail -- no tail call: what raises counts the levels up to the caller
end

--- A whole list, as client:list_images gives it. It is kept as one entry.
---@param params table
---@param options? { fresh: boolean } as above
---@return table[]? images
---@return table|string meta_or_message
---@return jdvm.Failure? detail
function Catalogue:list_images(params, options)
  local images, meta, detail = get(self, "list_images", params, options)
  return images, meta, detail
end

-- Raises where cache.new was called: what looks at its options is called by it directly.
local function misuse(message, level) error("jdvm.cache.new: " .. message, level or 3) end

-- Whose responses these are: catalogues of different accounts must not meet in a dict.
local function account_of(state, given)
  if given.name then return given.name end
  if not state.credentials:is_fixed() then
    misuse("the client's keys come from a function: give a name that stands for the account (name = …)", 4)
  end
  local keys = state.credentials:get { clock = state.clock }
  return keys and core.sha256((keys.reveal())):sub(1, 16) or "nobody"
end

local function find_dict(name, option)
  local message =
    'there is no shared dict %s (option %s): write "lua_shared_dict %s 10m;" in the http block of nginx.conf'
  return ngx.shared[name] or misuse(message:format(name, option, name), 4)
end

--- A cache for a client. May be made in init_by_lua; one catalogue serves all requests.
---@param given jdvm.CacheOptions see jdvm.options.options
---@return jdvm.Catalogue catalogue
function cache.new(given)
  if type(ngx) ~= "table" or not ngx.shared then misuse("works inside nginx only") end
  check.options("cache", given, "jdvm.cache.new", 2)
  check.options("list", given.options, "jdvm.cache.new, option 'options'", 2)
  local self = { client = given.client, name = given.dict }
  for name, default in pairs(options_of.defaults("cache")) do
    self[name] = given[name] or default
  end
  local fault = given.store and fleet.fault(given.store)
  if fault then misuse(fault) end
  if type(given.client.state) ~= "function" then misuse("option 'client' must be a client that jdvm.new made") end
  local state = given.client.state()
  self.dict = find_dict(given.dict, "dict")
  local dict_of_locks = given.locks and find_dict(given.locks, "locks") or ngx.shared[given.dict .. "_locks"]
  self.locks = locks.new(dict_of_locks or self.dict, self.lock_ttl)
  self.capacity, self.region = self.dict:capacity(), state.region
  local options = given.options or {}
  -- Those of lists alone are none of a single image's.
  local call_options = {}
  for _, option in ipairs(options_of.call) do
    call_options[option.name] = options[option.name]
  end
  self.options_of = { describe_image = call_options, list_images = options }
  self.decoding = { null = options.null or state.null, array_mt = state.array_mt }
  self.prefix = table.concat({
    entry.VERSION,
    state.endpoint.origin,
    account_of(state, given),
    state.region or "",
    state.null,
    state.utf8,
    key_of("", given.options),
    "",
  }, "|")
  self.patience = (options.timeout or state.timeout) + self.lock_ttl
  self.longest = max(self.ttl, self.negative_ttl, FAILURE_TTL)
  self.clock, self.flights = ngx.now or os.time, {} -- worker threads have no ngx.now since OpenResty 1.25.3.1
  if given.store then
    local function warn(message) complain(self, "store", message) end
    self.fleet = fleet.new(given.store, self.locks, "store|" .. self.prefix, ngx.sleep, warn)
  end
  return setmetatable(self, Catalogue)
end

return cache
