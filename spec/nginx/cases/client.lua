--- The client inside nginx, against the emulator over TLS.
local check = require "spec.nginx.support.check"
local equal, contains, failed, truthy = check.equal, check.contains, check.failed, check.truthy

local cases, case = check.cases()

-- One call with its failure's data instead of its text.
local function detail_of(client, ...)
  local result, _, detail = client:describe_image(...)
  return result, detail
end

case("lists what plain Lua lists, in order, with as many requests at a time as the window has", function(run)
  for _, prefetch in ipairs { 0, 4 } do
    run.control("reset")
    run.control("settings?latency=" .. 0.03 * run.patience)
    local images, meta = check
      .client(run)
      :list_images({ imageSource = "public" }, { page_size = 10, prefetch = prefetch })
    run.control("settings?latency=0")
    equal(#run.ids, #truthy(images, meta))
    for index, id in ipairs(run.ids) do
      equal(id, images[index].imageId)
    end
    local stats = run.control("stats")
    equal(math.ceil(#run.ids / 10), stats.requests)
    equal(math.max(1, prefetch), stats.peak)
  end
end)

case("answers at once when a loop is left and closed", function(run)
  run.control("reset")
  local iterator = check.client(run):images({ imageSource = "public" }, { page_size = 10, prefetch = 4 })
  equal(run.ids[1], iterator().imageId)
  run.control("settings?latency=2")
  iterator:close()
  run.control("settings?latency=0")
  equal(nil, iterator())
  check.between(1, 5, run.control("stats").requests, "requests")
end)

case("serves light threads that share a client", function(run)
  local client, threads = check.client(run), {}
  for n = 1, 12 do
    threads[n] = ngx.thread.spawn(function()
      local image, message = client:describe_image(run.ids[n])
      return image and image.imageId or message
    end)
  end
  for n = 12, 1, -1 do
    local _, id = ngx.thread.wait(threads[n])
    equal(run.ids[n], id)
  end
end)

case("runs calls side by side, and cancels them", function(run)
  local client, calls = check.client(run), {}
  for n = 1, 5 do
    calls[n] = client:start("describeImage", run.ids[n])
  end
  calls[2]:cancel()
  for n = 5, 1, -1 do
    local image, _, detail = calls[n]:finish()
    if n == 2 then
      failed({ kind = "cancelled" }, image, detail)
    else
      equal(run.ids[n], image.imageId)
    end
  end
end)

case("never sends a nonce twice, not even when a kept connection proves stale", function(run)
  run.control("reset")
  run.control("faults?spec=reset:at=before,every=3")
  local client = check.client(run, { max_attempts = 5 })
  for n = 1, 20 do
    local image, message = client:describe_image(run.ids[n])
    equal(run.ids[n], truthy(image, message).imageId)
  end
  run.control("faults")
  equal(0, run.control("stats").nonces_repeated)
end)

case("refuses libcurl where it would block, and says so", function(run)
  local result, detail = detail_of(check.client(run, { transport = "curl" }), run.ids[1])
  failed({ kind = "phase", phase = "content" }, result, detail)
  contains(detail.message .. detail.hint, "block", "auto")
end)

-- Where a function in C has called us.
local places = {
  ["a module that is being loaded"] = function(fn)
    package.preload["spec.loads"], package.loaded["spec.loads"] = fn, nil
    require "spec.loads"
  end,
  ["a callback of string.gsub"] = function(fn)
    ("x"):gsub("x", function() fn() end)
  end,
  ["a callback of table.sort"] = function(fn)
    table.sort({ 1, 2 }, function()
      fn()
      return false
    end)
  end,
}

case("says that it cannot wait where Lua cannot yield", function(run)
  -- Names, too, whose look-up takes a light thread; and the limit, which has a queue.
  for _, more in ipairs { {}, { endpoint = "http://vm.jdcloud-api.com" }, { max_connections = 1 } } do
    local client = check.client(run, more)
    for place, go in pairs(places) do
      local result, detail
      go(function()
        result, detail = detail_of(client, run.ids[1])
      end)
      failed({ kind = "phase", phase = "content", attempts = 0, retryable = false }, result, detail)
      contains(detail.message, "cannot wait", "require")
      truthy(detail.hint, place)
    end
  end
  equal(run.ids[1], truthy(check.client(run):describe_image(run.ids[1])).imageId)
end)

case("says so of a call that is finished there, and of a wait and a list", function(run)
  local client = check.client(run)
  run.control("settings?latency=0.2")
  local call = client:start("describeImage", run.ids[1])
  for _, go in ipairs {
    function() return call:finish() end,
    function() return client:wait_image(run.ids[1]) end,
    function() return client:list_images({ imageSource = "public" }, { prefetch = 2 }) end,
  } do
    places["a callback of string.gsub"](function()
      local result, _, detail = go()
      failed({ kind = "phase" }, result, detail)
    end)
  end
  run.control("settings?latency=0")
  ngx.sleep(0.3) -- the emulator goes on for as long as it was slow
  equal(run.ids[2], truthy(client:describe_image(run.ids[2])).imageId)
end)

case("has not loaded libcurl", function()
  equal(nil, package.loaded["jdvm.curl"])
  for line in io.lines("/proc/self/maps") do
    if line:find("libcurl", 1, true) then error(line) end
  end
end)

return cases
