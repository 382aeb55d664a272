-- HTTP/1.1 as text: writes a request head, reads a response out of pieces of any size (RFC 9112).
-- Pure, so that it runs, and is tested, on every Lua; the cosocket transport feeds it. What is not framed beyond
-- doubt is refused: a response that two readers could cut differently must not leave its tail in a pooled connection.

local concat = table.concat
local byte, find, sub, lower, match = string.byte, string.find, string.sub, string.lower, string.match

local http1 = {}

--- Limits of a response, in bytes and lines; larger ones are an error, never cut.
http1.MAX_HEADER_BYTES = 65536
http1.MAX_HEADERS = 128
http1.MAX_BODY = 16 * 1024 * 1024
local MAX_CHUNK_LINE = 4096
--- What arrived when no response did.
http1.FOREIGN = "no HTTP status line"

-- What is frequent stands first in a class: a pattern compares each byte with one part after another.
local NAME = "[a-zA-Z0-9!#-'*+.^_`|~-]+" -- a token of RFC 9110, 5.6.2
local TEXT = "[\32-\126\128-\255\t]*"
local TOKEN = "^" .. NAME .. "$"
local FIELD = "^(" .. NAME .. "):(" .. TEXT .. ")$"
local FOLDED = "^[ \t]+(" .. TEXT .. ")$"
local STATUS = "^HTTP/1%.([01]) ([1-9]%d%d)%f[ %z]" .. TEXT .. "$"

