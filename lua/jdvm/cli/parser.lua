-- The command line as one table of commands and options: --help, the man page and the completions
-- all come from it. The options of a service operation follow from its entry in jdvm.service.operations.
local argparse = require "argparse"
local core = require "jdvm.core"
local descriptions = require "jdvm.cli.descriptions"
local fields = require "jdvm.cli.fields"
local operations = require "jdvm.service.operations"
local options = require "jdvm.options.options"
local output = require "jdvm.cli.output"
local messages = require "jdvm.cli.messages"
local say = require("jdvm.cli.language").say
local status = require "jdvm.cli.status"
local terminal = require "jdvm.cli.terminal"
local values = require "jdvm.cli.values"

local unpack = unpack or table.unpack -- luacheck: ignore (Lua 5.1 has no table.unpack)

local parser = {}

-- The lowest and the highest value of a client's option.
local function range(name)
  local option = options.find("client", name)
  return option.min, option.max
end

local CONSISTENCY = options.find("list", "consistency").values
-- Options that take a value, by name.
local takes_value = {}

-- Adds options. Each is its names, what stands for its value (nil: it is a flag), and: `read`; `default`, `choices` and
-- `target` of argparse; `value` of a flag, when it is not true; `is_repeatable`; `offered`, values that a shell completes (the library checks them, since it
-- knows what people mistake them for). The help shows them below a title.
local function add(command, entries, title)
  local made = {}
  for i, entry in ipairs(entries) do
    local name = entry[1]:match("^%S+")
    local description = entry.description or descriptions.option(name)
    local option = entry[2] and command:option(entry[1], description, entry.default)
      or command:flag(entry[1], description)
    takes_value[name] = entry[2] ~= nil
    option:target(entry.target or name:sub(3):gsub("%-", "_"))
    if entry[2] then option:argname(entry[2]) end
    if entry.value ~= nil then option:action(function(result, target) result[target] = entry.value end) end
    if entry.choices then option:choices(entry.choices) end
    if entry.is_repeatable then option:count "*" end
    if entry.read then
      option:convert(function(text)
        local value, problem = entry.read(text, name)
        return value, problem and ("%s: '%s' %s"):format(name, text, problem)
      end)
    end
    option._offered, made[i] = entry.offered, option
  end
  if title then command:group(title, unpack(made)) end
end

-- The option of a parameter; its value arrives under the parameter's own name. A list takes several values of a filter,
-- which mean any of them.
local function option_of(parameter, operation)
  local name, known, type = messages.option_of(parameter), parameter.values, parameter.type
  local entry = { name, "<" .. name:sub(3) .. ">", target = parameter.name }
  local about = ""
  if known then
    local list = table.concat(known, ", ")
    about = parameter.open and say(" Known: %s.", "已知：%s。", list) or say(" One of: %s.", "取值：%s。", list)
    entry.offered = not list:gsub(", ", ""):find(" ", 1, true) and known or nil
  end
  if type == "string[]" then
    entry.is_repeatable, entry.read = true, parameter.id and values.one_of_several
  elseif type == "string" and operation.page then
    entry.is_repeatable = true
  elseif type == "integer" then
    entry.read = values.whole_number(parameter.min or 0, parameter.max)
  elseif type == "boolean" then
    entry[2], entry.read, entry.offered = "true|false", values.boxed_boolean, { "true", "false" }
  end
  if entry.is_repeatable then about = about .. say(" Repeatable.", "可重复。") end
  entry.description = messages.parameters(say(parameter.doc, parameter.doc_zh), operation) .. about
  return entry
end

