-- Verifies JDCLOUD2 and JDCLOUD3 signatures by rebuilding the canonical request from what arrived. Whatever a client
-- sent is decoded and encoded again before it is compared, so clients that escape differently still verify. Shares no
-- code but the hash with the signer that it judges. In nginx it needs no C module of jdvm, since there may be none.

local dates = require "jdvm.util.time"
local uri = require "jdvm.emulator.uri"

local M = {}

-- The gateway's own messages; the last three are ours, in its style.
M.messages = {
  unknown_key = "Invalid accessKey [gw]",
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

-- SHA-256 as lower-case hex: by the libcrypto of nginx, or by jdvm.core where there is none.
local function find_sha256()
  local has_ffi, ffi = pcall(require, "ffi")
  if has_ffi then ffi.cdef "unsigned char *SHA256(const unsigned char *data, size_t count, unsigned char *digest);" end
  if not has_ffi or not pcall(function() return ffi.C.SHA256 end) then return require("jdvm.core").sha256 end
  return function(bytes)
    local digest = ffi.string(ffi.C.SHA256(bytes, #bytes, ffi.new "unsigned char[32]"), 32)
    return (digest:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
  end
end

local sha256 = find_sha256()

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- Exclusive or of two bytes, for which Lua 5.1 has no operator.
local function xor(a, b)
  if a + b == 0 then return 0 end
  return (a + b) % 2 + 2 * xor(math.floor(a / 2), math.floor(b / 2))
end

-- HMAC-SHA256 in hex (RFC 2104).
local function hmac(key, text)
  if #key > 64 then key = bytes_of(sha256(key)) end
  key = key .. ("\0"):rep(64 - #key)
  local function with(byte)
    return (key:gsub(".", function(c) return string.char(xor(c:byte(), byte)) end))
  end
  return sha256(with(0x5C) .. bytes_of(sha256(with(0x36) .. text)))
end

local function trim(text) return text:match "^%s*(.-)%s*$" end

-- Splits the Authorization header, or names what is wrong with it by a key of `messages`.
local function parse_authorization(text)
  local name, rest = text:match("^(%S+)%s+(.+)$")
  local version = name and name:match("^JDCLOUD([23])%-HMAC%-SHA256$")
  if not version then return nil, "invalid" end
  local fields = {}
  for part in rest:gmatch("[^,]+") do
    local key, value = trim(part):match("^(%w+)=(.*)$")
    if key then fields[key:lower()] = value end
  end
  local parts = { algorithm = name, version = tonumber(version), signature = fields.signature, signed = {} }
  parts.access_key, parts.day, parts.region, parts.service, parts.terminator = (fields.credential or ""):match(
    "^(.+)/([^/]*)/([^/]*)/([^/]*)/([^/]*)$"
  )
  if not parts.access_key then return nil, "credential" end
  if (fields.signedheaders or "") == "" then return nil, "signed_headers" end
  if not fields.signature then return nil, "invalid" end
  for header in fields.signedheaders:gmatch("[^;]+") do
    table.insert(parts.signed, trim(header):lower())
  end
  table.sort(parts.signed)
  return parts
end

--- The values of `{name, value}` headers by lower-case name, each an array in the order of arrival.
function M.index_headers(headers)
  local index = {}
  for _, header in ipairs(headers) do
    local name = header[1]:lower()
    index[name] = index[name] or {}
    table.insert(index[name], header[2])
  end
  return index
end

-- The first value of a header without the blanks around it; nil for one that is missing or empty.
local function value_of(index, name)
  local value = index[name] and trim(index[name][1])
  return value ~= "" and value or nil
end

--- Whether a plus of the request's target is a space, as it is in JDCLOUD3 and not in JDCLOUD2.
function M.plus_is_space(index) return (value_of(index, "authorization") or ""):find("^JDCLOUD3%-") ~= nil end

-- JDCLOUD2: every segment on its own, so an escaped slash stays one and repeated slashes stay. JDCLOUD3: decoded as a
-- whole, runs of slashes folded, one slash in front.
local function canonical_path(path, version)
  if version == 2 then
    if path == "" then return "/" end
    return (path:gsub("[^/]+", function(segment) return uri.encode(uri.decode(segment)) end))
  end
  return uri.encode(("/" .. uri.decode(path, true)):gsub("/+", "/"), true)
end

-- Sorted by name, then value, strictly encoded. JDCLOUD3 drops parameters without a name.
local function canonical_query(query, version)
  local encoded = {}
  for _, pair in ipairs(uri.parse_query(query, version == 3)) do
    if pair[1] ~= "" or version == 2 then encoded[#encoded + 1] = { uri.encode(pair[1]), uri.encode(pair[2]) } end
  end
  table.sort(encoded, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  for i, pair in ipairs(encoded) do
    encoded[i] = pair[1] .. "=" .. pair[2]
  end
  return table.concat(encoded, "&")
end

-- JDCLOUD2 folds runs of white space, JDCLOUD3 must not.
local function canonical_value(values, version)
  local cleaned = {}
  for i, value in ipairs(values) do
    cleaned[i] = version == 2 and trim(value):gsub("%s+", " ") or trim(value)
  end
  return table.concat(cleaned, ",")
end

--- The text whose hash was signed, rebuilt from the request; nil when a header named in SignedHeaders did not arrive.
function M.canonical_request(request, index, parts, payload_hash)
  local path, query = uri.split(request.target)
  local lines = { request.method, canonical_path(path, parts.version), canonical_query(query, parts.version) }
  for _, name in ipairs(parts.signed) do
    if not index[name] then return nil end
    lines[#lines + 1] = name .. ":" .. canonical_value(index[name], parts.version)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = table.concat(parts.signed, ";")
  lines[#lines + 1] = payload_hash
  return table.concat(lines, "\n")
end

-- A claimed payload hash counts only when it is true or waives the body.
local function payload_hash(request, index)
  local actual = sha256(request.body or "")
  local claimed = value_of(index, "x-jdcloud-content-sha256") or actual
  if claimed == actual or claimed == "UNSIGNED-PAYLOAD" then return claimed end
end

--- Checks the signature alone: neither clock nor nonce.
---@param request table `{method, target, headers, body}`
---@param find_secret fun(access_key: string): string|nil
---@return table|nil parts of the Authorization header, with `date`, its `seconds` if it is one, and `nonce`
---@return string|nil problem a key of `messages`
function M.verify(request, index, find_secret)
  local authorization = value_of(index, "authorization")
  if not authorization then return nil, "authorization" end
  local parts, problem = parse_authorization(authorization)
  if not parts then return nil, problem end
  local secret = find_secret(parts.access_key)
  if not secret then return nil, "unknown_key" end
  parts.date, parts.nonce = value_of(index, "x-jdcloud-date"), value_of(index, "x-jdcloud-nonce")
  if not parts.date then return nil, "date" end
  if not parts.nonce then return nil, "nonce" end
  parts.seconds = dates.of((parts.date:gsub("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$", "%1-%2-%3T%4:%5:%6Z")))
  if parts.terminator ~= ("jdcloud%d_request"):format(parts.version) then return nil, "invalid" end
  if parts.day ~= parts.date:sub(1, 8) then return nil, "mismatch" end

  local body_hash = payload_hash(request, index)
  local canonical = body_hash and M.canonical_request(request, index, parts, body_hash)
  if not canonical then return nil, "mismatch" end
  local scope, key = { parts.day, parts.region, parts.service, parts.terminator }, "JDCLOUD" .. parts.version .. secret
  for _, word in ipairs(scope) do
    key = bytes_of(hmac(key, word))
  end
  local to_sign = { parts.algorithm, parts.date, table.concat(scope, "/"), sha256(canonical) }
  if hmac(key, table.concat(to_sign, "\n")) ~= parts.signature then return nil, "mismatch" end
  return parts
end

return M
