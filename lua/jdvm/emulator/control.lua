-- What users and tests ask of a running emulator beside the service (paths under /_emulator): counters, settings,
-- faults, images.

local catalogue = require "jdvm.emulator.catalogue"
local changes = require "jdvm.emulator.changes"
local copy = require "jdvm.util.copy"
local fault_rules = require "jdvm.emulator.fault_rules"
local json = require "jdvm.util.json"
local random = require "jdvm.emulator.random"
local regions = require "jdvm.service.regions"
local settings = require "jdvm.emulator.settings"
local status_script = require "jdvm.emulator.status_script"
local text = require "jdvm.util.text"

local M = {}

local paths = {}

-- The arguments of each path. An unknown one is an error: a test that steers the emulator by a misspelled one would
-- pass for the wrong reason.
local known = {
  stats = {},
  settings = settings.entries,
  faults = { spec = 1, add = 1 },
  images = { account = 1, region = 1, source = 1, insert = 1, delete = 1, at = 1, id = 1, steps = 1 },
  reset = copy(settings.entries),
}
known.reset.spec = 1

-- What is wrong with the names of arguments, or nil.
local function problem_of(path, arguments)
  for name, value in pairs(arguments) do
    if not known[path][name] then return settings.unknown(path .. ": unknown argument", name, known[path]) end
    if type(value) == "table" then return ("the argument %s is given several times"):format(name) end
  end
end

-- A list that is an array in JSON even when it is empty.
local function array(items) return setmetatable(items, {}) end

--- Counters since the start or the last reset, settings and faults.
function paths.stats(state)
  local stats = copy(state.counters)
  stats.settings, stats.faults = state.settings, array {}
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
  local values, message = settings.values(state.settings, arguments)
  state.settings = values or state.settings
  return values, message
end

--- Back to the start: images, settings, faults, counters, nonces. `spec` then sets faults, the other arguments are
--- settings. Arguments that are wrong reset nothing.
function paths.reset(state, arguments)
  local given = copy(arguments)
  given.spec = nil
  local done, message = state:reset(given, arguments.spec and fault_rules.split(arguments.spec))
  return done and state.settings, message
end

-- What is wrong with the arguments of `images` together, or nil: none may be without effect.
local function images_problem(images, where, arguments)
  if #catalogue.shelves(images, where) == 0 then
    local words = "account %s sees no %s images in %s"
    return words:format(text.show(where.account), text.show(where.source), text.show(where.region))
  end
  local is_change = arguments.insert or arguments.delete
  if arguments.id and (is_change or arguments.at) then return "id stands without insert, delete and at" end
  if arguments.at and not is_change then return "at needs insert or delete" end
  if not arguments.steps then return nil end
  if not arguments.id and not arguments.insert then return "steps need id or insert: whose status do they change?" end
  return select(2, status_script.parse(arguments.steps))
end

-- Changes one image that is named by its id: gives it a life, or deletes it.
local function change_one(images, where, arguments, moment)
  local shelf, key, position = catalogue.find(images, where, arguments.id)
  if not shelf then
    return ("no image %s for account %s in %s"):format(text.show(arguments.id), where.account, where.region)
  end
  if arguments.steps then return changes.begin_life(images, shelf, key, moment, arguments.steps) end
  changes.delete(images, shelf, position)
end

-- The same as a drift fault, at once; inserted images may get a life.
local function change_many(images, where, arguments, moment)
  local rule, message =
    fault_rules.read { fault = "drift", insert = arguments.insert, delete = arguments.delete, at = arguments.at }
  if not rule then return message end
  local before = #images.changes
  changes.change(images, where, rule, function(i) return random.unit(before + i, moment.requests) end)
  for i = before + 1, arguments.steps and #images.changes or 0 do
    local change = images.changes[i]
    if change.kind == "inserted" then changes.begin_life(images, change.shelf, change.key, moment, arguments.steps) end
  end
end

--- `insert` and `delete` so many images `at` front, end, random or a position; `id` names one to delete; `steps`
--- script the life of `id` or of the inserted images. Answers with the ids of what this
--- inserted and deleted, or, without a change, of what is there now and of all changes since the last reset.
function paths.images(state, arguments, now)
  local images, moment = state.catalogue, state:moment(now)
  local where = {
    account = arguments.account or "owner",
    region = arguments.region or regions.names[1],
    source = arguments.source or "private",
  }
  local before, present = #images.changes, nil
  local message = images_problem(images, where, arguments)
  if message then return nil, message end
  if arguments.id then
    message = change_one(images, where, arguments, moment)
  elseif arguments.insert or arguments.delete then
    message = change_many(images, where, arguments, moment)
  else
    before, present = 0, array {}
    for _, shelf in ipairs(catalogue.shelves(images, where)) do
      for _, key in ipairs(catalogue.order(shelf)) do
        present[#present + 1] = catalogue.id(images, shelf, key)
      end
    end
  end
  if message then return nil, message end
  local report = changes.report(images, where, before)
  return { images = present, inserted = array(report.inserted), deleted = array(report.deleted) }
end

--- Answers a control request with a status and JSON. `path` is what follows `/_emulator/`.
function M.respond(state, path, arguments, now)
  if not paths[path] then return 404, json({ error = settings.unknown("no control path", path, paths) }, true) end
  local answer, message = nil, problem_of(path, arguments)
  if not message then
    answer, message = paths[path](state, arguments, now)
  end
  return answer and 200 or 400, json(answer or { error = message }, true)
end

return M
