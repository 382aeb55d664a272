--- JSON text that decodes to what it was made of.
local core = require "jdvm.core"
local encode = require "jdvm.util.json"

local function same(text)
  local value = assert(core.decode(text, { null = "keep" }))
  local again = assert(encode(value, true))
  assert.same(value, core.decode(again, { null = "keep" }))
  assert.equal(again, encode(core.decode(again, { null = "keep" }), true))
  return again
end

describe("encode", function()
  it("keeps arrays and objects apart, empty ones too", function()
    assert.equal('{"a":[],"b":{},"c":[[],{}],"d":{"e":[]}}', same '{"a":[],"b":{},"c":[[],{}],"d":{"e":[]}}')
    assert.equal("[]", same "[]")
    assert.equal("{}", same "{}")
  end)

  it("keeps integers, whole, and floats", function()
    assert.equal(
      "[0,-1,40,100000000000000,9007199254740991,-9007199254740991]",
      same "[0,-1,40,100000000000000,9007199254740991,-9007199254740991]"
    )
    same "[0.1,-2.5,1e300,1e-300,0.30000000000000004,123456789.125]"
    assert.equal("[40,-3]", encode { 40.0, -3.0 })
    local large = core.decode "[9007199254740993,9223372036854775807]"
    assert.same(large, core.decode(encode(large)))
  end)

  it("keeps every text", function()
    same [["quotes \" and \\ and \/ and \b\f\n\r\t\u0000\u001f\u007f"]]
    same '"\228\184\173\230\150\135 \240\159\152\128"'
    for byte = 0, 127 do
      local text = string.char(byte)
      assert.equal(text, core.decode(encode(text)))
    end
  end)

  it(
    "keeps null, true and false",
    function() assert.equal('[null,true,false,{"a":null}]', same '[null,true,false,{"a":null}]') end
  )

  it("goes 64 tables deep", function()
    local function nested(depth) return depth == 0 and 1 or { a = nested(depth - 1) } end
    assert.equal(('{"a":'):rep(64) .. "1" .. ("}"):rep(64), encode(nested(64), true))
    assert.same({ nil, "tables more than 64 deep" }, { encode(nested(65), true) })
  end)

  it("says what cannot be JSON", function()
    local loop = {}
    loop.loop = loop
    for _, value in ipairs { 0 / 0, 1 / 0, -1 / 0, print, { [2] = 1 }, { [true] = 1 }, loop } do
      local text, message = encode(value)
      assert.is_nil(text)
      assert.equal("string", type(message))
    end
  end)
end)
