-- The emulator's accounts. Their keys are printed at the start and are worth nothing anywhere else.

local signature = require "jdvm.emulator.signature"

local M = {}

-- `sees` names the account whose view of the catalogue a key has.
M.list = {
  { name = "owner", sees = "owner", access_key = "JDVM-EMULATOR-OWNER", secret_key = "owner-secret-for-tests-only" },
  { name = "other", sees = "other", access_key = "JDVM-EMULATOR-OTHER", secret_key = "other-secret-for-tests-only" },
  {
    name = "session",
    sees = "owner",
    access_key = "JDVM-EMULATOR-SESSION",
    secret_key = "session-secret-for-tests-only",
    token = "session+token/for-tests-only=",
    encoded_token = "c2Vzc2lvbit0b2tlbi9mb3ItdGVzdHMtb25seT0=",
  },
}

local by_key = {}
for _, account in ipairs(M.list) do
  by_key[account.access_key] = account
end

---@return string|nil secret
function M.secret(access_key)
  local account = by_key[access_key]
  return account and account.secret_key
end

--- Whose catalogue a key sees.
function M.name(access_key) return by_key[access_key].sees end

--- A temporary key is good only with its token, base64 or raw: the official SDKs disagree.
---@param access_key string
---@param headers table<string, string[]> by lower-case name
---@return boolean
function M.token_accepted(access_key, headers)
  local account = by_key[access_key]
  if not account.token then return true end
  local values = headers["x-jdcloud-security-token"] or headers["x-jdcloud-session-token"] or {}
  return signature.token_matches(values[1], account.token, account.encoded_token)
end

return M
