--- The command, run as a user runs it: one process a case, against an emulator, in a home folder of its own.

local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local M = {}

local lua = emulator.this_lua()

function M.lines_of(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

--- Waits in steps until a condition holds; its last value.
local function wait_for(condition)
  for _ = 1, 200 do
    local value = condition()
    if value then return value end
    os.execute("sleep 0.05")
  end
  return condition()
end

--- An emulator and a home folder; `stop` ends both, and fails when any run has printed a secret.
---@param options? table of the emulator
function M.start(options)
  local folder = shell.temporary_folder()
  assert(shell.run("mkdir " .. folder .. "/home"))
  local server = emulator.start(options)
  local keys = server.accounts.owner
  local world = { server = server, keys = keys, folder = folder, lua = lua, home = folder .. "/home", seen = {} }

  --- The settings of a run, as shell text before a command; false takes one away.
  function world.environment(changes)
    local values = {
      JDCLOUD_ENDPOINT = server.endpoint,
      JDCLOUD_REGION = "cn-north-1",
      JDCLOUD_ACCESS_KEY = keys.access_key,
      JDCLOUD_SECRET_KEY = keys.secret_key,
      HOME = world.home,
      COLUMNS = "80",
    }
    for name, value in pairs(changes or {}) do
      values[name] = value or nil
    end
    local words = {}
    for name, value in pairs(values) do
      words[#words + 1] = name .. "=" .. shell.quote(value)
    end
    return emulator.NO_SETTINGS .. table.concat(words, " ")
  end

  --- What runs `jdvm ARGUMENTS`, as shell text.
  function world.command(arguments) return ("%s bin/jdvm %s"):format(lua, arguments) end

  --- Runs `jdvm ARGUMENTS`; gives standard output, exit status, standard error. All of it is kept in `seen`.
  function world.jdvm(arguments, changes, input)
    local out, err = folder .. "/out", folder .. "/err"
    shell.write(folder .. "/in", input or "")
    local status = shell.output(
      ("%s %s >%s 2>%s <%s/in; echo $?"):format(world.environment(changes), world.command(arguments), out, err, folder)
    )
    local result, complaint = shell.read(out), shell.read(err)
    world.seen[#world.seen + 1] = result .. complaint
    return result, tonumber(status), complaint
  end

  --- Runs a bash script on a terminal (util-linux's script), the command being "$@" in it. What it shows is in the
  --- file `shown`.
  function world.on_terminal(script, arguments, changes)
    local shown = folder .. "/shown"
    os.remove(shown)
    shell.write(folder .. "/script", ("set -- %s\n%s\n"):format(world.command(arguments), script))
    local keyboard = assert(
      io.popen(
        ("%s script -qefc 'bash %s/script' %s >/dev/null 2>&1"):format(world.environment(changes), folder, shown),
        "w"
      )
    )
    local terminal = {}
    --- Waits until a text is on the screen.
    function terminal.expect(text)
      if not wait_for(function() return shell.read(shown):find(text, 1, true) end) then
        error("the terminal does not show '" .. text .. "' but: " .. shell.read(shown), 2)
      end
    end
    function terminal.type(text)
      keyboard:write(text)
      keyboard:flush()
    end
    --- Waits for the end; gives all that was shown, without the lines that `script` adds.
    function terminal.finish()
      keyboard:close()
      local text = shell.read(shown):gsub("\r\n", "\n"):gsub("^Script started[^\n]*\n", "")
      return (text:gsub("\n?\nScript done[^\n]*\n$", "\n"))
    end
    return terminal
  end

  function world.stop()
    server.stop()
    os.execute("rm -rf " .. folder)
    local seen = table.concat(world.seen)
    for _, secret in ipairs { keys.secret_key, "not-the-secret" } do
      if seen:find(secret, 1, true) then error("a secret was printed: " .. secret) end
    end
    if seen:lower():find("signature=%x") then error("a signature was printed") end
  end
  return world
end

return M
