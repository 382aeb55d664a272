-- The faults that the emulator can play. Each may act before the request is answered (`before`), on the result
-- (`result`), and on the response (`response`); `replaces` marks those after which nothing of the true result is left.
-- response.wire says what the server does to the connection:
--   header_drip, drip (rules of drip)   stop (rule of cut, reset or hang)   content_length (bytes too many)

local catalogue = require "jdvm.emulator.catalogue"
local changes = require "jdvm.emulator.changes"
local responses = require "jdvm.emulator.responses"
local status_script = require "jdvm.emulator.status_script"

local M = {}

-- Bodies that are not the gzip they are said to be: none, one that ends early, one with a wrong checksum.
local GZIP_HEAD = "\31\139\8\0\0\0\0\0\0\3"
local BROKEN_GZIP = {
  garbage = "this is not gzip",
  truncated = GZIP_HEAD .. "\1\2\0\253\255{",
  checksum = GZIP_HEAD .. "\1\2\0\253\255{}\1\2\3\4\2\0\0\0",
}

local function add_header(response, name, value) response.headers[#response.headers + 1] = { name, value } end

-- An error in place of the response. `fixed` holds what is not a parameter of this kind.
local function failure(doc, parameters, fixed)
  return {
    doc = doc,
    replaces = true,
    parameters = parameters,
    result = function(rule, _, result, call)
      local code = fixed.code or rule.code
      local message = rule.message
      if code == 404 and call.image then message = message or "Image '" .. call.image .. "' not found" end
      result.failure = { code = code, status = fixed.status or rule.status, message = message }
      if fixed.refine then fixed.refine(result.failure, call) end
    end,
    response = function(rule, _, response, call)
      if rule.retry_after then
        local is_date = rule.format == "date"
        local date = is_date and responses.http_date(call.moment.now + rule.retry_after)
        add_header(response, "Retry-After", date or ("%g"):format(rule.retry_after))
      end
      if rule.body == "html" then
        response.body, response.headers[1][2] = responses.html(rule.code), "text/html"
      elseif rule.body == "empty" then
        response.body = ""
        table.remove(response.headers, 1)
      end
    end,
  }
end

local RETRY_AFTER = { "number", "seconds in a Retry-After header" }

M.throttle = failure("429, too many requests", {
  status = { { "RATE_LIMIT", "HTTP_RATE_LIMIT_EXCEEDED" }, "status word of the response", "RATE_LIMIT" },
  retry_after = RETRY_AFTER,
  format = { { "seconds", "date" }, "how Retry-After is written", "seconds" },
}, { code = 429 })

M.quota = failure("429 QUOTA_EXCEEDED, which no retry helps", {}, { code = 429, status = "QUOTA_EXCEEDED" })

M.forbidden = failure("403 with details, as IAM refuses", {}, {
  code = 403,
  refine = function(fault, call)
    local action = "vm:" .. (call.operation or "unknown")
    fault.message = ("You are not authorized to perform (%s) on resource (*) [IAM] [gw]"):format(action)
    fault.details = ('[{"param0":"*","param1":"%s"}]'):format(action)
  end,
})

M.error = failure("an HTTP error with a JSON, HTML or empty body", {
  code = { "integer", "HTTP status", 500 },
  body = { { "json", "html", "empty" }, "what the body holds", "json" },
  status = { "text", "the status word of a JSON body" },
  message = { "text", "the message of a JSON body" },
  retry_after = RETRY_AFTER,
}, {})

M.latency = {
  doc = "a slow response",
  parameters = {
    seconds = { "number", "delay before the response", 1 },
    jitter = { "number", "maximum of a random delay added to it", 0 },
  },
  response = function(rule, draw, response)
    response.delay = (response.delay or 0) + rule.seconds + rule.jitter * draw(1)
  end,
}

M.drip = {
  doc = "header or body sent in small pieces",
  parameters = {
    part = { { "body", "header" }, "which part is slow", "body" },
    bytes = { "positive", "bytes at a time", 1 },
    interval = { "number", "seconds between them", 0.1 },
  },
  response = function(rule, _, response) response.wire[rule.part == "header" and "header_drip" or "drip"] = rule end,
}

for name, entry in pairs {
  cut = { "the connection is closed", "body", 0 },
  reset = { "the connection is closed with a TCP reset", "before", 0 },
  hang = { "the connection stays open and nothing more comes", "before", 3600 },
} do
  M[name] = {
    doc = entry[1],
    parameters = {
      at = { { "before", "header", "body" }, "before the header, in it, or in the body", entry[2] },
      fraction = { "share", "share of the header or body that is sent before, from 0 to 1", 0.5 },
      seconds = { "number", "seconds to wait there", entry[3] },
    },
    response = function(rule, _, response) response.wire.stop = rule end,
  }
end

M.length = {
  doc = "a wrong Content-Length",
  parameters = { by = { "signed", "bytes by which it is too large (negative: too small)", 10 } },
  response = function(rule, _, response) response.wire.content_length = rule.by end,
}

M.truncated = {
  doc = "JSON that ends early",
  parameters = { fraction = { "share", "share of the JSON text that is sent, as a complete response", 0.5 } },
  response = function(rule, _, response)
    response.body = response.body:sub(1, math.floor((#response.body - 1) * rule.fraction))
  end,
}

M.gzip = {
  doc = "a broken gzip body",
  parameters = {
    how = {
      { "garbage", "truncated", "checksum" },
      "what is wrong: no gzip at all, cut off, a wrong checksum",
      "garbage",
    },
  },
  response = function(rule, _, response)
    add_header(response, "Content-Encoding", "gzip")
    response.body = BROKEN_GZIP[rule.how]
  end,
}

M.body = {
  doc = "another body with status 200",
  parameters = { text = { "text", "the whole body", "{}" }, result = { "text", "JSON in place of the result" } },
  result = function(rule, _, result)
    if result.failure then return end
    if rule.result then
      result.text = rule.result
    else
      result.body = rule.text
    end
  end,
}

M.total = {
  doc = "a wrong totalCount",
  parameters = {
    by = { "signed", "added to the true total", 0 },
    value = { "integer", "sent instead of it" },
    text = { "text", "JSON sent instead of it: null, a string in quotes, 1.5; empty for no totalCount at all" },
  },
  result = function(rule, _, result)
    if result.total then
      result.total = rule.text or ("%.0f"):format(math.max(0, rule.value or result.total + rule.by))
    end
  end,
}

M.oversized = {
  doc = "a body that is too large",
  parameters = { bytes = { "integer", "size of the body", 16 * 1024 * 1024 + 1 } },
  response = function(rule, _, response)
    local head = response.body:gsub("}%s*$", "") .. ',"padding":"'
    response.body = head .. ("a"):rep(rule.bytes - #head - 2) .. '"}'
  end,
}

M.header = {
  doc = "a header that is too large",
  parameters = {
    bytes = { "integer", "size of each extra header", 100000 },
    lines = { "integer", "number of extra headers", 1 },
  },
  response = function(rule, _, response)
    for i = 1, rule.lines do
      add_header(response, "x-jdcloud-padding-" .. i, ("a"):rep(rule.bytes))
    end
  end,
}

M.date = {
  doc = "a wrong Date header",
  parameters = { by = { "signed", "seconds by which it is wrong", 3600 } },
  response = function(rule, _, response, call)
    add_header(response, "Date", responses.http_date(call.moment.now + rule.by))
  end,
}

M.repeated = {
  doc = "another page instead of the requested one",
  parameters = { serve = { "positive", "the page that is returned", 1 } },
  before = function(rule, _, _, call) call.serve_page = rule.serve end,
}

M.drift = {
  doc = "images that appear or vanish before a page is returned; once by default",
  parameters = {
    insert = { "integer", "number of new images", 0 },
    delete = { "integer", "number of images that vanish", 0 },
    at = { "text", "front, end, random, or a position from 1", "front" },
    count = { "integer", "maximum number of times", 1 },
  },
  check = function(rule)
    return not changes.is_place(rule.at) and "at must be front, end, random or a position from 1" or nil
  end,
  before = function(rule, draw, state, call)
    if call.operation ~= "describeImages" or not call.account then return end
    changes.change(state.catalogue, call, rule, draw)
  end,
}

M.life = {
  doc = "an image whose status changes with time or requests after it is first requested",
  parameters = {
    steps = {
      "text",
      "statuses, each with progress and time, as in `pending:10 pending:60@1s ready@2s`",
      "pending ready@3",
    },
  },
  check = function(rule)
    if not rule.image then return "image=ID is missing: which image?" end
    return select(2, status_script.parse(rule.steps))
  end,
  before = function(rule, _, state, call)
    if not call.account then return end
    local shelf, key = catalogue.find(state.catalogue, call, rule.image)
    if shelf and not shelf.lives[key] then changes.begin_life(state.catalogue, shelf, key, call.moment, rule.steps) end
  end,
}

return M
