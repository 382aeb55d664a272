-- The images that exist, and what an account sees of them. A shelf holds the numbered images of one region and one
-- owner, which the same accounts see in the same way.

local builtin_images = require "jdvm.emulator.builtin_images"
local generated_images = require "jdvm.emulator.generated_images"
local random = require "jdvm.emulator.random"
local regions = require "jdvm.service.regions"
local responses = require "jdvm.emulator.responses"
local status_script = require "jdvm.emulator.status_script"

local M = {}

-- What the accounts `owner` and `other` call the images of a shelf, and what their owner is and permits.
local SHELVES = {
  { name = "public", owner = "public", other = "public", pin = "admin", permission = "all" },
  { name = "thirdparty", owner = "thirdparty", other = "thirdparty", pin = "marketplace", permission = "all" },
  { name = "community", owner = "community", other = "community", pin = "community-pin", permission = "all" },
  { name = "owner", owner = "private", pin = "jdvm-owner", permission = "ownerOnly" },
  { name = "owner-shared", owner = "private", other = "shared", pin = "jdvm-owner", permission = "specifiedUsers" },
  { name = "other", other = "private", pin = "jdvm-other", permission = "ownerOnly" },
  { name = "other-shared", owner = "shared", other = "private", pin = "jdvm-other", permission = "specifiedUsers" },
  { name = "partner", owner = "shared", other = "shared", pin = "jdvm-partner", permission = "specifiedUsers" },
}
-- With a size asked for, every account sees that many images from each source.
local NOT_GENERATED = { ["owner-shared"] = true, ["other-shared"] = true }

-- Lists and pages that are kept until an image changes; enough for 100,000 images.
local MOST_KEPT = 1000

-- The list of a shelf is made when it is first looked at: a large catalogue has millions of images.
local Shelf = {}
function Shelf.__index(shelf, name)
  if name ~= "order" then return nil end
  local order = {}
  for key = 1, shelf.count do
    order[key] = key
  end
  shelf.order = order
  return order
end

--- A new catalogue. Its shelves are { name, region, viewers = what each account calls its images, order = keys in the
--- order of the list, … }; a key is the number of an image on its shelf.
---@param size number|nil images in each region and source; nil serves the built-in catalogue
function M.new(seed, size)
  local catalogue = { seed = seed, shelves = {}, by_number = {}, by_id = {}, changes = {} }
  for r, region in ipairs(regions.names) do
    local shelves = {}
    for s, viewers in ipairs(SHELVES) do
      local number = (r - 1) * #SHELVES + s
      local shelf = setmetatable({ records = {}, gone = {}, lives = {} }, Shelf)
      shelf.name, shelf.region, shelf.viewers = viewers.name, region, viewers
      shelf.number, shelf.seed, shelf.is_generated = number, seed + number * 7919, size ~= nil
      shelf.count = size and (NOT_GENERATED[viewers.name] and 0 or size) or math.huge
      if not size then
        shelf.records = builtin_images.records(shelf)
        shelf.count = #shelf.records
        for key, record in ipairs(shelf.records) do
          if record.id then catalogue.by_id[record.id] = { shelf, key } end
        end
      end
      shelf.top = shelf.count
      shelves[s], catalogue.by_number[number] = shelf, shelf
    end
    catalogue.shelves[region] = shelves
  end
  M.forget(catalogue)
  return catalogue
end

--- Drops what was computed from the images, after a change.
function M.forget(catalogue)
  catalogue.kept, catalogue.count_kept = {}, 0
end

--- The shelves of a region that an account sees as one source.
function M.shelves(catalogue, account, region, source)
  local found = {}
  for _, shelf in ipairs(catalogue.shelves[region] or {}) do
    if shelf.viewers[account] == source then found[#found + 1] = shelf end
  end
  return found
end

--- The id of an image.
function M.id(catalogue, shelf, key)
  local record = shelf.records[key]
  return record and record.id or "img-" .. random.encode_pair(catalogue.seed, shelf.number, key)
end

--- The shelf and key of an image that exists and that the account may see, or nil.
function M.find(catalogue, account, region, id)
  local place = catalogue.by_id[id]
  local shelf, key
  if place then
    shelf, key = place[1], place[2]
  else
    local number, right = random.decode_pair(catalogue.seed, id:match("^img%-(.*)$") or "")
    shelf, key = catalogue.by_number[number], right
  end
  if not shelf or shelf.region ~= region or not shelf.viewers[account] then return nil end
  if key < 1 or key > shelf.top or shelf.gone[key] or M.id(catalogue, shelf, key) ~= id then return nil end
  return shelf, key
end

--- The JSON text of one image.
function M.text(catalogue, account, shelf, key, moment)
  local record = shelf.records[key] or generated_images.record(shelf, key)
  local source = shelf.viewers[account]
  local shown = { imageId = M.id(catalogue, shelf, key), imageSource = moment.old_words[source] or source }
  if shelf.lives[key] then
    local step = status_script.step(shelf.lives[key], moment)
    shown.status, shown.progress = step.status, step.progress
  end
  return responses.write(setmetatable(shown, { __index = record }), "Image")
end

-- Keys of a shelf whose images pass all conditions; an image whose life is scripted has the status of this moment.
local function passing(shelf, conditions, moment)
  if #conditions == 0 then return shelf.order end
  local keys = {}
  for _, key in ipairs(shelf.order) do
    local fields = shelf.records[key] or generated_images.filtered_fields(shelf, key)
    if shelf.lives[key] then
      fields = setmetatable({ status = status_script.step(shelf.lives[key], moment).status }, { __index = fields })
    end
    local passes = true
    for _, condition in ipairs(conditions) do
      passes = passes and condition(fields)
    end
    if passes then keys[#keys + 1] = key end
  end
  return keys
end

-- What `make` returns, or returned for the same label before.
local function remember(catalogue, label, make)
  if catalogue.has_lives then return make() end
  local value = catalogue.kept[label]
  if value then return value end
  value = make()
  if catalogue.count_kept == MOST_KEPT then M.forget(catalogue) end
  catalogue.kept[label], catalogue.count_kept = value, catalogue.count_kept + 1
  return value
end

--- One page of what an account sees of one source, as the text of an array, and the total of all pages.
---@param query table `{account, region, source, conditions, label, page, size}`
---@param is_clamped boolean whether a page after the last one is the last one
function M.page(catalogue, query, moment, is_clamped)
  local label = table.concat({ query.account, query.region, query.label }, "\0")
  local list = remember(catalogue, label, function()
    local parts = { total = 0 }
    for i, shelf in ipairs(M.shelves(catalogue, query.account, query.region, query.source)) do
      local keys = passing(shelf, query.conditions, moment)
      parts[i], parts.total = { shelf = shelf, keys = keys }, parts.total + #keys
    end
    return parts
  end)
  local first = (query.page - 1) * query.size + 1
  if is_clamped and first > list.total then
    first = math.floor(math.max(list.total - 1, 0) / query.size) * query.size + 1
  end
  local last = math.min(first + query.size - 1, list.total)
  label = table.concat({ label, first, query.size }, "\0")
  local text = remember(catalogue, label, function()
    local rows, before = {}, 0
    for _, part in ipairs(list) do
      for i = math.max(first - before, 1), math.min(last - before, #part.keys) do
        rows[#rows + 1] = M.text(catalogue, query.account, part.shelf, part.keys[i], moment)
      end
      before = before + #part.keys
    end
    return "[" .. table.concat(rows, ",") .. "]"
  end)
  return text, list.total
end

return M
