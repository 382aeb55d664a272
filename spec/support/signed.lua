-- Signed requests as jdvm.emulator takes them, for specs that need no server.

local core = require "jdvm.core"

local M = {}

M.HOST = "vm.jdcloud-api.com"

---@param account table `{access_key, secret_key, session_token}`
---@param path string decoded
---@param query? string[] `{name, value, …}`
---@param options? table `{algorithm, region, now, nonce, method, token_encoding}`
---@return table request `{method, target, headers, body, now}`
function M.request(account, path, query, options)
  options = options or {}
  local now, method = options.now or 1700000000, options.method or "GET"
  local signer = core.signer {
    access_key = account.access_key,
    secret_key = account.secret_key,
    session_token = account.session_token,
    region = options.region or path:match("^/v1/regions/([^/]+)") or "cn-north-1",
    algorithm = options.algorithm,
    token_encoding = options.token_encoding,
  }
  local target, headers = signer:sign(method, M.HOST, path, query, now, options.nonce or core.nonce())
  local list = {}
  for name, value in pairs(headers) do
    list[#list + 1] = { name, value }
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return { method = method, target = target, headers = list, body = "", now = now }
end

---The value of a header of a request or a response.
---@param message table with `headers`
---@param name string
---@return string|nil
function M.header(message, name)
  for _, header in ipairs(message.headers) do
    if header[1]:lower() == name:lower() then return header[2] end
  end
end

---Replaces a header's value in place, or takes it away.
function M.set_header(message, name, value)
  for i, header in ipairs(message.headers) do
    if header[1] == name then
      if value then
        header[2] = value
      else
        table.remove(message.headers, i)
      end
      return
    end
  end
  table.insert(message.headers, { name, value })
end

return M
