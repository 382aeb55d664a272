-- The envelope around the service's responses: reads the result, or the failure, out of what was decoded. Pure.
--
-- An envelope is { requestId, result } or { requestId, error = { code, status, message, details } }. What comes from
-- elsewhere (a proxy, a gateway, a mistaken endpoint) may be anything, and must never pass for an empty result.

local causes = require "jdvm.call.causes"
local text = require "jdvm.util.text"

-- Looked at for every image of every page.
local type, next, getmetatable = type, next, getmetatable

-- Arrays of these hold no objects; all others are arrays of models.
local SCALARS = { ["string[]"] = true, ["integer[]"] = true, ["boolean[]"] = true }

local envelope = {}

-- The words of a web page: its title, else its text without the tags.
local function words_of(body, content_type)
  local start = body:sub(1, 4096)
  if content_type:find("html", 1, true) or text.lower(start):find("<html", 1, true) then
    start = start:match("<[Tt][Ii][Tt][Ll][Ee][^>]*>%s*(.-)%s*</") or start:gsub("<[^>]*>", " ")
  end
  return text.one_line(start, 120)
end

-- Says what an unusable body is: its type and how it begins.
local function body_words(headers, problem)
  local content_type = text.lower(tostring(headers["content-type"] or "")):match("^[^;%s]*")
  local body = problem and problem.text or ""
  if body == "" then
    return problem and problem.text and "an empty body" or (content_type ~= "" and content_type or "no JSON")
  end
  local words = words_of(body, content_type)
  return (content_type ~= "" and content_type or "text") .. (words ~= "" and (': "' .. words .. '"') or "")
end

local function is_array(value)
  if type(value) ~= "table" then return false end
  if value[1] ~= nil then return true end
  -- Empty tables are arrays when the decoder marked them.
  return next(value) == nil and getmetatable(value) ~= nil
end

local function is_object(value) return type(value) == "table" and not is_array(value) end

-- What a response shows instead of a value.
local function seen(value)
  -- Nulls of objects are left out by the decoder, unless null = "keep".
  if value == nil then return "is missing or null" end
  local kind = type(value)
  if kind == "table" then return is_array(value) and "is an array" or "is an object" end
  if kind == "userdata" then return "is null" end
  return "is a " .. kind
end

-- What is wrong with a field of the result, or nil.
local function field_fault(field, value)
  local kind = field.type
  if value == nil or type(value) == "userdata" then return field.required and seen(value) or nil end
  if kind:sub(-2) == "[]" then
    if not is_array(value) then return seen(value) .. ", not an array" end
    for i = 1, SCALARS[kind] and 0 or #value do
      if not is_object(value[i]) then return seen(value[i]) .. ", not an object", i end
    end
  elseif kind == "integer" then
    if type(value) ~= "number" then return seen(value) .. ", not an integer" end
    local is_integer = value == math.floor(value) and math.abs(value) <= 2 ^ 53
    if not is_integer or (field.min and value < field.min) then return "is " .. tostring(value) end
  elseif kind == "string" or kind == "boolean" then
    if type(value) ~= kind then return seen(value) .. ", not a " .. kind end
  elseif not is_object(value) then
    return seen(value) .. ", not an object"
  end
  return nil
end

-- Checks the fields of a result that the operation's entry requires, the types of those present, and whether the item
-- is the one that was asked for by its id.
local function result_fault(operation, result, id)
  if not is_object(result) then return "'result' " .. seen(result) end
  for _, field in ipairs(operation.result) do
    local fault, at = field_fault(field, result[field.name])
    if fault then return ("'result.%s%s' %s"):format(field.name, at and ("[%d]"):format(at - 1) or "", fault) end
  end
  local found = id and result[operation.unwrap][operation.id]
  if found == id then return nil end
  local fault = type(found) == "string" and ("is %s, which was not asked for"):format(text.show(found)) or seen(found)
  return ("'result.%s.%s' %s"):format(operation.unwrap, operation.id, fault)
end

