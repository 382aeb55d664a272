--- The configurations of the READMEs run as they stand there, but for the port.
local emulator = require "spec.support.emulator"
local nginx = require "spec.nginx.support.nginx"
local shell = require "spec.support.shell"

local function configurations(page)
  local found = {}
  for code in shell.read(page):gmatch("\n```nginx\n(.-)\n```") do
    found[#found + 1] = code
  end
  return found
end

describe("the configuration in", function()
  for _, page in ipairs { "README.md", "README.zh.md" } do
    it(page .. " serves images from the cache", function()
      local found = configurations(page)
      assert.equal(1, #found)
      local service, port = emulator.start(), nginx.free_port()
      local owner = service.accounts.owner
      local code, changed = found[1]:gsub("listen 127.0.0.1:8080;", "listen 127.0.0.1:" .. port .. ";")
      assert.equal(1, changed)
      local before = {}
      for name, value in pairs {
        ENDPOINT = service.endpoint,
        ACCESS_KEY = owner.access_key,
        SECRET_KEY = owner.secret_key,
      } do
        before[#before + 1] = ("env JDCLOUD_%s=%s;"):format(name, value)
      end
      local server = nginx.start { name = page, http = code, port = port, main = table.concat(before, "\n") }
      local function get(id)
        return shell.output(("curl -s -w ' %%{http_code}' http://127.0.0.1:%d/images/%s"):format(port, id))
      end
      local first, second, missing = get "img-9ha1rgelkq", get "img-9ha1rgelkq", get "img-nosuchone1"
      local complaints = server:complaints()
      server:stop()
      service.stop()
      assert.equal("CentOS 8.2 64位 (miss)\n 200", first)
      assert.equal("CentOS 8.2 64位 (hit)\n 200", second)
      assert.truthy(missing:find("404 NOT_FOUND", 1, true) and missing:find(" 404$"), missing)
      assert.equal("", complaints)
    end)
  end
end)
