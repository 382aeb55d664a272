-- What tests ask of the emulator beside the service: counters, settings, faults, images (paths under /_emulator).

local cjson = require "cjson.safe"
local journal = require "jdvm.emulator.journal"
local settings = require "jdvm.emulator.settings"

local M = {}

local COUNTERS = { "requests", "nonces", "nonces_repeated", "nonces_forgotten", "in_flight", "peak", "connections" }

local paths = {}

function paths.stats(state)
  local stats = {}
  for _, name in ipairs(COUNTERS) do stats[name] = state.store:get(name) or 0 end
  return stats
end

function paths.reset(state)
  journal.append(state, "reset")
  state.store:forget()
  for _, name in ipairs(COUNTERS) do
    if name ~= "in_flight" then state.store:set(name, 0) end
  end
  return { reset = true }
end

function paths.settings(state, arguments)
  for name, value in pairs(arguments) do
    local read, message = settings.read(name, value)
    if read == nil then return nil, message end
    journal.append(state, "set " .. name .. " " .. tostring(read))
  end
  return state.settings
end

---Answers a control request.
---@param state table
---@param path string what follows `/_emulator/`
---@param arguments table<string, string>
---@param now number epoch seconds
---@return number status
---@return string body JSON
function M.answer(state, path, arguments, now)
  journal.sync(state)
  local handler = paths[path]
  if not handler then return 404, cjson.encode { error = "no control path '" .. path .. "'" } end
  local answer, message = handler(state, arguments, now)
  if not answer then return 400, cjson.encode { error = message } end
  return 200, cjson.encode(answer)
end

return M
