-- jdvm: lists_jdvm.lua ENDPOINT CA_FILE PAGES touch|keep [PREFETCH]
local endpoint, ca_file, pages, mode, prefetch = arg[1], arg[2], tonumber(arg[3]), arg[4], tonumber(arg[5] or 0)
local jdvm = require "jdvm"

local client = jdvm.new {
  region = "cn-north-1",
  access_key = "AK",
  secret_key = "SK",
  endpoint = endpoint,
  ca_file = ca_file,
  prefetch = prefetch,
}
local count, size, kept = 0, 0, mode == "keep" and {} or nil
for image in client:images { imageSource = "private" } do
  count = count + 1
  size = size + image.sizeMB
  if kept then kept[count] = image end
end
assert(count == pages * 100 and size > 0)
