--- The transport itself, against the upstream of these tests. Each case runs in a request of its own.
local check = require "spec.nginx.support.check"
local equal, contains, failed, truthy = check.equal, check.contains, check.failed, check.truthy

local cases, case = check.cases()

-- port: a name of the upstream's servers
local function url(run, port, target)
  local scheme = (port == "plain" or port == "impatient") and "http://127.0.0.1:" or "https://localhost:"
  return scheme .. run.ports[port] .. target
end

local function request(run, port, target, more)
  local result = { method = "GET", url = url(run, port, target), headers = { host = "x" }, read_timeout = 2 }
  for name, value in pairs(more or {}) do
    result[name] = value
  end
  return result
end

-- For what is started: the pool may hold a connection that an earlier case's server has just closed.
local FRESH = { fresh = true }

local function new(config) return require "jdvm.transport.nginx".new(config or {}) end

local function get(run, port, target, more, transport)
  transport = transport or new()
  local seconds = more and more.seconds or 5
  local wanted = request(run, port, target, more)
  local response, failure = transport:perform(wanted, transport:now() + seconds)
  -- The pool may hold a connection that an earlier case's server has just closed.
  if not response and failure.kept and wanted.fresh == nil then
    wanted.fresh = true
    return transport:perform(wanted, transport:now() + seconds)
  end
  return response, failure
end

local function raw(steps)
  local parts = {}
  for index, step in ipairs(steps) do
    local value = tostring(step[2]):gsub("[^%w]", function(char) return ("%%%02X"):format(char:byte()) end)
    parts[index] = step[1] .. "=" .. value
  end
  return "/raw?" .. table.concat(parts, "&")
end

local OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

case("sends the request as it was given", function(run)
  local response = assert(get(run, "plain", "/echo?a=%20b", { headers = { host = "vm.example", ["x-test"] = "1" } }))
  equal(200, response.status)
  contains(
    response.body,
    "GET /echo?a=%20b HTTP/1.1\r\n",
    "\r\nhost: vm.example\r\n",
    "\r\nx-test: 1\r\n",
    "\r\nuser-agent: jdvm\r\n",
    "\r\naccept-encoding: identity\r\n"
  )
end)

