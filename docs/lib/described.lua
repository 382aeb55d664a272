-- The options and the models of the library, each entry with its texts: doc and doc_zh.

local copy_of = require "jdvm.util.copy"
local models = require "jdvm.service.models"
local options = require "jdvm.options.options"

local profile = require "jdvm.keys.profile"

local texts = { options = require "docs.lib.options", models = require "docs.lib.models" }

local function described(entry, text, where)
  local copy = copy_of(entry)
  assert(text, where .. " has no text")
  copy.doc, copy.doc_zh, copy.class = text[1], text[2], text.class
  return copy
end

local result = { options = {}, models = {} }

for _, set in ipairs { "client", "call", "list", "latest", "wait", "cache", "cached", "redis" } do
  local entries = {}
  for i, option in ipairs(options[set]) do
    local text = texts.options[set][option.name] or texts.options.call[option.name]
    entries[i] = described(option, text, set .. "." .. option.name)
  end
  result.options[set] = entries
end

result.profile = {}
for i, key in ipairs(profile.keys) do
  result.profile[i] = described(key, texts.options.profile[key.name], "profile." .. key.name)
end

for i, model in ipairs(models.list) do
  local text = texts.models[model.name] or {}
  result.models[i] = described(model, text, model.name)
  result.models[i].fields = {}
  for k, field in ipairs(model.fields) do
    result.models[i].fields[k] = described(field, text[field.name], model.name .. "." .. field.name)
  end
end

return result
