-- The kinds of faults. Each may act before the answer is made (`before`), on the answer as data (`result`), and on
-- the answer as bytes (`response`); `replaces` marks those after which nothing is left of the answer.
-- response.wire says what the server does to the connection:
--   header_drip, drip {bytes, interval}   stop {at, how, fraction, seconds}   content_length (bytes too many)
-- and response.padding {bytes, tail} what follows the body: so many letters, then the tail.

local answers = require "jdvm.emulator.answers"
local drift = require "jdvm.emulator.drift"
local life = require "jdvm.emulator.life"
local shapes = require "jdvm.emulator.shapes"

local M = {}

local REASONS = {
  [500] = "Internal Server Error",
  [502] = "Bad Gateway",
  [503] = "Service Temporarily Unavailable",
  [504] = "Gateway Time-out",
}
-- The texts of the service behind the gateway; 504 is the gateway's own.
local STATUSES = {
  [500] = { "INTERNAL", "Internal server error" },
  [502] = { "SOURCE_UNAVAILABLE", "Bad gateway" },
  [503] = { "UNAVAILABLE", "Service unavailable" },
  [504] = { "HTTP_SERVER_TIMING_OUT", "Gateway time-out [gw]" },
}

local function wire_of(response)
  response.wire = response.wire or {}
  return response.wire
end

local function replace_body(response, content_type, body)
  response.body = body
  if content_type then
    response.headers[1] = { "Content-Type", content_type }
  else
    table.remove(response.headers, 1)
  end
end

