-- Checks the parameters of a call against the operation's entry before anything is sent, and makes the path and the
-- query of the request from them. Pure; the caller's tables are only read.
--
-- What the service would ignore or answer with a surprise is refused here, with the name of the operation and the
-- parameter and what to write instead: a misspelled filter would otherwise come back as an empty or an unfiltered list.

local options = require "jdvm.options.options"
local text = require "jdvm.util.text"
local value_of = require "jdvm.options.value"

local parameters = {}

-- The gateway refuses a request line longer than 8 k with 414.
local MAX_TARGET = 8192

-- Entries are plain data; what is derived from one is kept here as long as the entry lives.
local derived = setmetatable({}, { __mode = "k" })

-- What is derived from an entry. Mistakes in the entry itself, which its author must see, raise here.
local function index(operation)
  local entry = { names = {}, by_name = {}, wanted = {} }
  for i, parameter in ipairs(operation.parameters) do
    assert(
      value_of.is_type(parameter.type),
      ("%s: parameter %s has an unknown type"):format(operation.name, parameter.name)
    )
    entry.names[i] = parameter.name
    entry.by_name[parameter.name] = parameter
    for _, other in ipairs(parameter.other_names or {}) do
      entry.wanted[other:lower()] = parameter.name
    end
  end
  for name in operation.path:gmatch("{([^{}]*)}") do
    assert(
      entry.by_name[name] and entry.by_name[name].path,
      ("%s: the path names {%s}, which is no path parameter"):format(operation.name, name)
    )
  end
  derived[operation] = entry
  return entry
end

-- Options that people put among the parameters; they belong into the table after it. By name, of which calls.
local call_options = {}
for set, words in pairs { call = "an option", list = "an option of lists" } do
  for _, option in ipairs(options[set]) do
    call_options[option.name] = call_options[option.name] or words
  end
end

local function unknown(operation, entry, key)
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
  local meant = entry.wanted[key:lower()] or text.nearest(key, entry.names)
  -- What other tools call a parameter is meant as one, even where an option has that name, too.
  local option = not entry.wanted[key:lower()] and call_options[key]
  if option and meant and text.same_name(key, meant) then
    return ("%s: it is %s; here give the parameter '%s'"):format(shown, option, meant)
  end
  if option then
    local or_parameter = meant and ("; or did you mean the parameter '" .. meant .. "'?") or ""
    return ("%s: it is %s, which goes into the table after the parameters%s"):format(shown, option, or_parameter)
  end
  if meant then return shown .. "; did you mean '" .. meant .. "'?" end
  return shown .. "; known are " .. text.enumerate(entry.names, "and")
end

-- Length of the text once it is percent-encoded.
local function encoded_length(s)
  local _, encoded = s:gsub("[^A-Za-z0-9._~-]", "")
  return #s + 2 * encoded
end

-- What to do about parameters that are too long together.
local function shorter(operation, entry, params)
  if operation.page and params[operation.page.ids] then
    return "give fewer ids, or use the iterators, which ask for them in parts"
  end
  local longest, most = nil, -1
  for _, name in ipairs(entry.names) do
    local value = params[name]
    local length = encoded_length(type(value) == "table" and table.concat(value) or tostring(value))
    if value ~= nil and length > most then
      longest, most = name, length
    end
  end
  return ("shorten '%s', the longest"):format(longest)
end

-- The query as an array of names and values: arrays become name.1, name.2, …
local function flatten(operation, entry, params, path)
  local query, n = {}, 0
  for _, name in ipairs(entry.names) do
    local parameter, value = entry.by_name[name], params[name]
    if value ~= nil and not parameter.path then
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
  local length = #path
  for i = 1, n do
    length = length + 1 + encoded_length(query[i])
  end
  if length > MAX_TARGET then
    return nil,
      ("the parameters make a request line of %d bytes, more than the %d the service takes: %s"):format(
        length,
        MAX_TARGET,
        shorter(operation, entry, params)
      )
  end
  return query
