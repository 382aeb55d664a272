-- Every option, as data, and the check of a table of options against it. An option is how a call is
-- made (time, keys, transport); what is asked of the service are parameters (jdvm.service.operations). Pure.
--
-- Sets: `client` for jdvm.new, `call` for every call, `list` for calls that read several pages (they
-- take those of `call`, too), `wait` for client:wait_image, `cache` for jdvm.cache.new.
--
-- An option is { name, type, doc, doc_zh, default, values, min, max, above, … }. `type` is one of the
-- names in `kinds` below or several of them with "|"; `above` is a bound that the value may not touch;
-- `required` says that it may not be left out, `class` which of its tables an editor should expect;
-- `empty` says that the empty string is a value; `other_names` are what people write for the option;
-- `env` is the environment variable that gives it: jdvm.options.settings takes the name from here, but for those of
-- keys, which jdvm.keys.sources knows in groups, together with the names of other tools. `goes` says what looks at
-- an option of a client: transport, call or both; without it jdvm.options.settings or the client itself does.
-- Times are seconds, fractions allowed.

local text = require "jdvm.util.text"

local options = {}

options.client = {
  {
    name = "region",
    type = "string",
    env = "JDCLOUD_REGION",
    other_names = { "region_id" },
    doc = "Region of calls that name none.",
    doc_zh = "未在参数中指定 regionId 时使用的地域。",
  },
  {
    name = "access_key",
    type = "string",
    env = "JDCLOUD_ACCESS_KEY",
    other_names = { "access_key_id", "ak", "key_id" },
    doc = "Access key; needs secret_key.",
    doc_zh = "Access Key，需与 secret_key 同时指定。",
  },
  {
    name = "secret_key",
    type = "string",
    env = "JDCLOUD_SECRET_KEY",
    other_names = { "secret_access_key", "access_key_secret", "secret", "sk" },
    doc = "Secret key.",
    doc_zh = "Secret Key。",
  },
  {
    name = "session_token",
    type = "string",
    env = "JDCLOUD_SESSION_TOKEN",
    other_names = { "token", "security_token" },
    doc = "Token of temporary keys (STS).",
    doc_zh = "临时密钥（STS）的会话令牌。",
  },
  {
    name = "credentials",
    type = "function|string",
    class = "string|(fun(context: jdvm.KeyContext): jdvm.Keys|nil, string|nil)",
    doc = "A function that gives the keys, or the name of a built-in one: environment, profile, instance-role.",
    doc_zh = "返回密钥的函数，或内置来源的名称：environment、profile、instance-role。",
  },
  {
    name = "profile",
    type = "string",
    env = "JDCLOUD_PROFILE",
    doc = "Profile of ~/.jdc/config whose keys and region to use; then the keys of the environment are not looked at.",
    doc_zh = "使用 ~/.jdc/config 中的该配置；指定后不再使用环境变量中的密钥。",
  },
  {
    name = "endpoint",
    type = "string",
    env = "JDCLOUD_ENDPOINT",
    default = "https://vm.jdcloud-api.com",
    doc = "Address of the service.",
    doc_zh = "服务地址。",
  },
  {
    name = "timeout",
    type = "number",
    goes = "call",
    above = 0,
    default = 30,
    doc = "Seconds for a whole call: its tries, the waiting between them, its pages.",
    doc_zh = "一次调用的总时限（秒），包含重试、等待与翻页。",
  },
  {
    name = "connect_timeout",
    type = "number",
    goes = "call",
    above = 0,
    default = 5,
    doc = "Seconds for a connection.",
    doc_zh = "建立连接的时限（秒）。",
  },
  {
    name = "read_timeout",
    type = "number",
    goes = "call",
    above = 0,
    default = 10,
    doc = "Seconds without a byte of the answer.",
    doc_zh = "等待应答数据的时限（秒）。",
  },
  {
    name = "max_attempts",
    type = "integer",
    goes = "call",
    min = 0,
    max = 100,
    default = 3,
    other_names = { "retries", "max_retries" },
    doc = "Tries of a request in all; 0 and 1 mean no retry.",
    doc_zh = "单个请求的最大尝试次数（含首次）；0 或 1 表示不重试。",
  },
  {
    name = "transport",
    type = "string|table|function",
    goes = "transport",
    class = '"auto"|"curl"|"ngx"|table|'
      .. "(fun(request: jdvm.TransportRequest): jdvm.TransportResponse|nil, string|nil)",
    values = { "auto", "curl", "ngx" },
    default = "auto",
    doc = "How requests are sent: auto chooses cosockets inside nginx and libcurl elsewhere; or your own "
      .. "(see TransportRequest).",
    doc_zh = "传输方式：auto 在 nginx 中使用 cosocket，其他环境使用 libcurl；也可自行提供（见 TransportRequest）。",
  },
  {
    name = "blocking",
    type = "boolean",
    goes = "transport",
    default = false,
    doc = "Allow libcurl, which blocks, in nginx's init phase.",
    doc_zh = "允许在 nginx 的 init 阶段使用会阻塞的 libcurl。",
  },
  {
    name = "ca_file",
    type = "string",
    env = "JDCLOUD_CA_FILE",
    doc = "File of certificates to trust (PEM).",
    doc_zh = "受信任证书文件（PEM）。",
  },
  {
    name = "ca_path",
    type = "string",
    goes = "transport",
    doc = "Folder of certificates to trust.",
    doc_zh = "受信任证书目录。",
  },
  {
    name = "proxy",
    type = "string",
    goes = "transport",
    empty = true,
    doc = "Proxy, such as http://user:password@host:3128; empty means none. Left out, libcurl goes by https_proxy, "
      .. "http_proxy, all_proxy and no_proxy of the environment.",
    doc_zh = "代理地址，例如 http://user:password@host:3128；空字符串表示不使用代理。不填时 libcurl 依据环境变量 "
      .. "https_proxy、http_proxy、all_proxy 与 no_proxy。",
  },
  {
    name = "no_proxy",
    type = "string",
    goes = "transport",
    doc = "Hosts reached without the proxy, separated by commas.",
    doc_zh = "不经代理访问的主机，以逗号分隔。",
  },
  {
    name = "verify",
    type = "boolean",
    goes = "transport",
    default = true,
    doc = "Check the server's certificate and name.",
    doc_zh = "校验服务器证书与域名。",
  },
  {
    name = "user_agent",
    type = "string",
    doc = "Put before the library's own User-Agent.",
    doc_zh = "附加在 User-Agent 前的文字。",
  },
  {
    name = "max_body",
    type = "integer",
    goes = "both",
    min = 1,
    max = 1073741824,
    default = 16777216,
    doc = "Largest answer in bytes.",
    doc_zh = "应答正文的最大字节数。",
  },
  {
    name = "http2",
    type = "boolean",
    goes = "transport",
    default = true,
    doc = "Use HTTP/2 where the server offers it (libcurl).",
    doc_zh = "服务器支持时使用 HTTP/2（libcurl）。",
  },
  {
    name = "max_connections",
    type = "integer",
    goes = "transport",
    min = 1,
    max = 100000,
    doc = "Connections at a time, of this client in one process (in each nginx worker); further requests wait.",
    doc_zh = "该客户端在单个进程（每个 nginx worker）中的最大并发连接数；超出的请求将排队。",
  },
  {
    name = "algorithm",
    type = "string",
    goes = "call",
    values = { "JDCLOUD2-HMAC-SHA256", "JDCLOUD3-HMAC-SHA256" },
    default = "JDCLOUD2-HMAC-SHA256",
    doc = "How requests are signed.",
    doc_zh = "签名算法。",
  },
  {
    name = "token_encoding",
    type = "string",
    goes = "call",
    values = { "base64", "raw" },
    default = "base64",
    doc = "How the session token is sent.",
    doc_zh = "会话令牌的传输编码。",
  },
  {
    name = "null",
    type = "string",
    goes = "call",
    values = { "drop", "keep" },
    default = "drop",
    doc = "JSON null in an object: drop leaves the key out, keep gives jdvm.null.",
    doc_zh = "对象中的 JSON null：drop 省略该键，keep 返回 jdvm.null。",
  },
  {
    name = "utf8",
    type = "string",
    goes = "call",
    values = { "strict", "replace" },
    default = "strict",
    doc = "Bytes that are not UTF-8: strict refuses the answer, replace puts U+FFFD.",
    doc_zh = "非 UTF-8 字节：strict 报错，replace 以 U+FFFD 替换。",
  },
  {
    name = "page_size",
    type = "integer",
    goes = "call",
    min = 10,
    max = 100,
    default = 100,
    doc = "Images asked for at once in lists.",
    doc_zh = "列表每页请求的镜像数量。",
  },
  {
    name = "prefetch",
    type = "integer",
    goes = "call",
    min = 0,
    max = 64,
    default = 4,
    doc = "Pages in flight ahead of the reader of a list; 0 means none.",
    doc_zh = "预取的页数；0 表示不预取。",
  },
  {
    name = "logger",
    type = "function",
    class = "fun(event: jdvm.Event)",
    goes = "call",
    doc = "Called with each event that is worth a log line; print will do.",
    doc_zh = "日志回调函数，可直接使用 print。",
  },
  {
    name = "on_attempt",
    type = "function",
    class = "fun(event: jdvm.Event)",
    goes = "call",
    doc = "Called after each try of a request. An error in it, as in on_call, changes nothing; logger is told of it.",
    doc_zh = "每次尝试结束后的回调。回调（含 on_call）中的错误不影响结果，只会通知 logger。",
  },
  {
    name = "on_call",
    type = "function",
    class = "fun(event: jdvm.Event)",
    goes = "call",
    doc = "Called after each call.",
    doc_zh = "每次调用结束后的回调。",
  },
  {
    name = "clock",
    type = "function",
    class = "fun(): number",
    doc = "Gives the time in seconds since 1970; for tests.",
    doc_zh = "返回自 1970 年起的秒数，用于测试。",
  },
}

