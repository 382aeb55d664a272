-- What tests ask of the emulator beside the service (paths under /_emulator): counters, settings, faults, images,
-- and the oracle for scans.

local catalogue = require "jdvm.emulator.catalogue"
local drift = require "jdvm.emulator.drift"
local faults = require "jdvm.emulator.faults"
local filters = require "jdvm.emulator.filters"
local journal = require "jdvm.emulator.journal"
local json = require "jdvm.emulator.json"
local life = require "jdvm.emulator.life"
local names = require "jdvm.emulator.names"
local random = require "jdvm.emulator.random"
local settings = require "jdvm.emulator.settings"
local uri = require "jdvm.emulator.uri"

local M = {}

local COUNTERS = { "requests", "nonces", "nonces_repeated", "nonces_forgotten", "in_flight", "peak", "connections" }

local paths = {}

local function set(...)
  local entries = {}
  for _, name in ipairs { ... } do
    entries[name] = true
  end
  return entries
end

-- The arguments of each path. A misspelled one would do nothing, and a test that steers the emulator by it would pass
-- for the wrong reason.
local known = {
  stats = {},
  mark = {},
  settings = settings.by_name,
  faults = set("script", "spec", "add"),
  reset = set("script", "spec", "settings"),
  images = set("account", "region", "source", "imageSource", "insert", "delete", "at", "id", "steps"),
  oracle = set("account", "region", "source", "mark"),
}
for name in pairs(filters.names) do
  known.oracle[name] = true
end

-- What is wrong with the arguments of a path by their names, or nil.
local function stranger_in(path, arguments)
  for name, value in pairs(arguments) do
    if path == "settings" then
      if not known.settings[name] then return select(2, settings.read(name, value)) end
    elseif not known[path][name] then
      return ("%s takes no argument '%s'; it takes %s%s"):format(
        path,
        uri.encode(tostring(name)),
        next(known[path]) and names.all(known[path]) or "none",
        names.meant(name, known[path])
      )
    end
    if type(value) == "table" then return ("the argument '%s' is given several times"):format(name) end
  end
end

--- Counters since the start or the last reset; `latest_total` and the like are not among them: ask the oracle.
function paths.stats(state)
  local stats = {}
  for _, name in ipairs(COUNTERS) do
    stats[name] = state.store:get(name) or 0
  end
  stats.settings, stats.faults = state.settings, {}
  for i, entry in ipairs(state.faults) do
    stats.faults[i] = {
      rule = faults.format(entry.rule),
      met = state.store:get("fault:" .. entry.n .. ":met") or 0,
      used = math.min(state.store:get("fault:" .. entry.n .. ":used") or 0, entry.rule.count or math.huge),
    }
  end
  return stats
end

local function decode_json(text)
  local found, cjson = pcall(require, "cjson.safe")
  if not found then
    return nil, "JSON needs lua-cjson for LuaJIT (apt-get install lua-cjson); or use spec=KIND:NAME=VALUE"
  end
  return cjson.decode(text)
end

