-- The list benchmark, against named peers and the floor: lists.lua near|slow ENDPOINT CA_FILE PAGES ROUNDS; started by
-- bench_lists.sh.
local case, endpoint, ca_file, pages, rounds = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5])
local folder = assert(os.getenv "JDVM_BENCH_FOLDER")
local here = arg[0]:gsub("[^/]*$", "")
package.path = here .. "?.lua;" .. package.path
local compare = require "compare"
local setting = { folder = folder, rounds = rounds }
local checkout = io.popen("pwd"):read()

-- The environment is that of the shell: `env` would be one more program to start.
local function jdvm(name, interpreter, version, command)
  return {
    name,
    interpreter .. " " .. here .. command,
    environment = ("LUA_PATH='%s/lua/?.lua;;' LUA_CPATH='%s/build/%s/?.so;;'"):format(checkout, checkout, version),
  }
end

local list = ("%s %s %s "):format(endpoint, ca_file, pages)

if case == "slow" then
  local entries = {}
  for _, in_flight in ipairs { 16, 8, 0 } do
    local arguments = " " .. list .. "touch " .. in_flight
    entries[#entries + 1] =
      { "libcurl that discards, " .. in_flight .. " in flight", folder .. "/discard" .. arguments }
    entries[#entries + 1] =
      jdvm("jdvm on 5.4, prefetch = " .. in_flight, "lua5.4", "5.4", "lists_jdvm.lua" .. arguments)
  end
  local summary = compare.run(setting, ("%d images over TLS, 50 ms an answer"):format(pages * 100), entries, 2)
  for index = 1, #entries, 2 do
    local ratios = {}
    for round = 1, rounds do
      ratios[round] = summary[index + 1].ratios[round] / summary[index].ratios[round]
    end
    local ratio, least, most = compare.median(ratios)
    print(("%s: %.3f x libcurl's time (%.3f..%.3f)"):format(entries[index + 1][1], ratio, least, most))
  end
  return
end

local judgements = {}
for _, mode in ipairs { "touch", "keep" } do
  local ours, peer = "lists_jdvm.lua " .. list .. mode, here .. "lists_luacurl.lua " .. list .. mode
  local summary = compare.run(
    setting,
    ("%d images over TLS, one connection, %s"):format(pages * 100, mode == "keep" and "kept" or "touched and dropped"),
    {
      { "libcurl loop that discards", folder .. "/discard " .. list .. mode },
      jdvm("jdvm, Lua 5.4", "lua5.4", "5.4", ours),
      jdvm("jdvm, LuaJIT", "luajit", "5.1", ours),
      jdvm("jdvm, Lua 5.1", "lua5.1", "5.1", ours),
      { "lua-curl + cjson + luaossl, Lua 5.1", "lua5.1 " .. peer },
      { "lua-curl + cjson + luaossl, LuaJIT", "luajit " .. peer },
      { "jdcloud-sdk-js", "node " .. here .. "lists_sdk.js " .. list .. mode },
    },
    2
  )
  local floor, by_hand = summary[1], summary[5].wall < summary[6].wall and summary[5] or summary[6]
  judgements[#judgements + 1] = ("%s: %.2f x the libcurl loop (cpu %.2f); %.2f times as fast as %s, %.1f as jdcloud-sdk-js; peak %.1f MiB"):format(
    mode,
    1 / floor.ratio,
    1 / floor.cpu_ratio,
    by_hand.ratio,
    by_hand.name,
    summary[7].ratio,
    summary[2].peak
  )
end

local url = endpoint .. "/v1/regions/cn-north-1/images?imageSource=private\\&pageNumber=1\\&pageSize=100"
local one = "lists_one.lua " .. endpoint .. " " .. ca_file
local summary = compare.run(setting, "One call of 100 images, whole process", {
  { "curl", ("curl -sS --cacert %s -o /dev/null %s"):format(ca_file, url) },
  jdvm("jdvm, Lua 5.4", "lua5.4", "5.4", one),
  jdvm("jdvm, LuaJIT", "luajit", "5.1", one),
}, 2)
judgements[#judgements + 1] = ("one call: %.2f x curl (cpu %.2f)"):format(
  1 / summary[1].ratio,
  1 / summary[1].cpu_ratio
)
print("\n" .. table.concat(judgements, "\n"))
