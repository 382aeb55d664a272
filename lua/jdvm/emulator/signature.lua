-- Verifies JDCLOUD2 and JDCLOUD3 signatures by rebuilding the canonical request from what arrived. Shares no code with
-- the signer that it judges.

local dates = require "jdvm.util.time"
local hash = require "jdvm.emulator.hash"
local uri = require "jdvm.emulator.uri"

local M = {}

local ALGORITHMS = {
  ["JDCLOUD2-HMAC-SHA256"] = { prefix = "JDCLOUD2", terminator = "jdcloud2_request", version = 2 },
  ["JDCLOUD3-HMAC-SHA256"] = { prefix = "JDCLOUD3", terminator = "jdcloud3_request", version = 3 },
}

-- The gateway's own texts; the last three are ours, in its style.
M.messages = {
  authorization = "lack of header authorization[gw]",
  credential = "lack of credential in the header authorization [gw]",
  signed_headers = "lack of header signedHeaders [gw]",
  date = "lack of header x-jdcloud-date [gw]",
  invalid = "Invalid authentication credentials [gw]",
  mismatch = "sign result is not same [gw]",
  nonce = "lack of header x-jdcloud-nonce [gw]",
  token = "Invalid security token [gw]",
  skew = "the request has expired, check x-jdcloud-date [gw]",
}

local function trim(text) return text:match("^%s*(.-)%s*$") end