options.call = {
  {
    name = "timeout",
    type = "number",
    above = 0,
    doc = "Seconds for the whole call; default: the client's.",
    doc_zh = "本次调用的总时限（秒）；默认取客户端设置。",
  },
  {
    name = "connect_timeout",
    type = "number",
    above = 0,
    doc = "Seconds for a connection.",
    doc_zh = "建立连接的时限（秒）。",
  },
  {
    name = "read_timeout",
    type = "number",
    above = 0,
    doc = "Seconds without a byte of the answer.",
    doc_zh = "等待应答数据的时限（秒）。",
  },
  {
    name = "max_attempts",
    type = "integer",
    min = 0,
    max = 100,
    doc = "Tries of a request in all.",
    doc_zh = "单个请求的最大尝试次数（含首次）。",
  },
  {
    name = "fields",
    type = "string[]",
    doc = "Only these fields of the images are read, such as imageId or systemDisk.cloudDisk.diskSizeGB: faster.",
    doc_zh = "仅解析镜像的这些字段，例如 imageId、systemDisk.cloudDisk.diskSizeGB，可加快速度。",
  },
  {
    name = "source",
    type = "string",
    doc = "Key under which each image also gets its own JSON text; of the image itself only fields are read.",
    doc_zh = "每个镜像另以该键给出其 JSON 原文；镜像本身仅解析 fields 中的字段。",
  },
  {
    name = "null",
    type = "string",
    values = { "drop", "keep" },
    doc = "JSON null in an object: left out, or jdvm.null.",
    doc_zh = "对象中的 JSON null：省略或返回 jdvm.null。",
  },
  {
    name = "utf8",
    type = "string",
    values = { "strict", "replace" },
    doc = "Bytes that are not UTF-8: refused or replaced.",
    doc_zh = "非 UTF-8 字节：报错或替换。",
  },
}

