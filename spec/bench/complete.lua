-- Lists of 200 images, of which one is deleted and one created now and then between two pages: how many lists lack an
-- image that was there all the time, or have one twice. complete.lua LISTS; started by bench_complete.sh.
local emulator = require "spec.support.emulator"
local jdvm = require "jdvm"

local lists = tonumber(arg[1])
local server = emulator.start { images = 200 }
local keys = server.accounts.owner
local client = jdvm.new {
  endpoint = server.endpoint,
  region = "cn-north-1",
  access_key = keys.access_key,
  secret_key = keys.secret_key,
}
local PARAMS = { imageSource = "private" }

-- What users of an SDK without iterators write.
local function loop_over_pages()
  local images, page = {}, 1
  repeat
    local params = { imageSource = "private", pageNumber = page, pageSize = 20 }
    local result = assert(client:describe_images(params))
    for _, image in ipairs(result.images) do
      images[#images + 1] = image
    end
    page = page + 1
  until #result.images == 0 or #images >= result.totalCount
  return images
end

local ways = {
  { "a loop over pages", loop_over_pages },
  { "client:list_images", function() return client:list_images(PARAMS, { page_size = 20 }) end },
  {
    'client:list_images, consistency = "stable"',
    function() return client:list_images(PARAMS, { page_size = 20, consistency = "stable" }) end,
  },
}
local changes = {
  { "one deleted", "drift:delete=1,at=random,probability=0.1,count=1,seed=%d" },
  { "one created", "drift:insert=1,at=random,probability=0.1,count=1,seed=%d" },
  { "one deleted, one created", "drift:delete=1,insert=1,at=random,probability=0.1,count=1,seed=%d" },
}

-- Whether each image that was there all the time is in the list, and none twice.
local function is_right(images, stable)
  local has = {}
  for _, image in ipairs(images) do
    if has[image.imageId] then return false end
    has[image.imageId] = true
  end
  for _, id in ipairs(stable) do
    if not has[id] then return false end
  end
  return true
end

print(("%d lists of 200 images on 10 pages each: right, wrong, failed with an error"):format(lists))
for _, change in ipairs(changes) do
  for _, way in ipairs(ways) do
    local right, wrong, failed = 0, 0, 0
    for seed = 1, lists do
      server.control("reset", { spec = change[2]:format(seed) })
      local mark = server.mark()
      local images = way[2]()
      if not images then
        failed = failed + 1
      elseif is_right(images, server.oracle(mark).stable) then
        right = right + 1
      else
        wrong = wrong + 1
      end
    end
    print(("%-26s %-44s %4d %4d %4d"):format(change[1], way[1], right, wrong, failed))
  end
end
server.stop()
