-- Where are we? Asked at every call, because one client may be used in several of nginx's phases.

local can_yield = require "jdvm.core".can_yield

local ngx = ngx -- nil in plain Lua

local YIELDS = {
  rewrite = true,
  access = true,
  content = true,
  timer = true,
  server_rewrite = true,
  ssl_cert = true,
  preread = true,
}

---@param is_asked_later boolean? whether somebody else asks, before anything waits, whether Lua can yield
---@return string? place nil outside nginx; "yields", "init", "worker thread", "forbidden", or "within C" where the
---  phase may wait but a function in C has called this, through which Lua cannot yield
---@return string? phase as ngx.get_phase names it
return function(is_asked_later)
  if type(ngx) ~= "table" then return nil end
  -- The VM of ngx.run_worker_thread has shared dicts, but no sockets; its phase is "init", or cannot be asked for.
  if not ngx.socket then return ngx.shared and "worker thread" or nil end
  local phase = ngx.get_phase()
  if YIELDS[phase] then return (is_asked_later or can_yield()) and "yields" or "within C", phase end
  if phase == "init" then return "init", phase end
  return "forbidden", phase
end
