-- Peer: Debian's lua-curl with lua-cjson and luaossl. lists_luacurl.lua ENDPOINT CA_FILE PAGES touch|keep
local endpoint, ca_file, pages, mode = arg[1], arg[2], tonumber(arg[3]), arg[4]
local curl, cjson = require "curl", require "cjson"
local sign = dofile((arg[0]:gsub("[^/]*$", "")) .. "peer_signer.lua")

local host = endpoint:match("^https://(.*)$")
local path = "/v1/regions/cn-north-1/images"
local easy = curl.easy_init()
local parts
easy:setopt(curl.OPT_CAINFO, ca_file)
easy:setopt(curl.OPT_WRITEFUNCTION, function(bytes, length)
  parts[#parts + 1] = bytes
  return length
end)

local count, size, kept = 0, 0, mode == "keep" and {} or nil
for page = 1, pages do
  local query = ("imageSource=private&pageNumber=%d&pageSize=100"):format(page)
  local headers = {}
  for name, value in pairs(sign("AK", "SK", "cn-north-1", host, path, query)) do
    headers[#headers + 1] = name .. ": " .. value
  end
  parts = {}
  easy:setopt(curl.OPT_HTTPHEADER, headers)
  easy:setopt(curl.OPT_URL, endpoint .. path .. "?" .. query)
  assert(easy:perform())
  for _, image in ipairs(cjson.decode(table.concat(parts)).result.images) do
    count = count + 1
    size = size + image.sizeMB
    if kept then kept[count] = image end
  end
end
assert(count == pages * 100 and size > 0)
