-- What to do about a failure whose cause is known: the questions that users of such clients ask most have one answer
-- each. Pure data; jdvm.failures.failure picks the first entry that fits.
--
-- An entry fits when all it names agree: `kind`, `http` (the code of the error or of the HTTP answer), or a range up
-- to `last`, `status` (the service's word), `phase`, and `find`: texts of which one must stand in the message,
-- compared without case. `hint` is a string or a function of the failure; false means that nothing is to be added.

local regions = require "jdvm.service.regions"
local text = require "jdvm.util.text"

local function region_hint(failure)
  local given = failure.region or ""
  local nearest = text.nearest(given, regions.names)
  for _, known in ipairs(regions.names) do
    if known == given then return "check the endpoint: it does not know this path" end
  end
  return ("check the region %s%s, and the endpoint"):format(
    text.show(given),
    nearest and (' (did you mean "' .. nearest .. '"?)') or ""
  )
end

-- Not where looking failed: then nobody knows.
local function elsewhere_hint(failure)
  if failure.last then return nil end
  return ("an image exists in one region only (asked in %s), and sub-accounts see only what they may use"):format(
    failure.region or "the client's region"
  )
end

-- The action that IAM names in the details of its refusal, such as vm:describeImages.
local function refused_action(details)
  for _, entry in ipairs(type(details) == "table" and details or {}) do
    for _, value in pairs(type(entry) == "table" and entry or {}) do
      if type(value) == "string" and value:find("^[A-Za-z0-9_-]+:[A-Za-z0-9_*-]+$") then return value end
    end
  end
  return nil
end

return {
  -- Signature, keys, permissions.
  {
    kind = "api",
    http = 401,
    find = { "sign result is not same" },
    hint = "check the secret key (is it this access key's? is anything missing or left over at its ends?), this "
      .. "machine's clock, and proxies that rewrite requests",
  },
  {
    kind = "api",
    http = 401,
    find = { "accesskey", "secret key is nul" },
    hint = "the service does not know this access key: check it, and that it was not disabled or deleted",
  },
  {
    kind = "api",
    http = 401,
    find = { "lack of" },
    hint = "the request arrived without its signature: a proxy on the way may remove headers",
  },
  {
    kind = "api",
    http = 401,
    hint = "check the access key and the secret key, the session token of temporary keys, and this machine's clock",
  },
  {
    kind = "api",
    http = 403,
    find = { "noncestr" },
    hint = "this request had arrived before: something on the way sends requests twice",
  },
  {
    kind = "api",
    http = 403,
    find = { "ip address" },
    hint = "the account allows its keys from certain addresses only",
  },
  {
    kind = "api",
    http = 403,
    find = { "not authorized", "[iam]" },
    hint = function(failure)
      return ("the account's IAM policies do not allow %s; its administrator can grant it"):format(
        refused_action(failure.details) or failure.operation and ("vm:" .. failure.operation) or "this"
      )
    end,
  },
  -- Not found.
  { kind = "api", http = 404, find = { "no route", "no api found" }, hint = region_hint },
  { kind = "api", http = 404, status = "NOT_FOUND", find = { "image" }, hint = elsewhere_hint },
  { kind = "wait", find = { "does not exist any more" }, hint = false },
  { kind = "wait", find = { "does not exist" }, hint = elsewhere_hint },
  { kind = "timeout", find = { "was not seen" }, hint = elsewhere_hint },
  -- Parameters.
  {
    kind = "api",
    http = 400,
    find = { "imagesource" },
    hint = "give imageSource (public, thirdparty, private, shared or community) or ids",
  },
  { kind = "api", http = 400, find = { "pagesize" }, hint = "pageSize is from 10 to 100" },
  {
    kind = "api",
    http = 400,
    find = { "conflict with underlay", "busy" },
    hint = "another task works on the image; try again later",
  },
  { kind = "api", http = 414, hint = "give fewer ids at a time; the iterators split long lists themselves" },
  -- Limits.
  {
    kind = "api",
    http = 429,
    status = "QUOTA_EXCEEDED",
    hint = "a quota of the account is used up; waiting does not help, so this is not retried",
  },
  {
    kind = "api",
    http = 429,
    hint = "the service takes about 1000 calls a minute from an account: ask for larger pages, lower prefetch, or "
      .. "cache the answers",
  },
  -- Something between us and the service, or the service itself.
  { kind = "http", http = 407, hint = "the proxy asks for a user name and a password: put them into the proxy option" },
  {
    kind = "http",
    http = 300,
    last = 399,
    hint = "redirects are not followed, since they would carry the signature elsewhere; check the endpoint",
  },
  { kind = "http", http = 404, hint = "this does not look like the service: check the endpoint" },
  {
    kind = "http",
    http = 400,
    find = { "plain http request" },
    hint = "the port speaks TLS: write https:// in the endpoint",
  },
  {
    kind = "http",
    http = 500,
    last = 599,
    hint = "this came from a gateway or a proxy on the way, not from the service: try again later; if it stays, check "
      .. "the endpoint and the proxy",
  },
  {
    kind = "http",
    http = 100,
    last = 999,
    hint = "this does not look like the service: check the endpoint and the proxy",
  },
  {
    kind = "decode",
    find = { "well-formed utf-8" },
    hint = 'utf8 = "replace" puts U+FFFD where the text is no UTF-8',
  },
  { kind = "decode", hint = "this does not look like the service: check the endpoint and the proxy" },
  {
    kind = "transport",
    find = { "not http" },
    hint = "this port speaks something else: check the endpoint (https:// for a port with TLS)",
  },
  -- Connections.
  {
    kind = "connect",
    find = { "status 407" },
    hint = "the proxy asks for a user name and a password: put them into the proxy option",
  },
  {
    kind = "connect",
    find = { "the proxy did not connect" },
    hint = "the proxy refuses this endpoint: ask who runs it",
  },
  { kind = "connect", phase = "tls", hint = "the other side ended it: try again later, and check the endpoint" },
  { kind = "connect", find = { "check the name" }, hint = false },
  { kind = "connect", phase = "dns", hint = "check the name in the endpoint, and this machine's name servers" },
  { kind = "connect", find = { "resolve" }, hint = "check the name in the endpoint, and this machine's name servers" },
  { kind = "connect", hint = "check the endpoint, the proxy and the firewall" },
  {
    kind = "tls",
    find = {
      "host mismatch",
      "hostname mismatch",
      "no alternative certificate",
      "does not match",
      "another host name",
    },
    hint = "the certificate is for another name: check the endpoint",
  },
  {
    kind = "tls",
    find = { "wrong version number", "packet length too long", "record layer failure" },
    hint = "the port may not speak TLS: check scheme and port of the endpoint (http:// for one without TLS)",
  },
  {
    kind = "tls",
    find = { "could not read the ca certificates" },
    hint = "the file that ca_file or JDCLOUD_CA_FILE names must exist, be readable and hold certificates in PEM form",
  },
  { kind = "tls", find = { "ca_file" }, hint = "JDCLOUD_CA_FILE does what ca_file does" },
  {
    kind = "tls",
    find = { "issuer", "self-signed", "self signed", "certificate problem", "verify failed", "ca file" },
    hint = "name the certificates to trust: option ca_file or JDCLOUD_CA_FILE; in nginx lua_ssl_trusted_certificate "
      .. "and lua_ssl_verify_depth",
  },
  { kind = "timeout", phase = "dns", hint = "the name servers of this machine do not answer" },
  { kind = "timeout", find = { "no time was left" }, hint = false },
  {
    kind = "timeout",
    find = { "through the proxy" },
    hint = "check the proxy (option proxy; https_proxy and its like in the environment)",
  },
  { kind = "timeout", phase = "connect", hint = "check the endpoint, the proxy and the firewall" },
}