end

-- The parameters with a page for all ids, unless the usual one is: a service that pages beside ids would otherwise
-- leave the rest out without a word.
local function with_room(operation, entry, params)
  local page = operation.page
  local ids = page and page.ids and params[page.ids]
  if not ids or params[page.size] ~= nil or params[page.number] ~= nil then return params end
  if #ids <= (entry.by_name[page.size].default or 0) then return params end
  local copy = { [page.size] = math.min(page.max, #ids) }
  for name, value in pairs(params) do
    copy[name] = value
  end
  return copy
end

--- What is wrong with one value for a parameter, or nil.
---@param parameter table of an entry
---@param value any not nil
---@return string|nil message words that follow the name
function parameters.fault(parameter, value) return value_of.fault(parameter, value, true) end

--- Checks one parameter alone; raises for the caller.
---@param operation table an entry of operations.list
---@param name string of the parameter
---@param value any
---@param level integer|nil as for an `error` in the place of this call
function parameters.check_value(operation, name, value, level)
  local entry = derived[operation] or index(operation)
  local fault = parameters.fault(entry.by_name[name], value)
  if fault then error(("jdvm: %s: '%s' %s"):format(operation.name, name, fault), (level or 1) + 1) end
end

--- Checks the parameters and gives what a request is made of, or what is wrong with them.
---@param operation table an entry of operations.list
---@param params table|string|nil parameters by the service's names; a string for the shorthand
---@param region string|nil used when the parameters name no region
---@return string|nil path decoded path of the request
---@return table|string query array of name, value, name, value …; or the message
---@return string|nil region the region of the call: that of the parameters, else the one given
function parameters.build(operation, params, region)
  local prefix = "jdvm: " .. operation.name .. ": "
  local entry = derived[operation] or index(operation)
  if type(params) == "string" and operation.shorthand then params = { [operation.shorthand] = params } end
  if params == nil then params = {} end
  if type(params) ~= "table" then
    return nil,
      prefix
        .. "the parameters must be a table"
        .. (operation.shorthand and (" or the " .. operation.shorthand) or "")
        .. ", got "
        .. text.show(params)
  end

  local stranger = value_of.stranger(params, function(key) return entry.by_name[key] end)
  if stranger ~= nil then return nil, prefix .. unknown(operation, entry, stranger) end
  local path_values = {}
  for _, name in ipairs(entry.names) do
    local parameter, value = entry.by_name[name], params[name]
    if value ~= nil then
      local fault = parameters.fault(parameter, value)
      if fault then return nil, prefix .. "'" .. name .. "' " .. fault end
    end
    if value == nil and name == "regionId" then
      value = region
      if value == nil then
        return nil, prefix .. "no region: give jdvm.new a region, set JDCLOUD_REGION, or name one here by regionId"
      end
      local fault = parameters.fault(parameter, value)
      if fault then return nil, prefix .. "the client's region " .. fault end
    end
    if value == nil and (parameter.required or parameter.path) then
      return nil, prefix .. "'" .. name .. "' is required"
    end
    if parameter.path then path_values[name] = value end
  end
  for _, rule in ipairs(operation.rules or {}) do
    local message = rule.broken(params, operation)
    if message then return nil, prefix .. message end
  end

  local path = operation.path:gsub("{([^{}]+)}", path_values)
  local query, message = flatten(operation, entry, with_room(operation, entry, params), path)
  if not query then return nil, prefix .. message end
  return path, query, path_values.regionId or region
end

--- The same for callers whose mistake it is: raises at their line.
---@param operation table an entry of operations.list
---@param params table|string|nil
---@param region string|nil
---@param level integer|nil as for an `error` in the place of this call: 1 (default) blames that line, 2 its caller
---@return string path
---@return table query
---@return string region
function parameters.check(operation, params, region, level)
  local path, query, used = parameters.build(operation, params, region)
  if not path then error(query, (level or 1) + 1) end
  return path, query, used
end

return parameters
