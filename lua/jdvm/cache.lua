-- Answers of the service for a whole nginx: one fetch per key whatever the load, old answers at once while one timer
-- fetches new ones, and old answers as long as the service is down.
--
-- An answer lives in a shared dict. It is fresh for `ttl` seconds and may be given out, stale, for `stale` more. Who
-- meets a stale one gets it, and the first of all workers starts a refresh. Who meets none waits: in each worker one
-- flight stands for all who want the same, and of the flights of all workers one holds the lock and fetches, while the
-- others watch the dict. A flight runs in a timer, so a client that goes away takes nobody's answer with it. A lock
-- expires unless its holder, while it lives, renews it.
--
-- Where there are neither timers nor light threads but a call may block (the init phase with a client that has
-- blocking = true, and worker threads), what is missing is fetched on the spot, so that a cache can be filled while
-- nginx starts.

local core = require "jdvm.core"
local encode = require "jdvm.util.json"
local errors = require "jdvm.failures.failure"
local check = require "jdvm.options.check"
local options_of = require "jdvm.options.options"
local transport = require "jdvm.transport"
local turns = require "jdvm.util.turn"

local ngx = ngx -- nil outside nginx, where new() says so
local max, min = math.max, math.min

local cache = {}

local FETCHES_HERE = { init = true, ["worker thread"] = true } -- by place

local VERSION = 1 -- of the entries; others are not read
local TIMERS = 64 -- flights at a time in timers, of nginx's 256 (lua_max_running_timers)
local FAILURE_TTL = 1 -- seconds for which others are given a failure that may pass
local LATE = 0.5 -- seconds after which a timer that has not begun was dropped by nginx
local LONG_KEY = 250

local Catalogue = {}
Catalogue.__index = Catalogue

-- An entry is JSON text: [VERSION, kind, fresh until, fetched at, result, meta], or with a message and its detail in
-- place of the last two. It goes through a flight as text, too, so that each who waits gets tables of their own.
local KIND, FRESH, FETCHED, FIRST, SECOND = 2, 3, 4, 5, 6

local function parse(self, text)
  local entry = core.decode(text, self.decoding)
  return entry and entry[1] == VERSION and entry or nil
end

local function text_of(kind, fresh, fetched, first, second)
  return assert(encode { VERSION, kind, fresh, fetched, first, second })
end

local function failure(self, job, fields, seconds)
  fields.operation, fields.region = job.operation, self.region
  local message, detail = errors.new(fields)
  local now = self.clock()
  return text_of("failed", now + (seconds or 0), now, message, detail)
end

-- Locks hold a token, so that nobody gives back, or renews, what has expired and is another's by now.
local function unlock(self, key, token, hold_off)
  key = "lock|" .. key
  if self.locks:get(key) ~= token then return end
  if hold_off and hold_off > 0 then
    self.locks:set(key, token, hold_off)
  else
    self.locks:delete(key)
  end
end

-- Where a lock has no room, everybody may do as if it were theirs: better two fetches than none.
local function lock(self, key)
  local turn = self.turns[key]
  if turn and not turn:goes_on() then
    -- The light thread that held it was ended.
    self.turns[key] = nil
    unlock(self, key, turn.token)
  end
  local token = core.nonce()
  local added, message = self.locks:add("lock|" .. key, token, self.lock_ttl)
  return (added or message ~= "exists") and token or nil
end

-- Renews the lock until it is killed.
local function keep_lock(self, key, token)
  key = "lock|" .. key
  return ngx.thread.spawn(function()
    repeat
      ngx.sleep(self.lock_ttl / 3)
    until self.locks:get(key) ~= token or not self.locks:set(key, token, self.lock_ttl)
  end)
end

-- The Lua of a worker thread cannot write to the log.
local function log(level, ...)
  if ngx.log then ngx.log(ngx[level], ...) end
end

-- Stores an entry; nil and why when it has no room.
local function store(self, key, text, seconds)
  if seconds <= 0 then return true end
  local stored, message, forcible = nil, "no memory", false
  -- A set that cannot succeed would throw out all others first.
  if #text <= self.capacity / 2 then
    stored, message, forcible = self.dict:set(key, text, seconds)
  end
  if not stored then return nil, message end
  if forcible and self.clock() >= self.complain_after then
    self.complain_after = self.clock() + 60
    log(
      "WARN",
      "jdvm: the shared dict ",
      self.name,
      " is full and drops answers before their time: enlarge it ",
      '("lua_shared_dict ',
      self.name,
      ' …;")'
    )
  end
  return true
