-- The query of describeImages: what it asks for, or the error that refuses it. Parameters, their values and bounds
-- come from jdvm.service.operations. Pure.

local models = require "jdvm.service.models"
local operations = require "jdvm.service.operations"

local M = {}

local operation = operations.describeImages
local page = operation.page

local parameters, image_fields, is_source = {}, {}, {}
for _, parameter in ipairs(operation.parameters) do
  parameters[parameter.name] = parameter
end
for _, field in ipairs(models.by_name.Image) do
  image_fields[field.name] = true
end
for _, source in ipairs(parameters.imageSource.values) do
  is_source[source] = true
end

--- What the older page of each operation calls the sources, where that is another word.
M.old_words = {
  describeImages = { public = "jcloud", thirdparty = "marketplace", private = "self" },
  describeImage = { public = "jcloud", thirdparty = "marketplace", private = "self", shared = "share" },
}

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
  -- The image was made from one of these instances.
  instanceIds = function(list)
    local wanted = {}
    for _, id in ipairs(list) do
      wanted[id] = true
    end
    return function(image) return wanted[image.instanceId] end
  end,
}

local function equals(name)
  return function(value)
    return function(image) return image[name] == value end
  end
end

-- Tests that an image must pass, or the error that refuses a filter.
local function conditions_of(pairs_found, values, source, settings)
  local conditions = {}
  for _, parameter in ipairs(operation.parameters) do
    local name, value = parameter.name, values[parameter.name] or ""
    local condition = special[name] or name ~= "imageSource" and image_fields[name] and equals(name)
    if name == "offline" and value == "" and settings.offline_default == "false" then value = "false" end
    if parameter.type == "string[]" then value = numbered(pairs_found, name) end
    if condition and #value > 0 then
      conditions[#conditions + 1] = condition(value, source)
      if conditions[#conditions] == false then return invalid(name) end
    end
  end
  return conditions
end

--- Values by name; of a repeated name the first counts.
function M.values(pairs_found)
  local values = {}
  for _, pair in ipairs(pairs_found) do
    if values[pair[1]] == nil then values[pair[1]] = pair[2] end
  end
  return values
end

--- Reads the query of describeImages: the query, or nil and the refusal.
---@return table|nil query `{page, size}` with `ids`, or with `source`, `conditions` (functions of an image) and a
---  `label` that the pages of one list share
function M.read(pairs_found, values, settings)
  local ids = numbered(pairs_found, page.ids)
  if #ids > 0 then return { ids = ids, page = 1, size = page.max } end
  if (values.imageSource or "") == "" then return refuse("FAILED_PRECONDITION", "Parameter ImageSource missing") end
  local query, refusal = paging(values)
  if not query then return nil, refusal end
  local old_word = settings.words == "old" and parameters.imageSource.old_values[values.imageSource]
  query.source = old_word or values.imageSource
  if not is_source[query.source] then return invalid "imageSource" end
  query.conditions, refusal = conditions_of(pairs_found, values, query.source, settings)
  if not query.conditions then return nil, refusal end
  query.label = settings.offline_default .. settings.words
  for _, pair in ipairs(pairs_found) do
    if not pair[1]:find "^page" then query.label = query.label .. "\1" .. pair[1] .. "\2" .. pair[2] end
  end
  return query
end

return M
