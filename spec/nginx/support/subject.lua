--- The nginx under test: the http block with jdvm in it, and the location that runs a case.
local M = {}

local HTTP = [[
  lua_ssl_trusted_certificate %s;
  lua_ssl_protocols TLSv1.2 TLSv1.3;
  ssl_protocols TLSv1.2 TLSv1.3;
  lua_socket_log_errors off;
  lua_shared_dict jdvm 2m;
  lua_shared_dict jdvm_locks 100k;
  lua_shared_dict tiny 32k;
  lua_shared_dict notes 1m;
  ssl_certificate %s/good.pem;
  ssl_certificate_key %s/good.key;
  %s
  server {
    listen 127.0.0.1:%d;
    location = /ready { return 200 "ready"; }
    location /case/ { content_by_lua_block { require("spec.nginx.support.subject").serve() } }
    %s
  }
]]

--- options: certificates (folder), ca (file), port; http and server: more lines for those blocks
function M.http(options)
  local c = options.certificates
  return HTTP:format(options.ca or c .. "/ca.pem", c, c, options.http or "", options.port, options.server or "")
end

--- Runs the case /case/FILE/NUMBER and prints "ok", or what went wrong.
function M.serve()
  local file, number = ngx.var.uri:match("^/case/(%w+)/(%d+)$")
  local case = require("spec.nginx.cases." .. file)[tonumber(number)]
  local run = require("cjson.safe").decode(ngx.req.get_headers()["x-run"] or "") or {}
  if run.emulator then run.control = require "spec.nginx.support.control"(run.emulator) end
  local ok, message = xpcall(case.run, function(err)
    if type(err) == "table" then return require("spec.nginx.support.check").show(err) .. debug.traceback() end
    return err:find("^[^\n]*spec/nginx/cases/") and err or debug.traceback(err)
  end, run)
  ngx.print(ok and "ok" or message)
end

return M
