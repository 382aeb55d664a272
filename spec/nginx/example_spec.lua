--- examples/openresty, started as a user starts it, and with what its comments suggest.
local cjson = require "cjson"
local nginx = require "spec.nginx.support.nginx"
local shell = require "spec.support.shell"
local socket = require "socket"
local world = require "spec.nginx.support.world"

-- Starts the example, with its nginx.conf changed by a script of sed.
local function start(changes)
  local folder, log = shell.temporary_folder(), shell.output "mktemp"
  local server = { port = nginx.free_port(), metrics_port = nginx.free_port() }
  local command = "spec/nginx/support/example.sh '%s' %d %d '%s'"
  server.pid = shell.background(command:format(folder, server.port, server.metrics_port, changes or ""), log)
  function server.stop()
    shell.run("kill -TERM " .. server.pid)
    shell.wait(10, function() return not shell.alive(server.pid) end)
    shell.run("rm -rf '" .. folder .. "' " .. log)
  end
  -- The emulator is the first child of run.sh.
  function server.stop_service() shell.run("kill -TERM $(pgrep -o -P " .. server.pid .. ")") end
  if not shell.wait(30, function() return shell.read(log):find("http://", 1, true) end) then
    local output = shell.read(log)
    server.stop()
    error("run.sh did not start:\n" .. output)
  end
  return server
end

local function json(server, path, expected)
  local body, status, headers = world.get(server, path)
  assert.equal(expected or 200, status, body)
  assert.equal("application/json", headers["content-type"])
  return cjson.decode(body), headers
end

local function html(server, path, expected, headers)
  local body, status, response_headers = world.get(server, path, headers)
  assert.equal(expected or 200, status)
  assert.equal("text/html; charset=utf-8", response_headers["content-type"])
  return body, response_headers
end

local function has(text, ...)
  for _, part in ipairs { ... } do
    assert.truthy(text:find(part, 1, true), part)
  end
end

local function count(text, part)
  local _, times = text:gsub((part:gsub("%p", "%%%0")), "")
  return times
end