options.list = {
  {
    name = "page_size",
    type = "integer",
    min = 10,
    max = 100,
    doc = "Images asked for at once; default: the client's.",
    doc_zh = "每页请求的镜像数量；默认取客户端设置。",
  },
  {
    name = "max_items",
    type = "integer",
    min = 0,
    doc = "Most images to give out.",
    doc_zh = "最多返回的镜像数量。",
  },
  {
    name = "prefetch",
    type = "integer",
    min = 0,
    max = 64,
    doc = "Pages in flight ahead of the reader; 0 means none; default: the client's.",
    doc_zh = "预取的页数；0 表示不预取；默认取客户端设置。",
  },
  {
    name = "start",
    type = "string",
    doc = "Resume token of an earlier list with the same filters.",
    doc_zh = "此前相同条件列表的续读标记。",
  },
  {
    name = "consistency",
    type = "string",
    values = { "eventual", "stable" },
    default = "eventual",
    doc = "stable reads the list again until no image came or went meanwhile.",
    doc_zh = "stable 表示重复读取，直到期间没有镜像增减。",
  },
}

-- Options of a call that a wait takes, too: those that hold for each of its looks.
local shared = {}
for _, option in ipairs(options.call) do
  shared[option.name] = option
end

options.wait = {
  {
    name = "region",
    type = "string",
    doc = "Region of the images; default: the client's.",
    doc_zh = "镜像所在地域；默认取客户端设置。",
  },
  {
    name = "timeout",
    type = "number",
    above = 0,
    default = 1800,
    doc = "Seconds to wait; one look takes at most the client's timeout.",
    doc_zh = "等待的总时限（秒）；单次轮询不超过客户端的 timeout。",
  },
  {
    name = "status",
    type = "string",
    values = { "ready", "pending", "deleting", "error" },
    default = "ready",
    doc = "State to wait for.",
    doc_zh = "等待的目标状态。",
  },
  {
    name = "interval",
    type = "number",
    above = 0,
    default = 5,
    doc = "Seconds between the first two looks.",
    doc_zh = "首次轮询间隔（秒）。",
  },
  {
    name = "max_interval",
    type = "number",
    above = 0,
    default = 30,
    doc = "Longest time between two looks in seconds.",
    doc_zh = "最大轮询间隔（秒）。",
  },
  {
    name = "not_found_grace",
    type = "number",
    min = 0,
    default = 30,
    doc = "Seconds in which an image may not be found yet.",
    doc_zh = "允许暂时查不到镜像的时间（秒）。",
  },
  {
    name = "on_progress",
    type = "function",
    class = "fun(progress: jdvm.Progress)",
    doc = "Called after each look. An error in it changes nothing; logger is told of it.",
    doc_zh = "每次轮询后的回调；其中的错误不影响结果，只会通知 logger。",
  },
  shared.connect_timeout,
  shared.read_timeout,
  shared.max_attempts,
  shared.null,
  shared.utf8,
}

