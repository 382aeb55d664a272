-- Finds an nginx that has Lua: one with the Lua module built in, as OpenResty's, or one that loads it from files, as
-- Debian's. The specs and the benchmark start the same one.

local shell = require "jdvm.util.shell"

-- Every program of these names, in the order of PATH; then where packages put them.
local SEARCH = [[
IFS=:
for folder in $PATH /usr/sbin /usr/local/sbin /usr/local/openresty/bin /usr/local/openresty/nginx/sbin; do
  for name in nginx openresty; do
    if [ -x "$folder/$name" ]; then echo "$folder/$name"; fi
  done
done]]

local HOW_TO_INSTALL = "the emulator needs nginx with its Lua module: "
  .. "apt-get install nginx libnginx-mod-http-lua (or install OpenResty)"

local function output_of(command)
  local pipe = io.popen(command)
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- The lines that a configuration needs to have Lua; nil where this nginx has none.
local function load_modules_of(path)
  local about = output_of(shell.quote(path) .. " -V 2>&1")
  for built_in in about:gmatch("%-%-add%-module=(%S+)") do
    if built_in:find("ngx_lua", 1, true) or built_in:find("lua-nginx-module", 1, true) then return "" end
  end
  local folder = about:match("%-%-modules%-path=(%S+)")
  if not folder or not exists(folder .. "/ngx_http_lua_module.so") then return nil end
  return ("load_module %s/ndk_http_module.so;\nload_module %s/ngx_http_lua_module.so;"):format(folder, folder)
end

--- The nginx that JDVM_NGINX names, or else the first one that has Lua.
---@return string|nil path
---@return string load_modules lines that come first in its configuration, perhaps none; or what to do about it
return function()
  local chosen, problem = os.getenv("JDVM_NGINX"), "does not exist"
  for path in output_of(chosen and "command -v " .. shell.quote(chosen) or SEARCH):gmatch("[^\n]+") do
    local load_modules = load_modules_of(path)
    if load_modules then return path, load_modules end
    problem = "has no Lua module"
  end
  if not chosen then return nil, HOW_TO_INSTALL end
  return nil, ("JDVM_NGINX names %s, which %s; %s"):format(chosen, problem, HOW_TO_INSTALL)
end
