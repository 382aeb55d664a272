-- Work that may be ended from outside, and whether it still goes on. The coroutine does not tell: nginx uses coroutines
-- again for other requests. What does is a function made for this work alone: the work goes on as long as that function
-- is on the stack of its coroutine, and who asks takes part in it if it is on the asker's own stack. Pure.

local getinfo = debug.getinfo

---@class jdvm.Turn
---@field work function begins the work; takes what it takes
---@field frame function on the stack as long as it goes on
local Turn = {}
local mt = { __index = Turn }

local turn = {}

local function pass(...) return ... end

--- Prepares a turn, which begins when `work` is called.
---@param work function|table
---@return jdvm.Turn turn
function turn.new(work)
  local self = setmetatable({ place = setmetatable({}, { __mode = "v" }) }, mt)
  function self.frame(...)
    local co = coroutine.running()
    self.place.coroutine, self.is_main = co, co == nil
    return pass(work(...)) -- no tail call: this function has to stay on the stack
  end
  self.work = self.frame
  return self
end

--- Whether the work has begun and neither ended nor been ended. Of a coroutine that is not used any more, but that
--- nobody has ended either, only the garbage collector tells.
---@return boolean
function Turn:goes_on()
  if self.is_main then return true end -- Lua 5.1 has no name for the main coroutine; nobody can end it, either
  local co, level = self.place.coroutine, 0
  local frame = co and getinfo(co, level, "f")
  while frame and frame.func ~= self.frame do
    level = level + 1
    frame = getinfo(co, level, "f")
  end
  return frame ~= nil
end

--- Whether the caller takes part in it: the work has called, however deep, what asks.
---@return boolean
function Turn:is_mine()
  local level = 2
  local frame = getinfo(level, "f")
  while frame and frame.func ~= self.frame do
    level = level + 1
    frame = getinfo(level, "f")
  end
  return frame ~= nil
end

return turn
