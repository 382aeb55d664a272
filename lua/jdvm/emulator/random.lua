-- Deterministic numbers that are the same on every Lua: products stay below 2^53, so doubles are exact. Pure.

local M = {}

local MODULUS = 2147483647

--- A number in [0, 1) that depends on nothing but its arguments.
function M.unit(seed, n)
  local x = ((seed % MODULUS) * 48271 + (n % MODULUS) * 69621 + 11) % MODULUS
  for _ = 1, 3 do
    local y = x % 67108859
    x = (y * y % MODULUS + x * 16807 + 1013) % MODULUS
  end
  return x / MODULUS
end

--- A whole number in [1, top].
function M.pick(seed, n, top) return math.floor(M.unit(seed, n) * top) + 1 end

local DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"

--- Text of `length` characters from `[a-z0-9]`.
function M.text(seed, n, length)
  local out, x = {}, math.floor(M.unit(seed, n) * MODULUS)
  for i = 1, length do
    x = (x * 48271 + i) % MODULUS
    local digit = math.floor(x / 16) % 36 + 1
    out[i] = DIGITS:sub(digit, digit)
  end
  return table.concat(out)
end

-- Image ids are a permutation of (shelf, key): they look random, never collide, and lead back to where the
-- image stands without an index, whatever the size of the catalogue.
local HALF = 36 ^ 5
local PRIME = 60466169

local function scramble(value, round, seed)
  return ((value * value) % PRIME * (4096 + 577 * round) + seed % 9973 * 31 + 7919 * round + value) % HALF
end

local function half_text(value)
  local text = ""
  for _ = 1, 5 do
    local digit = value % 36 + 1
    text, value = DIGITS:sub(digit, digit) .. text, math.floor(value / 36)
  end
  return text
end

local function half_value(text)
  local value = 0
  for character in text:gmatch(".") do
    value = value * 36 + DIGITS:find(character, 1, true) - 1
  end
  return value
end

--- Ten characters that stand for two numbers below 36^5.
function M.encode_pair(seed, left, right)
  for round = 1, 4 do
    left, right = right, (left + scramble(right, round, seed)) % HALF
  end
  return half_text(left) .. half_text(right)
end

--- Undoes `encode_pair`; nil where the text cannot come from it.
function M.decode_pair(seed, text)
  if not text:match("^[a-z0-9]+$") or #text ~= 10 then return nil end
  local left, right = half_value(text:sub(1, 5)), half_value(text:sub(6))
  for round = 4, 1, -1 do
    left, right = (right - scramble(left, round, seed)) % HALF, left
  end
  return math.floor(left), math.floor(right) -- integers where Lua has them
end

return M
