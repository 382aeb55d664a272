-- Every option, as data. An option is how a call is made (time, keys, transport); what is asked of the service are
-- parameters (jdvm.service.operations). Pure.
--
-- Sets: `client` for jdvm.new, `call` for every call, `list` for calls that read several pages (they take those of
-- `call`, too), `latest` for client:latest_image (with those of `list`), `wait` for client:wait_image, `cache` for
-- jdvm.cache.new. Times are seconds, fractions allowed.
--
-- An option is an entry as jdvm.options.value checks it, and:
--   default      what holds when it is left out
--   required     it may not be left out
--   goes         who reads an option of a client: transport, call or both; without it jdvm.options.settings or the
--                client itself does
--   env          the environment variable that gives it, for jdvm.options.settings; jdvm.keys.sources knows those of
--                keys in groups, together with the names of other tools
--   is_path      "~/" at its start is the home folder
--   other_names  what people write for the option
-- Its texts for the reference and its type for editors stand in docs/lib/options.lua.

local regions = require "jdvm.service.regions"

local options = {}

options.client = {
  { name = "region", type = "string", env = "JDCLOUD_REGION", other_names = { "region_id" } },
  {
    name = "access_key",
    type = "string",
    env = "JDCLOUD_ACCESS_KEY",
    other_names = { "access_key_id", "ak", "key_id" },
  },
  {
    name = "secret_key",
    type = "string",
    env = "JDCLOUD_SECRET_KEY",
    other_names = { "secret_access_key", "access_key_secret", "secret", "sk" },
  },
  {
    name = "session_token",
    type = "string",
    env = "JDCLOUD_SESSION_TOKEN",
    other_names = { "token", "security_token" },
  },
  { name = "credentials", type = "function|string" },
  { name = "profile", type = "string", env = "JDCLOUD_PROFILE" },
  { name = "endpoint", type = "string", default = "https://vm.jdcloud-api.com", env = "JDCLOUD_ENDPOINT" },
  { name = "timeout", type = "number", default = 30, above = 0, goes = "call" },
  { name = "connect_timeout", type = "number", default = 5, above = 0, goes = "call" },
  { name = "read_timeout", type = "number", default = 10, above = 0, goes = "call" },
  {
    name = "max_attempts",
    type = "integer",
    default = 3,
    min = 0,
    max = 100,
    goes = "call",
    other_names = { "retries", "max_retries" },
  },
  {
    name = "transport",
    type = "string|table|function",
    default = "auto",
    values = { "auto", "curl", "ngx" },
    goes = "transport",
  },
  { name = "blocking", type = "boolean", default = false, goes = "transport" },
  { name = "wait", type = "function", goes = "transport" },
  { name = "ca_file", type = "string", env = "JDCLOUD_CA_FILE" },
  { name = "ca_path", type = "string", is_path = true, goes = "transport" },
  { name = "proxy", type = "string", empty = true, goes = "transport" },
  { name = "no_proxy", type = "string" },
  { name = "proxy_ca_file", type = "string", is_path = true, goes = "transport" },
  { name = "verify", type = "boolean", default = true, goes = "transport" },
  { name = "user_agent", type = "string" },
  { name = "max_body", type = "integer", default = 16777216, min = 1, max = 1073741824, goes = "both" },
  { name = "http2", type = "boolean", default = true, goes = "transport" },
  { name = "max_connections", type = "integer", min = 1, max = 100000, goes = "both" },
  {
    name = "algorithm",
    type = "string",
    default = "JDCLOUD2-HMAC-SHA256",
    values = { "JDCLOUD2-HMAC-SHA256", "JDCLOUD3-HMAC-SHA256" },
    goes = "call",
  },
  { name = "token_encoding", type = "string", default = "base64", values = { "base64", "raw" }, goes = "call" },
  { name = "null", type = "string", default = "drop", values = { "drop", "keep" }, goes = "call" },
  { name = "utf8", type = "string", default = "strict", values = { "strict", "replace" }, goes = "call" },
  { name = "array_mt", type = "table|false", goes = "call" },
  { name = "page_size", type = "integer", default = 100, min = 10, max = 100, goes = "call" },
  { name = "prefetch", type = "integer", default = 4, min = 0, max = 64, goes = "call" },
  { name = "logger", type = "function", goes = "call" },
  { name = "on_attempt", type = "function", goes = "call" },
  { name = "on_call", type = "function", goes = "call" },
  { name = "on_wait", type = "function", goes = "transport" },
  { name = "clock", type = "function" },
}

