-- The numbers of jdvm inside nginx: nginx.lua [ROUNDS] [SECONDS]; started by bench_nginx.sh.
-- The worker under test has a core of its own; wrk and the emulator share the other. Each comparison runs both sides
-- in turn, so that a slow phase of the machine meets both; medians, with the range.
local core = require "jdvm.core"
local hmac = require "spec.support.hmac"

local shell = require "spec.support.shell"
local socket = require "socket"
local world = require "spec.nginx.support.world"

local rounds, seconds = tonumber(arg[1] or 7), tonumber(arg[2] or 3)
local CONNECTIONS = 64

local HTTP = [[
  init_by_lua_block { require("spec.bench.nginx_handlers").open({ %s }, "%s") }
  upstream service { server 127.0.0.1:%d; keepalive 100; keepalive_requests 1000000; }
]]

local SERVER = [[
  keepalive_requests 100000000;
  location = /describe { content_by_lua_block { require("spec.bench.nginx_handlers").describe() } }
  location = /cached { content_by_lua_block { require("spec.bench.nginx_handlers").cached() } }
  location = /constant { content_by_lua_block { ngx.print("img-0000000000") } }
  location = /states { content_by_lua_block { require("spec.bench.nginx_handlers").states() } }
  location = /proxy {
    proxy_pass https://service%s;
    proxy_http_version 1.1;
    proxy_pass_request_headers off;
    proxy_set_header Connection "";
    proxy_set_header Host "localhost:%d";
    proxy_set_header Content-Type application/json;
    proxy_set_header X-Jdcloud-Date %s;
    proxy_set_header X-Jdcloud-Nonce $request_id;
    proxy_set_header Authorization "%s";
    proxy_ssl_verify on;
    proxy_ssl_verify_depth 5;
    proxy_ssl_trusted_certificate %s;
    proxy_ssl_name localhost;
    proxy_ssl_server_name on;
    proxy_ssl_protocols TLSv1.2 TLSv1.3;
  }
]]