case("reads bodies that are chunked, large, or end with the connection", function(run)
  local expected = {}
  for number = 1, 50 do
    expected[number] = ("%04d"):format(number):rep(number)
  end
  equal(table.concat(expected), assert(get(run, "plain", "/chunked")).body)
  equal(3000000, #assert(get(run, "good", "/large?bytes=3000000")).body)
  equal("all of it", assert(get(run, "plain", raw { { "send", "HTTP/1.1 200 OK\r\n\r\nall of it" } })).body)
end)

case("refuses a body beyond the limit, and a request that would not be one", function(run)
  local expected = { kind = "transport", phase = "read", sent = true }
  local failure = failed(expected, get(run, "plain", "/large?bytes=3000000", { max_body = 1000 }))
  contains(failure.message, "limit of 1000")
  failed(expected, get(run, "plain", "/chunked", { max_body = 1000 }))
  failed({ kind = "transport", phase = "send", sent = false }, get(run, "plain", "/a b"))
end)

case("says where a body was cut off", function(run)
  local failure = failed({ kind = "transport", phase = "wait" }, get(run, "plain", raw {}))
  contains(failure.message, "closed before the answer began")
  failure = failed(
    { kind = "transport", phase = "read", sent = true },
    get(run, "plain", raw { { "send", "HTTP/1.1 200 OK\r\n\r\nabc" }, { "wait", 0.02 }, { "reset", 1 } })
  )
  contains(failure.message, "connection reset by peer", "within the answer")
end)

case("keeps a connection and uses it again, plain and TLS", function(run)
  for _, port in ipairs { "plain", "good" } do
    local transport = new()
    local first = assert(get(run, port, "/connection", nil, transport)).body
    for _ = 1, 5 do
      assert(get(run, port, "/connection", nil, transport))
    end
    local last = assert(get(run, port, "/connection", nil, transport)).body
    equal(first:match(" (%d+)"), last:match(" (%d+)"), "connection")
    equal(tonumber(first:match("^(%d+)")) + 6, tonumber(last:match("^(%d+)")), "requests")
  end
end)

case("does not keep a connection with bytes that nobody asked for", function(run)
  local transport = new()
  equal(
    "ok",
    assert(get(run, "plain", raw { { "send", OK .. "HTTP/1.1 500 No\r\n\r\n" }, { "wait", 0.2 } }, nil, transport)).body
  )
  for _ = 1, 3 do
    equal(200, assert(get(run, "plain", "/connection", nil, transport)).status)
  end
end)

case("does not keep a TLS connection whose last piece may have filled nginx's buffer", function(run)
  -- The default buffer is a page of memory: 4096 bytes on most machines.
  local head = "HTTP/1.1 200 OK\r\nContent-Length: 4055\r\n\r\n"
  local answer = head .. ("x"):rep(4055)
  equal(4096, #answer)
  local transport = new()
  -- The next request is read, so that the connection would stay, and answered by what lies there already.
  local surplus =
    raw { { "send", answer .. "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" }, { "read", 1 }, { "hang", 1 } }
  equal(4055, #assert(get(run, "good", surplus, nil, transport)).body)
  equal(200, assert(get(run, "good", "/connection", nil, transport)).status)
end)

case("keeps a TLS connection after an answer of many pieces", function(run)
  local transport = new()
  local first = assert(get(run, "good", "/connection", nil, transport)).body:match(" (%d+)")
  assert(get(run, "good", "/large?bytes=3000000", nil, transport))
  equal(first, assert(get(run, "good", "/connection", nil, transport)).body:match(" (%d+)"), "connection")
end)

case("survives idle connections that the service closed", function(run)
  local transport = new()
  assert(get(run, "impatient", "/connection", nil, transport))
  ngx.sleep(1.5)
  contains(assert(get(run, "impatient", "/connection", nil, transport)).body, "1 ")
end)

case("says that a pooled connection proved closed, and takes a new one when told", function(run)
  local transport = new()
  -- Answers, then reads the next request and closes: what a service does that closes just as we send.
  local closing = raw { { "send", OK }, { "read", 1 } }
  assert(get(run, "plain", closing, { fresh = false }, transport))
  local failure = failed(
    { kind = "transport", phase = "wait", sent = true, kept = true },
    get(run, "plain", "/echo", { fresh = false }, transport)
  )
  contains(failure.message, "before the answer began")
  assert(get(run, "plain", closing, { fresh = false }, transport))
  local response = assert(get(run, "plain", "/connection", { fresh = true }, transport))
  contains(response.body, "1 ")
  truthy(not response.kept)
  assert(get(run, "plain", "/echo", nil, transport)) -- takes the closing one out of the pool
end)

case("says whether a response came on a connection that was used before", function(run)
  local transport = new()
  local timeout = "HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"
  local first = raw { { "send", OK }, { "read", 1 }, { "send", timeout } }
  truthy(not assert(get(run, "plain", first, { fresh = true }, transport)).kept)
  assert(get(run, "plain", first, { fresh = false }, transport))
  local response = assert(get(run, "plain", "/echo", { fresh = false }, transport))
  equal(408, response.status)
  equal(true, response.kept)
end)

case("bounds a dripping body by the deadline", function(run)
  local drip = raw { { "send", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" }, { "drip", "100,0.05" } }
  local seconds = check.seconds(function()
    local failure = failed(
      { kind = "timeout", phase = "read", sent = true },
      get(run, "plain", drip, { seconds = 0.6, read_timeout = 10 })
    )
    contains(failure.message, "ran out")
  end)
  check.between(0.55, 0.6 + 0.2 * run.patience, seconds, "seconds")
end)

case("gives up on a service that says nothing", function(run)
  local seconds = check.seconds(function()
    local failure = failed(
      { kind = "timeout", phase = "wait", sent = true },
      get(run, "plain", raw { { "hang", 1 } }, { read_timeout = 0.3 })
    )
    contains(failure.message, "0.3 s", "read_timeout")
  end)
  check.between(0.25, 0.3 + 0.2 * run.patience, seconds, "seconds")
end)

case(
  "does not start when the time has run out",
  function(run)
    failed({ kind = "timeout", phase = "connect", sent = false }, get(run, "plain", "/echo", { seconds = -1 }))
  end
)

case("says that nobody listens", function(run)
  local transport = new()
  local failure = failed(
    { kind = "connect", phase = "connect", sent = false },
    transport:perform(
      { method = "GET", url = "http://127.0.0.1:" .. run.ports.closed .. "/", headers = {} },
      transport:now() + 2
    )
  )
  contains(failure.message, "could not connect to 127.0.0.1 port " .. run.ports.closed, "refused")
end)

case("says what to write when nginx has no resolver", function()
  local transport = new()
  local failure = failed(
    { kind = "connect", phase = "dns", sent = false },
    transport:perform({ method = "GET", url = "http://vm.jdcloud-api.com/", headers = {} }, transport:now() + 2)
  )
  contains(failure.message, "vm.jdcloud-api.com", "no resolver defined")
  contains(failure.hint, "resolver ADDRESS;", "/etc/hosts")
end)

case("knows localhost without a resolver", function(run)
  local transport = new()
  local wanted = {
    method = "GET",
    url = "http://localhost:" .. run.ports.plain .. "/connection",
    headers = { host = "localhost" },
  }
  equal(200, assert(transport:perform(wanted, transport:now() + 2)).status)
end)

case("runs twenty at a time and gives each its own answer", function(run)
  local transport = new()
  local pending = {}
  local seconds = check.seconds(function()
    for n = 1, 20 do
      pending[n] = transport:start(request(run, "good", "/slow?s=0.1&n=" .. n), transport:now() + 5 * run.patience)
    end
    for n = 20, 1, -1 do
      equal("page " .. n, assert(transport:finish(pending[n])).body)
    end
  end)
  check.between(0.1, 0.9 * run.patience, seconds, "seconds")
end)

case("finishes in another coroutine and another light thread than it started in", function(run)
  local transport = new()
  local pending = {}
  for n = 1, 4 do
    local target = "/slow?s=" .. (n == 3 and 3 or 0.1) .. "&n=" .. n
    pending[n] = transport:start(request(run, "plain", target), transport:now() + 5)
  end
  equal("page 1", assert(coroutine.wrap(function() return transport:finish(pending[1]) end)()).body)
  local thread = ngx.thread.spawn(function() return (transport:finish(pending[2])) end)
  local ok, response = ngx.thread.wait(thread)
  truthy(ok)
  equal("page 2", response.body)
  local other = coroutine.wrap(function()
    transport:cancel(pending[3])
    return transport:finish(pending[3])
  end)
  failed({ kind = "cancelled" }, other())
  equal("page 4", assert(transport:finish(pending[4])).body)
  equal("page 4", assert(transport:finish(pending[4])).body, "a second time")
end)

case("gives one exchange to all who wait for it", function(run)
  local transport = new()
  local pending =
    transport:start(request(run, "plain", raw { { "wait", "0.2" }, { "send", OK } }, FRESH), transport:now() + 5)
  local threads, began = {}, ngx.now()
  for i = 1, 3 do
    threads[i] = ngx.thread.spawn(function() return transport:finish(pending) end)
  end
  for i = 1, 3 do
    truthy(select(2, ngx.thread.wait(threads[i])))
  end
  check.between(0, 2 * run.patience, ngx.now() - began, "seconds")
end)

case("cancels at once and closes the connection", function(run)
  local transport = new()
  local pending = transport:start(request(run, "plain", "/slow?s=3", FRESH), transport:now() + 5)
  ngx.sleep(0.05)
  local seconds = check.seconds(function()
    transport:cancel(pending)
    failed({ kind = "cancelled" }, transport:finish(pending))
    transport:cancel(pending)
  end)
  check.between(0, 0.2 * run.patience, seconds, "seconds")
  equal(200, assert(get(run, "plain", "/connection", nil, transport)).status)
end)

case("lets a forgotten exchange end", function(run)
  local transport = new()
  local kept = transport:start(
    request(
      run,
      "plain",
      raw {
        { "send", "HTTP/1.1 200 OK\r\n\r\n" },
        { "drip", "60,0.05" },
      },
      {}
    ),
    transport:now() + 10
  )
  local thread = kept.thread
  ngx.sleep(0.1)
  kept = nil -- luacheck: ignore 311
  collectgarbage()
  collectgarbage()
  ngx.sleep(0.1 + 0.1 * run.patience)
  truthy(thread.over, "an end")
  equal("cancelled", thread.failure.kind)
end)

case("holds to max_connections, first come first served", function(run)
  assert(get(run, "plain", "/counters?reset=1"))
  local transport = new { max_connections = 3 }
  local pending, order = {}, {}
  for n = 1, 9 do
    pending[n] = transport:start(request(run, "plain", "/slow?s=0.05&n=" .. n), transport:now() + 5 * run.patience)
  end
  for n = 1, 9 do
    order[n] = assert(transport:finish(pending[n])).body:match("%d+")
  end
  equal("123456789", table.concat(order))
  equal("9 3", assert(get(run, "plain", "/counters")).body)
end)

case("gets the connection of a killed light thread, and of a cancelled exchange, back at once", function(run)
  local transport = new { max_connections = 1 }
  local thread = ngx.thread.spawn(function() return get(run, "plain", "/slow?s=3", nil, transport) end)
  ngx.sleep(0.05)
  ngx.thread.kill(thread)
  equal(200, assert(get(run, "plain", "/connection", { seconds = 0.5 * run.patience }, transport)).status)
  local pending = transport:start(request(run, "plain", "/slow?s=3"), transport:now() + 5)
  ngx.sleep(0.02)
  transport:cancel(pending)
  equal(200, assert(get(run, "plain", "/connection", { seconds = 0.5 * run.patience }, transport)).status)
end)

case("says that all connections may be in use", function(run)
  local transport = new { max_connections = 1 }
  local pending = transport:start(request(run, "plain", "/slow?s=1"), transport:now() + 5)
  local failure = failed(
    { kind = "timeout", phase = "connect", sent = false },
    get(run, "plain", "/echo", { connect_timeout = 0.2 }, transport)
  )
  contains(failure.message, "connect_timeout")
  contains(failure.hint, "max_connections = 1 may be reached")
  transport:cancel(pending)
end)

case("sleeps, and has a clock that goes on meanwhile", function(run)
  local transport = new()
  local before = transport:now()
  transport:sleep(0.05)
  transport:sleep(0)
  check.between(0.045, 0.1 + 0.1 * run.patience, transport:now() - before, "seconds")
end)

return cases
