--- Names and proxies: the subject's resolver is the name server of the tests.
local check = require "spec.nginx.support.check"
local proxies = require "spec.support.proxies"
local equal, contains, failed = check.equal, check.contains, check.failed

local cases, case = check.cases()

local function get(run, url, config, more)
  local transport = require "jdvm.transport.nginx".new(config or {})
  local request = { method = "GET", url = url, headers = { host = "vm.example" } }
  for name, value in pairs(more or {}) do
    request[name] = value
  end
  return transport:perform(request, transport:now() + (more and more.seconds or 5) * run.patience)
end

case("looks names up", function(run)
  equal(200, assert(get(run, "http://jdvm.test:" .. run.ports.plain .. "/connection")).status)
  equal(200, assert(get(run, "https://jdvm.test:" .. run.ports.good .. "/connection")).status)
  equal(200, assert(get(run, "https://JDVM.test:" .. run.ports.good .. "/connection")).status)
end)

case("tries the next address of a name when one refuses", function(run)
  -- Nobody listens on 127.0.0.2; each connection is a new one.
  local url, headers = "http://two.test:" .. run.ports.plain .. "/connection", { host = "x", connection = "close" }
  for _ = 1, 40 do
    equal(200, assert(get(run, url, nil, { headers = headers })).status)
  end
  local failure =
    failed({ kind = "connect", phase = "connect", sent = false }, get(run, "http://two.test:" .. run.ports.closed))
  contains(failure.message, "refused")
end)

case("ends a look-up with the light thread that wanted it", function(run)
  local thread = ngx.thread.spawn(get, run, "http://silent.test/", nil, { connect_timeout = 10 })
  ngx.sleep(0.05)
  ngx.thread.kill(thread)
  -- The request of this case does not end before all its light threads: the driver waits for that.
end)

-- Light threads that `fn` spawns.
local function spawned(fn)
  local spawn, count = ngx.thread.spawn, 0
  rawset(ngx.thread, "spawn", function(...)
    count = count + 1
    return spawn(...)
  end)
  local ran, message = pcall(fn)
  rawset(ngx.thread, "spawn", spawn)
  if not ran then error(message, 0) end
  return count
end

case("uses a connection to a name again, without a light thread", function(run)
  local transport = require "jdvm.transport.nginx".new {}
  local request = {
    method = "GET",
    url = "http://jdvm.test:" .. run.ports.plain .. "/connection",
    headers = { host = "again.example" },
  }
  local connections, threads = {}, {}
  for n = 1, 3 do
    threads[n] = spawned(function()
      local response = assert(transport:perform(request, transport:now() + 5))
      equal(200, response.status)
      connections[n] = assert(response.body:match(" (%d+)"), "no connection is named")
    end)
  end
  equal(connections[1], connections[2])
  equal(connections[1], connections[3])
  equal("0 0", threads[2] .. " " .. threads[3])
end)

case("says that a name does not exist", function(run)
  local failure = failed({ kind = "connect", phase = "dns", sent = false }, get(run, "http://absent.test/"))
  contains(failure.message, "absent.test", "Host not found")
  contains(failure.hint, "resolver", "/etc/hosts")
end)

case("bounds the look-up by connect_timeout and by the deadline", function(run)
  check.times_out(run, function()
    local failure = failed(
      { kind = "timeout", phase = "connect", sent = false },
      get(run, "http://silent.test/", nil, { connect_timeout = 0.3 })
    )
    contains(failure.message, "resolving silent.test and connecting", "longer than 0.3 s")
    contains(failure.hint, "resolver")
  end)
  check.times_out(run, function()
    local more = { seconds = 0.3 / run.patience }
    failed({ kind = "timeout", phase = "connect" }, get(run, "http://silent.test/", nil, more))
  end)
end)

case("cancels a look-up", function(run)
  local transport = require "jdvm.transport.nginx".new {}
  local pending = transport:start({ method = "GET", url = "http://silent.test/", headers = {} }, transport:now() + 5)
  ngx.sleep(0.05)
  transport:cancel(pending)
  failed({ kind = "cancelled" }, transport:finish(pending))
  equal(200, assert(get(run, "http://jdvm.test:" .. run.ports.plain .. "/connection")).status)
end)

case(
  "accepts a deep chain with lua_ssl_verify_depth 5",
  function(run) equal(200, assert(get(run, "https://jdvm.test:" .. run.ports.deep .. "/connection")).status) end
)

case("asks a proxy for a plain request by its full URL", function(run)
  local response = assert(get(run, "http://far.test/echo?a=b", { proxy = "http://127.0.0.1:" .. run.ports.proxy }))
  contains(response.body, "GET http://far.test/echo?a=b HTTP/1.1\r\n", "\r\nhost: vm.example\r\n")
end)

case("names itself to a proxy that asks for a password", function(run)
  local proxy = "http://user:p%40ss@127.0.0.1:" .. run.ports.proxy
  contains(
    assert(get(run, "http://far.test/echo", { proxy = proxy })).body,
    "\r\nproxy-authorization: Basic dXNlcjpwQHNz\r\n"
  )
end)

case("goes through a tunnel of the proxy to TLS, verifies the service, and keeps the tunnel", function(run)
  local config = { proxy = "127.0.0.1:" .. run.ports.proxy }
  local url = "https://localhost:" .. run.ports.good .. "/connection"
  local first = assert(get(run, url, config)).body
  equal(first:match(" (%d+)"), assert(get(run, url, config)).body:match(" (%d+)"), "connection")
  failed({ kind = "tls" }, get(run, "https://localhost:" .. run.ports.wrong .. "/connection", config))
  local direct = assert(get(run, url)).body
  if direct:match(" (%d+)") == first:match(" (%d+)") then error("a tunnel was used for a direct request") end
end)

case("says of each proxy what is wrong with it, and shows no password", function(run)
  local ports = {
    closed = tostring(run.ports.closed),
    proxy = tostring(run.ports.proxy),
    silent = tostring(run.silent),
    tls = tostring(run.ports.good),
  }
  proxies.each_address(ports, 3, function(address)
    local limits = { connect_timeout = address:find(ports.silent, 1, true) and 0.2 or 2 }
    local _, failure = get(run, "https://far.test/", { proxy = address }, limits)
    return failure
  end, equal)
end)

case("takes the hosts that no_proxy names directly, as libcurl does", function(run)
  proxies.each_exemption(run.ports.closed, function(options)
    local _, _, failure = require("jdvm").new(options):describe_image "img-a"
    return failure
  end, equal)
end)

return cases
