-- What a person sees while a call takes long: a line on standard error, in place of the one before; and how many
-- requests were retried.
local language = require "jdvm.cli.language"
local terminal = require "jdvm.cli.terminal"

local say = language.say

local progress = {}

-- Seconds of silence after which the line comes.
local PATIENCE = 0.5

---@param may_show fun(): boolean whether a person would see the line
---@param now fun(): number a clock in seconds
---@return table progress `tick()` while waiting; `set(text)` what is waited for; `attempt(event)` of the library;
---`page(stats)` and `waiting(event)` for lists and waits; `pause()` before anything else is printed; `retries()`
function progress.new(may_show, now)
  local began, silent_since = now(), now()
  local text, retry, shown = "", nil, nil
  local retries, reasons, names = 0, {}, {}
  local self = {}

  local function line()
    if not retry then return text end
    local left = math.max(0, retry.at - now())
    return say(
      "%s; attempt %d of %d in %.0f s",
      "%s；第 %d 次尝试（共 %d 次），%.0f 秒后",
      retry.why,
      retry.attempt,
      retry.of,
      left
    )
  end

  function self.tick()
    if now() - silent_since < PATIENCE or not may_show() then return end
    if retry and now() > retry.at then retry = nil end
    local wanted = line()
    if wanted == "" then
      wanted = say("waiting for the response … %.0f s", "等待响应……%.0f 秒", now() - began)
    end
    if wanted ~= shown then terminal.show_line(wanted) end
    shown = wanted
  end

  function self.pause()
    terminal.clear_line()
    shown = nil
    if terminal.is_screen() then silent_since = now() end
  end

  function self.attempt(event, max_attempts)
    if not event.retry then return end
    local why = (event.status and ("%d "):format(event.status) or "") .. (event.reason or "")
    retries = retries + 1
    if not reasons[why] then names[#names + 1] = why end
    reasons[why] = (reasons[why] or 0) + 1
    retry = { why = why, attempt = event.attempt + 1, of = max_attempts, at = now() + event.delay }
  end

  function self.page(stats)
    local rate = stats.rows / math.max(0.1, now() - began)
    text = say(
      "%d of %s images, %.0f a second",
      "已读 %d / %s 个镜像，每秒 %.0f 个",
      stats.rows,
      stats.total_last or "?",
      rate
    )
    self.tick()
  end

  function self.waiting(event)
    local state = event.status and terminal.printable(event.status)
      or event.failure and say("not seen yet", "尚未查询到")
      or say("not found yet", "尚不存在")
    text = ("%s: %s%s, %.0f s%s"):format(
      event.image_id,
      state,
      event.progress and (" %.0f %%"):format(event.progress) or "",
      event.elapsed,
      event.failure and "; " .. event.failure or ""
    )
  end

  ---How many requests were retried and why, or nil.
  function self.retries()
    if retries == 0 then return nil end
    local parts = {}
    for i, why in ipairs(names) do
      parts[i] = ("%s x%d"):format(why, reasons[why])
    end
    return say("%d retries: %s", "重试 %d 次：%s", retries, table.concat(parts, ", "))
  end

  return self
end

return progress
