--- Names that also have IPv6 addresses: the resolver of these cases looks for both.
local check = require "spec.nginx.support.check"
local equal, contains, failed = check.equal, check.contains, check.failed

local cases = {}
local function case(name, fn) cases[#cases + 1] = { name = name, run = fn } end

local function get(run, url, config, connect_timeout)
  local transport = require "jdvm.transport.nginx".new(config or {})
  local request = { method = "GET", url = url, headers = { host = "x" }, connect_timeout = connect_timeout }
  return transport:perform(request, transport:now() + 5 * run.patience)
end

case("suggests ipv6=off when the look-up of IPv6 addresses fails", function(run)
  for name, expected in pairs {
    half = { "connect", "dns", 5 },
    mute = { "timeout", "dns", 5 },
    ["mute "] = { "timeout", "connect", 0.3 },
  } do
    local url = "http://" .. name:gsub(" ", "") .. ".test:" .. run.ports.plain
    local failure = failed({ kind = expected[1], phase = expected[2], sent = false }, get(run, url, nil, expected[3]))
    contains(failure.hint, "ipv6=off")
  end
  equal(200, assert(get(run, "http://jdvm.test:" .. run.ports.plain .. "/connection")).status)
end)

case("finds localhost on ::1, too", function(run)
  local connections = {}
  for index = 1, 2 do
    connections[index] = assert(get(run, "http://localhost:" .. run.ports.six .. "/connection")).body:match(" (%d+)")
  end
  equal(connections[1], connections[2])
  local failure = failed({ cause = "no_connection" }, get(run, "http://localhost:" .. run.ports.closed .. "/"))
  contains(failure.message, "could not connect to localhost port " .. run.ports.closed .. ": connection refused")
end)

return cases
