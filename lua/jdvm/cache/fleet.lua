-- The second level of a cache: a store that several nginx share, so that one of them fetches for all, and one that
-- starts finds what others know. Whenever the store fails, a node goes on alone and leaves it alone for a second.
--
-- A store has, with seconds that may be fractions,
--   get(self, key) -> text, or nil when there is none
--   set(self, key, text, seconds) -> true
--   lock(self, key, token, seconds) -> true, or false while another holds the lock
--   unlock(self, key, token) -> true, also when the lock is another's by now
-- and each returns nil and a message when it fails. They may yield, but must not wait for long.

local core = require "jdvm.core"

local REST = 1 -- seconds for which a store that failed is not asked

local fleet = {}

local Fleet = {}
Fleet.__index = Fleet

--- What is wrong with a store, or nil.
---@param store table
---@return string?
function fleet.fault(store)
  for _, name in ipairs { "get", "set", "lock", "unlock" } do
    if type(store[name]) ~= "function" then
      return ("option 'store' is a table without the function '%s'; it needs get, set, lock and unlock"):format(name)
    end
  end
  return nil
end

--- The fleet around a store.
---@param store table
---@param locks table those of this nginx: their dict remembers for all workers, under `name`, that the store failed
---@param name string
---@param sleep fun(seconds: number)
---@param warn fun(message: string)
---@return table fleet
function fleet.new(store, locks, name, sleep, warn)
  return setmetatable({ store = store, locks = locks, name = name, sleep = sleep, warn = warn }, Fleet)
end

-- What the store returns; nil, too, when it fails or has just failed.
local function ask(self, method, ...)
  if self.locks.dict:get(self.name) then return nil end
  local ok, result, message = pcall(self.store[method], self.store, ...)
  if ok and (result ~= nil or message == nil) then return result end
  self.locks.dict:set(self.name, true, REST)
  self.warn("the store of the cache fails, and this nginx goes on without it: " .. tostring(ok and message or result))
  return nil
end

--- What the store has under a key.
---@param key string
---@return string? text
function Fleet:get(key)
  local text = ask(self, "get", key)
  return type(text) == "string" and text or nil
end

--- Stores a text.
---@param key string
---@param text string
---@param seconds number
function Fleet:set(key, text, seconds)
  if seconds > 0 then ask(self, "set", key, text, seconds) end
end

--- A text that is good because another node has just fetched it, or else the right to fetch one.
---@param key string
---@param is_good fun(text: string): boolean
---@return string? text
---@return string? token to be given to `release`; nil when this node goes on alone
function Fleet:claim(key, is_good)
  local token, waited, pause = core.nonce(), 0, 0.01
  local text = self:get(key)
  while not (text and is_good(text)) do
    local is_held = ask(self, "lock", key, token, self.locks.ttl)
    -- A node that holds the lock for longer is slow; to fetch twice is better than to wait for it.
    if is_held == nil or waited > self.locks.ttl then return nil end
    -- Looked at with the lock in hand: who held it before may have just stored it.
    text = self:get(key)
    local is_there = text and is_good(text)
    if is_held and not is_there then return nil, token end
    if is_held then
      self:release(key, token)
    elseif not is_there then
      self.sleep(pause)
      waited, pause = waited + pause, math.min(pause * 2, 0.1)
    end
  end
  return text
end

--- Gives the right to fetch back.
---@param key string
---@param token string?
function Fleet:release(key, token)
  if token then ask(self, "unlock", key, token) end
end

return fleet
