-- Signing a page of describeImages on Lua 5.4, 5.1 and LuaJIT against OpenSSL alone (see sign_floor.c): sign.lua
-- ROUNDS, from bench_sign.sh. sign.lua time WHAT prints nanoseconds a signature.
local core = require "jdvm.core"

local TIMES = 100000
local HOST, PATH, NOW = "vm.jdcloud-api.com", "/v1/regions/cn-north-1/images", 1794731400
local ALGORITHM, SCOPE = "JDCLOUD2-HMAC-SHA256", "20261115/cn-north-1/vm/jdcloud2_request"

local function query_of(page) return { "imageSource", "public", "pageNumber", tostring(page), "pageSize", "100" } end

local function time(what)
  local signer = core.signer { access_key = ("A"):rep(32), secret_key = ("S"):rep(32), region = "cn-north-1" }
  local queries, nonces = {}, {}
  for page = 1, 100 do
    queries[page], nonces[page] = query_of(page), core.nonce()
  end
  -- The floor hashes the same bytes.
  local _, headers = signer:sign("GET", HOST, PATH, queries[10], NOW, nonces[10])
  local canonical = signer:canonical_request("GET", HOST, PATH, queries[10], NOW, nonces[10])
  local to_sign = table.concat({ ALGORITHM, headers["x-jdcloud-date"], SCOPE, core.sha256(canonical) }, "\n")
  local floor = what == "floor" and require "sign_floor"
  local start = os.clock()
  if floor then
    floor(TIMES, canonical, to_sign)
  else
    for i = 1, TIMES do
      local nonce = what == "sign" and nonces[i % 100 + 1] or core.nonce()
      signer:sign("GET", HOST, PATH, queries[i % 100 + 1], NOW, nonce)
    end
  end
  return (os.clock() - start) / TIMES * 1e9
end

if arg[1] == "time" then return print(time(arg[2])) end

local compare = require "compare"
for _, lua in ipairs { "lua5.4", "lua5.1", "luajit" } do
  compare.times(tonumber(arg[1]), lua .. ", " .. core.openssl_version(), "ns", {
    { "signer:sign", compare.pinned(lua, "sign.lua time sign") },
    { "core.nonce and signer:sign", compare.pinned(lua, "sign.lua time nonce") },
    { "OpenSSL alone", compare.pinned(lua, "sign.lua time floor") },
  })
end
