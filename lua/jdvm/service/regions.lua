-- The service's regions, as data. Pure.

local regions = {}

--- Regions known so far; new ones work all the same.
regions.list = {
  { name = "cn-north-1", doc = "North China, Beijing.", doc_zh = "华北-北京。" },
  { name = "cn-east-1", doc = "East China, Suqian.", doc_zh = "华东-宿迁。" },
  { name = "cn-east-2", doc = "East China, Shanghai.", doc_zh = "华东-上海。" },
  { name = "cn-south-1", doc = "South China, Guangzhou.", doc_zh = "华南-广州。" },
}

regions.names = {}
for i, region in ipairs(regions.list) do
  regions.names[i] = region.name
end

return regions
