--- A proxy for the tests, and a port that accepts connections and says nothing. Usage: luajit proxy.lua PORT SILENT
---
--- CONNECT to localhost is served, to refused.test is answered with 403; a plain request is answered with itself.
local socket = require "socket"

local server = assert(socket.bind("127.0.0.1", tonumber((...))))
local silent = assert(socket.bind("127.0.0.1", tonumber((select(2, ...)))))
io.write("ready\n")
io.flush()

-- What each socket still is: "request" (its header is read), or the socket to which its bytes go.
local buffers, partners = {}, {}
local open = { server, silent }
local silent_clients = 0

local function forget(one)
  for index, other in ipairs(open) do
    if other == one then table.remove(open, index) end
  end
  one:close()
  buffers[one] = nil
end

local function serve(client, header)
  local method, target = header:match("^(%u+) (%S+)")
  if method ~= "CONNECT" then
    client:send(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#header, header))
    buffers[client] = ""
    return
  end
  local port = target:match("^localhost:(%d+)$")
  local far = port and socket.connect("127.0.0.1", tonumber(port))
  if not far then
    client:send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    return
  end
  client:send("HTTP/1.1 200 Connection established\r\nX-Proxy: test\r\n\r\n")
  far:settimeout(0)
  partners[client], partners[far] = far, client
  open[#open + 1] = far
end

while true do
  for _, one in ipairs((socket.select(open))) do
    if one == server or one == silent then
      local client = one:accept()
      client:settimeout(0)
      if one == server then
        buffers[client] = ""
        open[#open + 1] = client
      else
        silent_clients = silent_clients + 1
        partners[silent_clients] = client -- kept, or the collector would close it
      end
    elseif partners[one] or buffers[one] then -- else its partner ended it in this round
      local data, err, part = one:receive(65536)
      data = data or part
      if partners[one] then
        local partner = partners[one]
        local sent = 1
        while data and sent <= #data do
          local last, problem, partial = partner:send(data, sent)
          if problem == "closed" then break end
          sent = (last or partial) + 1
        end
        if err == "closed" then
          partners[one], partners[partner] = nil, nil
          forget(one)
          forget(partner)
        end
      else
        buffers[one] = buffers[one] .. (data or "")
        if err == "closed" then
          forget(one)
        elseif buffers[one]:find("\r\n\r\n", 1, true) then
          serve(one, buffers[one])
        end
      end
    end
  end
end