-- Zeros and empty texts, which some gateways send beside a result, say nothing; nor do objects of such.
local function says_nothing(value, depth)
  if type(value) ~= "table" then
    return value == nil or value == "" or value == 0 or value == false or type(value) == "userdata"
  end
  for _, element in pairs(value) do
    if depth == 0 or not says_nothing(element, depth - 1) then return false end
  end
  return true
end

-- The code of an error, a number or its digits; nil when it cannot be a code.
local function code_of(value)
  local is_integer = type(value) == "number" and value % 1 == 0
  local digits = is_integer and ("%.0f"):format(value) or type(value) == "string" and value or ""
  return digits:find("^%-?%d+$") and #digits <= 9 and tonumber(digits) or nil
end

local function word_of(value) return type(value) == "string" and value ~= "" and value or nil end

-- The error of an envelope as a failure, or nil.
local function api_failure(decoded, http_status)
  local given = decoded.error
  if says_nothing(given, 2) then return nil end
  if type(given) ~= "table" then given = { message = tostring(given) } end
  local code, status, message = code_of(given.code), word_of(given.status), word_of(given.message)
  local details = given.details
  if not (code or status) then status = word_of(given.code) end
  if not ((code and code ~= 0) or status or message) then
    message = "an error in a form that is not known"
    details = given[1] ~= nil and given or details or { given }
  end
  return {
    kind = "api",
    code = code ~= 0 and code or http_status,
    status = status,
    message = message or status or "error without a message",
    details = type(details) == "table" and details or nil,
  }
end

-- The failure of a response that should be JSON and is not.
local function undecoded(headers, problem)
  local body, offset = problem.body or "", problem.offset
  local failure = {
    kind = "decode",
    cause = "not_json",
    message = ("the response is not JSON: %s%s (%s)"):format(
      problem.message or "no body",
      offset and (" at byte " .. offset) or "",
      body_words(headers, problem)
    ),
  }
  local stranger = offset and text.utf8_fault(body)
  if offset and offset >= #body and body:find("^%s*{") then
    failure.cause, failure.broke_off = "incomplete", true
  elseif stranger and offset >= stranger and offset < stranger + 4 then
    failure.cause = "not_utf8"
  end
  return failure
end

--- Takes the marks off empty arrays, by which the shape of a result was checked.
---@param value any
---@return any value
function envelope.unmark(value)
  if type(value) ~= "table" then return value end
  if next(value) == nil then return setmetatable(value, nil) end
  for _, element in pairs(value) do
    envelope.unmark(element)
  end
  return value
end

--- Reads a response: the error first, then the shape.
---@param operation table entry of operations.list
---@param status integer HTTP status
---@param headers table<string, string> names in lower case
---@param decoded any the decoded body, nil when it could not be decoded
---@param problem table|nil why not: { message =, offset =, body =, text = its beginning as it may be shown }
---@param id string|nil of the item that was asked for
---@return table|nil result what the method returns: the result, or the field of it that `unwrap` names
---@return string|table request_id_or_failure the request id (or nil); with a nil result the failure, for errors.new
function envelope.read(operation, status, headers, decoded, problem, id)
  local envelops = is_object(decoded)
  local request_id = envelops and word_of(decoded.requestId) or headers["x-jdcloud-request-id"]
  -- It goes into lines of logs.
  if request_id and request_id:find("[^A-Za-z0-9_-]") then request_id = text.one_line(request_id, 100) end

  local failure = envelops and api_failure(decoded, status) or nil
  if not failure and (status < 200 or status > 299) then
    local words = envelops and (word_of(decoded.message) or "a response without an error in it")
    failure = { kind = "http", message = words or body_words(headers, problem) }
  elseif not failure and decoded == nil then
    failure = undecoded(headers, problem or {})
  elseif not failure then
    local fault = envelops and result_fault(operation, decoded.result, id)
    if not envelops then fault = "it " .. seen(decoded) end
    if fault then failure = { kind = "decode", cause = "wrong_shape", message = "unexpected response: " .. fault } end
  end

  if failure then
    failure.http_status, failure.request_id = status, request_id
    failure.cause = failure.cause or causes.of(failure)
    return nil, failure
  end
  if operation.unwrap then return decoded.result[operation.unwrap], request_id end
  return decoded.result, request_id
end

return envelope
