--- Proxies as users write them, and what comes of each with libcurl and in nginx. {closed}, {proxy}, {silent} and {tls}
--- stand for ports: nobody listens; an HTTP proxy that opens no tunnel to this endpoint; silence; a proxy that speaks
--- TLS with the certificate of a private CA. The password, where there is one, is "ss5" or ends so.
local M = {}

M.secret = "ss5"

--- Each: address, cause with libcurl, cause in nginx unless it is the same, and part of the message.
M.addresses = {
  { "127.0.0.1:{closed}", "no_connection", says = "the proxy 127.0.0.1 port {closed}: " },
  { "http://127.0.0.1:{closed}", "no_connection", says = "the proxy 127.0.0.1 port {closed}: " },
  { "HTTP://127.0.0.1:{closed}/", "no_connection" },
  { "localhost:{closed}", "no_connection", says = "the proxy localhost port {closed}: " },
  { "user:ss5@127.0.0.1:{closed}", "no_connection", says = "the proxy 127.0.0.1 port {closed}: " },
  { "http://user:ss5@127.0.0.1:{closed}", "no_connection" },
  { "http://user:%2f%40%23%3F%20%25ss5@127.0.0.1:{closed}", "no_connection" },
  { "http://ss5@127.0.0.1:{closed}", "no_connection" },
  { "http://[::1]:{closed}", "no_connection", says = "the proxy ::1 port {closed}: " },
  { "http://no-such-proxy.invalid:9", "no_proxy_host", says = "the proxy no-such-proxy.invalid port 9" },
  { "http://user:ss5@no-such-proxy.invalid", "no_proxy_host", says = "the proxy no-such-proxy.invalid port 1080" },
  { "http://user:ss5@127.0.0.1:{proxy}", "proxy_refused", says = "the proxy 127.0.0.1 port {proxy} refused" },
  { "http://user:ss5@127.0.0.1:{silent}", "proxy_timeout", says = "the proxy 127.0.0.1 port {silent} did not" },
  { "https://user:ss5@127.0.0.1:{closed}", "no_connection", "unsupported_proxy" },
  { "https://user:ss5@no-such-proxy.invalid:9", "no_proxy_host", "unsupported_proxy" },
  { "https://user:ss5@127.0.0.1:{proxy}", "proxy_not_tls", "unsupported_proxy", hint = "write http:// in its address" },
  { "https://user:ss5@127.0.0.1:{tls}", "proxy_untrusted_certificate", "unsupported_proxy", hint = "proxy_ca_file" },
  { "https://127.0.0.1:{silent}", "proxy_timeout", "unsupported_proxy" },
  { "socks4://127.0.0.1:{closed}", "no_connection", "unsupported_proxy" },
  { "socks5h://user:ss5@127.0.0.1:{closed}", "no_connection", "unsupported_proxy" },
  { "socks5h://user:ss5@127.0.0.1:{proxy}", "proxy_refused", "unsupported_proxy" },
  { "socks5://no-such-proxy.invalid:9", "no_proxy_host", "unsupported_proxy" },
  { "socks4://127.0.0.1:{silent}", "no_host", "unsupported_proxy" },
  { "socks5h://127.0.0.1:{silent}", "connect_timeout", "unsupported_proxy" },
  { "gopher://user:ss5@127.0.0.1:9", "bad_proxy", says = "must begin with http://" },
  { "http://user:pa/ss5@127.0.0.1:9", "bad_proxy", says = "%2F" },
  { "http://user:pa@ss5@127.0.0.1:9", "bad_proxy", says = "%40" },
  { "http://user:pa#ss5@127.0.0.1:9", "bad_proxy" },
  { "http://user:pa?ss5@127.0.0.1:9", "bad_proxy" },
  { "http://user:pa ss5@127.0.0.1:9", "bad_proxy" },
  { "http://user:pa%zzss5@127.0.0.1:9", "bad_proxy", says = "%25" },
  { "http://user:ss5@127.0.0.1:port", "bad_proxy", hint = "scheme://user:password@host:port" },
  { "http://user:ss5@127.0.0.1:0", "bad_proxy", says = "must be host:port" },
  { "http://user:ss5@127.0.0.1:65536", "bad_proxy" },
  { "http://user:ss5@::1:9", "bad_proxy" },
  { "http://user:ss5@", "bad_proxy" },
  { "http://", "bad_proxy" },
  { "http://127.0.0.1:9/ss5", "bad_proxy" },
  { "http://127.0.0.1:9?ss5", "bad_proxy" },
  { "user:ss5://a", "bad_proxy" },
  { "http://127.0.0.1:9\r", "bad_proxy", says = "control character" },
}

