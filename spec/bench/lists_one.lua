-- jdvm: one call as a whole process. lists_one.lua ENDPOINT CA_FILE
local jdvm = require "jdvm"
local client = jdvm.new {
  region = "cn-north-1",
  access_key = "AK",
  secret_key = "SK",
  endpoint = arg[1],
  ca_file = arg[2],
}
local result = assert(client:describe_images { imageSource = "private", pageNumber = 1, pageSize = 100 })
assert(#result.images == 100)
client:close()
