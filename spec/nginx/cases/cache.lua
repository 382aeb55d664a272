--- The cache, against the emulator. Each case has a catalogue of its own, by its name.
local check = require "spec.nginx.support.check"
local encode = require "jdvm.util.json"
local equal, contains, failed, truthy = check.equal, check.contains, check.failed, check.truthy

local cases, case = check.cases()

local number = 0

-- A catalogue whose entries no other case sees.
local function new(run, more, client_options)
  number = number + 1
  local options = {
    client = check.client(run, client_options),
    dict = "jdvm",
    ttl = 60,
    stale = 60,
    negative_ttl = 60,
    name = "case " .. number,
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return require "jdvm.cache".new(options)
end

local function requests(run) return run.control("stats").requests end

case("fetches once, then hits, and gives everyone tables of their own", function(run)
  run.control("reset")
  local catalogue = new(run)
  local image, meta = catalogue:describe_image(run.ids[1])
  equal(run.ids[1], truthy(image, meta).imageId)
  equal("miss", meta.cache)
  for _ = 1, 3 do
    local again, hit = catalogue:describe_image(run.ids[1])
    equal("hit", hit.cache)
    equal(check.show(image), check.show(again))
    equal(meta.request_id, hit.request_id)
    check.between(0, 5 * run.patience, hit.age, "age")
    again.name, again.systemDisk.diskType = "changed", "changed"
  end
  equal(1, requests(run))
end)

case("keeps lists, by their parameters", function(run)
  local catalogue = new(run)
  run.control("reset")
  local all, meta = catalogue:list_images { imageSource = "public" }
  equal(#run.ids, #truthy(all, meta))
  equal("miss", meta.cache)
  local fetched = requests(run)
  local again, hit = catalogue:list_images { imageSource = "public" }
  equal("hit", hit.cache)
  equal(check.show(all), check.show(again))
  equal(fetched, requests(run))
  for _, params in ipairs {
    { imageSource = "public", platform = "CentOS" },
    { imageSource = "private" },
    { ids = { run.ids[1], run.ids[2] } },
    { ids = { run.ids[2], run.ids[1] } },
    { imageSource = "public", regionId = "cn-east-2" },
    { imageSource = "public", imageName = "a" },
    { imageSource = "public", imageName = "a platform=Ubuntu" },
    { imageSource = "public", imageName = "a", platform = "Ubuntu" },
  } do
    equal("miss", select(2, catalogue:list_images(params)).cache)
    equal("hit", select(2, catalogue:list_images(params)).cache)
  end
end)

case("keeps empty arrays, integers beyond 2^53 and null", function(run)
  local function transport()
    return {
      status = 200,
      headers = {},
      body = '{"requestId":"r","result":{"image":{"imageId":"i","sizeMB":'
        .. '9007199254740993,"n":9007199254740991,"dataDisks":[],"charge":{},"list":[null],"none":null}}}',
    }
  end
  for _, null in ipairs { "drop", "keep" } do
    local catalogue = new(run, nil, { transport = transport, null = null })
    for _ = 1, 2 do
      local image = truthy(catalogue:describe_image "i")
      equal("9007199254740993", image.sizeMB)
      equal(9007199254740991, image.n)
      equal("[] {}", encode(image.dataDisks) .. " " .. encode(image.charge))
      equal(require "jdvm".null, image.list[1])
      equal(null == "keep" and ngx.null or nil, image.none)
    end
  end
end)

case("fetches once for all that ask at the same time", function(run)
  local catalogue, threads = new(run), {}
  run.control("reset")
  run.control("settings?latency=0.1")
  for n = 1, 30 do
    threads[n] = ngx.thread.spawn(function()
      local image, meta = catalogue:describe_image(run.ids[5])
      return image and image.imageId .. meta.cache or meta
    end)
  end
  for n = 1, 30 do
    local _, outcome = ngx.thread.wait(threads[n])
    equal(run.ids[5] .. "miss", outcome)
  end
  run.control("settings?latency=0")
  equal(1, requests(run))
end)

case("gives a stale answer at once and refreshes it once", function(run)
  local catalogue = new(run, { ttl = 0.2 })
  truthy(catalogue:describe_image(run.ids[6]))
  ngx.sleep(0.3)
  run.control("reset")
  run.control("settings?latency=0.3")
  local seconds = check.seconds(function()
    for _ = 1, 20 do
      equal("stale", select(2, catalogue:describe_image(run.ids[6])).cache)
    end
  end)
  check.between(0, 0.1 * run.patience, seconds, "seconds")
  ngx.sleep(0.2 + 0.25 * run.patience)
  run.control("settings?latency=0")
  equal(1, requests(run))
end)

case(
  "goes on with the stale answer while the service is down, says why, and asks again after negative_ttl",
  function(run)
    local catalogue = new(run, { ttl = 0.1, negative_ttl = 0.3 }, { max_attempts = 1 })
    truthy(catalogue:describe_image(run.ids[7]))
    run.control("reset")
    run.control("faults?spec=error:code=503,operation=describeImage")
    ngx.sleep(0.15)
    local seconds = check.seconds(function()
      for _ = 1, 10 do
        local image, meta = catalogue:describe_image(run.ids[7])
        equal(run.ids[7], truthy(image, meta).imageId)
        equal("stale", meta.cache)
        ngx.sleep(0.07)
      end
    end)
    check.between(2, math.ceil(seconds / 0.3), requests(run), "requests in " .. seconds .. " s")
    equal(false, catalogue.locks:is_first("old" .. catalogue.prefix, 60))
    run.control("faults")
    ngx.sleep(0.35)
    catalogue:describe_image(run.ids[7])
    ngx.sleep(0.05 + 0.05 * run.patience)
    local _, meta = catalogue:describe_image(run.ids[7])
    check.between(0, 0.3 * run.patience, meta.age, "age")
  end
)

case("remembers for negative_ttl that a question is refused, and what was asked where", function(run)
  local asked, code = 0, 404
  local catalogue = new(run, { negative_ttl = 0.3 }, {
    transport = function()
      asked = asked + 1
      local body = '{"requestId":"r","error":{"code":%d,"status":"WORD","message":"No"}}'
      return { status = code, headers = {}, body = body:format(code) }
    end,
  })
  for _, state in ipairs { "miss", "hit", "hit" } do
    local expected = { kind = "api", code = 404, operation = "describeImage", region = "cn-north-1", cache = state }
    local image, _, detail = catalogue:describe_image "img-a"
    failed(expected, image, detail)
  end
  code = 400
  for _, state in ipairs { "miss", "hit" } do
    local images, _, detail = catalogue:list_images { regionId = "cn-south-1", imageSource = "public" }
    failed({ code = 400, operation = "describeImages", region = "cn-south-1", cache = state }, images, detail)
  end
  equal(2, asked)
  ngx.sleep(0.35)
  equal("miss", select(3, catalogue:describe_image "img-a").cache)
  catalogue.negative_ttl = 0
  ngx.sleep(0.35)
  equal("miss", select(3, catalogue:describe_image "img-a").cache)
  equal("miss", select(3, catalogue:describe_image "img-a").cache)
end)

case("asks the service with fresh = true, whatever is cached, and keeps what it says", function(run)
  local known, pause = false, 0
  local catalogue = new(run, {}, {
    transport = function()
      local answer = known and '"result":{"image":{"imageId":"i"}}}'
        or '"error":{"code":404,"status":"NOT_FOUND","message":"Image i not found"}}'
      local status = known and 200 or 404
      if pause > 0 then ngx.sleep(pause) end
      return { status = status, headers = {}, body = '{"requestId":"r",' .. answer }
    end,
  })
  equal(404, select(3, catalogue:describe_image "i").code)
  known = true
  equal("hit", select(3, catalogue:describe_image "i").cache)
  local image, meta = catalogue:describe_image("i", { fresh = true })
  equal("i", truthy(image, meta).imageId)
  equal("miss", meta.cache)
  equal("hit", select(2, catalogue:describe_image "i").cache)
  equal("hit", select(2, catalogue:describe_image("i", { fresh = false })).cache)
  -- A fetch that began before the image was created ends after it, and does not bring the old answer back.
  known, pause = false, 0.2
  local thread = ngx.thread.spawn(function() return catalogue:describe_image { imageId = "i" } end)
  ngx.sleep(0.05)
  known, pause = true, 0
  truthy(catalogue:describe_image({ imageId = "i" }, { fresh = true }))
  ngx.thread.wait(thread)
  equal("i", truthy(catalogue:describe_image { imageId = "i" }).imageId)
  local ok, message = pcall(function() return (catalogue:describe_image("i", { refresh = true })) end)
  equal(false, ok)
  contains(message, "spec/nginx/cases/cache.lua:", "unknown option 'refresh'")
end)

case("counts an answer from before a step of the clock as stale, forwards and back", function(run)
  local catalogue = new(run, { ttl = 60 })
  truthy(catalogue:describe_image(run.ids[15]))
  local now = ngx.now
  for _, step in ipairs { -3600, 3600 } do
    catalogue.clock = function() return now() + step end
    equal("stale", select(2, catalogue:describe_image(run.ids[15])).cache)
    ngx.sleep(0.1 * run.patience)
    equal("hit", select(2, catalogue:describe_image(run.ids[15])).cache)
  end
end)

case("does not see an entry of another version", function(run)
  local catalogue = new(run)
  truthy(catalogue:describe_image(run.ids[16]))
  local key = require "jdvm.cache.key"(catalogue.prefix .. "describe_image:", run.ids[16])
  truthy(ngx.shared.jdvm:get(key), "an entry")
  ngx.shared.jdvm:set((key:gsub("^jdvm%d+", "jdvm0")), "old", 60)
  equal("hit", select(2, catalogue:describe_image(run.ids[16])).cache)
  ngx.shared.jdvm:set(key, '["ok",5]', 60)
  equal("miss", select(2, catalogue:describe_image(run.ids[16])).cache)
end)

case("gives right answers while a full dict drops the oldest, and says so once", function(run)
  local catalogue = new(run, { dict = "tiny" })
  for _ = 1, 2 do
    for n = 1, 60 do
      local image, message = catalogue:describe_image(run.ids[n])
      equal(run.ids[n], truthy(image, message).imageId)
    end
  end
  equal("hit", select(2, catalogue:describe_image(run.ids[60])).cache)
  equal(false, catalogue.locks:is_first("full" .. catalogue.prefix, 60))
end)

case("notices that an image was deleted", function(run)
  for negative_ttl, state in pairs { [60] = "hit", [0] = "miss" } do
    local known = true
    local catalogue = new(run, { ttl = 0.1, negative_ttl = negative_ttl }, {
      transport = function()
        local answer = known and '"result":{"image":{"imageId":"i"}}}'
          or '"error":{"code":404,"status":"NOT_FOUND","message":"Image i not found"}}'
        return { status = known and 200 or 404, headers = {}, body = '{"requestId":"r",' .. answer }
      end,
    })
    truthy(catalogue:describe_image "i")
    known = false
    ngx.sleep(0.15)
    equal("stale", select(2, catalogue:describe_image "i").cache)
    ngx.sleep(0.05)
    local image, _, detail = catalogue:describe_image "i"
    failed({ kind = "api", code = 404, cache = state }, image, detail)
  end
end)

case("keeps a failure whose Retry-After has hundreds of digits", function(run)
  local catalogue = new(run, {}, {
    max_attempts = 1,
    transport = function()
      local body = '{"error":{"code":429,"status":"RATE_LIMIT","message":"m"}}'
      return { status = 429, headers = { ["Retry-After"] = ("9"):rep(400) }, body = body }
    end,
  })
  for _ = 1, 2 do
    local image, _, detail = catalogue:describe_image "i"
    failed({ kind = "api", code = 429, retry_after = 365 * 86400 }, image, detail)
  end
end)

case("gives a failure that may pass to all who wait, and soon asks again", function(run)
  local catalogue, threads = new(run, {}, { max_attempts = 1 }), {}
  run.control("reset")
  run.control("faults?spec=error:code=503,operation=describeImage")
  for n = 1, 10 do
    threads[n] = ngx.thread.spawn(function()
      local _, _, detail = catalogue:describe_image(run.ids[8])
      return detail.code or detail.http_status
    end)
  end
  for n = 1, 10 do
    local _, code = ngx.thread.wait(threads[n])
    equal(503, code)
  end
  equal(1, requests(run))
  run.control("faults")
  ngx.sleep(1.1)
  equal("miss", select(2, catalogue:describe_image(run.ids[8])).cache)
  equal("hit", select(2, catalogue:describe_image(run.ids[8])).cache)
end)

case("says when an answer has no room", function(run)
  local catalogue = new(run, { dict = "tiny" })
  run.control("reset")
  for n = 1, 3 do
    local images, message, detail = catalogue:list_images { imageSource = "public" }
    failed({ kind = "cache", cache = n == 1 and "miss" or "hit" }, images, detail)
    contains(message, "does not fit in the shared dict tiny", "lua_shared_dict tiny")
  end
  equal("miss", select(2, catalogue:describe_image(run.ids[1])).cache)
  equal("hit", select(2, catalogue:describe_image(run.ids[1])).cache)
end)

case("takes over the lock of a holder that died", function(run)
  local catalogue, locks, died = new(run, { lock_ttl = 0.3 }), ngx.shared.jdvm_locks, false
  catalogue.locks.dict = {
    -- What a worker that crashed leaves: a lock, and nobody to give it back.
    add = function(_, key, token, seconds)
      if not died then locks:add(key, "one who died", seconds) end
      died = true
      return locks:add(key, token, seconds)
    end,
    get = function(_, ...) return locks:get(...) end,
    set = function(_, ...) return locks:set(...) end,
    delete = function(_, ...) return locks:delete(...) end,
  }
  local seconds = check.seconds(function() truthy(catalogue:describe_image(run.ids[9])) end)
  check.between(0.25, 0.6 + 0.2 * run.patience, seconds, "seconds")
end)

case("keeps the lock for as long as a slow fetch takes", function(run)
  local seconds = 0.15 * math.min(run.patience, 5)
  local catalogue = new(run, { lock_ttl = seconds })
  run.control("reset")
  run.control("settings?latency=" .. 4 * seconds)
  local other = new(run, { lock_ttl = seconds, name = "case " .. number })
  local thread = ngx.thread.spawn(function() return other:describe_image(run.ids[10]) end)
  truthy(catalogue:describe_image(run.ids[10]))
  ngx.thread.wait(thread)
  run.control("settings?latency=0")
  equal(1, requests(run))
end)

case("outlives the request that asked first", function(run)
  local catalogue = new(run)
  run.control("reset")
  run.control("settings?latency=0.2")
  local thread = ngx.thread.spawn(function() return catalogue:describe_image(run.ids[11]) end)
  ngx.sleep(0.05)
  ngx.thread.kill(thread)
  equal(run.ids[11], truthy(catalogue:describe_image(run.ids[11])).imageId)
  run.control("settings?latency=0")
  equal(1, requests(run))
end)

case("keeps accounts apart, and clients that decode otherwise", function(run)
  local function state_for(client_options, options)
    local client = check.client(run, client_options)
    local catalogue = require "jdvm.cache".new { client = client, dict = "jdvm", options = options }
    local image, meta, detail = catalogue:describe_image(run.ids[13])
    return (detail or meta).cache, image
  end
  equal("miss", state_for())
  equal("miss", state_for { null = "keep" })
  equal("miss", state_for { utf8 = "replace" })
  equal("miss", state_for { access_key = "another-account-1234" })
  local state, image = state_for(nil, { fields = { "imageId" } })
  equal("miss", state)
  equal(nil, image.name)
  equal("hit", state_for())
end)

case("fetches in a timer what is asked for where Lua cannot yield", function(run)
  local catalogue, image, detail, _ = new(run), nil, nil, nil
  local function ask()
    image, _, detail = catalogue:describe_image(run.ids[14])
  end
  string.gsub("x", "x", function() ask() end)
  failed({ kind = "phase", phase = "content" }, image, detail)
  contains(detail.message, "not in the cache, and this place cannot wait")
  ngx.sleep(0.3 * run.patience)
  string.gsub("x", "x", function() ask() end)
  equal(run.ids[14], truthy(image).imageId)
end)

case("raises the client's complaints about mistakes, in the caller's place", function(run)
  local catalogue = new(run)
  for part, ask in pairs {
    imageSource = function() return (catalogue:list_images { imageSuorce = "public" }) end,
    public = function() return (catalogue:list_images { imageSource = "pubic" }) end,
    pageNumber = function() return (catalogue:list_images { imageSource = "public", pageNumber = 2 }) end,
    hole = function() return (catalogue:list_images { ids = { "img-1", nil, "img-3" } }) end,
    imageId = function() return (catalogue:describe_image "a/../b") end,
  } do
    local ok, message = pcall(ask)
    equal(false, ok)
    contains(message, "spec/nginx/cases/cache.lua:", part)
  end
  contains(select(2, pcall(catalogue.describe_image, run.ids[1])), "with a colon: catalogue:describe_image")
end)

case("says what is wrong with its options", function(run)
  local client = check.client(run)
  local function refused(options, ...)
    local ok, message = pcall(function()
      local catalogue = require "jdvm.cache".new(options)
      return catalogue
    end)
    equal(false, ok)
    contains(message, "spec/nginx/cases/cache.lua:", ...)
  end
  refused({ client = client, dict = "nowhere" }, "lua_shared_dict nowhere 10m;")
  refused({ client = client }, "dict")
  refused({ dict = "jdvm" }, "option 'client' is required")
  refused(nil, "option 'client' is required")
  refused({ client = {}, dict = "jdvm" }, "client")
  refused({ client = client, dict = "jdvm", tll = 1 }, "did you mean 'ttl'")
  refused({ client = client, dict = "jdvm", ttl = 0 }, "ttl")
  refused({ client = client, dict = "jdvm", stale = "60" }, "stale")
  refused({ client = client, dict = "jdvm", options = { tiemout = 50 } }, "'tiemout'; did you mean 'timeout'?")
  refused({ client = client, dict = "jdvm", options = 5 }, "options")
  refused({ client = client, dict = "jdvm", locks = "nowhere" }, "locks")
  local by_function = require "jdvm".new {
    endpoint = run.endpoint,
    region = "cn-north-1",
    credentials = function() return { access_key = "a", secret_key = "b" } end,
  }
  refused({ client = by_function, dict = "jdvm" }, "name = …")
  truthy(require "jdvm.cache".new { client = by_function, dict = "jdvm", name = "mine" })
  -- What concerns lists alone is no matter for one image.
  truthy(new(run, { options = { page_size = 50 } }):describe_image(run.ids[1]))
end)

return cases
