-- Failures: one printable line for people, plain data for programs. Pure, no I/O.
--
-- The line reads `jdvm: describeImage: 404 NOT_FOUND: Image 'img-x' not found (request 5dfb…)`, the data has the fields
-- below. Text of the service or of a transport may hold anything, so all of it is made one printable line and cut; the
-- secrets that the caller names are taken out of it.

local copy_of = require "jdvm.util.copy"
local regions = require "jdvm.service.regions"
local text = require "jdvm.util.text"
local texts = require "jdvm.failures.texts"

local errors = {}

-- Longest text in a field, longest name or id, and longest message in the line (bytes).
local TEXT, WORD, LINE = 2000, 100, 500
-- Shorter secrets are not looked for: they would be found in any text.
local SHORTEST = 4

--- The fields of the data, each with the longest text in it; `false` keeps the caller's table as it is. What they mean
--- stands in docs/lib/failures.lua.
errors.fields = {
  kind = WORD,
  code = WORD,
  cause = WORD,
  status = WORD,
  message = TEXT,
  http_status = WORD,
  request_id = WORD,
  details = TEXT,
  operation = WORD,
  region = WORD,
  filter = WORD,
  attempts = WORD,
  elapsed = WORD,
  phase = WORD,
  retryable = WORD,
  hint = TEXT,
  retry_after = WORD,
  skew = WORD,
  stats = false,
  token = TEXT,
  image = false,
  facts = TEXT,
  last = TEXT,
}

--- Takes secrets out of a text.
---@param s string
---@param secrets string[]
---@return string
function errors.redact(s, secrets)
  for _, secret in ipairs(secrets) do
    if #secret >= SHORTEST then s = s:gsub(secret:gsub("%W", "%%%0"), "[redacted]") end
  end
  return s
end

--- The secrets in the address of a proxy, which a transport or the proxy may quote.
---@param address string|nil
---@return string|nil userinfo user name and password as written
---@return string|nil password
---@return string|nil plain_userinfo the same without %XX
---@return string|nil plain_password
function errors.secrets_of_proxy(address)
  local userinfo = (address or ""):gsub("^[^/@]*://", ""):match "^(.*)@"
  if not userinfo then return nil end
  local plain_userinfo = text.percent_decoded(userinfo)
  return userinfo, userinfo:match ":(.*)", plain_userinfo, plain_userinfo:match ":(.*)"
end

-- A copy that holds only plain data: nested at most 5 deep, at most 100 entries a table, without holes.
local function plain(value, limit, secrets, depth)
  local kind = type(value)
  if kind == "string" then return text.one_line(errors.redact(value, secrets), limit) end
  if kind == "number" or kind == "boolean" then return value end
  if kind ~= "table" or depth > 5 then return nil end
  local copy, count = {}, 0
  for key, element in pairs(value) do
    count = count + 1
    if count > 100 then break end
    local name = type(key) == "string" and text.one_line(errors.redact(key, secrets), WORD) or #copy + 1
    copy[name] = plain(element, limit, secrets, depth + 1)
  end
  return copy
end

-- What the texts of a failure may name: its facts, its fields, and what follows from these.
local function facts_of(detail)
  local facts = { action = "vm:" .. tostring(detail.operation) }
  for _, source in ipairs { detail, detail.facts } do
    for name, fact in pairs(type(source) == "table" and source or {}) do
      facts[name] = fact
    end
  end
  if detail.skew then facts.seconds = ("%.0f"):format(math.abs(detail.skew)) end
  local nearest = detail.region and text.nearest(detail.region, regions.names)
  if nearest ~= detail.region then facts.meant_region = nearest end
  return facts
end

-- The message with the numbers and words that belong before it.
local function describe(failure)
  local message = text.one_line(failure.message, LINE)
  if failure.kind == "api" then
    local head = tostring(failure.code or failure.http_status or "error")
    if failure.status then head = head .. " " .. failure.status end
    return head .. ": " .. message
  end
  if failure.kind == "http" then return ("HTTP %s: %s"):format(failure.http_status or "error", message) end
  return message
end