--- The head of a request, up to and with its empty line.
---@param method string
---@param target string origin form ("/v1/…?…"), or absolute form for a plain proxy
---@param headers table<string, string>
---@param defaults? table<string, string> headers that are sent unless `headers` has the same name
---@return string? head nil when a part would break the framing
---@return string? message which part
function http1.head(method, target, headers, defaults)
  if find(target, " ", 1, true) then return nil, "the request target holds a space" end
  local lines, given = { method .. " " .. target .. " HTTP/1.1" }, {}
  for _, set in ipairs { headers, defaults } do
    for name, value in pairs(set) do
      if not find(name, TOKEN) then return nil, "a request header has a name that HTTP does not allow" end
      local known_as = lower(name)
      if not given[known_as] then
        given[known_as] = true
        lines[#lines + 1] = name .. ": " .. value
      end
    end
  end
  -- RFC 9110, 5.5: these three are invalid and dangerous.
  local text = concat(lines, " ")
  if find(text, "\r", 1, true) or find(text, "\n", 1, true) or find(text, "\0", 1, true) then
    return nil, "the request holds a line break or a NUL"
  end
  lines[#lines + 1] = "\r\n"
  return concat(lines, "\r\n")
end

---@class jdvm.Http1Response
---@field status integer|false false until the header is complete
---@field headers table<string, string>|false lower-case names; the values of a repeated one joined with ", "
---@field reusable boolean may the connection carry another request once the response is complete?
---@field started boolean has any byte arrived?
---@field body string? when the response is complete
---@field err any when nothing more came: why, as `more` said
local Response = {}
Response.__index = Response

--- A response to be read.
---@param method string the method of the request (a response to HEAD has no body)
---@param more fun(): string|nil, any bytes from the connection, or nil and why there are none
---@param max_body? integer bytes
---@return jdvm.Http1Response
function http1.response(method, more, max_body)
  return setmetatable({
    method = method,
    more = more,
    max_body = max_body or http1.MAX_BODY,
    data = "",
    position = 1, -- what stands before it in `data` is read
    head_bytes = 0,
    received = 0,
    pieces = {},
    reusable = false,
    started = false,
    status = false,
    headers = false,
  }, Response)
end

-- Below, nil and a message stand for a broken response, nil alone for a connection that gives no more.

local function fill(self)
  local data, err = self.more()
  if not data then
    self.err = err
    return false
  end
  self.started = true
  self.data, self.position = sub(self.data, self.position) .. data, 1
  return true
end

-- The next line, without its end.
local function read_line(self, limit, excess)
  while true do
    local stop = find(self.data, "\r\n", self.position, true)
    if (stop and stop + 2 or #self.data + 1) - self.position > limit then return nil, excess end
    if stop then
      local line = sub(self.data, self.position, stop - 1)
      self.position = stop + 2
      return line
    end
    if find(self.data, "\n", self.position, true) then return nil, "lines that end in LF alone" end
    if not fill(self) then return nil end
  end
end

local TOO_MUCH_HEADER = "a header larger than " .. http1.MAX_HEADER_BYTES .. " bytes"

-- Interim responses, the header and the trailer share one limit.
local function header_line(self)
  local line, message = read_line(self, http1.MAX_HEADER_BYTES - self.head_bytes, TOO_MUCH_HEADER)
  if line then self.head_bytes = self.head_bytes + #line + 2 end
  return line, message
end

local function read_status(self)
  -- Tell a peer that does not speak HTTP at once, not after the time-out.
  local start
  repeat
    start = sub(self.data, self.position, self.position + 6)
    if start ~= sub("HTTP/1.", 1, #start) then return nil, http1.FOREIGN end
    if #start < 7 and not fill(self) then return nil end
  until #start == 7
  local line, message = header_line(self)
  if not line then return nil, message end
  local minor, status = match(line, STATUS)
  if not minor then return nil, http1.FOREIGN end
  return minor, tonumber(status)
end

local IS_BLANK = { [32] = true, [9] = true }

-- Without the blanks around it. A pattern for those at the end would look at each run of blanks again and again.
local function trimmed(value)
  local first, last = 1, #value
  while last > 0 and IS_BLANK[byte(value, last)] do
    last = last - 1
  end
  while first < last and IS_BLANK[byte(value, first)] do
    first = first + 1
  end
  return sub(value, first, last)
end

-- Fields that must stand in one line: not every reader unfolds.
local FRAMING = { ["content-length"] = true, ["transfer-encoding"] = true, ["content-encoding"] = true }

-- The fields up to and with the empty line.
local function read_fields(self)
  local headers, count, last = {}, 0, nil
  while true do
    local line, message = header_line(self)
    if not line then return nil, message end
    if line == "" then return headers end
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
      value = last and match(line, FOLDED)
      if not value or FRAMING[last] then return nil, "a malformed header line" end
      name, value = last, trimmed(headers[last] .. " " .. value)
    end
    headers[name] = value
  end
end

-- The header of the final response.
local function read_head(self)
  while true do
    local minor, status = read_status(self)
    if not minor then return nil, status end
    if status == 101 then return nil, "a switch to another protocol that was not asked for" end
    local headers, message = read_fields(self)
    if not headers then return nil, message end
    if status >= 200 then
      self.status, self.headers = status, headers
      return minor
    end
  end
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

local function take(self, size)
  if self.received + size > self.max_body then
    return nil, "a body larger than the limit of " .. self.max_body .. " bytes"
  end
  while size > 0 do
    if self.position > #self.data and not fill(self) then return nil end
    local piece = sub(self.data, self.position, self.position + size - 1)
    self.pieces[#self.pieces + 1] = piece
    self.position, self.received = self.position + #piece, self.received + #piece
    size = size - #piece
  end
  return true
end

local function take_chunks(self)
  while true do
    local line, message = read_line(self, MAX_CHUNK_LINE, "a chunk line that is too long")
    if not line then return nil, message end
    -- Extensions: nobody asked for them. No control characters: a bare LF ends the line for some readers.
    local digits = match(line, "^(%x+)[ \t]*$") or match(line, "^(%x+)[ \t]*;[\t\32-\126\128-\255]*$")
    if not digits or #digits > 12 then return nil, "a chunk without a size" end
    local size = tonumber(digits, 16)
    -- What a trailer says is of no use here, but a line that is none may end elsewhere for other readers.
    if size == 0 then return read_fields(self) end
    local complete
    complete, message = take(self, size)
    if complete then
      complete, message = read_line(self, 2, "a chunk longer than its size")
    end
    if not complete then return nil, message end
  end
end

local function take_all(self)
  while self.position <= #self.data or fill(self) do
    local complete, message = take(self, #self.data - self.position + 1)
    if not complete then return nil, message end
  end
  return self.err == "closed"
end

-- The body, whose end is found by RFC 9112, 6.3, in its order.
local function read_body(self, minor)
  local status, headers = self.status, self.headers
  local coding, length = headers["transfer-encoding"], headers["content-length"]
  local fault = framing_fault(headers, minor)
  if fault then return nil, fault end
  self.reusable = is_persistent(minor, headers["connection"])
  if self.method == "HEAD" or status == 204 or status == 304 then
    -- These have no body. Who announces one all the same may send it (a 304 may well name the length of what it does
    -- not send).
    if self.method ~= "HEAD" and (coding or status == 204 and length and length ~= "0") then self.reusable = false end
    return true
  elseif coding then
    return take_chunks(self)
  elseif length then
    self.length = tonumber(length)
    return take(self, self.length)
  end
  self.reusable = false
  return take_all(self)
end

--- Reads the response to its end.
---@return boolean? complete
---@return string? message what arrived instead, to follow "the service sent "; nil when nothing more came
function Response:read()
  local minor, message = read_head(self)
  local complete
  if minor then
    complete, message = read_body(self, minor)
  end
  if not complete then return nil, message end
  if self.position <= #self.data then self.reusable = false end -- bytes that nobody asked for
  self.body = concat(self.pieces)
  return true
end

--- Where a response that is not complete broke off, to follow "the connection was closed ".
---@return string
function Response:place()
  if not self.started then return "before the answer began" end
  if not self.status then return "within the header of the answer" end
  if self.length then return "after " .. self.received .. " of " .. self.length .. " bytes of the answer" end
  return "within the answer, after " .. self.received .. " bytes"
end

return http1
