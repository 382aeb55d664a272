-- Checks the parameters of a call against the operation's entry before anything is sent, and makes the path and the
-- query of the request from them. Pure; the caller's tables are only read.
--
-- What the service would ignore or take for something else is refused here, with the name of the operation and the
-- parameter and what to write instead: a misspelled filter would otherwise come back as an empty or an unfiltered list.

local options = require "jdvm.options.options"
local text = require "jdvm.util.text"
local value_of = require "jdvm.options.value"

local parameters = {}

-- The gateway refuses a request line longer than 8 k with 414.
local MAX_TARGET = 8192

local function find(operation, name)
  for _, parameter in ipairs(operation.parameters) do
    if parameter.name == name then return parameter end
  end
  return nil
end

-- What an option is called that was put among the parameters; nil for what is none.
local function option_called(key)
  return options.find("call", key) and "an option" or options.find("list", key) and "an option of lists"
end

local function unknown(operation, key)
  if type(key) ~= "string" then
    if operation.shorthand and key == 1 then
      return ('parameters are named: write %s("…") or %s { %s = "…" }'):format(
        operation.method_name,
        operation.method_name,
        operation.shorthand
      )
    end
    return ("parameters are named, but there is one with the key %s"):format(text.show(key))
  end
  local shown = "unknown parameter '" .. text.one_line(key, 60) .. "'"
  -- What other tools call a parameter is meant as one, even where an option has that name, too.
  local meant, option = text.meant(key, operation.parameters), option_called(key)
  if option and not meant then
    return shown .. ": it is " .. option .. ", which goes into the table after the parameters"
  end
  if option and text.same_name(key, meant.name) then
    return ("%s: it is %s; here give the parameter '%s'"):format(shown, option, meant.name)
  end
  return shown .. text.suggestion(key, operation.parameters)
end

-- Length of the text once it is percent-encoded.
local function encoded_length(s)
  local _, encoded = s:gsub("[^A-Za-z0-9._~-]", "")
  return #s + 2 * encoded
end

local function length_fault(path, query)
  local length = #path
  for _, part in ipairs(query) do
    length = length + 1 + encoded_length(part)
  end
  if length <= MAX_TARGET then return nil end
  local words = "the parameters make a request line of %d bytes, more than the %d the service takes: shorten the longest, "
    .. "or give fewer ids (the iterators ask for them in parts)"
  return words:format(length, MAX_TARGET)
end

-- The parameters with a page for all ids, unless the usual one is: a service that pages beside ids would otherwise
-- leave the rest out without a word.
local function with_room(operation, params)
  local page = operation.page
  local ids = page and page.ids and params[page.ids]
  if not ids or params[page.size] ~= nil or params[page.number] ~= nil then return params end
  if #ids <= (find(operation, page.size).default or 0) then return params end
  local copy = { [page.size] = math.min(page.max, #ids) }
  for name, value in pairs(params) do
    copy[name] = value
  end
  return copy
end

--- What a request is made of, from parameters that were checked.
---@param operation table an entry of operations.list
---@param params table
---@param region string used when the parameters name none
---@return string path not yet encoded
---@return string[] query name, value, name, value …; arrays become name.1, name.2, …
---@return string region of the call
function parameters.request(operation, params, region)
  region = params.regionId or region
  local query, n = {}, 0
  local given = with_room(operation, params)
  for _, parameter in ipairs(operation.parameters) do
    local name = parameter.name
    local value = given[name]
    if value ~= nil and not parameter.path and given[parameter.unsent_beside] == nil then
      if parameter.type == "string[]" then
        for i = 1, #value do
          query[n + 1], query[n + 2] = name .. "." .. i, value[i]
          n = n + 2
        end
      else
        -- Decimal on every Lua: 40, neither 40.0 nor 1e+15.
        query[n + 1] = name
        query[n + 2] = parameter.type == "integer" and ("%.0f"):format(value) or tostring(value)
        n = n + 2
      end
    end
  end
  local path = operation.path:gsub(
    "{([^{}]+)}",
    function(name) return name == "regionId" and region or params[name] end
  )
  return path, query, region
end

--- Checks one parameter alone; raises for the caller.
---@param operation table
---@param name string
---@param value any
---@param level integer as for an `error` in the place of this call
function parameters.check_value(operation, name, value, level)
  local fault = value_of.fault(find(operation, name), value, true)
  if fault then error(("jdvm: %s: '%s' %s"):format(operation.name, name, fault), level + 1) end
end

-- What is wrong with the parameters, or nil.
local function fault_of(operation, params)
  if type(params) ~= "table" then
    return "the parameters must be a table"
      .. (operation.shorthand and (" or the " .. operation.shorthand) or "")
      .. ", got "
      .. text.show(params)
  end
  local stranger = value_of.stranger(params, function(key) return find(operation, key) end)
  if stranger ~= nil then return unknown(operation, stranger) end
  for _, parameter in ipairs(operation.parameters) do
    local name, value = parameter.name, params[parameter.name]
    if value ~= nil then
      local fault = value_of.fault(parameter, value, true)
      if fault and type(value) == "table" and operation.page then fault = fault .. ": lists take several values" end
      if fault then return "'" .. name .. "' " .. fault end
    elseif (parameter.required or parameter.path) and name ~= "regionId" then
      return "'" .. name .. "' is required"
    end
  end
  for _, rule in ipairs(operation.rules or {}) do
    local message = rule.broken(params, operation)
    if message then return message end
  end
  return nil
end

--- Checks the parameters of a call and makes its request; raises for the caller.
---@param operation table an entry of operations.list
---@param params table|string|nil parameters by the service's names; a string for the shorthand
---@param region string used when the parameters name none
---@param level integer as for an `error` in the place of this call: 1 blames that line, 2 its caller
---@return string path see `request`
---@return string[] query
---@return string region
function parameters.check(operation, params, region, level)
  if type(params) == "string" and operation.shorthand then params = { [operation.shorthand] = params } end
  if params == nil then params = {} end
  local fault, path, query, used = fault_of(operation, params), nil, nil, nil
  if not fault then
    path, query, used = parameters.request(operation, params, region)
    fault = length_fault(path, query)
  end
  if fault then error("jdvm: " .. operation.name .. ": " .. fault, level + 1) end
  return path, query, used
end

return parameters
