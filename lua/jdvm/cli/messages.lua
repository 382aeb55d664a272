-- Messages of the library in the terms of the command: options for parameters and for options of the library, the
-- subcommand for the operation, and only ways out that a command line has.
local jdvm = require("jdvm.util.lazy") "jdvm"
local language = require "jdvm.cli.language"

local messages = {}

local function kebab(name)
  return (name:gsub("_", "-"):gsub("%u", function(letter) return "-" .. letter:lower() end))
end
messages.kebab = kebab

-- Options of the library that the command names otherwise.
local OTHERWISE = { max_items = "--max", fields = "--columns" }

-- The command's option for one of the library.
local function option_for(name) return OTHERWISE[name] or "--" .. name:gsub("_", "-") end

local function replaced(text, old, new)
  local first, last = text:find(old, 1, true)
  return first and text:sub(1, first - 1) .. new .. text:sub(last + 1) or text
end

---The option for a parameter.
---@param parameter table of an operation
---@return string
function messages.option_of(parameter)
  if parameter.name == "regionId" then return "--region" end
  return "--" .. (parameter.option or kebab(parameter.name))
end

---A text with options in place of an operation's parameters.
---@param text string
---@param operation table
---@return string
function messages.parameters(text, operation)
  for _, parameter in ipairs(operation.parameters) do
    local is_argument = parameter.name == operation.shorthand
    local option = is_argument and "the id" or messages.option_of(parameter):gsub("%%", "%%%%")
    text = text:gsub("'" .. parameter.name .. "'", option)
    -- Names that are no English words stand without quotes, too.
    if parameter.name:find("%u") or parameter.name == "ids" then
      text = text:gsub("%f[%w]" .. parameter.name .. "%f[%W]", option)
    end
  end
  return text
end

---What the library says of a wrong value, in the language of the command.
---@param message string
---@return string
function messages.localized(message)
  return language.current() == "zh" and require "jdvm.cli.wording"(message) or message
end

---The message of a wrong argument or option.
---@param message string
---@param operation table
---@param command string name of the subcommand
---@return string
function messages.usage(message, operation, command)
  message = message:gsub("^jdvm%.new: ", "jdvm: ")
  for _, name in ipairs { operation.name, "waitImage" } do
    message = replaced(message, "jdvm: " .. name .. ": ", "jdvm: " .. command .. ": ")
  end
  message = message:gsub("the array of ids ", "the id "):gsub("element %d+ ", "", 1)
  message = message
    :gsub("option '([%w_]+)'", option_for)
    :gsub("%(option ([%w_]+)%)", function(name) return "(" .. option_for(name) .. ")" end)
  return messages.localized(messages.parameters(message, operation))
end

---The line of a failure, with what a command line can do about it.
---@param detail jdvm.Failure
---@return string
function messages.failure(detail) return jdvm.explain(detail, language.current(), "command") end

---Where a setting comes from.
---@param origin string? as jdvm.options.settings has it
---@return string?
function messages.origin(origin) return origin and (origin:gsub("^option ([%w_]+)$", option_for)) end

return messages
