-- Checks a table of options: names, types, ranges; and what the options `fields` and `source` name. Pure.

local lazy = require "jdvm.util.lazy"
local operations = require "jdvm.service.operations"
local options = require "jdvm.options.options"
local text = require "jdvm.util.text"
local value_of = require "jdvm.options.value"

local models = lazy "jdvm.service.models"

local check = {}

-- What takes the options of each set.
local takers = {
  { "call", "calls" },
  { "list", "lists" },
  { "client", "jdvm.new" },
  { "wait", "wait_image" },
  { "latest", "latest_image" },
}

-- What takes an option of this name, or nil.
local function taker_of(name)
  for _, taker in ipairs(takers) do
    if options.find(taker[1], name) then return taker[2] end
  end
  return nil
end

-- What to say about a key that is no option; it may be a parameter in the wrong table, or an option of other calls.
local function unknown(set, key, parameters)
  if type(key) ~= "string" then
    return ("options are named, but there is one with the key %s"):format(text.show(key))
  end
  local shown = "unknown option '" .. text.one_line(key, 60) .. "'"
  local parameter, taker = text.meant(key, parameters or {}), taker_of(key)
  if parameter and parameter.name == key then
    return shown .. ": it is a parameter, which goes into the table before the options"
  end
  if taker then
    return ("%s: it is an option of %s%s"):format(
      shown,
      taker,
      parameter and ("; here give the parameter '%s', in the table before the options"):format(parameter.name) or ""
    )
  end
  return shown .. text.suggestion(key, options.entries(set))
end

--- What is wrong with a table of options, or nil.
---@param set string client, call, list, wait or cache
---@param given table|nil
---@param parameters table|nil parameters of the operation, to tell where a misplaced one belongs
---@return string|nil message
function check.fault(set, given, parameters)
  if given == nil then given = {} end
  if type(given) ~= "table" then return "the options must be a table, got " .. text.show(given) end
  local stranger = value_of.stranger(given, function(key) return options.find(set, key) end)
  if stranger ~= nil then return unknown(set, stranger, parameters) end
  for _, option in ipairs(options.entries(set)) do
    local name, value, message = option.name, given[option.name], nil
    if value ~= nil then
      message = value_of.fault(option, value)
    elseif option.required then
      message = "is required"
    end
    if message then return ("option '%s' %s"):format(name, message) end
  end
  return nil
end

--- Checks a table of options; raises for the caller.
---@param set string client, call, list, wait or cache
---@param given table|nil
---@param who string what the message names, such as "jdvm.new" or an operation
---@param level integer as for an `error` in the place of this call: 1 blames that line, 2 its caller
---@param parameters table|nil parameters of the operation
function check.options(set, given, who, level, parameters)
  local message = check.fault(set, given, parameters)
  if not message then return end
  if who:sub(1, 4) ~= "jdvm" then who = "jdvm: " .. who end
  error(who .. ": " .. message, level + 1)
end

-- Follows a dotted name through the models, from the fields of one on; gives what is wrong with it, or nil. Names that
-- no model has are taken as they are (the service adds fields) unless they look like a known one.
local function path_fault(name, fields, model)
  local at = ""
  if ("." .. name .. "."):find("..", 1, true) then return "has an empty part" end
  for part in (name .. "."):gmatch("(.-)%.") do
    local known
    for _, field in ipairs(fields) do
      if field.name == part then known = field end
    end
    if not known then
      local nearest = text.closest(part, fields)
      return nearest and ("is no field of %s; did you mean '%s%s'?"):format(model, at, nearest) or nil
    end
    at = at .. part .. "."
    model = known.type:gsub("%[%]$", "")
    fields = models.by_name[model]
    if not fields then
      if #at <= #name then return ("goes into %s, which is of type %s"):format(at:sub(1, -2), known.type) end
      return nil
    end
  end
  return nil
end

--- What is wrong with the option `fields` of a call, or nil: a misspelled name would come back as absent.
---@param operation table an entry of operations.list
---@param names string[] field names, dotted for nested ones
---@return string|nil message
function check.fields_fault(operation, names)
  local fields, model = operations.item_model(operation)
  for i, name in ipairs(names) do
    local fault = (text.control_fault(name) or text.utf8_fault(name)) and "is not printable"
      or path_fault(name, fields, model)
    if fault then return ("option 'fields': element %d %s %s"):format(i, text.show(name), fault) end
  end
  return nil
end

-- What is wrong with the option `source`, a key that is added to each object, or nil.
local function source_fault(operation, key)
  local fields, model = operations.item_model(operation)
  for _, field in ipairs(fields) do
    if field.name == key then
      return ("option 'source' is %s, a field of %s, which it would overwrite: give another key"):format(
        text.show(key),
        model
      )
    end
  end
  return nil
end

--- Checks the options of a call or a list, and what they say of its result; raises for the caller.
---@param set string call or list
---@param given table|nil
---@param operation table an entry of operations.list
---@param level integer as for an `error` in the place of this call
function check.call(set, given, operation, level)
  check.options(set, given, operation.name, level + 1, operation.parameters)
  if not given then return end
  local fault = given.fields and check.fields_fault(operation, given.fields)
    or given.source and source_fault(operation, given.source)
  if fault then error(("jdvm: %s: %s"):format(operation.name, fault), level + 1) end
end

return check
