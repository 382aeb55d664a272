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
  if content_type:find("html", 1, true) or start:lower():find("<html", 1, true) then
    start = start:match("<[Tt][Ii][Tt][Ll][Ee][^>]*>%s*(.-)%s*</") or start:gsub("<[^>]*>", " ")
  end
  return text.one_line(start, 120)
end

-- Says what an unusable body is: its type and how it begins.
local function body_words(headers, problem)
  local content_type = tostring(headers["content-type"] or ""):lower():match("^[^;%s]*")
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

-- What a response shows instead of a value.
local function seen(value)
  -- Nulls of objects are left out by the decoder, unless null = "keep".
  if value == nil then return "is missing or null" end
  local kind = type(value)
  if kind == "table" then return is_array(value) and "is an array" or "is an object" end
  if kind == "userdata" then return "is null" end
  return "is a " .. kind
end

-- Index of the first element that is no object, or nil.
local function first_no_object(array)
  for i = 1, #array do
    local element = array[i]
    if type(element) ~= "table" or element[1] ~= nil or (next(element) == nil and getmetatable(element)) then
      return i
    end
  end
  return nil
end

-- Checks the fields of a result that the operation's entry requires, and the types of those present.
local function shape_fault(operation, result)
  if type(result) ~= "table" or is_array(result) then return "'result' " .. seen(result) end
  for _, field in ipairs(operation.result) do
    local value, kind = result[field.name], field.type
    if value == nil or type(value) == "userdata" then
      if field.required then return ("'result.%s' %s"):format(field.name, seen(value)) end
    elseif kind:sub(-2) == "[]" then
      if not is_array(value) then return ("'result.%s' %s, not an array"):format(field.name, seen(value)) end
      local at = not SCALARS[kind] and first_no_object(value)
      if at then return ("'result.%s[%d]' %s, not an object"):format(field.name, at - 1, seen(value[at])) end
    elseif kind == "integer" then
      if type(value) ~= "number" then return ("'result.%s' %s, not an integer"):format(field.name, seen(value)) end
      if value ~= math.floor(value) or math.abs(value) > 2 ^ 53 or (field.min and value < field.min) then
        return ("'result.%s' is %s"):format(field.name, tostring(value))
      end
    elseif kind == "string" or kind == "boolean" then
      if type(value) ~= kind then return ("'result.%s' %s, not a %s"):format(field.name, seen(value), kind) end
    elseif type(value) ~= "table" or is_array(value) then
      return ("'result.%s' %s, not an object"):format(field.name, seen(value))
    end
  end
  return nil
end

-- What is wrong with an item that was asked for by its id.
local function item_fault(operation, result, id)
  local name, field = operation.unwrap, operation.id
  local found = result[name] and result[name][field]
  if found == id then return nil end
  if type(found) ~= "string" then return ("'result.%s.%s' %s"):format(name, field, seen(found)) end
  return ("'result.%s.%s' is %s, which was not asked for"):format(name, field, text.show(found))
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

-- The error of an envelope as a failure, or nil.
local function api_failure(decoded, http_status)
  local given = decoded.error
  if says_nothing(given, 2) then return nil end
  if type(given) ~= "table" then given = { message = tostring(given) } end
  if given[1] ~= nil then given = { message = "an error in a form that is not known", details = given } end
  local code = code_of(given.code)
  local status = type(given.status) == "string" and given.status ~= "" and given.status or nil
  local message = type(given.message) == "string" and given.message ~= "" and given.message or nil
  if not (code or status) and type(given.code) == "string" and given.code ~= "" then status = given.code end
  if not ((code and code ~= 0) or status or message) then
    message, given = "an error in a form that is not known", { details = given.details or { given } }
  end
  if not code or code == 0 then code = http_status end
  return {
    kind = "api",
    code = code,
    status = status,
    message = message or status or "error without a message",
    details = type(given.details) == "table" and given.details or nil,
  }
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
  local is_object = type(decoded) == "table" and not is_array(decoded)
  local request_id = is_object and decoded.requestId or nil
  if type(request_id) ~= "string" or request_id == "" then request_id = headers["x-jdcloud-request-id"] end
  -- It goes into lines of logs.
  if request_id and request_id:find("[^%w_-]") then request_id = text.one_line(request_id, 100) end

  local failure = is_object and api_failure(decoded, status) or nil
  if not failure and (status < 200 or status > 299) then
    failure = { kind = "http" }
    if is_object then
      failure.message = type(decoded.message) == "string" and decoded.message or "a response without an error in it"
    else
      failure.message = body_words(headers, problem)
    end
  elseif not failure and decoded == nil then
    failure = {
      kind = "decode",
      cause = "not_json",
      message = ("the response is not JSON: %s%s (%s)"):format(
        problem and problem.message or "no body",
        problem and problem.offset and (" at byte " .. problem.offset) or "",
        body_words(headers, problem)
      ),
    }
    if problem and problem.offset then
      local body = problem.body or ""
      local stranger = text.utf8_fault(body)
      if problem.offset >= #body and body:find("^%s*{") then
        failure.cause, failure.broke_off = "incomplete", true
      elseif stranger and problem.offset >= stranger and problem.offset < stranger + 4 then
        failure.cause = "not_utf8"
      end
    end
  elseif not failure then
    local fault
    if is_object then
      fault = shape_fault(operation, decoded.result) or id and item_fault(operation, decoded.result, id)
    else
      fault = "it " .. seen(decoded)
    end
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
