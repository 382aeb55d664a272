-- What nginx runs in the benchmark.
local M = {}

local client, catalogue, id
local counts = {}

function M.open(options, image)
  client, id = require "jdvm".new(options), image
  catalogue = require "jdvm.cache".new { client = client, dict = "jdvm", ttl = 0.5, stale = 3600 }
end

function M.describe()
  local image, message = client:describe_image(id)
  if not image then
    ngx.status = 500
    return ngx.print(message)
  end
  ngx.print(image.imageId)
end

function M.cached()
  local image, meta = catalogue:describe_image(id)
  if not image then
    ngx.status = 500
    return ngx.print(meta)
  end
  -- Counted in Lua, and put where all workers see it once in a while: the count is not what is measured.
  local state = meta.cache
  counts[state] = (counts[state] or 0) + 1
  if state == "miss" or counts[state] % 100 == 1 then ngx.shared.notes:incr(state, 1, 0) end
  ngx.print(image.imageId)
end

function M.states()
  if ngx.var.arg_reset then
    counts = {}
    return ngx.shared.notes:flush_all()
  end
  local parts = {}
  for _, state in ipairs { "hit", "stale", "miss" } do
    if ngx.shared.notes:get(state) then parts[#parts + 1] = state end
  end
  ngx.print(table.concat(parts, " "))
end

return M