-- Longest time an entry of a shared dict is kept (seconds, three years).
local MAX_TTL = 100000000

options.cache = {
  {
    name = "client",
    type = "table",
    class = "jdvm.Client",
    required = true,
    doc = "The client that fetches; required.",
    doc_zh = "用于请求的客户端；必填。",
  },
  {
    name = "dict",
    type = "string",
    required = true,
    doc = "Name of a lua_shared_dict for the answers; required.",
    doc_zh = "保存应答的 lua_shared_dict 名称；必填。",
  },
  {
    name = "locks",
    type = "string",
    doc = "Name of another for the locks; default: that of dict with _locks, if there is one, else dict itself.",
    doc_zh = "保存锁的 lua_shared_dict 名称；默认为 dict 名称加 _locks，若不存在则为 dict 本身。",
  },
  {
    name = "ttl",
    type = "number",
    min = 0.001,
    max = MAX_TTL,
    default = 60,
    doc = "Seconds for which an answer is fresh.",
    doc_zh = "应答的有效期（秒）。",
  },
  {
    name = "stale",
    type = "number",
    min = 0,
    max = MAX_TTL,
    default = 3600,
    doc = "Seconds after that in which it is still given, while a new one is fetched.",
    doc_zh = "过期后在后台更新期间仍可使用的时间（秒）。",
  },
  {
    name = "negative_ttl",
    type = "number",
    min = 0,
    max = MAX_TTL,
    default = 5,
    doc = "Seconds for which it is kept that there is no such image.",
    doc_zh = "“不存在”这一结果的缓存时间（秒）。",
  },
  {
    name = "lock_ttl",
    type = "number",
    min = 0.001,
    max = MAX_TTL,
    default = 5,
    doc = "Seconds after which the lock of a dead worker ends.",
    doc_zh = "异常退出的 worker 所持锁的失效时间（秒）。",
  },
  {
    name = "name",
    type = "string",
    doc = "Stands for the account; required when the keys of the client come from a function.",
    doc_zh = "代表账号的名称；客户端密钥来自函数时必填。",
  },
  {
    name = "options",
    type = "table",
    class = "jdvm.ListOptions",
    doc = "Options of each call, such as timeout and fields.",
    doc_zh = "每次调用的选项，例如 timeout、fields。",
  },
}

