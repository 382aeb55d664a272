--- Wherever nginx runs Lua, a call works or says what to do instead.
local shell = require "spec.support.shell"
local world = require "spec.nginx.support.world"

local HTTP = [[
  init_by_lua_block {
    local phases = require "spec.nginx.support.phases"
    phases.open({ %s }, "%s")
    phases.try("init")
    phases.try_with("init, blocking", { blocking = true, ca_file = "%s" })
    phases.try_with("init, ngx", { transport = "ngx", blocking = true })
    phases.try_cache("init, cache", { ca_file = "%s", blocking = true }, "warm")
    phases.try_cache("init, cache, not blocking", {}, "cold")
  }
  init_worker_by_lua_block { require("spec.nginx.support.phases").try("init_worker") }
  exit_worker_by_lua_block {
    require("spec.nginx.support.phases").try("exit_worker")
    ngx.log(ngx.WARN, "exit_worker said ", ngx.shared.notes:get("exit_worker"))
  }
  upstream picked {
    server 0.0.0.1;
    balancer_by_lua_block {
      require("spec.nginx.support.phases").try("balancer")
      require("ngx.balancer").set_current_peer("127.0.0.1", %d)
    }
  }
  server {
    listen 127.0.0.1:%d ssl;
    ssl_certificate_by_lua_block {
      require("spec.nginx.support.phases").try("ssl_cert " .. (ngx.shared.notes:get("tls") or ""))
    }
    location / { return 200 "tls"; }
  }
  server {
    listen 127.0.0.1:%d ssl;
    ssl_client_hello_by_lua_block { require("spec.nginx.support.phases").try("ssl_client_hello") }
    location / { return 200 "tls"; }
  }
  server {
    listen 127.0.0.1:%d;
    server_rewrite_by_lua_block { require("spec.nginx.support.phases").try("server_rewrite") }
    location / { return 200 "rewritten"; }
  }
]]

