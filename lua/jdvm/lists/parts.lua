-- The requests' parameters of a list that asks for several values of a filter, or in several regions: the service takes
-- one of each, so such a list is put together of parts. Pure.

local copy_of = require "jdvm.util.copy"
local regions = require "jdvm.service.regions"
local value_of = require "jdvm.options.value"

local parts = {}

-- The values of a filter, each once. The service is asked for states in the order in which an image passes through
-- them, so that one that moves on meanwhile is not missed; all other values keep the caller's order.
local function distinct(parameter, values)
  local list, is_known, stages = {}, {}, parameter.stages
  local function stage(value) return stages[value] or math.huge end
  for _, value in ipairs(values) do
    if not is_known[value] then
      is_known[value] = true
      local at = #list + 1
      while stages and at > 1 and stage(list[at - 1]) > stage(value) do
        at = at - 1
      end
      table.insert(list, at, value)
    end
  end
  return list
end

-- Each part once for each value, which goes into its parameters and into what failures call it.
local function times(list, name, values)
  local product = {}
  for _, part in ipairs(list) do
    for _, value in ipairs(values) do
      local copy = copy_of(part)
      copy.params = copy_of(part.params)
      copy.params[name] = value
      copy.filter = (part.filter and part.filter .. ", " or "") .. name .. "=" .. value
      product[#product + 1] = copy
    end
  end
  return product
end

--- The parts of a list, in order: region by region, and the last filter changes first.
---@param operation table
---@param params table as the caller gave them
---@param wanted string|string[]|nil the option `regions`
---@return table[]|nil parts params; lane = its region's place; filter = what failures call it, such as
---  "regionId=cn-east-2, status=error", or nil
---@return string|nil fault
function parts.of(operation, params, wanted)
  local list = { { params = params, lane = 1 } }
  if wanted then
    if params.regionId ~= nil then return nil, "give either 'regionId' or the option 'regions'" end
    list = times(list, "regionId", wanted == "all" and regions.names or distinct({}, wanted))
    for lane, part in ipairs(list) do
      part.lane = lane
    end
  end
  for _, parameter in ipairs(operation.parameters) do
    local name, values = parameter.name, params[parameter.name]
    if type(values) == "table" and parameter.type == "string" and not parameter.path then
      local entry = copy_of(parameter)
      entry.type = "string[]"
      local fault = value_of.fault(entry, values, true)
      if fault then return nil, "'" .. name .. "' " .. fault end
      if params[parameter.unsent_beside] == nil then
        list = times(list, name, distinct(parameter, values))
      else
        for _, part in ipairs(list) do
          part.params = copy_of(part.params)
          part.params[name] = values[1] -- it is checked, but not sent
        end
      end
    end
  end
  return list
end

return parts
