-- Polls until images are in a state, or gone, or the time is over. A poll is one request, however many images; the time
-- between polls grows and is jittered, so that many waiters do not poll in step.
--
-- A wait ends at once when an image cannot reach the state any more, and when the service refuses the request. It
-- goes on through failures that may pass, and for a grace time while an image does not exist yet.

local copy_of = require "jdvm.util.copy"
local errors = require "jdvm.failures.failure"
local events = require "jdvm.call.events"
local operations = require "jdvm.service.operations"
local options_of = require "jdvm.options.options"
local text = require "jdvm.util.text"
local transport = require "jdvm.transport"
local value_of = require "jdvm.options.value"

local waiter = {}

local GROWTH, JITTER = 1.5, 0.2
-- The rank of each state: an image passes through them in this order, or leaves some out.
local stages = text.meant("status", operations.describeImages.parameters).stages

-- Whether the next poll may not meet this failure. A 4xx stands, whoever sent it: the service or something before it.
local passing = { timeout = true, transport = true, http = true, decode = true }
local function may_pass(detail)
  local is_final = detail.kind == "http" and detail.http_status < 500
  return detail.retryable or passing[detail.kind] and not is_final
end

-- What the first argument may be, by its type, as for jdvm.options.value.
local WANTED = {
  string = { name = "the image id", type = "string", path = true, required = true },
  table = { name = "the array of ids", type = "string[]", id = true, required = true },
}

--- What is wrong with the ids of a wait, or nil.
---@param id any
---@return string|nil
function waiter.fault(id)
  local entry = WANTED[type(id)]
  if not entry then return "the first argument must be an image id or an array of them, got " .. text.show(id) end
  local fault = value_of.fault(entry, id)
  return fault and entry.name .. " " .. fault
end

--- The service's progress, a text such as "60" or "60%", as a number from 0 to 100.
---@param value any
---@return number|nil
function waiter.progress(value)
  local number = tonumber(type(value) == "string" and value:match("^%s*(%d+%.?%d*)%s*%%?%s*$") or value)
  if not number or number < 0 then return nil end
  return math.min(number, 100)
end

-- Seconds to a tenth, without a fraction that is none.
local function seconds(number) return (("%.1f"):format(math.max(0.1, number)):gsub("%.0$", "")) end

--- Seconds until the next poll.
---@param polls integer polls made
---@param options table interval, max_interval
---@param random number in [0, 1)
---@return number
function waiter.delay(polls, options, random)
  local interval = math.min(options.interval * GROWTH ^ math.min(polls - 1, 50), options.max_interval)
  return math.min(interval * (1 - JITTER + 2 * JITTER * random), options.max_interval)
end

-- Images by id, or nil, message, detail. One that does not exist is not among them.
local function poll(client, ids, region, options)
  if #ids == 1 then
    local image, meta, detail = client:describe_image({ imageId = ids[1], regionId = region }, options)
    if image then return { [ids[1]] = image }, meta end
    if detail.cause == "not_found" then return {}, { request_id = detail.request_id } end
    return nil, meta, detail
  end
  local images, meta, detail = client:list_images({ ids = ids, regionId = region }, options)
  if not images then return nil, meta, detail end
  local by_id = {}
  for _, image in ipairs(images) do
    by_id[image.imageId] = image
  end
  return by_id, meta
end

-- The state as events and messages show it: a service may send any type there.
local function state_of(image)
  local status = image.status
  return type(status) == "string" and status ~= "" and status or text.show(status)
end

-- Reports a poll, or why it failed, for each image.
local function report(wait, next_poll, failure)
  if not wait.options.on_progress then return end
  for _, id in ipairs(wait.ids) do
    local image = wait.images[id]
    events.tell(wait.options.on_progress, {
      image_id = id,
      image = image,
      status = image and state_of(image),
      progress = image and waiter.progress(image.progress),
      elapsed = wait.elapsed,
      next_poll_in = next_poll,
      waiting = wait.waiting,
      failure = failure,
    }, "on_progress", wait.logger)
  end
end

-- Whether the wait for an image (nil: there is none) is over.
local function is_there(wait, image)
  if wait.wanted == "gone" then return wait.has_polled and not image end
  return image and image.status == wait.wanted
end

-- Whether an image in a state cannot become what is wanted. A state that is not known here may lead anywhere.
local function is_beyond(wait, state) return wait.wanted ~= "gone" and (stages[state] or 0) >= stages[wait.wanted] end

-- The first image that is waited for.
local function culprit(wait)
  for _, id in ipairs(wait.ids) do
    local image = wait.images[id]
    if not is_there(wait, image) then return id, image end
  end
