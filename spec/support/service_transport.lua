-- The emulator without a server: a transport in memory that answers as the service does, signatures and all.
local emulator = require "jdvm.emulator"
local fake_transport = require "spec.support.fake_transport"
local responses = require "jdvm.emulator.responses"

local M = {}

local EPOCH = 1700000000

---@param options? table of jdvm.emulator; service_clock_ahead = seconds
---@return table transport with `state` of the emulator, and `clock`, a client's clock that agrees with it
function M.new(options)
  options = options or {}
  local state = assert(emulator.new(options))
  local fake
  fake = fake_transport.new(function(request)
    local headers = {}
    for name, value in pairs(request.headers) do
      headers[#headers + 1] = { name, value }
    end
    local now = EPOCH + fake.time + (fake.ahead or 0)
    local response = emulator.respond(state, {
      method = request.method,
      target = request.url:match("^%a+://[^/]*(.*)$"),
      headers = headers,
      body = "",
      now = now,
    })
    local given = { date = responses.http_date(now) }
    for _, header in ipairs(response.headers) do
      given[header[1]:lower()] = header[2]
    end
    return { status = response.status, headers = given, body = response.body, after = response.delay }
  end)
  fake.state = state
  fake.clock = function() return EPOCH + fake.time end
  return fake
end

--- Options of a client for this transport.
function M.options(fake, more)
  local options = {
    region = "cn-north-1",
    access_key = "JDVM-EMULATOR-OWNER",
    secret_key = "owner-secret-for-tests-only",
    transport = fake,
    clock = fake.clock,
    endpoint = "https://vm.jdcloud-api.com",
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

return M
