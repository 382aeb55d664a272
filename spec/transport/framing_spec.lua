-- How a response is framed: the same bytes over libcurl and to the parser of the cosockets. Where two readers could cut
-- a response in two ways, what one takes for its tail is the next response to the other; so both transports refuse it.
local curl_transport = require "jdvm.transport.curl"
local hostile = require "spec.support.hostile"
local http1 = require "jdvm.transport.http1"

local OK = "HTTP/1.1 200 OK\r\n"

-- Each: what it is, the bytes, and the body, or nil where they are refused.
local CASES = {
  { "a length", OK .. "Content-Length: 2\r\n\r\nok", "ok" },
  { "a length without blanks, in odd case", OK .. "cOnTeNt-lEnGtH:2\r\n\r\nok", "ok" },
  { "a length with blanks around it", OK .. "Content-Length: \t 2 \t\r\n\r\nok", "ok" },
  { "a length said twice", OK .. "Content-Length: 2\r\ncontent-length: 2\r\n\r\nok", "ok" },
  { "leading zeros", OK .. "Content-Length: 0002\r\n\r\nok", "ok" },
  { "chunks", OK .. "Transfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok" },
  { "chunks with a trailer", OK .. "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n", "ok" },
  { "the end of the connection", OK .. "\r\nok", "ok" },
  { "HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok" },
  { "no reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok" },
  { "the identity coding", OK .. "Content-Encoding: Identity\r\nContent-Length: 2\r\n\r\nok", "ok" },
  { "a folded field", OK .. "A: b\r\n c\r\nContent-Length: 2\r\n\r\nok", "ok" },
  { "an interim response", "HTTP/1.1 103 Early\r\nA: b\r\n\r\n" .. OK .. "Content-Length: 2\r\n\r\nok", "ok" },

  { "two lengths that differ", OK .. "Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk" },
  { "a list of lengths", OK .. "Content-Length: 2, 2\r\n\r\nok" },
  { "a list of lengths in two lines", OK .. "Content-Length: 2\r\nContent-Length: 2, 2\r\n\r\nok" },
  { "a length with a sign", OK .. "Content-Length: +2\r\n\r\nok" },
  { "a negative length", OK .. "Content-Length: -2\r\n\r\nok" },
  { "an empty length", OK .. "Content-Length:\r\n\r\nok" },
  { "a length and words", OK .. "Content-Length: 2 bytes\r\n\r\nok" },
  { "a fraction", OK .. "Content-Length: 2.0\r\n\r\nok" },
  { "a hexadecimal length", OK .. "Content-Length: 0x2\r\n\r\nok" },
  { "a length beyond all numbers", OK .. "Content-Length: 99999999999999999999\r\n\r\nok" },
  { "a folded length", OK .. "Content-Length: 2\r\n 2\r\n\r\nok" },
  { "a length on the folded line", OK .. "Content-Length:\r\n 2 \r\n\r\nok" },
  {
    "two transfer codings",
    OK .. "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  },
  { "a list of transfer codings", OK .. "Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
  { "identity and chunked", OK .. "Transfer-Encoding: identity, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
  { "gzip and chunked", OK .. "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
  { "a transfer coding that does not exist", OK .. "Transfer-Encoding: xchunked\r\n\r\nok" },
  { "an empty transfer coding", OK .. "Transfer-Encoding:\r\nContent-Length: 2\r\n\r\nok" },
  { "a folded transfer coding", OK .. "Transfer-Encoding:\r\n chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
  { "a length and chunks", OK .. "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
  { "chunks and a length", OK .. "Transfer-Encoding: chunked\r\nContent-Length: 12\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
  { "chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" },
  { "a blank before the colon", OK .. "Content-Length : 2\r\n\r\nok" },
  { "a tab before the colon", OK .. "Transfer-Encoding\t: chunked\r\nContent-Length: 2\r\n\r\nok" },
  { "a line without a colon", OK .. "Content-Length 2\r\nContent-Length: 2\r\n\r\nok" },
  { "a field without a name", OK .. ": 2\r\nContent-Length: 2\r\n\r\nok" },
  { "a name that is none", OK .. "(Content-Length): 3\r\nContent-Length: 2\r\n\r\nok" },
  { "a first line that is folded", OK .. " A: b\r\nContent-Length: 2\r\n\r\nok" },
  { "lines that end in LF alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok" },
  { "one line that ends in LF alone", OK .. "A: b\nContent-Length: 2\r\n\r\nok" },
  { "an empty line of LF alone", OK .. "Content-Length: 2\r\n\nok" },
  { "a CR within a line", OK .. "A: b\rContent-Length: 3\r\nContent-Length: 2\r\n\r\nok" },
  { "a control character in a value", OK .. "A: \1\r\nContent-Length: 2\r\n\r\nok" },
  { "a NUL in a value", OK .. "A: b\0c\r\nContent-Length: 2\r\n\r\nok" },
  { "a second status line", OK .. "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
  { "another version of HTTP/1", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok" },
  { "two blanks in the status line", "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok" },
  { "a control character in the reason", "HTTP/1.1 200 O\1K\r\nContent-Length: 2\r\n\r\nok" },
  { "another protocol", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nok" },
  { "a coding that was not asked for", OK .. "Content-Encoding: deflate\r\nContent-Length: 2\r\n\r\nok" },
  { "gzip that was not asked for", OK .. "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok" },
  { "two codings", OK .. "Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok" },
  { "a trailer without a colon", OK .. "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA b\r\n\r\n" },
  { "text without a header (HTTP/0.9)", "hello world" },
  { "bytes", "\0\1\2\3\255\254\r\n\r\n" },
  { "a status that is no number", "HTTP/1.1 abc OK\r\n\r\n" },
  { "a status of two digits", "HTTP/1.1 20 OK\r\n\r\n" },
  { "a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n" },
  { "a version nobody speaks", "HTTP/7.8 200 OK\r\n\r\n" },
  { "an empty line before the header", "\r\n" .. OK .. "Content-Length: 2\r\n\r\nok" },
  { "a chunk size that is none", OK .. "Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n" },
  { "a chunk longer than its size", OK .. "Transfer-Encoding: chunked\r\n\r\n2\r\nokok\r\n0\r\n\r\n" },
}

local server, transport

local function over_libcurl(bytes)
  local url = server:url(hostile.write(bytes), "close")
  return transport:finish(transport:start({ url = url, fresh = true }, transport.now() + 10))
end

-- The parser is fed in pieces of every size: what it makes of them must be the same.
local function to_the_parser(bytes)
  local first, first_failure
  for size = #bytes, 1, -1 do
    local position = 1
    local reader = http1.response("GET", function()
      if position > #bytes then return nil, "closed" end
      position = position + size
      return bytes:sub(position - size, position - 1)
    end)
    local complete, message = reader:read()
    local failure = not complete and { kind = "transport", message = message or reader:place() } or nil
    if size == #bytes then
      first, first_failure = complete and reader, failure
    end
    assert.equal(first and first.body, complete and reader.body)
  end
  return first or nil, first_failure
end

describe("a response framed by", function()
  setup(function()
    server = hostile.start()
    transport = curl_transport.new { proxy = "", gzip = false }
  end)

  teardown(function()
    transport:close()
    server:stop()
  end)

  for _, case in ipairs(CASES) do
    it(case[1] .. (case[3] and " is taken" or " is refused"), function()
      for name, read in pairs { curl = over_libcurl, ngx = to_the_parser } do
        local response, failure = read(case[2])
        if case[3] then
          assert.is_table(response, failure and failure.message)
          assert.same({ 200, case[3] }, { response.status, response.body }, name)
        else
          assert.is_nil(response, name)
          assert.equal("transport", failure.kind, name)
        end
      end
    end)
  end
end)
