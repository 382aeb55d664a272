-- jdvm.emulator.accounts: keys and session tokens.
local accounts = require "jdvm.emulator.accounts"
local emulated = require "spec.support.emulated"
local signed = require "spec.support.signed"

local NORTH, session = emulated.NORTH, accounts.list[3]
local answer, send = emulated.answer, emulated.send

describe("a temporary key", function()
  setup(function() emulated.start() end)

  it("takes a session token as base64 or raw, and nothing else", function()
    local function with(token, encoding)
      return (send(
        NORTH,
        { "imageSource", "private" },
        { token_encoding = encoding },
        { access_key = session.access_key, secret_key = session.secret_key, session_token = token }
      )).status
    end
    assert.equal(200, with(session.token, "base64"))
    assert.equal(200, with(session.token, "raw"))
    assert.equal(401, with("another", "base64"))
    assert.equal(401, with(nil))
    local request = signed.request(session, NORTH, { "imageSource", "private" })
    signed.set_header(request, "x-jdcloud-security-token", session.encoded_token) -- as Java sends it: unsigned
    assert.equal(200, answer(request).status)
  end)
end)
