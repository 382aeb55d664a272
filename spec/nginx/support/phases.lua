--- One call of a shared client, tried wherever nginx runs Lua; what came of it is left in the dict "notes".
local M = {}

local client, id

--- Makes the client, in nginx's init phase, as a user would.
function M.open(options, image)
  client, id = require "jdvm".new(options), image
  M.options = options
end

local function describe(with)
  local ok, result, message, detail = pcall(with.describe_image, with, id)
  if not ok then return "raised " .. tostring(result) end
  if result then return "ok " .. result.imageId end
  return detail.kind .. " " .. tostring(detail.phase) .. ": " .. message
end

--- Tries it here and notes the outcome under a name.
function M.try(name)
  ngx.shared.notes:set(name, describe(client))
end

--- Tries it with other options than the shared client's.
function M.try_with(name, changes)
  local options = {}
  for key, value in pairs(M.options) do options[key] = value end
  for key, value in pairs(changes) do options[key] = value end
  ngx.shared.notes:set(name, describe(require "jdvm".new(options)))
end

--- What ngx.run_worker_thread runs: in a Lua of its own, so with a client of its own.
function M.in_thread(options, image)
  M.open(options, image)
  return describe(client)
end

function M.note()
  ngx.print(ngx.shared.notes:get(ngx.unescape_uri(ngx.var.arg_name)) or "nothing")
end

return M
