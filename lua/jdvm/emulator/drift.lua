-- Images that appear, vanish or change while clients look, and the oracle that says what a list may hold.

local catalogue = require "jdvm.emulator.catalogue"

local M = {}

-- Where on a shelf, for `count` images: front, end, random or a position.
local function position_of(at, size, count, unit)
  if at == "front" then return 1 end
  if at == "end" then return math.max(1, size - count + 1) end
  if at == "random" then return math.floor(unit * (size + 1)) + 1 end
  return tonumber(at)
end

--- Whether images can come or go there.
---@param at any
---@return boolean
function M.is_place(at)
  local position = tonumber(at)
  return at == "front" or at == "end" or at == "random" or position ~= nil and position >= 1 and position % 1 == 0
end

local function line(kind, shelf, position, count)
  return ("%s %s %s %d %d"):format(kind, shelf.region, shelf.name, position, count)
end

--- Adds and removes images of the first shelf that an account sees under a source.
---@param state table
---@param where table `{account, region, source}`
---@param change table `{insert, delete, at}`
---@param draw fun(i: number): number
---@return table|nil shelf nil when there is no such shelf
function M.change(state, where, change, draw)
  local shelf = catalogue.shelves(state.catalogue, where.account, where.region, where.source)[1]
  if not shelf then return nil end
  local added, removed = math.floor(change.insert or 0), math.floor(change.delete or 0)
  if removed > 0 then
    state:append(line("delete", shelf, position_of(change.at, #shelf.order, removed, draw(1)), removed))
  end
  if added > 0 then
    state:append(line("insert", shelf, position_of(change.at, #shelf.order + added, added, draw(2)), added))
  end
  return shelf
end

--- A `drift` fault: what the list asks for is what changes.
---@param state table
---@param call table the request under way, see emulator.lua
---@param rule table `{insert, delete, at}`
---@param draw fun(i: number): number
function M.befall(state, call, rule, draw)
  if call.operation == "describeImages" and call.account then
    M.change(state, { account = call.account, region = call.region, source = call.values.imageSource }, rule, draw)
  end
end

--- Scripts the life of one image from now on.
---@param state table
---@param shelf table
---@param key number
---@param now number seconds
---@param steps string see life.lua
function M.script(state, shelf, key, now, steps)
  state:append(
    ("script %s %s %d %.6f %d %s"):format(shelf.region, shelf.name, key, now, state.store:get("requests") or 0, steps)
  )
end

--- A `life` fault: the life of an image begins when it is first asked for.
---@param state table
---@param call table the request under way
---@param id string
---@param steps string see life.lua
function M.begin_life(state, call, id, steps)
  if not call.account then return end
  local shelf, key = catalogue.find(state.catalogue, call.account, call.region, id)
  if shelf and not shelf.lives[key] then M.script(state, shelf, key, call.now, steps) end
end

--- What a list may hold that began after a mark: the images that were there all the time, and those that came or
--- went meanwhile.
---@param state table
---@param query table `{account, region, source, filter?, filter_key}`
---@param mark number from the journal
---@param moment table
---@return table|nil oracle `{stable, came, went, total}`, arrays of ids; nil when a reset came after the mark
function M.oracle(state, query, mark, moment)
  if mark < (state.store:get("journal_first") or 0) then return nil end
  local oracle = { stable = {}, came = {}, went = {} }
  local is_new = {}
  for _, change in ipairs(state.changes) do
    local shelf, key = change.shelf, change.key
    if
      change.n > mark
      and shelf.viewers[query.account] == query.source
      and shelf.region == query.region
      and (not query.filter or query.filter(catalogue.attributes(shelf, key)))
    then
      local id = catalogue.id(state.catalogue, shelf, key)
      table.insert(oracle[change.kind], id)
      if change.kind == "came" then is_new[id] = true end
    end
  end
  local view = catalogue.view(state.catalogue, query, moment)
  oracle.total = view.total
  for _, part in ipairs(view.parts) do
    for _, key in ipairs(part[2]) do
      local id = catalogue.id(state.catalogue, part[1], key)
      if not is_new[id] then table.insert(oracle.stable, id) end
    end
  end
  return oracle
end

return M
