-- jdvm.core.decode: what it accepts and refuses, and what values it makes.
local core = require "jdvm.core"
local cases = require "spec.support.json_cases"
local comma_locale = require "spec.support.comma_locale"
local utf8_fault = require("jdvm.util.text").utf8_fault

local decode = core.decode
local number_type = math.type -- luacheck: ignore 143
local has_integers = number_type ~= nil
local TEN_KEYS = {}
for index = 1, 10 do
  TEN_KEYS[index] = '"key' .. index .. '":' .. index
end

local function quoted(text)
  return (("%q"):format(text):gsub("[^\32-\126]", function(c) return ("\\%d"):format(c:byte()) end))
end

describe("decode", function()
  it("accepts what RFC 8259 accepts", function()
    for _, text in ipairs(cases.accept) do
      local value, message = decode(text)
      assert.is_true(value ~= nil, quoted(text) .. ": " .. tostring(message))
    end
  end)

  it("refuses what RFC 8259 forbids, at the byte where it goes wrong", function()
    for _, case in ipairs(cases.reject) do
      local value, message, offset = decode(case[1])
      assert.equal(nil, value, quoted(case[1]))
      assert.equal("string", type(message), quoted(case[1]))
      assert.equal(case[2], offset, quoted(case[1]) .. ": " .. message)
      assert.truthy(message:find("^expected .+ at byte " .. offset .. ", found .+$"), message)
      assert.falsy(message:find("[^\32-\126]"), quoted(message))
    end
  end)

  it("says what it expected and what it found", function()
    for text, message in pairs {
      ["[1,2"] = "expected ',' or ']' at byte 4, found the end of the text",
      ['{"a":1 "b"'] = "expected ',' or '}' at byte 7, found '\"'",
      ['{"a":1,}'] = "expected a key in quotes at byte 7, found '}'",
      ["{x"] = "expected a key in quotes or '}' at byte 1, found 'x'",
      ['{"a" 1}'] = "expected ':' at byte 5, found '1'",
      ["[x"] = "expected a value or ']' at byte 1, found 'x'",
      ["[1,]"] = "expected a value at byte 3, found ']'",
      ["[1] 2"] = "expected the end of the text at byte 4, found '2'",
      ['["\n"]'] = "expected an escape instead of a control character at byte 2, found byte 0x0A",
      ['["\255"]'] = "expected well-formed UTF-8 at byte 2, found byte 0xFF",
      ["[tru]"] = "expected true, false or null at byte 4, found ']'",
      ["[1e309]"] = "expected a number in the range of doubles at byte 1, found '1'",
      ["[1.]"] = "expected a digit behind the decimal point at byte 3, found ']'",
    } do
      assert.equal(message, (select(2, decode(text))))
    end
  end)

  it("finds the end of every cut-off text, and skips what it does not build as strictly", function()
    local text = '{"a":[1,-2.5e3,true,false,null,"x\\u4e2d\\ud83d\\ude00",{"b":{},"c":[]}],'
      .. '"\228\184\173":"\230\150\135"}'
    for length = 0, #text - 1 do
      for _, options in ipairs { false, { fields = { "none" } }, { fields = { "a.c" } } } do
        local value, message, offset = decode(text:sub(1, length), options or nil)
        assert.equal(nil, value)
        assert.equal(length, offset, message)
      end
    end
  end)

  it("skips as strictly as it builds", function()
    for _, case in ipairs(cases.reject) do
      for _, wrapping in ipairs { { '{"skipped":', "}" }, { '[{"deep":[{"skipped":', "}]}]" } } do
        local text = wrapping[1] .. case[1] .. wrapping[2]
        local value, message, offset = decode(text)
        local skipped, skipped_message, skipped_offset = decode(text, { fields = { "other" } })
        assert.equal(value == nil, skipped == nil, quoted(text))
        assert.equal(message, skipped_message, quoted(text))
        assert.equal(offset, skipped_offset, quoted(text))
      end
    end
    for _, text in ipairs(cases.accept) do
      text = '{"skipped":' .. text:gsub("^\239\187\191", "") .. ',"other":1}'
      assert.same({ other = 1 }, (decode(text, { fields = { "other" } })))
    end
  end)
end)

