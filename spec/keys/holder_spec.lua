-- Keys that are renewed in time, by one at a time, and stay in use while their provider fails.
local credentials = require "jdvm.keys.holder"

-- A world with its own clock: `sleep` moves it on.
local function world()
  local self = { now = 1000000, warnings = {}, asked = 0 }
  function self.context(more)
    local context = {
      clock = function() return self.now end,
      sleep = function(seconds) self.now = self.now + seconds end,
    }
    for name, value in pairs(more or {}) do
      context[name] = value
    end
    return context
  end
  function self.holder(provider)
    return credentials.new(function(context)
      self.asked = self.asked + 1
      return provider(context, self.asked)
    end, "the test", function(message) self.warnings[#self.warnings + 1] = message end)
  end
  -- A provider of keys that live for `lifetime` seconds; their access key counts up.
  function self.numbered(lifetime)
    return function(_, n)
      return { access_key = "AK" .. n, secret_key = "SK" .. n, expires_at = lifetime and self.now + lifetime or nil }
    end
  end
  return self
end

local function access_key(holder, context)
  local keys, failure = holder:get(context)
  if not keys then return nil, failure.message, failure.kind end
  return (keys.reveal())
end

describe("what a provider gives", function()
  local function problem(given)
    local w = world()
    local keys, message, kind = access_key(w.holder(function() return given end), w.context())
    assert.is_nil(keys)
    assert.equal("credentials", kind)
    return message
  end

  it("is a table of well-formed keys", function()
    assert.equal("the provider gave no keys", problem(nil))
    assert.equal("the provider must return a table of access_key and secret_key, got a string", problem "hush")
    assert.equal("the test: access_key is missing", problem {})
    assert.equal("the test: secret_key is missing", problem { access_key = "a" })
    assert.equal("the test: secret_key is empty", problem { access_key = "a", secret_key = "" })
    assert.matches(
      "session_token ends in a newline",
      problem { access_key = "a", secret_key = "s", session_token = "t\n" }
    )
    assert.matches(
      'expires_at must be a number of seconds since 1970, got "2026%-01%-01"',
      problem { access_key = "a", secret_key = "s", expires_at = "2026-01-01" }
    )
    assert.matches("expires_at must be a number", problem { access_key = "a", secret_key = "s", expires_at = 0 / 0 })
  end)

  it("is not misread when other tools' names are used", function()
    for wrong, right in pairs {
      token = "session_token",
      sessionToken = "session_token",
      security_token = "session_token",
      accessKey = "access_key",
      secretKey = "secret_key",
      expiration = "expires_at",
      Expires = "expires_at",
    } do
      assert.equal(
        ("the provider returned '%s'; did you mean '%s'?"):format(wrong, right),
        problem { access_key = "a", secret_key = "s", [wrong] = "x" }
      )
    end
  end)

  it("may hold more", function()
    local w = world()
    assert.equal(
      "a",
      access_key(
        w.holder(function() return { access_key = "a", secret_key = "s", note = "x", origin = "the vault" } end),
        w.context()
      )
    )
  end)

  it("may be a message or an error instead", function()
    local w = world()
    assert.equal(
      "the vault is sealed",
      select(2, access_key(w.holder(function() return nil, "the vault\r\nis sealed" end), w.context()))
    )
    for pattern, thrown in pairs { boom = "boom", table = {} } do
      local _, message = access_key(w.holder(function() error(thrown) end), w.context())
      assert.matches("^the provider failed: .*" .. pattern, message)
    end
  end)
end)

describe("a holder", function()
  it("asks once for keys that do not expire", function()
    local w = world()
    local holder = w.holder(w.numbered(nil))
    local first = holder:get(w.context())
    w.now = w.now + 1e8
    assert.equal(first, holder:get(w.context()))
    assert.equal(1, w.asked)
  end)

  it("asks at once when keys expire that the provider gave again and again until then", function()
    local w, keys = world(), nil
    local holder = w.holder(function(_, n)
      if not keys or keys.expires_at <= w.now then
        keys = { access_key = "AK" .. n, secret_key = "SK", expires_at = w.now + 3600 }
      end
      return keys
    end)
    access_key(holder, w.context())
    local expired = w.now + 3600
    for _ = 1, 3700 do
      w.now = w.now + 1
      assert.equal(w.now < expired, access_key(holder, w.context()) == "AK1")
    end
  end)

  it("does not ask at every call for keys that come expired", function()
    local w = world()
    local holder = w.holder(w.numbered(-5))
    for _ = 1, 20 do
      access_key(holder, w.context())
    end
    assert.equal(1, w.asked)
    w.now = w.now + 11
    assert.equal("AK2", access_key(holder, w.context()))
  end)

  it("renews 900 s before the end, or when a quarter of a shorter life is left", function()
    for lifetime, early in pairs { [7200] = 900, [3600] = 900, [1000] = 250, [40] = 10 } do
      local w = world()
      local holder = w.holder(w.numbered(lifetime))
      access_key(holder, w.context())
      w.now = w.now + lifetime - early
      access_key(holder, w.context())
      assert.equal(1, w.asked, lifetime)
      w.now = w.now + 0.5
      for _ = 1, 2 do
        assert.equal("AK2", access_key(holder, w.context()))
      end
      assert.equal(2, w.asked, lifetime)
      assert.same({}, w.warnings)
    end
  end)

  it("asks a failing provider each minute; each ten seconds with 600 s, or a sixth of the life, left", function()
    for left, case in pairs { [600] = { 7200, 60 }, [599.5] = { 7200, 10 }, [200] = { 1200, 60 }, [199.5] = { 1200, 10 } } do
      local lifetime, seconds = case[1], case[2]
      local w = world()
      local numbered = w.numbered(lifetime)
      local holder = w.holder(function(context, n)
        if n > 1 then return nil, "no" end
        return numbered(context, n)
      end)
      access_key(holder, w.context())
      w.now = w.now + lifetime - left
      access_key(holder, w.context())
      assert.equal(2, w.asked, left)
      w.now = w.now + seconds - 0.5
      access_key(holder, w.context())
      assert.equal(2, w.asked, left)
      w.now = w.now + 1
      access_key(holder, w.context())
      assert.equal(3, w.asked, left)
    end
  end)

  it("keeps the last good keys while the provider fails, and warns", function()
    local w = world()
    local numbered, broken = w.numbered(3600), false
    local holder = w.holder(function(...)
      if broken then return nil, "the vault is sealed" end
      return numbered(...)
    end)
    access_key(holder, w.context())
    broken = true
    w.now = w.now + 2800
    for _ = 1, 10 do
      assert.equal("AK1", access_key(holder, w.context()))
    end
    assert.equal(2, w.asked)
    assert.equal(
      "keys from the test could not be renewed, the old ones stay in use: the vault is sealed",
      w.warnings[1]
    )
    w.now = w.now + 1000
    assert.equal("AK1", access_key(holder, w.context()))
    assert.matches("although they have expired: the vault is sealed$", w.warnings[#w.warnings])
    broken = false
    w.now = w.now + 11
    assert.matches("^AK%d+$", access_key(holder, w.context()))
  end)

  it("does not let a failing hook for warnings do harm", function()
    local w = world()
    local fail = false
    local holder = credentials.new(function()
      if fail then error "boom" end
      return { access_key = "a", secret_key = "s", expires_at = w.now + 100 }
    end, "the test", function() error "hook" end)
    access_key(holder, w.context())
    fail, w.now = true, w.now + 99
    assert.equal("a", access_key(holder, w.context()))
  end)

  it("asks a failing provider at most once a second when it has no keys", function()
    local w = world()
    local holder = w.holder(function() return nil, "sealed" end)
    for _ = 1, 20 do
      assert.equal("sealed", select(2, access_key(holder, w.context())))
    end
    assert.equal(1, w.asked)
    w.now = w.now + 1.1
    access_key(holder, w.context())
    assert.equal(2, w.asked)
  end)

  it("asks again when the service refused the keys", function()
    local w = world()
    local holder = w.holder(w.numbered(nil))
    local keys = holder:get(w.context())
    w.now = w.now + 60
    assert.is_true(holder:refuse(keys))
    assert.equal("AK2", access_key(holder, w.context()))
    -- Keys that were replaced meanwhile are worth another try without asking again.
    assert.is_true(holder:refuse(keys))
    assert.equal("AK2", access_key(holder, w.context()))
    -- Keys that were fetched this moment are not asked for again and again.
    assert.is_false(holder:refuse(holder:get(w.context())))
    assert.equal("AK2", access_key(holder, w.context()))
    assert.equal(2, w.asked)
  end)

  it("never renews fixed keys", function()
    local w = world()
    local holder = credentials.fixed({ access_key = "AK", secret_key = "SK" }, { access_key = "here" })
    local keys = holder:get(w.context())
    assert.equal("AK", (keys.reveal()))
    w.now = w.now + 1e6
    assert.equal(keys, holder:get(w.context()))
    assert.is_false(holder:refuse(keys))
    assert.is_true(holder:is_fixed())
    assert.is_false(w.holder(w.numbered(10)):is_fixed())
  end)

  it("says of fixed keys that are wrong, or are not there, what is the matter", function()
    local given = { access_key = "AK", secret_key = " SK" }
    local holder = credentials.fixed(given, { access_key = "variable A", secret_key = "variable S" })
    local message = "variable S: secret_key begins or ends with a blank: cut it off"
    assert.same({ nil, message, "credentials" }, { access_key(holder, world().context()) })
    assert.same({ "none", { kind = "credentials", message = message } }, { holder:shown() })
    holder = credentials.none "no keys"
    assert.same({ nil, "no keys", "credentials" }, { access_key(holder, world().context()) })
    assert.same({ "none", { kind = "credentials", message = "no keys" } }, { holder:shown() })
  end)

  it("survives a clock that is set back", function()
    local w = world()
    local holder = w.holder(w.numbered(3600))
    access_key(holder, w.context())
    w.now = w.now - 1e6
    assert.equal("AK1", access_key(holder, w.context()))
    w.now = w.now + 1e6 + 3500
    assert.equal("AK2", access_key(holder, w.context()))
  end)
end)

describe("several coroutines", function()
  -- A provider that yields once, as one that waits for a server does.
  local function yielding(w, lifetime)
    local numbered = w.numbered(lifetime)
    return function(...)
      coroutine.yield "asking"
      return numbered(...)
    end
  end

  local function thread(f)
    local co = coroutine.create(f)
    return function()
      local ok, value = coroutine.resume(co)
      assert(ok, value)
      return value, coroutine.status(co)
    end
  end

  it("use the old keys while one of them asks for new ones", function()
    local w = world()
    local holder = w.holder(yielding(w, 3600))
    local first = thread(function() return access_key(holder, w.context()) end)
    assert.equal("asking", first())
    assert.equal("AK1", first())
    w.now = w.now + 3000
    local second = thread(function() return access_key(holder, w.context()) end)
    assert.equal("asking", second())
    for _ = 1, 5 do
      assert.equal("AK1", access_key(holder, w.context()))
    end
    assert.equal("AK2", second())
    assert.equal("AK2", access_key(holder, w.context()))
    assert.equal(2, w.asked)
  end)

  it("wait for the first keys by the transport's sleep", function()
    local w = world()
    local holder = w.holder(yielding(w, 3600))
    local first = thread(function() return access_key(holder, w.context()) end)
    first()
    local naps = 0
    local waiting = thread(function()
      return access_key(
        holder,
        w.context {
          sleep = function(seconds)
            naps = naps + 1
            w.now = w.now + seconds
            coroutine.yield "sleeping"
          end,
        }
      )
    end)
    assert.equal("sleeping", waiting())
    assert.equal("sleeping", waiting())
    assert.equal("AK1", first())
    assert.equal("AK1", waiting())
    assert.equal(2, naps)
    assert.equal(1, w.asked)
  end)

  it("take over, one of them, from one that never comes back", function()
    local w = world()
    local holder = w.holder(yielding(w, 3600))
    local stuck = thread(function() return access_key(holder, w.context()) end)
    stuck()
    local began = w.now
    -- They sleep in turn, as light threads do.
    local running, results = {}, {}
    for i = 1, 5 do
      running[i] = thread(function()
        return access_key(holder, w.context { sleep = function() coroutine.yield "sleeping" end })
      end)
    end
    local open = 5
    while open > 0 do
      w.now = w.now + 0.1
      for i = 1, 5 do
        if running[i] then
          local value, status = running[i]()
          if status == "dead" then
            running[i], results[i], open = nil, value, open - 1
          end
        end
      end
      assert.is_true(w.now - began < 20)
    end
    assert.same({ "AK2", "AK2", "AK2", "AK2", "AK2" }, results)
    assert.equal(2, w.asked)
    assert.is_true(w.now - began > 0.9 and w.now - began < 3, w.now - began)
    assert.is_function(stuck)
  end)

  it("do not wait longer than their call may", function()
    local w = world()
    local holder = w.holder(yielding(w, 3600))
    local stuck = thread(function() return access_key(holder, w.context()) end)
    stuck()
    local began = w.now
    local keys, failure = holder:get(w.context { timeout = 0.5 })
    assert.is_nil(keys)
    assert.same({ kind = "timeout", phase = "sleep", cause = "keys_timeout" }, failure)
    assert.is_true(w.now - began > 0.45 and w.now - began < 0.55, w.now - began)
    assert.equal(1, w.asked)
    assert.equal("AK1", stuck())
  end)

  it("renew keys although the one that was asking is long gone", function()
    local w = world()
    local numbered, stuck = w.numbered(3600), true
    local holder = w.holder(function(context, n)
      if n == 2 and stuck then coroutine.yield "asking" end
      return numbered(context, n)
    end)
    access_key(holder, w.context())
    w.now = w.now + 3000
    assert.equal("asking", thread(function() return access_key(holder, w.context()) end)())
    w.now = w.now + 11
    assert.equal("AK3", access_key(holder, w.context()))
  end)

  it("are told when they cannot wait", function()
    local w = world()
    local holder = w.holder(yielding(w, 3600))
    local stuck = thread(function() return access_key(holder, w.context()) end)
    stuck()
    local context = w.context()
    context.sleep = nil
    assert.equal("keys_asked_for", select(2, holder:get(context)).cause)
    assert.equal("AK1", stuck())
  end)

  it("hand yields and errors of a provider through", function()
    local w = world()
    local holder = w.holder(function()
      assert(coroutine.yield "one" == nil)
      coroutine.yield "two"
      error "boom"
    end)
    local run = thread(function() return (select(2, access_key(holder, w.context()))) end)
    assert.equal("one", run())
    assert.equal("two", run())
    local message, status = run()
    assert.matches("^the provider failed: .*boom", message)
    assert.equal("dead", status)
  end)

  it("are told when a provider asks for its own keys", function()
    local w = world()
    local holder
    holder = w.holder(function(context)
      local _, failure = holder:get(context)
      return nil, failure.cause
    end)
    assert.equal("provider_calls_itself", (select(2, access_key(holder, w.context()))))
  end)
end)

describe("secrets", function()
  local SECRET, TOKEN = "the-secret-itself-1234", "the-token-itself-5678"

  -- Everything that walking through tables, metatables and tostring shows.
  local function everything(value, seen, out)
    seen, out = seen or {}, out or {}
    out[#out + 1] = tostring(value)
    if type(value) == "table" and not seen[value] then
      seen[value] = true
      for key, element in pairs(value) do
        everything(key, seen, out)
        everything(element, seen, out)
      end
      everything(getmetatable(value), seen, out)
    end
    return table.concat(out, "\n")
  end

  it("are seen neither in keys nor in holders", function()
    local given = { access_key = "AKAKAKAKAKAK9999", secret_key = SECRET, session_token = TOKEN }
    local holder = credentials.fixed(given, { access_key = "here" })
    local keys = holder:get { clock = os.time }
    assert.same({ "AKAKAKAKAKAK9999", SECRET, TOKEN }, { keys.reveal() })
    assert.equal("jdvm keys AK…9999 from here", tostring(keys))
    assert.equal("jdvm credentials from here", tostring(holder))
    for _, value in ipairs { keys, holder } do
      local shown = everything(value)
      assert.is_nil(shown:find(SECRET, 1, true))
      assert.is_nil(shown:find(TOKEN, 1, true))
      assert.is_nil(shown:find("AKAKAKAKAKAK9999", 1, true))
    end
  end)

  it("are not given away by a short access key", function()
    assert.equal("…", credentials.mask "AK123456789")
    assert.equal("AK…6789", credentials.mask "AK1234566789")
  end)
end)
