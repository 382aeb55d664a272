-- A store for jdvm.cache in Redis, through lua-resty-redis (Debian: lua-nginx-redis) and nginx's cosockets. It keeps
-- nothing but a pool of connections: each operation takes one and gives it back.

local check = require "jdvm.options.check"
local options_of = require "jdvm.options.options"

local IDLE = 30 -- seconds a pooled connection waits

local redis = {}

local Store = {}
Store.__index = Store

-- Debian installs it under another name than OpenResty.
local function load_client()
  for _, name in ipairs { "resty.redis", "nginx.redis" } do
    local found, client = pcall(require, name)
    if found then return client end
  end
  return nil
end

local function open(self)
  local client = self.client:new()
  client:set_timeout(self.milliseconds)
  local ok, message
  if self.host:find "^unix:" then
    ok, message = client:connect(self.host, self.connection)
  else
    ok, message = client:connect(self.host, self.port, self.connection)
  end
  if ok and client:get_reused_times() == 0 then
    if self.password then
      if self.username then
        ok, message = client:auth(self.username, self.password)
      else
        ok, message = client:auth(self.password)
      end
    end
    if ok and self.database > 0 then
      ok, message = client:select(self.database)
    end
  end
  if ok then return client end
  client:close()
  return nil, message
end

-- One command on a connection of the pool, and nil and a message after a failure. The client raises an error when what
-- it reads is not Redis's protocol.
local function run(self, command, ...)
  local client, problem = open(self)
  if not client then return nil, "Redis: " .. tostring(problem) end
  local ran, result, message = pcall(client[command], client, ...)
  if ran and result then
    client:set_keepalive(IDLE * 1000, self.pool_size)
    return result
  end
  client:close()
  return nil, "Redis: " .. tostring(ran and message or result)
end

local function milliseconds(seconds) return ("%d"):format(math.max(1, math.ceil(seconds * 1000))) end

--- The text under a key; nil when there is none.
function Store:get(key)
  local text, message = run(self, "get", key)
  if type(text) == "string" or not text then return text, message end
  return nil -- null
end

--- Stores a text for so many seconds.
function Store:set(key, text, seconds)
  local done, message = run(self, "set", key, text, "px", milliseconds(seconds))
  return done and true, message
end

--- Takes a lock for so many seconds: true, or false while another holds it.
function Store:lock(key, token, seconds)
  local answer, message = run(self, "set", "lock|" .. key, token, "nx", "px", milliseconds(seconds))
  if not answer then return nil, message end
  return answer == "OK"
end

local UNLOCK = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end return 1"

--- Gives a lock back, unless it has expired and is another's by now.
function Store:unlock(key, token)
  local done, message = run(self, "eval", UNLOCK, 1, "lock|" .. key, token)
  return done and true, message
end

--- A store for jdvm.cache. Does no I/O; may be made in init_by_lua.
---@param given? jdvm.RedisOptions see jdvm.options.options
---@return table store, as jdvm.cache.fleet describes it
function redis.new(given)
  check.options("redis", given, "jdvm.stores.redis.new", 2)
  local function misuse(message) error("jdvm.stores.redis.new: " .. message, 3) end
  local self = { client = load_client() or misuse "needs lua-resty-redis (Debian: apt install lua-nginx-redis)" }
  for name, default in pairs(options_of.defaults "redis") do
    self[name] = default
  end
  for name, value in pairs(given or {}) do
    self[name] = value
  end
  if self.ssl and (tonumber(self.client._VERSION) or 0) < 0.28 then
    misuse("option 'ssl' needs lua-resty-redis 0.28 or later; this is " .. tostring(self.client._VERSION))
  end
  self.milliseconds = tonumber(milliseconds(self.timeout))
  self.connection = {
    -- Connections of one pool must be interchangeable: the default name, host and port, says too little.
    pool = table.concat({
      "jdvm-redis",
      self.host,
      self.port,
      self.database,
      self.username or "",
      self.ssl and (self.ssl_verify and "verified" or "unverified") or "plain",
      self.server_name or "",
    }, "|"),
    pool_size = self.pool_size,
    ssl = self.ssl,
    ssl_verify = self.ssl_verify,
    server_name = self.server_name,
  }
  return setmetatable(self, Store)
end

return redis
