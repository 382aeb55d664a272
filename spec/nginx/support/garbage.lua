--- Answers whatever it is asked with what is no Redis. Usage: luajit garbage.lua PORT
local socket = require "socket"

local server = assert(socket.bind("127.0.0.1", tonumber((...))))
io.write("ready\n")
io.flush()

local ANSWERS =
  { "HTTP/1.1 400 Bad Request\r\n\r\n", "$abc\r\n", "$5\r\n", ":5\r\n", "+OK\r\n", "$5\r\n[1,2]\r\n", "\r\n" }
local number = 0

while true do
  local client = server:accept()
  client:settimeout(0.2)
  if client:receive "*l" then
    number = number % #ANSWERS + 1
    client:send(ANSWERS[number])
  end
  client:close()
end
