-- `jdvm diff`: what is new, gone or changed between two lists of images, so that a scheduled job can tell that a base
-- image was withdrawn.
local core = require "jdvm.core"
local encode = require "jdvm.util.json"
local fields = require "jdvm.cli.fields"
local lists = require "jdvm.cli.lists"
local say = require("jdvm.cli.language").say
local status = require "jdvm.cli.status"
local terminal = require "jdvm.cli.terminal"

-- The rows of a list as `--output jsonl` or `json` wrote it; nil and what is wrong with it.
local function parse(text)
  if text:find("^%s*%[") then
    local rows, message = core.decode(text, { utf8 = "replace" })
    return rows, message
  end
  local rows, number = {}, 0
  for line in text:gmatch("[^\n]+") do
    number = number + 1
    local row, message = core.decode(line, { utf8 = "replace" })
    if type(row) ~= "table" then
      return nil, say("line %d: %s", "第 %d 行：%s", number, message or say("no object", "不是对象"))
    end
    rows[number] = row
  end
  return rows
end

local function read(path)
  local file, message
  if path == "-" then
    file = io.stdin
  else
    file, message = io.open(path, "rb")
  end
  if not file then return nil, message end
  local text, problem = file:read("*a")
  if file ~= io.stdin then file:close() end
  if not text then return nil, path .. ": " .. problem end
  local rows, fault = parse(text)
  return rows, fault and path .. ": " .. fault
end

-- Rows by region and id, their order, and the fields that any of them has.
local function index(rows, id)
  local list = { by_key = {}, keys = {}, names = {} }
  for _, row in ipairs(rows) do
    local key = (row[fields.REGION] and fields.text_of(row[fields.REGION]) .. " " or "") .. fields.text_of(row[id])
    if not list.by_key[key] then list.keys[#list.keys + 1] = key end
    list.by_key[key] = row
    for name in pairs(row) do
      list.names[name] = true
    end
  end
  return list
end

-- The fields, of those that both lists have, in which two rows differ.
local function changes(before, after, row, other)
  local found = {}
  for name in pairs(before.names) do
    if after.names[name] and encode(row[name], true) ~= encode(other[name], true) then found[#found + 1] = name end
  end
  table.sort(found)
  for i, name in ipairs(found) do
    local old, new = row[name], other[name]
    local is_plain = type(old) ~= "table" and type(new) ~= "table"
    found[i] = is_plain and ("%s: %s -> %s"):format(name, fields.text_of(old), fields.text_of(new)) or name
  end
  return table.concat(found, "; ")
end

local MARKS = {
  new = { "+", "32" },
  gone = { "-", "31" },
  changed = { "~", "33" },
}

---Compares two lists.
---@param context table see jdvm.cli
---@param operation table
---@return integer exit status 1 when they differ
return function(context, operation)
  local given, id = context.given, operation.page.id
  local before, fault = read(given.old)
  local after
  if before and given.new then
    after, fault = read(given.new)
  end
  if fault then
    context.complain("jdvm: diff: " .. fault)
    return status.usage
  end
  if not given.new then
    after = {}
    local ended, tell = lists.read(context, operation, {}, function(row, region)
      row[fields.REGION] = region
      after[#after + 1] = row
    end, context.progress.page)
    if ended > status.not_found then
      tell()
      return ended
    end
  end
  before, after = index(before, id), index(after, id)

  local counts, screen = { new = 0, gone = 0, changed = 0 }, context.screen()
  local function print(kind, key, row, what)
    local mark = MARKS[kind]
    local line = ("%s %s  %s%s"):format(mark[1], key, fields.text_of(row.name), what and "  " .. what or "")
    counts[kind] = counts[kind] + 1
    context.write(terminal.paint(terminal.printable(line), screen and screen.colour and mark[2] or nil), "\n")
  end
  for _, key in ipairs(before.keys) do
    local row, other = before.by_key[key], after.by_key[key]
    local what = other and changes(before, after, row, other)
    if not other then
      print("gone", key, row)
    elseif what ~= "" then
      print("changed", key, other, what)
    end
  end
  for _, key in ipairs(after.keys) do
    if not before.by_key[key] then print("new", key, after.by_key[key]) end
  end
  if counts.new + counts.gone + counts.changed == 0 then return status.fine end
  context.complain(
    say(
      "jdvm: %d new, %d gone, %d changed",
      "jdvm: 新增 %d，消失 %d，变化 %d",
      counts.new,
      counts.gone,
      counts.changed
    )
  )
  return status.not_found
end
