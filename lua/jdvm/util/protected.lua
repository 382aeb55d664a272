-- pcall for functions of the user that may yield. Only Lua 5.1 cannot yield through pcall; there the function runs in
-- a coroutine whose yields are handed on. Pure.

local protected = {}

-- The test must not create coroutines: this file may be loaded where none may run.
local YIELDS_THROUGH_PCALL = _VERSION ~= "Lua 5.1" or package.loaded.jit ~= nil

local function hand_on(thread, ok, ...)
  if not ok then return false, ... end
  if coroutine.status(thread) == "dead" then return true, ... end
  return hand_on(thread, coroutine.resume(thread, coroutine.yield(...)))
end

--- Calls a function, or whatever else can be called.
---@param turn table|nil its field `inner` becomes the coroutine in which the function runs, if it needs one
---@param call function|table
---@return boolean ok
---@return any ... results, or the error
function protected.call(turn, call, ...)
  if YIELDS_THROUGH_PCALL then return pcall(call, ...) end
  local thread = coroutine.create(function(...) return call(...) end)
  if turn then turn.inner = thread end
  return hand_on(thread, coroutine.resume(thread, ...))
end

return protected
