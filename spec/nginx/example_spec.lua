--- examples/openresty, started as a user starts it.
local cjson = require "cjson"
local nginx = require "spec.nginx.support.nginx"
local shell = require "spec.support.shell"
local world = require "spec.nginx.support.world"

describe("the example for OpenResty", function()
  local server, pid, log

  setup(function()
    server, log = { port = nginx.free_port() }, shell.output "mktemp"
    pid = shell.background("examples/openresty/run.sh " .. server.port, log)
    if not shell.wait(30, function() return shell.read(log):find("http://", 1, true) end) then
      error("run.sh did not start:\n" .. shell.read(log))
    end
  end)

  teardown(function()
    shell.run("kill -TERM " .. pid)
    shell.wait(10, function() return not shell.alive(pid) end)
    os.remove(log)
  end)

  local function json(path, expected)
    local body, status, headers = world.get(server, path)
    assert.equal(expected or 200, status, body)
    assert.equal("application/json", headers["content-type"])
    return cjson.decode(body), body
  end

  local function html(path, expected)
    local body, status, headers = world.get(server, path)
    assert.equal(expected or 200, status)
    assert.equal("text/html; charset=utf-8", headers["content-type"])
    assert.truthy(headers["content-security-policy"]:find("default-src 'none'", 1, true))
    return body
  end

  local function count(text, part)
    local _, times = text:gsub((part:gsub("%p", "%%%0")), "")
    return times
  end

  it("lists images as JSON, filtered", function()
    local all = json "/images?region=cn-north-1&source=public"
    assert.is_true(all.count > 20)
    assert.equal(all.total, all.count)
    assert.equal(all.count, #all.images)
    local some = json "/images?region=cn-north-1&source=public&platform=Ubuntu"
    assert.is_true(some.count > 0 and some.count < all.count)
    for _, image in ipairs(some.images) do
      assert.equal("Ubuntu", image.platform)
    end
    local none, text = json "/images?region=cn-north-1&source=public&text=nothing+has+this"
    assert.equal(0, none.count)
    assert.truthy(text:find('"images":[]', 1, true))
  end)

  it("shows one image as JSON, and says that another does not exist", function()
    local first = json("/images?source=public").images[1]
    local image = json("/images/" .. first.imageId).image
    assert.equal(first.name, image.name)
    assert.equal("table", type(image.systemDisk))
    assert.truthy(json("/images/img-0000000000", 404).error:find("not found", 1, true))
    assert.equal(404, select(2, world.get(server, "/images/a%2Fb")))
  end)

  it("knows whether it is healthy", function() assert.is_true(json("/health").healthy) end)

  it("shows a page that browses and searches", function()
    local page = html "/"
    assert.truthy(page:find('name="viewport"', 1, true))
    assert.equal(24, count(page, '<li class="image">'))
    assert.truthy(page:find('<select name="region">.-cn%-south%-1.-</select>'))
    local next_page = page:match('<a href="([^"]*)">Next</a>'):gsub("&amp;", "&")
    local second = html(next_page)
    assert.truthy(second:find("2 of 2", 1, true))
    assert.is_nil(second:find(page:match("<code>(.-)</code>"), 1, true))
    local found = html "/?source=public&text=UBUNTU+22"
    assert.is_true(count(found, '<li class="image">') > 0)
    assert.truthy(found:find('value="UBUNTU 22"', 1, true))
    assert.truthy(html "/?text=nothing+has+this":find("No image matches", 1, true))
    assert.equal(1, count(html "/?page=99&source=public", ">Previous<"))
    html "/?page=-1&region=nowhere&source=nothing&platform=%00&text=%ff"
  end)

  it("escapes what comes from the query and from images", function()
    local page = html "/?source=private&text=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"
    assert.is_nil(page:find("<script", 1, true))
    assert.truthy(page:find("&quot;&gt;&lt;script&gt;", 1, true))
    page = html "/?source=private"
    assert.is_nil(page:find("</script>", 1, true))
    assert.is_nil(page:find("<b>", 1, true))
    assert.is_nil(page:find("[%z\1-\8\11\12\14-\31\127]"))
  end)

  it("closes every element that it opens", function()
    local void = { meta = true, link = true, input = true }
    for _, path in ipairs { "/", "/?source=private", "/?text=nothing+has+this" } do
      local open = {}
      for slash, name in html(path):gmatch("<(/?)(%l[%l%d]*)") do
        if slash == "/" then
          assert.equal(name, table.remove(open))
        elseif not void[name] then
          open[#open + 1] = name
        end
      end
      assert.same({}, open)
    end
  end)

  it("serves its style sheet", function()
    local _, status, headers = world.get(server, "/style.css")
    assert.equal(200, status)
    assert.equal("text/css", headers["content-type"])
  end)
end)
