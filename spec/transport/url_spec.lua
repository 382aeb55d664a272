-- jdvm.transport.url: endpoints as users write them, and what is asked there.
local url = require "jdvm.transport.url"

describe("an endpoint", function()
  it("is a scheme, a host and a port", function()
    assert.same({
      scheme = "https",
      host = "vm.jdcloud-api.com",
      origin = "https://vm.jdcloud-api.com",
      name = "vm.jdcloud-api.com",
      port = 443,
    }, url.endpoint "HTTPS://VM.jdcloud-api.com:443/")
    assert.equal("http://[::1]:8080", url.endpoint("http://[::1]:8080").origin)
    assert.equal("http://a:443", url.endpoint("http://a:443").origin)
    assert.equal("http://a:65535", url.endpoint("http://a:65535").origin)
  end)

  it("is nothing else", function()
    for given, words in pairs {
      ["vm.jdcloud-api.com"] = "must begin with https://",
      ["ftp://a"] = "must be https or http",
      ["https://u:hush@a"] = "must not hold a user name or a password",
      ["u:hush@a"] = "must not hold a user name",
      ["https://u:s/hush@a"] = "must not hold a user name",
      ["ftp://u:?hush@a"] = "must not hold a user name",
      ["https://a/v1"] = "must end after host and port",
      ["https://a:0"] = "no usable host and port",
      ["https://a:port"] = "no usable host and port",
      ["//a"] = "must begin with https://",
      ["https:/a"] = "must",
      ["https://a?b=c"] = "must end after host and port",
      ["https://a:65536"] = "no usable host and port",
      ["https://"] = "no usable host and port",
      ["https://a b"] = "no usable host and port",
    } do
      local endpoint, message = url.endpoint(given)
      assert.is_nil(endpoint)
      assert.matches(words, message, 1, true)
      assert.is_nil(message:find("hush", 1, true))
    end
  end)
end)

describe("a URL", function()
  it("is split from what is asked there", function()
    for given, expected in pairs {
      ["https://a/b?c=d"] = { "https://a", "/b?c=d" },
      ["https://a:1"] = { "https://a:1", "/" },
      ["https://a?b"] = { "https://a", "/?b" },
      ["https://a/b#c"] = { "https://a", "/b" },
      ["https://[::1]:2/x"] = { "https://[::1]:2", "/x" },
      ["nonsense"] = { "nonsense", "/" },
    } do
      assert.same(expected, { url.split(given) })
    end
  end)
end)
