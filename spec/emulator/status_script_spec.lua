-- jdvm.emulator.status_script: how the scripted life of an image is written, and what it is when.
local status_script = require "jdvm.emulator.status_script"

local function at(steps, seconds, requests)
  local life = { since = 100, requests = 10, steps = assert(status_script.parse(steps)) }
  local step = status_script.step(life, { now = 100 + seconds, requests = 10 + requests })
  return step.status .. (step.progress or "")
end

describe("a scripted status", function()
  it("changes with time", function()
    local steps = "pending:10 pending:60@2s ready@4.5s"
    assert.same(
      { "pending10", "pending60", "pending60", "ready" },
      { at(steps, 0, 0), at(steps, 2, 0), at(steps, 4.4, 9), at(steps, 4.5, 0) }
    )
  end)

  it(
    "changes with requests",
    function() assert.same({ "pending", "ready" }, { at("pending ready@3", 99, 2), at("pending ready@3", 0, 3) }) end
  )

  it("is an error when it is malformed", function()
    assert.equal("a life needs steps", select(2, status_script.parse " "))
    for _, text in ipairs { "ready@x", "?", "ready@1m", "ready@1.2.3" } do
      assert.equal(
        "'" .. text .. "' is not STATUS[:PROGRESS][@REQUESTS | @SECONDSs]",
        select(2, status_script.parse(text))
      )
    end
  end)
end)
