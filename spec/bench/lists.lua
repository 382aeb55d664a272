-- The list benchmark: whole lists at no distance, against named peers and the floor.
-- lists.lua ENDPOINT CA_FILE PAGES ROUNDS; started by bench_lists.sh.
local endpoint, ca_file, pages, rounds = arg[1], arg[2], arg[3], tonumber(arg[4])
local folder = assert(os.getenv "JDVM_BENCH_FOLDER")
local here = arg[0]:gsub("[^/]*$", "")
package.path = here .. "?.lua;" .. package.path
local setting = { folder = folder, rounds = rounds }
local checkout = io.popen("pwd"):read()

-- The environment is that of the shell: `env` would be one more program to start.
local function jdvm(name, interpreter, version, script, arguments)
  return {
    name,
    ("%s %s%s %s"):format(interpreter, here, script, arguments or ""),
    own = true,
    environment = ("LUA_PATH='%s/lua/?.lua;;' LUA_CPATH='%s/build/%s/?.so;;'"):format(checkout, checkout, version),
  }
end

local compare = require "compare"

local peers = {
  { "libcurl loop that discards", folder .. "/discard", floor = true },
  jdvm("jdvm, Lua 5.4", "lua5.4", "5.4", "lists_jdvm.lua"),
  jdvm("jdvm, LuaJIT", "luajit", "5.1", "lists_jdvm.lua"),
  jdvm("jdvm, Lua 5.1", "lua5.1", "5.1", "lists_jdvm.lua"),
  { "lua-curl + cjson + luaossl, Lua 5.1", "lua5.1 " .. here .. "lists_luacurl.lua" },
  { "lua-curl + cjson + luaossl, LuaJIT", "luajit " .. here .. "lists_luacurl.lua" },
}
local function with(mode)
  local entries = {}
  for index, peer in ipairs(peers) do
    entries[index] = {
      peer[1],
      ("%s %s %s %s %s"):format(peer[2], endpoint, ca_file, pages, mode),
      own = peer.own,
      floor = peer.floor,
      environment = peer.environment,
    }
  end
  return entries
end

local function judge(title, summary)
  local fastest
  for _, row in ipairs(summary) do
    if
      not row.entry.own
      and not row.entry.floor
      and row.name:find("cjson", 1, true)
      and (not fastest or row.wall < fastest.wall)
    then
      fastest = row
    end
  end
  print(
    ("%s: %.2f x the libcurl loop (cpu %.2f); %.2f times as fast as %s (cpu %.2f); peak %.1f MiB"):format(
      title,
      1 / summary[1].ratio,
      1 / summary[1].cpu_ratio,
      fastest.ratio,
      fastest.name,
      fastest.cpu_ratio,
      summary[2].peak
    )
  )
end

local list = ("%d images over TLS, one connection"):format(pages * 100)
local touched = compare.run(setting, list .. ", touched and dropped", with "touch", 2)
local kept = compare.run(setting, list .. ", kept", with "keep", 2)
local url = endpoint .. "/v1/regions/cn-north-1/images?imageSource=private\\&pageNumber=1\\&pageSize=100"
local one = compare.run(setting, "One call of 100 images, whole process", {
  { "curl", ("curl -sS --cacert %s -o /dev/null %s"):format(ca_file, url) },
  jdvm("jdvm, Lua 5.4", "lua5.4", "5.4", "lists_one.lua", endpoint .. " " .. ca_file),
  jdvm("jdvm, LuaJIT", "luajit", "5.1", "lists_one.lua", endpoint .. " " .. ca_file),
}, 2)

print()
judge("touched and dropped", touched)
judge("kept", kept)
print(("one call: %.2f x curl (cpu %.2f)"):format(1 / one[1].ratio, 1 / one[1].cpu_ratio))
