--- Talks to the emulator from inside nginx, without jdvm: what it counts must not count itself.
local cjson = require "cjson"

--- A function that asks the emulator's control interface: ask("stats") -> decoded answer.
return function(port)
  return function(target)
    local socket = ngx.socket.tcp()
    socket:settimeouts(5000, 5000, 20000)
    assert(socket:connect("127.0.0.1", port))
    assert(socket:sslhandshake(nil, "localhost", false))
    assert(socket:send("GET /_emulator/" .. target .. " HTTP/1.0\r\nHost: localhost\r\n\r\n"))
    local answer = assert(socket:receive("*a"))
    socket:close()
    local body = answer:match("\r\n\r\n(.*)$")
    if not answer:find("^HTTP/1.1 200") then error("control " .. target .. ": " .. answer) end
    return cjson.decode(body)
  end
end
