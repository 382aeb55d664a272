-- The images that exist: shelves (one region, one owner, the same viewers) of numbered images, and what an
-- account sees of them. Changes are explicit, so that the state is a function of its log (see journal.lua).

local builtin = require "jdvm.emulator.builtin"
local generator = require "jdvm.emulator.generator"
local image = require "jdvm.emulator.image"
local life = require "jdvm.emulator.life"
local random = require "jdvm.emulator.random"

local M = {}

-- What each account calls the images of a shelf.
local SHELVES = {
  { name = "public", owner = "public", other = "public" },
  { name = "thirdparty", owner = "thirdparty", other = "thirdparty" },
  { name = "community", owner = "community", other = "community" },
  { name = "owner", owner = "private" },
  { name = "owner-shared", owner = "private", other = "shared" },
  { name = "other", other = "private" },
  { name = "other-shared", owner = "shared", other = "private" },
  { name = "partner", owner = "shared", other = "shared" },
}
-- With a size asked for, every account sees that many images from each source.
local NOT_GENERATED = { ["owner-shared"] = true, ["other-shared"] = true }

local CACHED_VIEWS = 64
-- In each of two generations: together enough for 100,000 images.
local CACHED_PAGE_BYTES = 96 * 1024 * 1024

M.regions = builtin.regions

--- A new catalogue. Its shelves are { name, region, viewers = what each account calls its images, order = keys in the
--- order of the list, … }; a key is the number of an image on its shelf.
---@param seed number
---@param size number|nil images in each region and source; nil serves the built-in catalogue
---@return table catalogue
function M.new(seed, size)
  local catalogue = { seed = seed, shelves = {}, by_number = {}, by_id = {} }
  for r, region in ipairs(builtin.regions) do
    local shelves = {}
    for s, viewers in ipairs(SHELVES) do
      local shelf = {
        name = viewers.name,
        region = region,
        viewers = viewers,
        number = (r - 1) * #SHELVES + s,
        version = 0,
        generated = size ~= nil,
        count = size and (NOT_GENERATED[viewers.name] and 0 or size) or math.huge,
      }
      shelf.seed = seed + shelf.number * 7919
      shelves[s] = shelf
      catalogue.by_number[shelf.number] = shelf
    end
    catalogue.shelves[region] = shelves
    for _, ids in ipairs { builtin.known_ids, builtin.uuid_ids } do
      local id = not size and ids[region]
      if id then catalogue.by_id[id] = { shelves[ids == builtin.known_ids and 1 or 4], 1 } end
    end
  end
  M.forget(catalogue)
  return catalogue
end

--- Drops what was computed from the images.
---@param catalogue table from `new`
function M.forget(catalogue)
  catalogue.views, catalogue.view_count = {}, 0
  catalogue.pages, catalogue.old_pages, catalogue.page_bytes = {}, {}, 0
end

-- A shelf is laid out when it is first looked at.
local function lay_out(shelf)
  if shelf.order then return shelf end
  shelf.records = {}
  if not shelf.generated then
    shelf.records = builtin.records(shelf)
    shelf.count = #shelf.records
  end
  shelf.order, shelf.gone, shelf.top, shelf.lives = {}, {}, shelf.count, {}
  for key = 1, shelf.count do
    shelf.order[key] = key
  end
  return shelf
end

