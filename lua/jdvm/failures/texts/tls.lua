-- Texts of TLS handshakes and certificates. See failures/texts.lua.

local PEER = "{host} port {port}[ through the proxy at {proxy}]"
local PEER_ZH = "{host} 端口 {port}[（经代理 {proxy}）]"
local TRUST = "ca_file or JDCLOUD_CA_FILE names the certificates to trust"
local TRUST_NGINX = 'write "lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;" in the http block of '
  .. "nginx.conf (or the file of your own CA: nginx has no default CA bundle); if such a line is there, write "
  .. '"lua_ssl_verify_depth 5;" too: the default, 1, allows for a single intermediate certificate'

return {
  {
    "handshake_failed",
    en = {
      "the TLS handshake with " .. PEER .. " failed: {reason}",
      nginx = "nginx's error.log has the reason; a port without TLS needs http:// in the endpoint, a service that speaks "
        .. 'only TLS 1.3 "lua_ssl_protocols TLSv1.2 TLSv1.3;" in nginx.conf',
    },
    zh = {
      "与 " .. PEER_ZH .. " 的 TLS 握手失败：{reason}",
      nginx = "原因见 nginx 的 error.log；端口不支持 TLS 时 endpoint 应使用 http://，服务端仅支持 TLS 1.3 时请在 nginx.conf 中写"
        .. "“lua_ssl_protocols TLSv1.2 TLSv1.3;”",
    },
  },
  {
    "handshake_broken",
    en = {
      "the TLS handshake with " .. PEER .. " failed: {reason}",
      "the other side ended it: try again later, and check the endpoint",
    },
    zh = {
      "与 " .. PEER_ZH .. " 的 TLS 握手失败：{reason}",
      "对端中断了握手：请稍后重试，并检查 endpoint",
    },
  },
  {
    "not_tls",
    en = {
      "the TLS handshake with " .. PEER .. " failed: {reason}",
      "the port may not speak TLS: check scheme and port of the endpoint (http:// for one without TLS)",
    },
    zh = {
      "与 " .. PEER_ZH .. " 的 TLS 握手失败：{reason}",
      "该端口可能不支持 TLS：请检查 endpoint 的协议与端口（不使用 TLS 时为 http://）",
    },
  },
  {
    "expired_certificate",
    en = {
      "the TLS certificate of {host} port {port} has expired: check it and this machine's clock",
      nginx = "the certificate has expired, or the clock of this machine is wrong",
    },
    zh = {
      "{host} 端口 {port} 的 TLS 证书已过期：请检查证书与本机时钟",
      nginx = "证书已过期，或本机时钟不准",
    },
  },
  {
    "future_certificate",
    en = {
      "the TLS certificate of {host} port {port} is not yet valid: check it and this machine's clock",
      nginx = "the clock of this machine may be wrong",
    },
    zh = {
      "{host} 端口 {port} 的 TLS 证书尚未生效：请检查证书与本机时钟",
      nginx = "本机时钟可能不准",
    },
  },
  {
    "wrong_name",
    en = {
      "the TLS certificate of {host} port {port} is for another host name[ ({reason})]",
      "the certificate is for another name: check the endpoint",
      literal = "nginx checks certificates against names, not addresses: use a name in the endpoint, such as "
        .. "https://localhost:{port} for a service on this machine",
    },
    zh = {
      "{host} 端口 {port} 的 TLS 证书属于其他主机名[（{reason}）]",
      "证书属于其他域名：请检查 endpoint",
      literal = "nginx 按域名而非地址校验证书：请在 endpoint 中使用域名，例如本机服务写作 https://localhost:{port}",
    },
  },
  {
    "untrusted_certificate",
    en = {
      "the TLS certificate of {host} port {port} is not signed by a known CA ({reason})",
      TRUST,
      command = "--ca-file or JDCLOUD_CA_FILE names the certificates to trust",
      nginx = TRUST_NGINX,
    },
    zh = {
      "{host} 端口 {port} 的 TLS 证书并非由已知 CA 签发（{reason}）",
      "请用 ca_file 或 JDCLOUD_CA_FILE 指定受信任的证书",
      command = "请用 --ca-file 或 JDCLOUD_CA_FILE 指定受信任的证书",
      nginx = "请在 nginx.conf 的 http 块中写“lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;”（或自有 CA 的文件）；"
        .. "若已有该行，请再写“lua_ssl_verify_depth 5;”",
    },
  },
  {
    "self_signed_certificate",
    en = {
      "the TLS certificate of {host} port {port} is not signed by a known CA ({reason})",
      TRUST,
      command = "--ca-file or JDCLOUD_CA_FILE names the certificates to trust",
      nginx = 'if you trust this certificate, write "lua_ssl_trusted_certificate FILE;" with it in the file',
    },
    zh = {
      "{host} 端口 {port} 的 TLS 证书并非由已知 CA 签发（{reason}）",
      "请用 ca_file 或 JDCLOUD_CA_FILE 指定受信任的证书",
      command = "请用 --ca-file 或 JDCLOUD_CA_FILE 指定受信任的证书",
      nginx = "若信任该证书，请将其写入文件，并写“lua_ssl_trusted_certificate 文件;”",
    },
  },
  {
    "bad_ca_file",
    en = {
      "could not read the CA certificates: {reason} (ca_file, ca_path)",
      "the file that ca_file or JDCLOUD_CA_FILE names must exist, be readable and hold certificates in PEM form",
      command = "the file that --ca-file or JDCLOUD_CA_FILE names must exist, be readable and hold certificates in PEM form",
    },
    zh = {
      "无法读取 CA 证书：{reason}（ca_file、ca_path）",
      "ca_file 或 JDCLOUD_CA_FILE 指定的文件必须存在、可读，且包含 PEM 格式的证书",
      command = "--ca-file 或 JDCLOUD_CA_FILE 指定的文件必须存在、可读，且包含 PEM 格式的证书",
    },
  },
  {
    "unsupported_ca",
    en = {
      "{option} cannot be given to nginx's sockets",
      "leave it out[ ({variable} gives one, too)], and write "
        .. '"lua_ssl_trusted_certificate {file};" in the http block of nginx.conf',
    },
    zh = {
      "nginx 的 cosocket 不支持 {option}",
      "请去掉该选项[（{variable} 也会设置它）]，并在 nginx.conf 的 http 块中写“lua_ssl_trusted_certificate {file};”",
    },
  },
}
