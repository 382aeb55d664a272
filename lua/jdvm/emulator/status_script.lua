-- The scripted life of an image: statuses with the time or the number of requests after which they begin, as in
-- `pending:10 pending:60@1s ready@2s` or `pending ready@3`. Pure.

local M = {}

-- `pending`, `pending:40@2s` (40 %, after 2 seconds), `ready@3` (after 3 requests).
local function parse_step(text)
  local what, amount, unit = text:match("^([%w:]+)@([%d.]+)(s?)$")
  local status, progress = (what or text):match("^(%a+):?(%d*)$")
  if not status or amount and not tonumber(amount) then return nil end
  local step = { status = status, progress = progress ~= "" and progress or nil }
  if amount then step[unit == "s" and "after" or "requests"] = tonumber(amount) end
  return step
end

--- The steps, each `{status, progress?, after? (seconds) | requests?}`, or nil and what is wrong.
function M.parse(text)
  local steps = {}
  for word in text:gmatch("%S+") do
    local step = parse_step(word)
    if not step then return nil, "'" .. word .. "' is not STATUS[:PROGRESS][@REQUESTS | @SECONDSs]" end
    steps[#steps + 1] = step
  end
  if #steps == 0 then return nil, "a life needs steps" end
  return steps
end

--- The last step of a life whose time has come.
---@param life table `{since (epoch seconds), requests (so far), steps}`
function M.step(life, moment)
  local current = {}
  for _, step in ipairs(life.steps) do
    local is_due = not step.after and not step.requests
      or step.after and moment.now >= life.since + step.after
      or step.requests and moment.requests - life.requests >= step.requests
    if is_due then current = step end
  end
  return current
end

return M
