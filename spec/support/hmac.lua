-- HMAC-SHA256 by the openssl command, for specs that sign what the library does not.

-- The MAC of a text, key and result in hexadecimal digits.
local function hmac(key, text)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
  local pipe = assert(io.popen("openssl dgst -sha256 -mac HMAC -macopt hexkey:" .. key .. " " .. name))
  local digits = pipe:read("*a"):match "= (%x+)"
  pipe:close()
  os.remove(name)
  return assert(digits, "openssl gave no MAC")
end

local M = {}

--- The signature that a canonical request leads to, by JDCLOUD2-HMAC-SHA256.
---@param secret_key string
---@param date string YYYYMMDDTHHMMSSZ
---@param region string
---@param hash string of the canonical request, in hexadecimal digits
---@return string signature
---@return string scope
function M.signature(secret_key, date, region, hash)
  local key = ("JDCLOUD2" .. secret_key):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  for _, part in ipairs { date:sub(1, 8), region, "vm", "jdcloud2_request" } do
    key = hmac(key, part)
  end
  local scope = date:sub(1, 8) .. "/" .. region .. "/vm/jdcloud2_request"
  return hmac(key, table.concat({ "JDCLOUD2-HMAC-SHA256", date, scope, hash }, "\n")), scope
end

return M