-- Paging is the command's own affair, the region a global option.
local function add_parameters(command, operation)
  local page, entries = operation.page or {}, {}
  for _, parameter in ipairs(operation.parameters) do
    if parameter.name ~= "regionId" and parameter.name ~= page.number and parameter.name ~= page.size then
      entries[#entries + 1] = option_of(parameter, operation)
    end
  end
  add(command, entries, say("Filters", "过滤条件"))
end

local function add_listing(command)
  add(command, {
    { "--match", "<text>" },
    { "--sort", "<field>" },
    { "--max", "<n>", read = values.whole_number(1) },
    { "--start", "<token>" },
    { "--page-size", "<n>", read = values.whole_number(range "page_size") },
    { "--prefetch", "<n>", read = values.whole_number(range "prefetch") },
    { "--consistency", "{" .. table.concat(CONSISTENCY, ",") .. "}", choices = CONSISTENCY },
  }, say("List", "列表"))
end

local function add_output(command, operation, default)
  local formats, names, headings = output.formats_of(operation), { fields.REGION }, {}
  for _, field in ipairs(operations.item_model(operation)) do
    names[#names + 1] = field.name
    local heading = fields.heading(operation, field.name)
    if heading:lower() ~= field.name:lower() then headings[#headings + 1] = ("%s (%s)"):format(heading, field.name) end
  end
  local list = say(" One of: %s.", "取值：%s。", table.concat(formats, ", "))
  local legend = headings[1] and say(" Headings: %s.", "标题：%s。", table.concat(headings, ", ")) or ""
  add(command, {
    {
      "--output -o",
      "<format>",
      default = default,
      choices = formats,
      description = descriptions.option "--output" .. list,
    },
    { "--columns", "<a,b.c>", offered = names, description = descriptions.option "--columns" .. legend },
    { "--no-headers" },
    { "--csv-safe" },
  }, say("Output", "输出"))
end

local function add_operation(command, operation)
  if operation.shorthand then
    local described = say("One or more ids.", "一个或多个 ID。")
    command:argument(operation.shorthand):args("+"):description(described):target("ids")
  else
    add_parameters(command, operation)
  end
  if operation.page then add_listing(command) end
  if operation.page or operation.unwrap then add_output(command, operation, operation.page and "table") end
end

local function add_emulator(command)
  add(command, {
    { "--port", "<n>", read = values.whole_number(0, 65535) },
    { "--tls" },
    { "--http2" },
    { "--certificate", "<kind>", choices = descriptions.certificates },
    { "--images", "<n>", read = values.whole_number(0) },
    { "--seed", "<n>", read = values.whole_number(0) },
    { "--fault", "<spec>", target = "faults", is_repeatable = true },
    { "--set", "<name=value>", target = "settings", is_repeatable = true, read = values.name_and_value },
    { "--env" },
    { "--background" },
    { "--log" },
    { "--explain" },
  })
  command:argument("program"):args("*"):argname("<command>"):description(
    say(
      "After --: a command to run with the variables set; the emulator ends with it, and with its exit status.",
      "写在 -- 之后：设置好环境变量后运行的命令；命令结束时模拟器随之结束，并返回该命令的退出状态。"
    )
  )
end

local function add_global_options(root, print)
  local names = { "all" }
  for _, known in ipairs(operations.regions) do
    names[#names + 1] = known.name
  end
  add(root, {
    { "--region", "<region>", read = values.one_of_several, offered = names, is_repeatable = true },
    { "--profile", "<name>" },
    { "--endpoint", "<url>" },
    { "--ca-file", "<file>" },
    { "--timeout", "<time>", read = values.duration },
    { "--max-attempts", "<n>", read = values.whole_number(1, select(2, range "max_attempts")) },
  }, say("Connection", "连接"))
  add(root, {
    { "--verbose -v" },
    { "--no-color" },
    { "--lang", "{en,zh}", choices = { "en", "zh" } },
  })
  root:flag("--version", descriptions.option "--version"):action(function() print("jdvm " .. core._VERSION .. "\n") end)
end

---The parser of a subcommand.
---@param root table
---@param name string
---@return table
function parser.command(root, name)
  for _, command in ipairs(root._commands) do
    if command._name == name then return command end
  end
  return root
end

-- One line, and where to read more.
local function fail(self, message)
  io.stderr:write(("jdvm: %s\nTry '%s --help'.\n"):format(message:gsub("\n", " "), self:_get_fullname()))
  os.exit(status.usage)
end

-- Errors end with the status of wrong usage; the help is output like any other.
local function set_manners(command, print, is_completing)
  command.error = fail
  for _, option in ipairs(command._options) do
    if option._name == "--help" or option._name == "-h" then
      option:description(say("Show this help and exit.", "显示帮助后退出。")):action(function()
        command:help_max_width(terminal.columns())
        print(command:get_help() .. "\n")
      end)
    elseif is_completing and option._offered then
      option:choices(option._offered)
    end
  end
end

-- A shell completes commands, but no arguments: there the shells are commands.
local function add_completions(command, is_completing)
  local shells = { "bash", "zsh", "fish" }
  if not is_completing then command:argument("shell"):description("bash, zsh or fish."):choices(shells) end
  for _, shell in ipairs(is_completing and shells or {}) do
    command:command(shell)
  end
end

local function add_wait(command)
  command:argument("ids"):args("+"):description(say("One or more image ids.", "一个或多个镜像 ID。"))
  add(command, {
    { "--status", "<status>", default = options.find("wait", "status").default, offered = descriptions.states },
    { "--interval", "<time>", read = values.duration },
  })
end

local function add_diff(command)
  command:argument("old"):description(
    say(
      "A file written by --output jsonl; - is standard input.",
      "由 --output jsonl 写出的文件；- 表示标准输入。"
    )
  )
  command:argument("new"):args("?"):description(
    say(
      "Another file; default: the images that match now.",
      "另一份文件；默认为当前符合条件的镜像。"
    )
  )
  add_parameters(command, operations.describeImages)
end

local function add_configure(command)
  command:argument("action"):args("?"):choices({ "list", "show", "use", "delete" }):description(
    say(
      "list: the profiles there are; show: one of them; use: make it the one in use; delete: remove it. Default: "
        .. "ask for the values of a profile and write it.",
      "list：列出配置；show：显示配置；use：切换配置；delete：删除配置。默认：询问各项值并写入。"
    )
  )
  command:argument("name"):args("?"):description(say("Name of the profile.", "配置名。"))
  add(command, { { "--verify" }, { "--no-verify", target = "verify", value = false } })
end

-- Options whose value may begin with a dash: argparse would take it for another option.
local MAY_BEGIN_WITH_DASH = { ["--sort"] = true }

---The arguments as the parser takes them: `help images` is `images --help`, `version` is `--version`, nothing is
---`--help`; and an option whose value begins with a dash is one word with it.
---@param given string[]
---@return string[]
function parser.arguments(given)
  if given[1] == "version" then return { "--version" } end
  local is_help, arguments = given[1] == "help" or #given == 0, {}
  local i = given[1] == "help" and 2 or 1
  while i <= #given do
    local word = given[i]
    if MAY_BEGIN_WITH_DASH[word] and given[i + 1] then
      i = i + 1
      word = word .. "=" .. given[i]
    end
    arguments[#arguments + 1], i = word, i + 1
  end
  if is_help then arguments[#arguments + 1] = "--help" end
  return arguments
end

---Parses the arguments; ends the program with what is wrong with them.
---@param root table see `new`
---@param arguments string[]
---@return table given
function parser.parse(root, arguments)
  local command = root
  for i, word in ipairs(arguments) do
    if command == root then command = parser.command(root, word) end
    -- argparse takes a value that begins with a dash for another option.
    local option = arguments[i - 1]
    if takes_value[option] and word:find "^%-." then
      command:error(
        say(
          "%s needs a value; one that begins with a dash is written %s=%s",
          "%s 需要一个值；以 - 开头的值应写作 %s=%s",
          option,
          option,
          word
        )
      )
    end
  end
  return root:parse(arguments)
end

---The parser of the command line.
---@param arguments string[]? to be parsed: commands whose name is not among them get no options; nil: all get theirs
---@param print (fun(text: string))? prints the help or the version and ends the program
---@param is_completing boolean? made to print completions rather than to read arguments
---@return table root an argparse parser
---@return table<string, table> by_command the operations that are called by the command of this name
function parser.new(arguments, print, is_completing)
  local root = argparse("jdvm", descriptions.command "jdvm", descriptions.epilog()):command_target("command")
  local names = {}
  for _, word in ipairs(arguments or {}) do
    names[word] = true
  end
  add_global_options(root, print)

  local function add_command(name, described, fill, ...)
    local command = root:command(name, described):epilog(descriptions.below(name))
    if fill and (not arguments or names[name]) then fill(command, ...) end
    local words = { say("Usage: jdvm", "用法：jdvm"), name, "[options]" }
    for i, argument in ipairs(command._arguments) do
      words[i + 3] = argument:_get_usage()
    end
    command:usage(table.concat(words, " "))
    set_manners(command, print, is_completing)
  end
  local by_command, listing = {}, operations.describeImages
  for _, operation in ipairs(operations.list) do
    local name, described = operation.command or messages.kebab(operation.name), operation.page or operation
    add_command(name, say(described.doc, described.doc_zh), add_operation, operation)
    by_command[name] = operation
  end
  local function add_own(name, ...) add_command(name, descriptions.command(name), ...) end
  add_own("count", add_parameters, listing)
  add_own("latest", function(command)
    add_parameters(command, listing)
    add_output(command, listing, "table")
  end)
  add_own("wait", add_wait)
  add_own("diff", add_diff)
  add_own("configure", add_configure)
  add_own "doctor"
  add_own("emulator", add_emulator)
  add_own("completions", add_completions, is_completing)
  add_own "man"
  set_manners(root:usage(say("Usage: jdvm", "用法：jdvm") .. " [options] <command>"), print, is_completing)
  return root, by_command
end

return parser
