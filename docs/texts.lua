-- Prints every text that people read, English and Chinese below each other: make texts.
-- Messages and hints of failures, options, parameters and fields of the reference, and what the command says.

package.path = "lua/?.lua;./?.lua;" .. package.path

local api = require "docs.lib.api"
local described = require "docs.lib.described"
local failures = require "docs.lib.failures"
local operations = require "jdvm.service.operations"
local texts = require "jdvm.failures.texts"

local function show(name, en, zh) io.write(name, "\n  ", tostring(en), "\n  ", tostring(zh), "\n") end

local function heading(words) io.write("\n== ", words, " ==\n") end

local function sorted(entries)
  local names = {}
  for name in pairs(entries) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

-- All tables with a text, wherever they stand in others.
local function show_described(value, where)
  if type(value) ~= "table" then return end
  local name = where .. (value.name and "." .. tostring(value.name) or "")
  if value.doc then show(name, value.doc, value.doc_zh) end
  for _, key in ipairs(sorted(value)) do
    show_described(value[key], name)
  end
end

heading "failures"
for _, cause in ipairs(sorted(texts.causes)) do
  local entry = texts.causes[cause]
  show(cause, entry.en, entry.zh)
  for _, name in ipairs(sorted(entry)) do
    if entry[name .. "_zh"] then show(cause .. "." .. name, entry[name], entry[name .. "_zh"]) end
  end
end

heading "reference"
show_described(failures, "failure")
show_described(described.options, "options")
show_described(described.profile, "profile")
show_described(described.models, "models")
for _, operation in ipairs(operations.list) do
  show_described(operation, "operations")
end
show_described(api.functions, "functions")
show_described(api.client, "client")
show_described(api.objects, "objects")
show_described(api.classes, "classes")

heading "command"
-- Texts stand in calls of say(…), and in the tables of cli/descriptions.lua: shown as they are written there.
local pipe = assert(io.popen "ls lua/jdvm/cli/*.lua lua/jdvm/cli.lua")
for path in pipe:lines() do
  local file = assert(io.open(path))
  local source = file:read "*a"
  file:close()
  for _, pattern in ipairs { "%f[%w]say(%b())", "\n  %S+ = (%b{})" } do
    for pair in source:gmatch(pattern) do
      if pair:find '"' then io.write(path, "\n  ", (pair:sub(2, -2):gsub("%s+", " ")), "\n") end
    end
  end
end
pipe:close()
