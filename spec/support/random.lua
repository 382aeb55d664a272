-- Random numbers that are the same on every Lua, so that a seed means the same everywhere.
local random = {}

--- @param seed integer
--- @return fun(low?: integer, high?: integer): number in [0, 1), or an integer from low to high
function random.new(seed)
  local state = seed % 2147483646 + 1
  local function draw(low, high)
    state = state * 48271 % 2147483647
    local unit = (state - 1) / 2147483646
    if not low then return unit end
    return low + math.floor(unit * (high - low + 1))
  end
  for _ = 1, 5 do
    draw()
  end
  return draw
end

return random
