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
-- nginx starts.

local core = require "jdvm.core"
local encode = require "jdvm.util.json"
local errors = require "jdvm.failures.failure"
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

-- Of the entries: code of another version (before a reload, on another node) does not see them.
local VERSION = "jdvm1"
local FAILURE_TTL = 1 -- seconds for which others are given a failure that may pass
local LONG_KEY = 250

local Catalogue = {}
Catalogue.__index = Catalogue

-- An entry is JSON text: [kind, fresh until, fetched at, result, meta], or with a message and its detail in place of
-- the last two. It goes through a flight as text, too, so that each request that waits gets tables of its own.
local KIND, FRESH, FETCHED, FIRST, SECOND = 1, 2, 3, 4, 5

local function parse(self, text) return core.decode(text, self.decoding) end

local function text_of(kind, fresh, fetched, first, second)
  return assert(encode { kind, fresh, fetched, first, second })
end

-- An entry that is fresh for longer than any may be (but for the second that os.time lags behind) was written before
-- the clock was set back.
local function is_fresh(self, entry)
  local left = entry[FRESH] - self.clock()
  return left > 0 and left <= self.longest + 1
end

local function failure(self, job, fields, seconds)
  fields.operation, fields.region = OPERATIONS[job.method], self.region
  local message, detail = errors.new(fields)
  local now = self.clock()
  return text_of("failed", now + (seconds or 0), now, message, detail)
end

-- The Lua of a worker thread cannot write to the log.
local function log(level, message)
  if ngx.log then ngx.log(ngx[level], "jdvm: " .. message) end
end

-- Warns once a minute of each kind of trouble, whichever worker meets it.
local function complain(self, kind, message)
  if self.locks.dict:add("told|" .. kind .. self.prefix, true, 60) then log("WARN", message) end
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

-- Asks the service. The entry, its kind, and the seconds for which it may be kept.
local function ask(self, job)
  local client = self.client
  local result, meta, detail = client[job.method](client, job.params, self.options_of[job.method])
  local now = self.clock()
  if result ~= nil then return text_of("ok", now + self.ttl, now, result, meta), "ok", self.ttl + self.stale end
  -- A refusal by the service will stay the same for a while; a failure on the way may pass.
  local is_answer = detail.kind == "api" and (detail.code == 404 or detail.code == 400)
  local kind, seconds = "failed", min(self.negative_ttl, FAILURE_TTL)
  if is_answer then
    kind, seconds = "negative", self.negative_ttl
  end
  if detail.kind == "phase" then seconds = 0 end -- it says nothing to those who ask elsewhere
  return text_of(kind, now + seconds, now, meta, detail), kind, seconds
end

-- Asks the service and keeps the response. The entry, and whether an older one was kept in its place.
local function renew(self, key, job)
  local text, kind, seconds = ask(self, job)
  if kind == "failed" and self.dict:get(key) then
    complain(self, "old", "an older answer stays in use: " .. parse(self, text)[FIRST])
    return text, true
  end
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

-- The same for the holder of the lock, who gives it back here; after a failure not at once, so that a service that
-- is down is not asked by everybody in turn.
local function fetch(self, key, job, token)
  local ok, text, is_old_kept = self.locks:work(key, token, renew, self, key, job)
  if not ok then text = text_of("raised", 0, self.clock(), tostring(text), {}) end
  self.locks:give(key, token, is_old_kept and self.negative_ttl)
  return text
end

-- An entry for a key that has none: fetched here, or by whoever holds the lock.
local function obtain(self, key, job)
  local deadline, pause = self.clock() + self.patience, 0.005
  repeat
    local token = self.locks:take(key)
    -- Looked at with the lock in hand: who held it before may have just put it there.
    local text = self.dict:get(key)
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
    local text = self.dict:get(key)
    if text and is_fresh(self, parse(self, text)) then return self.locks:give(key, token) end
    fetch(self, key, job, token)
  end)
  if not is_off then self.locks:give(key, token) end
end

-- Parameters as text: equal ones give equal text, others never do. Wrong ones need not be known here.
local function describe(value)
  local kind = type(value)
  if kind ~= "table" then
    local text = tostring(value)
    return kind:sub(1, 1) .. #text .. ":" .. text
  end
  local parts = {}
  for name, item in pairs(value) do
    parts[#parts + 1] = describe(name) .. "=" .. describe(item)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, " ") .. "}"
end

local function copy_of(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, item in pairs(value) do
    copy[name] = copy_of(item)
  end
  return copy
end

local function key_of(self, method, params)
  local key = self.prefix .. method .. ":" .. describe(params)
  if #key > LONG_KEY then key = key:sub(1, LONG_KEY - 70) .. "#" .. core.sha256(key) end
  return key
end

local function get(self, method, params)
  if getmetatable(self) ~= Catalogue then
    error(("jdvm: call methods with a colon: catalogue:%s(…)"):format(method), 3)
  end
  local key, state = key_of(self, method, params), "hit"
  local text = self.dict:get(key)
  local entry = text and parse(self, text)
  if not entry then
    state, entry = "miss", parse(self, wait_for(self, key, { method = method, params = copy_of(params) }))
  elseif not is_fresh(self, entry) then
    state = "stale"
    refresh(self, key, { method = method, params = copy_of(params) })
  end
  local first, second = entry[FIRST], entry[SECOND]
  -- A mistake of the caller's: as the client said it, but for the place.
  if entry[KIND] == "raised" then error((first:gsub("^[^\n]-:%d+: ", "")), 3) end
  second.cache, second.age = state, max(0, self.clock() - entry[FETCHED])
  if entry[KIND] == "ok" then return first, second end
  return nil, first, second
end

--- An image, as client:describe_image gives it.
---@param params string|table an image id, or parameters
---@return table? image nil when the service has none, or none could be had; yours to change
---@return table|string meta_or_message meta.cache is "hit", "stale" or "miss", meta.age its age in seconds
---@return jdvm.Failure? detail with cache and age, too: that an image does not exist is kept for `negative_ttl`
function Catalogue:describe_image(params)
  local image, meta, detail = get(self, "describe_image", params)
  return image, meta, detail -- no tail call: what raises counts the levels up to the caller
end

--- A whole list, as client:list_images gives it. It is kept as one entry.
---@param params table
---@return table[]? images
---@return table|string meta_or_message
---@return jdvm.Failure? detail
function Catalogue:list_images(params)
  local images, meta, detail = get(self, "list_images", params)
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
    VERSION,
    state.endpoint.origin,
    account_of(state, given),
    state.region or "",
    state.null,
    state.utf8,
    describe(given.options),
    "",
  }, "|")
  self.patience = (options.timeout or state.timeout) + self.lock_ttl
  self.longest = max(self.ttl, self.negative_ttl, FAILURE_TTL)
  self.clock, self.flights = ngx.now or os.time, {} -- worker threads have no ngx.now since OpenResty 1.25.3.1
  return setmetatable(self, Catalogue)
end

return cache
