-- Names that people mistype, in messages. Pure.

local text = require "jdvm.util.text"

local M = {}

local function sorted(...)
  local list = {}
  for _, entries in ipairs { ... } do
    for name in pairs(entries) do
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

--- The names of a table, in a sentence.
---@param entries table<string, any>
---@return string
function M.all(entries) return table.concat(sorted(entries), ", ") end

--- What to add to a message about a name that is unknown: the one that was meant, if one is near.
---@param name any
---@param ... table<string, any> tables by the names that are known
---@return string
function M.meant(name, ...)
  local nearest = text.nearest(tostring(name), sorted(...))
  return nearest and ("; did you mean '%s'?"):format(nearest) or ""
end

return M
