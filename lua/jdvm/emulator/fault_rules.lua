-- Which fault is played for which request. A rule is a kind of fault (faults.lua), its parameters, and conditions. It
-- is written as `kind:name=value,name=value`.

local faults = require "jdvm.emulator.faults"
local operations = require "jdvm.service.operations"
local random = require "jdvm.emulator.random"
local settings = require "jdvm.emulator.settings"
local status_script = require "jdvm.emulator.status_script"
local text = require "jdvm.util.text"
local uri = require "jdvm.emulator.uri"

local M = {}

local operation_names = {}
for i, operation in ipairs(operations.list) do
  operation_names[i] = operation.name
end

-- name, kind of value (see settings.read_value), meaning; all that are given must hold.
M.conditions = {
  operation = { operation_names, "operation of the request" },
  region = { "text", "region of the request" },
  source = { "text", "imageSource of the request" },
  account = { { "owner", "other" }, "account whose images the request sees" },
  image = { "text", "id of the image asked for" },
  page = { "integer", "page number asked for" },
  from_page = { "integer", "first page number" },
  nth = { "text", "which of the requests that meet the conditions above: 3, or 1+4+5" },
  after = { "integer", "how many of them pass first" },
  every = { "positive", "every how many of them" },
  probability = { "share", "chance for each of them, from 0 to 1" },
  seed = { "signed", "seed of the chances" },
  count = { "integer", "maximum number of times" },
}

--- Checks a rule: the rule with its defaults, or nil and what is wrong.
---@param given table `{fault, name = value…}` with values as text or of the right type
function M.read(given)
  local fault = faults[given.fault]
  if not fault then return nil, settings.unknown("unknown fault", given.fault, faults) end
  local rule, about = { fault = given.fault }, "fault " .. given.fault .. ": "
  for name, entry in pairs(fault.parameters) do
    rule[name] = entry[3]
  end
  given.fault = nil
  for name, value in pairs(given) do
    local entry = fault.parameters[name] or M.conditions[name]
    if not entry then
      return nil, about .. settings.unknown("unknown parameter or condition", name, fault.parameters, M.conditions)
    end
    local message
    rule[name], message = settings.read_value(about .. name, entry[1], value)
    if message then return nil, message end
  end
  local message = rule.nth and not rule.nth:find("^%d+[%d+]*$") and "nth must be like 3 or 1+4+5"
    or fault.check and fault.check(rule)
  if message then return nil, about .. message end
  return rule
end

--- Reads `kind:name=value,name=value`, in which a comma or percent sign of a value is percent-encoded.
function M.parse(spec)
  local name, rest = tostring(spec):match("^([^:]*):?(.*)$")
  local given = { fault = name }
  for part in rest:gmatch("[^,]+") do
    local key, value = part:match("^([^=]+)=(.*)$")
    if not key then return nil, text.show(part) .. " is not name=value" end
    given[key] = uri.decode(value)
  end
  return M.read(given)
end

--- Reads several.
function M.parse_all(specs)
  local rules = {}
  for i, spec in ipairs(specs) do
    local message
    rules[i], message = M.parse(spec)
    if message then return nil, message end
  end
  return rules
end

--- Takes several specs apart that are separated by blanks. Blanks in the steps of a life separate none.
function M.split(list)
  local specs = {}
  for word in list:gmatch("%S+") do
    local last = specs[#specs]
    local is_step = last and last:find("^life:") and not faults[word] and status_script.parse(word:match("^[^,]*"))
    if is_step then
      specs[#specs] = last .. " " .. word
    else
      specs[#specs + 1] = word
    end
  end
  return specs
end

local function meets(rule, call)
  for _, name in ipairs { "operation", "region", "source", "account", "image", "page" } do
    if rule[name] and rule[name] ~= call[name] then return false end
  end
  return not rule.from_page or (call.page or 0) >= rule.from_page
end

local function is_turn(rule, n)
  if rule.nth and not ("+" .. rule.nth .. "+"):find("+" .. n .. "+", 1, true) then return false end
  if rule.after and n <= rule.after then return false end
  if rule.every and n % rule.every ~= 0 then return false end
  return not rule.probability or random.unit(rule.seed or 1, n * 2 + 1) < rule.probability
end

--- The faults to play for a request, in the order of the rules. Of the kinds that replace the whole response only
--- the first acts; the others are not used up by it.
---@return table[] `{rule, fault, draw}` where draw(i) is a number in [0, 1) that belongs to this occasion
function M.due(rules, call)
  local found, is_replaced = {}, false
  for _, entry in ipairs(rules) do
    local rule, fault = entry.rule, faults[entry.rule.fault]
    if meets(rule, call) then
      entry.met = entry.met + 1
      local n, is_left = entry.met, entry.used < (rule.count or math.huge)
      if is_left and not (is_replaced and fault.replaces) and is_turn(rule, n) then
        entry.used = entry.used + 1
        is_replaced = is_replaced or fault.replaces
        found[#found + 1] = {
          rule = rule,
          fault = fault,
          draw = function(i) return random.unit((rule.seed or 1) + 7 * i, n * 2) end,
        }
      end
    end
  end
  return found
end

--- The kinds of faults that are played, between blanks.
function M.names(due)
  local names = {}
  for i, entry in ipairs(due) do
    names[i] = entry.rule.fault
  end
  return table.concat(names, " ")
end

--- Lets every fault act at one stage: `before`, `result` or `response`.
function M.act(due, stage, ...)
  for _, entry in ipairs(due) do
    if entry.fault[stage] then entry.fault[stage](entry.rule, entry.draw, ...) end
  end
end

return M
