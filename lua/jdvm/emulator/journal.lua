-- Everything that changes after the start is a line of text in a journal, numbered by the store that all
-- workers share; each worker's state is what it started with plus the journal. So workers agree, a reset
-- is one line, and the oracle can say what came and went since a mark.

local catalogue = require "jdvm.emulator.catalogue"
local faults = require "jdvm.emulator.faults"
local life = require "jdvm.emulator.life"
local settings = require "jdvm.emulator.settings"

local M = {}

-- How long a worker waits for a line that another one has numbered and not yet written.
local PATIENCE = 200000

local appliers = {}

local function shelf_named(state, region, name)
  for _, shelf in ipairs(state.catalogue.shelves[region] or {}) do
    if shelf.name == name then return shelf end
  end
end

local function note(state, n, kind, shelf, keys)
  for _, key in ipairs(keys) do
    state.changes[#state.changes + 1] = { n = n, kind = kind, shelf = shelf, key = key }
  end
end

function appliers.set(state, _, rest)
  local name, value = rest:match("^(%S+) (.*)$")
  state.settings[name] = settings.read(name, value)
end

function appliers.insert(state, n, rest)
  local region, name, position, count = rest:match("^(%S+) (%S+) (%d+) (%d+)$")
  local shelf = shelf_named(state, region, name)
  catalogue.insert(shelf, tonumber(position), tonumber(count))
  local keys = {}
  for key = shelf.top - tonumber(count) + 1, shelf.top do
    keys[#keys + 1] = key
  end
  note(state, n, "came", shelf, keys)
end

function appliers.delete(state, n, rest)
  local region, name, position, count = rest:match("^(%S+) (%S+) (%d+) (%d+)$")
  local shelf = shelf_named(state, region, name)
  note(state, n, "went", shelf, catalogue.delete(shelf, tonumber(position), tonumber(count)))
end

function appliers.script(state, _, rest)
  local region, name, key, since, requests, text = rest:match("^(%S+) (%S+) (%d+) (%S+) (%d+) (.*)$")
  catalogue.script(
    shelf_named(state, region, name),
    tonumber(key),
    { since = tonumber(since), requests = tonumber(requests), steps = life.parse(text) }
  )
end

-- The rules of faults.lua, one a line; `faults` alone forgets them.
function appliers.fault(state, n, rest) state.faults[#state.faults + 1] = { n = n, rule = faults.parse(rest) } end

function appliers.faults(state) state.faults = {} end

function appliers.reset(state) state:restart() end

--- Applies one line to one state.
---@param state table a worker's, see emulator.lua
---@param n number of the line
---@param line string
function M.apply(state, n, line)
  local kind, rest = line:match("^(%a+) ?(.*)$")
  appliers[kind](state, n, rest)
end

--- Brings a state up to date with the journal.
---@param state table
function M.sync(state)
  local store = state.store
  local tail = store:get("journal") or 0
  if tail == state.applied then return end
  local first = store:get("journal_first") or 1
  if state.applied < first - 1 then state.applied = first - 1 end
  for n = state.applied + 1, tail do
    local line = store:get("journal:" .. n)
    if not line then return end
    M.apply(state, n, line)
    state.applied = n
  end
end

--- Writes a line and applies it here.
---@param state table
---@param line string
---@return number n its number
function M.append(state, line)
  local store = state.store
  local n = store:incr("journal", 1)
  if line == "reset" then
    for old = store:get("journal_first") or 1, n - 1 do
      store:set("journal:" .. old, nil)
    end
    store:set("journal_first", n)
  end
  store:set("journal:" .. n, line)
  for _ = 1, PATIENCE do
    M.sync(state)
    if state.applied >= n then break end
  end
  return n
end

return M
