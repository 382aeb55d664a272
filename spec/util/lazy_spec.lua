-- Modules that are loaded when something of them is used first.
local lazy = require "jdvm.util.lazy"

describe("a lazy module", function()
  it("is loaded when something of it is used, once", function()
    local loads = 0
    package.preload["spec.made_up"] = function()
      loads = loads + 1
      return { answer = 42 }
    end
    local module = lazy "spec.made_up"
    assert.equal(0, loads)
    assert.same({ 42, 42 }, { module.answer, module.answer })
    assert.equal(1, loads)
    package.preload["spec.made_up"], package.loaded["spec.made_up"] = nil, nil
  end)

  it("that cannot be loaded says why, with all its lines, and can be tried again", function()
    package.preload["spec.made_up"] = function() error("error loading module:\n\tfile.lua:3: no such thing", 0) end
    local module = lazy "spec.made_up"
    local ok, message = pcall(function() return module.answer end)
    assert.is_false(ok)
    assert.matches('^jdvm: spec.made_up cannot be loaded now; write require "spec.made_up" where', message)
    assert.matches("error loading module: file.lua:3: no such thing", message, 1, true)
    package.preload["spec.made_up"] = function() return { answer = 42 } end
    assert.equal(42, module.answer)
    package.preload["spec.made_up"], package.loaded["spec.made_up"] = nil, nil
  end)
end)
