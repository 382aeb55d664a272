-- jdvm.emulator.server: the emulator through nginx, over sockets.
local core = require "jdvm.core"
local curl = require "jdvm.curl"
local emulator = require "spec.support.emulator"

local NORTH = "/v1/regions/cn-north-1/images"

-- A signed GET: status, headers, body; or nil and the failure.
local function get(server, path, query, options)
  options = options or {}
  local account = server.accounts[options.account or "owner"]
  local signer = core.signer {
    access_key = account.access_key,
    secret_key = account.secret_key,
    session_token = account.session_token,
    region = "cn-north-1",
  }
  local multi = options.multi
    or curl.new { ca_file = server.ca_file, proxy = "", gzip = options.gzip or false, http2 = options.http2 or false }
  local host = server.endpoint:match("//(.*)$")
  local target, headers = signer:sign("GET", host, path, query, os.time(), core.nonce())
  local transfer = multi:start {
    url = server.endpoint .. target,
    headers = headers,
    timeout = options.timeout or 5,
    read_timeout = 5,
  }
  if options.start_only then return transfer, multi end
  local status, answer, body = multi:finish(transfer)
  if not options.multi then multi:close() end
  return status, answer, body
end

local function list(server, options) return get(server, NORTH, { "imageSource", "private", "pageSize", "100" }, options) end

describe("the emulator, served,", function()
  local server

  setup(function() server = emulator.start { faults = { "latency:seconds=0,count=1" }, seed = 3 } end)
  teardown(function() server.stop() end)
  before_each(function() server.control "reset" end)

  it("answers signed requests as the service does", function()
    local status, headers, body = list(server)
    assert.equal(200, status)
    assert.equal("chunked", headers["transfer-encoding"])
    local decoded = core.decode(body)
    assert.equal(headers["x-jdcloud-request-id"], decoded.requestId)
    assert.equal(18, #decoded.result.images)
    assert.equal(200, (get(server, NORTH .. "/" .. decoded.result.images[18].imageId)))
    assert.equal(414, (get(server, NORTH, { "imageName", ("x"):rep(60000) })))
  end)

  it("frames, closes and compresses as set", function()
    server.control("settings", { framing = "length", keep_alive = false })
    local status, headers, body = list(server)
    assert.equal(200, status)
    assert.equal(#body, tonumber(headers["content-length"]))
    assert.equal("close", headers.connection)
    assert.is_nil(headers["content-encoding"])
    server.control("settings", { gzip = true, framing = "chunked" })
    local _, unpacked, same = list(server, { gzip = true })
    assert.equal("gzip", unpacked["content-encoding"])
    assert.equal(#body, #same)
    _, headers = list(server)
    assert.is_nil(headers["content-encoding"])
  end)

  it("counts requests, nonces, connections and how many ran at once", function()
    server.control("settings", { latency = 0.4 })
    local multi, running = curl.new { proxy = "" }, {}
    for i = 1, 6 do
      running[i] = list(server, { multi = multi, start_only = true })
    end
    for i = 1, 6 do
      assert.equal(200, (multi:finish(running[i])))
    end
    local stats = server.control "stats"
    assert.same({ 6, 6, 0, 6, 0 }, { stats.requests, stats.nonces, stats.nonces_repeated, stats.peak, stats.in_flight })
    local connections = stats.connections
    assert.equal(200, (list(server, { multi = multi })))
    assert.equal(connections, server.control("stats").connections)
    multi:close()
  end)

  it("is steered by forms, too", function()
    local pipe = io.popen("curl -s --noproxy '*' -d spec=quota:count=1 " .. server.control_url .. "/faults")
    assert.equal('{"faults":1}\n', pipe:read("*a"))
    pipe:close()
    assert.equal(429, (list(server)))
  end)

  it("notices clients that go away", function()
    server.control("reset", { spec = "hang" })
    local transfer, multi = list(server, { start_only = true })
    multi:sleep(0.1)
    assert.equal(1, server.control("stats").in_flight)
    multi:cancel(transfer)
    multi:close()
    local patience = curl.now() + 2
    while server.control("stats").in_flight > 0 and curl.now() < patience do
      os.execute("sleep 0.02")
    end
    assert.equal(0, server.control("stats").in_flight)
  end)
end)

describe("the emulator, served with TLS,", function()
  it("speaks HTTP/2", function()
    local server = emulator.start { tls = true, http2 = true, images = 50, faults = { "quota:count=1" } }
    finally(function() server.stop() end)
    local multi = curl.new { ca_file = server.ca_file, proxy = "", http2 = true }
    assert.equal(429, (list(server, { multi = multi })))
    for _ = 1, 3 do
      assert.equal(200, (list(server, { multi = multi })))
    end
    assert.equal(1, server.control("stats").connections)
    for _, spec in ipairs { "cut:at=before", "cut:at=header", "cut", "reset", "reset:at=body", "length:by=10" } do
      server.control("faults", { spec = spec })
      for _, http2 in ipairs { true, false } do
        local status, failure = list(server, { http2 = http2 })
        assert.is_nil(status, spec)
        assert.equal("transport", failure.kind)
      end
    end
    server.control("faults", { spec = "drip:part=header,bytes=40,interval=0.001" })
    assert.equal(200, (list(server)))
    server.control "faults"
    assert.equal(200, (list(server, { http2 = true })))
    server.control("settings", { gzip = true })
    assert.equal("gzip", (select(2, list(server, { http2 = true, gzip = true })))["content-encoding"])
    multi:close()
  end)
end)
