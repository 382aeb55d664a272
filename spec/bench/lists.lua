-- The list benchmark, against named peers and the floor: lists.lua near|slow ENDPOINT CA_FILE PAGES ROUNDS; started by
-- bench_lists.sh.
local compare = require "compare"

local case, endpoint, ca_file, pages, rounds = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5])
local here, folder = "spec/bench/", os.getenv "JDVM_BENCH_FOLDER"
local list = ("%s %s %s "):format(endpoint, ca_file, pages)

local function jdvm(name, lua, script) return { name, lua .. " " .. here .. script, lua = lua } end

if case == "slow" then
  for _, in_flight in ipairs { 16, 8, 0 } do
    local arguments = " " .. list .. "touch " .. in_flight
    compare.run(rounds, ("%d images over TLS, 50 ms an answer"):format(pages * 100), {
      { ("libcurl that discards, %d in flight"):format(in_flight), folder .. "/discard" .. arguments },
      jdvm("jdvm on 5.4, prefetch = " .. in_flight, "lua5.4", "lists_jdvm.lua" .. arguments),
    }, 1)
  end
  return
end

for _, mode in ipairs { "touch", "keep" } do
  local ours, peer = "lists_jdvm.lua " .. list .. mode, here .. "lists_luacurl.lua " .. list .. mode
  local way = mode == "keep" and "kept" or "touched and dropped"
  compare.run(rounds, ("%d images over TLS, one connection, %s"):format(pages * 100, way), {
    { "libcurl loop that discards", folder .. "/discard " .. list .. mode },
    jdvm("jdvm, Lua 5.4", "lua5.4", ours),
    jdvm("jdvm, LuaJIT", "luajit", ours),
    jdvm("jdvm, Lua 5.1", "lua5.1", ours),
    { "lua-curl + cjson + luaossl, Lua 5.1", "lua5.1 " .. peer },
    { "lua-curl + cjson + luaossl, LuaJIT", "luajit " .. peer },
    { "jdcloud-sdk-js", "node " .. here .. "lists_sdk.js " .. list .. mode },
  }, 2)
end

local url = endpoint .. "/v1/regions/cn-north-1/images?imageSource=private\\&pageNumber=1\\&pageSize=100"
local one = "lists_one.lua " .. endpoint .. " " .. ca_file
compare.run(rounds, "One call of 100 images, whole process", {
  { "curl", ("curl -sS --cacert %s -o /dev/null %s"):format(ca_file, url) },
  jdvm("jdvm, Lua 5.4", "lua5.4", one),
  jdvm("jdvm, LuaJIT", "luajit", one),
}, 1)
