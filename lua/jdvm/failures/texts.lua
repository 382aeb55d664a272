-- What happened and what to do about it, for each cause of a failure, in English and Chinese. Pure data.
--
-- An entry is { cause, en = { sentence, hint, command = hint for the command line }, zh = the same }; the sentence is
-- the message unless the failure has one of the service's or the system's own. Further hints have names: those of
-- phases, or what a failure's `advice` says. {name} stands for a fact of the failure; what stands in [brackets] is left
-- out when it lacks one of the facts in it.

local texts = { list = {}, by_cause = {} }

-- By who finds them: tables that change for different reasons.
for _, part in ipairs {
  require "jdvm.failures.texts.service",
  require "jdvm.failures.texts.connection",
  require "jdvm.failures.texts.tls",
  require "jdvm.failures.texts.program",
} do
  for _, entry in ipairs(part) do
    texts.list[#texts.list + 1] = entry
    texts.by_cause[entry[1]] = entry
  end
end

--- The cause of a failure that names none, by its kind: a transport of the user's knows no better.
texts.usual = {
  credentials = "bad_keys",
  connect = "connection_failed",
  tls = "handshake_failed",
  timeout = "timeout",
  transport = "transport_failed",
  http = "foreign_response",
  decode = "wrong_shape",
  api = "rejected",
  pagination = "contradiction",
  wait = "cannot_become",
  phase = "phase",
  cache = "cache_full",
  cancelled = "cancelled",
}

-- What is being done in a phase, before the name of the other side.
local DOING = {
  en = {
    queued = "waiting for a free connection to",
    dns = "resolving the name of",
    connect = "connecting to",
    tls = "in the TLS handshake with",
    send = "sending the request to",
    wait = "waiting for the response of",
    read = "reading the response of",
  },
  zh = {
    queued = "等待空闲连接",
    dns = "解析域名",
    connect = "连接",
    tls = "TLS 握手",
    send = "发送请求至",
    wait = "等待响应",
    read = "读取响应",
  },
}

-- Text with facts in place of their names; and whether all were there.
local function fill(template, facts, language)
  local complete, parts, at = true, {}, 1
  local function put(part)
    parts[#parts + 1] = part:gsub("{([%w_]+)}", function(name)
      local fact = facts[name]
      if name == "doing" then fact = DOING[language][facts.queued and "queued" or facts.phase] end
      if fact == nil then complete = false end
      return fact == nil and "" or type(fact) == "number" and ("%.14g"):format(fact) or tostring(fact)
    end)
  end
  while true do
    local first, last = template:find("%b[]", at)
    put(template:sub(at, (first or 0) - 1))
    if not first then return table.concat(parts), complete end
    local segment, is_whole = fill(template:sub(first + 1, last - 1), facts, language)
    if is_whole then parts[#parts + 1] = segment end
    at = last + 1
  end
end

--- The sentence of a cause.
---@param cause string
---@param facts table
---@param language? "en"|"zh"
---@return string|nil
function texts.sentence(cause, facts, language)
  local entry = texts.by_cause[cause]
  language = language or "en"
  return entry and (fill(entry[language][1], facts, language))
end

--- What to do about it, or nil: the hint of that name, else the one for the phase, else the usual one.
---@param cause string
---@param facts table
---@param name? string "command", or that of a further hint
---@param language? "en"|"zh"
---@return string|nil
function texts.hint(cause, facts, name, language)
  local entry = texts.by_cause[cause]
  language = language or "en"
  local words = entry and entry[language]
  local hint = words and (words[name] or words[facts.phase] or words[2])
  return hint and (fill(hint, facts, language))
end

return texts
