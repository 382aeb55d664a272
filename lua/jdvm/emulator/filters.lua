-- The query of describeImages: what it asks for, or the error that refuses it. Parameters, their values and bounds
-- come from jdvm.service.operations. Pure.

local models = require "jdvm.service.models"
local operations = require "jdvm.service.operations"

local M = {}

local operation = operations.describeImages
local page = operation.page

local parameters, image_fields = {}, {}
for _, parameter in ipairs(operation.parameters) do
  parameters[parameter.name] = parameter
end
for _, field in ipairs(models.by_name.Image) do
  image_fields[field.name] = true
end

local function refuse(status, message) return nil, { code = 400, status = status, message = message } end

local function invalid(name) return refuse("INVALID_ARGUMENT", "Invalid parameter " .. name) end

-- The items of `name.1`, `name.2`, … in the order of their numbers.
local function numbered(pairs_found, name)
  local items = {}
  for _, pair in ipairs(pairs_found) do
    local prefix, index = pair[1]:match("^(.-)%.(%d+)$")
    if prefix == name and pair[2] ~= "" then items[#items + 1] = { tonumber(index), pair[2] } end
  end
  table.sort(items, function(a, b) return a[1] < b[1] end)
  for i, item in ipairs(items) do
    items[i] = item[2]
  end
  return items
end

local function integer(text, default)
  if text == nil or text == "" then return default end
  -- Decimal, and exact on every Lua.
  return #text < 16 and text:find("^-?%d+$") and tonumber(text) or nil
end

-- Page number and size, checked.
local function paging(values)
  local size = integer(values[page.size], parameters[page.size].default)
  local number = integer(values[page.number], parameters[page.number].default)
  if not size then return invalid "PageSize" end
  if not number then return invalid "PageNumber" end
  if size < page.min or size > page.max then return refuse("OUT_OF_RANGE", "PageSize out of range") end
  if number < 1 then return refuse("OUT_OF_RANGE", "PageNumber out of range") end
  return { page = number, size = size }
end

-- Conditions on images, by parameter; the others must equal the field of their name. Each takes the value and the
-- source of the images, and returns a test, nil when the parameter has no effect, or false when the value is invalid.
local special = {
  imageName = function(value)
    return function(image) return image.name:find(value, 1, true) ~= nil end
  end,
  -- The SDK says that an image without one boots by BIOS.
  bootMode = function(value)
    return function(image) return (image.bootMode or "bios") == value end
  end,
  -- Who may use an image is asked of private ones only.
  launchPermission = function(value, source)
    return source == "private" and function(image) return image.launchPermission == value end or nil
  end,
  offline = function(value, source)
    local word = value:lower()
    if word ~= "true" and word ~= "false" then return false end
    if source ~= "public" and source ~= "thirdparty" then return nil end
    return function(image) return (image.offline or false) == (word == "true") end
  end,
}

-- instanceIds.N: the image was made from one of these instances.
local function one_of(field, list)
  local wanted = {}
  for _, value in ipairs(list) do
    wanted[value] = true
  end
  return function(image) return wanted[image[field]] end
end

-- Tests that an image must pass, or the error that refuses a filter.
local function conditions_of(pairs_found, values, source, settings)
  local conditions = {}
  for _, parameter in ipairs(operation.parameters) do
    local name, value, condition = parameter.name, values[parameter.name] or "", nil
    if name == "offline" and value == "" and settings.offline_default == "false" then value = "false" end
    if parameter.type == "string[]" and name ~= page.ids then
      local list = numbered(pairs_found, name)
      if #list > 0 then condition = one_of(name:gsub("s$", ""), list) end
    elseif value ~= "" and name ~= "imageSource" and (special[name] or image_fields[name]) then
      if special[name] then
        condition = special[name](value, source)
      else
        condition = function(image) return image[name] == value end
      end
      if condition == false then return invalid(name) end
    end
    conditions[#conditions + 1] = condition
  end
  return conditions
end

-- Two queries with the same text ask for the same images.
local function label_of(pairs_found, settings)
  local parts = { settings.offline_default, settings.words }
  for _, pair in ipairs(pairs_found) do
    if pair[1] ~= page.number and pair[1] ~= page.size then parts[#parts + 1] = pair[1] .. "\1" .. pair[2] end
  end
  return table.concat(parts, "\2")
end

local is_source = {}
for _, source in ipairs(parameters.imageSource.values) do
  is_source[source] = true
end

--- What the older page of each operation calls the sources, where that is another word.
M.old_words = {
  describeImages = { public = "jcloud", thirdparty = "marketplace", private = "self" },
  describeImage = { public = "jcloud", thirdparty = "marketplace", private = "self", shared = "share" },
}

--- Values by name; of a repeated name the first counts.
function M.values(pairs_found)
  local values = {}
  for _, pair in ipairs(pairs_found) do
    if values[pair[1]] == nil then values[pair[1]] = pair[2] end
  end
  return values
end

--- Reads the query of describeImages: the query, or nil and the refusal.
---@return table|nil query `{ids}` or `{source, conditions (functions of an image), label, page, size}`
function M.read(pairs_found, values, settings)
  local ids = numbered(pairs_found, page.ids)
  if #ids == 0 and (values.imageSource or "") == "" then
    return refuse("FAILED_PRECONDITION", "Parameter ImageSource missing")
  end
  if #ids > 0 then return { ids = ids } end
  local query, refusal = paging(values)
  if not query then return nil, refusal end
  local old_word = settings.words == "old" and parameters.imageSource.old_values[values.imageSource]
  query.source = old_word or values.imageSource
  if not is_source[query.source] then return invalid "imageSource" end
  query.conditions, refusal = conditions_of(pairs_found, values, query.source, settings)
  if not query.conditions then return nil, refusal end
  query.label = label_of(pairs_found, settings)
  return query
end

return M
