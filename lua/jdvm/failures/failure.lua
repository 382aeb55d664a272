-- Failures: one printable line for people, plain data for programs. Pure, no I/O.
--
-- The line reads `jdvm: describeImage: 404 NOT_FOUND: Image 'img-x' not found (request 5dfb…)`, the
-- data holds what errors.fields lists. Text of the service or of a transport may hold anything, so all
-- of it is made one printable line and cut; secrets that the caller names are taken out of it.

local fields = require "jdvm.failures.fields"
local regions = require "jdvm.service.regions"
local text = require "jdvm.util.text"
local texts = require "jdvm.failures.texts"

local errors = {}

-- Longest message in the line and in the data, and longest name, word or id (bytes).
local LINE_LIMIT, DATA_LIMIT, WORD_LIMIT = 500, 2000, 100

errors.kinds, errors.fields = fields.kinds, fields.list

local known_kinds = {}
for _, kind in ipairs(errors.kinds) do
  known_kinds[kind.name] = true
end

local long_texts = { message = true, hint = true }
-- Fields that hold the caller's data unchanged.
local own_data = { image = true, stats = true }

-- Longest user name and password of a URL that is looked for (bytes).
local USERINFO = 500

-- Takes user names and passwords out of URLs: up to the last "@" of what may be one URL. A password may hold "/", "@"
-- and blanks when somebody forgot to encode it, and that is when libraries quote the URL in their messages.
local function redact_userinfo(s)
  if not s:find("@", 1, true) then return s end
  local parts, from = {}, 1
  while true do
    local _, last = s:find("://", from, true)
    if not last then break end
    local run = s:sub(last + 1, last + USERINFO):match("^[^'\"<>]*@")
    parts[#parts + 1] = s:sub(from, last) .. (run and "[redacted]@" or "")
    from = last + 1 + (run and #run or 0)
  end
  return table.concat(parts) .. s:sub(from)
end

--- Takes out what must never be shown: the secrets named by the caller, and what looks like one.
---@param s string
---@param secrets string[]
---@return string
local function redact(s, secrets)
  for _, secret in ipairs(secrets) do
    local from = 1
    while #secret >= 4 do
      local first, last = s:find(secret, from, true)
      if not first then break end
      s = s:sub(1, first - 1) .. "[redacted]" .. s:sub(last + 1)
      from = first + 10
    end
  end
  s = s:gsub("([Ss]ignature=)%x+", "%1[redacted]")
  s = s:gsub("([Ss]ecurity%-[Tt]oken[\"']?%s*[:=]%s*[\"']?)[^%s\"',;]+", "%1[redacted]")
  return redact_userinfo(s)
end
errors.redact = redact

-- A copy that holds only plain data: nested at most 5 deep, at most 100 entries a table.
local function plain(value, secrets, depth)
  local kind = type(value)
  if kind == "string" then return text.one_line(redact(value, secrets), DATA_LIMIT) end
  if kind == "number" or kind == "boolean" then return value end
  if kind ~= "table" or depth > 5 then return nil end
  local copy, count = {}, 0
  for key, element in pairs(value) do
    count = count + 1
    if count > 100 then break end
    if type(key) == "string" then
      copy[text.one_line(redact(key, secrets), 200)] = plain(element, secrets, depth + 1)
    else
      -- No hole where a null was, or something deep.
      copy[#copy + 1] = plain(element, secrets, depth + 1)
    end
  end
  return copy
end

-- The action that IAM names in the details of its refusal, such as vm:describeImages.
local function refused_action(details)
  for _, entry in ipairs(type(details) == "table" and details or {}) do
    for _, value in pairs(type(entry) == "table" and entry or {}) do
      if type(value) == "string" and value:find("^[A-Za-z0-9_-]+:[A-Za-z0-9_*-]+$") then return value end
    end
  end
  return nil
end

local function is_region(name)
  for _, known in ipairs(regions.names) do
    if known == name then return true end
  end
  return false
end

-- Facts that follow from others.
local derived = {
  action = function(detail)
    return refused_action(detail.details) or detail.operation and "vm:" .. detail.operation or "this"
  end,
  region = function() return "the client's region" end,
  known_region = function(detail) return is_region(detail.region) and detail.region or nil end,
  unknown_region = function(detail) return not is_region(detail.region) and text.show(detail.region or "") or nil end,
  meant_region = function(detail)
    local nearest = text.nearest(detail.region or "", regions.names)
    return nearest and text.show(nearest)
  end,
  seconds = function(detail) return detail.skew and ("%.0f"):format(math.abs(detail.skew)) end,
}

-- All facts of a failure, by name.
local function facts_of(detail)
  return setmetatable({}, {
    __index = function(_, name)
      local value = (detail.facts or detail)[name]
      if value == nil then value = detail[name] end
      if value == nil and derived[name] then value = derived[name](detail) end
      return value
    end,
  })
end

--- What to do about a failure, or nil.
---@param detail table
---@param audience? string "command", or the name of a further hint of its cause
---@param language? "en"|"zh"
---@return string|nil
function errors.hint(detail, audience, language)
  -- Where a wait saw something else go wrong, nobody knows whether the image exists.
  if not detail.cause or detail.cause == "not_seen" and detail.last then return nil end
  return texts.hint(detail.cause, facts_of(detail), audience, language)
end

-- The middle of the line: the message with the numbers and words that belong before it.
local function describe(failure)
  local message = text.one_line(failure.message, LINE_LIMIT)
  if failure.kind == "api" then
    local head = tostring(failure.code or failure.http_status or "error")
    if failure.status then head = head .. " " .. failure.status end
    return head .. ": " .. message
  end
  if failure.kind == "http" then return ("HTTP %s: %s"):format(failure.http_status or "error", message) end
  return message
end

-- The facts at the end of the line, in brackets.
local function facts(failure)
  local list = { failure.filter }
  if failure.kind == "timeout" and failure.phase then list[#list + 1] = "phase " .. failure.phase end
  if failure.attempts and failure.attempts > 1 then list[#list + 1] = ("%d attempts"):format(failure.attempts) end
  if failure.elapsed and (failure.kind == "timeout" or (failure.attempts or 0) > 1) then
    list[#list + 1] = ("%.1f s"):format(failure.elapsed)
  end
  if failure.request_id then list[#list + 1] = "request " .. failure.request_id end
  if #list == 0 then return "" end
  return " (" .. table.concat(list, ", ") .. ")"
end

--- The hint of a failure as the command gives it: that of its cause, or of what failed before, where they have one for
--- command lines.
---@param detail jdvm.Failure
---@return string|nil
function errors.command_hint(detail)
  for _, failed in ipairs { detail, detail.last } do
    local entry = texts.causes[failed.cause or ""]
    if detail.hint and entry and entry.command then return texts.hint(failed.cause, facts_of(failed), "command") end
  end
  return detail.hint
end

--- What another failure keeps of the one before it, its field last.
---@param failure table|nil
---@return table|nil
function errors.last(failure)
  if not failure then return nil end
  return {
    kind = failure.kind,
    cause = failure.cause,
    code = failure.code,
    status = failure.status,
    message = failure.message or texts.sentence(failure.cause or texts.usual[failure.kind], facts_of(failure)),
    http_status = failure.http_status,
    request_id = failure.request_id,
    phase = failure.phase,
    retry_after = failure.retry_after,
  }
end

--- The line of a failure.
---@param detail jdvm.Failure
---@param hint? string in place of its own
---@return string
function errors.line(detail, hint)
  hint = hint or detail.hint
  local parts = { "jdvm: " }
  if detail.operation then parts[#parts + 1] = detail.operation .. ": " end
  parts[#parts + 1] = describe(detail)
  parts[#parts + 1] = facts(detail)
  if detail.last and detail.last.message then parts[#parts + 1] = "; before that: " .. describe(detail.last) end
  if hint then parts[#parts + 1] = "; hint: " .. hint end
  return table.concat(parts)
end

--- Makes a failure: the line and the data.
---@param failure table fields of errors.fields, others are left out; without a message its cause has one. A hint is
---  found when none is given, unless it is false; `advice` names a further one of the cause's
---@param secrets? string[] texts to take out of everything
---@return string message one printable line
---@return jdvm.Failure detail
function errors.new(failure, secrets)
  local detail = {}
  for _, field in ipairs(errors.fields) do
    local value = failure[field.name]
    if not own_data[field.name] then value = plain(value, secrets or {}, 0) end
    if type(value) == "string" and not long_texts[field.name] then value = text.one_line(value, WORD_LIMIT) end
    detail[field.name] = value
  end
  if not known_kinds[detail.kind] then detail.kind = "transport" end
  if not texts.causes[detail.cause or ""] then detail.cause = texts.usual[detail.kind] end
  if type(detail.message) ~= "string" or detail.message == "" then
    detail.message = text.one_line(texts.sentence(detail.cause, facts_of(detail)), DATA_LIMIT)
  end
  if failure.hint == false then
    detail.hint = nil
  else
    detail.hint = detail.hint or errors.hint(detail, failure.advice)
  end
  return errors.line(detail), detail
end

return errors
