--- Asks for a path again and again, each time over a new connection, until the file STOP exists; then prints how many
--- answers were good. Usage: luajit load.lua PORT PATH STOP
local socket = require "socket"

local port, path, stop = ...
local good, bad, problem = 0, 0, ""

local function ask()
  local connection, err = socket.connect("127.0.0.1", tonumber(port))
  if not connection then return nil, err end
  connection:settimeout(20)
  connection:send("GET " .. path .. " HTTP/1.0\r\n\r\n")
  local answer
  answer, err = connection:receive("*a")
  connection:close()
  if not answer then return nil, err end
  return answer:find("^HTTP/1.1 200") ~= nil, answer
end

io.write("ready\n")
io.flush()
repeat
  local ok, answer = ask()
  if ok then
    good = good + 1
  else
    bad, problem = bad + 1, (tostring(answer):gsub("%s+", " "))
  end
  local file = io.open(stop)
  if file then file:close() end
until file
io.write(good, " good, ", bad, " bad ", problem, "\n")