end

-- Asks the service. The entry, its kind, and the seconds for which it may be kept.
local function ask(self, load)
  local result, meta, detail = load()
  local now = self.clock()
  if result ~= nil then return text_of("ok", now + self.ttl, now, result, meta), "ok", self.ttl + self.stale end
  -- What the service says of the question will be the same for a while; what befell the answer may pass.
  local is_answer = detail.kind == "api" and (detail.code == 404 or detail.code == 400)
  local kind, seconds = "failed", min(self.negative_ttl, FAILURE_TTL)
  if is_answer then
    kind, seconds = "negative", self.negative_ttl
  end
  if detail.kind == "phase" then seconds = 0 end -- it says nothing to those who ask elsewhere
  return text_of(kind, now + seconds, now, meta, detail), kind, seconds
end

-- Asks the service and keeps the answer. The entry, and whether an older one was kept in its place.
local function renew(self, key, job)
  local text, kind, seconds = ask(self, job.load)
  if kind == "failed" and self.dict:get(key) then
    if self.clock() >= self.tell_after then
      self.tell_after = self.clock() + 60
      log("WARN", "jdvm: an older answer stays in use: ", parse(self, text)[FIRST])
    end
    return text, true
  end
  local stored, reason = store(self, key, text, seconds)
  if stored then return text, false end
  text = failure(self, job, {
    kind = "cache",
    message = ("the answer takes %d bytes and has no room in the shared dict %s of %d (%s)"):format(
      #text,
      self.name,
      self.capacity,
      reason
    ),
    hint = ('enlarge it in nginx.conf: "lua_shared_dict %s …;"; or ask for less, by filters or the option fields'):format(
      self.name
    ),
  }, self.negative_ttl)
  log("ERR", parse(self, text)[FIRST])
  if self.dict:get(key) then return text, true end
  store(self, key, text, self.negative_ttl)
  return text, false
end

-- The same for the holder of the lock, who gives it back here; after a failure not at once, so that a service that
-- is down is not asked by everybody in turn.
local function fetch(self, key, job, token)
  local turn = transport.turn(renew)
  turn.token, self.turns[key] = token, turn
  -- Only in a timer, which nobody ends: elsewhere this would go on after the light thread that fetches was ended.
  local keeper = select(2, transport.place()) == "timer" and keep_lock(self, key, token)
  local ok, text, is_old_kept = pcall(turn.work, self, key, job)
  if keeper then ngx.thread.kill(keeper) end
  if self.turns[key] == turn then self.turns[key] = nil end
  if not ok then text = text_of("raised", 0, self.clock(), tostring(text), {}) end
  unlock(self, key, token, is_old_kept and self.negative_ttl)
  return text
end

-- The same on the spot, for who can neither sleep nor leave it to a timer: the lock, if it is to be had, keeps others
-- from asking meanwhile.
local function fetch_here(self, key, job) return fetch(self, key, job, lock(self, key) or "") end

-- An entry for a key that has none: fetched here, or by whoever holds the lock.
local function obtain(self, key, job)
  local deadline, pause = self.clock() + self.patience, 0.005
  repeat
    local token = lock(self, key)
    -- Looked at with the lock in hand: who held it before may have just put it there.
    local text = self.dict:get(key)
    if text then
      if token then unlock(self, key, token) end
      return text
    end
    if token then return fetch(self, key, job, token) end
    ngx.sleep(pause)
    pause = min(pause * 2, 0.1)
  until self.clock() >= deadline
  return failure(self, job, { kind = "timeout", phase = "wait", message = "another worker takes long to fetch this" })
end

-- Timers of all catalogues of this worker that nginx was asked for and has begun.
local timers = {}

-- How many there are. One that has not begun by the next turn of the loop was dropped (lua_max_running_timers).
local function count_timers(now)
  local count = 0
  for timer in pairs(timers) do
    if timer.began and not timer.turn:goes_on() or not timer.began and now - timer.since > LATE then
      timers[timer] = nil
    else
      count = count + 1
    end
  end
  return count
end

