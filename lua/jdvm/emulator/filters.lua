-- The query of describeImages: what it asks for, or which answer refuses it. Pure.

local M = {}

local SOURCES =
  { public = "public", thirdparty = "thirdparty", private = "private", shared = "shared", community = "community" }
-- The words of older pages, where the setting `words` brings those pages back.
local OLD_SOURCES = { jcloud = "public", marketplace = "thirdparty", self = "private" }

local VALUES = {
  platform = {
    ["Ubuntu"] = true,
    ["CentOS"] = true,
    ["Windows Server"] = true,
    ["Other Linux"] = true,
    ["Other Windows"] = true,
  },
  rootDeviceType = { localDisk = true, cloudDisk = true },
  launchPermission = { ownerOnly = true, specifiedUsers = true, all = true },
  status = { pending = true, ready = true, deleting = true, error = true },
  architecture = { x86_64 = true, arm64 = true, i386 = true },
  bootMode = { bios = true, uefi = true },
}

-- Filters that a field of the image must equal.
local FILTERS = {
  "platform",
  "rootDeviceType",
  "launchPermission",
  "status",
  "architecture",
  "serviceCode",
  "bootMode",
}

--- The filters of one value, by name.
M.names = { imageSource = true, imageName = true, offline = true }
for _, name in ipairs(FILTERS) do
  M.names[name] = true
end

local function refuse(status, message) return nil, { code = 400, status = status, message = message } end

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

local function boolean(text)
  if text == nil or text == "" then return nil end
  local word = text:lower()
  if word == "true" or word == "false" then return word == "true" end
  return nil, true
end

--- Page number and size, checked.
local function paging(values, settings)
  local size, page = integer(values.pageSize, 20), integer(values.pageNumber, 1)
  if not size then return refuse("INVALID_ARGUMENT", "Invalid parameter PageSize") end
  if not page then return refuse("INVALID_ARGUMENT", "Invalid parameter PageNumber") end
  if size < 10 or size > 100 then return refuse("OUT_OF_RANGE", "PageSize out of range") end
  if page < 1 then
    if settings.page_number_below_1 == "refused" then return refuse("OUT_OF_RANGE", "PageNumber out of range") end
    page = 1
  end
  return { page = page, size = size }
end

-- One test for every condition, all of which must hold.
local function combine(conditions)
  if #conditions == 0 then return nil end
  return function(record)
    for _, condition in ipairs(conditions) do
      if not condition(record) then return false end
    end
    return true
  end
end

local function equals(field, wanted)
  return function(record) return record[field] == wanted end
end

local function one_of(field, list)
  local wanted = {}
  for _, value in ipairs(list) do
    wanted[value] = true
  end
  return function(record) return wanted[record[field]] end
end

-- The conditions on the fields of an image, or the answer that refuses them.
local function conditions_of(values, lists, source, settings)
  local conditions = {}
  for _, field in ipairs(FILTERS) do
    local value, known = values[field] or "", VALUES[field]
    if value ~= "" then
      if known and not known[value] and settings.unknown_value == "refused" then
        return refuse("INVALID_ARGUMENT", "Invalid parameter " .. field)
      end
      -- Who may use an image is asked of private ones only.
      if field ~= "launchPermission" or source == "private" then conditions[#conditions + 1] = equals(field, value) end
    end
  end
  if (values.imageName or "") ~= "" then
    conditions[#conditions + 1] = function(record) return record.name:find(values.imageName, 1, true) ~= nil end
  end
  if #lists.instanceIds > 0 then conditions[#conditions + 1] = one_of("instanceId", lists.instanceIds) end
  local offline, bad = boolean(values.offline)
  if bad then return refuse("INVALID_ARGUMENT", "Invalid parameter offline") end
  if offline == nil and settings.offline_default == "false" then offline = false end
  if offline ~= nil and (source == "public" or source == "thirdparty") then
    conditions[#conditions + 1] = function(record) return (record.offline or false) == offline end
  end
  return conditions
end

-- Two queries with the same text ask for the same images.
local function text_of(values, lists)
  local names, parts = {}, {}
  for name in pairs(values) do
    if name ~= "pageNumber" and name ~= "pageSize" then names[#names + 1] = name end
  end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = name .. "=" .. values[name]
  end
  parts[#parts + 1] = table.concat(lists.instanceIds, "\1")
  return table.concat(parts, "\2")
end

---@param pairs_found table[] decoded `{name, value}`
---@return table<string, string> values; of a repeated name the first counts
function M.values(pairs_found)
  local values = {}
  for _, pair in ipairs(pairs_found) do
    if values[pair[1]] == nil then values[pair[1]] = pair[2] end
  end
  return values
end

--- Reads the query of describeImages.
---@param pairs_found table[] decoded `{name, value}`
---@param values table<string, string> from `values`
---@param settings table
---@return table|nil query `{ids}` or `{source, filter?, filter_key, page, size}`
---@return table|nil refusal `{code, status, message}`
function M.read(pairs_found, values, settings)
  local lists = { ids = numbered(pairs_found, "ids"), instanceIds = numbered(pairs_found, "instanceIds") }
  local has_ids = #lists.ids > 0
  if not has_ids and (values.imageSource or "") == "" then
    return refuse("FAILED_PRECONDITION", "Parameter ImageSource missing")
  end
  if has_ids and not settings.ids_paging then return { ids = lists.ids } end

  local query, refusal = paging(values, settings)
  if not query then return nil, refusal end
  if has_ids then
    query.ids = lists.ids
    return query
  end
  query.source = SOURCES[values.imageSource] or settings.words == "old" and OLD_SOURCES[values.imageSource]
  if not query.source then
    if settings.unknown_source == "refused" then return refuse("INVALID_ARGUMENT", "Invalid parameter imageSource") end
    query.source = values.imageSource
  end
  local conditions
  conditions, refusal = conditions_of(values, lists, query.source, settings)
  if not conditions then return nil, refusal end
  query.filter, query.filter_key = combine(conditions), text_of(values, lists) .. settings.offline_default
  return query
end

return M
