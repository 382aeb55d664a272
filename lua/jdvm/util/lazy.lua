-- Modules that not every program needs. Outside nginx they are loaded when something of them is used first: a script
-- that asks for one image is not to wait for what reads lists. Inside nginx they are loaded at once: that belongs to
-- its start, and not into a request. Pure but for what require does.

local text = require "jdvm.util.text"

local ngx = ngx -- nil in plain Lua

--- Stands for a module whose value is a table, by the names in it (it cannot be walked through).
---@param name string as for require
---@return table module
return function(name)
  if type(ngx) == "table" then return require(name) end
  return setmetatable({}, {
    __index = function(self, key)
      local ok, module = pcall(require, name)
      if not ok then
        package.loaded[name] = nil -- Lua 5.1 keeps a mark there that would make every later attempt fail
        local cause = text.one_line(tostring(module), 1000)
        error(
          ("jdvm: %s cannot be loaded now; write require %q where the program starts: %s"):format(name, name, cause),
          0
        )
      end
      local value = module[key]
      self[key] = value
      return value
    end,
  })
end