-- Sets whose options a set takes, too.
options.includes = { list = { "call" } }

local function is_finite(value) return value == value and value ~= math.huge and value ~= -math.huge end

local kinds = {
  string = function(value) return type(value) == "string" end,
  number = function(value) return type(value) == "number" and is_finite(value) end,
  integer = function(value) return type(value) == "number" and is_finite(value) and value == math.floor(value) end,
  boolean = function(value) return type(value) == "boolean" end,
  ["function"] = function(value)
    local metatable = type(value) == "table" and getmetatable(value)
    return type(value) == "function" or (type(metatable) == "table" and metatable.__call ~= nil)
  end,
  table = function(value) return type(value) == "table" end,
  ["string[]"] = function(value) return type(value) == "table" end,
}

local articles = {
  string = "a string",
  number = "a number",
  integer = "an integer",
  boolean = "true or false",
  ["function"] = "a function",
  table = "a table",
  ["string[]"] = "an array of strings",
}

-- Keys, whose characters jdvm.keys.holder looks at: it knows how they come to be wrong.
local is_key = { access_key = true, secret_key = true, session_token = true }
-- Options whose value must not stand in a message.
local secret = { access_key = true, secret_key = true, session_token = true, proxy = true }

local function string_fault(value)
  return type(value) ~= "string" and "must be a string, got " .. text.show(value) or nil
end

--- What is wrong with a table as an array of strings, or nil.
---@param value table
---@param element_fault fun(element: any): string|nil words that follow "element 3"
---@param is_required boolean|nil whether it may not be left out
---@return string|nil message words that follow a name
function options.array_fault(value, element_fault, is_required)
  local count = 0
  for key in pairs(value) do
    if type(key) ~= "number" then return ("must be an array of strings; it has the key %s"):format(text.show(key)) end
    count = count + 1
  end
  if count == 0 then return "is empty: " .. (is_required and "" or "leave it out, or ") .. "give at least one" end
  for i = 1, count do
    local element = value[i]
    if element == nil then return ("has a hole: element %d is nil"):format(i) end
    local message = element_fault(element)
    if message then return ("element %d %s"):format(i, message) end
  end
end

