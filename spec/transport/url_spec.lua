-- jdvm.transport.url: endpoints and proxies as users write them.
local address = require "jdvm.transport.url"
local jdvm = require "jdvm"

describe("an endpoint", function()
  it("is a scheme, a host and a port", function()
    assert.same(
      { scheme = "https", host = "vm.jdcloud-api.com", origin = "https://vm.jdcloud-api.com" },
      address.endpoint "HTTPS://VM.jdcloud-api.com:443/"
    )
    assert.equal("http://[::1]:8080", address.endpoint("http://[::1]:8080").origin)
    assert.equal("http://a:443", address.endpoint("http://a:443").origin)
  end)

  it("is nothing else", function()
    for url, words in pairs {
      ["vm.jdcloud-api.com"] = "must begin with https://",
      ["ftp://a"] = "must be https or http",
      ["https://u:hush@a"] = "must not hold a user name or a password",
      ["u:hush@a"] = "must not hold a user name",
      ["https://u:s/hush@a"] = "must not hold a user name",
      ["ftp://u:?hush@a"] = "must not hold a user name",
      ["https://a/v1"] = "must end after host and port",
      ["https://a:0"] = "no usable host and port",
      ["https://a:65536"] = "no usable host and port",
      ["https://"] = "no usable host and port",
      ["https://a b"] = "no usable host and port",
    } do
      local endpoint, message = address.endpoint(url)
      assert.is_nil(endpoint)
      assert.matches(words, message, 1, true)
      assert.is_nil(message:find("hush", 1, true))
    end
  end)
end)

describe("a proxy", function()
  it("is a host and a port, with or without scheme and user", function()
    for _, url in ipairs {
      "",
      "proxy:3128",
      "proxy",
      "http://proxy:3128/",
      "https://p",
      "HTTP://u:p@h:1",
      "u:p@h:1",
      "socks5h://u:a%2Fb%40c@[::1]:1080",
      "socks4://h",
      "http://u@h",
      "http://u:!$&'()*+,;=._~-@h",
    } do
      assert.is_nil(address.proxy_fault(url), url)
    end
  end)

  it("that cannot be used is refused when the client is made, and its address stays out of the message", function()
    for url, words in pairs {
      ["http://user:hu/sh@h:1"] = "%2F",
      ["http://user:hu sh@h:1"] = "%XX",
      ["http://user:hu@sh@h:1"] = "%40",
      ["gopher://user:hush@h:1"] = "must begin with http://",
      ["http://user:hush@h:port"] = "must be host:port",
      ["http://user:hush@"] = "must be host:port",
      ["http://user:hush@h:0"] = "must be host:port",
      ["http://h/hush"] = "must be host:port",
      ["hush hush"] = "must be host:port",
    } do
      assert.matches(words, address.proxy_fault(url), 1, true)
      local ok, message = pcall(jdvm.new, { proxy = url })
      assert.is_false(ok)
      assert.matches("jdvm.new: option 'proxy' ", message, 1, true)
      for _, secret in ipairs { "hu", "sh@", "user:" } do
        assert.is_nil(message:gsub("http://user:password@host:port", ""):find(secret, 1, true), message)
      end
    end
    assert.truthy(jdvm.new { proxy = "" })
  end)
end)