-- Runs a function in a timer, which no client's leaving ends. The timer, whose field `began` tells whether nginx has
-- begun it; nil when there may be no more.
local function in_timer(self, run)
  local now = self.clock()
  if count_timers(now) >= TIMERS then return nil end
  local timer = { since = now, turn = turns.new(run) }
  local ok, made = pcall(ngx.timer.at, 0, function()
    timers[timer], timer.began = true, true
    local is_done, message = pcall(timer.turn.work)
    timers[timer] = nil
    if not is_done then log("ERR", "jdvm: cache: ", message) end
  end)
  if not (ok and made) then return nil end
  timers[timer] = true
  return timer
end

local function take_off(self, key, job)
  local flight = { semaphore = require "ngx.semaphore".new(0), since = self.clock() }
  flight.timer = in_timer(self, function()
    local ok, text = pcall(obtain, self, key, job)
    flight.text = ok and text or text_of("raised", 0, self.clock(), tostring(text), {})
    if self.flights[key] == flight then self.flights[key] = nil end
    local waiting = -flight.semaphore:count()
    if waiting > 0 then flight.semaphore:post(waiting) end
  end)
  if not flight.timer then return nil end
  self.flights[key] = flight
  return flight
end

local function wait_for(self, key, job)
  local place, phase = transport.place()
  if FETCHES_HERE[place] then return fetch_here(self, key, job) end
  local flight = self.flights[key]
  -- One that should have ended long ago is dead.
  if flight and self.clock() - flight.since > 2 * self.patience then flight = nil end
  flight = flight or take_off(self, key, job)
  if place ~= "yields" then
    local message, way = transport.phase_advice(phase, place)
    return failure(self, job, {
      kind = "phase",
      phase = phase,
      message = "not in the cache, and " .. message,
      hint = flight and "it is being fetched now: ask again later, or fetch it beforehand in a timer" or way,
    })
  end
  if not flight then return obtain(self, key, job) end
  if not flight.text then flight.semaphore:wait(LATE) end
  if not flight.text and not flight.timer.began then
    if self.flights[key] == flight then self.flights[key] = nil end
    return obtain(self, key, job)
  end
  if not flight.text then flight.semaphore:wait(self.patience + 1) end
  return flight.text
    or failure(self, job, { kind = "timeout", phase = "wait", message = "the answer did not come in time" })
end

-- Fetches anew, unless somebody does so already or it failed just now.
local function refresh(self, key, job)
  local place = transport.place()
  if place == "init" then return end -- nginx need not wait: the first who ask refresh it
  local token = lock(self, key)
  if not token then return end
  if place == "worker thread" then return fetch(self, key, job, token) end
  local is_off = in_timer(self, function()
    local text = self.dict:get(key)
    local entry = text and parse(self, text)
    if entry and entry[FRESH] > self.clock() then return unlock(self, key, token) end
    fetch(self, key, job, token)
  end)
  if not is_off then unlock(self, key, token) end
end

local function get(self, key, job)
  local text, state = self.dict:get(key), "hit"
  local entry = text and parse(self, text)
  if not entry then
    entry, state = parse(self, wait_for(self, key, job)), "miss"
  elseif entry[FRESH] <= self.clock() then
    state = "stale"
    refresh(self, key, job)
  end
  local first, second = entry[FIRST], entry[SECOND]
  -- A mistake of the caller's: as the client said it, but for the place.
  if entry[KIND] == "raised" then error((first:gsub("^[^\n]-:%d+: ", "")), 3) end
  second.cache, second.age = state, max(0, self.clock() - entry[FETCHED])
  if entry[KIND] == "ok" then return first, second end
  return nil, first, second
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

local function key_of(self, method, params)
  if type(params) == "string" then params = { imageId = params } end
  local key = self.prefix .. method .. ":" .. describe(params)
  if #key > LONG_KEY then key = key:sub(1, LONG_KEY - 70) .. "#" .. core.sha256(key) end
  return key
end

local function copy_of(params)
  if type(params) ~= "table" then return params end
  local copy = {}
  for name, value in pairs(params) do
    if type(value) == "table" then
      local items = {}
      for index, item in pairs(value) do
        items[index] = item
      end
      value = items
    end
    copy[name] = value
  end
  return copy
end

