--- A catalogue shared by four workers, and what its answers were.
local M = {}

local catalogue, id

--- `redis`: options of a store behind the dict.
function M.open(options, image, redis)
  local client, store = require "jdvm".new(options), redis and require "jdvm.stores.redis".new(redis)
  catalogue =
    require "jdvm.cache".new { client = client, dict = "jdvm", ttl = 0.5, stale = 60, lock_ttl = 1, store = store }
  id = image
end

-- What states were seen since the start of the load, and the longest time in seconds that an answer took: the
-- processor's, and whatever the request waited for.
local function note(state, seconds)
  local notes = ngx.shared.notes
  if state == "miss" and not notes:get("warm") then return notes:set("warm", true) end
  if not notes:get("state " .. state) then
    notes:set("state " .. state, true)
    notes:set("states", (notes:get("states") or "") .. state .. " ")
  end
  if seconds > (notes:get("slowest") or 0) then notes:set("slowest", seconds) end
end

function M.image()
  ngx.update_time()
  local start = ngx.now()
  local image, meta = catalogue:describe_image(id)
  ngx.update_time()
  if not image then
    ngx.status = 500
    return ngx.print(meta)
  end
  note(meta.cache, ngx.now() - start)
  ngx.print(image.imageId)
end

--- The image ?id=…: where it came from, and how long that took.
function M.one()
  ngx.update_time()
  local start = ngx.now()
  local image, meta = catalogue:describe_image(ngx.var.arg_id)
  ngx.update_time()
  ngx.print(image and meta.cache .. " " .. ngx.now() - start or meta)
end

function M.from_log()
  local image = catalogue:describe_image(id)
  local none, message = catalogue:describe_image "img-0000000000"
  ngx.shared.notes:set("log", (image and image.imageId or "no image") .. " " .. tostring(none) .. " " .. message)
end

return M