local SERVER = [[
  location = /note { content_by_lua_block { require("spec.nginx.support.phases").note() } }
  location = /tls { content_by_lua_block { ngx.shared.notes:set("tls", ngx.var.arg_name) } }
  location = /set {
    set_by_lua_block $x { require("spec.nginx.support.phases").try("set") return "" }
    return 200 "x";
  }
  location = /rewrite { rewrite_by_lua_block { require("spec.nginx.support.phases").try("rewrite") ngx.exit(200) } }
  location = /access {
    access_by_lua_block { require("spec.nginx.support.phases").try("access") }
    content_by_lua_block { ngx.print("x") }
  }
  location = /content { content_by_lua_block { require("spec.nginx.support.phases").try("content") } }
  location = /timer {
    content_by_lua_block {
      ngx.timer.at(0, function() require("spec.nginx.support.phases").try("timer") end)
    }
  }
  location = /filters {
    content_by_lua_block { ngx.print("x") }
    header_filter_by_lua_block { require("spec.nginx.support.phases").try("header_filter") }
    body_filter_by_lua_block { require("spec.nginx.support.phases").try("body_filter") }
    log_by_lua_block { require("spec.nginx.support.phases").try("log") }
  }
  location = /balancer { proxy_pass http://picked/ready; }
  location = /thread {
    content_by_lua_block {
      local phases = require "spec.nginx.support.phases"
      local options = phases.with { ca_file = "%s" }
      local ok, outcome = ngx.run_worker_thread("jdvm", "spec.nginx.support.phases", "in_thread", options, "%s")
      ngx.shared.notes:set("thread", ok and outcome or tostring(outcome))
    }
  }
  location = /warm {
    content_by_lua_block { require("spec.nginx.support.phases").try_cache("warm cache", {}, "warm") }
  }
  location = /cold {
    content_by_lua_block { require("spec.nginx.support.phases").try_cache("cold cache", {}, "cold") }
  }
  location = /thread-cache {
    content_by_lua_block {
      local phases = require "spec.nginx.support.phases"
      local options = phases.with { ca_file = "%s" }
      for _, name in ipairs { "thread, cache", "bare thread, cache" } do
        local ok, outcome = ngx.run_worker_thread(
          "jdvm", "spec.nginx.support.phases", "cache_in_thread", options, "%s", name:find "bare" ~= nil)
        ngx.shared.notes:set(name, ok and outcome or tostring(outcome))
      end
    }
  }
]]

describe("in nginx's phase", function()
  local nginx = require "spec.nginx.support.nginx"
  local emulator, subject, run
  local ports = {}

  setup(function()
    emulator, run = world.emulator { tls = true, images = 10 }
    for _, name in ipairs { "cert", "hello", "rewrite", "main" } do
      ports[name] = nginx.free_port()
    end
    local options = world.client_options(run)
    subject = world.subject {
      ca = run.ca,
      port = ports.main,
      main = "thread_pool jdvm threads=2;",
      http = HTTP:format(options, run.ids[1], run.ca, run.ca, ports.main, ports.cert, ports.hello, ports.rewrite),
      server = SERVER:format(run.ca, run.ids[1], run.ca, run.ids[1]),
    }
  end)

  teardown(function()
    world.stop(subject, emulator)
    world.clean()
  end)

  local function note(name)
    local text
    shell.wait(5, function()
      text = world.get(subject, "/note?name=" .. name:gsub("[, ]", function(c) return ("%%%02X"):format(c:byte()) end))
      return text ~= "nothing"
    end)
    return text
  end

  -- A name of the note, how to get there, and what must stand in the outcome.
  local function phase(name, go, ...)
    local expected = { ... }
    it(name, function()
      if go then go() end
      local text = note(name)
      for _, part in ipairs(expected) do
        assert.truthy(text:find(part, 1, true), ("%q expected in: %s"):format(part, text))
      end
    end)
  end

  local function visit(path)
    return function() assert(world.get(subject, path)) end
  end

  local function tls(port, version)
    return function()
      shell.run(
        ("curl -sk --max-time 5 --tls%s --tls-max %s https://127.0.0.1:%d/ >/dev/null"):format(
          version == "1.2" and "v1.2" or "v1.3",
          version,
          port()
        )
      )
    end
  end

  local OK = "ok img-"
  local TIMER = "ngx.timer.at(0, function() "

  phase("init", nil, "phase init: ", "blocking = true")
  phase("init, blocking", nil, OK)
  phase("init, ngx", nil, "phase init: ")
  phase("init, cache", nil, "miss hit")
  phase("init, cache, not blocking", nil, "phase init: ", "blocking = true")
  phase("warm cache", visit "/warm", "hit hit")
  phase("cold cache", visit "/cold", "miss hit")
  phase("init_worker", nil, "phase init_worker: ", TIMER)
  phase("set", visit "/set", "phase set: ", "rewrite_by_lua")
  phase("server_rewrite", function() assert(world.get({ port = ports.rewrite }, "/")) end, OK)
  phase("rewrite", visit "/rewrite", OK)
  phase("access", visit "/access", OK)
  phase("content", visit "/content", OK)
  phase("timer", visit "/timer", OK)
  phase("header_filter", visit "/filters", "phase header_filter: ", TIMER)
  phase("body_filter", visit "/filters", "phase body_filter: ", TIMER)
  phase("log", visit "/filters", "phase log: ", TIMER)
  phase("balancer", visit "/balancer", "phase balancer: ", "access_by_lua")
  phase("ssl_cert 1.2", function()
    assert(world.get(subject, "/tls?name=1.2"))
    tls(function() return ports.cert end, "1.2")()
  end, OK)
  phase("ssl_cert 1.3", function()
    assert(world.get(subject, "/tls?name=1.3"))
    tls(function() return ports.cert end, "1.3")()
  end, OK)
  phase(
    "ssl_client_hello",
    tls(function() return ports.hello end, "1.3"),
    "phase ssl_client_hello: ",
    "ssl_certificate_by_lua"
  )
  phase("thread", visit "/thread", OK)
  phase("thread, cache", visit "/thread-cache", "miss hit stale hit, one that is absent: miss hit")
  phase("bare thread, cache", nil, "miss hit stale hit, one that is absent: miss hit")

  it("exit_worker, and the log is clean", function()
    subject:stop()
    assert.equal("", subject.last_complaints)
    assert.truthy(subject.last_log:find("exit_worker said phase exit_worker: ", 1, true))
  end)
end)
