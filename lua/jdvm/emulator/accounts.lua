-- The emulator's accounts. Their keys are printed at the start and work nowhere else. Pure.

local M = {}

-- `sees` names the account whose view of the catalogue a key has. A temporary key needs its session token.
M.list = {
  { name = "owner", sees = "owner", access_key = "JDVM-EMULATOR-OWNER", secret_key = "owner-secret-for-tests-only" },
  { name = "other", sees = "other", access_key = "JDVM-EMULATOR-OTHER", secret_key = "other-secret-for-tests-only" },
  {
    name = "session",
    sees = "owner",
    access_key = "JDVM-EMULATOR-SESSION",
    secret_key = "session-secret-for-tests-only",
    token = "session+token/for-tests-only=",
    encoded_token = "c2Vzc2lvbit0b2tlbi9mb3ItdGVzdHMtb25seT0=", -- the same in base64
  },
}

M.by_key = {}
for _, account in ipairs(M.list) do
  M.by_key[account.access_key] = account
end

--- Whether a request carries the session token that its key needs, in base64 or raw: the official SDKs disagree.
function M.token_accepted(account, headers)
  if not account.token then return true end
  local values = headers["x-jdcloud-security-token"] or headers["x-jdcloud-session-token"] or { "" }
  local token = values[1]:match("^%s*(.-)%s*$")
  return token == account.token or token == account.encoded_token
end

return M
