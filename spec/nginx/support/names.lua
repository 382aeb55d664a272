--- A name server for the tests, on a UDP port of 127.0.0.1: "jdvm.test" is 127.0.0.1, "two.test" is that and 127.0.0.2,
--- "half.test" and "mute.test" are 127.0.0.1, too, but their IPv6 addresses are refused or not answered, "silent.test"
--- gets no answer, everything else does not exist. Usage: luajit names.lua PORT
local socket = require "socket"

local server = assert(socket.udp())
assert(server:setsockname("127.0.0.1", tonumber((...))))
io.write("ready\n")
io.flush()

while true do
  local query, host, port = server:receivefrom()
  if query and #query > 12 then
    local labels, position = {}, 13
    while query:byte(position) and query:byte(position) > 0 do
      local length = query:byte(position)
      labels[#labels + 1] = query:sub(position + 1, position + length)
      position = position + length + 1
    end
    local name, question = table.concat(labels, "."):lower(), query:sub(13, position + 4)
    local is_a = query:sub(position + 1, position + 2) == "\0\1"
    local last_bytes = ({ ["jdvm.test"] = "\1", ["two.test"] = "\1\2", ["half.test"] = "\1", ["mute.test"] = "\1" })[name]
    local function reply(code, count, answers)
      local head = query:sub(1, 2) .. "\129" .. string.char(128 + code) .. "\0\1\0" .. string.char(count)
      server:sendto(head .. "\0\0\0\0" .. question .. answers, host, port)
    end
    if name == "half.test" and not is_a then
      reply(2, 0, "")
    elseif last_bytes and is_a then
      reply(0, #last_bytes, (last_bytes:gsub(".", "\192\12\0\1\0\1\0\0\0\60\0\4\127\0\0%0")))
    elseif last_bytes and name ~= "mute.test" then
      reply(0, 0, "")
    elseif not last_bytes and name ~= "silent.test" then
      reply(3, 0, "")
    end
  end
end
