--- Several nginx that share a Redis: one fetch for all, and each alone when Redis fails.
local nginx = require "spec.nginx.support.nginx"
local shell = require "spec.support.shell"
local socket = require "socket"
local world = require "spec.nginx.support.world"

local HTTP = [[
  init_by_lua_block { require("spec.nginx.support.catalogue").open({ %s }, "%s", { port = %d, %s }) }
]]

local SERVER = [[
  location = /image { content_by_lua_block { require("spec.nginx.support.catalogue").image() } }
  location = /one { content_by_lua_block { require("spec.nginx.support.catalogue").one() } }
]]

local COMPLAINT = "the store of the cache fails"

-- A real redis-server that keeps nothing on disk.
local function start_redis(port, options)
  local log = shell.output "mktemp"
  local command = "redis-server --bind 127.0.0.1 --port %d --save '' --appendonly no --dir /tmp %s"
  local server = { port = port, pid = shell.background(command:format(port, options or ""), log) }
  function server.cli(text) return shell.output(("redis-cli -p %d %s"):format(port, text)) end
  function server.signal(name) shell.run(("kill -%s %d"):format(name, server.pid)) end
  function server.stop()
    if not server.pid then return end
    server.signal "CONT"
    server.signal "TERM"
    shell.wait(5, function() return not shell.alive(server.pid) end)
    server.pid = nil
    os.remove(log)
  end
  assert(shell.wait(10, function() return shell.listens(port) end), "redis-server did not start")
  return server
end

describe("two nginx that share a Redis", function()
  if world.checked then return end -- the checkers allow for one process only
  local emulator, run, redis, nodes

  local function start_node(redis_options)
    return world.subject {
      workers = 4,
      ca = run.ca,
      http = HTTP:format(world.client_options(run), run.ids[1], redis.port, redis_options or ""),
      server = SERVER,
    }
  end

  setup(function()
    emulator, run = world.emulator { tls = true, images = 60 }
    redis = start_redis(nginx.free_port())
    nodes = { start_node(), start_node() }
  end)

  teardown(function()
    for _, node in ipairs(nodes or {}) do
      node:stop()
    end
    world.stop(emulator)
    redis.stop()
    world.clean()
  end)

  local function one(node, number)
    local text = world.get(node, "/one?id=" .. run.ids[number])
    local state, seconds = text:match "^(%a+) (%S+)$"
    return state or error(text), tonumber(seconds)
  end

  it("fetch once per ttl, both together", function()
    world.get(nodes[1], "/image")
    emulator.control "reset"
    emulator.control("settings", { latency = 0.05 })
    local fetched
    world.under_load(8, nodes, function()
      socket.sleep(3)
      fetched = emulator.control("stats").requests
    end)
    emulator.control("settings", { latency = 0 })
    assert.is_true(fetched >= 3 and fetched <= 7, fetched .. " fetches in 3 s")
    for _, node in ipairs(nodes) do
      assert.is_nil(node:log():find(COMPLAINT, 1, true))
    end
  end)

  it("know what the other fetched, also after a start, and share no secret", function()
    emulator.control "reset"
    one(nodes[1], 2)
    one(nodes[2], 2)
    local third = start_node()
    one(third, 2)
    third:stop()
    assert.equal(1, emulator.control("stats").requests)
    local all = redis.cli "keys '*'"
    for key in all:gmatch "[^\n]+" do
      assert.matches("^jdvm1|https://", key)
      assert.is_nil((key .. redis.cli("get '" .. key .. "'")):find(run.secret_key, 1, true))
    end
    assert.is_nil(all:find(run.access_key, 1, true))
  end)

  local number = 2

  -- Each node goes on alone within 50 ms while Redis fails; when it works again, they share what is fetched.
  local function survive(fail, heal)
    for _, node in ipairs(nodes) do
      number = number + 1
      one(node, number) -- leaves a pooled connection
    end
    fail()
    for _, node in ipairs(nodes) do
      number = number + 1
      emulator.control "reset"
      local state, seconds = one(node, number)
      assert.equal("miss", state)
      assert.equal(1, emulator.control("stats").requests)
      -- The fetch itself takes a few milliseconds.
      assert.is_true(seconds < 0.05 + 0.1, seconds .. " s")
    end
    heal()
    socket.sleep(1.1)
    number = number + 1
    emulator.control "reset"
    one(nodes[1], number)
    one(nodes[2], number)
    assert.equal(1, emulator.control("stats").requests, "fetches of both once it works again")
  end

  it("go on when it is slow", function()
    survive(function() redis.signal "STOP" end, function() redis.signal "CONT" end)
  end)

  it("go on when it is full", function()
    survive(function() redis.cli "config set maxmemory 1" end, function() redis.cli "config set maxmemory 0" end)
  end)

  it("go on when it is stopped, and when it has forgotten everything", function()
    survive(redis.stop, function() redis = start_redis(redis.port) end)
  end)

  it("go on when something else answers", function()
    redis.stop()
    local garbage = world.helper("garbage.lua", redis.port)
    survive(function() end, function()
      garbage:stop()
      redis = start_redis(redis.port)
    end)
  end)

  it("go on when an entry there is none of ours", function()
    one(nodes[1], 2)
    for key in redis.cli("keys '*'"):gmatch "[^\n]+" do
      redis.cli("set '" .. key .. "' '[\"ok\",1]' px 60000")
    end
    number = number + 1
    assert.equal("miss", (one(nodes[2], number)))
  end)

  it("told so once a minute, and nothing worse", function()
    for _, node in ipairs(nodes) do
      local _, times = node:log():gsub(COMPLAINT, "")
      assert.equal(1, times, node:log())
      assert.equal("", node:complaints())
    end
  end)

  it("give a password", function()
    local locked = start_redis(nginx.free_port(), "--requirepass open --user someone on '>sesame' '~*' '+@all'")
    redis, locked = locked, redis
    for options, is_shared in pairs {
      ['password = "open"'] = true,
      ['username = "someone", password = "sesame", database = 2'] = true,
      ['password = "wrong"'] = false,
    } do
      local node = start_node(options)
      one(node, 3)
      local keys = redis.cli "-a open --no-auth-warning dbsize" .. redis.cli "-a open --no-auth-warning -n 2 dbsize"
      redis.cli "-a open --no-auth-warning flushall"
      assert.equal(is_shared, keys:find "1" ~= nil, options)
      assert.equal(not is_shared, node:log():find(COMPLAINT, 1, true) ~= nil, options)
      node:stop()
    end
    redis.stop()
    redis = locked
  end)
end)
