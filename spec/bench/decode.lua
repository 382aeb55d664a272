-- Decoding on Lua 5.4, 5.1 and LuaJIT against lua-cjson: decode.lua ROUNDS, from bench_decode.sh. Each decoder has
-- a process of its own, for what one leaves to the collector and to the allocator would be paid by the next.
-- decode.lua time DECODER DOCUMENT prints microseconds a document: each body is a fresh string, made while the clock
-- stands; the collector runs as it does for every user.
local pages = require "pages"

local DISTINCT = 20

-- Each makes a decoder; what it needs is loaded only then.
local decoders = {
  ["lua-cjson"] = function() return require("cjson").decode end,
  jdvm = function() return require("jdvm.core").decode end,
  ["jdvm-fields"] = function()
    local decode = require("jdvm.core").decode
    local three = { fields = { "imageId", "name", "status" }, items = "result.images" }
    return function(text) return decode(text, three) end
  end,
}

local function time(decode, document)
  local times, spent = document == "image" and 400 or 8, 0
  local texts = {}
  for seed = 1, DISTINCT do
    texts[seed] = pages.makers[document](seed)
  end
  collectgarbage()
  for round = 0, times do -- round 0 warms up
    local fresh = {}
    for i, text in ipairs(texts) do
      fresh[i] = text .. " "
    end
    local began = os.clock()
    for i = 1, #fresh do
      decode(fresh[i])
    end
    if round > 0 then spent = spent + os.clock() - began end
  end
  return spent / times / DISTINCT * 1e6
end

if arg[1] == "time" then return print(time(decoders[arg[2]](), arg[3])) end

local compare = require "compare"
for _, lua in ipairs { "lua5.4", "lua5.1", "luajit" } do
  for _, document in ipairs(pages.names) do
    local entries = {}
    for _, decoder in ipairs { "lua-cjson", "jdvm", document == "page" and "jdvm-fields" or nil } do
      entries[#entries + 1] = { decoder, compare.pinned(lua, ("decode.lua time %s %s"):format(decoder, document)) }
    end
    compare.times(tonumber(arg[1]), ("%s, decode of %s"):format(lua, document), "us", entries)
  end
end