--- The shelves of a region that an account sees as one source, or all that it sees.
---@param catalogue table from `new`
---@param account string
---@param region string
---@param source string|nil imageSource
---@return table[] shelves
function M.shelves(catalogue, account, region, source)
  local found = {}
  for _, shelf in ipairs(catalogue.shelves[region] or {}) do
    local seen_as = shelf.viewers[account]
    if seen_as and (not source or seen_as == source) then found[#found + 1] = lay_out(shelf) end
  end
  return found
end

--- The id of an image.
---@param catalogue table from `new`
---@param shelf table
---@param key number
---@return string
function M.id(catalogue, shelf, key)
  local record = shelf.records[key]
  return record and record.id or "img-" .. random.encode_pair(catalogue.seed, shelf.number, key)
end

--- What filters look at.
---@param shelf table
---@param key number
---@return table fields of Image, those of filters at least
function M.attributes(shelf, key) return shelf.records[key] or generator.attributes(shelf, key) end

--- The shelf and key of an image that exists and that the account may see.
---@param catalogue table from `new`
---@param account string
---@param region string
---@param id string
---@return table|nil shelf
---@return number|nil key
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
  lay_out(shelf)
  if key < 1 or key > shelf.top or shelf.gone[key] or M.id(catalogue, shelf, key) ~= id then return nil end
  return shelf, key
end

--- The JSON text of one image.
---@param catalogue table from `new`
---@param account string who looks
---@param shelf table
---@param key number
---@param moment table `{now, requests, old_words}`
---@return string
function M.text(catalogue, account, shelf, key, moment)
  local record = shelf.records[key] or generator.record(shelf, key)
  local source = shelf.viewers[account]
  if moment.old_words then source = image.old_words[source] end
  local view = { id = M.id(catalogue, shelf, key), source = source }
  if shelf.lives[key] then
    local step = life.step(shelf.lives[key], moment)
    view.status, view.progress = step.status, step.progress
  end
  return image.text(record, view)
end

-- Keys of a shelf that pass a filter; scripted images are asked for their state of this moment.
local function passing(shelf, filter, moment)
  local keys = {}
  for _, key in ipairs(shelf.order) do
    local attributes = M.attributes(shelf, key)
    if shelf.lives[key] then
      attributes = setmetatable({ status = life.step(shelf.lives[key], moment).status }, { __index = attributes })
    end
    if filter(attributes) then keys[#keys + 1] = key end
  end
  return keys
end

--- Everything an account sees of one source, filtered, in the order of the list.
---@param catalogue table from `new`
---@param query table `{account, region, source, filter?, filter_key}`
---@param moment table `{now, requests, old_words}`
---@return table view `{parts = {{shelf, keys}…}, total, label}`; label is nil when it must not be kept
function M.view(catalogue, query, moment)
  local shelves = M.shelves(catalogue, query.account, query.region, query.source)
  local stamp, is_scripted = {}, false
  for i, shelf in ipairs(shelves) do
    stamp[i] = shelf.version
    is_scripted = is_scripted or next(shelf.lives) ~= nil
  end
  local label =
    table.concat({ query.account, query.region, query.source, query.filter_key, table.concat(stamp, ",") }, "\0")
  local view = catalogue.views[label]
  if view and not is_scripted then return view end
  view = { parts = {}, total = 0, label = not is_scripted and label or nil }
  for i, shelf in ipairs(shelves) do
    local keys = query.filter and passing(shelf, query.filter, moment) or shelf.order
    view.parts[i] = { shelf, keys }
    view.total = view.total + #keys
  end
  if query.filter and not is_scripted then
    if catalogue.view_count >= CACHED_VIEWS then
      catalogue.views, catalogue.view_count = {}, 0
    end
    catalogue.views[label], catalogue.view_count = view, catalogue.view_count + 1
  end
  return view
end

local function keep_page(catalogue, label, text)
  catalogue.page_bytes = catalogue.page_bytes + #text
  if catalogue.page_bytes > CACHED_PAGE_BYTES then
    catalogue.old_pages, catalogue.pages, catalogue.page_bytes = catalogue.pages, {}, #text
  end
  catalogue.pages[label] = text
end

--- The images from `first` on, at most `count`, joined by commas.
---@param catalogue table from `new`
---@param account string
---@param view table from `view`
---@param first number
---@param count number
---@param moment table `{now, requests, old_words}`
---@return string text
---@return number rows
function M.slice(catalogue, account, view, first, count, moment)
  local last = math.min(first + count - 1, view.total)
  if last < first then return "", 0 end
  local label = view.label and table.concat({ view.label, first, count, moment.old_words and "old" or "" }, "\0")
  local text = label and (catalogue.pages[label] or catalogue.old_pages[label])
  if text then return text, last - first + 1 end
  local rows, before = {}, 0
  for _, part in ipairs(view.parts) do
    local shelf, keys = part[1], part[2]
    for i = math.max(first - before, 1), math.min(last - before, #keys) do
      rows[#rows + 1] = M.text(catalogue, account, shelf, keys[i], moment)
    end
    before = before + #keys
  end
  text = table.concat(rows, ",")
  if label then keep_page(catalogue, label, text) end
  return text, #rows
end

--- Puts `count` new images at `position` (1 = front) of a shelf.
---@param shelf table
---@param position number
---@param count number
function M.insert(shelf, position, count)
  lay_out(shelf)
  position = math.max(1, math.min(position, #shelf.order + 1))
  for i = 1, count do
    shelf.top = shelf.top + 1
    table.insert(shelf.order, position + i - 1, shelf.top)
  end
  shelf.version = shelf.version + 1
end

--- Takes `count` images away from `position` on.
---@param shelf table
---@param position number
---@param count number
---@return number[] keys that went
function M.delete(shelf, position, count)
  lay_out(shelf)
  position = math.max(1, position)
  local went = {}
  for _ = 1, count do
    if position > #shelf.order then break end
    local key = table.remove(shelf.order, position)
    shelf.gone[key] = true
    went[#went + 1] = key
  end
  shelf.version = shelf.version + 1
  return went
end

--- Scripts the life of one image.
---@param shelf table
---@param key number
---@param scripted_life table `{since, requests, steps}`, see life.lua
function M.script(shelf, key, scripted_life)
  lay_out(shelf).lives[key] = scripted_life
  shelf.version = shelf.version + 1
end

return M