M.throttle = {
  doc = "429, too many calls",
  replaces = true,
  parameters = {
    status = { { "RATE_LIMIT", "HTTP_RATE_LIMIT_EXCEEDED" }, "the word in the answer" },
    retry_after = { "number", "seconds in a Retry-After header" },
    format = { { "seconds", "date" }, "how Retry-After is written" },
  },
  defaults = { status = "RATE_LIMIT", format = "seconds" },
  result = function(rule, _, result)
    local message = rule.status == "RATE_LIMIT" and "Request was throttled"
      or "minute rate limit exceeded, role:ak [gw]"
    result.code, result.failure = 429, { code = 429, status = rule.status, message = message }
  end,
  response = function(rule, _, response, call)
    if not rule.retry_after then return end
    local value = ("%g"):format(rule.retry_after)
    if rule.format == "date" then value = answers.http_date(call.now + rule.retry_after) end
    response.headers[#response.headers + 1] = { "Retry-After", value }
  end,
}

M.quota = {
  doc = "429 QUOTA_EXCEEDED, which no retry helps",
  replaces = true,
  parameters = {},
  result = function(_, _, result)
    result.code, result.failure = 429, { code = 429, status = "QUOTA_EXCEEDED", message = "Image quota limit exceeded" }
  end,
}

M.forbidden = {
  doc = "403 with details, as IAM refuses",
  replaces = true,
  parameters = {},
  result = function(_, _, result, call)
    local action = "vm:" .. (call.operation or "unknown")
    result.code, result.failure =
      403, {
        code = 403,
        details = ('[{"param0":"*","param1":"%s"}]'):format(action),
        message = ("You are not authorized to perform (%s) on resource (*) [IAM] [gw]"):format(action),
      }
  end,
}

M.error = {
  doc = "an HTTP error with a JSON, HTML or empty body",
  replaces = true,
  parameters = {
    code = { "integer", "HTTP status" },
    body = { { "json", "html", "empty" }, "what the body holds" },
    status = { "text", "the status word of a JSON body" },
    message = { "text", "the message of a JSON body" },
    retry_after = { "number", "seconds in a Retry-After header" },
  },
  defaults = { code = 500, body = "json" },
  result = function(rule, _, result)
    local usual = STATUSES[rule.code] or { "UNKNOWN", "Unknown server error" }
    result.code, result.failure =
      rule.code, { code = rule.code, status = rule.status or usual[1], message = rule.message or usual[2] }
  end,
  response = function(rule, _, response)
    if rule.retry_after then
      response.headers[#response.headers + 1] = { "Retry-After", ("%g"):format(rule.retry_after) }
    end
    if rule.body == "html" then
      replace_body(response, "text/html", answers.html(rule.code, REASONS[rule.code] or "OK"))
    elseif rule.body == "empty" then
      replace_body(response, nil, "")
    end
  end,
}

M.latency = {
  doc = "an answer that takes longer",
  parameters = {
    seconds = { "number", "wait before the answer" },
    jitter = { "number", "up to so many seconds more, by chance" },
  },
  defaults = { seconds = 1, jitter = 0 },
  response = function(rule, draw, response)
    response.delay = (response.delay or 0) + rule.seconds + rule.jitter * draw(1)
  end,
}

M.drip = {
  doc = "header or body sent in small pieces",
  parameters = {
    part = { { "body", "header" }, "what comes slowly" },
    bytes = { "integer", "bytes at a time" },
    interval = { "number", "seconds between them" },
  },
  defaults = { part = "body", bytes = 1, interval = 0.1 },
  response = function(rule, _, response)
    wire_of(response)[rule.part == "header" and "header_drip" or "drip"] =
      { bytes = math.max(1, rule.bytes), interval = rule.interval }
  end,
}

for name, entry in pairs {
  cut = { "the connection is closed", 0 },
  reset = { "the connection is closed with a TCP reset", 0 },
  hang = { "the connection stays open and nothing more comes", 3600 },
} do
  local seconds = entry[2]
  M[name] = {
    doc = entry[1],
    parameters = {
      at = { { "before", "header", "body" }, "before the header, in it, or in the body" },
      fraction = { "share", "how much of the header or body has come by then, from 0 to 1" },
      seconds = { "number", "how long to wait there" },
    },
    defaults = { at = name == "cut" and "body" or "before", fraction = 0.5, seconds = seconds },
    response = function(rule, _, response)
      wire_of(response).stop = { how = name, at = rule.at, fraction = rule.fraction, seconds = rule.seconds }
    end,
  }
end

M.length = {
  doc = "a Content-Length that is wrong",
  parameters = { by = { "signed", "bytes that Content-Length says too many (or, negative, too few)" } },
  defaults = { by = 10 },
  response = function(rule, _, response) wire_of(response).content_length = rule.by end,
}

M.truncated = {
  doc = "JSON that ends early",
  parameters = { fraction = { "share", "how much of the JSON text is sent, as a whole answer" } },
  defaults = { fraction = 0.5 },
  response = function(rule, _, response)
    response.body = response.body:sub(1, math.floor((#response.body - 1) * rule.fraction))
  end,
}

M.gzip = {
  doc = "a body that is not the gzip it says it is",
  parameters = { how = { { "garbage", "truncated", "checksum" }, "what is wrong with it" } },
  defaults = { how = "garbage" },
  response = function(rule, _, response)
    response.headers[#response.headers + 1] = { "Content-Encoding", "gzip" }
    response.body = shapes.broken_gzip(rule.how, response.body)
  end,
}

M.shape = {
  doc = "JSON of another shape",
  parameters = { as = { shapes.names, "the wrong shape" } },
  defaults = { as = "empty" },
  result = function(rule, _, result) result.shape = rule.as end,
}

M.total = {
  doc = "a totalCount that lies",
  parameters = {
    by = { "signed", "added to the true total" },
    value = { "integer", "said instead of it" },
    text = { "text", "put there as it is: null, a string in quotes, 1.5" },
  },
  defaults = { by = 0 },
  result = function(rule, _, result)
    if result.total then
      result.total = rule.text or ("%.0f"):format(math.max(0, rule.value or result.total + rule.by))
    end
  end,
}

M.oversized = {
  doc = "a body that is far too large",
  parameters = { bytes = { "integer", "size of the body" } },
  defaults = { bytes = 16 * 1024 * 1024 + 1 },
  response = function(rule, _, response)
    local head = response.body:gsub("}%s*$", "") .. ',"padding":"'
    response.body, response.padding = head, { bytes = math.max(0, rule.bytes - #head - 2), tail = '"}' }
  end,
}

M.header = {
  doc = "a header that is too large",
  parameters = {
    bytes = { "integer", "size of each" },
    lines = { "integer", "how many superfluous headers" },
  },
  defaults = { bytes = 100000, lines = 1 },
  response = function(rule, _, response)
    for i = 1, rule.lines do
      response.headers[#response.headers + 1] = { "x-jdcloud-padding-" .. i, ("a"):rep(rule.bytes) }
    end
  end,
}

M.date = {
  doc = "a Date far from the truth",
  parameters = { by = { "signed", "seconds by which the Date header alone is wrong" } },
  defaults = { by = 3600 },
  response = function(rule, _, response, call)
    response.headers[#response.headers + 1] = { "Date", answers.http_date(call.now + rule.by) }
  end,
}

M.repeated = {
  doc = "another page in place of the one asked for",
  parameters = { serve = { "integer", "the page that is served instead" } },
  defaults = { serve = 1 },
  before = function(rule, _, _, call) call.serve_page = rule.serve end,
}

M.drift = {
  doc = "images that come or go before a page is answered; once, unless count says otherwise",
  parameters = {
    insert = { "integer", "images that appear" },
    delete = { "integer", "images that vanish" },
    at = { "text", "front, end, random, or a position from 1" },
  },
  defaults = { insert = 0, delete = 0, at = "front", count = 1 },
  check = function(rule)
    return not drift.is_place(rule.at) and "at must be front, end, random or a position from 1" or nil
  end,
  before = function(rule, draw, state, call) drift.befall(state, call, rule, draw) end,
}

M.life = {
  doc = "an image whose status changes with time or requests, from when it is first asked for",
  parameters = { steps = { "text", "states with their time, as in `pending:10 pending:60@1s ready@2s`" } },
  defaults = { steps = "pending ready@3" },
  check = function(rule)
    if not rule.image then return "image=ID is missing: the life of which image?" end
    return select(2, life.parse(rule.steps))
  end,
  before = function(rule, _, state, call) drift.begin_life(state, call, rule.image, rule.steps) end,
}

return M
