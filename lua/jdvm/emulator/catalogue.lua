-- The images that exist, and what an account sees of them. A shelf holds the numbered images of one region and one
-- owner, which the same accounts see in the same way.

local images = require "jdvm.emulator.images"
local random = require "jdvm.emulator.random"
local regions = require "jdvm.service.regions"
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

--- A new catalogue. A key is the number of an image on its shelf.
---@param size number|nil images in each region and source; nil serves the built-in catalogue
function M.new(seed, size)
  local catalogue = { seed = seed, shelves = {}, changes = {} }
  for _, region in ipairs(regions.names) do
    for _, viewers in ipairs(SHELVES) do
      local number = #catalogue.shelves + 1
      local count = size or images.counts[viewers.name] or 3
      -- With a size asked for, every account sees that many images from each source.
      if size and viewers.name:find "%-shared" then count = 0 end
      catalogue.shelves[number] = {
        number = number,
        name = viewers.name,
        region = region,
        viewers = viewers,
        seed = seed + number * 7919,
        count = count,
        top = count,
        first_id = images.ids[region .. " " .. viewers.name],
        lives = {},
      }
    end
  end
  return catalogue
end

--- The keys of a shelf in the order of the list, made when they are first asked for: there may be millions.
function M.order(shelf)
  if not shelf.order then
    shelf.order = {}
    for key = 1, shelf.count do
      shelf.order[key] = key
    end
  end
  return shelf.order
end

--- The shelves of a region that an account sees as one source.
---@param where table `{account, region, source}`
function M.shelves(catalogue, where)
  local found = {}
  for _, shelf in ipairs(catalogue.shelves) do
    if shelf.region == where.region and shelf.viewers[where.account] == where.source then found[#found + 1] = shelf end
  end
  return found
end

--- The id of an image.
function M.id(catalogue, shelf, key)
  return key == 1 and shelf.first_id or "img-" .. random.encode_pair(catalogue.seed, shelf.number, key)
end

--- The shelf, the key and the position there of an image that exists and that the account may see, or nil.
---@param where table `{account, region}`
function M.find(catalogue, where, id)
  local number, key = random.decode_pair(catalogue.seed, id:match "^img%-(.*)$" or "")
  for _, shelf in ipairs(catalogue.shelves) do
    if shelf.first_id == id then
      number, key = shelf.number, 1
    end
  end
  local shelf = catalogue.shelves[number]
  if not shelf or shelf.region ~= where.region or not shelf.viewers[where.account] then return nil end
  for position, other in ipairs(M.id(catalogue, shelf, key) == id and M.order(shelf) or {}) do
    if other == key then return shelf, key, position end
  end
end

--- One image as an account sees it now.
---@param moment table see State:moment in jdvm.emulator
function M.image(catalogue, account, shelf, key, moment)
  local image, source = images.record(shelf, key), shelf.viewers[account]
  image.imageId, image.imageSource = M.id(catalogue, shelf, key), moment.old_words[source] or source
  local step = shelf.lives[key] and status_script.step(shelf.lives[key], moment) or {}
  image.status, image.progress = step.status or image.status, step.progress or image.progress
  return image
end

-- An image of a list is one number, made of those of its shelf and key: there may be millions.
local SHELF = 2 ^ 32

--- The shelf and key of an image of a list.
function M.at(catalogue, row) return catalogue.shelves[math.floor(row / SHELF)], math.floor(row % SHELF) end

-- Every image of a list that passes all conditions.
local function passing(catalogue, query, moment)
  local rows = {}
  for _, shelf in ipairs(M.shelves(catalogue, query)) do
    for _, key in ipairs(M.order(shelf)) do
      local image = query.conditions[1] and M.image(catalogue, query.account, shelf, key, moment)
      local passes = true
      for _, condition in ipairs(query.conditions) do
        passes = passes and condition(image)
      end
      if passes then rows[#rows + 1] = shelf.number * SHELF + key end
    end
  end
  return rows
end

--- The images of a list, for `at`. They are kept until another list is asked for or an image changes: to filter
--- 100,000 images again for each page would take longer than clients wait.
---@param query table `{account, region, source, conditions, label}`
---@return number[]
function M.list(catalogue, query, moment)
  local label = table.concat({ query.account, query.region, query.label }, "\0")
  if catalogue.label ~= label or catalogue.has_lives then
    catalogue.label, catalogue.rows = label, passing(catalogue, query, moment)
  end
  return catalogue.rows
end

--- The images with these ids, for `at`, in the order of the catalogue and not of the ids.
---@return number[]
function M.named(catalogue, where, ids)
  local rows, seen = {}, {}
  for _, id in ipairs(ids) do
    local shelf, key = M.find(catalogue, where, id)
    if shelf and not seen[id] then rows[#rows + 1] = shelf.number * SHELF + key end
    seen[id] = true
  end
  table.sort(rows)
  return rows
end

return M
