--- The example of examples/openresty, started as a user starts it.
local core = require "jdvm.core"
local nginx = require "spec.nginx.support.nginx"
local shell = require "spec.nginx.support.shell"

describe("the example for OpenResty", function()
  local port, process, folder

  local function get(target)
    local out = shell.output(("curl -s -w '\n%%{http_code} %%{content_type}' 'http://127.0.0.1:%d%s'"):format(port,
      target))
    local body, status, content_type = out:match("^(.*)\n(%d+) (.-)%s*$")
    return tonumber(status), body, content_type
  end

  local function get_json(target)
    local status, body, content_type = get(target)
    assert.equal("application/json", content_type)
    return assert(core.decode(body)), status
  end

  setup(function()
    port, folder = nginx.free_port(), shell.temporary_folder()
    process = shell.background("examples/openresty/run.sh " .. port, folder .. "/output")
    assert.is_true(shell.wait(20, function() return shell.listens(port) end), shell.read(folder .. "/output"))
  end)

  teardown(function()
    shell.run("kill -TERM " .. process)
    assert(shell.wait(10, function() return not shell.alive(process) end), "run.sh did not end")
    shell.run("rm -rf " .. folder)
  end)

  it("lists images as JSON, filtered from the cached list", function()
    local first = get_json "/images?source=public"
    assert.equal(30, first.count)
    local ubuntu = get_json "/images?source=public&platform=Ubuntu&text=22.04"
    assert.equal("hit", ubuntu.cache)
    assert.equal(30, ubuntu.total)
    assert.equal(3, ubuntu.count)
    for _, image in ipairs(ubuntu.images) do
      assert.truthy(image.name:find("22.04", 1, true))
    end
    local _, body = get "/images?text=no-such-thing"
    assert.truthy(body:find('"images":[]', 1, true))
  end)

  it("shows one image as JSON, and says when there is none", function()
    local answer, status = get_json "/images/img-9ha1rgelkq"
    assert.equal(200, status)
    assert.equal(40, answer.image.systemDisk.cloudDisk.diskSizeGB)
    answer, status = get_json "/images/img-nosuchone1"
    assert.equal(404, status)
    assert.truthy(answer.error:find("not found", 1, true))
  end)

  it("is healthy while images can be had", function()
    local answer, status = get_json "/health"
    assert.equal(200, status)
    assert.is_true(answer.healthy)
  end)

  it("shows the catalogue as a page, whatever images and the query hold", function()
    local status, html, content_type = get "/?source=private&text=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    assert.equal(200, status)
    assert.equal("text/html; charset=utf-8", content_type)
    assert.is_nil(html:find("<script", 1, true))
    assert.truthy(html:find('value="&quot;&gt;&lt;script&gt;alert(1)', 1, true))
    status, html = get "/?source=private"
    assert.equal(200, status)
    local items = select(2, html:gsub("<li>", ""))
    assert.truthy(html:find(("%d of %d images"):format(items, items), 1, true))
    assert.is_true(items > 10)
    assert.truthy(html:find("&lt;/script&gt;&lt;b&gt;", 1, true), "a description of the emulator's tries to break out")
    assert.truthy(html:find('name="viewport"', 1, true))
  end)
end)
