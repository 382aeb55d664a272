-- Waits until images are in a state: by time, not by tries. One call a look, however many images; the time between
-- looks grows and is jittered, so that many waiters do not come in step.
--
-- It ends at once when an image is where it cannot come from any more (error, deleting), and when the service
-- refuses the question. It goes on through passing failures, and while an image does not exist yet for a grace time.

local errors = require "jdvm.failures.failure"
local events = require "jdvm.call.events"
local options_of = require "jdvm.options.options"
local parameters = require "jdvm.options.parameters"
local text = require "jdvm.util.text"
local transport = require "jdvm.transport"

local waiter = {}

local GROWTH, JITTER = 1.5, 0.2
-- States that an image does not leave for a better one.
local final = { error = true, deleting = true }
-- Failures that the next look may not meet.
local passing = { timeout = true, transport = true, http = true, decode = true }

local one, many = { type = "string", path = true, required = true }, { type = "string[]", id = true, required = true }

--- What is wrong with the ids or the region of a wait, or nil.
---@param id any
---@param region any nil when there is none
---@return string|nil
function waiter.fault(id, region)
  if type(id) ~= "string" and type(id) ~= "table" then
    return "the first argument must be an image id or an array of them, got " .. text.show(id)
  end
  local fault = parameters.fault(type(id) == "table" and many or one, id)
  if fault then return (type(id) == "table" and "the array of ids " or "the image id ") .. fault end
  fault = region ~= nil and parameters.fault(one, region)
  return fault and "the region " .. fault or nil
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

--- Seconds until the next look.
---@param looks integer looks made
---@param options table interval, max_interval
---@param random number in [0, 1)
---@return number
function waiter.delay(looks, options, random)
  local interval = math.min(options.interval * GROWTH ^ math.min(looks - 1, 50), options.max_interval)
  return math.min(interval * (1 - JITTER + 2 * JITTER * random), options.max_interval)
end

-- One look: images by id, or nil, message, detail. An image that does not exist is just not there.
local function look(client, ids, region, options)
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

-- Tells the caller what a look saw, or why it saw nothing, an image at a time.
local function report(wait, next_look, failure)
  if not wait.options.on_progress then return end
  for _, id in ipairs(wait.ids) do
    local image = wait.images[id]
    events.tell(wait.options.on_progress, {
      image_id = id,
      image = image,
      status = image and image.status,
      progress = image and waiter.progress(image.progress),
      elapsed = wait.elapsed,
      next_poll_in = next_look,
      waiting = wait.waiting,
      failure = failure,
    }, "on_progress", wait.logger)
  end
end

-- The image to show for a failure: of those asked for the first that is not there yet.
local function culprit(wait)
  for _, id in ipairs(wait.ids) do
    local image = wait.images[id]
    if not image or image.status ~= wait.wanted then return id, image end
  end
end

local function fail(wait, kind, cause, more)
  local id, image = culprit(wait)
  local facts = more.facts or {}
  facts.id, facts.wanted = facts.id or id, wait.wanted
  local fields = {
    kind = kind,
    cause = cause,
    facts = facts,
    operation = "waitImage",
    region = wait.region,
    elapsed = wait.elapsed,
    attempts = wait.looks,
    image = more.image or image or (id and { imageId = id }),
    request_id = wait.request_id,
    retryable = more.retryable or false,
    last = more.last,
    phase = more.phase,
    hint = more.last and (errors.hint(more.last) or false),
  }
  return errors.new(fields)
end

-- Why a look failed. One that ran out of time has its reason in what it met before; one that the end of the wait cut
-- short shares that of the look before it.
local function reason(detail, before)
  if detail.kind ~= "timeout" then return detail end
  return detail.last or before or detail
end

-- Judges what a look saw: true when all is done; nil and the cause when the wait is over without that.
local function judge(wait, now)
  local waiting = 0
  for _, id in ipairs(wait.ids) do
    local image = wait.images[id]
    if image then
      wait.seen_at[id] = now
      if image.status ~= wait.wanted then
        waiting = waiting + 1
        if final[image.status] then
          return nil, "cannot_become", { image = image, facts = { id = id, state = image.status } }
        end
      end
    else
      waiting = waiting + 1
      if now - (wait.seen_at[id] or wait.started) > wait.options.not_found_grace then
        return nil, wait.ever_seen[id] and "gone" or "absent", { facts = { id = id } }
      end
    end
    wait.ever_seen[id] = wait.ever_seen[id] or image ~= nil
  end
  wait.waiting = waiting
  return waiting == 0
end

--- Waits.
---@param state table the client's
---@param client jdvm.Client
---@param id string|string[]
---@param given table options, checked
---@return table|nil image or images in the order of the ids
---@return table|string meta_or_message
---@return jdvm.Failure|nil detail kind "wait" when the state cannot come any more, "timeout" when time ran out; with
---  the image last seen
function waiter.wait(state, client, id, given)
  local options, call_options = options_of.defaults("wait"), { max_attempts = given.max_attempts }
  for name, value in pairs(given) do
    options[name] = value
  end
  for _, name in ipairs { "connect_timeout", "read_timeout", "null", "utf8" } do
    call_options[name] = given[name]
  end
  local wait = {
    ids = type(id) == "table" and id or { id },
    options = options,
    wanted = options.status,
    region = options.region or state.region,
    logger = state.logger,
    images = {},
    seen_at = {},
    ever_seen = {},
    looks = 0,
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
    local images, meta, detail = look(client, wait.ids, options.region, call_options)
    local now = carrier:now()
    wait.looks, wait.elapsed = wait.looks + 1, now - wait.started
    if images then
      wait.images, wait.request_id, last = images, meta.request_id or wait.request_id, nil
      local is_done, cause, more = judge(wait, now)
      if cause then
        report(wait, nil)
        return nil, fail(wait, "wait", cause, more)
      end
      if is_done then
        report(wait, nil)
        local result = wait.images[id]
        if type(id) == "table" then
          result = {}
          for i, each in ipairs(id) do
            result[i] = wait.images[each]
          end
        end
        return result,
          {
            request_id = wait.request_id,
            http_status = meta.http_status,
            attempts = wait.looks,
            elapsed = wait.elapsed,
          }
      end
    elseif passing[detail.kind] or detail.retryable then
      last = reason(detail, left < state.timeout and last)
    else
      return nil, meta, detail
    end
    local delay = math.min(waiter.delay(wait.looks, options, state.random()), deadline - now)
    if delay <= 0 then break end
    report(wait, delay, detail and detail.message)
    carrier:sleep(delay)
  end
  wait.elapsed = carrier:now() - wait.started
  local _, image = culprit(wait)
  return nil,
    fail(wait, "timeout", image and "still_waiting" or "not_seen", {
      facts = { state = image and tostring(image.status), seconds = seconds(options.timeout) },
      retryable = true,
      phase = last and last.phase,
      last = errors.last(last),
    })
end

return waiter
