--- HTTP/1.1 as text: every answer in every way to cut it into pieces.
local http1 = require "jdvm.transport.http1"

-- Feeds a text in pieces of a size, then closes. Returns the reader, and what the last call returned.
local function read(text, size, options)
  options = options or {}
  local reader = http1.response(options.method or "GET", options.max_body)
  local complete, message
  for position = 1, #text, size do
    complete, message = reader:feed(text:sub(position, position + size - 1))
    if complete ~= false then return reader, complete, message end
  end
  complete, message = reader:closed()
  return reader, complete, message
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
  each_cut(text, options, function(_, complete, message)
    assert.is_nil(complete)
    assert.truthy(message:find(part, 1, true), ("%q expected in %q"):format(part, message))
  end)
end

describe("a response", function()
  it(
    "with a length",
    function() accepts("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", { body = "hello", reusable = true }) end
  )

  it("with length 0, and without a reason phrase", function()
    accepts("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", { status = 404, reusable = true })
    accepts("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", { status = 404, reusable = true })
    accepts("HTTP/1.1 404 Not\tHere\r\nContent-Length: 0\r\n\r\n", { status = 404, reusable = true })
  end)

  it(
    "in chunks, with extensions and a trailer",
    function()
      accepts(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
          .. "5;a=b\r\nhello\r\n01 \r\n \r\n5\r\nworld\r\n0\r\nX: y\r\n\r\n",
        { body = "hello world", reusable = true }
      )
    end
  )

  it("that ends with the connection", function()
    accepts("HTTP/1.1 200 OK\r\n\r\nhello", { body = "hello", reusable = false })
    accepts("HTTP/1.1 200 OK\r\n\r\n", { body = "", reusable = false })
  end)

  it("without a body by its status or its method", function()
    accepts("HTTP/1.1 204 No Content\r\n\r\n", { status = 204, reusable = true })
    accepts("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", { status = 304, reusable = true })
    accepts("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", { reusable = true }, { method = "HEAD" })
  end)

  it(
    "after interim ones",
    function()
      accepts(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
          .. "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        { body = "ok" }
      )
    end
  )

  it("of HTTP/1.0, which is not kept unless it says so", function()
    accepts("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", { body = "ok", reusable = false })
    accepts(
      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
      { body = "ok", reusable = true }
    )
  end)

  it("without a body that announces one is not kept", function()
    accepts("HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n", { status = 204, reusable = false })
    accepts("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", { status = 204, reusable = true })
    for _, status in ipairs { 204, 304 } do
      accepts(
        "HTTP/1.1 " .. status .. " X\r\nTransfer-Encoding: chunked\r\n\r\n",
        { status = status, reusable = false }
      )
    end
    accepts("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", { reusable = true }, { method = "HEAD" })
  end)

  it("that announces the end of the connection", function()
    local rest = "Content-Length: 2\r\n\r\nok"
    accepts("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n" .. rest, { body = "ok", reusable = false })
    accepts("HTTP/1.1 200 OK\r\nConnection: closed\r\n" .. rest, { body = "ok", reusable = true })
  end)

  it("with more bytes than it says is not kept", function()
    local reader = http1.response("GET")
    assert.is_true(reader:feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"))
    assert.equal("ok", reader.body)
    assert.is_false(reader.reusable)
  end)

  it(
    "has header names in lower case, values trimmed, repeated ones joined, folded ones unfolded",
    function()
      accepts(
        "HTTP/1.1 200 OK\r\nA-Name: \t one \t\r\na-name:two\r\nB:\r\nC: x\r\n\ty \r\nContent-Length: 0\r\n\r\n",
        { headers = { ["a-name"] = "one, two", b = "", c = "x y" } }
      )
    end
  )

  it("may hold any byte in its body", function()
    local bytes = {}
    for byte = 0, 255 do
      bytes[#bytes + 1] = string.char(byte)
    end
    local body = table.concat(bytes)
    accepts("HTTP/1.1 200 OK\r\nContent-Length: 256\r\n\r\n" .. body, { body = body })
    accepts("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n" .. body .. "\r\n0\r\n\r\n", { body = body })
  end)
end)

describe("a response is refused", function()
  it("that is not HTTP/1", function()
    refuses("SSH-2.0-OpenSSH\r\n", "status line")
    refuses("<html></html>", "status line")
    refuses("HTTP/2 200\r\n\r\n", "status line")
    refuses("HTTP/1.1 20 OK\r\n\r\n", "status line")
    refuses("HTTP/1.1 abc OK\r\n\r\n", "status line")
    refuses("\r\nHTTP/1.1 200 OK\r\n\r\n", "status line")
    refuses("HTTP/1.1 2000 OK\r\n\r\n", "status line")
    refuses("HTTP/1.1 000 OK\r\n\r\n", "status line")
    refuses("HTTP/1.1 200 OK\n\n", "LF alone")
    refuses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello", "LF alone")
  end)

  it("whose chunks are none", function()
    local head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    refuses(head .. "x\r\n", "chunk")
    refuses(head .. "\r\n", "chunk")
    refuses(head .. "-1\r\n", "chunk")
    refuses(head .. "2\r\nokX\r\n0\r\n\r\n", "chunk")
    refuses(head .. "fffffffffffff\r\n", "chunk")
    refuses(head .. ("0"):rep(5000), "chunk")
    refuses(head .. "2;x\n\r\nok\r\n0\r\n\r\n", "chunk")
    refuses(head .. "2;x\nfoo\r\nok\r\n0\r\n\r\n", "chunk")
    refuses(head .. "2;x\rfoo\r\nok\r\n0\r\n\r\n", "chunk")
    refuses(head .. "2;\0\r\nok\r\n0\r\n\r\n", "chunk")
  end)

  it("whose trailer is none", function()
    local head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    for _, line in ipairs { "no colon", "a: b\nc: d", "a: \0", "a b: c", " folded: first", "\n", "\nHTTP/1.1 200" } do
      refuses(head .. line .. "\r\n\r\n", "malformed")
    end
    accepts(head .. "A: b\r\n\tfolded\r\nc:\r\n\r\n", { reusable = true })
  end)

  it("with a header too large #long", function()
    refuses("HTTP/1.1 200 OK\r\na: " .. ("x"):rep(70000), "larger than")
    accepts("HTTP/1.1 200 OK\r\n" .. ("a: b\r\n"):rep(128) .. "\r\n", {})
    refuses("HTTP/1.1 200 OK\r\n" .. ("a: b\r\n"):rep(129) .. "\r\n", "more than 128 header lines")
    refuses(("HTTP/1.1 100 Continue\r\n\r\n"):rep(3000), "larger than")
    refuses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" .. ("a: b\r\n"):rep(20000), "larger than")
  end)

  it("with a body too large", function()
    local options = { max_body = 10 }
    refuses("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", "limit of 10", options)
    refuses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", "limit of 10", options)
    refuses(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\nworld!\r\n",
      "limit of 10",
      options
    )
    refuses("HTTP/1.1 200 OK\r\n\r\nhello world", "limit of 10", options)
    accepts("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhelloworld", { body = "helloworld" }, options)
  end)

  it("that was cut off, with where", function()
    refuses("", "before the answer began")
    refuses("HTTP/1.1 2", "within the header")
    refuses("HTTP/1.1 200 OK\r\nA: b\r\n", "within the header")
    refuses("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "after 3 of 10 bytes")
    refuses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "after 3 bytes")
    refuses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "after 3 bytes")
  end)
end)

describe("random bytes", function()
  it("never raise and never loop", function()
    local seed = 20240229
    local function random(n)
      seed = (seed * 16807) % 2147483647
      return seed % n + 1
    end
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
      for index = 1, random(12) do
        parts[index] = words[random(#words)]
      end
      local text = "HTTP/1.1 200 OK\r\n" .. table.concat(parts)
      local first, complete = read(text, #text)
      local second, same = read(text, random(4))
      assert.equal(complete, same, text)
      if complete then assert.equal(first.body, second.body, text) end
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
    for _, target in ipairs { "/a b", "/a\r\nb", "/a\0", "/\127" } do
      assert.is_nil(http1.head("GET", target, {}))
    end
    for _, bad in ipairs { "a\rb", "a\nb", "a\0b", "a\127b", "a\tb" } do
      assert.is_nil(http1.head("GET", "/", { name = bad }))
      assert.is_nil(http1.head("GET", "/", { [bad] = "value" }))
    end
    for _, name in ipairs { "", "a b", "a:b", "a(b", "\195\164" } do
      assert.is_nil(http1.head("GET", "/", { [name] = "value" }))
    end
    local _, message = http1.head("GET", "/", { authorization = "secret\r\n" })
    assert.truthy(message:find("authorization"))
    assert.is_nil(message:find("secret"))
  end)
end)
