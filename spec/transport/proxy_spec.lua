-- jdvm.transport.proxy: proxies as users write them, and who is reached without.
local curl_transport = require "jdvm.transport.curl"
local hostile = require "spec.support.hostile"
local jdvm = require "jdvm"
local own_process = require "spec.support.own_process"
local proxies = require "spec.support.proxies"
local proxy = require "jdvm.transport.proxy"
local said = require "spec.support.said"

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

describe("a request through a proxy, over libcurl,", function()
  local server, closed

  setup(function()
    server = hostile.start()
    closed = 9 -- nobody listens there
  end)

  teardown(function() server:stop() end)

  -- What comes of a request with these options of a client.
  local function fetch(config, url, limits)
    local transport = curl_transport.new(config)
    local request = { url = url, connect_timeout = 10 }
    for name, value in pairs(limits or {}) do
      request[name] = value
    end
    local response, failure = transport:finish(transport:start(request, transport.now() + 10))
    transport:close()
    return response, failure
  end

  it("fails for what is wrong with the address, and shows no password", function()
    local ports = {
      closed = tostring(closed),
      proxy = tostring(server.ports.http),
      silent = tostring(server.ports.silent),
      tls = tostring(server.ports.https),
    }
    proxies.each_address(ports, 2, function(address)
      local limits = { connect_timeout = address:find(ports.silent, 1, true) and 0.2 }
      local _, failure = fetch({ proxy = address }, "https://vm.invalid/", limits)
      local phase = failure.kind == "tls" and "tls" or failure.cause:find "host" and "dns" or "connect"
      assert.same({ phase, false }, { failure.phase, failure.sent }, address)
      return failure
    end, assert.equal)
  end)

  it("names the variable of the environment whose address is wrong", function()
    local config = { environment_proxy = { address = "http://proxy:3128\r", variable = "https_proxy" } }
    local _, failure = fetch(config, "https://vm.invalid/")
    assert.same({ "bad_proxy", true }, { failure.cause, failure.lasting })
    assert.equal(
      "the proxy in the environment variable https_proxy holds a control character, such as the CR of a Windows file",
      said(failure)
    )
  end)

  it("goes over TLS to a proxy whose certificate is trusted, also by ca_file, and says whose is not", function()
    local url, address = "http://vm.invalid/?echo", server:base "https"
    for expected, config in pairs {
      [200] = { ca_file = server.ca_file },
      [201] = { proxy_ca_file = server.ca_file, ca_path = "/nonexistent" },
      [202] = { verify = false },
    } do
      config.proxy = address
      local response, failure = fetch(config, url)
      assert.truthy(response, expected .. ": " .. tostring(failure and said(failure)))
      assert.truthy(response.body:find("GET http://vm.invalid/?echo HTTP/1.1", 1, true))
    end
    for cause, config in pairs {
      proxy_untrusted_certificate = {
        proxy = address,
        ca_file = server.ca_file,
        proxy_ca_file = "/etc/ssl/certs/ca-certificates.crt",
      },
      proxy_bad_certificate = { proxy = server:base "expired", ca_file = server.ca_file },
      bad_ca_file = { proxy = address, proxy_ca_file = "/nonexistent/ca.pem" },
      proxy_refused = { proxy = address, proxy_ca_file = server.ca_file },
    } do
      local _, failure = fetch(config, "https://vm.invalid/")
      assert.equal(cause, failure.cause, said(failure))
    end
    local _, failure = fetch({ proxy = server:base "other", ca_file = server.ca_file }, "https://vm.invalid/")
    assert.same({ "tls", "tls", "proxy_bad_certificate" }, { failure.kind, failure.phase, failure.cause })
  end)

  it("takes the hosts that no_proxy names directly", function()
    proxies.each_exemption(closed, function(options)
      options.transport = "curl"
      local _, _, failure = jdvm.new(options):describe_image "img-a"
      return failure
    end, assert.equal)
  end)
end)

describe("the proxy of an endpoint", function()
  local function found(scheme, options, variables)
    local endpoint = { scheme = scheme, name = "vm.test", port = 443 }
    return { proxy.find(options, endpoint, function(name) return variables[name] end) }
  end

  it("is that of the option, else of the first variable that is set", function()
    for _, case in ipairs {
      { "https", {}, {}, {} },
      { "https", { proxy = "" }, { https_proxy = "a" }, {} },
      { "https", { proxy = "o" }, { https_proxy = "a", no_proxy = "*" }, { "o" } },
      { "https", {}, { https_proxy = "a", HTTPS_PROXY = "b", all_proxy = "c" }, { "a", "https_proxy" } },
      { "https", {}, { https_proxy = "", HTTPS_PROXY = "b", all_proxy = "c" }, { "b", "HTTPS_PROXY" } },
      { "https", {}, { http_proxy = "a", all_proxy = "c", ALL_PROXY = "d" }, { "c", "all_proxy" } },
      { "http", {}, { https_proxy = "a", HTTP_PROXY = "b", ALL_PROXY = "d" }, { "d", "ALL_PROXY" } },
      { "http", {}, { http_proxy = "a" }, { "a", "http_proxy" } },
      { "http", {}, { http_proxy = "a", no_proxy = "test" }, { "", "http_proxy" } },
      { "http", {}, { http_proxy = "a", no_proxy = "", NO_PROXY = "vm.test" }, { "", "http_proxy" } },
      { "http", { no_proxy = "x" }, { http_proxy = "a", no_proxy = "test" }, { "a", "http_proxy" } },
      { "http", { no_proxy = "vm.test:443", proxy = "o" }, {}, {} },
    } do
      case[4][1] = case[4][1] or ""
      assert.same(case[4], found(case[1], case[2], case[3]))
    end
  end)

  it("in the environment is for libcurl, since nginx hides that", function()
    local program = [[
      local config = require("jdvm").new({ endpoint = "http://a.test" }).state().config
      print(config.proxy, config.environment_proxy and config.environment_proxy.variable)
    ]]
    assert.equal("nil\thttp_proxy", own_process.run(program, "http_proxy=http://p:1"))
    assert.equal("\tnil", own_process.run(program, "env -u http_proxy -u all_proxy -u ALL_PROXY"))
  end)
end)
