-- The prefetch benchmark: delay.lua slow|far ENDPOINT CA_FILE PAGES ROUNDS; started by bench_delay.sh.
local case, endpoint, ca_file, pages, rounds = arg[1], arg[2], arg[3], arg[4], tonumber(arg[5])
local folder = assert(os.getenv "JDVM_BENCH_FOLDER")
local here = arg[0]:gsub("[^/]*$", "")
package.path = here .. "?.lua;" .. package.path
local compare = require "compare"
local checkout = io.popen("pwd"):read()

local function entry(name, command, in_flight, environment)
  return {
    name,
    ("%s %s %s %s touch %d"):format(command, endpoint, ca_file, pages, in_flight),
    environment = environment,
  }
end

local own = "lua5.4 " .. here .. "lists_jdvm.lua"
local environment = ("LUA_PATH='%s/lua/?.lua;;' LUA_CPATH='%s/build/5.4/?.so;;'"):format(checkout, checkout)
local entries, pairs_of = {}, {}
for _, in_flight in ipairs { 16, 8, 0 } do
  entries[#entries + 1] =
    entry(("libcurl that discards, %d in flight"):format(in_flight), folder .. "/discard", in_flight)
  entries[#entries + 1] = entry(("jdvm on 5.4, prefetch = %d"):format(in_flight), own, in_flight, environment)
  pairs_of[#pairs_of + 1] = { in_flight, #entries - 1, #entries }
end

local summary = compare.run(
  { folder = folder, rounds = rounds },
  ("%d images over TLS, %s"):format(pages * 100, case == "slow" and "50 ms an answer" or "50 ms a round trip"),
  entries,
  2
)
for _, pair in ipairs(pairs_of) do
  local ratios = {}
  for round = 1, rounds do
    ratios[round] = summary[pair[3]].ratios[round] / summary[pair[2]].ratios[round]
  end
  table.sort(ratios)
  print(
    ("%s, prefetch = %d: %.3f x libcurl's time (%.3f..%.3f)"):format(
      case,
      pair[1],
      ratios[(rounds + 1) // 2],
      ratios[1],
      ratios[rounds]
    )
  )
end