-- A signature that nginx can send again and again: date and nonce are not signed (as the service's Python SDK does),
-- so that nginx may put a new nonce into each request.
local function authorization(run, path, date)
  local signed, host = "content-type;host", "localhost:" .. run.emulator
  local canonical = ("GET\n%s\n\ncontent-type:application/json\nhost:%s\n\n%s\n%s"):format(
    path,
    host,
    signed,
    core.sha256 ""
  )
  local signature, scope = hmac.signature(run.secret_key, date, "cn-north-1", core.sha256(canonical))
  return ("JDCLOUD2-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"):format(
    run.access_key,
    scope,
    signed,
    signature
  )
end

local function start(run, workers)
  local path = "/v1/regions/cn-north-1/images/" .. run.ids[1]
  local date = os.date "!%Y%m%dT%H%M%SZ"
  local server = world.subject {
    ca = run.ca,
    workers = workers,
    http = HTTP:format(world.client_options(run), run.ids[1], run.emulator),
    server = SERVER:format(path, run.emulator, date, authorization(run, path, date), run.ca),
  }
  -- One core for one worker; where there is but one, all share it.
  if workers == 1 then shell.run("taskset -pc 0 " .. server:workers()[1] .. " >/dev/null") end
  return server
end

-- Seconds on a processor, from a clock of nanoseconds: the one of `stat` has ticks of 10 ms.
local function cpu_of(pid) return tonumber(shell.read("/proc/" .. pid .. "/schedstat"):match("^%d+")) * 1e-9 end

local function resident(pid) return tonumber(shell.read("/proc/" .. pid .. "/status"):match("VmRSS:%s*(%d+)")) end

-- Requests a second, processor time of the worker a request (µs), and the 99th percentile (ms).
local function load(server, path, duration)
  local pid = server:workers()[1]
  local before = cpu_of(pid)
  local output = shell.output(
    ("taskset -c %s wrk -t1 -c%d -d%ss --latency http://127.0.0.1:%d%s"):format(
      shell.output "nproc" == "1" and "0" or "1",
      CONNECTIONS,
      duration,
      server.port,
      path
    )
  )
  local spent = cpu_of(pid) - before
  local requests = tonumber(output:match("(%d+) requests in"))
  local bad = output:match("Non%-2xx[^\n]*") or output:match("Socket errors[^\n]*")
  if bad then error(path .. ": " .. bad) end
  local p99, unit = output:match("99%%%s+([%d.]+)(%a+)")
  return {
    rate = tonumber(output:match("Requests/sec:%s+([%d.]+)")),
    cpu = spent / requests * 1e6,
    requests = requests,
    p99 = tonumber(p99) * (unit == "us" and 0.001 or unit == "s" and 1000 or 1),
  }
end

local function median(values)
  local sorted = {}
  for index, value in ipairs(values) do
    sorted[index] = value
  end
  table.sort(sorted)
  return sorted[math.ceil(#sorted / 2)], sorted[1], sorted[#sorted]
end

local function field_of(list, field)
  local values = {}
  for index, item in ipairs(list) do
    values[index] = item[field]
  end
  return values
end

-- Both in turn, in rounds; the ratios are those of the median round.
local function compare(title, server, ours, theirs)
  local results, ratios = { [ours] = {}, [theirs] = {} }, { rate = {}, cpu = {} }
  for round = 1, rounds do
    for _, path in ipairs(round % 2 == 1 and { ours, theirs } or { theirs, ours }) do
      results[path][round] = load(server, path, seconds)
    end
    for field, list in pairs(ratios) do
      list[round] = results[ours][round][field] / results[theirs][round][field]
    end
  end
  print(title)
  for _, path in ipairs { ours, theirs } do
    local list = results[path]
    local rate, least_rate, most_rate = median(field_of(list, "rate"))
    local cpu, least_cpu, most_cpu = median(field_of(list, "cpu"))
    print(
      ("  %-10s %7.0f requests/s (%.0f to %.0f)   %5.1f µs of the worker (%.1f to %.1f)   p99 %.1f ms"):format(
        path,
        rate,
        least_rate,
        most_rate,
        cpu,
        least_cpu,
        most_cpu,
        (median(field_of(list, "p99")))
      )
    )
  end
  return ratios
end

local failed = 0
local function verdict(text, value, holds, wanted)
  if not holds then failed = failed + 1 end
  print(("  %s: %s (%s %s)"):format(text, value, holds and "as wanted:" or "NOT as wanted:", wanted))
end

local emulator, run = world.emulator { tls = true, images = 100 }
shell.run("for pid in $(pgrep -P " .. emulator.pid .. "); do taskset -apc 1 $pid; done >/dev/null 2>&1")

local server = start(run, 1)
-- The traces that LuaJIT makes in a worker's first seconds are not what is measured.
for _, path in ipairs { "/describe", "/proxy", "/cached", "/constant" } do
  load(server, path, 2)
end
emulator.control("settings", { latency = 0.05 })
local function range(values) return ("%.3f (%.3f to %.3f)"):format(median(values)) end

local ratios =
  compare("describe_image beside proxy_pass, 50 ms of service time, TLS verified", server, "/describe", "/proxy")
verdict("throughput ratio", range(ratios.rate), median(ratios.rate) >= 0.95, "at least 0.95")
verdict("processor ratio", range(ratios.cpu), median(ratios.cpu) <= 1.6, "at most 1.6")
emulator.control("settings", { latency = 0 })
ratios = compare("the same without service time", server, "/describe", "/proxy")
print("  processor ratio: " .. range(ratios.cpu))

ratios = compare("a warm cache beside a constant", server, "/cached", "/constant")
verdict("throughput ratio", range(ratios.rate), median(ratios.rate) >= 0.5, "at least 0.5")

-- Memory, of a worker that has not served yet.
server:stop()
server = start(run, 1)
print("memory of the worker")
local done, at = 0, {}
while done < 200000 do
  done = done + load(server, "/describe", 2).requests
  if done >= 20000 and not at.first then at.first = resident(server:workers()[1]) end
end
at.last = resident(server:workers()[1])
verdict(
  ("%d KB after 20,000 requests, %d KB after 200,000"):format(at.first, at.last),
  ("%+.1f %%"):format((at.last / at.first - 1) * 100),
  at.last <= at.first * 1.05,
  "at most +5 %"
)
server:stop()

print "four workers, ttl 0.5 s, 50 ms of service time, 6 s"
server = start(run, 4)
world.get(server, "/cached")
world.get(server, "/states?reset=1")
emulator.control("reset")
emulator.control("settings", { latency = 0.05 })
local result = load(server, "/cached", 6)
local fetched = emulator.control("stats").requests
local states = world.get(server, "/states")
verdict("fetches", ("%d"):format(fetched), fetched <= 13, "at most one each 0.5 s")
verdict("answers", states, not states:find("miss"), "none waited for a fetch")
print(("  %.0f requests/s, p99 %.1f ms"):format(result.rate, result.p99))
emulator:stop()
socket.sleep(1)
world.get(server, "/states?reset=1")
load(server, "/cached", 2)
states = world.get(server, "/states")
verdict("answers without the service", states, not states:find("miss") and not states:find("hit"), "all stale")
server:stop()
world.clean()
print(failed == 0 and "all as wanted" or failed .. " not as wanted")
os.exit(failed == 0)
