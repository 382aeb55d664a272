-- The handlers of nginx.conf: JSON endpoints, pages (page.lua), readiness and metrics (metrics.lua).
local cache = require "jdvm.cache"
local core = require "jdvm.core"
local encode = require "jdvm.util.json"
local jdvm = require "jdvm"
local metrics = require "metrics"
local page = require "page"
local words = require "words"

local gateway = {}

local REGIONS = { "cn-north-1", "cn-east-1", "cn-east-2", "cn-south-1" }
local STATUSES = { "ready", "pending", "deleting", "error" }
local SORTS = { "newest", "oldest", "name" }
local LIST_FIELDS =
  { "imageId", "name", "platform", "osVersion", "architecture", "systemDiskSizeGB", "status", "createTime", "desc" }
local PAGE_SIZE = 24

local DEFAULT_REGION = (os.getenv "JDCLOUD_REGION" or ""):match ".+" or REGIONS[1]

-- Lists hold what a page shows; a single image is kept whole.
local lists, images
local patience -- seconds without an answer of the service after which the gateway is not ready

---Makes the client and its caches; for init_by_lua.
---@param given { ttl: number, grace: number } seconds: how long an answer is fresh, and how much older one may be
function gateway.init(given)
  patience = given.ttl + given.grace
  local client = jdvm.new { region = DEFAULT_REGION, on_attempt = metrics.on_attempt, on_call = metrics.on_call }
  lists = cache.new { client = client, dict = "jdvm", ttl = given.ttl, options = { fields = LIST_FIELDS } }
  images = cache.new { client = client, dict = "jdvm", ttl = given.ttl }
end

local function has(list, value)
  for _, item in ipairs(list) do
    if item == value then return true end
  end
  return false
end