end

-- Ends the wait with a failure of an image; `last` is the failure of the last poll, if it failed.
local function fail(wait, kind, cause, id, image, last)
  local is_timeout = kind == "timeout"
  last = errors.last(last)
  return errors.new {
    kind = kind,
    cause = cause,
    facts = {
      id = id,
      wanted = wait.wanted,
      state = image and state_of(image),
      seconds = is_timeout and seconds(wait.options.timeout) or nil,
    },
    operation = "waitImage",
    region = wait.region,
    elapsed = wait.elapsed,
    attempts = wait.polls,
    image = image or { imageId = id },
    request_id = wait.request_id,
    retryable = is_timeout,
    last = last,
    phase = last and last.phase,
    hint = last and (errors.hint(last) or false),
  }
end

-- Why a poll failed. One that ran out of time has its reason in what it met before; one that the end of the wait cut
-- short shares that of the poll before it.
local function reason(detail, before)
  if detail.kind ~= "timeout" then return detail end
  return detail.last or before or detail
end

-- Whether the wait is over for all images; nil and a failure when one will never be as wanted.
local function judge(wait, now)
  wait.waiting = 0
  for _, id in ipairs(wait.ids) do
    local image, before = wait.images[id], wait.seen[id]
    if image then wait.seen[id] = { image = image, at = now } end
    if not is_there(wait, image) then
      wait.waiting = wait.waiting + 1
      if image and is_beyond(wait, image.status) then
        return nil, fail(wait, "wait", "cannot_become", id, image)
      elseif not image and now - (before and before.at or wait.started) > wait.options.not_found_grace then
        return nil, fail(wait, "wait", before and "gone" or "absent", id)
      end
    end
  end
  return wait.waiting == 0
end

-- What a wait returns when it is over: of an image that is gone what was seen last, or only its id.
local function result_of(wait, id)
  local result = {}
  for i, each in ipairs(wait.ids) do
    result[i] = wait.seen[each] and wait.seen[each].image or { imageId = each }
  end
  return type(id) == "table" and result or result[1]
end

--- Waits.
---@param state table the client's
---@param client jdvm.Client
---@param id string|string[]
---@param given table options, checked
---@return table|nil image or images in the order of the ids; one that is gone as it was seen last
---@return table|string meta_or_message
---@return jdvm.Failure|nil detail kind "wait" when the state cannot come any more, "timeout" when time ran out; with
---  the image last seen
function waiter.wait(state, client, id, given)
  local options, call_options = setmetatable(copy_of(given), { __index = options_of.defaults "wait" }), {}
  for _, name in ipairs { "max_attempts", "connect_timeout", "read_timeout", "null", "utf8" } do
    call_options[name] = given[name]
  end
  local wait = {
    ids = type(id) == "table" and id or { id },
    options = options,
    wanted = options.status,
    region = options.region or state.region,
    logger = state.logger,
    images = {},
    seen = {},
    polls = 0,
    elapsed = 0,
  }
  wait.waiting = #wait.ids
  local carrier, failure = transport.choose(state.config)
  if not carrier then
    failure.operation = "waitImage"
    return nil, errors.new(failure)
  end
  wait.started = carrier:now()
  local deadline, last = wait.started + options.timeout, nil
  while true do
    local left = deadline - carrier:now()
    if left <= 0 then break end
    call_options.timeout = math.min(left, state.timeout)
    local images, meta, detail = poll(client, wait.ids, options.region, call_options)
    local now = carrier:now()
    wait.polls, wait.elapsed = wait.polls + 1, now - wait.started
    if images then
      wait.images, wait.has_polled, last = images, true, nil
      wait.request_id = meta.request_id or wait.request_id
      local is_done, message, why = judge(wait, now)
      if is_done or message then report(wait) end
      if message then return nil, message, why end
      if is_done then
        return result_of(wait, id),
          {
            request_id = wait.request_id,
            http_status = meta.http_status,
            attempts = wait.polls,
            elapsed = wait.elapsed,
          }
      end
    elseif may_pass(detail) then
      last = reason(detail, left < state.timeout and last)
    else
      return nil, meta, detail
    end
    local delay = math.min(waiter.delay(wait.polls, options, state.random()), deadline - now)
    if delay <= 0 then break end
    report(wait, delay, detail and detail.message)
    carrier:sleep(delay)
  end
  wait.elapsed = carrier:now() - wait.started
  local first, image = culprit(wait)
  return nil, fail(wait, "timeout", image and "still_waiting" or "not_seen", first, image, last)
end

return waiter
