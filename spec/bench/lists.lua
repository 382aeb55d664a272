-- Runs the commands of the list benchmark in rounds (A B C, A B C, …), so that a slow phase of the
-- machine meets all of them, and prints medians, spreads and ratios taken round by round.
-- lists.lua ENDPOINT CA_FILE PAGES ROUNDS; started by lists.sh.
local endpoint, ca_file, pages, rounds = arg[1], arg[2], arg[3], tonumber(arg[4])
local folder = assert(os.getenv "JDVM_BENCH_FOLDER")
local here = arg[0]:gsub("[^/]*$", "")
local checkout = io.popen("pwd"):read()

local function jdvm(interpreter, version, script)
  return ("env LUA_PATH='%s/lua/?.lua;;' LUA_CPATH='%s/build/%s/?.so;;' %s %s%s"):format(
    checkout, checkout, version, interpreter, here, script)
end

local peers = {
  { "libcurl loop that discards", folder .. "/discard", floor = true },
  { "jdvm, Lua 5.4", jdvm("lua5.4", "5.4", "lists_jdvm.lua"), own = true },
  { "jdvm, LuaJIT", jdvm("luajit", "5.1", "lists_jdvm.lua"), own = true },
  { "jdvm, Lua 5.1", jdvm("lua5.1", "5.1", "lists_jdvm.lua"), own = true },
  { "lua-curl + cjson + luaossl, Lua 5.1", "lua5.1 " .. here .. "lists_luacurl.lua" },
  { "lua-curl + cjson + luaossl, LuaJIT", "luajit " .. here .. "lists_luacurl.lua" },
  { "lua-http + cjson + luaossl, LuaJIT", "luajit " .. here .. "lists_luahttp.lua" },
  { "jdcloud-sdk-js, node", "node " .. here .. "lists_sdk.js" },
}
local more = os.getenv "JDVM_BENCH_PEERS"
if more then
  for line in io.lines(more) do
    local name, command = line:match("^(.-):%s+(.+)$")
    peers[#peers + 1] = { name, command }
  end
end

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {}) -- luacheck: ignore 143
  table.sort(sorted)
  local n = #sorted
  return n % 2 == 1 and sorted[(n + 1) // 2] or (sorted[n // 2] + sorted[n // 2 + 1]) / 2, sorted[1], sorted[n]
end

local function measure(command)
  local pipe = assert(io.popen(("%s/measure %s 2>%s/stderr"):format(folder, command, folder)))
  local wall, user, system, peak, faults, status = pipe:read("n", "n", "n", "n", "n", "n")
  pipe:close()
  if status ~= 0 then
    error(command .. "\n" .. io.open(folder .. "/stderr"):read("a"), 0)
  end
  return { wall = wall, cpu = user + system, peak = peak / 1024, faults = faults }
end

-- Measures `entries` ({ name, command }) in rounds after one that warms up; the ratios are to the
-- entry at `base`.
local function compare(title, entries, base)
  local results = {}
  for round = 0, rounds do
    for index, entry in ipairs(entries) do
      local result = measure(entry[2])
      if round > 0 then
        results[index] = results[index] or { wall = {}, cpu = {}, peak = {}, faults = {} }
        for key, value in pairs(result) do
          table.insert(results[index][key], value)
        end
      end
    end
  end
  print(("\n%s (%d rounds, medians)"):format(title, rounds))
  print(("%-38s %24s %8s %9s %8s  %s"):format("", "wall ms (min..max)", "cpu ms", "peak MiB", "faults",
    "time / jdvm on 5.4 (min..max)"))
  local summary = {}
  for index, entry in ipairs(entries) do
    local result, ratios = results[index], {}
    for round = 1, rounds do
      ratios[round] = result.wall[round] / results[base].wall[round]
    end
    local wall, low, high = median(result.wall)
    local ratio, least, most = median(ratios)
    local peak = median(result.peak)
    print(("%-38s %8.1f (%6.1f..%6.1f) %8.1f %9.1f %8d  %.2f (%.2f..%.2f)"):format(entry[1], wall * 1000, low * 1000,
      high * 1000, median(result.cpu) * 1000, peak, median(result.faults) // 1, ratio, least, most))
    summary[index] = { name = entry[1], wall = wall, peak = peak, ratio = ratio, entry = entry }
  end
  return summary
end

local function with(mode)
  local entries = {}
  for index, peer in ipairs(peers) do
    entries[index] = { peer[1], ("%s %s %s %s %s"):format(peer[2], endpoint, ca_file, pages, mode),
      own = peer.own, floor = peer.floor }
  end
  return entries
end

local function judge(title, summary)
  local fastest
  for _, row in ipairs(summary) do
    if not row.entry.own and not row.entry.floor and row.name:find("cjson", 1, true)
      and (not fastest or row.wall < fastest.wall) then
      fastest = row
    end
  end
  print(("%s: %.2f x the libcurl loop; %.2f times as fast as %s; peak %.1f MiB"):format(
    title, 1 / summary[1].ratio, fastest.ratio, fastest.name, summary[2].peak))
end

local list = ("%d images over TLS, one connection"):format(pages * 100)
local touched = compare(list .. ", touched and dropped", with "touch", 2)
local kept = compare(list .. ", kept", with "keep", 2)
local url = endpoint .. "/v1/regions/cn-north-1/images?imageSource=private\\&pageNumber=1\\&pageSize=100"
local one = compare("One call of 100 images, whole process", {
  { "curl", ("curl -sS --cacert %s -o /dev/null %s"):format(ca_file, url) },
  { "jdvm, Lua 5.4", jdvm("lua5.4", "5.4", "lists_one.lua") .. " " .. endpoint .. " " .. ca_file },
  { "jdvm, LuaJIT", jdvm("luajit", "5.1", "lists_one.lua") .. " " .. endpoint .. " " .. ca_file },
}, 2)

print()
judge("touched and dropped", touched)
judge("kept", kept)
print(("one call: %.2f x curl"):format(1 / one[1].ratio))
