--- The client inside nginx, against the emulator.
local world = require "spec.nginx.support.world"

describe("a client in nginx", function()
  local emulator, subject, run

  setup(function()
    emulator, run = world.emulator { tls = true, images = 200 }
    subject = world.subject { ca = run.ca }
  end)

  teardown(function()
    world.stop(subject, emulator)
    world.clean()
  end)

  for number, case in ipairs(require "spec.nginx.cases.client") do
    it(case.name, function() assert.equal("ok", world.run_case(subject, "client", number, run)) end)
  end

  it("leaves a clean log", function()
    assert.equal("", subject:complaints())
    assert.equal("", subject:reports())
  end)
end)