describe("the example for OpenResty", function()
  local server, slow

  setup(function()
    server = start()
    slow = assert(socket.connect("127.0.0.1", server.port))
    slow:send "GET / HTTP/1.1\r\nHost: "
  end)

  teardown(function() server.stop() end)

  it("lists images as JSON, filtered and sorted", function()
    local all = json(server, "/images?region=cn-north-1&source=public")
    assert.is_true(all.count > 20)
    assert.equal(all.total, all.count)
    assert.equal(all.count, #all.images)
    local some = json(server, "/images?platform=Ubuntu&status=ready&sort=name")
    assert.is_true(some.count > 0 and some.count < all.count)
    for i, image in ipairs(some.images) do
      assert.equal("Ubuntu", image.platform)
      assert.is_true(i == 1 or some.images[i - 1].name:lower() <= image.name:lower())
    end
    local oldest = json(server, "/images?sort=oldest").images
    assert.equal(oldest[#oldest].createTime, all.images[1].createTime)
    assert.equal(0, json(server, "/images?status=pending").count)
    assert.truthy(world.get(server, "/images?text=nothing+has+this"):find('"images":[]', 1, true))
  end)

  it("shows one image as JSON, and says that another does not exist", function()
    local first = json(server, "/images").images[1]
    local image = json(server, "/images/" .. first.imageId).image
    assert.equal(first.name, image.name)
    assert.equal("table", type(image.systemDisk))
    has(json(server, "/images/img-0000000000", 404).error, "not found")
  end)

  it("shows a page that browses, searches, and leads to a page for each image and back", function()
    local page = html(server, "/")
    assert.equal(24, count(page, '<div class="head">'))
    local next_page = page:match('<a href="([^"]*)" aria[^>]*>2</a>'):gsub("&amp;", "&")
    local second = html(server, next_page)
    has(second, 'aria-current="page" aria-label="Page 2"', 'href="/" aria-label="Page 1"')
    assert.is_nil(second:find(page:match "<code>(.-)</code>", 1, true))
    local found = html(server, "/?platform=Ubuntu&text=UBUNTU+22&sort=name&lang=en")
    has(found, 'value="UBUNTU 22"', '<option value="Ubuntu" selected>')
    local path = found:match('<h2><a href="([^"]*)"'):gsub("&amp;", "&")
    local image = html(server, path)
    has(image, "<h2>System</h2>", "<th>Device</th>", "<td>vda</td>", "Back to the list")
    assert.equal(found, (html(server, (image:match('<p><a href="([^"]*)"'):gsub("&amp;", "&")))))
    has(html(server, "/?text=nothing+has+this"), "No image matches", "Clear the filters")
    has(html(server, "/?page=99"), 'aria-current="page" aria-label="Page 2"')
    html(server, "/?page=-1&text=%ff&platform=%00")
    has(html(server, "/image/img-0000000000", 404), "does not exist")
  end)

  it("speaks the language that the browser prefers, or the one that was chosen", function()
    local function lang(path, accepted) return html(server, path, 200, { ["accept-language"] = accepted }) end
    has(
      lang("/", "zh-CN,zh;q=0.9,en;q=0.8"),
      '<html lang="zh">',
      "官方镜像",
      'lang="en" hreflang="en" href="/?lang=en"'
    )
    has(lang("/", "en-GB,en,zh"), '<html lang="en">', 'lang="zh">CentOS')
    has(lang("/?lang=zh", "en"), "可用", 'name="lang" value="zh"')
    local ready, headers = lang("/image/img-9ha1rgelkq?lang=zh", "fr")
    has(ready, "<dt>状态</dt><dd>可用</dd>", "<td>是</td>")
    assert.equal("Accept-Language", headers.vary)
  end)

  it("refuses what it does not know instead of showing something else", function()
    has(json(server, "/images?region=cn-north-9", 400).error, "region must be one of cn-north-1")
    has(html(server, "/?region=cn-north-9", 400), "“cn-north-9”", 'role="status"')
    has(html(server, "/?status=lost&lang=zh", 400), "“lost”不是“状态”的有效取值。")
    html(server, "/?sort=size", 400)
    html(server, "/image/img-9ha1rgelkq?region=nowhere", 400)
  end)

  it("escapes what comes from the query", function()
    local page = html(server, "/?text=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert.is_nil(page:find("<script", 1, true))
    has(page, "&quot;&gt;&lt;script&gt;")
  end)

  it("is healthy and ready, and counts what it does", function()
    assert.equal("ok\n", (world.get(server, "/healthz")))
    assert.same({ true, 0 }, { json(server, "/readyz").ready, json(server, "/readyz").failing })
    local text, status, headers = world.get({ port = server.metrics_port }, "/metrics")
    assert.equal(200, status)
    has(headers["content-type"], "version=0.0.4")
    has(
      text,
      '# TYPE jdvm_calls_total counter\njdvm_calls_total{operation="describeImage",outcome="api"} 1\n',
      'jdvm_attempts_total{operation="describeImages",result="200"}',
      'jdvm_cache_total{kind="list",state="hit"}',
      'jdvm_cache_age_seconds{kind="image"}',
      'jdvm_call_seconds_bucket{le="0.05"}',
      "jdvm_failing_seconds 0\n"
    )
    local last, buckets = 0, 0
    for value in text:gmatch 'jdvm_call_seconds_bucket{le="[%d.+Inf]+"} (%d+)\n' do
      assert.is_true(tonumber(value) >= last)
      last, buckets = tonumber(value), buckets + 1
    end
    assert.equal(10, buckets)
    has(text, 'le="+Inf"} ' .. last .. "\njdvm_call_seconds_count " .. last .. "\n")
  end)

  describe("to an outsider", function()
    it("shows neither private nor shared images", function()
      for _, source in ipairs { "private", "shared", "community" } do
        has(json(server, "/images?source=" .. source, 400).error, "source must be one of public, thirdparty")
        html(server, "/?source=" .. source, 400)
      end
      -- A private image of the emulator's owner, who exists under this id in every emulator.
      json(server, "/images/98d44a0f-88c1-451a-8971-f1f769073b6c", 404)
      html(server, "/image/98d44a0f-88c1-451a-8971-f1f769073b6c", 404)
    end)

    it("allows reading only", function()
      for _, method in ipairs { "POST", "PUT", "DELETE", "OPTIONS" } do
        local url = ("-X %s http://127.0.0.1:%d/images"):format(method, server.port)
        local head = shell.output("curl -si " .. url)
        has(head, "405 Not Allowed", "Allow: GET, HEAD")
      end
      local body = ("curl -s -o /dev/null -w '%%{http_code}' -X GET -d %s http://127.0.0.1:%d/"):format(
        ("x"):rep(2000),
        server.port
      )
      assert.equal("413", shell.output(body))
    end)

    it("serves neither metrics nor files, on no other address", function()
      for _, path in ipairs { "/metrics", "/nginx.conf", "/gateway.lua", "/style.css/../nginx.conf", "/image/..%2fx" } do
        assert.equal(404, select(2, world.get(server, path)), path)
      end
      assert.is_nil(socket.connect("127.0.0.2", server.port))
      assert.is_nil(socket.connect("127.0.0.2", server.metrics_port))
    end)

    it("hides its version and forbids scripts, frames and guesses of types", function()
      for _, path in ipairs { "/", "/nowhere" } do
        local body, _, headers = world.get(server, path)
        assert.equal("nginx", headers.server)
        assert.is_nil(body:find "nginx/")
      end
      local _, headers = html(server, "/")
      has(headers["content-security-policy"], "default-src 'none'", "style-src 'self'", "frame-ancestors 'none'")
      assert.is_nil(headers["content-security-policy"]:find "unsafe")
      assert.equal("nosniff", headers["x-content-type-options"])
    end)

    it("lets official images be kept, and nothing else", function()
      for path, expected in pairs {
        ["/"] = "public, max-age=30",
        ["/images"] = "public, max-age=30",
        ["/images/img-9ha1rgelkq"] = "public, max-age=30",
        ["/images/img-0000000000"] = "no-store",
        ["/readyz"] = "no-store",
        ["/style.css"] = "public, max-age=3600",
      } do
        assert.equal(expected, select(3, world.get(server, path))["cache-control"], path)
      end
    end)

    it("answers 429 to an address that floods it, and then goes on", function()
      local flood = ("curl -s -o /dev/null -w '%%{http_code}\\n' 'http://127.0.0.1:%d/style.css?[1-400]'"):format(
        server.port
      )
      local codes = shell.output(flood)
      assert.is_true(count(codes, "429") > 50, count(codes, "429") .. " of 400")
      assert.is_true(count(codes, "200") >= 10)
      assert.equal(200, select(2, world.get(server, "/healthz")))
      assert.truthy(shell.wait(5, function() return select(2, world.get(server, "/")) == 200 end))
    end)

    it("waits 10 s at most for a request that does not come", function()
      slow:settimeout(15)
      assert.equal("closed", select(2, slow:receive(1)))
    end)
  end)
end)

describe("the example for OpenResty, changed as its comments say,", function()
  local function with(changes, test)
    local server = start(changes)
    local ok, message = pcall(test, server)
    server.stop()
    assert(ok, message)
  end

  local MORE = 's/set $image_sources "public thirdparty";//; s/# set $image_sources/set $image_sources/;'

  it("shows private images, which nobody may keep", function()
    with(MORE, function(server)
      local list, headers = json(server, "/images?source=private")
      assert.is_true(list.count > 5)
      assert.equal("no-store", headers["cache-control"])
      assert.equal("no-store", select(2, html(server, "/?source=private"))["cache-control"])
      local image = json(server, "/images/98d44a0f-88c1-451a-8971-f1f769073b6c")
      assert.equal("private", image.image.imageSource)
      local page = html(server, "/?source=private")
      assert.is_nil(page:find("</script>", 1, true))
      assert.is_nil(page:find("<b>", 1, true))
      assert.is_nil(page:find "[%z\1-\8\11\12\14-\31\127]")
      local void = { meta = true, link = true, input = true }
      for _, path in ipairs { "/?source=private", "/image/98d44a0f-88c1-451a-8971-f1f769073b6c" } do
        local open = {}
        for slash, name in html(server, path):gmatch "<(/?)(%l[%l%d]*)" do
          if slash == "/" then
            assert.equal(name, table.remove(open))
          elseif not void[name] then
            open[#open + 1] = name
          end
        end
        assert.same({}, open)
      end
    end)
  end)

  it("asks for access by address, or by a subrequest", function()
    with(MORE .. "s/# allow 10/allow 10/;", function(server)
      assert.equal(403, select(2, world.get(server, "/images?source=private")))
      assert.equal(403, select(2, world.get(server, "/")))
    end)
    local judge = nginx.free_port()
    with(
      MORE .. "s/# auth_request/auth_request/; s/# location = .may/location = \\/may/; s/9000/" .. judge .. "/;",
      function(server)
        local judge_server = nginx.start {
          name = "judge",
          port = judge,
          http = ("server { listen 127.0.0.1:%d; location / { if ($http_x_badge = good) { return 200; } return 401; } }"):format(
            judge
          ),
        }
        local refused = select(2, world.get(server, "/images?source=private"))
        local allowed = select(2, world.get(server, "/images?source=private", { ["x-badge"] = "good" }))
        judge_server:stop()
        assert.same({ 401, 200 }, { refused, allowed })
      end
    )
  end)

  it("says since when the service is down and how old its data are, and is not ready", function()
    with("s/ttl = 60, grace = 60/ttl = 0.5, grace = 1/", function(server)
      json(server, "/images")
      json(server, "/readyz")
      server.stop_service()
      socket.sleep(0.6)
      shell.wait(10, function() return select(2, world.get(server, "/readyz")) == 503 end)
      local state = json(server, "/readyz", 503)
      assert.is_false(state.ready)
      assert.equal("no_connection", state.cause)
      assert.is_true(state.failing >= 2 and state.age >= 1)
      has(html(server, "/"), "has failed since 20", "it cannot be reached", "The data shown is ", " old.")
      has(html(server, "/?lang=zh"), "镜像服务自 20", "不可用：无法连接", "当前显示的是")
      has(html(server, "/?region=cn-east-1", 502), "it cannot be reached", "no earlier data")
      local failure = json(server, "/images?region=cn-east-1", 502)
      assert.same({ "connect", "no_connection" }, { failure.kind, failure.cause })
      local metrics = world.get({ port = server.metrics_port }, "/metrics")
      assert.is_true(tonumber(metrics:match "jdvm_failing_seconds (%d+)") >= 2)
      has(metrics, 'outcome="connect"', 'jdvm_retries_total{reason="', 'state="stale"')
      assert.equal("ok\n", (world.get(server, "/healthz")))
    end)
  end)
end)