--- Runs the table.
---@param ports table closed, proxy, silent, tls
---@param column integer 2 for libcurl, 3 for nginx
---@param fetch fun(proxy: string): table the failure of a request through that proxy
---@param check fun(expected: any, actual: any, what: string)
function M.each_address(ports, column, fetch, check)
  local errors = require "jdvm.failures.failure"
  for _, case in ipairs(M.addresses) do
    local address = case[1]:gsub("{(%l+)}", ports)
    local _, detail = errors.new(fetch(address))
    check(case[column] or case[2], detail.cause, address)
    local words = detail.message .. " " .. (detail.hint or "")
    check(nil, words:find(M.secret, 1, true), words)
    check(nil, words:find("[redacted]", 1, true), words)
    local said = (case.says or ""):gsub("{(%l+)}", ports)
    if column == 2 or not case[column] then
      check(true, words:find(said, 1, true) ~= nil, words .. " lacks " .. said)
    end
    if column == 2 then check(true, words:find(case.hint or "", 1, true) ~= nil, words) end
  end
end

--- Each: no_proxy, the endpoint's host, whether it is reached without a proxy, and the endpoint's port unless it is one
--- that nobody listens at. Everything is on this machine, or nowhere.
M.exemptions = {
  { " , ", "vm.a.invalid", false },
  { "*", "vm.a.invalid", true },
  { "b.invalid, *", "vm.a.invalid", true },
  { "vm.a.invalid", "vm.a.invalid", true },
  { "VM.A.Invalid", "vm.a.invalid", true },
  { "a.invalid", "vm.a.invalid", true },
  { ".a.invalid", "vm.a.invalid", true },
  { "*.a.invalid", "vm.a.invalid", true },
  { "*.a.invalid", "a.invalid", true },
  { ".a.invalid", "a.invalid", true },
  { "a.invalid", "vm.ba.invalid", false },
  { "x.vm.a.invalid", "vm.a.invalid", false },
  { "b.invalid,a.invalid", "vm.a.invalid", true },
  { " b.invalid  a.invalid ", "vm.a.invalid", true },
  { "a.invalid.", "vm.a.invalid", true },
  { "vm.a.invalid:{port}", "vm.a.invalid", true },
  { ".a.invalid:{port}", "vm.a.invalid", true },
  { "vm.a.invalid:1", "vm.a.invalid", false },
  { "127.0.0.9", "127.0.0.9", true },
  { "127.0.0.9:{port}", "127.0.0.9", true },
  { "127.0.0.9:1", "127.0.0.9", false },
  { "127.0.0.1", "127.0.0.9", false },
  { "127.0.0.0/8", "127.9.0.9", true },
  { "127.0.0.0/16", "127.0.255.9", true },
  { "127.0.0.0/16", "127.1.0.9", false },
  { "127.0.0.9/32", "127.0.0.9", true },
  { "0.0.0.0/0", "127.0.0.9", true },
  { "127.0.0.9/33", "127.0.0.9", false },
  { "127.0.0.0/8:{port}", "127.0.0.9", true },
  { "127.0.0.0/8:1", "127.0.0.9", false },
  { "*:{port}", "vm.a.invalid", true },
  { "*:1", "vm.a.invalid", false },
  { "127.0.0.0/8", "vm.a.invalid", false },
  { "::1", "[::1]", true },
  { "[::1]", "[::1]", true },
  { "[::1]:{port}", "[::1]", true },
  { "[::1]:1", "[::1]", false },
  { "0:0:0:0:0:0:0:1", "[::1]", true },
  { "::/0", "[::1]", true },
  { "[::]/0:{port}", "[::1]", true },
  { "[::]/0:1", "[::1]", false },
  { "[::/0]", "[::1]", true },
  { "[::/0]:1", "[::1]", false },
  { "::2/128", "[::1]", false },
  { "0.0.0.0/0", "[::1]", false },
}

--- Runs the table.
---@param closed integer a port that nobody listens at
---@param fetch fun(options: table): table the failure of a client with these options
---@param check fun(expected: any, actual: any, what: string)
function M.each_exemption(closed, fetch, check)
  for _, case in ipairs(M.exemptions) do
    local failure = fetch {
      endpoint = "http://" .. case[2] .. ":" .. closed,
      proxy = "http://127.0.0.1:" .. closed,
      no_proxy = case[1]:gsub("{port}", closed),
      region = "cn-north-1",
      access_key = "a",
      secret_key = "s",
      max_attempts = 1,
    }
    check(not case[3], failure.facts.via ~= nil, case[1] .. " for " .. case[2] .. ": " .. failure.message)
  end
end

return M
