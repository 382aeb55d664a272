-- Peer: lua-http on one reused connection, with lua-cjson and luaossl.
-- lists_luahttp.lua ENDPOINT CA_FILE PAGES touch|keep
local endpoint, ca_file, pages, mode = arg[1], arg[2], tonumber(arg[3]), arg[4]
local client, new_headers = require "http.client", require("http.headers").new
local context, store, cjson = require "openssl.ssl.context", require "openssl.x509.store", require "cjson"
local sign = dofile((arg[0]:gsub("[^/]*$", "")) .. "peer_signer.lua")

local host = endpoint:match("^https://(.*)$")
local path = "/v1/regions/cn-north-1/images"
local trusted = store.new()
trusted:add(ca_file)
local tls = context.new("TLS", false)
tls:setStore(trusted)
tls:setVerify(context.VERIFY_PEER)
local connection = assert(client.connect {
  host = host:match("^[^:]+"),
  port = tonumber(host:match("%d+$")),
  tls = true,
  ctx = tls,
  version = 1.1,
})

local count, size, kept = 0, 0, mode == "keep" and {} or nil
for page = 1, pages do
  local query = ("imageSource=private&pageNumber=%d&pageSize=100"):format(page)
  local signed = sign("AK", "SK", "cn-north-1", host, path, query)
  local headers = new_headers()
  headers:append(":method", "GET")
  headers:append(":scheme", "https")
  headers:append(":authority", host)
  headers:append(":path", path .. "?" .. query)
  for name, value in pairs(signed) do
    if name ~= "host" then headers:append(name, value) end
  end
  local stream = connection:new_stream()
  assert(stream:write_headers(headers, true))
  assert(assert(stream:get_headers()):get(":status") == "200")
  for _, image in ipairs(cjson.decode((assert(stream:get_body_as_string()))).result.images) do
    count = count + 1
    size = size + image.sizeMB
    if kept then kept[count] = image end
  end
end
connection:close()
assert(count == pages * 100 and size > 0)