local WORDS = {
  en = {
    phase = "phase %s",
    attempts = "%d attempts",
    elapsed = "%.1f s",
    request = "request %s",
    list = " (%s)",
    comma = ", ",
    before = "; before that: ",
    hint = "; hint: ",
  },
  zh = {
    phase = "阶段 %s",
    attempts = "尝试 %d 次",
    elapsed = "%.1f 秒",
    request = "请求 ID %s",
    list = "（%s）",
    comma = "，",
    before = "；此前：",
    hint = "；建议：",
  },
}

--- The line of a failure.
---@param detail jdvm.Failure
---@param language? "en"|"zh"
---@return string
function errors.line(detail, language)
  local words, facts, parts = WORDS[language or "en"], { detail.filter }, { "jdvm: " }
  local function add(word, value) facts[#facts + 1] = words[word]:format(value) end
  local is_repeated = (detail.attempts or 0) > 1
  if detail.kind == "timeout" and detail.phase then add("phase", detail.phase) end
  if is_repeated then add("attempts", detail.attempts) end
  if detail.elapsed and (detail.kind == "timeout" or is_repeated) then add("elapsed", detail.elapsed) end
  if detail.request_id then add("request", detail.request_id) end
  if detail.operation then parts[2] = detail.operation .. ": " end
  parts[#parts + 1] = describe(detail)
  if #facts > 0 then parts[#parts + 1] = words.list:format(table.concat(facts, words.comma)) end
  if detail.last and detail.last.message then parts[#parts + 1] = words.before .. describe(detail.last) end
  if detail.hint then parts[#parts + 1] = words.hint .. detail.hint end
  return table.concat(parts)
end

--- What to do about a failure, or nil.
---@param detail table
---@param name? string of a further hint of its cause
---@return string|nil
function errors.hint(detail, name) return texts.hint(detail.cause, facts_of(detail), name) end

local LAST =
  { "kind", "cause", "code", "status", "message", "http_status", "request_id", "phase", "retry_after", "facts" }

--- What another failure keeps of the one before it, its field last.
---@param failure table|nil
---@return table|nil
function errors.last(failure)
  if not failure then return nil end
  local last = {}
  for _, name in ipairs(LAST) do
    last[name] = failure[name]
  end
  last.message = last.message or texts.sentence(failure.cause or texts.usual[failure.kind], facts_of(failure))
  return last
end

--- Makes a failure: the line and the data.
---@param failure table fields of errors.fields, others are left out; without a message its cause has one. A hint is
---  found when none is given, unless it is false; `advice` names a further one of the cause's
---@param secrets? string[] texts to take out of everything
---@return string message one printable line
---@return jdvm.Failure detail
function errors.new(failure, secrets)
  local detail = {}
  for name, limit in pairs(errors.fields) do
    local value = failure[name]
    if limit then value = plain(value, limit, secrets or {}, 0) end
    detail[name] = value
  end
  if not texts.usual[detail.kind] then detail.kind = "transport" end
  if not texts.causes[detail.cause] then detail.cause = texts.usual[detail.kind] end
  if type(detail.message) ~= "string" or detail.message == "" then
    detail.message = text.one_line(texts.sentence(detail.cause, facts_of(detail)), TEXT)
  end
  if failure.hint == false then
    detail.hint = nil
  else
    detail.hint = detail.hint or errors.hint(detail, failure.advice)
  end
  return errors.line(detail), detail
end

-- A failure in the words of another language or for another reader, as far as its own are those of the tables.
local function in_words(detail, language, reader)
  local copy, facts = copy_of(detail), facts_of(detail)
  if detail.message == texts.sentence(detail.cause, facts) then
    copy.message = texts.sentence(detail.cause, facts, language)
  end
  for _, failed in ipairs { detail, detail.last } do
    copy.hint = texts.in_words(copy.hint, failed.cause, facts_of(failed), language, reader)
  end
  copy.last = detail.last and in_words(detail.last, language)
  return copy
end

--- A failure for other readers: in Chinese, or with hints that name options of the command.
---@param detail jdvm.Failure
---@param language? "en"|"zh"
---@param reader? "command"
---@return string line
---@return jdvm.Failure detail with message and hint in these words
function errors.explain(detail, language, reader)
  local copy = in_words(detail, language or "en", reader)
  return errors.line(copy, language), copy
end

return errors
