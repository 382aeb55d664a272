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
-- Options that take a value.
local takes_value = {}

-- Adds options. Each is its names, what stands for its value (nil: it is a flag), and: `read`; `default`, `choices` and
-- `target` of argparse; `value` of a flag; `is_repeatable`; `offered`, values to complete (the library checks
-- them, and knows what people mistake them for). The help shows them below a title.
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
    option._offered, option._is_list, made[i] = entry.offered, entry.is_list, option
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
    entry.offered = known
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

-- The names of what an operation's columns may be.
local function field_names(operation)
  local names = { fields.REGION }
  for _, field in ipairs(operations.item_model(operation)) do
    names[#names + 1] = field.name
  end
  return names
end

local function add_listing(command, operation)
  add(command, {
    { "--match", "<text>" },
    { "--sort", "<field>", offered = field_names(operation) },
    { "--max", "<n>", read = values.whole_number(1) },
    { "--start", "<token>" },
    { "--page-size", "<n>", read = values.whole_number(range "page_size") },
    { "--prefetch", "<n>", read = values.whole_number(range "prefetch") },
    { "--consistency", "{" .. table.concat(CONSISTENCY, ",") .. "}", choices = CONSISTENCY },
  }, say("List", "列表"))
end

local function add_output(command, operation, default)
  local formats, headings = output.formats_of(operation), {}
  for _, field in ipairs(operations.item_model(operation)) do
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
    {
      "--columns",
      "<a,b.c>",
      offered = field_names(operation),
      is_list = true,
      description = descriptions.option "--columns" .. legend,
    },
    { "--no-headers" },
    { "--csv-safe" },
  }, say("Output", "输出"))
end

local function add_operation(command, operation)
  if operation.shorthand then
    local ids = command:argument(operation.shorthand):args("+"):target("ids")
    ids:description(descriptions.argument "ids")
  else
    add_parameters(command, operation)
  end
  if operation.page then add_listing(command, operation) end
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
    { "--fault", "<spec>", target = "faults", is_repeatable = true, offered = "faults" },
    {
      "--set",
      "<name=value>",
      target = "settings",
      is_repeatable = true,
      read = values.name_and_value,
      offered = "settings",
    },
    { "--env" },
    { "--background" },
    { "--log" },
    { "--explain" },
  })
  command:argument("program"):args("*"):argname("<command>"):description(descriptions.argument "program")
end

local function add_global_options(root, print)
  local names = { "all" }
  for _, known in ipairs(operations.regions) do
    names[#names + 1] = known.name
  end
  add(root, {
    { "--region", "<region>", read = values.one_of_several, offered = names, is_repeatable = true },
    { "--profile", "<name>", offered = "profiles" },
    { "--endpoint", "<url>" },
    { "--ca-file", "<file>", offered = "files" },
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

---The parser of a subcommand, else the whole.
---@param root table
---@param name string
---@return table
function parser.command(root, name) return root._command_named[name] or root end

local function fail(self, message)
  message = messages.localized((message:gsub("\nDid", "; did")))
  local advice = say("Try '%s --help'.", "请参阅 '%s --help'。", self:_get_fullname())
  terminal.complain(("jdvm: %s\n%s\n"):format(message, advice))
  os.exit(status.usage)
end

-- Errors end with the status of wrong usage; the help is output like any other.
local function set_manners(command, print)
  command.error = fail
  for _, option in ipairs(command._options) do
    if option._name == "--help" or option._name == "-h" then
      option
        :description(say("Show this help and exit.", "显示帮助后退出。"))
        :action(function() print(require("jdvm.cli.help").text(command, terminal.columns())) end)
    end
  end
end

local function add_completions(command)
  command:argument("shell"):description(descriptions.argument "shell"):choices { "bash", "zsh", "fish" }
end

local function add_wait(command)
  command:argument("ids"):args("+"):description(descriptions.argument "ids")
  add(command, {
    { "--status", "<status>", default = options.find("wait", "status").default, offered = descriptions.states },
    { "--interval", "<time>", read = values.duration },
  })
end

local function add_diff(command)
  local old = command:argument("old"):description(descriptions.argument "old")
  local new = command:argument("new"):args("?"):description(descriptions.argument "new")
  old._offered, new._offered = "files", "files"
  add_parameters(command, operations.describeImages)
end

local function add_configure(command)
  local action = command:argument("action"):args("?"):description(descriptions.argument "action")
  action:argname("list|show|use|delete"):choices { "list", "show", "use", "delete" }
  local name = command:argument("name"):args("?"):description(descriptions.argument "name")
  name._offered = "profiles"
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
  local i = is_help and 2 or 1
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
---@return table root an argparse parser
---@return table<string, table> by_command the operations that are called by the command of this name
function parser.new(arguments, print)
  local root = argparse("jdvm", descriptions.command "jdvm", descriptions.epilog()):command_target("command")
  local names = {}
  for _, word in ipairs(arguments or {}) do
    names[word] = true
  end
  add_global_options(root, print)

  local function add_command(name, described, fill, ...)
    local command = root:command(name, described):epilog(descriptions.below(name))
    if fill and (not arguments or names[name]) then fill(command, ...) end
    local words = { say("Usage: jdvm", "用法：jdvm"), name, say("[options]", "[选项]") }
    for i, argument in ipairs(command._arguments) do
      words[i + 3] = argument:_get_usage()
    end
    command:usage(table.concat(words, " "))
    set_manners(command, print)
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
  add_own("completions", add_completions)
  add_own "man"
  root._command_named = {}
  for _, command in ipairs(root._commands) do
    root._command_named[command._name] = command
  end
  set_manners(root:usage(say("Usage: jdvm [options] <command>", "用法：jdvm [选项] <命令>")), print)
  return root, by_command
end

return parser
