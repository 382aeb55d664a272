--- Files, commands and processes.

local M = {}

function M.read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read("*a")
  file:close()
  return text
end

function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

function M.exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

--- A word as a shell reads it.
function M.quote(text) return "'" .. tostring(text):gsub("'", "'\\''") .. "'" end

--- Runs a command; true when it exits with 0.
function M.run(command)
  local a, _, c = os.execute(command)
  return a == true or a == 0 or c == 0
end

--- What a command prints, without the last line end.
function M.output(command)
  local pipe = assert(io.popen(command, "r"))
  local text = pipe:read("*a")
  pipe:close()
  return (text:gsub("\n$", ""))
end

--- Starts a command that goes on; its output goes to a file. It stays in the process group of the test, so that who
--- ends the group ends it too.
---@return integer pid
function M.background(command, log)
  return tonumber(M.output(("exec 3>&-; exec %s >%s 2>&1 </dev/null & echo $!"):format(command, log)))
end

function M.alive(pid)
  -- A zombie is not alive, and no one may be there to reap it.
  local state = M.read("/proc/" .. pid .. "/stat"):match("%) (%a)")
  return state ~= nil and state ~= "Z"
end

--- Waits until a condition holds; its last value. This and `listens` are for a Lua that has luasocket.
function M.wait(seconds, condition)
  local socket = require "socket"
  local deadline = socket.gettime() + seconds
  while true do
    local value = condition()
    if value or socket.gettime() > deadline then return value end
    socket.sleep(0.02)
  end
end

function M.listens(port)
  local connection = require("socket").connect("127.0.0.1", port)
  if connection then connection:close() end
  return connection ~= nil
end

function M.temporary_folder() return M.output("mktemp -d") end

return M
