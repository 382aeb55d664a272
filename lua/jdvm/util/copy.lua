-- Copies of tables. Pure.

--- A copy of a table, not of the tables in it.
---@param values table|nil
---@return table
return function(values)
  local copy = {}
  for name, value in pairs(values or {}) do
    copy[name] = value
  end
  return copy
end
