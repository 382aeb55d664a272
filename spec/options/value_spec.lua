-- One value against its entry: what is wrong, in words that follow a name.
local value = require "jdvm.options.value"

-- Each case is { entry, value, words }; without words the value is right.
local function check(cases)
  for i, case in ipairs(cases) do
    local message = value.fault(case[1], case[2], true)
    assert.equal(case[3], message, i .. ": " .. tostring(message))
  end
end

local text, number, integer = { type = "string" }, { type = "number" }, { type = "integer" }
local flag, list, call = { type = "boolean" }, { type = "string[]" }, { type = "function" }

describe("a value", function()
  it("has a type, or one of several", function()
    local transport = { type = "string|table|function" }
    check {
      { text, "a" },
      { text, 5, "must be a string, got 5" },
      { number, 0.001 },
      { number, "5", 'must be a number, got "5"' },
      { number, math.huge, "must be a finite number, got inf" },
      { integer, 40.0 },
      { integer, -9007199254740991 },
      { integer, 9007199254740992, "must be an integer, got " .. tostring(9007199254740992) },
      { integer, 2.5, "must be an integer, got 2.5" },
      { integer, math.huge, "must be an integer, got inf" },
      { integer, "40", 'must be an integer, got the string "40": write it without quotes or use tonumber' },
      { integer, "forty", 'must be an integer, got "forty"' },
      { flag, false },
      { flag, 0, "must be true or false, got 0" },
      { call, print },
      { call, setmetatable({}, { __call = print }) },
      { call, {}, "must be a function, got a table" },
      { call, setmetatable({}, { __metatable = "locked" }), "must be a function, got a table" },
      { transport, {} },
      { transport, print },
      { transport, 5, "must be a string, a table or a function, got 5" },
    }
    assert.matches("^must be a finite number, got ", value.fault(number, 0 / 0))
    assert.matches("^must be an integer, got ", value.fault(integer, 0 / 0))
  end)

  it("is within its bounds, which are named", function()
    local size, page = { type = "integer", min = 10, max = 100 }, { type = "integer", min = 1, max = 2147483647 }
    check {
      { { type = "number", above = 0 }, 0.001 },
      { { type = "number", above = 0 }, 0, "must be above 0, got 0" },
      { size, 10 },
      { size, 100 },
      { size, 9, "must be from 10 to 100, got 9" },
      { size, 101, "must be from 10 to 100, got 101" },
      { page, 2147483647 },
      { page, 0, "must be at least 1, got 0" },
      { page, 1e12, "must be at most 2147483647, got 1000000000000" },
      { { type = "integer", min = 0 }, -1, "must be at least 0, got -1" },
      { { type = "integer", max = 3 }, 4, "must be at most 3, got 4" },
    }
  end)

  it("is one of the known ones; the nearest, or the new word for an old one, is suggested", function()
    local closed = { type = "string", values = { "public", "private" }, old_values = { self = "private" } }
    local open =
      { type = "string", open = true, values = { "x86_64", "Windows Server" }, old_values = { x64 = "x86_64" } }
    check {
      { closed, "public" },
      { closed, "pubic", 'must be public or private, got "pubic"; did you mean "public"?' },
      { closed, "zzz", 'must be public or private, got "zzz"' },
      { closed, "self", 'is "self"; did you mean "private"?' },
      { open, "riscv64" },
      { open, "windows server", 'is "windows server"; did you mean "Windows Server"?' },
      { open, "X86-64", 'is "X86-64"; did you mean "x86_64"?' },
      { open, "x64", 'is "x64"; did you mean "x86_64"?' },
    }
  end)

  it("of text is not empty, has no control characters and is UTF-8", function()
    check {
      { text, "", "is empty: leave it out instead" },
      { { type = "string", required = true }, "", "is empty: give it a value" },
      { { type = "string", empty = true }, "" },
      { text, "镜像 a&b=c?#%+~" },
      { text, "a\r\nb", "holds a control character (0x0D at byte 1)" },
      { text, "\0", "holds a control character (0x00 at byte 0)" },
      { text, "ab\255", "is not valid UTF-8 (at byte 2)" },
    }
    assert.is_nil(value.fault(text, "ab\255")) -- the path of a file may be
  end)

  it("that is an id or part of a path can change no request", function()
    for _, entry in ipairs { { type = "string", path = true }, { type = "string", id = true } } do
      for _, id in ipairs {
        "a/../b",
        "a?x=1",
        "a#b",
        "a b",
        "a%2Fb",
        "a\r\nX: y",
        "a\0",
        "镜像",
        "a&b",
        ".",
        "..",
        "a:b",
        "*",
      } do
        assert.matches("^must consist of letters, digits, '.', '_' and '%-', got ", value.fault(entry, id))
      end
      check { { entry, "..." }, { entry, "a.b_c-D9" } }
    end
  end)

  it(
    "of an array is checked element by element",
    function()
      check {
        { list, { "a", "b" } },
        { list, "a", 'must be an array of strings, got "a": write { "a" }' },
        { list, 5, "must be an array of strings, got 5" },
        { list, {}, "is empty: leave it out, or give at least one" },
        { { type = "string[]", required = true }, {}, "is empty: give at least one" },
        { list, { "a", nil, "c" }, "has a hole: element 2 is nil" },
        { list, { [3] = "c" }, "has a hole: element 1 is nil" },
        { list, { first = "a" }, 'must be an array of strings; it has the key "first"' },
        { list, { "a", 5 }, "element 2 must be a string, got 5" },
        { list, { "" }, "element 1 is empty: leave it out instead" },
        { list, { "a", "b\255" }, "element 2 is not valid UTF-8 (at byte 1)" },
      }
    end
  )

  it("that is secret stays out of messages", function()
    for _, name in ipairs { "access_key", "secret_key", "session_token", "proxy" } do
      local entry = { name = name, type = "string" }
      check {
        { entry, { "hush" }, "must be a string, got a table" },
        { entry, 123456789, "must be a string, got a number" },
      }
      local control = name == "proxy" and "holds a control character (0x0A at byte 4)" or nil -- of keys, jdvm.keys says
      check { { entry, "hush\n", control } }
    end
  end)
end)

describe("of several unknown keys", function()
  it("the first by name is told, in every run", function()
    for _ = 1, 20 do
      local given = { zeta = 1, alpha = 2, mid = 3, known = 4 }
      assert.equal("alpha", value.stranger(given, function(key) return key == "known" end))
    end
    assert.is_nil(value.stranger({ known = 1 }, function() return true end))
  end)
end)
