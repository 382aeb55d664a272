-- jdvm.wait: waiting for images, on a clock of its own.
local cjson = require "cjson"
local in_memory = require "spec.support.in_memory"
local jdvm = require "jdvm"
local waiter = require "jdvm.wait"

-- A service with images whose states follow `lives`: id -> function(seconds since the start) -> status, progress.
local function service(lives, options)
  options = options or {}
  local client, fake
  client, fake = in_memory.client_of(function(request, n)
    local trouble = options.trouble and options.trouble(n, fake.time - 1000)
    if trouble then return trouble end
    local function image_of(id)
      local status, progress = (lives[id] or function() end)(fake.time - 1000)
      return status and { imageId = id, status = status, progress = progress } or nil
    end
    local id = request.url:match("/images/([^?]+)")
    if id then
      local image = image_of(id)
      if image then return in_memory.answer_of { requestId = "r" .. n, result = { image = image } } end
      local missing = { code = 404, status = "NOT_FOUND", message = "Image not found" }
      return { status = 404, body = cjson.encode { requestId = "r" .. n, error = missing } }
    end
    local images = {}
    for each in request.url:gmatch("ids%.%d+=([^&]+)") do
      images[#images + 1] = image_of(each)
    end
    local body = cjson.encode { requestId = "r" .. n, result = { images = images, totalCount = #images } }
    return { status = 200, body = (body:gsub('"images":{}', '"images":[]')) }
  end, { max_attempts = 1, logger = options.logger })
  return client, fake
end

-- pending until `at`, then `status`.
local function becomes(status, at)
  return function(seconds)
    if seconds < at then return "pending", ("%.0f"):format(100 * seconds / at) end
    return status, "100"
  end
end

describe("waiting for an image", function()
  it("returns it once it is ready, at once when it is", function()
    local client, fake = service { ["img-1"] = becomes("ready", 60), ["img-2"] = becomes("ready", 0) }
    local image, meta = client:wait_image "img-1"
    assert.equal("ready", image.status)
    assert.is_true(fake.time - 1000 >= 60 and fake.time - 1000 < 95)
    assert.equal(#fake.requests, meta.attempts)
    assert.truthy(meta.request_id)
    local before = fake.time
    assert.equal("img-2", (client:wait_image "img-2").imageId)
    assert.is_true(fake.time - before < 1)
  end)

  it("polls less and less often, with jitter, up to max_interval", function()
    local client, fake = service { ["img-1"] = becomes("ready", 300) }
    assert.truthy(client:wait_image("img-1", { interval = 2, max_interval = 20 }))
    assert.is_true(fake.sleeps[1] >= 1.6 and fake.sleeps[1] <= 2.4)
    assert.is_true(fake.sleeps[3] >= 3.6 and fake.sleeps[3] <= 5.4)
    for i = 8, #fake.sleeps - 1 do
      assert.is_true(fake.sleeps[i] >= 16 and fake.sleeps[i] <= 20, fake.sleeps[i])
    end
    local options = { interval = 2, max_interval = 20 }
    for random, expected in pairs { [0] = 2.4, [0.5] = 3, [1] = 3.6 } do
      assert.is_true(math.abs(waiter.delay(2, options, random) - expected) < 1e-9)
    end
    assert.equal(16, waiter.delay(99, options, 0))
    assert.equal(20, waiter.delay(99, options, 1))
  end)

  it("ends at once where no such path is known: the region may be mistyped", function()
    local body =
      '{"error":{"code":404,"status":"NOT_FOUND","message":"no route and no API found with those values [gw]"}}'
    for _, ids in ipairs { "img-1", { "img-1", "img-2" } } do
      local client, fake = service({}, { trouble = function() return { status = 404, body = body } end })
      local image, message, detail = client:wait_image(ids, { region = "cn-nroth-1" })
      assert.is_nil(image)
      assert.equal(1, #fake.requests)
      assert.same({ "api", "no_route", 404 }, { detail.kind, detail.cause, detail.code })
      assert.truthy(message:find("did you mean cn-north-1?", 1, true), message)
    end
  end)

  it("ends at once exactly where no way leads from a state to the one that is wanted", function()
    -- An image is created, may break, is deleted, and is gone.
    local ways = {
      pending = { ready = true, error = true, deleting = true, gone = true },
      ready = { error = true, deleting = true, gone = true },
      error = { deleting = true, gone = true },
      deleting = { gone = true },
      converting = { pending = true, ready = true, error = true, deleting = true, gone = true },
    }
    for state, following in pairs(ways) do
      for _, wanted in ipairs { "pending", "ready", "error", "deleting", "gone" } do
        if state ~= wanted then
          local later = wanted ~= "gone" and wanted or nil
          local client, fake = service { ["img-1"] = function(seconds) return seconds < 20 and state or later end }
          local image, message, detail = client:wait_image("img-1", { status = wanted })
          local what = state .. " to " .. wanted
          if following[wanted] then
            assert.equal(later or state, image and image.status, what)
            assert.is_true(fake.time - 1000 >= 20, what)
          else
            assert.same({ "wait", "cannot_become", false }, { detail.kind, detail.cause, detail.retryable }, what)
            assert.same({ "img-1", state }, { detail.image.imageId, detail.image.status }, what)
            assert.truthy(detail.request_id)
            assert.matches(("is %s, so it cannot become %s"):format(state, wanted), message, 1, true)
            assert.is_true(fake.time - 1000 < 1, what)
          end
        end
      end
    end
  end)

  it("until it is gone returns it as it was last, or only its id", function()
    local client, fake = service {
      ["img-1"] = function(seconds)
        if seconds < 20 then return seconds < 10 and "ready" or "deleting" end
      end,
    }
    local events = {}
    local image, meta = client:wait_image("img-1", {
      status = "gone",
      interval = 2,
      not_found_grace = 0,
      on_progress = function(event) events[#events + 1] = { event.status, event.waiting } end,
    })
    assert.same({ imageId = "img-1", status = "deleting" }, image)
    assert.same({ { "ready", 1 }, { nil, 0 } }, { events[1], events[#events] })
    assert.equal(#fake.requests, meta.attempts)
    assert.is_true(fake.time - 1000 >= 20 and fake.time - 1000 < 35)
    assert.same({ imageId = "img-2" }, client:wait_image("img-2", { status = "gone" }))
    local both = client:wait_image({ "img-2", "img-1" }, { status = "gone" })
    assert.same({ { imageId = "img-2" }, { imageId = "img-1" } }, both)
  end)

  it("until it is gone fails when it stays, and when nobody can tell", function()
    local client = service { ["img-1"] = becomes("ready", 0) }
    local image, message, detail = client:wait_image({ "img-9", "img-1" }, { status = "gone", timeout = 20 })
    assert.is_nil(image)
    assert.same({ "timeout", "still_waiting", "img-1" }, { detail.kind, detail.cause, detail.image.imageId })
    assert.matches("image img-1 in cn-north-1 is ready after 20 s, not gone", message, 1, true)
    client = service({}, { trouble = function() return { status = 503 } end })
    image, message, detail = client:wait_image("img-1", { status = "gone", timeout = 20 })
    assert.is_nil(image)
    assert.matches("was not seen after 20 s, not gone", message, 1, true)
    assert.same({ "timeout", "not_seen", "img-1" }, { detail.kind, detail.cause, detail.image.imageId })
  end)

  it("ends when the time runs out, with the image last seen", function()
    local client, fake = service { ["img-1"] = becomes("ready", 1000) }
    local image, message, detail = client:wait_image("img-1", { timeout = 100 })
    assert.is_nil(image)
    assert.equal(100, math.floor(fake.time - 1000 + 0.05))
    assert.equal("timeout", detail.kind)
    assert.equal("pending", detail.image.status)
    assert.truthy(detail.request_id)
    assert.is_true(detail.elapsed >= 100)
    assert.truthy(message:find("image img-1 in cn-north-1 is pending after 100 s, not ready", 1, true), message)
  end)

  it("tolerates that it is not there yet, for a while", function()
    local function late(at)
      return function(seconds)
        if seconds >= at then return "ready" end
      end
    end
    local client = service { ["img-1"] = late(20) }
    assert.truthy(client:wait_image "img-1")
    local image, message, detail = client:wait_image("img-9", { not_found_grace = 10 })
    assert.is_nil(image)
    assert.equal("wait", detail.kind)
    assert.equal("img-9", detail.image.imageId)
    assert.truthy(message:find("image img-9 in cn-north-1 does not exist", 1, true), message)
    assert.truthy(message:find("exists in one region only (asked in cn-north-1)", 1, true), message)
    local other, fake = service {}
    assert.is_nil(other:wait_image("img-1", { not_found_grace = 0 }))
    assert.is_true(fake.time - 1000 < 8)
  end)

  it("says when it was there and is gone", function()
    local client = service {
      ["img-1"] = function(seconds)
        if seconds < 30 then return "pending" end
      end,
    }
    local _, message, detail = client:wait_image("img-1", { not_found_grace = 5 })
    assert.equal("wait", detail.kind)
    assert.truthy(message:find("does not exist any more", 1, true), message)
  end)

  it("survives failures that pass, and ends with those that do not", function()
    local client = service({ ["img-1"] = becomes("ready", 60) }, {
      trouble = function(n)
        return n % 2 == 0
          and ({
            { kind = "connect" },
            { status = 503 },
            { kind = "timeout", phase = "read" },
            { status = 200, body = "<html>" },
            { kind = "transport", message = "too large", lasting = true },
            { status = 520, body = "<html>" },
          })[n / 2 % 6 + 1]
      end,
    })
    assert.truthy(client:wait_image "img-1")
    for _, status in ipairs { 302, 403, 404, 407 } do
      local other, fake = service({ ["img-1"] = becomes("ready", 60) }, {
        trouble = function() return { status = status, body = "<html>" } end,
      })
      local image, _, detail = other:wait_image "img-1"
      assert.is_nil(image)
      assert.equal(status, detail.http_status)
      assert.equal(1, #fake.requests)
    end
    for _, case in ipairs { { 401, "ACCESS_ERROR" }, { 403, "HTTP_FORBIDDEN" }, { 400, "INVALID_ARGUMENT" } } do
      local other, fake = service({ ["img-1"] = becomes("ready", 60) }, {
        trouble = function()
          local body = '{"error":{"code":%d,"status":"%s","message":"m"}}'
          return { status = case[1], body = body:format(case[1], case[2]) }
        end,
      })
      local image, _, detail = other:wait_image "img-1"
      assert.is_nil(image)
      assert.equal(case[2], detail.status)
      assert.equal(1, #fake.requests)
    end
  end)

  it("reports polls that failed, and why nothing was seen in the end", function()
    local client = service({}, { trouble = function() return { kind = "connect", message = "nobody there" } end })
    local events = {}
    local _, message, detail = client:wait_image(
      { "img-1", "img-2" },
      { timeout = 20.04, on_progress = function(event) events[#events + 1] = event end }
    )
    assert.is_true(#events >= 4, #events)
    assert.equal("img-1", events[1].image_id)
    assert.equal("nobody there", events[1].failure)
    assert.is_nil(events[1].status)
    assert.equal(2, events[1].waiting)
    assert.is_true(events[1].next_poll_in > 0)
    assert.equal("connect", detail.last.kind)
    assert.truthy(message:find("was not seen after 20 s, not ready", 1, true), message)
    assert.truthy(detail.hint:find("check the endpoint", 1, true), detail.hint)

    local other = service(
      { ["img-1"] = becomes("ready", 60) },
      { trouble = function(n) return n == 2 and { status = 503 } or nil end }
    )
    events = {}
    assert.truthy(other:wait_image("img-1", { on_progress = function(event) events[#events + 1] = event end }))
    assert.is_nil(events[1].failure)
    assert.is_string(events[2].failure)
    assert.equal("pending", events[2].status)
  end)

  it("shows a state of any type as a text", function()
    for status, shown in pairs { [7] = "7", [{ 1 }] = "a table", [true] = "true", [""] = '""' } do
      local client, seen = service({ ["img-1"] = function() return status end }), nil
      local _, message = client:wait_image("img-1", {
        timeout = 20,
        on_progress = function(event) seen = event.status end,
      })
      assert.equal(shown, seen)
      assert.truthy(message:find("is " .. shown .. " after 20 s", 1, true), message)
    end
  end)

  it("tells the logger of an error in on_progress, which may also yield", function()
    local lines = {}
    local client = service(
      { ["img-1"] = becomes("ready", 60) },
      { logger = function(event) lines[#lines + 1] = event.event == "warning" and tostring(event) or nil end }
    )
    local wait = coroutine.wrap(function()
      return client:wait_image("img-1", {
        on_progress = function(event)
          coroutine.yield(event.status)
          error "in a hook"
        end,
      })
    end)
    assert.equal("pending", wait())
    local given = wait()
    while type(given) == "string" do
      given = wait()
    end
    assert.equal("ready", given.status)
    assert.matches("^jdvm: on_progress raised an error: .*in a hook$", lines[1])
  end)

  it("gives a poll no more time than is left, and no more than a call has", function()
    local client, fake = service({}, { trouble = function() return { status = 503, after = 1000 } end })
    local _, _, detail = client:wait_image("img-1", { timeout = 40, interval = 1 })
    assert.equal("timeout", detail.kind)
    assert.equal(40, fake.time - 1000)
    assert.same({ 2, 40 }, { detail.attempts, detail.elapsed })
  end)

  it("fails at once where no transport can be had", function()
    local client = jdvm.new { region = "cn-north-1", access_key = "A", secret_key = "S", transport = "ngx" }
    local image, message, detail = client:wait_image "img-1"
    assert.is_nil(image)
    assert.same({ "waitImage", "string" }, { detail.operation, type(message) })
  end)

  it("does not wait for a proxy that refuses the way", function()
    local client, fake = service({ ["img-1"] = becomes("ready", 60) }, {
      trouble = function()
        return { kind = "connect", phase = "connect", sent = false, lasting = true, message = "the proxy says no" }
      end,
    })
    local _, message, detail = client:wait_image "img-1"
    assert.equal("connect", detail.kind)
    assert.is_false(detail.retryable)
    assert.truthy(message:find("the proxy says no", 1, true))
    assert.equal(1, #fake.requests)
  end)

  it("reads progress from the service's texts", function()
    for given, expected in pairs {
      ["0"] = 0,
      ["60"] = 60,
      ["60%"] = 60,
      [" 7 % "] = 7,
      ["99.5"] = 99.5,
      ["250"] = 100,
    } do
      assert.equal(expected, waiter.progress(given))
    end
    assert.equal(30, waiter.progress(30))
    for _, given in ipairs { "", "done", "-3", "60 of 100" } do
      assert.is_nil(waiter.progress(given))
    end
    assert.is_nil(waiter.progress(nil))
  end)
end)

describe("waiting for many images", function()
  it("takes one call a poll, and returns them in the caller's order", function()
    local lives, ids = {}, {}
    for i = 1, 40 do
      ids[i] = ("img-%02d"):format(41 - i)
      lives[ids[i]] = becomes("ready", i)
    end
    local client, fake = service(lives)
    local images, meta = client:wait_image(ids, { interval = 1, max_interval = 5 })
    for i, id in ipairs(ids) do
      assert.equal(id, images[i].imageId)
    end
    assert.equal(#fake.requests, meta.attempts)
    assert.is_true(fake.time - 1000 < 50)
  end)

  it("tells of each of them, whether it is there or not", function()
    local client, fake = service {
      ["img-1"] = becomes("ready", 0),
      ["img-2"] = becomes("ready", 20),
      ["img-3"] = function() end,
    }
    local events = {}
    client:wait_image({ "img-1", "img-2", "img-3" }, {
      not_found_grace = 12,
      interval = 10,
      on_progress = function(event)
        event.at = fake.time - 1000
        events[#events + 1] = event
      end,
    })
    local function seen(event)
      local image = event.image and event.image.imageId
      return { event.image_id, image, event.status, event.progress, event.waiting, event.failure }
    end
    assert.same({ "img-1", "img-1", "ready", 100, 2 }, seen(events[1]))
    assert.same({ "img-2", "img-2", "pending", 0, 2 }, seen(events[2]))
    assert.same({ "img-3", nil, nil, nil, 2 }, seen(events[3]))
    assert.same({ "img-1", "img-1", "ready", 100, 2 }, seen(events[4]))
    assert.is_true(events[5].progress >= 40 and events[5].progress <= 60)
    for i, event in ipairs(events) do
      assert.equal(("%.3f"):format(event.at), ("%.3f"):format(event.elapsed))
      assert.equal(i <= #events - 3, event.next_poll_in ~= nil)
    end
  end)

  it("ends as soon as one of them fails", function()
    local client, fake = service { ["img-1"] = becomes("ready", 500), ["img-2"] = becomes("error", 10) }
    local _, _, detail = client:wait_image({ "img-1", "img-2" }, { max_interval = 5 })
    assert.equal("wait", detail.kind)
    assert.equal("img-2", detail.image.imageId)
    assert.is_true(fake.time - 1000 < 20)
  end)
end)

describe("a wait", function()
  it("with ids that cannot be raises at the caller's line, before anything is sent", function()
    local client, fake = service {}
    for words, id in pairs {
      ["the image id must consist of letters"] = "img/1",
      ["the image id is empty"] = "",
      ["must be an image id or an array of them, got 7"] = 7,
      ["the array of ids is empty: give at least one"] = {},
      ["the array of ids element 2 must consist of"] = { "img-1", "a b" },
    } do
      local ok, message = pcall(function() return (client:wait_image(id)) end)
      assert.is_false(ok)
      assert.matches("^spec/wait_spec%.lua:%d+: jdvm: waitImage: ", message)
      assert.matches(words, message, 1, true)
    end
    local ok, message = pcall(function() return (client:wait_image("img-1", { region = "a/b" })) end)
    assert.is_false(ok)
    assert.matches("^spec/wait_spec%.lua:%d+: jdvm: waitImage: option 'region' must consist", message)
    assert.equal(0, #fake.requests)
  end)

  it("may be for images of another region", function()
    local client, fake = service { ["img-1"] = becomes("ready", 0), ["img-2"] = becomes("error", 0) }
    assert.truthy(client:wait_image("img-1", { region = "cn-east-2" }))
    assert.matches("/regions/cn-east-2/images/img-1", fake.requests[1].url, 1, true)
    local _, _, detail = client:wait_image({ "img-1", "img-2" }, { region = "cn-south-1" })
    assert.matches("/regions/cn-south-1/images?", fake.requests[2].url, 1, true)
    assert.equal("cn-south-1", detail.region)
  end)
end)
