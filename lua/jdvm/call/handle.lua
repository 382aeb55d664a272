-- A call as the user holds it: what it knows, keys and headers too, stays out of sight of inspectors.

local methods = {}
local handle_mt = {
  __index = methods,
  __name = "jdvm.call",
  __tostring = function(self)
    local inner = self.call()
    return ("jdvm call %s (%s)"):format(inner.operation.name, inner.outcome and "finished" or "pending")
  end,
}

for _, name in ipairs { "finish", "cancel" } do
  methods[name] = function(self)
    if getmetatable(self) ~= handle_mt then error(("jdvm: call methods with a colon: call:%s()"):format(name), 2) end
    local inner = self.call()
    return inner[name](inner)
  end
end

--- Wraps a call.
---@param inner table
---@return jdvm.Call
return function(inner)
  return setmetatable({ call = function() return inner end }, handle_mt)
end
