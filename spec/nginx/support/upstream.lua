--- The service that the transport's cases talk to: plain HTTP, and TLS with one server for each certificate.
--- Runs its handlers inside nginx (as module of its own Lua) and, outside, makes the configuration.
local M = {}

local HTTP = [[
  lua_shared_dict counters 1m;
  keepalive_requests 100000;
  reset_timedout_connection on;
  ssl_protocols TLSv1.2 TLSv1.3;
  map $scheme $tls { https 1; default 0; }
  %s
]]

local SERVER = [[
  server {
    listen 127.0.0.1:%d %s;
    %s
    keepalive_timeout %s;
    location / { content_by_lua_block { require("spec.nginx.support.upstream").serve() } }
  }
]]

--- The http block. `ports` gets a port for each of: plain, impatient (closes idle connections after 1 s), and the
--- certificates good, wrong, unknown, self, first-and-second intermediate.
function M.http(ports, certificates)
  local servers = {
    SERVER:format(ports.plain, "", "", "60s"),
    SERVER:format(ports.impatient, "", "", "1s"),
    (SERVER:format(ports.six, "", "", "60s"):gsub("127%.0%.0%.1", "[::1]")),
  }
  local chain = { deep = "deep-chain" }
  for _, name in ipairs { "good", "wrong", "unknown", "self", "deep" } do
    local files = ("ssl_certificate %s/%s.pem; ssl_certificate_key %s/%s.key;"):format(
      certificates,
      chain[name] or name,
      certificates,
      name
    )
    servers[#servers + 1] = SERVER:format(ports[name], "ssl", files, "60s")
  end
  return HTTP:format(table.concat(servers))
end

local pages = {}

local function count(name) return ngx.shared.counters:incr(name, 1, 0) end

-- What arrived, one "name: value" a line, after the request line.
function pages.echo() ngx.print(ngx.req.raw_header()) end

-- How many requests has this connection carried, and how many connections are there?
function pages.connection() ngx.print(ngx.var.connection_requests, " ", ngx.var.connection) end

function pages.slow()
  local now = count("running")
  ngx.shared.counters:set("peak", math.max(now, ngx.shared.counters:get("peak") or 0))
  count("slow")
  ngx.sleep(tonumber(ngx.var.arg_s or 0.05))
  ngx.shared.counters:incr("running", -1)
  ngx.print("page ", ngx.var.arg_n or "")
end

function pages.counters()
  ngx.print(ngx.shared.counters:get("slow") or 0, " ", ngx.shared.counters:get("peak") or 0)
  if ngx.var.arg_reset then ngx.shared.counters:flush_all() end
end

function pages.large()
  ngx.header.content_length = tonumber(ngx.var.arg_bytes)
  local piece = ("x"):rep(1000)
  for _ = 1, tonumber(ngx.var.arg_bytes) / 1000 do
    ngx.print(piece)
  end
end

function pages.chunked()
  for number = 1, 50 do
    ngx.print(("%04d"):format(number):rep(number))
    if number % 10 == 0 then ngx.flush(true) end
  end
end

-- Bytes as the request asks for them: each argument of the query, in order, is one step.
--   send=TEXT (%-escaped)   wait=SECONDS   read=1 (the next request's header)
--   drip=COUNT,SECONDS   hang=1   reset=1 (RST instead of the orderly close at the end)
function pages.raw()
  local query = ngx.var.args or ""
  local socket = assert(ngx.req.socket(true))
  for name, value in query:gmatch("([^=&]+)=([^&]*)") do
    value = ngx.unescape_uri(value)
    if name == "send" then
      socket:send(value)
    elseif name == "wait" then
      ngx.sleep(tonumber(value))
    elseif name == "read" then
      repeat
        local line = socket:receive("*l")
      until not line or line == ""
    elseif name == "drip" then
      local pieces, pause = value:match("(%d+),([%d.]+)")
      for _ = 1, tonumber(pieces) do
        if not socket:send("x") then break end
        ngx.sleep(tonumber(pause))
      end
    elseif name == "hang" then
      ngx.sleep(5)
    elseif name == "reset" then
      return ngx.exit(444)
    end
  end
end

function M.serve()
  local page = pages[ngx.var.uri:match("^/(%w+)")]
  if not page then return ngx.exit(404) end
  page()
end

return M