describe("decoded numbers", function()
  it("are integers where Lua has them", function()
    local value = decode("[0,40,-7,1234567890123,-0]")
    assert.same({ 0, 40, -7, 1234567890123, 0 }, value)
    for index = 1, #value do
      assert.equal(has_integers and "integer" or nil, has_integers and number_type(value[index]) or nil)
    end
    assert.equal("0", tostring(value[5]))
    assert.equal("40", tostring(value[2]))
  end)

  it("are exact: a Lua without integers gets the digits of what a double cannot hold", function()
    for _, digits in ipairs {
      "9007199254740991",
      "9007199254740992",
      "-9007199254740992",
      "9007199254740993",
      "-9007199254740993",
      "999999999999999999",
      "9223372036854775807",
      "-9223372036854775807",
      "-9223372036854775808",
    } do
      local value = decode(digits)
      local fits = #digits < 16
        or (has_integers and number_type(tonumber(digits)) == "integer")
        or digits:find("^%-?900719925474099[12]$") ~= nil
      assert.equal(fits and "number" or "string", type(value), digits)
      assert.equal(digits, fits and ("%d"):format(value) or value)
    end
  end)

  it("with a fraction or an exponent are the nearest double", function()
    for _, text in ipairs {
      "0.1",
      "1.5",
      "3.141592653589793",
      "1e22",
      "1e23",
      "5e-324",
      "2.4703282292062327e-324",
      "2.4703282292062328e-324",
      "2.2250738585072011e-308",
      "2.2250738585072014e-308",
      "1.7976931348623157e308",
      "1.7976931348623158e308",
      "9007199254740993.0",
      "9007199254740992.5",
      "9007199254740993e0",
      "1.00000000000000011102230246251565404236316680908203124",
      "1.00000000000000011102230246251565404236316680908203126",
      "123e-2",
      "1.0",
      "1e0",
      "0.0000000000000000000000000000000000000000001e43",
      "17976931348623157" .. ("0"):rep(291) .. ".5",
    } do
      local value, expected = decode(text), tonumber(text)
      assert.equal(expected, value, text)
      assert.equal(("%.17g"):format(expected), ("%.17g"):format(value))
      if has_integers then assert.equal("float", number_type(value), text) end
    end
  end)

  it("with many digits are the nearest double, too", function()
    -- 1 + 2^-53 is half-way between two doubles; what comes 900 digits later decides.
    local half = "1.00000000000000011102230246251565404236316680908203125"
    assert.equal(1, decode(half))
    assert.equal(1, decode(half .. ("0"):rep(900)))
    assert.equal(1 + 2 ^ -52, decode(half .. ("0"):rep(900) .. "1"))
    assert.equal(1 + 2 ^ -52, decode((half:gsub("%.", "")) .. ("0"):rep(900) .. "1e-" .. #half - 2 + 901))
    assert.equal(1, decode("0." .. ("0"):rep(5000) .. "1e5001"))
    assert.equal(1, decode("1" .. ("0"):rep(5000) .. "e-5000"))
  end)

  it("too small are 0", function()
    assert.equal(0, decode("1e-400"))
    assert.equal(0, decode("1e-99999999999999999999"))
    assert.equal(0, decode("0e99999999999999999999"))
  end)

  it("have a sign only where it means something", function()
    assert.equal("0", tostring(decode("-0")))
    assert.equal(-math.huge, 1 / decode("-0.0"))
    assert.equal(-math.huge, 1 / decode("-1e-400"))
  end)
end)

describe("decoded strings", function()
  it("keep every byte, NUL too", function()
    assert.equal("a\0b", decode('"a\\u0000b"'))
    assert.equal('"\\/\b\f\n\r\t', decode([["\"\\\/\b\f\n\r\t"]]))
    assert.equal("\127\194\128\223\191\224\160\128\239\191\191", decode([["\u007f\u0080\u07ff\u0800\uffff"]]))
    assert.equal("\240\144\128\128\244\143\191\191\240\157\132\158", decode([["\ud800\udc00\udbff\udfff\uD834\udd1E"]]))
    assert.equal("\228\184\173\230\150\135", decode('"\228\184\173\\u6587"'))
    assert.same({ ["a\0b"] = 1 }, decode('{"a\\u0000b":1}'))
  end)

  it("of any length and place of an escape are whole", function()
    for length = 0, 70 do
      local text = ("x"):rep(length)
      assert.equal(text, decode('"' .. text .. '"'))
      assert.equal(text .. "\n" .. text, decode('"' .. text .. "\\n" .. text .. '"'))
      assert.equal(text .. "\195\169" .. text, decode('"' .. text .. "\195\169" .. text .. '"'))
      assert.same({ [text] = text }, decode('{"' .. text .. '":"' .. text .. '"}'))
    end
    local long = ('\228\184\173 \\" '):rep(2000)
    assert.equal(('\228\184\173 " '):rep(2000), decode('"' .. long .. '"'))
    assert.same(
      { (('\228\184\173 " '):rep(2000)), (("\n"):rep(9000)) },
      decode('["' .. long .. '","' .. ("\\n"):rep(9000) .. '"]')
    )
  end)

  it("are well-formed UTF-8, every sequence at every place", function()
    local edges = { 0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0 }
    for lead = 0x80, 0xFF do
      local before = ("x"):rep(lead % 18)
      for _, second in ipairs(edges) do
        for _, third in ipairs(edges) do
          for _, last in ipairs { 0x41, 0x80, 0xBF, 0xC0 } do
            local text = before .. string.char(lead, second, third, last)
            local value, message = decode('"' .. text .. '"')
            if (value == text) ~= (utf8_fault(text) == nil) then error(quoted(text) .. ": " .. tostring(message)) end
          end
        end
      end
    end
  end)

  it("that are malformed are repaired with utf8 = replace", function()
    local mark = "\239\191\189"
    local function repaired(text) return decode('"' .. text .. '"', { utf8 = "replace" }) end
    for bad, good in pairs {
      ["a\255b"] = "a" .. mark .. "b",
      ["\228\184"] = mark,
      ["\228\184\228\184\173"] = mark .. "\228\184\173",
      ["\192\128"] = mark .. mark,
      ["\237\160\128"] = mark .. mark .. mark,
      ["\240\159\152x"] = mark .. "x",
      ["\\ud800"] = mark,
      ["\\ud800\\u0041"] = mark .. "A",
      ["\\udc00\\ud800x"] = mark .. mark .. "x",
      ["\\ud800\\ud800\\udc00"] = mark .. "\240\144\128\128",
      ["\\n\255"] = "\n" .. mark,
      ["\244\144\128\128"] = mark:rep(4),
      ["\\ud83d\\ude00\255"] = "\240\159\152\128" .. mark,
      ["\228\184\173"] = "\228\184\173",
    } do
      assert.equal(good, repaired(bad), quoted(bad))
    end
    assert.equal(("\239\191\189"):rep(3000), repaired(("\255"):rep(3000)))
    assert.same({ [mark] = { a = mark } }, decode('{"\255":{"a":"\255"}}', { utf8 = "replace" }))
    assert.equal(nil, (decode('"\255\n"', { utf8 = "replace" })))
    assert.equal(nil, (decode('"\255', { utf8 = "replace" })))
    assert.equal(nil, (decode('"\\u12"', { utf8 = "replace" })))
    assert.equal(nil, (decode('"\255"', { utf8 = "strict" })))
  end)
end)

describe("decoded null", function()
  it("is an absent key in an object, and core.null elsewhere", function()
    assert.same({}, decode('{"a":null}'))
    assert.same({ b = 1 }, decode('{"a":null,"b":1,"c":null}'))
    assert.equal(core.null, decode("null"))
    local array = decode("[null,1,null]")
    assert.equal(3, #array)
    assert.equal(core.null, array[1])
    assert.equal(core.null, array[3])
  end)

  it("is core.null everywhere with null = keep", function()
    local value = decode('{"a":null,"b":{"c":null}}', { null = "keep" })
    assert.equal(core.null, value.a)
    assert.equal(core.null, value.b.c)
    assert.equal(nil, decode('{"a":null}', { null = "drop" }).a)
  end)

  it("is the null of lua-cjson", function() assert.equal(require("cjson").null, core.null) end)
end)

describe("decoded objects", function()
  it("take the last of equal keys", function()
    for _, case in ipairs {
      { '{"a":1,"a":2}', 2 },
      { '{"a":1,"b":0,"a":2}', 2 },
      { '{"a":{"b":1},"a":3}', 3 },
      { '{"a":null,"a":4}', 4 },
      { '{"a":1,"\\u0061":5}', 5 },
      { '{"\\u0061":1,"a":6}', 6 },
      { '{"a":1,"a":2,"a":7}', 7 },
    } do
      assert.equal(case[2], decode(case[1]).a, case[1])
      assert.equal(case[2], decode(case[1], { fields = { "a" } }).a, case[1])
      assert.equal(case[2], decode("[" .. case[1] .. "," .. case[1] .. "]")[2].a, case[1])
    end
    assert.equal(nil, decode('{"a":1,"a":null}').a)
    assert.equal(nil, decode('{"a":1,"\\u0061":null}').a)
    assert.equal(nil, decode('{"\\u0061":1,"a":null}').a)
    assert.equal(core.null, decode('{"a":1,"a":null}', { null = "keep" }).a)
    assert.same({ a = { c = 2 } }, decode('{"a":{"b":1},"a":{"c":2}}'))
  end)

  it("may have any number of keys, and keys of any length", function()
    for _, count in ipairs { 0, 1, 47, 48, 49, 63, 64, 65, 66, 127, 128, 129, 1000, 10000 } do
      local parts, expected = {}, {}
      for index = 1, count do
        parts[index] = '"k' .. index .. '":' .. index
        expected["k" .. index] = index
      end
      local text = "{" .. table.concat(parts, ",") .. "}"
      assert.same(expected, (decode(text)))
      assert.same({ expected, expected }, (decode("[" .. text .. "," .. text .. "]")))
    end
    for length = 0, 80 do
      local key = ("k"):rep(length)
      local value = decode('[{"' .. key .. '":1,"other":2},{"' .. key .. '":3},{"' .. key .. 'x":4}]')
      assert.same({ { [key] = 1, other = 2 }, { [key] = 3 }, { [key .. "x"] = 4 } }, value)
    end
  end)

  it("of many shapes leave nothing behind that grows", function()
    local function shapes(seed)
      local parts = {}
      for index = 1, 300 do
        parts[index] = ('{"%d_%d":{"x%d":1,"y":2},"z":%d}'):format(seed, index, index % 7, index)
      end
      return "[" .. table.concat(parts, ",") .. "]"
    end
    decode(shapes(0))
    collectgarbage()
    collectgarbage()
    local before = collectgarbage("count")
    for seed = 1, 200 do
      decode(shapes(seed))
    end
    collectgarbage()
    collectgarbage()
    -- Kept shapes would be more than 10 MB; Lua's own table of strings may have doubled.
    assert.is_true(collectgarbage("count") - before < 1024, collectgarbage("count") - before)
  end)
end)

describe("decoded arrays", function()
  it("may have any number of elements", function()
    for _, count in ipairs { 0, 1, 2, 63, 64, 65, 127, 128, 129, 255, 256, 257, 5000 } do
      local parts, expected = {}, {}
      for index = 1, count do
        parts[index] = tostring(index)
        expected[index] = index
      end
      assert.same(expected, (decode("[" .. table.concat(parts, ",") .. "]")))
    end
  end)

  it("are marked when they are empty", function()
    assert.equal(core.array_mt(), debug.getmetatable(decode("[]")))
    assert.equal(core.array_mt(), debug.getmetatable(decode('{"a":[ ]}').a))
    assert.equal(nil, getmetatable(decode("{}")))
    assert.equal(nil, getmetatable(decode("[1]")))
    local mine = {}
    assert.equal(mine, getmetatable(decode("[[]]", { array_mt = mine })[1]))
    assert.equal(nil, getmetatable(decode("[]", { array_mt = false })))
  end)

  it("have the mark of lua-cjson, whichever of its modules the program has loaded by now", function()
    local loaded, before = package.loaded, { cjson = package.loaded.cjson, safe = package.loaded["cjson.safe"] }
    local function mark(cjson, safe)
      loaded.cjson, loaded["cjson.safe"] = cjson, safe
      local marks = { core.array_mt(), debug.getmetatable(decode("[]")) }
      loaded.cjson, loaded["cjson.safe"] = before.cjson, before.safe
      assert.equal(marks[1], marks[2])
      return marks[1]
    end
    local theirs = {}
    local ours = mark(nil, nil)
    assert.same({ __metatable = false }, ours) -- printers of tables do not see it
    assert.equal(theirs, mark({ array_mt = theirs }, nil))
    assert.equal(theirs, mark(nil, { array_mt = theirs }))
    assert.equal(theirs, mark({ encode = print }, { array_mt = theirs }))
    for _, without in ipairs { { array_mt = true }, true, {}, setmetatable({}, { __index = error }) } do
      assert.equal(ours, mark(without, without))
    end
  end)
end)

describe("decode's limits", function()
  it("on depth are 64 levels, or max_depth", function()
    local function nested(depth) return ("["):rep(depth) .. ("]"):rep(depth) end
    assert.is_table((decode(nested(64))))
    local value, message, offset = decode(nested(65))
    assert.equal(nil, value)
    assert.equal(64, offset)
    assert.equal("expected no nesting deeper than max_depth at byte 64, found '['", message)
    assert.is_table((decode(nested(1), { max_depth = 1 })))
    assert.equal(1, (select(3, decode(nested(2), { max_depth = 1 }))))
    assert.equal(5, (select(3, decode('{"a":{}}', { max_depth = 1 }))))
    assert.is_table((decode(nested(512), { max_depth = 512 })))
    assert.equal(512, (select(3, decode(nested(513), { max_depth = 512 }))))
    assert.equal(64, (select(3, decode(nested(65), { fields = { "a" } }))))
    assert.equal(69, (select(3, decode('{"a":' .. nested(65) .. "}", { fields = { "b" } })) + 1))
    assert.is_table((decode(('{"a":'):rep(64) .. "1" .. ("}"):rep(64))))
    assert.equal(320, (select(3, decode(('{"a":'):rep(65) .. "1" .. ("}"):rep(65)))))
  end)

  it("leave room for wide objects and arrays at every level", function()
    local text = "1"
    for _ = 1, 512 do
      text = "{" .. table.concat(TEN_KEYS, ",") .. ',"below":' .. text .. "}"
    end
    local value = decode(text, { max_depth = 512 })
    for _ = 1, 511 do
      assert.equal(7, value.key7)
      value = value.below
    end
    assert.equal(1, value.below)
    for _, before in ipairs { 100, 200 } do
      local wide = "0"
      for _ = 1, 512 do
        wide = "[" .. ("1,"):rep(before) .. wide .. "]"
      end
      value = decode(wide, { max_depth = 512 })
      for _ = 1, 512 do
        assert.equal(before + 1, #value)
        value = value[before + 1]
      end
    end
  end)

  it("on size refuse a longer text at the byte that is too much", function()
    assert.same({ 1 }, decode("[1]", { max_size = 3 }))
    local value, message, offset = decode("[1] ", { max_size = 3 })
    assert.equal(nil, value)
    assert.equal(3, offset)
    assert.equal("expected no text longer than max_size at byte 3, found ' '", message)
  end)
end)

describe("decode's arguments", function()
  it("are checked", function()
    for _, options in ipairs {
      { nul = "keep" },
      { null = "kept" },
      { null = true },
      { utf8 = "loose" },
      { max_depth = 0 },
      { max_depth = 513 },
      { max_depth = "64" },
      { max_depth = 0 / 0 },
      { max_size = -1 },
      { fields = "a" },
      { fields = { 1 } },
      { fields = { "" } },
      { fields = { "a..b" } },
      { fields = { ".a" } },
      { fields = { "a." } },
      { items = "a" },
      { fields = {}, items = "" },
      { fields = { "a" }, items = 1 },
      { source = "s" },
      { fields = { "a" }, source = 1 },
      { array_mt = true },
      { array_mt = 1 },
      { [1] = "null" },
    } do
      assert.has_error(function() decode("[]", options) end)
    end
    assert.has_error(function() decode() end)
    assert.has_error(function() decode({}) end)
    assert.has_error(function() decode("[]", 1) end)
    assert.same({}, decode("{}", nil))
    assert.same({}, decode("{}", {}))
  end)

  it("are named in the message", function()
    local _, message = pcall(decode, "[]", { nul = "keep" })
    assert.truthy(message:find("unknown option 'nul'", 1, true), message)
    _, message = pcall(decode, "[]", { null = "kept" })
    assert.truthy(message:find('option \'null\' must be "drop" or "keep"', 1, true), message)
    for _, fields in ipairs { { imageId = true }, { "a", b = "c" }, { "a", nil, "c" } } do
      message = select(2, pcall(decode, "[]", { fields = fields }))
      assert.truthy(message:find("option 'fields' must be an array of dotted names", 1, true), message)
    end
    _, message = pcall(decode, "[]", { "imageId" })
    assert.truthy(message:find('options have names, as in fields = {"imageId"}', 1, true), message)
    _, message = pcall(decode, "[]", { fields = { "a..b" } })
    assert.truthy(message:find("option 'fields' must be an array of dotted names", 1, true), message)
  end)
end)

describe("decode with fields", function()
  local PAGE = '{"requestId":"r","result":{"totalCount":2,"images":['
    .. '{"imageId":"img-1","name":"one","systemDisk":{"cloudDisk":{"diskSizeGB":40,"iops":1}},'
    .. '"tags":[{"key":"k","value":"v"}]},'
    .. '{"name":"two","imageId":"img-2","systemDisk":null,"tags":[]}]},"other":[1,{"name":"kept"}]}'

  it("builds only those", function()
    assert.same({ requestId = "r" }, (decode(PAGE, { fields = { "requestId" } })))
    assert.same({ result = { totalCount = 2 } }, (decode(PAGE, { fields = { "result.totalCount" } })))
    assert.same(
      { requestId = "r", result = { images = { { name = "one" }, { name = "two" } } } },
      (decode(PAGE, { fields = { "result.images.name", "requestId" } }))
    )
    assert.same({}, (decode(PAGE, { fields = {} })))
    assert.same({}, (decode(PAGE, { fields = { "nothing", "result2.images" } })))
    assert.same({ { b = 2 }, 3, { { b = 4 } } }, (decode('[{"a":1,"b":2},3,[{"b":4}]]', { fields = { "b" } })))
  end)

  it("takes the shorter of two paths, in any order", function()
    local whole = { result = { totalCount = 2, images = decode(PAGE).result.images } }
    assert.same(whole, (decode(PAGE, { fields = { "result", "result.totalCount" } })))
    assert.same(whole, (decode(PAGE, { fields = { "result.totalCount", "result" } })))
  end)

  it("gives items their own text under the key of the option source", function()
    local text = ' {"a":{"b":1},"items":[ {"id":"x","n":[1, 2.50]} ,{"id" : "y","_json":0},{},7]} '
    local options = { items = "items", fields = { "id" }, source = "_json" }
    assert.same({
      a = { b = 1 },
      items = {
        { id = "x", _json = '{"id":"x","n":[1, 2.50]}' },
        { id = "y", _json = '{"id" : "y","_json":0}' },
        { _json = "{}" },
        7,
      },
    }, (decode(text, options)))
    assert.is_nil((decode('{"items":[{"id":"x","n":nul}]}', options)))
    assert.same({ id = 1, s = '{"id":1,"x":2}' }, (decode('{"id":1,"x":2}', { fields = { "id" }, source = "s" })))
  end)

  it("applies them to the items, and builds the rest whole", function()
    assert.same(
      {
        requestId = "r",
        other = { 1, { name = "kept" } },
        result = {
          totalCount = 2,
          images = {
            { imageId = "img-1", systemDisk = { cloudDisk = { diskSizeGB = 40 } }, tags = { { key = "k" } } },
            { imageId = "img-2", tags = {} },
          },
        },
      },
      (decode(PAGE, { items = "result.images", fields = { "imageId", "systemDisk.cloudDisk.diskSizeGB", "tags.key" } }))
    )
    assert.same(
      { result = { image = { name = "n" }, x = 1 } },
      (decode('{"result":{"image":{"name":"n","imageId":"i"},"x":1}}', { items = "result.image", fields = { "name" } }))
    )
  end)

  it("finds keys that are written with escapes", function()
    assert.same({ name = 1 }, (decode('{"n\\u0061me":1,"x":2}', { fields = { "name" } })))
    assert.same({ ["\228\184\173"] = 1 }, (decode('{"\\u4e2d":1,"\230\150\135":2}', { fields = { "\228\184\173" } })))
  end)

  it("keeps null, arrays and limits as without", function()
    assert.equal(core.null, decode('{"a":null,"b":1}', { fields = { "a" }, null = "keep" }).a)
    assert.equal(core.array_mt(), debug.getmetatable(decode('{"a":[],"b":1}', { fields = { "a" } }).a))
    assert.equal(nil, (decode('{"a":1,"b":\255}', { fields = { "a" } })))
  end)
end)

describe("decode", function()
  it("works inside a coroutine and from a finalizer of its own garbage", function()
    local text = "[" .. ('{"a":"x","b":[1,2,3]},'):rep(200) .. "{}]"
    local expected = decode(text)
    local results = {}
    local function finalized() results[#results + 1] = decode('[{"b":"finalizer","a":{"deep":[]}},{"a":"x"}]') end
    for _ = 1, 20 do
      if newproxy then -- luacheck: ignore 113
        getmetatable(newproxy(true)).__gc = finalized -- luacheck: ignore 113
      else
        setmetatable({}, { __gc = finalized })
      end
      local co = coroutine.wrap(function() return decode(text) end)
      assert.same(expected, co())
    end
    collectgarbage()
    assert.is_true(#results > 0)
    for _, result in ipairs(results) do
      assert.same({ { b = "finalizer", a = { deep = {} } }, { a = "x" } }, result)
    end
  end)

  it("reads fractions the same in a locale with a decimal comma", function()
    local out = comma_locale.run([[
      assert(jit or tostring(0.5) == "0,5", "the locale has no decimal comma")
      local decode = require("jdvm.core").decode
      local values = decode("[0.5,1.25e-5,123456789.123456789,2.4703282292062328e-324,1.5e300]")
      for _, value in ipairs(values) do
        print((("%.17g"):format(value):gsub(",", ".")))
      end
      print(decode("1,5"))
    ]])
    local expected = {}
    for index, value in ipairs { 0.5, 1.25e-5, 123456789.123456789, 2.4703282292062328e-324, 1.5e300 } do
      expected[index] = ("%.17g\n"):format(value)
    end
    assert.equal(table.concat(expected) .. "nil\texpected the end of the text at byte 1, found ','\t1", out)
  end)
end)
