-- jdvm.transport.proxy: proxies as users write them, and who is reached without.
local jdvm = require "jdvm"
local proxy = require "jdvm.transport.proxy"

describe("a proxy", function()
  it("is a host and a port, with or without scheme and user", function()
    for _, url in ipairs {
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
      assert(proxy.parse(url))
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
      assert.matches(words, select(2, proxy.parse(url)), 1, true)
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

describe("no_proxy", function()
  local function exempts(list, host, port) return proxy.exempts(list, host, port or 443) end

  it("names hosts, and everything below them", function()
    for list, expected in pairs {
      [""] = false,
      [" , "] = false,
      ["*"] = true,
      ["jdcloud-api.com"] = true,
      [".jdcloud-api.com"] = true,
      ["*.JDCLOUD-api.com"] = true,
      ["api.com"] = false,
      ["x.vm.jdcloud-api.com"] = false,
      ["a.b,vm.jdcloud-api.com"] = true,
      [" a.b\tVM.jdcloud-api.com "] = true,
      ["vm.jdcloud-api.com:443"] = true,
      ["jdcloud-api.com:80"] = false,
      ["10.0.0.0/0"] = false,
    } do
      assert.equal(expected, exempts(list, "vm.jdcloud-api.com"), list)
    end
    assert.is_false(proxy.exempts(nil, "a", 443))
  end)

  it("names addresses and networks", function()
    for _, case in ipairs {
      { "10.1.2.3", "10.1.2.3", true },
      { "0.1.2.3", "10.1.2.3", false },
      { "10.1.2.3:8443", "10.1.2.3", false },
      { "10.0.0.0/8", "10.1.2.3", true },
      { "10.0.0.0/15", "10.1.2.3", true },
      { "10.0.0.0/16", "10.1.2.3", false },
      { "0.0.0.0/0", "10.1.2.3", true },
      { "10.1.2.3/32", "10.1.2.3", true },
      { "10.1.2.3/33", "10.1.2.3", false },
      { "::1", "[::1]", true },
      { "[::1]", "[::1]", true },
      { "[::1]:443", "[0:0::1]", true },
      { "[::1]:80", "[::1]", false },
      { "2001:db8::/32", "[2001:db8:1::5]", true },
      { "2001:db8::/32", "[2001:db9::5]", false },
      { "fe80::/10", "[febf::1]", true },
      { "::ffff:10.0.0.0/104", "[::ffff:a01:203]", true },
      { "10.0.0.0/8", "[::1]", false },
      { "::/0", "10.1.2.3", false },
    } do
      assert.equal(case[3], exempts(case[1], case[2]), case[1] .. " " .. case[2])
    end
  end)

  it("means the same for every transport", function()
    local given = { proxy = "http://p:1", no_proxy = "10.0.0.0/8", endpoint = "http://10.0.0.1" }
    local config = jdvm.new(given).state().config
    assert.same({ "", "" }, { config.proxy, config.no_proxy })
    given.endpoint = "http://11.0.0.1"
    config = jdvm.new(given).state().config
    assert.same({ "http://p:1", "" }, { config.proxy, config.no_proxy })
    config = jdvm.new({ no_proxy = "a", endpoint = "http://b" }).state().config
    assert.same({ nil, "" }, { config.proxy, config.no_proxy })
    config = jdvm.new().state().config
    assert.same({}, { config.proxy, config.no_proxy })
  end)
end)
