-- Widths of characters, on the screen (Unicode 15; jdvm.cli.widths is made of its data).
local terminal = require "jdvm.cli.terminal"

describe("a text takes as many columns", function()
  it("as its characters do, whatever the locale", function()
    for text, columns in pairs {
      ["abc"] = 3,
      ["é–…"] = 3,
      ["镜像"] = 4,
      ["ｶﾞＡ"] = 4,
      ["한글"] = 4,
      ["✅🟢⭐"] = 6,
      ["🫠🦊㊙"] = 6,
      ["ที่"] = 1, -- Thai: a consonant with two marks
      ["कि"] = 2, -- Devanagari: a vowel sign that takes room
      ["क्"] = 1, -- and one that does not
      ["شّ"] = 1, -- Arabic with a mark above
      ["e\204\129"] = 1,
      ["\225\132\129\225\133\161\225\134\168"] = 2, -- Hangul of three letters
      ["㉈䷀"] = 4,
      ["𠀀"] = 2,
    } do
      assert.equal(columns, terminal.width(text), text)
    end
  end)

  it("as are left when it is cut or broken", function()
    assert.equal("镜…", terminal.clip("镜像名称", 4))
    assert.equal("镜像", terminal.clip("镜像", 4))
    assert.equal("one two\nthree\nfourfivesi\nx", terminal.wrap("one two three fourfivesix", 10))
    assert.equal("镜像\n名称", terminal.wrap("镜像名称", 5))
  end)
end)
