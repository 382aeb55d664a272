-- What --help prints: usage, description, arguments, options by group, commands, examples; as wide as the screen.
local language = require "jdvm.cli.language"
local terminal = require "jdvm.cli.terminal"

local say = language.say

local help = {}

-- Where descriptions begin; on a narrow screen they stand below what they describe.
local COLUMN, NARROW = 28, 60

---What the help says of an element, with its default.
---@param element table of argparse
---@return string
function help.description(element)
  local text = element._summary or element._description or ""
  if element._default and element._show_default ~= false then
    text = text .. say(" (default: %s)", "（默认：%s）", element._default)
  end
  return text
end

-- "-o, --output <format>"
local function label_of(element)
  if not element._aliases or element._commands then return element._name or element:_get_label_lines()[1] end
  local names = {}
  for _, alias in ipairs(element._aliases) do
    table.insert(names, #alias == 2 and 1 or #names + 1, alias)
  end
  local label = (#names == 1 and #names[1] > 2 and "    " or "") .. table.concat(names, ", ")
  return element._argname and element._maxargs > 0 and label .. " " .. element._argname or label
end

local function indented(text, columns, width)
  local margin = (" "):rep(columns)
  return margin .. terminal.wrap(text, width - columns):gsub("\n", "\n" .. margin)
end

local function add_block(blocks, title, elements, width)
  local lines = { title }
  for _, element in ipairs(elements) do
    local label, text = "  " .. label_of(element), help.description(element)
    if width < NARROW then label = label:gsub("^ +", "  ") end
    if width < NARROW or terminal.width(label) > COLUMN - 2 then
      lines[#lines + 1] = label
      if text ~= "" then lines[#lines + 1] = indented(text, width < NARROW and 6 or COLUMN, width) end
    else
      lines[#lines + 1] = label .. indented(text, COLUMN, width):sub(terminal.width(label) + 1)
    end
  end
  if #lines > 1 then blocks[#blocks + 1] = table.concat(lines, "\n") end
end

-- Lines that are indented already (examples) go on further to the right.
local function wrapped(text, width)
  return (
    text:gsub("[^\n]+", function(line)
      local margin = line:match "^ *"
      if margin == "" then return terminal.wrap(line, width) end
      local rest = terminal.wrap(line:sub(#margin + 1), width - #margin - 2)
      return margin .. rest:gsub("\n", "\n" .. margin .. "  ")
    end)
  )
end

---The help of a command.
---@param command table of argparse
---@param width integer of the screen
---@return string
function help.text(command, width)
  local blocks, grouped, others = { wrapped(command:get_usage(), width) }, {}, {}
  if command._description then blocks[#blocks + 1] = wrapped(command._description, width) end
  add_block(blocks, say("Commands:", "命令："), command._commands, width)
  add_block(blocks, say("Arguments:", "参数："), command._arguments, width)
  for _, group in ipairs(command._groups) do
    add_block(blocks, group.name .. say(":", "："), group, width)
    for _, element in ipairs(group) do
      grouped[element] = true
    end
  end
  for _, option in ipairs(command._options) do
    if not grouped[option] then others[#others + 1] = option end
  end
  local title = next(grouped) and say("Other options:", "其他选项：") or say("Options:", "选项：")
  add_block(blocks, title, others, width)
  if command._epilog then blocks[#blocks + 1] = wrapped(command._epilog, width) end
  return table.concat(blocks, "\n\n") .. "\n"
end

return help
