-- `jdvm emulator`: finds an nginx that has Lua, writes its configuration and leaves the rest to the supervisor.

local accounts = require "jdvm.emulator.accounts"
local catalogue = require "jdvm.emulator.catalogue"
local faults = require "jdvm.emulator.faults"
local settings = require "jdvm.emulator.settings"
local supervisor = require "jdvm.emulator.supervisor"

local M = {}

-- Exit statuses of the command, which its man page lists.
local MISUSE, FAILURE = 2, 4

local HOW_TO_INSTALL = "the emulator needs nginx with its Lua module: "
  .. "apt-get install nginx libnginx-mod-http-lua (or install OpenResty)"

local CONFIGURATION = [[
%s
daemon off;
@USER@
worker_processes %d;
worker_rlimit_nofile 8192;
pid nginx.pid;
error_log log warn;
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
    require("jdvm.emulator.server").init_worker("@FOLDER@/pulse")
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
    location @closing {
      keepalive_timeout 0;
      content_by_lua_block { require("jdvm.emulator.server").serve(true) }
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

local PROGRAMS = { "/usr/sbin/nginx", "/usr/bin/openresty", "/usr/local/openresty/bin/openresty" }
local MODULES = { "/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules" }

-- What a configuration must load to have Lua, or nil when this nginx has none. Debian's Lua module is two files.
local function lua_of(path)
  if path:find("openresty", 1, true) then return "" end
  local about
  for _, folder in ipairs(path == PROGRAMS[1] and MODULES or {}) do -- spares asking it
    if exists(folder .. "/ngx_http_lua_module.so") then about = "--modules-path=" .. folder end
  end
  about = about or output_of(quote(path) .. " -V 2>&1")
  local modules = about:match("%-%-modules%-path=(%S+)")
  if about:find("openresty", 1, true) or about:find("lua-nginx-module", 1, true) then return "" end
  if not modules or not exists(modules .. "/ngx_http_lua_module.so") then return nil end
  return ("load_module %s/ndk_http_module.so;\nload_module %s/ngx_http_lua_module.so;"):format(modules, modules)
end

-- An nginx that has Lua: JDVM_NGINX, or where packages put it, or wherever the shell finds one; else nil and why not.
local function find_nginx()
  local candidates, chosen = {}, os.getenv("JDVM_NGINX")
  for _, path in ipairs(chosen and { chosen } or PROGRAMS) do
    if exists(path) then candidates[#candidates + 1] = path end
  end
  if #candidates == 0 and not chosen then
    for path in output_of("command -v nginx; command -v openresty"):gmatch("[^\n]+") do
      candidates[#candidates + 1] = path
    end
  end
  for _, path in ipairs(candidates) do
    local load_modules = lua_of(path)
    if load_modules then return path, load_modules end
  end
  if not chosen then return nil, HOW_TO_INSTALL end
  return nil,
    ("JDVM_NGINX names %s, which %s; %s"):format(
      chosen,
      candidates[1] and "has no Lua module" or "does not exist",
      HOW_TO_INSTALL
    )
end

-- The folder that holds `jdvm/`, so that nginx loads the same files as this Lua; @PWD@ is where the command runs.
local function source_root()
  local root = debug.getinfo(1, "S").source:match("^@(.*)jdvm/emulator/launcher%.lua$")
  return root:sub(1, 1) == "/" and root or "@PWD@/" .. root
end

-- Text as words of the shell in which @NAME@ stands for a variable.
local function shell_words(text)
  local variables = { PORT = "port_here", USER = "user", FOLDER = "folder", PWD = "PWD" }
  return (quote(text):gsub("@(%u+)@", function(name) return "'\"$" .. variables[name] .. "\"'" end))
end

-- Where the search for a free port begins; different in each process.
local function candidate()
  local address = tonumber(tostring({}):match("(%x%x%x%x%x?%x?%x?)%x?$"), 16) or 0
  return (address + os.time() * 31 + math.floor(os.clock() * 1e6)) % 12000
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

--- What is wrong with the options, if anything.
local function check(options)
  for _, name in ipairs { "http2", "certificate" } do
    if options[name] and not options.tls then return "--" .. name .. " needs --tls" end
  end
  if not CERTIFICATES[options.certificate or "good"] then
    return "unknown certificate '" .. options.certificate .. "'"
  end
  for name, value in pairs(options.settings or {}) do
    local read, message = settings.read(name, value)
    if read == nil then return message end
  end
  for _, spec in ipairs(options.faults or {}) do
    local rule, message = faults.parse(spec)
    if not rule then return message end
  end
end

local function announcement(options)
  local scheme = options.tls and "https" or "http"
  local lines = { "+endpoint " .. scheme .. "://127.0.0.1:@PORT@" }
  if options.tls then lines[#lines + 1] = "ca_file @FOLDER@/ca.pem" end
  lines[#lines + 1] = "regions " .. table.concat(catalogue.regions, " ")
  for _, account in ipairs(accounts.list) do
    lines[#lines + 1] =
      table.concat({ "account", account.name, account.access_key, account.secret_key, account.token }, " ")
  end
  lines[#lines + 1] = "control " .. scheme .. "://127.0.0.1:@PORT@/_emulator"
  lines[#lines + 1] = "ready"
  return table.concat(lines, "\n+")
end

local function server_options(options)
  return { seed = options.seed, images = options.images, settings = options.settings, faults = options.faults }
end

-- The shell text that becomes the supervisor.
local function supervisor_command(nginx, load_modules, options)
  local cpath = _VERSION == "Lua 5.1" and package.cpath .. ";;" or ";;"
  local listen = (options.tls and " ssl" or "") .. (options.http2 and " http2" or "")
  local variables = {
    nginx = nginx,
    port = options.port or 0,
    candidate = candidate(),
    announcement = shell_words(announcement(options)),
    configuration = shell_words(
      CONFIGURATION:format(
        load_modules,
        options.workers or 1,
        source_root() .. "?.lua;;",
        cpath,
        lua_text(server_options(options)),
        options.tls and TLS or "",
        listen
      )
    ),
    supervise = supervisor.supervise,
    make_certificate = supervisor.make_certificate,
    certificate = options.tls and (options.certificate or "good") or "",
    names = options.certificate == "wrong-name" and "DNS:elsewhere.example" or CERTIFICATE_NAMES,
  }
  local command = {}
  for name, value in pairs(variables) do
    command[#command + 1] = name .. "=" .. quote(value) .. "; export " .. name
  end
  command[#command + 1] = supervisor.become
  return table.concat(command, "\n")
end

--- Serves until stopped.
---@param options table `{port, tls, http2, certificate, images, workers, seed, settings, faults}`
---@return number exit status
---@return string|nil message when it could not start
function M.run(options)
  local problem = check(options)
  if problem then return MISUSE, problem end
  local nginx, load_modules = find_nginx()
  if not nginx then return FAILURE, load_modules end
  local pipe = io.popen(supervisor_command(nginx, load_modules, options))
  local said = {}
  local function relay()
    for line in pipe:lines() do
      local name, value = line:match("^(%l+) (.*)$")
      if line:sub(1, 1) == "+" then
        io.stdout:write(line:sub(2), "\n")
        io.stdout:flush()
      elseif name then
        said[name] = value
      end
    end
  end
  -- An interrupt makes the read fail, or waits for the next dot of the supervisor; either way Lua raises an error
  -- of its own after it, in here or on the way out.
  local is_calm, ended_well = pcall(pcall, relay)
  local is_interrupted = not (is_calm and ended_well)
  if is_interrupted and said.pid then os.execute("kill -TERM " .. said.pid .. " 2>/dev/null") end
  pipe:close()
  if not is_interrupted and not said.status and said.folder then -- the supervisor was killed; nginx then ends itself
    os.execute("rm -rf " .. quote(said.folder))
    return FAILURE, "its supervisor was killed"
  end
  return tonumber(said.status) or is_interrupted and 0 or FAILURE
end

return M
