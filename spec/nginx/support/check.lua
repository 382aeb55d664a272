--- What a case may use inside nginx: assertions that raise with both values, and the ports and paths of the run.
local M = {}

--- A list of cases, and what adds one to it.
function M.cases()
  local cases = {}
  return cases, function(name, fn) cases[#cases + 1] = { name = name, run = fn } end
end

--- A client of the run's emulator.
function M.client(run, more)
  local options = {
    endpoint = run.endpoint,
    region = "cn-north-1",
    access_key = run.access_key,
    secret_key = run.secret_key,
    timeout = 10 * run.patience,
    connect_timeout = 5 * run.patience,
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return require "jdvm".new(options)
end

local function show(value)
  if type(value) ~= "table" then return (tostring(value):gsub("%c", "?")) end
  local parts = {}
  for name, item in pairs(value) do
    parts[#parts + 1] = tostring(name) .. "=" .. show(item)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

function M.equal(expected, actual, what)
  if expected ~= actual then
    error(("%sexpected %s, got %s"):format(what and what .. ": " or "", show(expected), show(actual)), 2)
  end
end

function M.truthy(value, what)
  if not value then error((what or "a true value") .. " expected, got " .. show(value), 2) end
  return value
end

--- `text` holds each of the plain strings.
function M.contains(text, ...)
  for _, part in ipairs { ... } do
    if type(text) ~= "string" or not text:find(part, 1, true) then
      error(("%q expected in: %s"):format(part, show(text)), 2)
    end
  end
end

--- A failure of a transport or of a client has these fields.
function M.failed(expected, result, failure)
  if result ~= nil then error("a failure expected, got " .. show(result), 2) end
  for name, value in pairs(expected) do
    if failure[name] ~= value then
      error(("%s: expected %s, got %s in %s"):format(name, show(value), show(failure[name]), show(failure)), 2)
    end
  end
  if not failure.message then
    local _, detail = require "jdvm.failures.failure".new(failure)
    failure.message, failure.hint = detail.message, detail.hint
  end
  return failure
end

--- Seconds that a function takes.
function M.seconds(fn)
  ngx.update_time()
  local start = ngx.now()
  fn()
  ngx.update_time()
  return ngx.now() - start
end

function M.between(low, high, value, what)
  if value < low or value > high then
    error(("%s: between %s and %s expected, got %s"):format(what or "value", low, high, value), 2)
  end
end

--- A function ends after a time-out of 0.3 s.
function M.times_out(run, fn) M.between(0.25, 0.3 + 0.3 * run.patience, M.seconds(fn), "seconds") end

M.show = show
return M
