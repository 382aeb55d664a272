-- What happened and what to do about it, for each cause of a failure, in English and Chinese. Pure data.
--
-- An entry: { en = sentence, zh = sentence, hint = what to do, hint_zh = the same, … }. The sentence is the message
-- unless the failure has one of the service's or the system's own. Further hints, each with its _zh, are named by whom
-- they are for (command: the command line), by a phase of the exchange, or by what a failure's `advice` says.
-- {name} is replaced by that fact of the failure; [brackets] are left out when it lacks one of the facts in them.

local texts = { causes = {} }

local function add(causes)
  for cause, entry in pairs(causes) do
    texts.causes[cause] = entry
  end
end

add(require "jdvm.failures.texts.service")
add(require "jdvm.failures.texts.connection")
add(require "jdvm.failures.texts.tls")
add(require "jdvm.failures.texts.program")

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
  match = "no_match",
  wait = "cannot_become",
  phase = "phase",
  cache = "cache_full",
  cancelled = "cancelled",
}

-- What stands for {peer}, and for {doing} by phase.
local PHRASES = {
  en = {
    peer = "{host} port {port}[ through the proxy at {proxy}]",
    queued = "waiting for a free connection to",
    dns = "resolving the name of",
    connect = "connecting to",
    tls = "in the TLS handshake with",
    send = "sending the request to",
    wait = "waiting for the response of",
    read = "reading the response of",
  },
  zh = {
    peer = "{host} 端口 {port}[（经代理 {proxy}）]",
    queued = "等待空闲连接",
    dns = "解析域名",
    connect = "连接",
    tls = "TLS 握手",
    send = "发送请求至",
    wait = "等待响应",
    read = "读取响应",
  },
}

-- The template without the brackets, and without each bracket that lacks a fact.
local function without_gaps(template, facts)
  return (
    template:gsub("%b[]", function(part)
      part = part:sub(2, -2)
      for name in part:gsub("%b[]", ""):gmatch "{([%w_]+)}" do
        if facts[name] == nil then return "" end
      end
      return without_gaps(part, facts)
    end)
  )
end

local function fill(template, facts, language)
  local phrases = PHRASES[language]
  local doing = phrases[facts.queued and "queued" or facts.phase] or "{doing}"
  template = template:gsub("{doing}", doing):gsub("{peer}", phrases.peer)
  return (
    without_gaps(template, facts):gsub("{([%w_]+)}", function(name)
      local fact = facts[name]
      return type(fact) == "number" and ("%.14g"):format(fact) or tostring(fact == nil and "" or fact)
    end)
  )
end

--- The sentence of a cause.
---@param cause string
---@param facts table
---@param language? "en"|"zh"
---@return string|nil
function texts.sentence(cause, facts, language)
  local entry = texts.causes[cause]
  language = language or "en"
  return entry and fill(entry[language], facts, language)
end

--- What to do about it, or nil: the hint of that name, else the one for the phase, else the usual one.
---@param cause string
---@param facts table
---@param name? string "command", or that of a further hint
---@param language? "en"|"zh"
---@return string|nil
function texts.hint(cause, facts, name, language)
  local entry, suffix = texts.causes[cause] or {}, language == "zh" and "_zh" or ""
  local hint = entry[tostring(name) .. suffix] or entry[tostring(facts.phase) .. suffix] or entry["hint" .. suffix]
  return hint and fill(hint, facts, language or "en")
end

--- A hint in another language or for another reader; as it is where it is none of the cause's.
---@param hint string|nil
---@param cause string|nil
---@param facts table
---@param language "en"|"zh"
---@param reader string|nil "command"
---@return string|nil
function texts.in_words(hint, cause, facts, language, reader)
  local entry = texts.causes[cause] or {}
  for name, template in pairs(entry) do
    if fill(template, facts, "en") == hint then
      return texts.hint(cause, facts, entry[reader] and reader or name, language)
    end
  end
  return hint
end

return texts
