-- Runs whole commands in rounds (A B C, A B C, …), so that a slow phase of the machine meets all of them,
-- and prints medians, spreads and ratios taken round by round.

local compare = {}

---The median of a list, its least and its greatest value.
local function median(list)
  local sorted = table.move(list, 1, #list, 1, {}) -- luacheck: ignore 143
  table.sort(sorted)
  local n = #sorted
  return n % 2 == 1 and sorted[(n + 1) // 2] or (sorted[n // 2] + sorted[n // 2 + 1]) / 2, sorted[1], sorted[n]
end

compare.median = median

-- What `lists_measure.c`, built as FOLDER/measure, says of a command in an environment.
local function measure(folder, command, environment)
  local pipe = assert(io.popen(("%s %s/measure %s 2>%s/stderr"):format(environment or "", folder, command, folder)))
  local wall, user, system, peak, faults, status = pipe:read("n", "n", "n", "n", "n", "n")
  pipe:close()
  if status ~= 0 then error(command .. "\n" .. io.open(folder .. "/stderr"):read("a"), 0) end
  return { wall = wall, cpu = user + system, peak = peak / 1024, faults = faults }
end

---Measures commands in rounds after one that warms up, and prints a table.
---@param setting { folder: string, rounds: integer } where `measure` is
---@param title string
---@param entries table[] `{ name, command, environment = "NAME=value …" }`
---@param base integer the entry that the ratios are to
---@return table[] summary `{ name, wall, peak, ratio, ratios, cpu_ratio }` for each
function compare.run(setting, title, entries, base)
  local rounds = setting.rounds
  local results = {}
  for round = 0, rounds do
    for index, entry in ipairs(entries) do
      local result = measure(setting.folder, entry[2], entry.environment)
      if round > 0 then
        results[index] = results[index] or { wall = {}, cpu = {}, peak = {}, faults = {} }
        for key, value in pairs(result) do
          table.insert(results[index][key], value)
        end
      end
    end
  end
  print(("\n%s (%d rounds, medians)"):format(title, rounds))
  print(
    ("%-38s %24s %8s %9s %8s  %s"):format(
      "",
      "wall ms (min..max)",
      "cpu ms",
      "peak MiB",
      "faults",
      "wall / " .. entries[base][1] .. " (min..max), cpu"
    )
  )
  local summary = {}
  for index, entry in ipairs(entries) do
    local result, ratios, cpu_ratios = results[index], {}, {}
    for round = 1, rounds do
      ratios[round] = result.wall[round] / results[base].wall[round]
      cpu_ratios[round] = result.cpu[round] / results[base].cpu[round]
    end
    local wall, low, high = median(result.wall)
    local ratio, least, most = median(ratios)
    local peak = median(result.peak)
    print(
      ("%-38s %8.1f (%6.1f..%6.1f) %8.1f %9.1f %8d  %.2f (%.2f..%.2f), %.2f"):format(
        entry[1],
        wall * 1000,
        low * 1000,
        high * 1000,
        median(result.cpu) * 1000,
        peak,
        median(result.faults) // 1,
        ratio,
        least,
        most,
        (median(cpu_ratios))
      )
    )
    summary[index] = { name = entry[1], wall = wall, peak = peak, ratios = ratios, ratio = ratio }
    summary[index].cpu_ratio = median(cpu_ratios)
  end
  return summary
end

return compare
