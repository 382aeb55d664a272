-- Modules that not every program needs. Outside nginx they are loaded when something of them is used first: a script
-- that asks for one image is not to wait for what reads lists. Inside nginx they are loaded at once: that belongs to
-- its start, and not into a request. Pure, as require is.

local ngx = ngx                     -- nil in plain Lua

--- Stands for a module whose value is a table of functions.
---@param name string as for require
---@return table module
return function(name)
  if type(ngx) == "table" then return require(name) end
  return setmetatable({}, { __index = function(self, key)
    local value = require(name)[key]
    self[key] = value
    return value
  end })
end
