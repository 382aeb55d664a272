-- pcall for functions of the user that may yield. Only Lua 5.1 cannot yield through pcall; there the function runs in
-- a coroutine whose yields are handed on. Pure.

-- The test must not create coroutines: this file may be loaded where none may run.
if _VERSION ~= "Lua 5.1" or package.loaded.jit then return pcall end

local function hand_on(thread, ok, ...)
  if not ok then return false, ... end
  if coroutine.status(thread) == "dead" then return true, ... end
  return hand_on(thread, coroutine.resume(thread, coroutine.yield(...)))
end

--- Calls a function, or whatever else can be called.
---@param call function|table
---@return boolean ok
---@return any ... results, or the error
return function(call, ...)
  local thread = coroutine.create(function(...) return call(...) end)
  return hand_on(thread, coroutine.resume(thread, ...))
end
