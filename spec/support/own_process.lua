-- Runs Lua text in a process of its own, by the Lua and with the paths of this one.
local shell = require "spec.support.shell"

local own_process = {}

-- The interpreter that runs this.
local function interpreter()
  local index = 0
  while arg[index - 1] do
    index = index - 1
  end
  return arg[index]
end

---@param text string
---@param environment? string assignments of a shell, before those of the paths
---@return string output what it prints, without the last line end
function own_process.run(text, environment)
  local folder = shell.temporary_folder()
  shell.write(folder .. "/program.lua", text)
  -- A library that the environment preloads may come before AddressSanitizer's.
  local output = shell.output(
    ("%s LUA_PATH=%s LUA_CPATH=%s ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 %s %s/program.lua 2>&1"):format(
      environment or "",
      shell.quote(package.path),
      shell.quote(package.cpath),
      shell.quote(interpreter()),
      folder
    )
  )
  shell.run("rm -rf " .. folder)
  return output
end

return own_process
