-- The cause of what the service, or something in front of it, returned. The service tells what went wrong by its
-- messages alone: this is the one place that reads them. Pure data and a look-up.

local text = require "jdvm.util.text"

local causes = {}

-- The first entry that fits: `kind`, the code or a range of codes, and `find`: texts of which one must stand in the
-- message, compared without case.
local entries = {
  { "wrong_signature", kind = "api", code = 401, find = { "sign result is not same" } },
  { "unknown_access_key", kind = "api", code = 401, find = { "accesskey", "secret key is nul" } },
  { "unsigned", kind = "api", code = 401, find = { "lack of" } },
  { "unauthenticated", kind = "api", code = 401 },
  { "nonce_used", kind = "api", code = 403, find = { "noncestr" } },
  { "address_not_allowed", kind = "api", code = 403, find = { "ip address" } },
  { "not_authorized", kind = "api", code = 403, find = { "not authorized", "[iam]" } },
  { "forbidden", kind = "api", code = 403 },
  -- The path is the gateway's affair, which knows no images: whether the image exists is not known.
  { "no_route", kind = "api", code = 404, find = { "no route", "no api found" } },
  { "not_found", kind = "api", code = 404, status = "NOT_FOUND" },
  { "image_source_missing", kind = "api", code = 400, find = { "imagesource" } },
  { "wrong_page_size", kind = "api", code = 400, find = { "pagesize" } },
  { "image_busy", kind = "api", code = 400, find = { "conflict with underlay", "busy" } },
  { "uri_too_long", kind = "api", code = 414 },
  { "quota_exceeded", kind = "api", code = 429, status = "QUOTA_EXCEEDED" },
  { "throttled", kind = "api", code = 429 },
  { "service_error", kind = "api", code = 500, last = 599 },
  { "proxy_login_required", kind = "http", code = 407 },
  { "redirect", kind = "http", code = 300, last = 399 },
  { "plain_http", kind = "http", code = 400, find = { "plain http request" } },
  { "throttled", kind = "http", code = 429 },
  { "gateway_error", kind = "http", code = 500, last = 599 },
}

local function contains_one(haystack, needles)
  for _, needle in ipairs(needles) do
    if haystack:find(needle, 1, true) then return true end
  end
  return false
end

--- The cause of an error; nil when there is none but that of its kind.
---@param failure table kind, code, http_status, status, message
---@return string|nil
function causes.of(failure)
  local code = failure.kind == "api" and failure.code or failure.http_status
  local message = text.lower(failure.message or "")
  for _, entry in ipairs(entries) do
    if
      entry.kind == failure.kind
      and code >= entry.code
      and code <= (entry.last or entry.code)
      and (not entry.status or entry.status == failure.status)
      and (not entry.find or contains_one(message, entry.find))
    then
      return entry[1]
    end
  end
  return nil
end

return causes
