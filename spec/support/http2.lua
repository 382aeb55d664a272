-- nginx in front of hostile.c, for what that does not speak: HTTP/2, and HTTP/1.1 beside it. A response
-- carries the number of its connection in the header x-connection.

local curl = require "jdvm.curl"
local shell = require "spec.support.shell"

local M = {}

local CONFIG = [[
%s
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  ssl_certificate %s;
  ssl_certificate_key %s;
  large_client_header_buffers 4 64k;
  add_header x-connection $connection always;
  add_header x-protocol $server_protocol always;
  server { listen 127.0.0.1:%d ssl http2; location / { proxy_pass http://127.0.0.1:%d; proxy_buffering off; } }
  server { listen 127.0.0.1:%d ssl; location / { proxy_pass http://127.0.0.1:%d; proxy_buffering off; } }
  server { listen 127.0.0.1:%d ssl http2; keepalive_requests 3; location / { proxy_pass http://127.0.0.1:%d; } }
}
]]

local function write_config(folder, hostile, port)
  local file = assert(io.open(folder .. "/nginx.conf", "w"))
  local user = shell.output "id -u" == "0" and "user root;" or ""
  file:write(
    CONFIG:format(
      user,
      hostile.certificate,
      hostile.key,
      port,
      hostile.ports.http,
      port + 1,
      hostile.ports.http,
      port + 2,
      hostile.ports.http
    )
  )
  file:close()
end

local function answers(port, multi)
  local status = multi:finish(multi:start { url = "https://127.0.0.1:" .. port .. "/", timeout = 2 })
  return status == 200
end

---Starts nginx with the certificate of a hostile server; its requests go on to that server.
---@param hostile table what `hostile.start` gave
---@return table server `{http2 = base URL, http1 = base URL, goaway = base URL of HTTP/2 that ends after three
---requests of a connection, stop = function}`
function M.start(hostile)
  local folder = shell.temporary_folder()
  local multi = curl.new { ca_file = hostile.ca_file, proxy = "" }
  shell.run("mkdir " .. folder .. "/temp")
  math.randomseed(os.time() + math.floor(curl.now() * 1000) % 100000)
  for _ = 1, 8 do
    local port = math.random(20000, 32000)
    write_config(folder, hostile, port)
    -- ends with its own input, the same way as a hostile server does
    local pipe = assert(
      io.popen(
        (
          'env -u LD_PRELOAD PATH="$PATH:/usr/sbin" sh -c '
          .. "'nginx -p %s/ -c nginx.conf -e error.log & cat >/dev/null; kill -QUIT $!; wait $!' 2>/dev/null"
        ):format(folder),
        "w"
      )
    )
    for _ = 1, 100 do
      if answers(port, multi) then
        multi:close()
        return {
          http2 = "https://127.0.0.1:" .. port,
          http1 = "https://127.0.0.1:" .. port + 1,
          goaway = "https://127.0.0.1:" .. port + 2,
          stop = function()
            pipe:close()
            shell.run("rm -rf " .. folder)
          end,
        }
      end
      multi:sleep(0.02)
    end
    pipe:close()
  end
  error("nginx did not start: " .. shell.output("tail -n 5 " .. folder .. "/error.log"), 0)
end

return M