local joined = {} -- the sets that take the options of others, too; filled below

--- The options of a set, in order, those that it takes of other sets included.
---@param set string client, call, list, latest, wait or cache
---@return table[] options not to be changed
function options.entries(set) return joined[set] or options[set] end

--- An option of a set.
---@param set string client, call, list, wait or cache
---@param name any
---@return table|nil option
function options.find(set, name)
  for _, option in ipairs(options.entries(set)) do
    if option.name == name then return option end
  end
  return nil
end

-- An option of clients that may be given again; left out, it is the client's.
local function again(name)
  local copy = {}
  for key, value in pairs(options.find("client", name)) do
    copy[key] = value
  end
  copy.default = nil
  return copy
end

options.call = {
  again "timeout",
  again "connect_timeout",
  again "read_timeout",
  again "max_attempts",
  { name = "fields", type = "string[]" },
  { name = "source", type = "string" },
  again "null",
  again "utf8",
}

options.list = {
  again "page_size",
  { name = "max_items", type = "integer", min = 0 },
  again "prefetch",
  { name = "start", type = "string" },
  { name = "regions", type = "string|string[]", path = true, open = true, values = regions.names, words = { "all" } },
  { name = "consistency", type = "string", default = "eventual", values = { "eventual", "stable" } },
}

options.latest = { { name = "match", type = "function|string" } }

for set, sets in pairs { list = { "list", "call" }, latest = { "latest", "list", "call" } } do
  joined[set] = {}
  for _, name in ipairs(sets) do
    for _, option in ipairs(options[name]) do
      table.insert(joined[set], option)
    end
  end
end

options.wait = {
  { name = "region", type = "string", path = true },
  { name = "timeout", type = "number", default = 1800, above = 0 },
  {
    name = "status",
    type = "string",
    default = "ready",
    values = { "ready", "pending", "deleting", "error", "gone" },
    old_values = { available = "ready", deleted = "gone" },
  },
  { name = "interval", type = "number", default = 5, above = 0 },
  { name = "max_interval", type = "number", default = 30, above = 0 },
  { name = "not_found_grace", type = "number", default = 30, min = 0 },
  { name = "on_progress", type = "function" },
  again "connect_timeout",
  again "read_timeout",
  again "max_attempts",
  again "null",
  again "utf8",
}

-- Longest time an entry of a shared dict is kept (seconds, three years).
local MAX_TTL = 100000000

options.cache = {
  { name = "client", type = "table", required = true },
  { name = "dict", type = "string", required = true },
  { name = "locks", type = "string" },
  { name = "ttl", type = "number", default = 60, min = 0.001, max = MAX_TTL },
  { name = "stale", type = "number", default = 3600, min = 0, max = MAX_TTL },
  { name = "negative_ttl", type = "number", default = 5, min = 0, max = MAX_TTL },
  { name = "lock_ttl", type = "number", default = 5, min = 0.001, max = MAX_TTL },
  { name = "name", type = "string" },
  { name = "options", type = "table" },
  { name = "store", type = "table" },
}

options.cached = { { name = "fresh", type = "boolean", default = false } }

options.redis = {
  { name = "host", type = "string", default = "127.0.0.1" },
  { name = "port", type = "integer", default = 6379, min = 1, max = 65535 },
  { name = "username", type = "string" },
  { name = "password", type = "string" },
  { name = "database", type = "integer", default = 0, min = 0 },
  { name = "ssl", type = "boolean", default = false },
  { name = "ssl_verify", type = "boolean", default = true },
  { name = "server_name", type = "string" },
  { name = "timeout", type = "number", default = 0.02, min = 0.001 },
  { name = "pool_size", type = "integer", default = 30, min = 1 },
}

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