local function send(status, content_type, body, source)
  -- Everybody can see official images, so proxies may keep them for a moment; nothing else is for them to keep.
  local is_public = status == 200 and (source == "public" or source == "thirdparty")
  ngx.status = status
  ngx.header["Content-Type"] = content_type
  ngx.header["Cache-Control"] = is_public and "public, max-age=30" or "no-store"
  ngx.header["X-Content-Type-Options"] = "nosniff"
  -- The pages hold text that strangers wrote (names, descriptions): no script runs in them, whatever slips through.
  ngx.header["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    .. "frame-ancestors 'none'"
  ngx.print(body)
end

local function send_json(status, value, source) send(status, "application/json", encode(value, true), source) end

-- The language of the pages: the one that was chosen, or else whichever the browser prefers, which it names first.
local function language(chosen)
  local accepted = (ngx.var.http_accept_language or ""):lower()
  local zh, en = accepted:find "zh", accepted:find "en"
  return words[chosen or zh and (not en or zh < en) and "zh" or "en"]
end

-- What a request asks for: the filters as given, with defaults (wanted), what may be chosen, and the first filter
-- whose value is none of that: another region's images would be no answer to a misspelled one.
local function read_request()
  local sources, arguments = {}, ngx.req.get_uri_args()
  for source in ngx.var.image_sources:gmatch "%S+" do
    sources[#sources + 1] = source
  end
  local choices = { region = REGIONS, source = sources, status = STATUSES, sort = SORTS, lang = { "en", "zh" } }
  local filters, wrong = {}, nil
  local wanted = { region = DEFAULT_REGION, source = sources[1], sort = SORTS[1] }
  for _, name in ipairs { "region", "source", "platform", "status", "text", "sort", "page", "lang" } do
    local value = arguments[name]
    value = type(value) == "string" and value ~= "" and #value <= 256 and value or nil
    if not value or not choices[name] or has(choices[name], value) then
      filters[name], wanted[name] = value, value or wanted[name]
    else
      wrong = wrong or { name = name, value = value }
    end
  end
  return { filters = filters, wanted = wanted, choices = choices, wrong = wrong, t = language(filters.lang) }
end

-- Whether an image passes the filters that the service is not asked for.
local function passes(image, wanted)
  local text = table.concat({ image.imageId, image.name or "", image.desc or "" }, "\n"):lower()
  return (not wanted.platform or image.platform == wanted.platform)
    and (not wanted.status or image.status == wanted.status)
    and (not wanted.text or text:find(wanted.text:lower(), 1, true) ~= nil)
end

local function sort(list, order)
  local field = order == "name" and "name" or "createTime"
  table.sort(list, function(a, b)
    local of_a, of_b = (a[field] or ""):lower(), (b[field] or ""):lower()
    if of_a == of_b then return a.imageId < b.imageId end
    if order == "newest" then return of_a > of_b end
    return of_a < of_b
  end)
end

-- The images that a request wants. The whole list is cached; the other filters look into it, so that whatever people
-- type costs the service nothing.
local function find_images(request)
  local wanted = request.wanted
  local list, meta, detail = lists:list_images { regionId = wanted.region, imageSource = wanted.source }
  metrics.answered("list", detail or meta)
  if not list then return nil, meta, detail end
  local found, platforms = setmetatable({}, core.array_mt()), { wanted.platform }
  for _, image in ipairs(list) do
    if image.platform and not has(platforms, image.platform) then platforms[#platforms + 1] = image.platform end
    if passes(image, wanted) then found[#found + 1] = image end
  end
  sort(found, wanted.sort)
  table.sort(platforms)
  request.choices.platform, request.source = platforms, wanted.source
  return { images = found, count = #found, total = #list, cache = meta.cache, age = meta.age }
end

-- Sources as older versions of the service call them.
local OLD_SOURCES = { jcloud = "public", marketplace = "thirdparty", self = "private", share = "shared" }

-- One image, if nginx.conf lets people see it.
local function find_image(request, id)
  local image, meta, detail = images:describe_image { imageId = id, regionId = request.wanted.region }
  metrics.answered("image", detail or meta)
  if not image then return nil, meta, detail end
  request.source = OLD_SOURCES[image.imageSource] or image.imageSource
  if not has(request.choices.source, request.source) then
    return nil, "", { code = 404, message = "Image " .. id .. " not found" }
  end
  return { image = image, cache = meta.cache, age = meta.age }
end

-- A handler: finds what is asked for, and shows that or what is in the way.
local function handler(find, show)
  return function(id)
    local request = read_request()
    if request.wrong then return show(request, 400) end
    local result, message, detail = find(request, id)
    if result then return show(request, 200, result) end
    if detail.code == 404 then return show(request, 404, nil, detail) end
    ngx.log(ngx.WARN, message)
    show(request, 502, nil, detail)
  end
end

-- Clients are told of their own mistakes, and of ours only what helps them to report it.
local function show_json(request, status, result, detail)
  if status == 400 then
    local name = request.wrong.name
    result = { error = name .. " must be one of " .. table.concat(request.choices[name], ", ") }
  elseif status == 404 then
    result = { error = detail.message }
  elseif status == 502 then
    local text = "the image service gave no answer"
    result = { error = text, kind = detail.kind, cause = detail.cause, request_id = detail.request_id }
  end
  send_json(status, result, request.source)
end

local function show_page(render)
  return function(request, status, result)
    local t, wrong = request.t, request.wrong
    for name, value in pairs(result or {}) do
      request[name] = value
    end
    request.message = wrong and t.wrong:format(wrong.value, t[wrong.name]) or status == 404 and t.missing or nil
    request.trouble, request.path = metrics.trouble(), ngx.var.uri
    request.choices.platform = request.choices.platform or {}
    ngx.header["Vary"] = "Accept-Language"
    send(status, "text/html; charset=utf-8", render(request), request.source)
  end
end

---GET /images?region=&source=&platform=&status=&text=&sort=
gateway.list = handler(find_images, show_json)

---GET /images/ID?region=
gateway.image = handler(find_image, show_json)

---GET /: the list for people, in pages.
gateway.list_page = handler(function(request)
  local result, message, detail = find_images(request)
  if not result then return nil, message, detail end
  local found = result.images
  result.pages, result.images = math.max(1, math.ceil(#found / PAGE_SIZE)), {}
  result.page = math.min(tonumber((request.wanted.page or ""):match "^[1-9]%d*$") or 1, result.pages)
  for index = (result.page - 1) * PAGE_SIZE + 1, math.min(result.page * PAGE_SIZE, #found) do
    result.images[#result.images + 1] = found[index]
  end
  return result
end, show_page(page.list))

---GET /image/ID: one image for people.
gateway.image_page = handler(find_image, show_page(page.image))

---GET /readyz: whether answers are fresh, or since when and why the service gives none.
function gateway.ready()
  local list, meta, detail = lists:list_images { regionId = DEFAULT_REGION, imageSource = "public" }
  local trouble = metrics.trouble()
  local seconds = trouble and ngx.time() - trouble.since or 0
  local is_ready = list ~= nil and seconds <= patience
  local cause = trouble and (trouble.cause or trouble.kind) or detail and detail.cause
  send_json(is_ready and 200 or 503, { ready = is_ready, cause = cause, failing = seconds, age = (detail or meta).age })
end

---GET /metrics, for Prometheus.
function gateway.metrics() send(200, "text/plain; version=0.0.4; charset=utf-8", metrics.text()) end

return gateway
