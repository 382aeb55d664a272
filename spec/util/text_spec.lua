-- Text of users and of services: validity, one printable line, the nearest known word.
local text = require "jdvm.util.text"

describe("UTF-8", function()
  it("is refused at the first wrong byte", function()
    for s, offset in pairs {
      ["\128"] = 0,
      ["ab\191"] = 2,
      ["\192\175"] = 0,
      ["\193\191"] = 0,
      ["\194"] = 0,
      ["\194a"] = 0,
      ["x\224\159\191"] = 1,
      ["\224\160"] = 0,
      ["\237\160\128"] = 0,
      ["\240\143\191\191"] = 0,
      ["\240\144\128"] = 0,
      ["\244\144\128\128"] = 0,
      ["\245\128\128\128"] = 0,
      ["中\255"] = 3,
      ["\226\40\161"] = 0,
    } do
      assert.equal(offset, text.utf8_fault(s))
    end
  end)
end)

describe("control bytes", function()
  it("are found with their place and value", function()
    assert.is_nil(text.control_fault("镜像 ~"))
    for byte = 0, 31 do
      local offset, value = text.control_fault("ab" .. string.char(byte) .. "c")
      assert.same({ 2, byte }, { offset, value })
    end
    assert.same({ 0, 127 }, { text.control_fault("\127") })
  end)
end)

describe("one printable line", function()
  it(
    "folds white space and control characters",
    function() assert.equal("a b c", text.one_line("  a\r\n\t b\0\27c\127 ", 100)) end
  )

  it("keeps characters beyond ASCII", function()
    assert.equal("CentOS 8.2 64位 \240\159\166\138", text.one_line("CentOS 8.2 64位\n\240\159\166\138", 100))
    assert.equal("だ だ", text.one_line("だ\tだ", 100)) -- its bytes but the first are those of an invisible character
    assert.equal("é – … ‰ ⁰ £", text.one_line("é – … ‰ ⁰ £", 100))
  end)

  it("marks bytes that are no UTF-8", function() assert.equal("a?b??c", text.one_line("a\255b\237\160c", 100)) end)

  it("leaves out what hides or reorders text", function()
    assert.equal("abcdef", text.one_line("a\194\133b\226\128\174c\226\128\139d\226\129\166e\239\187\191f", 100))
    assert.equal("ab", text.one_line("a\226\128\168b", 100))
    assert.equal("ab", text.one_line("a\243\160\129\129b", 100))
    assert.equal("ab", text.one_line("a\240\155\178\160b\240\147\144\176", 100))
    for _, range in ipairs { { 128, 139, 143 }, { 128, 168, 174 }, { 129, 160, 175 } } do
      for last = range[2] - 1, range[3] + 1 do
        local character, is_hidden = string.char(226, range[1], last), last >= range[2] and last <= range[3]
        assert.equal(is_hidden and "ab" or "a" .. character .. "b", text.one_line("a" .. character .. "b", 100))
      end
    end
  end)

  it("cuts at a character", function()
    assert.equal("ab…", text.one_line("abcd", 2))
    assert.equal("a…", text.one_line("a中b", 2))
    assert.equal("a中…", text.one_line("a中b", 4))
    assert.equal("a中b", text.one_line("a中b", 5))
  end)

  it("looks at no more of a long text than it shows", function()
    local line = text.one_line(("x"):rep(2000000), 100)
    assert.equal(("x"):rep(100) .. "…", line)
  end)
end)

describe("values in messages", function()
  it("show scalars and name the type of the rest", function()
    assert.equal("true", text.show(true))
    assert.equal("nil", text.show(nil))
    assert.equal("12", text.show(12))
    assert.equal("a table", text.show {})
    assert.equal("a function", text.show(print))
    assert.equal('"' .. ("x"):rep(60) .. '…"', text.show(("x"):rep(1000)))
  end)

  it("hide no byte of a text", function()
    for value, shown in pairs {
      ["a\nb\r"] = [["a\nb\r"]],
      ["ready "] = [["ready "]],
      ["  a  b"] = [["  a  b"]],
      ["a\tb"] = [["a\tb"]],
      ["a\0\127"] = [["a\x00\x7F"]],
      ["a\255"] = [["a\xFF"]],
      ["镜像🚀"] = [["镜像🚀"]],
      ["a\226\128\139"] = [["a\xE2\x80\x8B"]],
      ["\239\187\191a"] = [["\xEF\xBB\xBFa"]],
      [("x"):rep(59) .. "镜"] = '"' .. ("x"):rep(59) .. '…"',
      [("x"):rep(60)] = '"' .. ("x"):rep(60) .. '"',
    } do
      assert.equal(shown, text.show(value))
    end
    assert.is_true(#text.show(("\1"):rep(1000)) < 70)
  end)

  it("are enumerated", function()
    assert.equal("", text.enumerate {})
    assert.equal("a", text.enumerate { "a" })
    assert.equal("a or b", text.enumerate { "a", "b" })
    assert.equal("a, b and c", text.enumerate({ "a", "b", "c" }, "and"))
  end)
end)

describe("the nearest word", function()
  local known = { "imageSource", "pageNumber", "pageSize", "imageName", "ids", "status" }

  it("is the same name in another spelling", function()
    assert.equal("pageSize", text.nearest("page_size", known))
    assert.equal("imageSource", text.nearest("ImageSource", known))
    assert.equal("imageSource", text.nearest("IMAGE-SOURCE", known))
  end)

  it("is one that a few edits make", function()
    assert.equal("public", text.nearest("pubic", { "private", "public" }))
    assert.equal("public", text.nearest("publci", { "private", "public" }))
    assert.equal("status", text.nearest("staus", known))
    assert.equal("pageSize", text.nearest("pagSize", known))
    assert.equal("ids", text.nearest("id", known))
    assert.equal("ids", text.nearest("dis", known))
    assert.is_nil(text.nearest("dsi", known))
  end)

  it("is none when nothing is near", function()
    assert.is_nil(text.nearest("colour", known))
    assert.is_nil(text.nearest("x", known))
    assert.is_nil(text.nearest("", known))
    assert.is_nil(text.nearest("镜像", known))
    assert.is_nil(text.nearest(("pageSize"):rep(100), known))
    assert.is_nil(text.nearest("status", {}))
  end)

  it("is the first of equals", function() assert.equal("ab1", text.nearest("ab3", { "ab1", "ab2" })) end)
end)
