-- Signing a page of describeImages, measured in rounds (A B C, A B C, …) of one process, so that a slow phase of the
-- machine meets all: the floor (OpenSSL alone, see sign_floor.c), signer:sign, and a nonce and signer:sign. Ratios are
-- taken round by round. sign.lua [ROUNDS]; started by bench_sign.sh.
local core = require "jdvm.core"
local floor = require "sign_floor"

local rounds = tonumber(arg[1]) or 15
local HOST, PATH, NOW = "vm.jdcloud-api.com", "/v1/regions/cn-north-1/images", 1794731400
local ALGORITHM, SCOPE = "JDCLOUD2-HMAC-SHA256", "20261115/cn-north-1/vm/jdcloud2_request"
local signer = core.signer { access_key = ("A"):rep(32), secret_key = ("S"):rep(32), region = "cn-north-1" }

local queries, nonces = {}, {}
for page = 1, 100 do
  queries[page] = { "imageSource", "public", "pageNumber", tostring(page), "pageSize", "100" }
  nonces[page] = core.nonce()
end

-- The floor hashes the same bytes.
local _, headers = signer:sign("GET", HOST, PATH, queries[10], NOW, nonces[10])
local canonical = signer:canonical_request("GET", HOST, PATH, queries[10], NOW, nonces[10])
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
}

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
