-- HTTP/1.1 as text: writes a request head, reads a response out of pieces of any size (RFC 9112).
-- Pure, so that it runs, and is tested, on every Lua; the cosocket transport feeds it. What is not framed beyond
-- doubt is refused: a response that two readers could cut differently must not leave its tail in a pooled connection.

local CONTROL = "[^\32-\126\128-\255]"
local concat = table.concat
local find, sub, lower, match = string.find, string.sub, string.lower, string.match

local http1 = {}

--- Limits of a response, in bytes and lines; larger ones are an error, never cut.
http1.MAX_HEADER_BYTES = 65536
http1.MAX_HEADERS = 128
http1.MAX_BODY = 16 * 1024 * 1024
local MAX_CHUNK_LINE = 4096
--- What arrived when no response did.
http1.FOREIGN = "no HTTP status line"

local NAME = "[!#-'%*%+%-%.0-9A-Z^-z|~]+" -- a token of RFC 9110, 5.6.2
local TOKEN = "^" .. NAME .. "$"
local FIELD = "^(" .. NAME .. "):([\t\32-\126\128-\255]*)$"

--- The head of a request, up to and with its empty line.
---@param method string
---@param target string origin form ("/v1/…?…"), or absolute form for a plain proxy
---@param headers table<string, string>
---@param defaults? table<string, string> headers that are sent unless `headers` has the same name
---@return string? head nil when a part would break the framing
---@return string? message which part
function http1.head(method, target, headers, defaults)
  if find(target, CONTROL) or find(target, " ", 1, true) then
    return nil, "the request target holds a space or a control character"
  end
  local lines, given = { method .. " " .. target .. " HTTP/1.1" }, {}
  for _, set in ipairs { headers, defaults } do
    for name, value in pairs(set) do
      if not find(name, TOKEN) then return nil, "a request header has a name that HTTP does not allow" end
      if find(value, CONTROL) then return nil, "the request header " .. name .. " holds a control character" end
      local known_as = lower(name)
      if not given[known_as] then
        given[known_as] = true
        lines[#lines + 1] = name .. ": " .. value
      end
    end
  end
  return concat(lines, "\r\n") .. "\r\n\r\n"
end

---@class jdvm.Http1Response
---@field status integer|false false until the header is complete
---@field headers table<string, string>|false lower-case names; the values of a repeated one joined with ", "
---@field reusable boolean may the connection carry another request once the response is complete?
---@field started boolean has any byte arrived?
---@field body string? when the response is complete
local Response = {}
Response.__index = Response

--- A reader for one response.
---@param method string the method of the request (a response to HEAD has no body)
---@param max_body? integer bytes
---@return jdvm.Http1Response
function http1.response(method, max_body)
  return setmetatable({
    method = method,
    max_body = max_body or http1.MAX_BODY,
    state = "head",
    head_bytes = 0,
    received = 0,
    pieces = {},
    reusable = false,
    started = false,
    status = false,
    headers = false,
  }, Response)
end

-- Without the blanks around it. A pattern for those at the end would look at each run of blanks again and again.
local function trimmed(value)
  local first, last = find(value, "[^ \t]"), #value
  if not first then return "" end
  while find(value, "^[ \t]", last) do
    last = last - 1
  end
  return sub(value, first, last)
end

-- Fields that must stand in one line: not every reader unfolds.
local FRAMING = { ["content-length"] = true, ["transfer-encoding"] = true, ["content-encoding"] = true }

-- The header lines from `position` up to the empty line, which begins behind `stop`.
local function parse_headers(data, position, stop)
  local headers, count, last = {}, 0, nil
  while position <= stop do
    local line_end = find(data, "\r\n", position, true)
    local line = sub(data, position, line_end - 1)
    count = count + 1
    if count > http1.MAX_HEADERS then return nil, "more than " .. http1.MAX_HEADERS .. " header lines" end
    local name, value = match(line, FIELD)
    if name then
      name, value = lower(name), trimmed(value)
      local earlier = headers[name]
      if earlier and name == "content-length" then
        -- Two lengths that agree are one; RFC 9112, 6.3 allows that and nothing else.
        if earlier ~= value then return nil, "two Content-Length headers that differ" end
      elseif earlier then
        value = earlier .. ", " .. value
      end
      last = name
    else
      -- A folded line goes on with the value of the one before.
      value = last and match(line, "^[ \t]+([\t\32-\126\128-\255]*)$")
      if not value or FRAMING[last] then return nil, "a malformed header line" end
      name, value = last, trimmed(headers[last] .. " " .. value)
    end
    headers[name] = value
    position = line_end + 2
  end
  return headers
end

-- Whether the connection stays open after the response; RFC 9112, 9.3.
local function is_persistent(minor, connection)
  if connection == "keep-alive" then return true end
  connection = "," .. lower(connection or ""):gsub("%s", "") .. ","
  if minor == "1" then return not find(connection, ",close,", 1, true) end
  return find(connection, ",keep-alive,", 1, true) ~= nil
end

-- The rule for both transports (see the reference, and check_framing in response.c): two readers cannot cut this
-- response in two different ways (RFC 9112, 6.3), and its body is coded only as was asked for.
local function framing_fault(headers, minor)
  local coding, length, content = headers["transfer-encoding"], headers["content-length"], headers["content-encoding"]
  if length and not (find(length, "^%d+$") and #length <= 15) then return "a Content-Length that is no length" end
  if coding and (minor == "0" or lower(coding) ~= "chunked") then return "a transfer coding that was not asked for" end
  if coding and length then return "both a Content-Length and a transfer coding" end
  if content and lower(content) ~= "identity" then return "a content coding that was not asked for" end
  return nil
end

-- How the body ends: RFC 9112, 6.3, in its order.
local function frame(self, minor)
  local status, headers = self.status, self.headers
  local coding, length = headers["transfer-encoding"], headers["content-length"]
  local fault = framing_fault(headers, minor)
  if fault then return nil, fault end
  self.reusable = is_persistent(minor, headers["connection"])
  if self.method == "HEAD" or status == 204 or status == 304 then
    -- These have no body. Who announces one all the same may send it (a 304 may well name the length of what it does
    -- not send).
    if self.method ~= "HEAD" and (coding or status == 204 and length and length ~= "0") then self.reusable = false end
    self.state = "done"
  elseif coding then
    self.state = "size"
  elseif length then
    local bytes = tonumber(length)
    if bytes > self.max_body then
      return nil, "a body of " .. length .. " bytes, more than the limit of " .. self.max_body
    end
    self.left, self.length = bytes, bytes
    self.state = bytes == 0 and "done" or "length"
  else
    self.reusable = false
    self.state = "close"
  end
  return true
end

local function take(self, data, first, last)
  local received = self.received + last - first + 1
  if received > self.max_body then return nil, "a body larger than the limit of " .. self.max_body .. " bytes" end
  self.received = received
  self.pieces[#self.pieces + 1] = sub(data, first, last)
  return true
end

-- A state takes data from a position and returns the next position; nil when it needs more (it then keeps the rest
-- itself or leaves it for the next piece); false and a message when the response is broken.
local states = {}

function states.head(self, data, position)
  local stop = find(data, "\r\n\r\n", position, true)
  local size = (stop and stop + 3 or #data) - position + 1 + self.head_bytes
  if size > http1.MAX_HEADER_BYTES then return false, "a header larger than " .. http1.MAX_HEADER_BYTES .. " bytes" end
  local line_end = find(data, "\r\n", position, true)
  local minor, status
  if line_end then
    local line = sub(data, position, line_end - 1)
    minor, status = match(line, "^HTTP/1%.([01]) ([1-9]%d%d)%f[ %z][^%z\1-\8\10-\31\127]*$")
    status = tonumber(status)
  end
  if not minor then
    -- Tell a peer that does not speak HTTP at once, not after the time-out.
    if find(data, "^HTTP/1%.[01] %d[^\r\n]*\n", position) then return false, "lines that end in LF alone" end
    local start = sub(data, position, position + 6)
    if stop or start ~= sub("HTTP/1.", 1, #start) then return false, http1.FOREIGN end
    return nil
  end
  if not stop then return nil end
  local headers, message = parse_headers(data, line_end + 2, stop)
  if not headers then return false, message end
  if status < 200 then
    if status == 101 then return false, "a switch to another protocol that was not asked for" end
    self.head_bytes = size -- interim responses share one limit
    return stop + 4
  end
  self.status, self.headers = status, headers
  local ok, reason = frame(self, minor)
  if not ok then return false, reason end
  return stop + 4
end

function states.length(self, data, position)
  local left = self.left
  local last = math.min(#data, position + left - 1)
  if last < position then return nil end
  take(self, data, position, last)
  left = left - (last - position + 1)
  self.left = left
  if left == 0 then self.state = "done" end
  return last + 1
end

function states.size(self, data, position)
  local _, stop, digits = find(data, "^(%x+)[ \t]*\r\n", position)
  if not stop then
    if find(data, "^%x+[ \t]*\n", position) then return false, "lines that end in LF alone" end
    stop = find(data, "\r\n", position, true)
    if (stop or #data) - position > MAX_CHUNK_LINE then return false, "a chunk line that is too long" end
    if not stop then return nil end
    -- Extensions: nobody asked for them. No control characters: a bare LF ends the line for some readers.
    digits = match(sub(data, position, stop - 1), "^(%x+)[ \t]*;[\t\32-\126\128-\255]*$")
    stop = stop + 1
  end
  if not digits or #digits > 12 then return false, "a chunk without a size" end
  local size = tonumber(digits, 16)
  if self.received + size > self.max_body then
    return false, "a body larger than the limit of " .. self.max_body .. " bytes"
  end
  self.left = size
  self.state = size == 0 and "trailer" or "chunk"
  return stop + 1
end

function states.chunk(self, data, position)
  local left = self.left
  if left > 0 then
    local last = math.min(#data, position + left - 1)
    if last < position then return nil end
    take(self, data, position, last)
    self.left = left - (last - position + 1)
    return last + 1
  end
  if #data - position < 1 then return nil end
  if sub(data, position, position + 1) ~= "\r\n" then return false, "a chunk longer than its size" end
  self.state = "size"
  return position + 2
end

function states.trailer(self, data, position)
  local stop = find(data, "\r\n", position, true)
  if self.head_bytes + (stop or #data) - position > http1.MAX_HEADER_BYTES then
    return false, "a trailer larger than " .. http1.MAX_HEADER_BYTES .. " bytes"
  end
  if not stop then return nil end
  self.head_bytes = self.head_bytes + stop - position + 2
  if stop == position then
    self.state = "done"
    return stop + 2
  end
  -- What a trailer says is of no use here, but a line that is none may end elsewhere for other readers.
  local line = sub(data, position, stop - 1)
  local is_folded = self.has_trailer and find(line, "^[ \t]+[\t\32-\126\128-\255]*$")
  if not is_folded and not find(line, FIELD) then return false, "a malformed header line" end
  self.has_trailer = true
  return stop + 2
end

function states.close(self, data, position)
  if position > #data then return nil end
  local ok, message = take(self, data, position, #data)
  if not ok then return false, message end
  return #data + 1
end

-- What a state waits for before it can do anything, and the most bytes it may wait through.
local DELIMITER = { head = "\r\n\r\n", size = "\r\n", trailer = "\r\n" }
local PATIENCE = { head = http1.MAX_HEADER_BYTES, size = MAX_CHUNK_LINE, trailer = http1.MAX_HEADER_BYTES }

-- Puts the bytes kept so far before `data`. Nil when they would still not be enough: then `data` is kept, too. Without
-- this, a header that arrives byte by byte would be copied and searched as often as it has bytes; the first 16 are.
local function join(self, data)
  local held, state = self.held, self.state
  local size = self.held_bytes + #data
  local delimiter = DELIMITER[state]
  if delimiter and self.held_bytes >= 16 and size <= PATIENCE[state] then
    local seam = self.tail .. data
    if not find(seam, delimiter, 1, true) then
      held[#held + 1], self.held_bytes, self.tail = data, size, sub(seam, -3)
      return nil
    end
  end
  held[#held + 1] = data
  self.held = nil
  return concat(held)
end

--- Takes the next bytes from the connection.
---@param data string
---@return boolean? complete nil when the response is broken
---@return string? message what arrived instead, to follow "the service sent "
function Response:feed(data)
  if data == "" then return self.state == "done" end
  self.started = true
  if self.held then
    data = join(self, data)
    if not data then return false end
  end
  local position = 1
  while self.state ~= "done" do
    local following, message = states[self.state](self, data, position)
    if following == false then return nil, message end
    if not following then
      if position <= #data then
        local rest = sub(data, position)
        self.held, self.held_bytes, self.tail = { rest }, #rest, sub(rest, -3)
      end
      return false
    end
    position = following
  end
  if position <= #data then self.reusable = false end -- bytes that nobody asked for
  self.body = concat(self.pieces)
  return true
end

--- Says that the peer has closed the connection.
---@return boolean? complete true only for a body that ends so
---@return string? message what was missing, to follow "the connection was closed "
function Response:closed()
  if self.state == "close" or self.state == "done" then
    self.state, self.body = "done", concat(self.pieces)
    return true
  end
  if not self.started then return nil, "before the answer began" end
  if not self.status then return nil, "within the header of the answer" end
  if self.length then return nil, "after " .. self.received .. " of " .. self.length .. " bytes of the answer" end
  return nil, "within a chunked answer, after " .. self.received .. " bytes"
end

return http1
