--- The store in Redis over a client that only takes notes; spec/nginx/fleet_spec.lua has a real one.
local redis = require "jdvm.stores.redis"

local notes, replies, client

-- What a command of the store sends, and how the connection ends.
local function sent() return table.concat(notes, " / ") end

before_each(function()
  notes, replies = {}, {}
  client = { _VERSION = "0.27", reused = 1 }
  function client.new() return client end
  setmetatable(client, {
    __index = function(_, name)
      return function(_, ...)
        local words = { name }
        for _, word in ipairs { ... } do
          words[#words + 1] = type(word) == "table" and "{}" or tostring(word)
        end
        notes[#notes + 1] = table.concat(words, " ")
        local reply = replies[name]
        if reply == nil then return "OK" end
        if type(reply) == "function" then return reply() end
        return reply
      end
    end,
    __newindex = rawset,
  })
  function client.get_reused_times() return client.reused end
  package.loaded["resty.redis"] = client
end)

after_each(function() package.loaded["resty.redis"] = nil end)

describe("a store in Redis", function()
  it("sends one command each, on a connection of the pool that it gives back", function()
    local store, null = redis.new(), {}
    local around = { "set_timeout 20 / connect 127.0.0.1 6379 {} / ", " / set_keepalive 30000 30" }
    replies.get = "text"
    assert.equal("text", store:get "key")
    assert.equal(around[1] .. "get key" .. around[2], sent())
    replies.get = function() return null end
    assert.is_nil(store:get "key")
    notes = {}
    assert.is_true(store:set("key", "text", 0.5))
    assert.equal(around[1] .. "set key text px 500" .. around[2], sent())
    notes = {}
    assert.is_true(store:lock("key", "token", 5))
    assert.equal(around[1] .. "set lock|key token nx px 5000" .. around[2], sent())
    replies.set = function() return null end
    assert.is_false(store:lock("key", "token", 5))
    notes = {}
    assert.is_true(store:unlock("key", "token"))
    assert.matches("eval if redis.call.*get.*del.* 1 lock|key token / set_keepalive", sent())
  end)

  it("names itself on a new connection alone", function()
    client.reused = 0
    redis.new({ username = "u", password = "p", database = 2, timeout = 0.1, host = "unix:/x" }):get "key"
    assert.equal(
      "set_timeout 100 / connect unix:/x {} / auth u p / select 2 / get key / set_keepalive 30000 30",
      sent()
    )
    notes = {}
    redis.new({ password = "p" }):get "key"
    assert.matches("/ auth p / get key /", sent())
    client.reused, notes = 1, {}
    redis.new({ password = "p" }):get "key"
    assert.is_nil(sent():find "auth")
  end)

  it("closes a connection on which something failed, and says what", function()
    local store = redis.new()
    for _, failing in ipairs {
      function() return nil, "timeout" end,
      function() return false, "timeout" end,
      function() error("timeout", 0) end,
    } do
      notes, replies.set = {}, failing
      assert.same({ nil, "Redis: timeout" }, { store:lock("key", "token", 1) })
      assert.same({ nil, "Redis: timeout" }, { store:set("key", "text", 1) })
      assert.matches("/ close$", sent())
    end
    replies.connect = function() return nil, "connection refused" end
    assert.same({ nil, "Redis: connection refused" }, { store:get "key" })
    assert.same({ nil, "Redis: connection refused" }, { store:unlock("key", "token") })
  end)

  it("refuses options that it cannot keep, where it is called", function()
    local function message(options)
      return select(2, pcall(function() return (redis.new(options)) end))
    end
    assert.matches(
      "^spec/stores/redis_spec.lua:%d+: jdvm.stores.redis.new: option 'ssl' needs .* 0.27$",
      message { ssl = true }
    )
    assert.matches("did you mean 'password'", message { pasword = "x" }, 1, true)
    assert.matches("redis_spec.lua:%d+: .*password", message { password = 5 })
    assert.is_nil(message({ password = 54321 }):find "54321")
    package.loaded["resty.redis"] = nil
    assert.matches("redis_spec.lua:%d+: .*apt install lua%-nginx%-redis", message {})
    client._VERSION = "0.29"
    package.loaded["resty.redis"] = client
    local store = redis.new { ssl = true }
    assert.same({ true, true }, { store.connection.ssl, store.connection.ssl_verify })
  end)
end)
