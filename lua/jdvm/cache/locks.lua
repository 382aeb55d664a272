-- Locks in a shared dict, which all workers of an nginx see: the holder of one works for all. They expire, unless
-- their holder works in a timer, which renews them.

local core = require "jdvm.core"
local transport = require "jdvm.transport"

local ngx = ngx -- nil outside nginx

local Locks = {}
Locks.__index = Locks

local locks = {}

---@param dict table a shared dict
---@param ttl number seconds after which a lock expires
---@return table locks
function locks.new(dict, ttl) return setmetatable({ dict = dict, ttl = ttl, known = {} }, Locks) end

--- Takes a lock.
---@param key string
---@return string|nil token with which it is given back: it may have expired, and be another's by then
function Locks:take(key)
  local token = core.nonce()
  local added, message = self.dict:add("lock|" .. key, token, self.ttl)
  -- Where a lock has no room, everybody may do as if it were theirs: better two fetches than none.
  return (added or message ~= "exists") and token or nil
end

--- Whether this is the first call for a name in so many seconds, by any worker. A worker keeps its own account, too: a
--- full dict forgets.
---@param name string
---@param seconds number
---@return boolean
function Locks:is_first(name, seconds)
  local now = os.time()
  if now < (self.known[name] or 0) then return false end
  self.known[name] = now + seconds
  return self.dict:add("first|" .. name, true, seconds) == true
end

--- Gives a lock back.
---@param key string
---@param token string
---@param hold_off? number seconds for which nobody may take it yet
function Locks:give(key, token, hold_off)
  key = "lock|" .. key
  if self.dict:get(key) ~= token then return end
  if hold_off and hold_off > 0 then
    self.dict:set(key, token, hold_off)
  else
    self.dict:delete(key)
  end
end

-- Renews a lock until it is killed.
local function renew(self, key, token)
  key = "lock|" .. key
  return ngx.thread.spawn(function()
    repeat
      ngx.sleep(self.ttl / 3)
    until self.dict:get(key) ~= token or not self.dict:set(key, token, self.ttl)
  end)
end

--- Works while it holds a lock. Errors of the work are returned, not raised.
---@param key string
---@param token string
---@param work fun(a: any, b: any, c: any): any, any
---@return boolean ok
---@return any ... two results, or the error
function Locks:work(key, token, work, ...)
  -- Only in a timer, which nobody ends: a request may be ended, and would leave a lock that is renewed for ever.
  local keeper = select(2, transport.place()) == "timer" and renew(self, key, token)
  local ok, first, second = pcall(work, ...)
  if keeper then ngx.thread.kill(keeper) end
  return ok, first, second
end

return locks
