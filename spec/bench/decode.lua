-- Decoding, on one Lua, against lua-cjson and dkjson: decode.lua [ROUNDS]; started by bench_decode.sh.
-- Each body is a fresh string, the collector runs, the decoders take turns; medians, and ratios round by round.
-- decode.lua count DECODER DOCUMENT TIMES decodes with the collector stopped, for callgrind to count.
local core = require "jdvm.core"
local cjson = require "cjson"
local dkjson = require "dkjson"
local pages = require "pages"

local THREE = { fields = { "imageId", "name", "status" }, items = "result.images" }
local decoders = {
  jdvm = core.decode,
  ["jdvm, three fields"] = function(text) return core.decode(text, THREE) end,
  ["lua-cjson"] = cjson.decode,
  dkjson = dkjson.decode,
  nothing = function() end,
}
local DISTINCT = 20

local function documents(name)
  local texts = {}
  for seed = 1, DISTINCT do
    texts[seed] = pages.makers[name](seed)
  end
  return texts
end

if arg[1] == "count" then
  local decode, texts = decoders[arg[2]], documents(arg[3])
  collectgarbage "stop"
  for i = 1, tonumber(arg[4]) do
    decode(texts[i % DISTINCT + 1] .. " ")
  end
  os.exit(0)
end

local rounds = tonumber(arg[1] or 15)

local function median(list)
  table.sort(list)
  return list[math.floor((#list + 1) / 2)], list[1], list[#list]
end

-- Microseconds a document.
local function time(decode, texts, times)
  local spent = 0
  for _ = 1, times do
    local fresh = {}
    for i, text in ipairs(texts) do
      fresh[i] = text .. " "
    end
    local began = os.clock()
    for i = 1, #fresh do
      decode(fresh[i])
    end
    spent = spent + os.clock() - began
  end
  return spent / times / #texts * 1e6
end

local function compare(document, names)
  local texts = documents(document)
  local times = document == "image" and 50 or 1
  local results = {}
  for round = 0, rounds do
    for _, name in ipairs(names) do
      collectgarbage()
      local result = time(decoders[name], texts, times)
      if round > 0 then
        results[name] = results[name] or {}
        results[name][round] = result
      end
    end
  end
  local ratios = {}
  for _, name in ipairs(names) do
    ratios[name] = {}
    for round = 1, rounds do
      ratios[name][round] = results["lua-cjson"][round] / results[name][round]
    end
  end
  for _, name in ipairs(names) do
    local ratio, least, most = median(ratios[name])
    print(("  %-12s %-20s %9.1f us   %5.2f x lua-cjson (%.2f..%.2f)"):format(document, name, median(results[name]),
      ratio, least, most))
  end
end

print(("decode on %s (%d rounds of %d documents)"):format(package.loaded.jit and package.loaded.jit.version or _VERSION,
  rounds, DISTINCT))
for _, name in ipairs(pages.names) do
  compare(name, name == "page" and { "lua-cjson", "jdvm", "jdvm, three fields", "dkjson" }
    or { "lua-cjson", "jdvm", "dkjson" })
end