local function call(self, method, operation, params, options)
  local client = self.client
  params = copy_of(params)
  return {
    operation = operation,
    load = function() return client[method](client, params, options) end,
  }
end

local function check_self(self, method)
  if getmetatable(self) ~= Catalogue then
    error(("jdvm: call methods with a colon: catalogue:%s(…)"):format(method), 3)
  end
end

--- An image, as client:describe_image gives it.
---@param params string|table an image id, or parameters
---@return table? image nil when the service has none, or none could be had; yours to change
---@return table|string meta_or_message meta.cache is "hit", "stale" or "miss", meta.age its age in seconds
---@return jdvm.Failure? detail with cache and age, too: that an image does not exist is kept for `negative_ttl`
function Catalogue:describe_image(params)
  check_self(self, "describe_image")
  local key = self.keys[params]
  if not key then
    key = key_of(self, "image", params)
    if type(params) == "string" then
      if self.known_keys >= 10000 then
        self.keys, self.known_keys = {}, 0
      end
      self.keys[params], self.known_keys = key, self.known_keys + 1
    end
  end
  local image, meta, detail = get(self, key, call(self, "describe_image", "describeImage", params, self.call_options))
  return image, meta, detail
end

--- A whole list, as client:list_images gives it. It is kept as one entry.
---@param params table
---@return table[]? images
---@return table|string meta_or_message
---@return jdvm.Failure? detail
function Catalogue:list_images(params)
  check_self(self, "list_images")
  local images, meta, detail =
    get(self, key_of(self, "images", params), call(self, "list_images", "describeImages", params, self.options))
  return images, meta, detail
end

-- Raises where cache.new was called: what looks at its options is called by it directly.
local function misuse(message, level) error("jdvm.cache.new: " .. message, level or 3) end

-- Whose answers these are: catalogues of different accounts must not meet in a dict.
local function account_of(state, given)
  if given.name then return given.name end
  if not state.credentials:is_fixed() then
    misuse("the client's keys come from a function: give a name that stands for the account (name = …)", 4)
  end
  local keys = state.credentials:get { clock = state.clock }
  return keys and core.sha256((keys.reveal())):sub(1, 16) or "nobody"
end

local function find_dict(name, option)
  local dict = ngx.shared[name]
  if not dict then
    misuse(
      ('there is no shared dict %s (option %s): write "lua_shared_dict %s 10m;" in the http block of nginx.conf'):format(
        name,
        option,
        name
      ),
      4
    )
  end
  return dict
end

--- A cache for a client. May be made in init_by_lua; one catalogue serves all requests.
---@param given jdvm.CacheOptions see jdvm.options.options
---@return jdvm.Catalogue catalogue
function cache.new(given)
  if type(ngx) ~= "table" or not ngx.shared then misuse("works inside nginx only") end
  check.options("cache", given, "jdvm.cache.new", 2)
  check.options("list", given.options, "jdvm.cache.new, option 'options'", 2)
  local self = { client = given.client, options = given.options, name = given.dict }
  for name, default in pairs(options_of.defaults("cache")) do
    self[name] = given[name] or default
  end
  if type(given.client.state) ~= "function" then misuse("option 'client' must be a client that jdvm.new made") end
  local state = given.client.state()
  self.dict, self.locks = find_dict(given.dict, "dict"), ngx.shared[given.dict .. "_locks"]
  if given.locks then self.locks = find_dict(given.locks, "locks") end
  self.locks = self.locks or self.dict
  self.capacity, self.region = self.dict:capacity(), state.region
  local options = given.options or {}
  -- Those of lists alone are none of a single image's.
  self.call_options = {}
  for _, option in ipairs(options_of.call) do
    self.call_options[option.name] = options[option.name]
  end
  self.decoding = { null = options.null or state.null, array_mt = state.array_mt }
  self.prefix = table.concat({
    "jdvm",
    state.endpoint.origin,
    account_of(state, given),
    state.region or "",
    state.null,
    state.utf8,
    describe(given.options),
    "",
  }, "|")
  self.patience = (options.timeout or state.timeout) + self.lock_ttl
  self.clock, self.complain_after, self.tell_after = ngx.now, 0, 0
  self.keys, self.known_keys, self.flights, self.turns = {}, 0, {}, {}
  return setmetatable(self, Catalogue)
end

return cache
