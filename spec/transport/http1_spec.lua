--- HTTP/1.1 as text: every answer in every way to cut it into pieces.
local http1 = require "jdvm.transport.http1"

-- Reads a text that arrives in pieces of a size before the connection is closed. Returns the response, and what `read`
-- returned.
local function read(text, size, options)
  options = options or {}
  local position = 1
  local response = http1.response(options.method or "GET", function()
    if position > #text then return nil, "closed" end
    position = position + size
    return text:sub(position - size, position - 1)
  end, options.max_body)
  return response, response:read()
end

local function each_cut(text, options, check)
  for _, size in ipairs { 1, 2, 3, 5, 7, 11, 64, math.max(1, #text) } do
    check(read(text, size, options))
  end
end

local function accepts(text, expected, options)
  each_cut(text, options, function(reader, complete, message)
    assert.is_true(complete, message)
    assert.equal(expected.status or 200, reader.status)
    assert.equal(expected.body or "", reader.body)
    if expected.reusable ~= nil then assert.equal(expected.reusable, reader.reusable) end
    for name, value in pairs(expected.headers or {}) do
      assert.equal(value, reader.headers[name])
    end
  end)
end

local function refuses(text, part, options)
  each_cut(text, options, function(response, complete, message)
    assert.falsy(complete)
    if not part then return assert.is_string(message) end
    message = message or response:place()
    assert.truthy(message:find(part, 1, true), ("%q expected in %q"):format(part, message))
  end)
end

local OK = "HTTP/1.1 200 OK\r\n"
local CHUNKED = OK .. "Transfer-Encoding: chunked\r\n\r\n"
local TWO = "Content-Length: 2\r\n\r\nok"

-- How responses are framed is in framing_spec.lua, for both transports.
describe("a response", function()
  it("is kept for another one, unless its end is that of the connection, or it says so", function()
    for text, reusable in pairs {
      [OK .. TWO] = true,
      [CHUNKED .. "2;a=b\r\nok\r\n01 \r\n!\r\n0\r\nX: y\r\n\r\n"] = true,
      [OK .. "\r\nok"] = false,
      ["HTTP/1.0 200 OK\r\n" .. TWO] = false,
      ["HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" .. TWO] = true,
      [OK .. "Connection: x, Close\r\n" .. TWO] = false,
      [OK .. "Connection: closed\r\n" .. TWO] = true,
    } do
      accepts(text, { body = text:find("!", 1, true) and "ok!" or "ok", reusable = reusable })
    end
    accepts("HTTP/1.1 404 Not\tHere\r\nContent-Length: 0\r\n\r\n", { status = 404, reusable = true })
  end)

  it("has no body by its status or its method, and is not kept when it announces one", function()
    for _, case in ipairs {
      { 204, "", true },
      { 204, "Content-Length: 0\r\n", true },
      { 204, "Content-Length: 1\r\n", false },
      { 204, "Transfer-Encoding: chunked\r\n", false },
      { 304, "Content-Length: 10\r\n", true },
      { 304, "Transfer-Encoding: chunked\r\n", false },
      { 200, "Content-Length: 10\r\n", true, "HEAD" },
      { 200, "Transfer-Encoding: chunked\r\n", true, "HEAD" },
    } do
      local text = ("HTTP/1.1 %d X\r\n%s\r\n"):format(case[1], case[2])
      accepts(text, { status = case[1], reusable = case[3] }, { method = case[4] })
    end
  end)

  it("with more bytes than it says is not kept", function()
    local response, complete = read(OK .. TWO .. OK, 1000)
    assert.same({ true, "ok", false }, { complete, response.body, response.reusable })
  end)

  it("has header names in lower case, values trimmed, repeated ones joined, folded ones unfolded", function()
    local text = OK .. "A-Name: \t one \t\r\na-name:two\r\nB:\r\nC: x\r\n\ty \r\nContent-Length: 0\r\n\r\n"
    accepts(text, { headers = { ["a-name"] = "one, two", b = "", c = "x y" } })
  end)

  it("may hold any byte in its body", function()
    local bytes = {}
    for byte = 0, 255 do
      bytes[#bytes + 1] = string.char(byte)
    end
    local body = table.concat(bytes)
    accepts(OK .. "Content-Length: 256\r\n\r\n" .. body, { body = body })
    accepts(CHUNKED .. "100\r\n" .. body .. "\r\n0\r\n\r\n", { body = body })
  end)
end)

describe("a response is refused", function()
  it("whose chunks are none", function()
    for _, rest in ipairs {
      "x\r\n",
      "\r\n",
      "-1\r\n",
      "2\r\nokX\r\n0\r\n\r\n",
      "fffffffffffff\r\n",
      ("0"):rep(5000),
      "2;x\n\r\nok\r\n0\r\n\r\n",
      "2;x\nfoo\r\nok\r\n0\r\n\r\n",
      "2;x\rfoo\r\nok\r\n0\r\n\r\n",
      "2;\0\r\nok\r\n0\r\n\r\n",
    } do
      refuses(CHUNKED .. rest)
    end
  end)

  it("whose trailer is none", function()
    local head = CHUNKED .. "0\r\n"
    for _, line in ipairs { "no colon", "a: b\nc: d", "a: \0", "a b: c", " folded: first", "\n", "\nHTTP/1.1 200" } do
      refuses(head .. line .. "\r\n\r\n")
    end
    accepts(head .. "A: b\r\n\tfolded\r\nc:\r\n\r\n", { reusable = true })
  end)

  it("with a header too large #long", function()
    refuses(OK .. "a: " .. ("x"):rep(70000), "larger than")
    accepts(OK .. ("a: b\r\n"):rep(128) .. "\r\n", {})
    refuses(OK .. ("a: b\r\n"):rep(129) .. "\r\n", "more than 128 header lines")
    refuses(("HTTP/1.1 100 Continue\r\n\r\n"):rep(3000), "larger than")
    refuses(CHUNKED .. "0\r\n" .. ("a: b\r\n"):rep(129), "more than 128 header lines")
  end)

  it("with a body too large", function()
    local options = { max_body = 10 }
    for _, text in ipairs {
      OK .. "Content-Length: 11\r\n\r\n",
      CHUNKED .. "b\r\n",
      CHUNKED .. "5\r\nhello\r\n6\r\nworld!\r\n",
      OK .. "\r\nhello world",
    } do
      refuses(text, "limit of 10", options)
    end
    accepts(OK .. "Content-Length: 10\r\n\r\nhelloworld", { body = "helloworld" }, options)
  end)

  it("that was cut off, with where", function()
    for text, place in pairs {
      [""] = "before the answer began",
      ["HTTP/1.1 2"] = "within the header",
      [OK .. "A: b\r\n"] = "within the header",
      [OK .. "Content-Length: 10\r\n\r\nabc"] = "after 3 of 10 bytes",
      [CHUNKED .. "5\r\nabc"] = "after 3 bytes",
      [CHUNKED .. "3\r\nabc\r\n0\r\n"] = "after 3 bytes",
    } do
      refuses(text, place)
    end
  end)
end)

describe("random bytes", function()
  it("never raise and never loop", function()
    local draw = require("spec.support.random").new(7)
    local words = {
      "HTTP/1.1 200 OK\r\n",
      "HTTP/1.1 100 C\r\n\r\n",
      "\r\n",
      "\r",
      "\n",
      "Content-Length: ",
      "5\r\n",
      "a: b\r\n",
      "x",
      "Transfer-Encoding: chunked\r\n",
      "0\r\n\r\n",
      "\0",
      " ",
      ";",
      ":",
      "hello",
      "ff\r\n",
      "Connection: close\r\n",
    }
    for _ = 1, 2000 do
      local parts = {}
      for index = 1, draw(1, 12) do
        parts[index] = words[draw(1, #words)]
      end
      local text = OK .. table.concat(parts)
      local first, complete = read(text, #text)
      local second, same = read(text, draw(1, 4))
      assert.equal(complete, same, text)
      assert.equal(first.body, second.body, text)
    end
  end)
end)

describe("a request head", function()
  it("holds the line, the headers and the fixed lines that they do not replace", function()
    assert.equal(
      "GET /a?b=%20 HTTP/1.1\r\nhost: x\r\nuser-agent: jdvm\r\n\r\n",
      http1.head("GET", "/a?b=%20", { host = "x" }, { ["user-agent"] = "jdvm" })
    )
    assert.equal(
      "GET / HTTP/1.1\r\nUser-Agent: mine\r\nb: c\r\n\r\n",
      http1.head("GET", "/", { ["User-Agent"] = "mine" }, { ["user-agent"] = "jdvm", b = "c" })
    )
    assert.equal("GET / HTTP/1.1\r\n\r\n", http1.head("GET", "/", {}))
  end)

  it("is refused with anything that would end a line or split the first", function()
    for _, target in ipairs { "/a b", "/a\r\nb", "/a\0" } do
      assert.is_nil(http1.head("GET", target, {}))
    end
    for _, bad in ipairs { "a\rb", "a\nb", "a\0b" } do
      assert.is_nil(http1.head("GET", "/", { name = bad }))
      assert.is_nil(http1.head("GET", "/", { [bad] = "value" }))
    end
    for _, name in ipairs { "", "a b", "a:b", "a(b", "\195\164" } do
      assert.is_nil(http1.head("GET", "/", { [name] = "value" }))
    end
    local _, message = http1.head("GET", "/", { authorization = "secret\r\n" })
    assert.is_nil(message:find("secret"))
  end)
end)
