-- `jdvm emulator`: finds an nginx that has Lua, writes its configuration and leaves the rest to the supervisor.

local accounts = require "jdvm.emulator.accounts"
local catalogue = require "jdvm.emulator.catalogue"
local settings = require "jdvm.emulator.settings"
local supervisor = require "jdvm.emulator.supervisor"

local M = {}

local HOW_TO_INSTALL = "the emulator needs nginx with its Lua module, and lua-cjson: "
  .. "apt-get install nginx libnginx-mod-http-lua lua-cjson (or install OpenResty)"

local CONFIGURATION = [[
%s
daemon off;
@USER@
worker_processes %d;
worker_rlimit_nofile 8192;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  server_tokens off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  lua_package_path "%s";
  lua_package_cpath "%s";
  lua_shared_dict jdvm_values 16m;
  lua_shared_dict jdvm_nonces 64m;
  init_by_lua_block {
    require("jdvm.emulator.server").init(%s)
  }
  init_worker_by_lua_block {
    require("jdvm.emulator.server").init_worker("@FOLDER@/ready")
  }
  underscores_in_headers on;
  ignore_invalid_headers off;
  client_header_buffer_size 16k;
  large_client_header_buffers 4 128k;
  client_max_body_size 100m;
  keepalive_requests 1000000;
  keepalive_timeout 300s;
  lingering_close off;
  lua_check_client_abort on;
  lua_use_default_type off;
  lua_socket_log_errors off;
  reset_timedout_connection on;
  gzip on; gzip_types application/json; gzip_proxied any; gzip_min_length 0; gzip_comp_level 1; gzip_http_version 1.0;
  gzip_buffers 64 16k;
  %s
  server {
    listen 127.0.0.1:@PORT@%s backlog=1024;
    location / {
      content_by_lua_block { require("jdvm.emulator.server").serve() }
      log_by_lua_block { require("jdvm.emulator.server").leave() }
    }
    location /_emulator {
      allow 127.0.0.1;
      deny all;
      content_by_lua_block { require("jdvm.emulator.server").control() }
    }
  }
}
]]

local TLS = [[ssl_certificate server.pem; ssl_certificate_key server.key; ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:1m;]]

local CERTIFICATE_NAMES = "DNS:localhost,IP:127.0.0.1,DNS:vm.jdcloud-api.com,DNS:vm.jdcloud-api.test"
local CERTIFICATES = { good = true, ["wrong-name"] = true, ["unknown-ca"] = true, ["self-signed"] = true, chain = true }

local function quote(text) return "'" .. tostring(text):gsub("'", "'\\''") .. "'" end

local function output_of(command)
  local pipe = io.popen(command)
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- The program and what its configuration must load; Debian's Lua module comes as two files to load.
local function find_nginx()
  local candidates = output_of [[
    for name in ${JDVM_NGINX:-nginx /usr/sbin/nginx openresty /usr/local/openresty/bin/openresty}; do
      path=$(command -v "$name") && printf '%s\n' "$path"
    done]]
  for path in candidates:gmatch("[^\n]+") do
    local about = output_of(quote(path) .. " -V 2>&1")
    local modules = about:match("%-%-modules%-path=(%S+)")
    if about:find("openresty", 1, true) or about:find("lua%-nginx%-module") or about:find("ngx_lua") then
      return path, ""
    elseif modules and exists(modules .. "/ngx_http_lua_module.so") then
      return path, ("load_module %s/ndk_http_module.so;\nload_module %s/ngx_http_lua_module.so;")
        :format(modules, modules)
    end
  end
end

-- The folder that holds `jdvm/`, so that nginx loads the same files as this Lua.
local function source_root()
  local root = debug.getinfo(1, "S").source:match("^@(.*)jdvm/emulator/launcher%.lua$")
  if root:sub(1, 1) ~= "/" then root = output_of("pwd"):gsub("\n$", "") .. "/" .. root end
  return root
end

local function lua_text(value)
  if type(value) ~= "table" then return type(value) == "string" and ("%q"):format(value) or tostring(value) end
  local parts = {}
  for name, item in pairs(value) do
    local key = type(name) == "number" and "" or "[" .. lua_text(name) .. "] = "
    parts[#parts + 1] = key .. lua_text(item)
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

---What is wrong with the options, if anything.
local function check(options)
  if options.http2 and not options.tls then return "--http2 needs --tls" end
  if not CERTIFICATES[options.certificate or "good"] then
    return "unknown certificate '" .. options.certificate .. "'"
  end
  for name, value in pairs(options.settings or {}) do
    local read, message = settings.read(name, value)
    if read == nil then return message end
  end
end

local function announcement(options)
  local scheme = options.tls and "https" or "http"
  local lines = { "endpoint " .. scheme .. "://127.0.0.1:@PORT@" }
  if options.tls then lines[#lines + 1] = "ca_file @FOLDER@/ca.pem" end
  lines[#lines + 1] = "regions " .. table.concat(catalogue.regions, " ")
  for _, account in ipairs(accounts.list) do
    lines[#lines + 1] = table.concat({ "account", account.name, account.access_key, account.secret_key,
      account.token }, " ")
  end
  lines[#lines + 1] = "control " .. scheme .. "://127.0.0.1:@PORT@/_emulator"
  lines[#lines + 1] = "ready"
  return table.concat(lines, "\n")
end

---Serves until stopped.
---@param options table `{port, tls, http2, certificate, images, workers, seed, settings, faults}`
---@return number exit status
---@return string|nil message when it could not start
function M.run(options)
  local problem = check(options)
  if problem then return 2, problem end
  local nginx, load_modules = find_nginx()
  if not nginx then return 1, HOW_TO_INSTALL end
  local root = source_root()
  local cpath = _VERSION == "Lua 5.1" and package.cpath .. ";;" or ";;"
  local server = { seed = options.seed, images = options.images, settings = options.settings,
    faults = options.faults }
  local names = options.certificate == "wrong-name" and "DNS:elsewhere.example" or CERTIFICATE_NAMES
  local configuration = CONFIGURATION:format(load_modules, options.workers or 1, root .. "?.lua;;", cpath,
    lua_text(server), options.tls and TLS or "", (options.tls and " ssl" or "") .. (options.http2 and " http2" or ""))
  local variables = {
    nginx = nginx, port = options.port or 0, configuration = configuration, announcement = announcement(options),
    supervise = supervisor.supervise, make_certificate = supervisor.make_certificate, names = names,
    certificate = options.tls and (options.certificate or "good") or "",
  }
  local command = {}
  for name, value in pairs(variables) do command[#command + 1] = name .. "=" .. quote(value) .. "; export " .. name end
  command[#command + 1] = supervisor.front
  local first, _, code = os.execute(table.concat(command, "\n"))
  if type(first) == "number" then return math.floor(first / 256) end
  return first and 0 or code
end

return M
