-- jdvm.core.decode against lua-cjson, and against itself, on documents made at random. The seed is in
-- every failure; JDVM_SPEC_SEED=n runs one again.
local core = require "jdvm.core"
local cjson = require("cjson").new()
local pages = require "spec.bench.pages"

local decode = core.decode
local number_type = math.type -- luacheck: ignore 143
local seed = tonumber(os.getenv("JDVM_SPEC_SEED")) or os.time() % 1000000

-- Numbers from 1 to `limit`, the same for a seed on every Lua.
local state = seed % 2147483646 + 1
local function random(limit)
  state = state * 16807 % 2147483647
  return state % limit + 1
end

local function pick(list) return list[random(#list)] end

local SPACE = { "", "", "", "", " ", "\n", "\t", "\r\n  ", "    " }
local KEYS = {
  "a",
  "b",
  "c",
  "imageId",
  "name",
  "status",
  "key",
  "value",
  "diskSizeGB",
  "a_key_that_is_longer_than_any_key_kept",
  "",
  "\228\184\173",
  'x"y',
  "tab\t",
  "nul\0",
  "aa",
  "aaa",
  "aaaa",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
}
local PIECES = {
  "",
  "a",
  "ready",
  "img-",
  "0123456789",
  "\228\184\173\230\150\135",
  "\195\169",
  "\240\159\152\128",
  '"',
  "\\",
  "/",
  "\n",
  "\0",
  "\127",
  "\228\184\173\230\150\135\228\184\173\230\150\135\228\184\173\230\150\135\228\184\173",
  "a long piece of plain text that is more than 32 bytes",
}

local function random_text()
  local parts = {}
  for index = 1, random(4) do
    parts[index] = pick(PIECES)
  end
  return table.concat(parts)
end

-- Writes a string, each character in one of the ways there are.
local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/", ["\n"] = "\\n", ["\t"] = "\\t" }
local function write_string(text, escaping)
  return '"'
    .. text:gsub('[%z\1-\31"\\/a]', function(c)
      if c == "/" and escaping ~= 1 or c == "a" and escaping ~= 2 then return c end
      return escaping ~= 3 and ESCAPES[c] or ("\\u%04x"):format(c:byte())
    end)
    .. '"'
end

local function random_number()
  local kind = random(6)
  if kind == 1 then
    return tostring(random(100) - 50)
  elseif kind == 2 then
    return ("%d%09d"):format(random(900), random(999999999))
  elseif kind == 3 then
    return ("%s%d.%d"):format(pick { "", "-" }, random(10000) - 1, random(99999))
  elseif kind == 4 then
    return ("%d%s%s%d"):format(random(10) - 1, pick { "e", "E" }, pick { "", "+", "-" }, random(300))
  elseif kind == 5 then
    return ("%d.%09d%09d%s%d"):format(
      random(10) - 1,
      random(999999999),
      random(999999999),
      pick { "e", "e-" },
      random(290)
    )
  end
  return pick { "0", "-0", "1", "100", "40", "0.0" }
end

-- Writes a value; returns nothing but text, for both decoders to read.
local function random_value(depth, spaced)
  local function space() return spaced and pick(SPACE) or "" end
  local kind = depth > 4 and random(5) or random(8)
  if kind == 1 then
    return random_number()
  elseif kind == 2 or kind == 3 then
    return write_string(random_text(), random(4))
  elseif kind == 4 then
    return pick { "true", "false" }
  elseif kind == 5 then
    return "null"
  elseif kind == 6 then
    local parts = {}
    for index = 1, random(6) - 1 do
      parts[index] = space() .. random_value(depth + 1, spaced) .. space()
    end
    return "[" .. (#parts == 0 and space() or table.concat(parts, ",")) .. "]"
  end
  -- Objects: often several of one shape in an array, some with a field less, one more, or one twice.
  local keys = {}
  for index = 1, random(8) - 1 do
    keys[index] = pick(KEYS)
  end
  local function object()
    local parts = {}
    for _, key in ipairs(keys) do
      if random(10) > 1 then
        parts[#parts + 1] = space()
          .. write_string(key, random(20))
          .. space()
          .. ":"
          .. space()
          .. random_value(depth + 1, spaced)
          .. space()
      end
    end
    if random(10) == 1 then parts[#parts + 1] = write_string(pick(KEYS), 0) .. ":1" end
    return "{" .. (#parts == 0 and space() or table.concat(parts, ",")) .. "}"
  end
  if kind == 7 then return object() end
  local parts = {}
  for index = 1, random(5) do
    parts[index] = object()
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

-- True if two values are the same; numbers must be equal, whatever their type.
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
  if type(value) == "table" then
    local is_array = #value > 0
    for key, below in pairs(value) do
      if below == cjson.null and not is_array then
        value[key] = nil
      else
        without_null(below)
      end
    end
  end
  return value
end

-- Forgets what earlier calls have taught the decoder.
local function forget() debug.getregistry()["jdvm.decoder"] = nil end

local COUNT = os.getenv("JDVM_SPEC_SLOW") and 60 or 600

describe("decode of random documents (seed " .. seed .. ")", function()
  it("agrees with lua-cjson", function()
    for number = 1, COUNT do
      local text = random_value(1, number % 3 == 0)
      local note = ("seed %d, document %d: %s"):format(seed, number, text)
      local value, message = decode(text, { null = "keep" })
      assert.is_true(value ~= nil, note .. ": " .. tostring(message))
      local expected = cjson.decode("[" .. text .. "]")[1]
      assert.is_true(same(expected, value), note)
      assert.is_true(same(without_null(expected), (decode(text))), note)
    end
  end)

  it("refuses or accepts a damaged document whatever is wanted of it", function()
    for number = 1, COUNT do
      local text = random_value(1, number % 3 == 0)
      local at = random(#text)
      local damaged = text:sub(1, at - 1)
        .. pick { "", "\0", '"', "\\", "{", "}", "[", "]", ",", ":", "1", "e", "\255", "\228" }
        .. text:sub(at + random(3) - 1)
      local value, message, offset = decode(damaged)
      forget()
      local again, message_again, offset_again = decode(damaged)
      local skipped, message_skipped, offset_skipped = decode('{"x":' .. damaged .. "}", { fields = { "y" } })
      local note = ("seed %d: %s"):format(seed, damaged)
      assert.is_true(same(value, again, true), note)
      assert.equal(message, message_again, note)
      assert.equal(offset, offset_again, note)
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
  for _, name in ipairs(pages.names) do
    it("agrees with lua-cjson: " .. name, function()
      for number = 1, 3 do
        local text = pages.makers[name](number)
        assert.is_true(same(cjson.decode(text), (decode(text))))
      end
    end)
  end
end)
