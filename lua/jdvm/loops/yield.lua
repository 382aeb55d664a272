-- What to write where a coroutine cannot yield, for those functions of the option `wait` that do. Pure.

local getinfo, running = debug.getinfo, coroutine.running
local isyieldable = coroutine.isyieldable -- luacheck: ignore 143

local ADVICE = {
  iterator = "Lua 5.1 cannot yield in the iterator of a for loop: use client:list_images, or call the iterator yourself: "
    .. "local image = images() while image do … image = images() end",
  pcall = "Lua 5.1 cannot yield through pcall: call without it, since failures are returned as nil, message, detail",
  c = "Lua cannot yield through a C function (such as string.gsub with a callback): call outside of it",
}

-- Which of these places the caller is in, or nil. Lua 5.1 cannot be asked, but its stack tells; Lua 5.2 cannot either,
-- and only a C function in between would matter there.
local function place()
  if isyieldable then return not isyieldable() and "c" or nil end
  if _VERSION ~= "Lua 5.1" then return nil end
  local level, frame = 2, getinfo(2, "nSf")
  while frame do
    if frame.name == "(for generator)" then return "iterator" end
    if frame.what == "C" then return (frame.func == pcall or frame.func == xpcall) and "pcall" or "c" end
    level = level + 1
    frame = getinfo(level, "nSf")
  end
  return nil
end

--- Raises where the running coroutine cannot yield. The main one need not.
return function()
  local thread, is_main = running()
  local where = thread and not is_main and place()
  if where then error("jdvm: " .. ADVICE[where], 0) end
end
