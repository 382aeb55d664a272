-- The handlers of nginx.conf: JSON endpoints, health, and the catalogue page (page.lua).
local cache = require "jdvm.cache"
local core = require "jdvm.core"
local encode = require "jdvm.util.json"
local jdvm = require "jdvm"
local page = require "page"

local gateway = {}

local REGIONS = { "cn-north-1", "cn-east-1", "cn-east-2", "cn-south-1" }
local SOURCES = { "public", "thirdparty", "private", "shared", "community" }
local FIELDS = {
  "imageId",
  "name",
  "platform",
  "osVersion",
  "architecture",
  "systemDiskSizeGB",
  "status",
  "createTime",
  "desc",
}
local PAGE_SIZE = 24

-- An empty value counts as none.
local given_region = os.getenv "JDCLOUD_REGION"
local DEFAULT_REGION = given_region and given_region ~= "" and given_region or REGIONS[1]

-- Lists hold what a page shows; a single image is kept whole.
local lists, images

---Makes the client and its caches; for init_by_lua.
function gateway.init()
  local client = jdvm.new { region = DEFAULT_REGION }
  lists = cache.new { client = client, dict = "jdvm", ttl = 60, stale = 3600, options = { fields = FIELDS } }
  images = cache.new { client = client, dict = "jdvm", ttl = 60, stale = 3600, negative_ttl = 5 }
end

local function send(status, content_type, body)
  ngx.status = status
  ngx.header["Content-Type"] = content_type
  ngx.header["X-Content-Type-Options"] = "nosniff"
  -- The page holds text that strangers wrote (names, descriptions): no script runs in it, whatever slips through.
  ngx.header["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    .. "frame-ancestors 'none'"
  ngx.print(body)
end

-- What a client of ours is told of a failure: its own mistakes, and nothing of ours.
local function send_failure(message, detail)
  ngx.log(ngx.WARN, message)
  if detail.kind == "api" and detail.code == 404 then
    return send(404, "application/json", encode({ error = detail.message }, true))
  end
  send(502, "application/json", encode({ error = "the image service gave no answer", kind = detail.kind }, true))
end

-- At most 64 characters, none of them cut.
local function shorten(text) return text:match("^" .. ("[%z\1-\127\192-\255]?[\128-\191]*"):rep(64)) end

-- The filters of a request, the parameters that they mean for the service, and what is wrong with them; the default
-- takes the place of what is wrong.
local function filters_of(arguments)
  local fault
  local function text(name)
    local value = arguments[name]
    return type(value) == "string" and value ~= "" and shorten(value) or nil
  end
  local function one_of(name, list, default)
    local value = text(name)
    if not value then return default end
    for _, known in ipairs(list) do
      if known == value then return value end
    end
    fault = name .. " must be one of " .. table.concat(list, ", ")
    return default
  end
  local filters = {
    region = one_of("region", REGIONS, DEFAULT_REGION),
    source = one_of("source", SOURCES, SOURCES[1]),
    platform = text "platform",
    text = text "text",
    page = math.max(1, math.floor(tonumber(text "page") or 1)),
  }
  return filters, { regionId = filters.region, imageSource = filters.source }, fault
end

-- For programs: another region's images would be no answer to a misspelled one.
local function arguments_are_good()
  local arguments = ngx.req.get_uri_args()
  local _, _, fault = filters_of(arguments)
  if fault then send(400, "application/json", encode({ error = fault }, true)) end
  return not fault and arguments
end

local function contains(image, words)
  local haystack = table.concat({ image.imageId, image.name or "", image.desc or "" }, "\n"):lower()
  for word in words:lower():gmatch("%S+") do
    if not haystack:find(word, 1, true) then return false end
  end
  return true
end

-- The images of a request. The whole list is cached; platform and text are looked for in it, so that whatever
-- people type costs the service nothing.
local function images_of(arguments)
  local filters, params = filters_of(arguments)
  local list, meta, detail = lists:list_images(params)
  if not list then return nil, meta, detail end
  local found, platforms, seen = {}, {}, {}
  for _, image in ipairs(list) do
    if image.platform and not seen[image.platform] then
      seen[image.platform] = true
      platforms[#platforms + 1] = image.platform
    end
    if
      (not filters.platform or image.platform == filters.platform)
      and (not filters.text or contains(image, filters.text))
    then
      found[#found + 1] = image
    end
  end
  table.sort(platforms)
  return {
    filters = filters,
    images = found,
    total = #list,
    platforms = platforms,
    regions = REGIONS,
    sources = SOURCES,
    cache = meta.cache,
    age = meta.age,
  }
end

---GET /images?region=&source=&platform=&text=
function gateway.list()
  local arguments = arguments_are_good()
  if not arguments then return end
  local result, message, detail = images_of(arguments)
  if not result then return send_failure(message, detail) end
  local found = setmetatable(result.images, core.array_mt())
  send(
    200,
    "application/json",
    encode({ images = found, count = #found, total = result.total, cache = result.cache }, true)
  )
end

---GET /images/ID?region=
function gateway.show(id)
  local arguments = arguments_are_good()
  if not arguments then return end
  local _, params = filters_of(arguments)
  local image, meta, detail = images:describe_image { imageId = id, regionId = params.regionId }
  if not image then return send_failure(meta, detail) end
  send(200, "application/json", encode({ image = image, cache = meta.cache }, true))
end

---GET /: the catalogue for people, in pages.
function gateway.page()
  local arguments = ngx.req.get_uri_args()
  local result, message = images_of(arguments)
  if not result then
    ngx.log(ngx.WARN, message)
    local empty = { filters = filters_of(arguments), platforms = {}, regions = REGIONS, sources = SOURCES }
    return send(502, "text/html; charset=utf-8", page.failure(empty))
  end
  local found = result.images
  result.count, result.pages = #found, math.max(1, math.ceil(#found / PAGE_SIZE))
  result.page, result.images = math.min(result.filters.page, result.pages), {}
  for index = (result.page - 1) * PAGE_SIZE + 1, math.min(result.page * PAGE_SIZE, #found) do
    result.images[#result.images + 1] = found[index]
  end
  send(200, "text/html; charset=utf-8", page.render(result))
end

---GET /health: whether images can be had, from the service or from the cache.
function gateway.health()
  local list, meta, detail = lists:list_images { regionId = DEFAULT_REGION, imageSource = "public" }
  send(
    list and 200 or 503,
    "application/json",
    encode({ healthy = list ~= nil, cache = list and meta.cache or nil, kind = detail and detail.kind }, true)
  )
end

return gateway
