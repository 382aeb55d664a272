-- Signing a page of describeImages, measured in rounds (A B C, A B C, …) of one process, so that a slow
-- phase of the machine meets all: the floor (OpenSSL alone, see sign_floor.c), signer:sign, a nonce and
-- signer:sign, Lua with luaossl, and the official JavaScript SDK where NODE_PATH is set. Ratios are taken
-- round by round. sign.lua [ROUNDS]; started by bench_sign.sh.
local core = require "jdvm.core"
local floor = require "sign_floor"
local hmac, digest = require "openssl.hmac", require "openssl.digest"

local rounds = tonumber(arg[1]) or 15
local HOST, PATH, NOW = "vm.jdcloud-api.com", "/v1/regions/cn-north-1/images", 1794731400
local ACCESS, SECRET = ("A"):rep(32), ("S"):rep(32)
local ALGORITHM, SCOPE = "JDCLOUD2-HMAC-SHA256", "20261115/cn-north-1/vm/jdcloud2_request"
local signer = core.signer { access_key = ACCESS, secret_key = SECRET, region = "cn-north-1" }

local queries, nonces = {}, {}
for page = 1, 100 do
  queries[page] = { "imageSource", "public", "pageNumber", tostring(page), "pageSize", "100" }
  nonces[page] = core.nonce()
end

-- What a careful user would write with luaossl, the derived key kept.
local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function encode(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local kept_key = "JDCLOUD2" .. SECRET
for _, part in ipairs { "20261115", "cn-north-1", "vm", "jdcloud2_request" } do
  kept_key = hmac.new(kept_key, "sha256"):final(part)
end

local function peer_sign(method, host, path, query, time, nonce)
  local stamp, pairs_ = os.date("!%Y%m%dT%H%M%SZ", time), {}
  for i = 1, #query, 2 do
    pairs_[#pairs_ + 1] = { encode(query[i]), encode(query[i + 1]) }
  end
  table.sort(pairs_, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
  for i, pair in ipairs(pairs_) do
    pairs_[i] = pair[1] .. "=" .. pair[2]
  end
  local text = table.concat(pairs_, "&")
  local names = "content-type;host;x-jdcloud-date;x-jdcloud-nonce"
  local canonical = table.concat({
    method,
    path,
    text,
    "content-type:application/json",
    "host:" .. host,
    "x-jdcloud-date:" .. stamp,
    "x-jdcloud-nonce:" .. nonce,
    "",
    names,
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  }, "\n")
  local to_sign = table.concat({ ALGORITHM, stamp, SCOPE, hex(digest.new("sha256"):final(canonical)) }, "\n")
  return path .. "?" .. text,
    {
      ["content-type"] = "application/json",
      host = host,
      ["x-jdcloud-date"] = stamp,
      ["x-jdcloud-nonce"] = nonce,
      authorization = ALGORITHM
        .. " Credential="
        .. ACCESS
        .. "/"
        .. SCOPE
        .. ", SignedHeaders="
        .. names
        .. ", Signature="
        .. hex(hmac.new(kept_key, "sha256"):final(to_sign)),
    }
end

-- Both must do the same work, and the floor must hash the same bytes.
local target, headers, canonical = signer:sign("GET", HOST, PATH, queries[10], NOW, nonces[10])
local other_target, other = peer_sign("GET", HOST, PATH, queries[10], NOW, nonces[10])
assert(target == other_target and headers.authorization == other.authorization)
local to_sign = table.concat({ ALGORITHM, headers["x-jdcloud-date"], SCOPE, core.sha256(canonical) }, "\n")

local function time(n, run)
  local start = os.clock()
  run(n)
  return (os.clock() - start) / n * 1e9
end

local entries = {
  {
    "OpenSSL alone",
    function()
      return time(20000, function(n) floor(n, canonical, to_sign) end)
    end,
  },
  {
    "signer:sign",
    function()
      return time(20000, function(n)
        for i = 1, n do
          signer:sign("GET", HOST, PATH, queries[i % 100 + 1], NOW, nonces[i % 100 + 1])
        end
      end)
    end,
  },
  {
    "core.nonce and signer:sign",
    function()
      return time(20000, function(n)
        for i = 1, n do
          signer:sign("GET", HOST, PATH, queries[i % 100 + 1], NOW, core.nonce())
        end
      end)
    end,
  },
  {
    "Lua with luaossl, key kept",
    function()
      return time(2000, function(n)
        for i = 1, n do
          peer_sign("GET", HOST, PATH, queries[i % 100 + 1], NOW, nonces[i % 100 + 1])
        end
      end)
    end,
  },
}
if os.getenv "NODE_PATH" then
  entries[#entries + 1] = {
    "jdcloud-sdk-js, key kept",
    function()
      local pipe = assert(io.popen("node " .. arg[0]:gsub("[^/]*$", "") .. "sign_sdk.js 3000"))
      local nanoseconds = pipe:read("*n")
      pipe:close()
      return assert(nanoseconds, "node could not run the SDK")
    end,
  }
end

local results = {}
for round = 0, rounds do -- round 0 warms up
  for i, entry in ipairs(entries) do
    results[i] = results[i] or {}
    results[i][round] = entry[2]()
  end
end

local function spread(value_of)
  local values = {}
  for round = 1, rounds do
    values[round] = value_of(round)
  end
  table.sort(values)
  return values[math.floor((rounds + 1) / 2)], values[1], values[rounds]
end

print(
  ("%s, %s: %d bytes canonical request, %d bytes to sign, median of %d rounds (least..most)"):format(
    rawget(_G, "jit") and "LuaJIT" or _VERSION,
    core.openssl_version(),
    #canonical,
    #to_sign,
    rounds
  )
)
for i, entry in ipairs(entries) do
  local median, least, most = spread(function(round) return results[i][round] end)
  local ratio, low, high = spread(function(round) return results[i][round] / results[2][round] end)
  if i == 1 then -- here the other way round: how far the signer is above the floor
    ratio, low, high = spread(function(round) return results[2][round] / results[1][round] end)
  end
  print(
    ("%-28s %8.0f ns (%.0f..%.0f)   %s %.2f (%.2f..%.2f)"):format(
      entry[1],
      median,
      least,
      most,
      i == 1 and "signer:sign takes" or "against signer:sign",
      ratio,
      low,
      high
    )
  )
end
