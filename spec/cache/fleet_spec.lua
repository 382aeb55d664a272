--- The second level of the cache over a store in a table: who fetches, who waits, who goes on alone.
local fleet = require "jdvm.cache.fleet"

-- A shared dict without time.
local function new_dict()
  local values = {}
  return {
    values = values,
    get = function(_, key) return values[key] end,
    set = function(_, key, value) values[key] = value end,
  }
end

local function new(store, sleep)
  local warnings, locks = {}, { dict = new_dict(), ttl = 1 }
  local made = fleet.new(
    store,
    locks,
    "name",
    sleep or function() end,
    function(text) warnings[#warnings + 1] = text end
  )
  return made, warnings, locks.dict
end

-- A store in a table; `held` is another's lock.
local function new_store()
  local store = { texts = {}, calls = {} }
  for name, run in pairs {
    get = function(key) return store.texts[key] end,
    set = function(key, text)
      store.texts[key] = text
      return true
    end,
    lock = function() return not store.held end,
    unlock = function() return true end,
  } do
    store[name] = function(_, ...)
      store.calls[#store.calls + 1] = name
      return run(...)
    end
  end
  return store
end

local function is_good(text) return text == "good" end

describe("a fleet", function()
  it("gives what another node fetched, and asks for no lock", function()
    local store = new_store()
    store.texts.key = "good"
    local text, token = new(store):claim("key", is_good)
    assert.same({ "good", nil }, { text, token })
    assert.same({ "get" }, store.calls)
  end)

  it("gives the right to fetch when there is nothing good, and takes it back", function()
    local store = new_store()
    store.texts.key = "old"
    local made = new(store)
    local text, token = made:claim("key", is_good)
    assert.is_nil(text)
    assert.truthy(token)
    made:release("key", token)
    assert.same({ "get", "lock", "get", "unlock" }, store.calls)
  end)

  it("waits for the node that fetches", function()
    local store, sleeps = new_store(), 0
    store.held = true
    local made = new(store, function()
      sleeps = sleeps + 1
      if sleeps == 3 then store.texts.key = "good" end
    end)
    assert.equal("good", (made:claim("key", is_good)))
    assert.equal(3, sleeps)
  end)

  it("gives the lock back when the node before it has just stored a text", function()
    local store = new_store()
    store.lock = function()
      store.texts.key = "good"
      return true
    end
    assert.equal("good", (new(store):claim("key", is_good)))
    assert.equal("unlock", store.calls[#store.calls])
  end)

  it("goes on alone when another holds the lock for longer than lock_ttl", function()
    local store, slept = new_store(), 0
    store.held = true
    local text, token = new(store, function(seconds) slept = slept + seconds end):claim("key", is_good)
    assert.same({}, { text, token })
    assert.is_true(slept > 1 and slept < 1.3, slept)
  end)

  it("goes on alone when the store fails or raises, warns, and leaves it alone until the dict forgets", function()
    for _, failing in ipairs {
      function() return nil, "broken" end,
      function() error("broken", 0) end,
    } do
      local store = new_store()
      store.get = failing
      local made, warnings, dict = new(store)
      assert.is_nil(made:get "key")
      assert.same({ "the store of the cache fails, and this nginx goes on without it: broken" }, warnings)
      made:set("key", "text", 1)
      local text, token = made:claim("key", is_good)
      assert.same({}, { text, token })
      assert.same({}, store.calls)
      dict.values.name = nil
      made:set("key", "text", 1)
      assert.equal("text", store.texts.key)
    end
  end)

  it("stores nothing for no time, and gives nothing that is no text", function()
    local store = new_store()
    local made = new(store)
    made:set("key", "text", 0)
    assert.same({}, store.calls)
    store.texts.key = 5
    assert.is_nil(made:get "key")
  end)

  it("says which function a store lacks", function()
    assert.is_nil(fleet.fault(new_store()))
    local store = new_store()
    store.lock = true
    assert.matches("without the function 'lock'", fleet.fault(store), 1, true)
  end)
end)
