-- Texts that RFC 8259 accepts or forbids. A case of `reject` is { text, offset }: the offset (from 0)
-- of the first byte with which no valid text continues.
local cases = { accept = {}, reject = {} }

local function accept(list)
  for _, text in ipairs(list) do
    cases.accept[#cases.accept + 1] = text
  end
end

local function reject(text, offset) cases.reject[#cases.reject + 1] = { text, offset } end

local function reject_at(offset, texts)
  for _, text in ipairs(texts) do
    reject(text, offset)
  end
end

-- Structure and white space.
accept {
  "{}",
  "[]",
  " [ ] ",
  "\t{\n}\r\n",
  "[[]]",
  "[{}]",
  '{"a":{}}',
  '{"a":[]}',
  "[1,2]",
  "[ 1 , 2 ]",
  '{"a":1,"b":2}',
  ' { "a" : 1 , "b" : [ ] } ',
  '{"":0}',
  '{"a":1,"a":2}',
  "[[[[[[1]]]]]]",
  "[null,true,false]",
  "null",
  "true",
  "false",
  '""',
  '"a"',
  "0",
  " 1 ",
  '\239\187\191{"a":1}',
  "\239\187\191 []",
}
reject_at(0, { "", "\239\187", "\0", "]", "}", ",", ":", "/* */1" })
reject_at(1, { "[", "{", "[,1]", "{1:2}", "{a:1}", "{'a':1}", "{,}", "[\f1]", "[\v1]", "[\1941]" })
reject_at(2, { "  ", "[1", "[1}", "[1:2]", "[]]", "[][]", "1 2", "[1\1942]" })
reject_at(3, { "\239\187\191", "\239\187\191\239\187\191[]", "[1]\0", "[1,", "[1,]", "[1 2]", "[] x", '{"a', "[1]//" })
reject_at(4, { '{"a"}', '{"a"' })
reject_at(5, { '{"a" 1}', '{"a":}', '{"a":' })
reject_at(6, { '{"a":1', '{"a":1]' })
reject_at(7, { '{"a":1,', '{"a":1,}', '{"a":1 "b":2}', '{"a":1,1:2}' })

-- Words.
for _, word in ipairs { "true", "false", "null" } do
  for length = 1, #word - 1 do
    reject(word:sub(1, length), length)
    reject("[" .. word:sub(1, length) .. "]", length + 1)
    reject("[" .. word:sub(1, length) .. "x" .. word:sub(length + 2) .. ', "more text behind it"]', length + 1)
  end
  accept {
    "[" .. word .. "]",
    '{"a":' .. word .. "}",
    '{"a":' .. word .. ',"some more text":"so that it is not near the end"}',
  }
  reject(word .. "e", #word)
  reject("[" .. word .. "1]", #word + 1)
end
reject_at(0, { "True", "NULL", "NaN", "Infinity", "undefined" })
reject("nan", 1)

-- Numbers.
accept {
  "-0",
  "-1",
  "10",
  "1234567890",
  "0.5",
  "-0.5",
  "1.0",
  "1e5",
  "1E5",
  "1e+5",
  "1e-5",
  "1.5e10",
  "-1.5E-10",
  "0e0",
  "0.0e-0",
  "[0,0.0,-0.0,1e0]",
  "1e-400",
  "0.1e1",
  "1e00005",
  "0E+0",
  "9223372036854775807",
  "-9223372036854775808",
  "0." .. ("0"):rep(400) .. "1",
  "0e" .. ("9"):rep(40),
}
-- A number out of range is a failure at its first byte; integers are out of range only where Lua has them.
for _, text in ipairs { "1e309", "-1e400", "1.7976931348623159e308", "1e" .. ("9"):rep(40) } do
  reject(text, 0)
  reject('{"a":[1, ' .. text .. "]}", 9)
end
local has_integers = math.type ~= nil -- luacheck: ignore 143
for _, digits in ipairs {
  "9223372036854775808",
  "-9223372036854775809",
  "18446744073709551616",
  "123456789012345678901234567890",
  "1" .. ("0"):rep(400),
} do
  if has_integers then
    reject("[" .. digits .. "]", 1)
  else
    accept { digits }
  end
end
for text, offset in pairs {
  ["-"] = 1,
  ["+1"] = 0,
  ["--1"] = 1,
  ["01"] = 1,
  ["-01"] = 2,
  ["00"] = 1,
  ["1."] = 2,
  ["1.e5"] = 2,
  [".5"] = 0,
  ["-.5"] = 1,
  ["1e"] = 2,
  ["1e+"] = 3,
  ["1e-"] = 3,
  ["1ee5"] = 2,
  ["1e5.5"] = 3,
  ["1.5.5"] = 3,
  ["0x10"] = 1,
  ["1a"] = 1,
  ["1_000"] = 1,
  ["- 1"] = 1,
  ["1 e5"] = 2,
  ["-a"] = 1,
  ["1e5e"] = 3,
  ["1-2"] = 1,
  ["1+2"] = 1,
  ["-Infinity"] = 1,
  ["1,"] = 1,
  ["0.0."] = 3,
} do
  reject(text, offset)
  reject("[" .. text .. "]", text == "1," and 3 or offset + 1)
  if text ~= "1," then
    local front = '{"some text":"to be far from the beginning","k":'
    local back = ',"more":"text, so that it is far from the end"}'
    reject(front .. text .. back, offset + #front)
  end
end

-- Strings: escapes.
accept {
  [["\"\\\/\b\f\n\r\t"]],
  [["\u0000\u001f\u0020\u007f\u0080\u07ff\u0800\uffff"]],
  [["\uABCD\uabcd"]],
  [["\ud800\udc00"]],
  [["\udbff\udfff"]],
  [["\uD834\uDD1E clef"]],
  [["\ud7ff\ue000"]],
  '"\127"',
  [["\\u0000"]],
  [["\\\\"]],
  [["\"" ]],
}
reject('"', 1)
reject_at(2, { '"a', [["\]], [["\x41"]], [["\'"]], [["\a"]], [["\U0041"]], [["\0"]], '"\\\0"', '"\\\n"' })
reject_at(3, { [["\"]], [["\u"]], [["\u 123"]], [["\u+123"]] })
reject_at(4, { [["\u1"]], [["\udc00"]], [["\udfff\ud800"]] })
reject_at(5, { [["\u12"]], [["\u12 4"]] })
reject_at(6, { [["\u123"]], [["\u123g"]] })
reject_at(7, { [["\ud800"]], [["\ud800x"]] })
reject([["\ud800\n"]], 8)
reject_at(9, { [["\ud800\u"]], [["\ud800\u0041"]], [["\ud800\ue000"]] })
reject_at(10, { [["\ud800\ud7ff"]], [["\ud800\ud800"]] })
reject([["\ud800\udc0"]], 12)
for code = 0, 31 do
  reject('"' .. string.char(code) .. '"', 1)
  reject('["some text in front of it' .. string.char(code) .. ' and behind it"]', 26)
end

-- Strings: UTF-8; every kind of sequence is in spec/core/json_spec.lua.
accept {
  '"\194\128"',
  '"\224\160\128"',
  '"\237\159\191"',
  '"\239\191\191"',
  '"\240\144\128\128"',
  '"\244\143\191\191"',
  '"\228\184\173\230\150\135"',
  '{"\228\184\173":"\230\150\135"}',
  '"' .. ("\228\184\173"):rep(40) .. '"',
  '"a' .. ("\228\184\173"):rep(5) .. "\195\169" .. ("\228\184\173"):rep(6) .. '"',
}
for _, case in ipairs {
  { "\128", 0 },
  { "\194", 1 },
  { "\224\159\191", 1 },
  { "\240\144\128", 3 },
  { "\228\184", 2 },
} do
  local bytes, offset = case[1], case[2]
  reject('"' .. bytes .. '"', 1 + offset)
  reject('{"' .. bytes .. '":1}', 2 + offset)
  reject('["' .. ("\228\184\173"):rep(7) .. bytes .. ("\228\184\173"):rep(7) .. '"]', 23 + offset)
  reject('["0123456789abcdef' .. bytes .. '0123456789abcdef"]', 18 + offset)
end

return cases
