-- The events that hooks and loggers get. Pure.

local protected_call = require "jdvm.util.pcall"
local text = require "jdvm.util.text"

local events = {}

-- An event prints as its line: `logger = print` is a logger.
local Event = { __tostring = function(self) return self.message end }

--- A failure in one word: the service's, when it looks like one, for it may be any text.
---@param failure table
---@return string
function events.reason(failure)
  local word = failure.status
  return word and #word <= 40 and word:find("^[%u_]+$") and word or failure.kind
end

--- An attempt that has ended.
---@param event table operation, method, host, path, attempt, milliseconds; status, reason, request_id; retry and delay
---  when another follows
---@return table event with `message`, its line
function events.attempt(event)
  event.event = "try"
  local parts = {
    ("jdvm: %s: %s %s%s try %d:"):format(
      event.operation,
      event.method,
      event.host,
      event.path .. (event.query and "?" .. event.query or ""),
      event.attempt
    ),
    event.status and ("%d"):format(event.status) or event.reason or "failed",
  }
  if event.status and event.reason then parts[#parts + 1] = event.reason end
  parts[#parts + 1] = ("%.0f ms"):format(event.milliseconds)
  if event.request_id then parts[#parts + 1] = "request " .. event.request_id end
  if event.retry then parts[#parts + 1] = ("(%s: again in %.2f s)"):format(event.retry, event.delay) end
  event.message = table.concat(parts, " ")
  return setmetatable(event, Event)
end

--- Something that a user should know although nothing failed.
---@param message string
---@return table event
function events.warning(message) return setmetatable({ event = "warning", message = "jdvm: " .. message }, Event) end

--- Calls a hook. An error in it is ignored and reported to the logger.
---@param hook function|nil
---@param event table
---@param name string|nil of the hook, in a warning
---@param logger function|nil
function events.tell(hook, event, name, logger)
  if not hook then return end
  local ok, message = protected_call(hook, event)
  if not ok and logger then
    events.tell(logger, events.warning(("%s raised an error: %s"):format(name, text.one_line(tostring(message), 200))))
  end
end

return events
