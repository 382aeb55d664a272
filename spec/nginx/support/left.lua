--- Handlers of requests whose clients leave, and of those that come after.
local M = {}

local options, ids

-- The client of this worker; its keys come from a function that takes long for the first, and for every renewal while
-- `slow` is set.
local client, asked, slow, ahead

local LIFETIME = 100 -- of its keys, in seconds

local function clock() return os.time() + ahead end

--- What nginx is started with.
function M.open(given, given_ids)
  options, ids = given, given_ids
end

local function new(more)
  local own = {}
  for name, value in pairs(options) do
    own[name] = value
  end
  for name, value in pairs(more) do
    own[name] = value
  end
  if own.credentials then
    own.access_key, own.secret_key = nil, nil
  end
  return require "jdvm".new(own)
end

local function provider()
  asked = asked + 1
  if slow then ngx.sleep(30) end
  return {
    access_key = options.access_key,
    secret_key = options.secret_key,
    expires_at = clock() + LIFETIME,
  }
end

--- Makes the client anew.
function M.reset()
  asked, slow, ahead = 0, true, 0
  client = new { credentials = provider, clock = clock }
end

--- From now on the function answers at once, and whoever hangs in it has done so for long.
function M.quick()
  slow, ahead = false, ahead + 11
end

--- From now on it hangs, and its keys are to be renewed.
function M.slow()
  slow, ahead = true, ahead + 0.9 * LIFETIME
end

function M.image()
  local image, message = client:describe_image(ids[1])
  ngx.print(image and image.imageId .. " " .. asked or message)
end

--- A light thread asks for the keys, and is killed.
function M.kill()
  local thread = ngx.thread.spawn(function() return client:describe_image(ids[1]) end)
  ngx.sleep(0.05)
  ngx.thread.kill(thread)
  M.quick()
  M.image()
end

local shared

--- A client that has calls under way, and waits for the first.
function M.start()
  shared = new { timeout = 30 }
  local calls = {}
  for n = 1, 4 do
    calls[n] = shared:start("describeImage", ids[n])
  end
  calls[1]:finish()
end

--- A client that reads a list.
function M.list()
  shared = new { timeout = 30 }
  shared:list_images({ imageSource = "public" }, { page_size = 10, prefetch = 4 })
end

--- Four light threads, and the end of the client.
function M.threads()
  local done = {}
  for n = 1, 4 do
    ngx.thread.spawn(function()
      ngx.sleep(0.1)
      done[n] = "done"
    end)
  end
  shared:close()
  ngx.sleep(0.3)
  ngx.print(done[1], " ", done[2], " ", done[3], " ", done[4])
end

-- A generator over the images, as users write them.
local function generator(with, page_options)
  local iterator = with:images({ imageSource = "public" }, page_options)
  return coroutine.wrap(function()
    for image in iterator do
      coroutine.yield(image)
    end
  end), iterator
end

--- Ten images of a generator, which is left then; with `close`, pages that take long are under way.
function M.generator()
  local page_options = { page_size = 10, prefetch = tonumber(ngx.var.arg_prefetch) }
  local following, iterator = generator(new { timeout = 30 }, page_options)
  for _ = 1, 10 do
    assert(following())
  end
  if ngx.var.arg_close then
    require "spec.nginx.support.control"(tonumber(ngx.var.arg_close)) "settings?latency=5"
    following() -- the second page; the others are slow
    iterator:close()
  end
  ngx.print("ten")
end

return M
