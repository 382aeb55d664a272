-- Decoding against lua-cjson; started by bench_decode.sh.
-- decode.lua compare ROUNDS LUA: each decoder has a process of its own, for what one leaves to the
-- collector and to the allocator would be paid by the next; the processes take turns (A B C, A B C, …), so that a
-- slow phase of the machine meets them all. Medians, and ratios round by round.
-- decode.lua time DECODER DOCUMENT TIMES prints microseconds a document: each body is a fresh string, made while
-- the clock stands; the collector runs as it does for every user.

local pages = require "pages"

local DISTINCT = 20

-- Each makes a decoder for the documents given; what it needs is loaded only then.
local decoders = {
  jdvm = function() return require("jdvm.core").decode end,
  ["jdvm-fields"] = function()
    local decode = require("jdvm.core").decode
    local three = { fields = { "imageId", "name", "status" }, items = "result.images" }
    return function(text) return decode(text, three) end
  end,
  ["lua-cjson"] = function() return require("cjson").decode end,
}

local function documents(name)
  local texts = {}
  for seed = 1, DISTINCT do
    texts[seed] = pages.makers[name](seed)
  end
  return texts
end

-- Seconds that decoding each text once takes.
local function pass(decode, texts)
  local fresh = {}
  for i, text in ipairs(texts) do
    fresh[i] = text .. " "
  end
  local began = os.clock()
  for i = 1, #fresh do
    decode(fresh[i])
  end
  return os.clock() - began
end

local commands = {}

commands["time"] = function(decoder, document, times)
  local texts, spent = documents(document), 0
  local decode = decoders[decoder]()
  collectgarbage()
  pass(decode, texts)
  for _ = 1, times do
    spent = spent + pass(decode, texts)
  end
  print(spent / times / DISTINCT * 1e6)
end

local function median(list)
  table.sort(list)
  return list[math.floor((#list + 1) / 2)], list[1], list[#list]
end

-- A document that is decoded quickly is decoded more often.
local function time(lua, decoder, document)
  local times = document == "image" and 400 or 8
  local command = ("%s %s time %s %s %d"):format(lua, arg[0], decoder, document, times)
  local pipe = assert(io.popen(command))
  local result = pipe:read("*n")
  pipe:close()
  return assert(result, command)
end

local function compare_document(rounds, lua, document, names)
  local results, base = {}, {}
  for round = 1, rounds do
    for _, name in ipairs(names) do
      results[name] = results[name] or { times = {}, ratios = {} }
      results[name].times[round] = time(lua, name, document)
    end
    base[round] = results["lua-cjson"].times[round]
  end
  for _, name in ipairs(names) do
    local result = results[name]
    for round = 1, rounds do
      result.ratios[round] = base[round] / result.times[round]
    end
    print(
      ("  %-12s %-14s %9.1f us   %5.2f x lua-cjson (%.2f..%.2f)"):format(
        document,
        name,
        median(result.times),
        median(result.ratios)
      )
    )
  end
end

function commands.compare(rounds, lua)
  print(("decode on %s (%d rounds, a process for each decoder)"):format(lua, rounds))
  for _, name in ipairs(pages.names) do
    local names = { "lua-cjson", "jdvm", name == "page" and "jdvm-fields" or nil }
    compare_document(rounds, lua, name, names)
  end
end

commands[arg[1]](tonumber(arg[2]) or arg[2], arg[3], tonumber(arg[4]))
