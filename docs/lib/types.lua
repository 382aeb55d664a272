-- Makes lua/jdvm/types.lua: what an editor with the Lua language server knows about jdvm. Comments hold
-- English, then Chinese.

local api = require "docs.lib.api"
local copy_of = require "jdvm.util.copy"
local failures = require "docs.lib.failures"
local described = require "docs.lib.described"
local models = require "jdvm.service.models"
local operations = require "jdvm.service.operations"
local options = described.options

local function both(entry) return entry.doc .. " " .. entry.doc_zh end

-- The LuaCATS type of a field, parameter or option.
local function type_of(entry, is_model)
  if entry.class then return entry.class end
  local kind = entry.type
  local base, array = kind:match("^([%w]+)(%[?%]?)$")
  if base and models.by_name[base] then return "jdvm." .. base .. array end
  if entry.values and kind:find("string", 1, true) then
    local parts = {}
    for _, value in ipairs(entry.values) do
      parts[#parts + 1] = ('"%s"'):format(value)
    end
    if is_model or entry.open or kind ~= "string" then parts[#parts + 1] = kind end
    return table.concat(parts, "|")
  end
  return kind
end

-- Collects lines.
local function page()
  local lines = {}
  return lines, function(format, ...) lines[#lines + 1] = select("#", ...) > 0 and format:format(...) or format end
end

local function class(add, name, entries, settings)
  settings = settings or {}
  add("")
  if settings.doc then add("---%s", settings.doc) end
  add("---@class %s%s", name, settings.parent and ": " .. settings.parent or "")
  for _, entry in ipairs(entries) do
    local required = settings.required and (entry.required or (settings.required == "all" and not entry.optional))
    add("---@field %s%s %s %s", entry.name, required and "" or "?", type_of(entry, settings.is_model), both(entry))
  end
end

-- The parameters of lists: without those of one page, and with arrays where the service takes one value.
local function list_parameters(operation)
  local list, paging = {}, operation.page
  for _, parameter in ipairs(operation.parameters) do
    if parameter.name ~= paging.number and parameter.name ~= paging.size then
      local copy = copy_of(parameter)
      if parameter.type == "string" and not parameter.path then
        local one = type_of(parameter)
        copy.class = ("%s|%s[]"):format(one, one:find("|", 1, true) and "(" .. one .. ")" or one)
      end
      list[#list + 1] = copy
    end
  end
  return list
end

local function method(add, owner, entry)
  add("")
  add("---%s", both(entry))
  local names = {}
  for i, param in ipairs(entry.params) do
    names[i] = param[1]
    add("---@param %s%s %s", param[1], param.optional and "?" or "", param[2])
  end
  for i, value in ipairs(entry.returns) do
    local kind = value[1]
    if entry.fails then kind = kind .. (i == 1 and "|nil" or i == 2 and "|string" or "") end
    local name = value[2]
    if entry.fails and i == 2 then name = "meta, or the message of the failure" end
    add("---@return %s %s", kind, name)
  end
  if entry.fails then add("---@return jdvm.Failure|nil detail of the failure") end
  add("function %s%s(%s) end", owner, entry.name, table.concat(names, ", "))
end

--- The whole file.
---@return string
return function()
  local lines, add = page()
  add("---@meta jdvm")
  add("")
  add("-- Made by `make docs` from the tables of lua/jdvm and docs/lib: change those, not this file. It is never")
  add("-- loaded; editors read it.")
  add("-- luacheck: ignore, no max line length")
  for _, model in ipairs(described.models) do
    class(add, "jdvm." .. model.name, model.fields, { doc = both(model), is_model = true })
    if model.name == "Image" then
      add("---@field regionId? string Of lists over regions: where it is. 仅多地域列表：所在地域。")
    end
  end
  for _, operation in ipairs(operations.list) do
    local params_type, result_type = api.type_names(operation)
    class(add, params_type, operation.parameters, { doc = "Parameters of " .. operation.name .. "." })
    if operation.page then
      class(add, api.list_names(operation).params, list_parameters(operation), {
        doc = "Parameters of the lists over " .. operation.name .. ": an array means any of its values.",
      })
    end
    class(add, result_type, operation.result, { doc = "Result of " .. operation.name .. ".", required = "some" })
  end
  class(add, "jdvm.ClientOptions", options.client, { doc = "Options of jdvm.new." })
  class(add, "jdvm.CallOptions", options.call, { doc = "Options of every call." })
  class(add, "jdvm.ListOptions", options.list, { doc = "Options of lists.", parent = "jdvm.CallOptions" })
  class(add, "jdvm.LatestOptions", options.latest, { doc = "Options of latest_image.", parent = "jdvm.ListOptions" })
  class(add, "jdvm.WaitOptions", options.wait, { doc = "Options of wait_image." })
  class(add, "jdvm.DecodeOptions", api.decode_options, { doc = "Options of jdvm.decode." })
  class(add, "jdvm.CacheOptions", options.cache, { doc = "Options of jdvm.cache.", required = "some" })
  class(add, "jdvm.CachedOptions", options.cached, { doc = "Options of one call of a Catalogue." })
  class(add, "jdvm.RedisOptions", options.redis, { doc = "Options of jdvm.stores.redis." })
  for _, entry in ipairs(api.classes) do
    class(add, "jdvm." .. entry.name, entry.fields, { doc = both(entry), required = "all" })
  end

  local kinds = {}
  for i, kind in ipairs(failures.kinds) do
    kinds[i] = '"' .. kind.name .. '"'
  end
  add("")
  add("---@alias jdvm.FailureKind %s", table.concat(kinds, "|"))
  add("")
  add("---A failure as data, the third result of every call that fails.")
  add("---@class jdvm.Failure")
  for _, field in ipairs(failures.fields) do
    local required = field.name == "kind" or field.name == "message"
    add(
      "---@field %s%s %s %s",
      field.name,
      required and "" or "?",
      field.name == "kind" and "jdvm.FailureKind" or field.type,
      both(field)
    )
  end

  for _, object in ipairs(api.objects) do
    add("")
    add("---%s", both(object))
    add("---@class jdvm.%s%s", object.name, object.parent and ": jdvm." .. object.parent or "")
    if object.call then add("---@overload %s", object.call) end
    add("local %s = {}", object.name)
    for _, entry in ipairs(object.methods) do
      method(add, object.name .. ":", entry)
    end
  end

  add("")
  add("---A client. It holds no state of a call: one serves all coroutines, light threads and requests of a worker.")
  add("---@class jdvm.Client")
  add("local Client = {}")
  for _, operation in ipairs(operations.list) do
    for _, entry in ipairs(api.methods(operation)) do
      method(add, "Client:", entry)
    end
  end
  for _, entry in ipairs(api.client) do
    method(add, "Client:", entry)
  end

  add("")
  add("---@class jdvm")
  add("---@field null lightuserdata JSON null where it is kept; equals cjson.null and ngx.null. JSON null 的值。")
  add("---@field _VERSION string Version of the library. 版本号。")
  add(
    "---@field regions jdvm.Region[] The regions known so far; others work, too. 目前已知的地域；其他地域同样可用。"
  )
  add("local jdvm = {}")
  for _, entry in ipairs(api.functions) do
    local copy = copy_of(entry)
    copy.name = entry.name:gsub("^jdvm%.", "")
    method(add, "jdvm.", copy)
  end
  add("")
  add("return jdvm")
  return table.concat(lines, "\n") .. "\n"
end
