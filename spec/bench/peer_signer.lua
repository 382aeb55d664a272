-- What a user would write to sign a request with luaossl: JDCLOUD2-HMAC-SHA256, for the peers of the
-- benchmark that are assembled from Lua libraries.
local hmac, digest, rand = require "openssl.hmac", require "openssl.digest", require "openssl.rand"

local EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function mac(key, text) return hmac.new(key, "sha256"):final(text) end

-- The headers of a GET for `target` on `host`; `query` must be sorted and encoded already.
return function(access_key, secret_key, region, host, path, query)
  local stamp = os.date("!%Y%m%dT%H%M%SZ")
  local day = stamp:sub(1, 8)
  local nonce = hex(rand.bytes(16))
  local signed = "content-type;host;x-jdcloud-date;x-jdcloud-nonce"
  local canonical = table.concat({
    "GET",
    path,
    query,
    "content-type:application/json",
    "host:" .. host,
    "x-jdcloud-date:" .. stamp,
    "x-jdcloud-nonce:" .. nonce,
    "",
    signed,
    EMPTY,
  }, "\n")
  local scope = table.concat({ day, region, "vm", "jdcloud2_request" }, "/")
  local to_sign = table.concat({
    "JDCLOUD2-HMAC-SHA256",
    stamp,
    scope,
    hex(digest.new("sha256"):final(canonical)),
  }, "\n")
  local key = mac(mac(mac(mac("JDCLOUD2" .. secret_key, day), region), "vm"), "jdcloud2_request")
  return {
    ["content-type"] = "application/json",
    host = host,
    ["x-jdcloud-date"] = stamp,
    ["x-jdcloud-nonce"] = nonce,
    authorization = ("JDCLOUD2-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"):format(
      access_key,
      scope,
      signed,
      hex(mac(key, to_sign))
    ),
  }
end
