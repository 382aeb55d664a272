-- Images that appear, vanish or change their status while clients look.

local catalogue = require "jdvm.emulator.catalogue"
local status_script = require "jdvm.emulator.status_script"

local M = {}

--- Whether images can come or go there.
function M.is_place(at)
  local position = tonumber(at)
  return at == "front" or at == "end" or at == "random" or position ~= nil and position >= 1 and position % 1 == 0
end

-- The first of `count` positions in a list of `size`.
local function position_of(at, size, count, unit)
  local position = at == "front" and 1
    or at == "end" and size - count + 1
    or at == "random" and math.floor(unit * (size + 1)) + 1
    or tonumber(at)
  return math.max(1, math.min(position, size + 1))
end

-- Notes a change for `report`, and makes the list be read again.
local function note(images, kind, shelf, key)
  table.insert(images.changes, { kind = kind, shelf = shelf, key = key })
  images.label = nil
end

--- Takes the image at a position of a shelf away, if there is one.
function M.delete(images, shelf, position)
  local key = table.remove(shelf.order, position)
  if key then note(images, "deleted", shelf, key) end
end

--- Adds and removes images of the first shelf that an account sees under a source, if there is one.
---@param change table `{insert, delete, at}`
function M.change(images, where, change, draw)
  local shelf = catalogue.shelves(images, where)[1]
  if not shelf then return end
  local order = catalogue.order(shelf)
  local position = position_of(change.at, #order, change.delete, draw(1))
  for _ = 1, math.min(change.delete, #order) do
    M.delete(images, shelf, position)
  end
  position = position_of(change.at, #order, 0, draw(2))
  for i = 0, change.insert - 1 do
    shelf.top = shelf.top + 1
    table.insert(order, position + i, shelf.top)
    note(images, "inserted", shelf, shelf.top)
  end
end

--- The ids of what appeared and vanished there, but for the first `after` changes since the last reset.
function M.report(images, where, after)
  local report = { inserted = {}, deleted = {} }
  for i = after + 1, #images.changes do
    local change = images.changes[i]
    if change.shelf.region == where.region and change.shelf.viewers[where.account] == where.source then
      table.insert(report[change.kind], catalogue.id(images, change.shelf, change.key))
    end
  end
  return report
end

--- Scripts the life of one image from now on, by steps as in status_script.lua.
function M.begin_life(images, shelf, key, moment, steps)
  shelf.lives[key] = { since = moment.now, requests = moment.requests, steps = status_script.parse(steps) }
  images.has_lives = true
end

return M