-- Rules from `script` (JSON: an array of objects or of specs) and from `spec` (several separated by spaces).
local function read_rules(arguments)
  local rules = {}
  local function take(rule, message)
    if rule then rules[#rules + 1] = rule end
    return message
  end
  if arguments.script then
    local script, problem = decode_json(arguments.script)
    if type(script) ~= "table" then return nil, "script: " .. (problem or "not an array") end
    if script[1] == nil and next(script) ~= nil then script = { script } end
    for _, rule in ipairs(script) do
      local message
      if type(rule) == "table" then
        message = take(faults.read(rule))
      else
        message = take(faults.parse(rule))
      end
      if message then return nil, message end
    end
  end
  for _, spec in ipairs(faults.split(tostring(arguments.spec or ""))) do
    local message = take(faults.parse(spec))
    if message then return nil, message end
  end
  return rules
end

--- `script` or `spec` replace the faults, with `add` they join them.
function paths.faults(state, arguments)
  local rules, message = read_rules(arguments)
  if not rules then return nil, message end
  if not arguments.add then journal.append(state, "faults") end
  for _, rule in ipairs(rules) do
    journal.append(state, "fault " .. faults.format(rule))
  end
  return { faults = #state.faults }
end

-- Lines of the journal for settings by name, or nil and what is wrong with one.
local function setting_lines(values)
  local lines = {}
  for name, value in pairs(values) do
    local read, message = settings.read(name, value)
    if read == nil then return nil, message end
    lines[#lines + 1] = "set " .. name .. " " .. tostring(read)
  end
  return lines
end

--- Each argument is a setting; answers with all of them.
function paths.settings(state, arguments)
  local lines, message = setting_lines(arguments)
  if not lines then return nil, message end
  for _, line in ipairs(lines) do
    journal.append(state, line)
  end
  return state.settings
end

--- Back to the start: images, settings, faults, counters, nonces. `script` or `spec` then set faults, `settings`
--- (JSON) settings. Answers with a mark for the oracle. Arguments that are wrong reset nothing.
function paths.reset(state, arguments)
  local values, problem = {}, nil
  if arguments.settings then
    values, problem = decode_json(arguments.settings)
  end
  if type(values) ~= "table" then return nil, "settings: " .. (problem or "not an object") end
  local lines, rules, message
  lines, message = setting_lines(values)
  if not lines then return nil, message end
  rules, message = read_rules(arguments)
  if not rules then return nil, message end

  journal.append(state, "reset")
  state.store:forget()
  for _, name in ipairs(COUNTERS) do
    if name ~= "in_flight" then state.store:set(name, 0) end
  end
  for n = 1, #state.options.journal do
    state.store:set("fault:" .. -n .. ":met", nil)
    state.store:set("fault:" .. -n .. ":used", nil)
  end
  for _, line in ipairs(lines) do
    journal.append(state, line)
  end
  if arguments.script or arguments.spec then paths.faults(state, arguments) end
  return { mark = state.applied }
end

--- The point from which the oracle looks.
function paths.mark(state) return { mark = state.applied } end

-- Who looks where; the rest of the arguments are those of describeImages.
local function place_of(arguments)
  return {
    account = arguments.account or "owner",
    region = arguments.region or catalogue.regions[1],
    source = arguments.imageSource or arguments.source or "private",
  }
end

local function moment_of(state, now)
  return { now = now + state.settings.clock_offset, requests = state.store:get("requests") or 0 }
end

--- What a list that began at `mark` may hold: `stable` must be in it, `came` and `went` may be.
function paths.oracle(state, arguments, now)
  local values = {}
  for name, value in pairs(arguments) do
    values[name] = value
  end
  local place = place_of(arguments)
  values.account, values.region, values.mark, values.source, values.imageSource = nil, nil, nil, nil, place.source
  local query, refusal = filters.read({}, values, state.settings)
  if not query then return nil, refusal.message end
  query.account, query.region = place.account, place.region
  local oracle = drift.oracle(state, query, tonumber(arguments.mark) or 0, moment_of(state, now))
  if not oracle then return nil, "a reset came after the mark" end
  return oracle
end

-- Where one image stands that is named by its id.
local function find(state, place, id)
  local shelf, key = catalogue.find(state.catalogue, place.account, place.region, id)
  if not shelf then return nil, "no image '" .. id .. "' for account " .. place.account .. " in " .. place.region end
  return shelf, key
end

local function delete_one(state, place, id)
  local shelf, key = find(state, place, id)
  if not shelf then return nil, key end
  for position, other in ipairs(shelf.order) do
    if other == key then
      journal.append(state, ("delete %s %s %d 1"):format(shelf.region, shelf.name, position))
      return { inserted = {}, deleted = { id } }
    end
  end
end

--- `insert` and `delete` so many images `at` front, end, random or a position; `id` names one to delete; `steps`
--- script the life of `id` or of the inserted images.
function paths.images(state, arguments, now)
  local place = place_of(arguments)
  if arguments.steps then
    local steps, message = life.parse(arguments.steps)
    if not steps then return nil, message end
  end
  if arguments.id and not arguments.steps then return delete_one(state, place, arguments.id) end
  if arguments.id then
    local shelf, key = find(state, place, arguments.id)
    if not shelf then return nil, key end
    drift.script(state, shelf, key, moment_of(state, now).now, arguments.steps)
    return { inserted = {}, deleted = {} }
  end
  local before = #state.changes
  -- The same as a drift fault, at once.
  local change, message =
    faults.read { fault = "drift", insert = arguments.insert, delete = arguments.delete, at = arguments.at }
  if not change then return nil, message end
  local shelf = drift.change(state, place, change, function(i) return random.unit(before + i, state.applied) end)
  if not shelf then return nil, "account " .. place.account .. " sees no " .. place.source .. " images there" end
  local answer = { inserted = {}, deleted = {} }
  for i = before + 1, #state.changes do
    local change_made = state.changes[i]
    local list = change_made.kind == "came" and answer.inserted or answer.deleted
    list[#list + 1] = catalogue.id(state.catalogue, change_made.shelf, change_made.key)
    if arguments.steps and change_made.kind == "came" then
      drift.script(state, change_made.shelf, change_made.key, moment_of(state, now).now, arguments.steps)
    end
  end
  return answer
end

--- Answers a control request.
---@param state table
---@param path string what follows `/_emulator/`
---@param arguments table<string, string>
---@param now number epoch seconds
---@return number status
---@return string body JSON
function M.answer(state, path, arguments, now)
  journal.sync(state)
  local handler = paths[path]
  if not handler then return 404, json.encode { error = "no control path '" .. uri.encode(path) .. "'" } end
  local answer, message = nil, stranger_in(path, arguments)
  if not message then
    answer, message = handler(state, arguments, now)
  end
  if not answer then return 400, json.encode { error = message } end
  return 200, json.encode(answer)
end

return M
