-- Runs commands in rounds (A B C, A B C, …), so that a slow phase of the machine meets all of them, and prints medians
-- and ratios, taken round by round, with their least and greatest values. For Lua 5.4.
local compare = {}

---The median of a list, its least and its greatest value.
function compare.median(list)
  local sorted = table.move(list, 1, #list, 1, {}) -- luacheck: ignore 143
  table.sort(sorted)
  local n = #sorted
  return n % 2 == 1 and sorted[(n + 1) // 2] or (sorted[n // 2] + sorted[n // 2 + 1]) / 2, sorted[1], sorted[n]
end

-- An assignment of paths before a command of a Lua with the modules built for it.
local function paths(lua)
  local folder = lua == "luajit" and "5.1" or lua:match "[%d.]+"
  return ("LUA_PATH='spec/bench/?.lua;lua/?.lua;./?.lua;;' LUA_CPATH='build/%s/?.so;%s/%s/?.so;;' "):format(
    folder,
    os.getenv "JDVM_BENCH_FOLDER" or ".",
    folder
  )
end

---Shell text that runs a script of this folder on one core, the last: two may differ in speed.
function compare.pinned(lua, script)
  return ("%s taskset -c $(($(nproc) - 1)) %s spec/bench/%s"):format(paths(lua), lua, script)
end

-- What `lists_measure.c`, built as $JDVM_BENCH_FOLDER/measure, says of a command. The environment is that of the shell:
-- `env` would be one more program to start.
local function measure(lua, command)
  local folder = os.getenv "JDVM_BENCH_FOLDER"
  local pipe =
    assert(io.popen(("%s %s/measure %s 2>%s/stderr"):format(lua and paths(lua) or "", folder, command, folder)))
  local wall, user, system, peak, status = pipe:read("n", "n", "n", "n", "n")
  pipe:close()
  if status ~= 0 then error(command .. "\n" .. io.open(folder .. "/stderr"):read "a", 0) end
  return { wall = wall, cpu = user + system, peak = peak / 1024 }
end

-- Results of rounds: for each entry, lists of the values that `run` gives, by their names, and `ratio`, a list of those
-- of the named value to the base's. One more round, the first, warms up.
local function rounds_of(rounds, entries, base, name, run)
  local results = {}
  for round = 0, rounds do
    for index, entry in ipairs(entries) do
      local values = run(entry)
      results[index] = results[index] or {}
      for key, value in pairs(round > 0 and values or {}) do
        results[index][key] = results[index][key] or {}
        results[index][key][round] = value
      end
    end
  end
  for _, result in ipairs(results) do
    result.ratio = {}
    for round = 1, rounds do
      result.ratio[round] = result[name][round] / results[base][name][round]
    end
  end
  return results
end

---Compares commands that print what a piece of work took.
---@param entries table[] `{ name, command }`; the first is the base
function compare.times(rounds, title, unit, entries)
  local results = rounds_of(rounds, entries, 1, "time", function(entry)
    local pipe = assert(io.popen(entry[2]))
    local time = pipe:read "n"
    pipe:close()
    return { time = assert(time, entry[2]) }
  end)
  print(title)
  for index, entry in ipairs(entries) do
    local ratio, least, most = compare.median(results[index].ratio)
    print(
      ("  %-27s %8.1f %s   %5.2f times as fast as %s (%.2f..%.2f)"):format(
        entry[1],
        (compare.median(results[index].time)),
        unit,
        1 / ratio,
        entries[1][1],
        1 / most,
        1 / least
      )
    )
  end
end

---Compares whole processes, and prints a table.
---@param entries table[] `{ name, command, lua = which Lua finds the checkout }`
---@param base integer the entry that the ratios are to
function compare.run(rounds, title, entries, base)
  local results = rounds_of(rounds, entries, base, "wall", function(entry) return measure(entry.lua, entry[2]) end)
  print(("\n%s (%d rounds, medians)"):format(title, rounds))
  local heading = "%-38s %24s %8s %9s  wall / %s (min..max)"
  print(heading:format("", "wall ms (min..max)", "cpu ms", "peak MiB", entries[base][1]))
  for index, entry in ipairs(entries) do
    local result = results[index]
    local wall, low, high = compare.median(result.wall)
    local ratio, least, most = compare.median(result.ratio)
    print(
      ("%-38s %8.1f (%6.1f..%6.1f) %8.1f %9.1f  %.2f (%.2f..%.2f)"):format(
        entry[1],
        wall * 1000,
        low * 1000,
        high * 1000,
        compare.median(result.cpu) * 1000,
        (compare.median(result.peak)),
        ratio,
        least,
        most
      )
    )
  end
end

return compare
