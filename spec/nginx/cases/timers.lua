--- The cache where nginx allows for few timers (lua_max_running_timers): it drops those beyond without a word.
local check = require "spec.nginx.support.check"
local equal, truthy = check.equal, check.truthy

local cases, case = check.cases()

-- Runs a function while nginx starts no other timer.
local function without_timers(run)
  local is_busy, has_begun = true, false
  -- This one, too, is dropped while another runs.
  repeat
    truthy(ngx.timer.at(0, function()
      has_begun = true
      while is_busy do
        ngx.sleep(0.01)
      end
    end))
    ngx.sleep(0.05)
  until has_begun
  run()
  is_busy = false
  ngx.sleep(0.05)
end

case("fetches in the request itself, and refreshes again later", function(run)
  local catalogue = require "jdvm.cache".new { client = check.client(run), dict = "jdvm", ttl = 0.1, lock_ttl = 0.5 }
  without_timers(function()
    local began = ngx.now()
    equal("miss", select(2, catalogue:describe_image(run.ids[1])).cache)
    check.between(0, 3 * run.patience, ngx.now() - began, "seconds")
    ngx.sleep(0.2)
    equal("stale", select(2, catalogue:describe_image(run.ids[1])).cache)
  end)
  ngx.sleep(0.7)
  equal("stale", select(2, catalogue:describe_image(run.ids[1])).cache)
  ngx.sleep(0.3 * run.patience)
  check.between(0, 0.6 * run.patience, select(2, catalogue:describe_image(run.ids[1])).age, "age")
end)

case("gives the key back after lock_ttl when the light thread that fetches is killed", function(run)
  local is_slow = true
  local client = check.client(run, {
    transport = function()
      while is_slow do
        ngx.sleep(0.01)
      end
      return { status = 200, body = '{"requestId":"r","result":{"image":{"imageId":"i"}}}' }
    end,
  })
  local catalogue = require "jdvm.cache".new { client = client, dict = "jdvm", lock_ttl = 1 }
  without_timers(function()
    local thread = ngx.thread.spawn(function() return catalogue:describe_image "i" end)
    ngx.sleep(0.6 + 0.1 * run.patience) -- timers.LATE, after which the request itself fetches
    truthy(#ngx.shared.jdvm_locks:get_keys() > 0, "a lock")
    ngx.thread.kill(thread)
  end)
  is_slow = false
  local began = ngx.now()
  equal("miss", select(2, catalogue:describe_image "i").cache)
  check.between(0, 1 + 0.3 * run.patience, ngx.now() - began, "seconds")
  equal(0, #ngx.shared.jdvm_locks:get_keys())
end)

return cases
