-- The chapters of the reference on event loops and on transports of one's own: paragraphs, and examples, which
-- spec/examples_spec.lua runs. An example uses `options`, the options of the client (region, keys, …) of its reader.

local SELECT = [[
local socket = require "socket"

-- What select of LuaSocket takes for a descriptor. (It knows descriptors below 1,024 only.)
local function handle_of(fd)
  return { getfd = function() return fd end }
end

function options.wait(sockets, seconds)
  local reads, writes = {}, {}
  for _, each in ipairs(sockets) do
    if each.read then reads[#reads + 1] = handle_of(each.fd) end
    if each.write then writes[#writes + 1] = handle_of(each.fd) end
  end
  if not (reads[1] or writes[1]) then return socket.sleep(seconds) end
  socket.select(reads, writes, seconds)
end

local client = jdvm.new(options)
print(client:count_images { imageSource = "public" })]]

local CQUEUES = [[
local cqueues = require "cqueues"

options.wait = require "jdvm.loops.cqueues"
local client = jdvm.new(options)
local queue = cqueues.new()
for _, source in ipairs { "public", "private" } do
  queue:wrap(function()
    local images = assert(client:list_images { imageSource = source })
    print(source, #images)
  end)
end
assert(queue:loop())]]

local LUV = [[
local uv = require "luv"

options.wait = require "jdvm.loops.luv"
local client = jdvm.new(options)
for _, source in ipairs { "public", "private" } do
  coroutine.wrap(function()
    local images = assert(client:list_images { imageSource = source })
    print(source, #images)
  end)()
end
uv.run()]]

local LUA_HTTP = [[
local cqueues = require "cqueues"
local http_request = require "http.request"

local function request(given)
  local sent = http_request.new_from_uri(given.url)
  sent.follow_redirects = false -- a redirect would carry the signature elsewhere
  for name, value in pairs(given.headers) do
    -- lua-http makes :authority of the address itself
    if name ~= "host" then sent.headers:upsert(name, value) end
  end
  local headers, stream = sent:go(given.timeout)
  if not headers then return nil, tostring(stream) end
  local body, message = stream:get_body_as_string(given.timeout)
  stream:shutdown()
  if not body then return nil, tostring(message) end
  local received = {}
  for name, value in headers:each() do
    received[name] = value
  end
  return { status = tonumber(headers:get ":status"), headers = received, body = body }
end

options.transport = { request = request, sleep = cqueues.sleep, now = cqueues.monotime }
local client = jdvm.new(options)
local queue = cqueues.new()
queue:wrap(function() print(client:count_images { imageSource = "public" }) end)
assert(queue:loop())]]

local LUA_SOCKET = [[
local http, ltn12, socket = require "socket.http", require "ltn12", require "socket"

local function request(given)
  local pieces = {}
  http.TIMEOUT = math.min(given.timeout, given.read_timeout)
  local ok, status, headers = http.request {
    method = given.method,
    url = given.url,
    headers = given.headers,
    sink = ltn12.sink.table(pieces),
    redirect = false,
  }
  if not ok then return nil, { kind = "transport", message = tostring(status) } end
  return { status = status, headers = headers, body = table.concat(pieces) }
end

options.transport = { request = request, sleep = socket.sleep, now = socket.gettime }
print(jdvm.new(options):count_images { imageSource = "public" })]]

return {
  {
    anchor = "eventloops",
    en = {
      "Event loops",
      "A call blocks the whole program while it waits, outside nginx. With the option `wait` it suspends only the coroutine "
        .. "that makes it: `wait(sockets, seconds)` is a function that returns when one of the sockets is ready or the "
        .. "time is over, and may yield meanwhile. libcurl does all else as without it: HTTP/2, TLS, gzip, proxies, "
        .. "prefetch, retries, deadlines. A client may be shared by any number of coroutines.",
      "`sockets` is an array, possibly empty, of { fd, read, write }; `seconds` is from 0 to 60. The function must not "
        .. "watch a socket any more once it has returned. A descriptor is in one wait at a time, and is neither closed nor "
        .. "used again while it is. Returning early is harmless; raising an error ends the call with it.",
      "`jdvm.loops.cqueues` and `jdvm.loops.luv` are such functions:",
      { CQUEUES },
      { LUV },
      "Where no coroutines are needed, one over `socket.select` of LuaSocket shows what is to be done:",
      { SELECT },
      "A coroutine that is never resumed again is given up; its requests end when it is collected. `client:close()` wakes all "
        .. "that wait, and their calls fail with the kind `cancelled`. Lua 5.1 can neither yield in the iterator of a `for` "
        .. "loop nor through `pcall`: use `list_images`, or call the iterator yourself (`local image = images() while image "
        .. "do … image = images() end`); the two functions above say so. Where libcurl was built without a resolver of "
        .. "its own (neither c-ares nor threads), looking up a name blocks the loop; `jdvm doctor` tells.",
    },
    zh = {
      "事件循环",
      "在 nginx 之外，调用在等待期间会阻塞整个程序。使用选项 `wait` 后，只会挂起发起调用的协程：`wait(sockets, seconds)` "
        .. "在某个套接字就绪或时间到时返回，其间可以 yield。其余与不使用该选项时相同，均由 libcurl 完成：HTTP/2、TLS、gzip、"
        .. "代理、预取、重试、总时限。一个客户端可由任意多个协程共用。",
      "`sockets` 是由 { fd, read, write } 组成的数组，可能为空；`seconds` 为 0 至 60。函数返回后不得继续监视这些套接字。"
        .. "同一描述符同一时间只出现在一次等待中，等待期间不会被关闭或重新使用。提前返回无妨；抛出的异常会使该次调用随之中断。",
      "`jdvm.loops.cqueues` 与 `jdvm.loops.luv` 即为这样的函数：",
      { CQUEUES },
      { LUV },
      "不需要协程时，可参考基于 LuaSocket `socket.select` 的实现：",
      { SELECT },
      "不再恢复的协程会被放弃，其请求在该协程被回收时结束。`client:close()` 唤醒所有等待者，其调用以类别 `cancelled` 失败。"
        .. "Lua 5.1 既不能在 `for` 循环的迭代器中 yield，也不能跨越 `pcall` yield：请使用 `list_images`，或自行调用迭代器"
        .. "（`local image = images() while image do … image = images() end`）；上述两个函数会给出提示。若 libcurl 编译时"
        .. "未启用异步域名解析（c-ares 或线程），解析域名会阻塞事件循环；`jdvm doctor` 会指出。",
    },
  },
  {
    anchor = "owntransport",
    en = {
      "A transport of your own",
      "`transport` may be a function `(request, deadline)`: it gets a [TransportRequest](#transportrequest) and returns a "
        .. "[TransportResponse](#transportresponse), or nil and a message or a "
        .. "[TransportFailure](#transportfailure). It sends one request at a time, exactly as given: the URL and the headers "
        .. "are signed. It follows no redirects, and gives the body without its Content-Encoding. An error it raises becomes "
        .. "a failure of kind `transport`, which is retried, as is a message; one with `lasting = true` is not.",
      "`{ request = f, sleep = g, now = h }` gives the function a clock and a sleep: `sleep(seconds)` is called between "
        .. "attempts and between the polls of `wait_image`, `now()` gives seconds of a clock that only goes forward, and "
        .. "`deadline` is on that clock. Without them those of jdvm are used, whose sleep blocks unless the client has the "
        .. "option `wait`. `request.timeout` is how many seconds are left, whichever clock there is. All three may yield.",
      "With lua-http, in a program with cqueues:",
      { LUA_HTTP, module = "http.request" },
      "With LuaSocket, which blocks:",
      { LUA_SOCKET },
      "Unit tests with recorded responses are shown under [testing](#testing); with a `sleep` that only notes the seconds, "
        .. "they do not wait between attempts.",
    },
    zh = {
      "自定义传输",
      "`transport` 可以是函数 `(request, deadline)`：参数为 [TransportRequest](#transportrequest)，返回 "
        .. "[TransportResponse](#transportresponse)，或 nil 与文字或 [TransportFailure](#transportfailure)。"
        .. "该函数每次发送一个请求，且须原样发送：URL 与请求头均已签名。不得跟随重定向；正文须已解压。函数抛出的异常成为 "
        .. "`transport` 类失败，与返回文字时一样会重试；带有 `lasting = true` 的失败不会重试。",
      "`{ request = f, sleep = g, now = h }` 为函数提供时钟与休眠：`sleep(seconds)` 用于两次尝试之间以及 `wait_image` "
        .. "的两次轮询之间，`now()` 返回单调时钟的秒数，`deadline` 即以该时钟计。未提供时使用 jdvm 自己的时钟与休眠，"
        .. "后者会阻塞，除非客户端设置了选项 `wait`。无论使用哪个时钟，`request.timeout` 都是剩余的秒数。三个函数均可 yield。",
      "使用 lua-http（程序基于 cqueues）：",
      { LUA_HTTP, module = "http.request" },
      "使用 LuaSocket（会阻塞）：",
      { LUA_SOCKET },
      "使用预先记录的响应进行单元测试，见[测试](#testing)；若 `sleep` 仅记录秒数，则两次尝试之间不会等待。",
    },
  },
}
