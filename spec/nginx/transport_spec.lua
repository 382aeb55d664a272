--- The cosocket transport inside a real nginx, against a real nginx.
local socket = require "socket"
local nginx = require "spec.nginx.support.nginx"
local world = require "spec.nginx.support.world"

describe("the transport of nginx", function()
  local upstream, subject, named_subject, names, proxy, run

  setup(function()
    upstream, run = world.upstream()
    run.ports.proxy, run.ports.names, run.silent = nginx.free_port(), nginx.free_port(), nginx.free_port()
    names = world.helper("names.lua", run.ports.names)
    proxy = world.helper("proxy.lua", run.ports.proxy, run.silent)
    subject = world.subject()
    named_subject = world.subject {
      http = ("resolver 127.0.0.1:%d ipv6=off valid=1s; lua_ssl_verify_depth 5;"):format(run.ports.names),
      server = ([[location /case/ipv6/ {
        resolver 127.0.0.1:%d valid=1s;
        resolver_timeout 1s;
        content_by_lua_block { require("spec.nginx.support.subject").serve() }
      }]]):format(run.ports.names),
    }
  end)

  teardown(function()
    world.stop(subject, named_subject, upstream, names, proxy)
    world.clean()
  end)

  for _, file in ipairs { "transport", "tls", "names", "ipv6" } do
    for number, case in ipairs(require("spec.nginx.cases." .. file)) do
      it(case.name, function()
        local server = (file == "names" or file == "ipv6") and named_subject or subject
        local began = socket.gettime()
        assert.equal("ok", world.run_case(server, file, number, run))
        -- nginx ends a request when all its light threads have ended: one that is left in a look-up holds it for 30 s.
        assert.is_true(socket.gettime() - began < 20 * world.patience, "the case left a light thread")
      end)
    end
  end

  it("leaves clean logs", function()
    for _, server in ipairs { subject, named_subject } do
      assert.equal("", server:complaints())
      assert.equal("", server:reports())
    end
  end)
end)
