-- The service's regions, as data. Pure.

local regions = {}

--- Regions known so far; new ones work all the same.
regions.known = {
  { id = "cn-north-1", name = "North China, Beijing", name_zh = "华北-北京" },
  { id = "cn-east-1", name = "East China, Suqian", name_zh = "华东-宿迁" },
  { id = "cn-east-2", name = "East China, Shanghai", name_zh = "华东-上海" },
  { id = "cn-south-1", name = "South China, Guangzhou", name_zh = "华南-广州" },
}

regions.names, regions.list = {}, {} -- their ids, and what the reference says of each
for i, region in ipairs(regions.known) do
  regions.names[i] = region.id
  regions.list[i] = { name = region.id, doc = region.name .. ".", doc_zh = region.name_zh .. "。" }
end

return regions
