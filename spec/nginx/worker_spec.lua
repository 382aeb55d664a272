--- What a worker goes through: other requests, clients that leave, reloads, forks, Lua states that come and go.
local nginx = require "spec.nginx.support.nginx"
local shell = require "spec.support.shell"
local socket = require "socket"
local world = require "spec.nginx.support.world"

local HTTP = [[
  init_by_lua_block { require("spec.nginx.support.phases").open({ %s }, "%s") }
  %s
]]

local SERVER = [[
  location = /image { content_by_lua_block {
    local image, message = require("spec.nginx.support.pages").client():describe_image("%s")
    if not image then ngx.status = 500 end
    ngx.print(image and ngx.worker.pid() .. " " .. image.imageId or message)
  } }
  location = /list { content_by_lua_block { require("spec.nginx.support.pages").list() } }
  location = /abort { lua_check_client_abort on; content_by_lua_block { require("spec.nginx.support.pages").list() } }
  location = /fds { content_by_lua_block { require("spec.nginx.support.pages").process() } }
]]

describe("a worker of nginx", function()
  local emulator, run

  setup(function()
    emulator, run = world.emulator { tls = true, images = 200 }
  end)

  teardown(function()
    world.stop(emulator)
    world.clean()
  end)

  local function with_subject(options, test)
    local more = options.more or ""
    options.ca = run.ca
    options.http = HTTP:format(world.client_options(run), run.ids[1], more)
    options.server = SERVER:format(run.ids[1])
    local subject = world.subject(options)
    local ok, message = pcall(test, subject)
    emulator.control("settings", { latency = 0 })
    subject:stop()
    assert(ok, message)
    assert.equal("", subject.last_complaints)
  end

  it("answers others while calls wait for the service", function()
    with_subject({}, function(subject)
      world.get(subject, "/image")
      emulator.control("settings", { latency = 0.3 })
      local quick = 0
      local answered = world.under_load(8, { subject }, function()
        socket.sleep(0.1)
        for _ = 1, 30 do
          local start = socket.gettime()
          assert.equal("ready", world.get(subject, "/ready"))
          if socket.gettime() - start < 0.05 then quick = quick + 1 end
          socket.sleep(0.02)
        end
      end)
      -- A worker that blocked would answer one of ten in time: those between two calls of 300 ms.
      assert.is_true(quick >= 27, quick .. " of 30 answers took less than 50 ms")
      assert.is_true(answered >= 16, answered .. " calls answered")
    end)
  end)

  it("stops fetching pages when the client has gone, if it checks for that", function()
    with_subject({}, function(subject)
      emulator.control("reset")
      emulator.control("settings", { latency = 0.2 })
      shell.run(("curl -s --max-time 0.5 http://127.0.0.1:%d/abort"):format(subject.port))
      socket.sleep(1.5)
      local requests = emulator.control("stats").requests
      assert.is_true(requests >= 1 and requests <= 13, requests .. " of 20 pages were fetched")
      emulator.control("settings", { latency = 0 })
      assert.equal(#run.ids .. " images", world.get(subject, "/list"))
    end)
  end)

  it("keeps files and memory steady with lua_code_cache off", function()
    with_subject({ more = "lua_code_cache off;" }, function(subject)
      local function ask(times)
        for _ = 1, times do
          assert.truthy(world.get(subject, "/image"):find(run.ids[1], 1, true))
        end
        local files, memory = world.get(subject, "/fds"):match("(%d+) (%d+)")
        return tonumber(files), tonumber(memory)
      end
      local files, memory = ask(100)
      local files_then, memory_then = ask(400)
      assert.is_true(files_then <= files + 2, files .. " files, then " .. files_then)
      assert.is_true(memory_then <= memory * 1.1, memory .. " KB, then " .. memory_then)
    end)
  end)

  it("may share a client with its brother that was made, and used, before the fork", function()
    for _, transport in ipairs { "auto", "curl" } do
      local port = nginx.free_port()
      local more = ([[
        server {
          listen 127.0.0.1:%d reuseport;
          location / { content_by_lua_block { require("spec.nginx.support.pages").shared() } }
        }
        init_by_lua_block {
          require("spec.nginx.support.pages").open({ %s, transport = "%s", blocking = true }, "%s", "%s")
        }
      ]]):format(port, world.client_options(run), transport, run.ids[1], run.ca)
      local subject = world.subject { workers = 2, ca = run.ca, http = more }
      local seen, count = {}, 0
      for _ = 1, 60 do
        local answer, status = world.get({ port = port }, "/")
        assert.equal(200, status, answer)
        local pid = answer:match("^(%d+) ")
        assert.equal(pid .. " " .. run.ids[1], answer)
        if not seen[pid] then
          seen[pid], count = true, count + 1
        end
      end
      subject:stop()
      assert.equal(2, count, "workers that answered")
      assert.equal("", subject.last_complaints)
    end
  end)
end)
