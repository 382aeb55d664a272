-- What users and tests ask of a running emulator beside the service (paths under /_emulator): counters, settings,
-- faults, images.

local catalogue = require "jdvm.emulator.catalogue"
local changes = require "jdvm.emulator.changes"
local fault_rules = require "jdvm.emulator.fault_rules"
local json = require "jdvm.util.json"
local random = require "jdvm.emulator.random"
local regions = require "jdvm.service.regions"
local settings = require "jdvm.emulator.settings"
local status_script = require "jdvm.emulator.status_script"
local uri = require "jdvm.emulator.uri"

local M = {}

local paths = {}

-- The arguments of each path. An unknown one is an error: a test that steers the emulator by a misspelled one would
-- pass for the wrong reason.
local known = {
  stats = {},
  settings = settings.entries,
  faults = { spec = true, add = true },
  images = {},
  reset = { spec = true },
}
for name in ("account region source insert delete at id steps"):gmatch "%a+" do
  known.images[name] = true
end
for name in pairs(settings.entries) do
  known.reset[name] = true
end

-- What is wrong with the names of arguments, or nil.
local function problem_of(path, arguments)
  for name, value in pairs(arguments) do
    if not known[path][name] then
      local names = next(known[path]) and table.concat(settings.names(known[path]), ", ") or "none"
      local suggestion = settings.suggestion(name, known[path])
      return ("%s takes no argument '%s'; it takes %s%s"):format(path, uri.encode(tostring(name)), names, suggestion)
    end
    if type(value) == "table" then return ("the argument '%s' is given several times"):format(name) end
  end
end

-- A list that is an array in JSON even when it is empty.
local function array(items) return setmetatable(items, {}) end

--- Counters since the start or the last reset, settings and faults.
function paths.stats(state)
  local stats = { settings = state.settings, faults = array {} }
  for name, value in pairs(state.counters) do
    stats[name] = value
  end
  for i, entry in ipairs(state.faults) do
    stats.faults[i] = { rule = entry.rule, met = entry.met, used = entry.used }
  end
  return stats
end

--- `spec` replaces the faults, with `add` it joins them.
function paths.faults(state, arguments)
  local rules, message = fault_rules.parse_all(fault_rules.split(arguments.spec or ""))
  if not rules then return nil, message end
  if not arguments.add then state.faults = {} end
  state:add_faults(rules)
  return { faults = #state.faults }
end

--- Each argument is a setting; answers with all of them. Sets all or none.
function paths.settings(state, arguments)
  local values, message = settings.values(arguments, state.settings)
  state.settings = values or state.settings
  return values, message
end

--- Back to the start: images, settings, faults, counters, nonces. `spec` then sets faults, the other arguments are
--- settings. Arguments that are wrong reset nothing.
function paths.reset(state, arguments)
  local spec = arguments.spec
  arguments.spec = nil
  local _, message = fault_rules.parse_all(fault_rules.split(spec or ""))
  message = message or select(2, settings.values(arguments))
  if message then return nil, message end
  state:restart()
  if spec then paths.faults(state, { spec = spec }) end
  return paths.settings(state, arguments)
end

-- Changes one image that is named by its id: deletes it, or gives it a life.
local function change_one(state, where, arguments, moment)
  local shelf, key = catalogue.find(state.catalogue, where.account, where.region, arguments.id)
  if not shelf then
    return "no image '" .. arguments.id .. "' for account " .. where.account .. " in " .. where.region
  end
  if arguments.steps then return changes.begin_life(state.catalogue, shelf, key, moment, arguments.steps) end
  for position, other in ipairs(shelf.order) do
    if other == key then return changes.delete(state.catalogue, shelf, position) end
  end
end

-- The same as a drift fault, at once; inserted images may get a life.
local function change_many(state, where, arguments, moment)
  local rule, message =
    fault_rules.read { fault = "drift", insert = arguments.insert, delete = arguments.delete, at = arguments.at }
  if not rule then return message end
  local list = state.catalogue.changes
  local before = #list
  local function draw(i) return random.unit(before + i, state.counters.requests) end
  if not changes.change(state.catalogue, where, rule, draw) then
    return "account " .. where.account .. " sees no " .. where.source .. " images there"
  end
  for i = before + 1, arguments.steps and #list or 0 do
    if list[i].kind == "inserted" then
      changes.begin_life(state.catalogue, list[i].shelf, list[i].key, moment, arguments.steps)
    end
  end
end

--- `insert` and `delete` so many images `at` front, end, random or a position; `id` names one to delete; `steps`
--- script the life of `id` or of the inserted images. Answers with the ids of what this
--- inserted and deleted, or, without a change, of what is there now and of all changes since the last reset.
function paths.images(state, arguments, now)
  local where = {
    account = arguments.account or "owner",
    region = arguments.region or regions.names[1],
    source = arguments.source or "private",
  }
  local message
  if arguments.steps then
    message = select(2, status_script.parse(arguments.steps))
    if message then return nil, message end
  end
  local before, present = #state.catalogue.changes, nil
  if arguments.id then
    message = change_one(state, where, arguments, state:moment(now))
  elseif arguments.insert or arguments.delete then
    message = change_many(state, where, arguments, state:moment(now))
  else
    before, present = 0, array(changes.present(state.catalogue, where))
  end
  if message then return nil, message end
  local report = changes.report(state.catalogue, where, before)
  return { images = present, inserted = array(report.inserted), deleted = array(report.deleted) }
end

local function encode(answer) return json(answer, true) end

--- Answers a control request with a status and JSON. `path` is what follows `/_emulator/`.
function M.respond(state, path, arguments, now)
  local handler = paths[path]
  if not handler then return 404, encode { error = "no control path '" .. uri.encode(path) .. "'" } end
  local answer, message = nil, problem_of(path, arguments)
  if not message then
    answer, message = handler(state, arguments, now)
  end
  if not answer then return 400, encode { error = message } end
  return 200, encode(answer)
end

return M
