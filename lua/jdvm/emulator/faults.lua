-- Which fault befalls which request. A script is a list of rules; a rule is a kind of fault (kinds.lua), its
-- parameters, and conditions. Written as `kind:name=value,name=value`, in JSON as an object.

local kinds = require "jdvm.emulator.kinds"
local life = require "jdvm.emulator.life"
local names = require "jdvm.emulator.names"
local random = require "jdvm.emulator.random"
local uri = require "jdvm.emulator.uri"

local M = {}

-- name, kind of value, what it means; all that are given must hold. Kinds: text, number (0 or more), integer (the same,
-- whole), signed (any number), share (0 to 1), or the allowed words.
M.conditions = {
  operation = { { "describeImages", "describeImage" }, "operation of the request" },
  region = { "text", "region of the request" },
  source = { "text", "imageSource of the request" },
  account = { { "owner", "other" }, "whose images the request sees" },
  image = { "text", "id of the image asked for" },
  page = { "integer", "page number asked for" },
  from_page = { "integer", "first page number it befalls" },
  nth = { "text", "which of the requests that meet the conditions above: 3, or 1+4+5" },
  after = { "integer", "how many of them pass unharmed first" },
  every = { "integer", "every how many of them" },
  probability = { "share", "chance for each of them, from 0 to 1" },
  seed = { "signed", "what the chances are drawn from" },
  count = { "integer", "how often at most" },
}

local in_range = {
  number = function(n) return n >= 0 end,
  integer = function(n) return n >= 0 and n % 1 == 0 end,
  signed = function(n) return n == n end,
  share = function(n) return n >= 0 and n <= 1 end,
}
--- What the kinds of numbers are called.
M.meanings = {
  number = "a number from 0",
  integer = "a whole number from 0",
  signed = "a number",
  share = "a number from 0 to 1",
}

local function read_value(kind, text)
  if kind == "text" then return tostring(text) end
  if in_range[kind] then
    local n = tonumber(text)
    return n and in_range[kind](n) and n or nil
  end
  for _, word in ipairs(kind) do
    if word == text then return text end
  end
end

--- Checks a rule.
---@param given table `{fault, name = value…}` with values as text or of the right type
---@return table|nil rule
---@return string|nil message
function M.read(given)
  if given.fault == nil then
    return nil, "a fault is an object whose key 'fault' names its kind; there are: " .. names.all(kinds)
  end
  local kind = kinds[given.fault]
  if not kind then
    return nil,
      ("unknown fault '%s'; there are: %s%s"):format(
        tostring(given.fault),
        names.all(kinds),
        names.meant(given.fault, kinds)
      )
  end
  local rule = { fault = given.fault }
  for name, default in pairs(kind.defaults or {}) do
    rule[name] = default
  end
  for name, text in pairs(given) do
    if name ~= "fault" then
      local entry = kind.parameters[name] or M.conditions[name]
      if not entry then
        return nil,
          ("fault '%s' has no parameter '%s'; it has: %s; conditions: %s%s"):format(
            given.fault,
            tostring(name),
            names.all(kind.parameters),
            names.all(M.conditions),
            names.meant(name, kind.parameters, M.conditions)
          )
      end
      local value = read_value(entry[1], text)
      if value == nil then
        local expected = M.meanings[entry[1]] or table.concat(entry[1], ", ")
        return nil, ("fault '%s': %s must be %s, not '%s'"):format(given.fault, name, expected, tostring(text))
      end
      rule[name] = value
    end
  end
  local message = rule.nth and not rule.nth:find("^%d+[%d+]*$") and "nth must be like 3 or 1+4+5"
    or rule.every == 0 and "every must be at least 1"
    or kind.check and kind.check(rule)
  if message then return nil, "fault '" .. given.fault .. "': " .. message end
  return rule
end

--- Reads `kind:name=value,name=value`; a comma or percent sign in a value is percent-encoded.
---@param text string
---@return table|nil rule
---@return string|nil message
function M.parse(text)
  local name, rest = tostring(text):match("^([^:]*):?(.*)$")
  local given = { fault = name }
  for part in rest:gmatch("[^,]+") do
    local key, value = part:match("^([^=]+)=(.*)$")
    if not key then return nil, ("fault '%s': '%s' is not name=value"):format(tostring(name), part) end
    given[key] = uri.decode(value)
  end
  return M.read(given)
end

--- Takes several specs apart that are separated by blanks. Blanks in the steps of a life separate none.
---@param text string
---@return string[]
function M.split(text)
  local specs = {}
  for word in text:gmatch("%S+") do
    local last = specs[#specs]
    local is_step = last and last:find("^life:") and not kinds[word] and life.parse(word:match("^[^,]*"))
    if is_step then
      specs[#specs] = last .. " " .. word
    else
      specs[#specs + 1] = word
    end
  end
  return specs
end

--- Writes a rule as `parse` reads it.
---@param rule table
---@return string
function M.format(rule)
  local parts = {}
  for name, value in pairs(rule) do
    if name ~= "fault" then
      local text = type(value) == "number" and ("%.14g"):format(value) or tostring(value)
      parts[#parts + 1] = name .. "=" .. text:gsub("[%%,%c]", function(c) return ("%%%02X"):format(c:byte()) end)
    end
  end
  table.sort(parts)
  return rule.fault .. ":" .. table.concat(parts, ",")
end

local function meets(rule, call)
  return (not rule.operation or rule.operation == call.operation)
    and (not rule.region or rule.region == call.region)
    and (not rule.source or rule.source == call.values.imageSource)
    and (not rule.account or rule.account == call.account)
    and (not rule.image or rule.image == call.image_id)
    and (not rule.page or rule.page == call.page)
    and (not rule.from_page or (call.page or 0) >= rule.from_page)
end

local function is_turn(rule, n)
  if rule.nth then
    local found = false
    for number in rule.nth:gmatch("%d+") do
      found = found or tonumber(number) == n
    end
    if not found then return false end
  end
  if rule.after and n <= rule.after then return false end
  if rule.every and n % rule.every ~= 0 then return false end
  return not rule.probability or random.unit(rule.seed or 1, n * 2 + 1) < rule.probability
end

--- The rules that befall a request, in the order of the script. Of the kinds that replace the whole answer only
--- the first acts; the others are not used up by it.
---@param state table
---@param call table
---@return table[] `{rule, kind, draw}` where draw(i) is a number in [0, 1) that belongs to this occasion
function M.befalling(state, call)
  local found, is_replaced = {}, false
  for _, entry in ipairs(state.faults) do
    local rule, kind = entry.rule, kinds[entry.rule.fault]
    if meets(rule, call) then
      local n = state.store:incr("fault:" .. entry.n .. ":met", 1)
      if
        is_turn(rule, n)
        and not (is_replaced and kind.replaces)
        and state.store:incr("fault:" .. entry.n .. ":used", 1) <= (rule.count or math.huge)
      then
        is_replaced = is_replaced or kind.replaces
        found[#found + 1] = {
          rule = rule,
          kind = kind,
          draw = function(i) return random.unit((rule.seed or 1) + 7 * i, n * 2) end,
        }
      end
    end
  end
  return found
end

--- Lets every fault act at one stage.
---@param befalling table[] from `befalling`
---@param stage string `before`, `result` or `response`
function M.act(befalling, stage, ...)
  for _, fault in ipairs(befalling) do
    if fault.kind[stage] then fault.kind[stage](fault.rule, fault.draw, ...) end
  end
end

return M
