-- jdvm.emulator.uri: request targets, as any client may write them.
local uri = require "jdvm.emulator.uri"

describe("a request target", function()
  it("is encoded strictly and decoded leniently", function()
    assert.equal("a%20b%2Fc~-_.%25%E4%B8%AD", uri.encode "a b/c~-_.%中")
    assert.equal("a/b%3F", uri.encode("a/b?", true))
    assert.equal("a b+%zz%中", uri.decode "a%20b+%zz%25%e4%b8%ad")
    assert.equal("a b", uri.decode("a+b", true))
  end)

  it("is taken apart into path and pairs", function()
    assert.same({ "/a", "x=1?y" }, { uri.split "/a?x=1?y" })
    assert.same({ "/a", "" }, { uri.split "/a" })
    assert.same({ { "a", "1=2" }, { "b", "" }, { "", "x" }, { "é", " " } }, uri.parse_query "a=1=2&&b&=x&%c3%a9=%20")
  end)
end)
