-- Texts of failures between here and the service: names, connections, proxies, HTTP, time. See failures/texts.lua.

return {
  -- Names and connections.
  no_host = {
    en = "could not resolve the host name {host}[ ({reason})]",
    zh = "无法解析主机名 {host}[（{reason}）]",
    hint = "check the host name in the endpoint and this machine's name servers",
    hint_zh = "请检查 endpoint 中的域名与本机的域名服务器",
    nginx = 'check the name; nginx asks the server in its "resolver" directive and does not read /etc/hosts',
    nginx_zh = "请检查域名；nginx 只查询 resolver 指令指定的服务器，不读取 /etc/hosts",
    server_failure = 'check the name server in the "resolver" directive of nginx.conf; if it fails for IPv6 addresses alone, write "resolver ADDRESS ipv6=off;"',
    server_failure_zh = "请检查 nginx.conf 中 resolver 指令的域名服务器；若仅 IPv6 查询失败，请写“resolver 地址 ipv6=off;”",
  },
  no_resolver = {
    en = "could not look up [{host}][the proxy {via}]: no resolver defined",
    zh = "无法解析 [{host}][代理 {via}]：未配置 resolver",
    hint = 'nginx reads neither /etc/resolv.conf nor /etc/hosts: write "resolver ADDRESS;" in the http block of nginx.conf, with the address of your name server (OpenResty also knows "resolver local=on;")',
    hint_zh = "nginx 不读取 /etc/resolv.conf 与 /etc/hosts：请在 nginx.conf 的 http 块中写入“resolver 地址;”（OpenResty 还支持“resolver local=on;”）",
  },
  resolver_timeout = {
    en = "the name server did not reply for [{host}][the proxy {via}]",
    zh = "域名服务器未答复 [{host}][代理 {via}] 的查询",
    hint = 'check the address in the "resolver" directive of nginx.conf; if only queries for IPv6 addresses get no reply, write "resolver ADDRESS ipv6=off;"',
    hint_zh = "请检查 nginx.conf 中 resolver 指令的地址；若仅 IPv6 查询得不到答复，请写“resolver 地址 ipv6=off;”",
  },
  no_connection = {
    en = "could not connect to [the proxy {via}][{host} port {port}]: {reason}",
    zh = "无法连接[代理 {via}][ {host} 端口 {port}]：{reason}",
    hint = "check the endpoint, the proxy and the firewall",
    hint_zh = "请检查 endpoint、代理与防火墙",
    no_ipv6 = 'nginx also tries the IPv6 addresses of a name: on a machine without IPv6 write "resolver ADDRESS ipv6=off;" in nginx.conf; else check the network',
    no_ipv6_zh = "nginx 也会尝试域名的 IPv6 地址：没有 IPv6 的机器请在 nginx.conf 中写“resolver 地址 ipv6=off;”；否则请检查网络",
  },
  connection_failed = {
    en = "could not connect",
    zh = "无法建立连接",
    hint = "check the endpoint, the proxy and the firewall",
    hint_zh = "请检查 endpoint、代理与防火墙",
    dns = "check the host name in the endpoint and this machine's name servers",
    dns_zh = "请检查 endpoint 中的域名与本机的域名服务器",
    tls = "the other side ended it: try again later, and check the endpoint",
    tls_zh = "对端中断了连接：请稍后重试，并检查 endpoint",
  },
  -- Proxies.
  bad_proxy = {
    en = "the proxy[ in the environment variable {variable}] {reason}",
    zh = "[环境变量 {variable} 中的]代理地址无法使用：{reason}",
    hint = "write it as scheme://user:password@host:port, with special characters percent-encoded ('/' as %2F, '@' as %40)",
    hint_zh = "应写作 scheme://user:password@host:port，特殊字符须百分号编码（'/' 写作 %2F，'@' 写作 %40）",
  },
  unsupported_proxy = {
    en = "a proxy inside nginx must be http://host:port; {scheme}:// is not supported there",
    zh = "nginx 中的代理必须是 http://host:port，不支持 {scheme}://",
  },
  no_proxy_host = {
    en = "could not resolve the name of the proxy {via}[ ({reason})]",
    zh = "无法解析代理 {via} 的主机名[（{reason}）]",
    hint = "check the address of the proxy, and this machine's name servers",
    hint_zh = "请检查代理地址与本机的域名服务器",
    nginx = 'check the address of the proxy; nginx asks the server in its "resolver" directive and does not read /etc/hosts',
    nginx_zh = "请检查代理地址；nginx 只查询 resolver 指令指定的服务器，不读取 /etc/hosts",
    server_failure = 'check the name server in the "resolver" directive of nginx.conf; if it fails for IPv6 addresses alone, write "resolver ADDRESS ipv6=off;"',
    server_failure_zh = "请检查 nginx.conf 中 resolver 指令的域名服务器；若仅 IPv6 查询失败，请写“resolver 地址 ipv6=off;”",
  },
  proxy_refused = {
    en = "the proxy[ {proxy}] refused the tunnel to {host} port {port}: [status {status}][{reason}]",
    zh = "代理[ {proxy}] 拒绝建立到 {host} 端口 {port} 的隧道：[状态码 {status}][{reason}]",
    hint = "check the address of the proxy, or ask its administrator whether it allows and can reach this endpoint",
    hint_zh = "请检查代理地址，或联系代理管理员确认已放行且能够访问该 endpoint",
  },
  proxy_login = {
    en = "the proxy[ {proxy}] refused the tunnel to {host} port {port}: status 407",
    zh = "代理[ {proxy}] 拒绝建立到 {host} 端口 {port} 的隧道：状态码 407",
    hint = "the proxy requires a user name and a password: give them in the proxy option",
    hint_zh = "代理要求用户名和密码：请写入 proxy 选项",
    command = "the proxy requires a user name and a password: give them in its address (environment variable https_proxy)",
    command_zh = "代理要求用户名和密码：请写入代理地址（环境变量 https_proxy）",
  },
  -- HTTP.
  closed = {
    en = "{peer} closed the connection without a response",
    zh = "{peer} 未返回响应即关闭了连接",
  },
  unfit_connection = {
    en = "{peer} closed the connection, or sent data on it, before a request was sent",
    zh = "{peer} 在请求发出之前关闭了连接或发送了数据",
  },
  cut_off = {
    en = "[{peer} closed the connection before the response was complete][the connection was closed {where}][the connection broke ({reason}) {within}]",
    zh = "[{peer} 在响应收完之前关闭了连接][连接被关闭：{where}][连接中断（{reason}）：{within}]",
  },
  send_failed = {
    en = "the connection broke while the request was sent: {reason}",
    zh = "发送请求时连接中断：{reason}",
  },
  malformed_response = {
    en = "the service sent {reason}",
    zh = "服务端返回了不合规的内容：{reason}",
  },
  not_http = {
    en = "the response of {peer} is not HTTP: {reason}",
    zh = "{peer} 的响应不是 HTTP：{reason}",
    hint = "the port uses another protocol: check the endpoint (https:// for a port with TLS)",
    hint_zh = "该端口使用其他协议：请检查 endpoint（使用 TLS 的端口为 https://）",
  },
  transport_failed = {
    en = "the exchange[ with {peer}] failed[: {reason}]",
    zh = "[与 {peer} 的]通信失败[：{reason}]",
  },
  bad_compression = {
    en = "the response of {peer} cannot be decompressed: {reason}",
    zh = "{peer} 的响应无法解压：{reason}",
  },
  header_too_large = {
    en = "the header of the response of {peer} is larger than {limit} bytes",
    zh = "{peer} 的响应头超过 {limit} 字节",
  },
  too_many_headers = {
    en = "the response of {peer} has more than {limit} header lines",
    zh = "{peer} 的响应头超过 {limit} 行",
  },
  too_large = {
    en = "the response of {peer} is larger than {limit} bytes (max_body)",
    zh = "{peer} 的响应超过 {limit} 字节（max_body）",
  },
  bad_url = { en = "the URL cannot be used[: {reason}]", zh = "URL 无法使用[：{reason}]" },
  no_memory = { en = "not enough memory[ {doing} {peer}]", zh = "[{doing} {peer} 时]内存不足" },
  bad_address = { en = "{reason}", zh = "{reason}" },
  bad_request = { en = "the request cannot be sent: {reason}", zh = "请求无法发出：{reason}" },
  -- Time.
  timeout = {
    en = "the time ran out[ {doing} the proxy {via}][ {doing} {peer}] (timeout)",
    zh = "[{doing}代理 {via} 时][{doing} {peer} 时]调用超时（timeout）",
    connect = "check the endpoint, the proxy and the firewall",
    connect_zh = "请检查 endpoint、代理与防火墙",
    dns = "the name servers of this machine do not reply: check the network and /etc/resolv.conf",
    dns_zh = "本机的域名服务器没有答复：请检查网络与 /etc/resolv.conf",
  },
  too_late = {
    en = "no time was left to send the request to {peer} (timeout)",
    zh = "没有剩余时间向 {peer} 发送请求（timeout）",
  },
  no_time_left = { en = "no time is left for another attempt", zh = "剩余时间不足以再次尝试" },
  connect_timeout = {
    en = "not connected to [the proxy {via}][{host} port {port}][ through the proxy at {proxy}][ after {seconds} s] (connect_timeout)",
    zh = "[{seconds} 秒后]仍未连接到[代理 {via}][ {host} 端口 {port}][（经代理 {proxy}）]（connect_timeout）",
    hint = "check the endpoint, the proxy and the firewall",
    hint_zh = "请检查 endpoint、代理与防火墙",
  },
  proxy_timeout = {
    en = "the proxy[ {proxy}] did not open the tunnel to {host} port {port} within connect_timeout",
    zh = "代理[ {proxy}] 未能在 connect_timeout 内建立到 {host} 端口 {port} 的隧道",
    hint = "check the proxy (option proxy; https_proxy and related environment variables)",
    hint_zh = "请检查代理（proxy 选项或 https_proxy 等环境变量）",
    command = "check the proxy (https_proxy and related environment variables)",
    command_zh = "请检查代理（https_proxy 等环境变量）",
  },
  lookup_timeout = {
    en = "resolving [{host} and connecting to its port {port}][the name of the proxy {via} and connecting to it] took longer than {seconds} s",
    zh = "解析[ {host} 并连接其端口 {port} ][代理 {via} 的主机名并连接]超过 {seconds} 秒",
    hint = 'check the address in the "resolver" directive of nginx.conf, and the firewall; if only queries for IPv6 addresses get no reply, write "resolver ADDRESS ipv6=off;"',
    hint_zh = "请检查 nginx.conf 中 resolver 指令的地址与防火墙；若仅 IPv6 查询得不到答复，请写“resolver 地址 ipv6=off;”",
  },
  all_in_use = {
    en = "not connected to [the proxy {via}][{host} port {port}][ through the proxy at {proxy}][ after {seconds} s] (connect_timeout)",
    zh = "[{seconds} 秒后]仍未连接到[代理 {via}][ {host} 端口 {port}][（经代理 {proxy}）]（connect_timeout）",
    hint = "the limit max_connections = {limit} may be reached: raise it or connect_timeout",
    hint_zh = "可能已达到 max_connections = {limit} 的上限：请调大该值或 connect_timeout",
  },
  handshake_timeout = {
    en = "no TLS handshake with {host} within connect_timeout",
    zh = "未能在 connect_timeout 内与 {host} 完成 TLS 握手",
  },
  send_timeout = { en = "the request could not be sent in time", zh = "未能及时发出请求" },
  read_timeout = {
    en = "nothing arrived for {seconds} s[: {doing} {peer}] (read_timeout)",
    zh = "{seconds} 秒内未收到任何数据[：{doing} {peer}]（read_timeout）",
  },
  cancelled = { en = "the call was cancelled", zh = "调用已取消" },
  client_closed = { en = "the client is closed", zh = "客户端已关闭" },
}