--- Splits the Authorization header.
---@param text string
---@return table|nil parts `{algorithm, access_key, day, region, service, terminator, signed, signature}`
---@return string|nil problem a key of `messages`
function M.parse_authorization(text)
  local name, rest = trim(text):match("^(%S+)%s+(.+)$")
  local algorithm = name and ALGORITHMS[name]
  if not algorithm then return nil, "invalid" end
  local fields = {}
  for part in rest:gmatch("[^,]+") do
    local key, value = trim(part):match("^(%w+)=(.*)$")
    if key then fields[key:lower()] = value end
  end
  if not fields.credential or fields.credential == "" then return nil, "credential" end
  local key, day, region, service, terminator = fields.credential:match("^(.+)/([^/]*)/([^/]*)/([^/]*)/([^/]*)$")
  if not key then return nil, "credential" end
  if not fields.signedheaders or fields.signedheaders == "" then return nil, "signed_headers" end
  if not fields.signature then return nil, "invalid" end
  local signed = {}
  for header in fields.signedheaders:gmatch("[^;]+") do
    signed[#signed + 1] = trim(header):lower()
  end
  table.sort(signed)
  return {
    name = name,
    algorithm = algorithm,
    access_key = key,
    day = day,
    region = region,
    service = service,
    terminator = terminator,
    signed = signed,
    signature = fields.signature,
  }
end

--- Header values by lower-case name, each an array in the order of arrival.
---@param headers table[] `{name, value}` pairs
---@return table<string, string[]>
function M.index_headers(headers)
  local index = {}
  for _, header in ipairs(headers) do
    local name = header[1]:lower()
    local values = index[name]
    if values then
      values[#values + 1] = header[2]
    else
      index[name] = { header[2] }
    end
  end
  return index
end

-- JDCLOUD2 folds runs of white space, JDCLOUD3 must not.
local function canonical_value(values, version)
  local cleaned = {}
  for i, value in ipairs(values) do
    value = trim(value)
    if version == 2 then value = value:gsub("%s+", " ") end
    cleaned[i] = value
  end
  return table.concat(cleaned, ",")
end

--- The text whose hash was signed, rebuilt from the request.
---@param request table `{method, target, body}`
---@param index table<string, string[]> from `index_headers`
---@param parts table from `parse_authorization`
---@param payload_hash string lower-case hex
---@return string|nil text nil when a header named in SignedHeaders did not arrive
function M.canonical_request(request, index, parts, payload_hash)
  local version = parts.algorithm.version
  local path, query = uri.split(request.target)
  local lines = {
    request.method,
    version == 3 and uri.canonical_path3(path) or uri.canonical_path2(path),
    uri.canonical_query(uri.parse_query(query, version == 3), version == 3),
  }
  for _, name in ipairs(parts.signed) do
    if not index[name] then return nil end
    lines[#lines + 1] = name .. ":" .. canonical_value(index[name], version)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = table.concat(parts.signed, ";")
  lines[#lines + 1] = payload_hash
  return table.concat(lines, "\n")
end

-- A claimed payload hash counts only when it is true or waives the body.
local function payload_hash(provider, request, index)
  local actual = provider.sha256_hex(request.body or "")
  local claimed = index["x-jdcloud-content-sha256"]
  if not claimed then return actual end
  claimed = trim(claimed[1])
  if claimed == actual or claimed == "UNSIGNED-PAYLOAD" then return claimed end
end

local function signing_key(provider, parts, secret)
  local prefix = parts.algorithm.prefix
  local key = provider.hmac(prefix .. secret, parts.day)
  key = provider.hmac(key, parts.region)
  key = provider.hmac(key, parts.service)
  return provider.hmac(key, parts.algorithm.terminator)
end

--- A verifier keeps the last signing keys, so that a busy emulator hashes twice a request and not six times.
---@return table verifier
function M.new() return { provider = hash.provider(), keys = {}, key_count = 0 } end

local function cached_key(verifier, parts, secret)
  local label = table.concat({ parts.name, secret, parts.day, parts.region, parts.service }, "\0")
  local key = verifier.keys[label]
  if not key then
    if verifier.key_count >= 64 then
      verifier.keys, verifier.key_count = {}, 0
    end
    key = signing_key(verifier.provider, parts, secret)
    verifier.keys[label], verifier.key_count = key, verifier.key_count + 1
  end
  return key
end

--- Checks the signature alone: neither clock nor nonce.
---@param verifier table from `new`
---@param request table `{method, target, headers, body}`
---@param index table<string, string[]> from `index_headers`
---@param find_secret fun(access_key: string): string|nil
---@return table|nil parts of the Authorization header, with `date` and `nonce`
---@return string|nil problem a key of `messages`, or "unknown_key"
function M.verify(verifier, request, index, find_secret)
  if not index.authorization then return nil, "authorization" end
  local parts, problem = M.parse_authorization(index.authorization[1])
  if not parts then return nil, problem end
  local secret = find_secret(parts.access_key)
  if not secret then return nil, "unknown_key" end
  if not index["x-jdcloud-date"] then return nil, "date" end
  if not index["x-jdcloud-nonce"] then return nil, "nonce" end
  parts.date, parts.nonce = trim(index["x-jdcloud-date"][1]), index["x-jdcloud-nonce"][1]
  if parts.terminator ~= parts.algorithm.terminator then return nil, "invalid" end
  if parts.day ~= parts.date:sub(1, 8) then return nil, "mismatch" end

  local provider = verifier.provider
  local hashed_body = payload_hash(provider, request, index)
  local canonical = hashed_body and M.canonical_request(request, index, parts, hashed_body)
  if not canonical then return nil, "mismatch" end
  local scope = table.concat({ parts.day, parts.region, parts.service, parts.terminator }, "/")
  local to_sign = table.concat({ parts.name, parts.date, scope, provider.sha256_hex(canonical) }, "\n")
  local expected = provider.hex(provider.hmac(cached_key(verifier, parts, secret), to_sign))
  if not hash.equal(expected, parts.signature) then return nil, "mismatch" end
  return parts
end

--- Seconds since the epoch of `YYYYMMDDTHHMMSSZ`.
---@param text string
---@return number|nil seconds
function M.parse_date(text)
  local year, month, day, hour, minute, second = text:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$")
  if not year then return nil end
  -- Two digits each, so that they compare as text.
  if month < "01" or month > "12" or day < "01" or day > "31" or hour > "23" or minute > "59" or second > "60" then
    return nil
  end
  return dates.seconds(year, month, day, hour, minute, second)
end

--- Whether a token header carries the account's token, as base64 or raw: the official SDKs disagree.
---@param value string|nil
---@param token string
---@param encoded string base64 of the token
---@return boolean
function M.token_matches(value, token, encoded)
  value = value and trim(value) or ""
  return hash.equal(value, encoded) or hash.equal(value, token)
end

return M
