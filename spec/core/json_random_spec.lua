-- jdvm.core.decode against lua-cjson, and against itself, on documents made at random. The seed is in
-- every failure; JDVM_SPEC_SEED=n runs one again.
local core = require "jdvm.core"
local cjson = require("cjson").new()
local pages = require "spec.bench.pages"
local random = require "spec.support.random"

local decode = core.decode
local number_type = math.type -- luacheck: ignore 143
local seed = tonumber(os.getenv("JDVM_SPEC_SEED")) or os.time() % 1000000
local draw = random.new(seed)

local function pick(list) return list[draw(1, #list)] end

-- Keys that begin alike, are longer than any key kept, or are written with escapes.
local KEYS =
  { "a", "aa", "aaa", ("a"):rep(29), ("a"):rep(30), ("key"):rep(14), "imageId", "name", "", "镜像", 'x"y', "\0" }
local PIECES =
  { "", "a", "0123456789", "é", "😀", '"', "\\", "/", "\n", "\0", "\127", ("镜像"):rep(4), ("plain "):rep(9) }
local NUMBERS = { "0", "-0", "40", "-7", "0.0", "1.5", "3.141592653589793238", "1e22", "9007199254740993e-3", "5E-324" }
local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/", ["\n"] = "\\n" }

-- Writes a string, each character in one of the ways there are.
local function write_string(text)
  local way = draw(1, 9)
  return '"'
    .. text:gsub('[%z\1-\31"\\/a]', function(c)
      if (c == "/" or c == "a") and way > 2 then return c end
      return way ~= 1 and ESCAPES[c] or ("\\u%04x"):format(c:byte())
    end)
    .. '"'
end

local function many(most, make)
  local list = {}
  for i = 1, draw(0, most) do
    list[i] = make(i)
  end
  return list
end

-- Writes a value as text, for both decoders to read.
local function write_value(depth)
  local kind = draw(1, depth > 4 and 5 or 8)
  if kind == 1 then
    return pick(NUMBERS)
  elseif kind == 2 then
    return ("%s%d.%de%d"):format(pick { "", "-" }, draw(0, 999999999), draw(0, 999999999), draw(-290, 290))
  elseif kind == 3 then
    return write_string(table.concat(many(4, function() return pick(PIECES) end)))
  elseif kind < 6 then
    return pick { "true", "false", "null" }
  end
  local space = pick { "", "", " ", "\n", "\t\r\n  " }
  local comma = space .. "," .. space
  if kind == 6 then
    local elements = many(5, function() return write_value(depth + 1) end)
    return "[" .. space .. table.concat(elements, comma) .. space .. "]"
  end
  -- Several objects of nearly one shape: some lack a field, or have one twice.
  local keys = many(7, function() return pick(KEYS) end)
  local objects = many(5, function()
    local fields = {}
    for _, key in ipairs(keys) do
      if draw() > 0.1 then fields[#fields + 1] = write_string(key) .. space .. ":" .. write_value(depth + 1) end
    end
    return "{" .. space .. table.concat(fields, comma) .. space .. "}"
  end)
  return kind == 7 and objects[1] or "[" .. table.concat(objects, comma) .. "]"
end

-- True if two values are the same; numbers must be equal, whatever their type, unless `exact`.
local function same(a, b, exact)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and (not exact or not number_type or number_type(a) == number_type(b))
  end
  for key, value in pairs(a) do
    if not same(value, b[key], exact) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- What lua-cjson makes of a text, but with absent keys for null.
local function without_null(value)
  if type(value) ~= "table" then return value end
  local is_array = #value > 0
  for key, below in pairs(value) do
    if below == cjson.null and not is_array then
      value[key] = nil
    else
      without_null(below)
    end
  end
  return value
end

-- Forgets what earlier calls have taught the decoder.
local function forget() debug.getregistry()["jdvm.decoder"] = nil end

local COUNT = os.getenv("JDVM_SPEC_SLOW") and 60 or 400

describe("decode of random documents (seed " .. seed .. ")", function()
  it("agrees with lua-cjson", function()
    for number = 1, COUNT do
      local text = write_value(1)
      local note = ("seed %d, document %d: %s"):format(seed, number, text)
      local value, message = decode(text, { null = "keep" })
      assert.is_true(value ~= nil, note .. ": " .. tostring(message))
      local expected = cjson.decode("[" .. text .. "]")[1]
      assert.is_true(same(expected, value), note)
      assert.is_true(same(without_null(expected), (decode(text))), note)
    end
  end)

  it("refuses or accepts a damaged document whatever is wanted of it", function()
    for _ = 1, COUNT do
      local text = write_value(1)
      local at = draw(1, #text)
      local damaged = text:sub(1, at - 1)
        .. pick { "", "\0", '"', "\\", "{", "}", "[", "]", ",", ":", "1", "e", "\255", "\228" }
        .. text:sub(at + draw(0, 2))
      local value, message, offset = decode(damaged)
      forget()
      local again, message_again, offset_again = decode(damaged)
      local skipped, message_skipped, offset_skipped = decode('{"x":' .. damaged .. "}", { fields = { "y" } })
      local note = ("seed %d: %s"):format(seed, damaged)
      assert.is_true(same(value, again, true), note)
      assert.same({ message, offset }, { message_again, offset_again }, note)
      if offset and offset < #damaged then
        assert.equal(nil, skipped, note)
        -- Behind a value, the text ends or the object goes on: only there may they differ.
        if not message:find("^expected the end of the text") then
          assert.equal(offset + 5, offset_skipped, note .. message_skipped)
        end
      end
    end
  end)
end)

describe("decode of the benchmark's documents", function()
  it("agrees with lua-cjson", function()
    for _, name in ipairs(pages.names) do
      local text = pages.makers[name](1)
      assert.is_true(same(cjson.decode(text), (decode(text))), name)
    end
  end)
end)
