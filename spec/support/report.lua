--- busted output handler: one "ok" or "not ok" line a test with its time, the text of a failure
--- indented below it, and "N passed, N failed" at the end. A pending test counts as failed, so that
--- a test which did not run is never taken for one that passed; so does a run of no test at all.

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  local passed, failed = 0, 0

  local function write(text)
    io.write(text, "\n")
    io.flush()
  end

  local function fail(name, message, trace)
    failed = failed + 1
    write("not ok - " .. name)
    if trace and trace.short_src then write(("  %s:%s"):format(trace.short_src, trace.currentline or "?")) end
    if type(message) ~= "string" then
      message = message == nil and "(no message)" or require("pl.pretty").write(message)
    end
    write("  " .. message:gsub("\n", "\n  "))
  end

  busted.subscribe({ "suite", "reset" }, function()
    passed, failed = 0, 0
    return nil, true
  end)

  busted.subscribe({ "test", "end" }, function(element, _, status)
    local name = handler.getFullName(element)
    if status == "success" then
      passed = passed + 1
      write(("ok - %s (%.3f s)"):format(name, element.duration or 0))
    elseif status == "pending" then
      fail(name, "pending: a test must run", element.trace)
    else
      local list = status == "failure" and handler.failures or handler.errors
      local last = list[#list] or {}
      fail(name, last.message, last.element and last.element.trace)
    end
    return nil, true
  end)

  for _, event in ipairs { "error", "failure" } do
    busted.subscribe({ event }, function(element, _, message, trace)
      if element.descriptor ~= "it" then fail(handler.getFullName(element), message, trace) end
      return nil, true
    end)
  end

  busted.subscribe({ "suite", "end" }, function()
    if passed + failed == 0 then fail("no test was found") end
    write(("%d passed, %d failed"):format(passed, failed))
    return nil, true
  end)

  return handler
end