local function fault(option, value)
  local fits, wanted = false, {}
  for kind in option.type:gmatch("[^|]+") do
    fits = fits or kinds[kind](value)
    wanted[#wanted + 1] = articles[kind]
  end
  local got = secret[option.name] and ("a " .. type(value)) or text.show(value)
  if not fits then
    if option.type == "number" and type(value) == "number" then return "must be a finite number, got " .. got end
    return ("must be %s, got %s"):format(text.enumerate(wanted), got)
  end
  if option.type == "string[]" then return options.array_fault(value, string_fault, option.required) end
  if type(value) == "string" then
    if value == "" then return not option.empty and "is empty: leave it out instead" or nil end
    if not is_key[option.name] and text.control_fault(value) then return "holds a control character" end
    if option.values then
      for _, known in ipairs(option.values) do
        if known == value then return nil end
      end
      local nearest = text.nearest(value, option.values)
      return ("must be %s, got %s%s"):format(
        text.enumerate(option.values),
        got,
        nearest and ('; did you mean "' .. nearest .. '"?') or ""
      )
    end
  elseif type(value) == "number" then
    if option.above and value <= option.above then return ("must be above %.14g, got %s"):format(option.above, got) end
    if option.min and value < option.min then return ("must be at least %.14g, got %s"):format(option.min, got) end
    if option.max and value > option.max then return ("must be at most %.14g, got %s"):format(option.max, got) end
  end
  return nil
end

local indexes = {}

-- Of a set with the sets it includes: names in order, options by name, and whether any must be given.
local function make_index(set)
  local entry = { names = {}, by_name = {}, is_required = false }
  local function add(name)
    for _, option in ipairs(options[name]) do
      entry.names[#entry.names + 1] = option.name
      entry.by_name[option.name] = option
      entry.is_required = entry.is_required or option.required == true
    end
  end
  add(set)
  for _, included in ipairs(options.includes[set] or {}) do
    add(included)
  end
  return entry
end

local function index(set)
  local entry = indexes[set]
  if not entry then
    entry = make_index(set)
    indexes[set] = entry
  end
  return entry
end

--- The parameter that is meant by a name: its own in any spelling, or one of those that other tools have for it.
---@param name string
---@param parameters table[]|nil of an operation
---@return string|nil
function options.parameter_of(name, parameters)
  for _, parameter in ipairs(parameters or {}) do
    if text.same_name(parameter.name, name) then return parameter.name end
  end
  for _, parameter in ipairs(parameters or {}) do
    for _, other in ipairs(parameter.other_names or {}) do
      if text.same_name(other, name) then return parameter.name end
    end
  end
  return nil
end

-- What takes the options of each set.
local takers = { { "call", "calls" }, { "list", "lists" }, { "client", "jdvm.new" }, { "wait", "wait_image" } }

-- What takes an option of this name, or nil.
local function taker_of(name)
  for _, taker in ipairs(takers) do
    if index(taker[1]).by_name[name] then return taker[2] end
  end
  return nil
end

-- What to say about a key that is no option; it may be a parameter in the wrong table, or an option of other calls.
local function unknown(entry, key, parameters)
  if type(key) ~= "string" then
    return ("options are named, but there is one with the key %s"):format(text.show(key))
  end
  local shown = "unknown option '" .. text.one_line(key, 60) .. "'"
  local parameter, taker = options.parameter_of(key, parameters), taker_of(key)
  if parameter == key then return shown .. ": it is a parameter, which goes into the table before the options" end
  if taker then
    return ("%s: it is an option of %s%s"):format(
      shown,
      taker,
      parameter and ("; here give the parameter '%s', in the table before the options"):format(parameter) or ""
    )
  end
  local nearest
  for _, name in ipairs(entry.names) do
    for _, other in ipairs(entry.by_name[name].other_names or {}) do
      if text.same_name(key, other) then nearest = name end
    end
  end
  nearest = nearest or text.nearest(key, entry.names)
  if nearest then return shown .. "; did you mean '" .. nearest .. "'?" end
  return shown .. "; known are " .. text.enumerate(entry.names, "and")
end

--- What is wrong with a table of options, or nil.
---@param set string client, call, list, wait or cache
---@param given table|nil
---@param parameters table|nil parameters of the operation, to tell where a misplaced one belongs
---@return string|nil message
function options.fault(set, given, parameters)
  local entry = index(set)
  if given == nil then
    if not entry.is_required then return nil end
    given = {}
  end
  if type(given) ~= "table" then return "the options must be a table, got " .. text.show(given) end
  local stranger
  for key in pairs(given) do
    -- Of several the first by name, so that the message is the same in each run.
    if not entry.by_name[key] and (stranger == nil or tostring(key) < tostring(stranger)) then stranger = key end
  end
  if stranger ~= nil then return unknown(entry, stranger, parameters) end
  for _, name in ipairs(entry.names) do
    local option, value, message = entry.by_name[name], given[name], nil
    if value ~= nil then
      message = fault(option, value)
    elseif option.required then
      message = "is required"
    end
    if message then return ("option '%s' %s"):format(name, message) end
  end
  return nil
end

--- Checks a table of options; raises for the caller.
---@param set string client, call, list, wait or cache
---@param given table|nil
---@param who string what the message names, such as "jdvm.new" or an operation
---@param level integer|nil as for an `error` in the place of this call: 1 (default) blames that line, 2 its caller
---@param parameters table|nil parameters of the operation
function options.check(set, given, who, level, parameters)
  local message = options.fault(set, given, parameters)
  if not message then return end
  if who:sub(1, 4) ~= "jdvm" then who = "jdvm: " .. who end
  error(who .. ": " .. message, (level or 1) + 1)
end

--- An option of a set, or of one that the set includes.
---@param set string client, call, list, wait or cache
---@param name string
---@return table|nil option
function options.find(set, name) return index(set).by_name[name] end

--- Defaults of a set, as a new table.
---@param set string
---@return table<string, any>
function options.defaults(set)
  local values = {}
  for _, option in ipairs(options[set]) do
    values[option.name] = option.default
  end
  return values
end

return options
