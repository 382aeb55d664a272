-- The command line as one table of commands and options: --help, the man page and the completions
-- all come from it. The options of a service operation follow from its entry in jdvm.service.operations.
local argparse = require "argparse"
local operations = require "jdvm.service.operations"
local options = require "jdvm.options.options"
local output = require "jdvm.cli.output"
local messages = require "jdvm.cli.messages"

local parser = {}

local DEFAULTS, WAIT_DEFAULTS = options.defaults "client", options.defaults "wait"

-- Exit status, as the man page and --help list it.
parser.status = {
  fine = 0,
  not_found = 1,
  usage = 2,
  credentials = 3,
  service = 4,
  internal = 70,
  timeout = 124,
}

-- The variables of settings; the one that names the profile is told beside it.
local VARIABLES = {}
for _, option in ipairs(options.client) do
  if option.env and option.name ~= "profile" then VARIABLES[#VARIABLES + 1] = option.env end
end

-- A paragraph a line.
local EPILOG = (
  "Exit status: 0 fine, 1 not found or the wait failed, 2 wrong usage, 3 credentials or permission, 4 service or "
  .. "network, 70 a bug in jdvm, 124 timed out.\nSettings: options first, then %s, then the profile in ~/.jdc/config that --profile, %s or "
  .. "~/.jdc/current names. NO_COLOR turns colours off; JDVM_NGINX is the nginx that jdvm emulator runs."
):format(table.concat(VARIABLES, ", "), options.find("client", "profile").env)

local GLOBAL_OPTIONS = "Global options (--region, --profile, --timeout, --verbose, ...): jdvm --help"

-- The lowest and the highest value of a client's option, and its default.
local function range(name)
  local option = options.find("client", name)
  return option.min, option.max, option.default
end

local CONSISTENCY = options.find("list", "consistency").values
local STATES = options.find("wait", "status").values
local CERTIFICATES = { "good", "wrong-name", "unknown-ca", "self-signed", "chain" }

-- What each option does, but those of an operation's parameters.
local DESCRIPTIONS = {
  ["--region"] = "Region, such as cn-north-1; repeatable, or 'all'.",
  ["--profile"] = "Section of ~/.jdc/config to take keys and region from.",
  ["--endpoint"] = "Service to talk to; default " .. DEFAULTS.endpoint .. ".",
  ["--ca-file"] = "Certificates to trust instead of the system's.",
  ["--timeout"] = "Longest time the whole command may take, such as 30s or 5m; default "
    .. ("%ds for each list or image, wait: %dm."):format(DEFAULTS.timeout, WAIT_DEFAULTS.timeout / 60),
  ["--verbose"] = "Report each request on standard error.",
  ["--no-color"] = "No colour, even on a terminal.",
  ["--version"] = "Print the version and exit.",
  ["--max"] = "Stop after this many.",
  ["--page-size"] = ("How many to ask the service for at a time, %d to %d; default %d."):format(range "page_size"),
  ["--prefetch"] = ("Pages in flight ahead of the one printed, %d (none) to %d; default %d."):format(range "prefetch"),
  ["--consistency"] = "'stable' misses no image even if one is deleted while another is created; default eventual.",
  ["--output"] = "How to print: %s.",
  ["--columns"] = "Fields of table and csv, comma-separated, nested ones dotted.",
  ["--status"] = "State to wait for: " .. table.concat(STATES, ", ") .. ".",
  ["--interval"] = "Time between two polls at first; default " .. WAIT_DEFAULTS.interval .. "s.",
  ["--port"] = "Port on 127.0.0.1; 0, the default, picks a free one.",
  ["--tls"] = "Serve HTTPS, with a certificate made for the occasion.",
  ["--http2"] = "Offer HTTP/2 beside HTTP/1.1 (with --tls).",
  ["--certificate"] = "Kind of the certificate: " .. table.concat(CERTIFICATES, ", ") .. "; default good.",
  ["--images"] = "Images to make up in each region and source; default: the built-in ones.",
  ["--seed"] = "Seed of what is made up; default 1.",
  ["--fault"] = "A fault to play, kind:name=value,..., see --explain; repeatable.",
  ["--set"] = "A setting, see --explain; repeatable.",
  ["--explain"] = "List the faults, their conditions and the settings, and exit.",
}

-- What reads the text of an option: gives its value, or nil and what is wrong with the text.

-- "90", "90s", "1.5m", "2h"
local function duration(text)
  local number, unit = text:match("^(%d*%.?%d+)([smh]?)$")
  local seconds = number and tonumber(number) * ({ [""] = 1, s = 1, m = 60, h = 3600 })[unit]
  if not seconds or seconds <= 0 then return nil, "is not a duration; write 30, 30s, 5m or 1h" end
  return seconds
end

local function whole_number(lowest, highest)
  return function(text)
    local number = text:match("^%d+$") and tonumber(text)
    if number and number >= lowest and number <= (highest or number) then return number end
    return nil, ("is not a whole number from %d%s"):format(lowest, highest and " to " .. highest or "")
  end
end

-- In a table, since argparse takes a converted `false` for a failure.
local function boxed_boolean(text)
  if text ~= "true" and text ~= "false" then return nil, "is neither true nor false" end
  return { boxed = text == "true" }
end

-- Ids and regions hold no comma; people write one between several.
local function one_of_several(text, name)
  if not text:find(",", 1, true) then return text end
  return nil, "is a list; repeat the option for each: " .. name .. " " .. text:gsub("%s*,%s*", " " .. name .. " ")
end

local function name_and_value(text)
  local name, value = text:match("^([%w_]+)=(.*)$")
  if not name then return nil, "is not of the form name=value" end
  return { name, value }
end

-- Adds options. Each is its names, what stands for its value (nil: it is a flag), and: `read`; `default`, `choices` and
-- `target` of argparse; `is_repeatable`; `offered`, values that a shell completes (the library checks them, since it
-- knows what people mistake them for).
local function add(command, entries)
  for _, entry in ipairs(entries) do
    local name = entry[1]:match("^%S+")
    local description = entry.description or DESCRIPTIONS[name]
    local option = entry[2] and command:option(entry[1], description, entry.default)
      or command:flag(entry[1], description)
    option:target(entry.target or name:sub(3):gsub("%-", "_"))
    if entry[2] then option:argname(entry[2]) end
    if entry.choices then option:choices(entry.choices) end
    if entry.is_repeatable then option:count "*" end
    if entry.read then
      option:convert(function(text)
        local value, problem = entry.read(text, name)
        return value, problem and ("%s: '%s' %s"):format(name, text, problem)
      end)
    end
    option._offered = entry.offered
  end
end

-- The option of a parameter; its value arrives under the parameter's own name.
local function option_of(parameter, operation)
  local name, values, type = messages.option_of(parameter), parameter.values, parameter.type
  local entry = { name, "<" .. name:sub(3) .. ">", target = parameter.name }
  local about = values and (parameter.open and " Known: " or " One of: ") .. table.concat(values, ", ") .. "." or ""
  if values and not table.concat(values):find(" ", 1, true) then entry.offered = values end
  if type == "string[]" then
    about, entry.is_repeatable, entry.read = about .. " Repeatable.", true, parameter.id and one_of_several
  elseif type == "integer" then
    entry.read = whole_number(parameter.min or 0, parameter.max)
  elseif type == "boolean" then
    entry[2], entry.read, entry.offered = "true|false", boxed_boolean, { "true", "false" }
  end
  entry.description = messages.parameters(parameter.doc, operation) .. about
  return entry
end

-- Paging is the command's own affair, the region a global option.
local function add_parameters(command, operation)
  local page = operation.page or {}
  for _, parameter in ipairs(operation.parameters) do
    if parameter.name ~= "regionId" and parameter.name ~= page.number and parameter.name ~= page.size then
      add(command, { option_of(parameter, operation) })
    end
  end
end

local function add_listing(command)
  add(command, {
    { "--max", "<n>", read = whole_number(1) },
    { "--page-size", "<n>", read = whole_number(range "page_size") },
    { "--prefetch", "<n>", read = whole_number(range "prefetch") },
    { "--consistency", "{" .. table.concat(CONSISTENCY, ",") .. "}", choices = CONSISTENCY },
  })
end

local function add_output(command, operation, default)
  local formats, names = output.formats_of(operation), { output.REGION }
  for _, field in ipairs(operations.item_model(operation)) do
    names[#names + 1] = field.name
  end
  local description = DESCRIPTIONS["--output"]:format(table.concat(formats, ", "))
  add(command, {
    { "--output -o", "<format>", default = default, choices = formats, description = description },
    { "--columns", "<a,b.c>", offered = names },
  })
end

local function add_operations(root)
  local by_command = {}
  for _, operation in ipairs(operations.list) do
    local name = operation.command or messages.kebab(operation.name)
    local command = root:command(name, operation.page and operation.page.doc or operation.doc)
    if operation.shorthand then
      command:argument(operation.shorthand):args("+"):description("One or more ids."):target("ids")
    else
      add_parameters(command, operation)
    end
    if operation.page then add_listing(command) end
    if operation.page or operation.unwrap then add_output(command, operation, operation.page and "table") end
    by_command[name] = operation
  end
  return by_command
end

local function add_emulator(command)
  add(command, {
    { "--port", "<n>", read = whole_number(0, 65535) },
    { "--tls" },
    { "--http2" },
    { "--certificate", "<kind>", choices = CERTIFICATES },
    { "--images", "<n>", read = whole_number(0) },
    { "--seed", "<n>", read = whole_number(0) },
    { "--fault", "<spec>", target = "faults", is_repeatable = true },
    { "--set", "<name=value>", target = "settings", is_repeatable = true, read = name_and_value },
    { "--explain" },
  })
end

local WAIT = "Wait until images are ready, for --timeout or half an hour; fails at once when one cannot become so."

local EXAMPLES = {
  images = "jdvm images --source public --platform Ubuntu\n  jdvm images --source private --output jsonl | head -3",
  image = "jdvm image img-chn8lfcn6j\n  jdvm image img-chn8lfcn6j --output json",
  count = "jdvm count --source private",
  latest = "jdvm latest --source public --platform Ubuntu\n  jdvm latest --source private --name web --output ids",
  wait = "jdvm wait img-chn8lfcn6j --timeout 30m",
  configure = "jdvm configure --profile work",
  doctor = "jdvm doctor --region cn-north-1",
  emulator = "jdvm emulator --port 8080\n  jdvm emulator --tls --images 10000\n"
    .. "  jdvm emulator --fault throttle:probability=0.2,retry_after=1 --set latency=0.05",
  completions = "jdvm completions bash > /etc/bash_completion.d/jdvm",
  man = "jdvm man > /usr/local/share/man/man1/jdvm.1",
}

local function add_examples(root)
  for _, command in ipairs(root._commands) do
    local examples = EXAMPLES[command._name]
    command:epilog((examples and "Examples:\n  " .. examples .. "\n\n" or "") .. GLOBAL_OPTIONS)
  end
end

local function add_global_options(root, say)
  local names = { "all" }
  for _, known in ipairs(operations.regions) do
    names[#names + 1] = known.name
  end
  add(root, {
    { "--region", "<region>", read = one_of_several, offered = names, is_repeatable = true },
    { "--profile", "<name>" },
    { "--endpoint", "<url>" },
    { "--ca-file", "<file>" },
    { "--timeout", "<time>", read = duration },
    { "--verbose -v" },
    { "--no-color" },
  })
  root
    :flag("--version", DESCRIPTIONS["--version"])
    :action(function() say("jdvm " .. require("jdvm")._VERSION .. "\n") end)
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

local function fail(self, message)
  io.stderr:write(("%s\n\njdvm: %s\nTry '%s --help'.\n"):format(self:get_usage(), message, self:_get_fullname()))
  os.exit(parser.status.usage)
end

-- Errors end with the status of wrong usage; the help is output like any other.
local function set_manners(command, is_completing, say)
  command.error = fail
  for _, option in ipairs(command._options) do
    if option._name == "--help" or option._name == "-h" then
      option:action(function() say(command:get_help() .. "\n") end)
    elseif is_completing and option._offered then
      option:choices(option._offered)
    end
  end
end

-- A shell completes commands, but no arguments: there the shells are commands.
local function add_completions(root, is_completing)
  local command = root:command("completions", "Print completions for a shell.")
  local shells = { "bash", "zsh", "fish" }
  if not is_completing then command:argument("shell"):description("bash, zsh or fish."):choices(shells) end
  for _, shell in ipairs(is_completing and shells or {}) do
    command:command(shell)
  end
end

local function add_wait(command)
  command:argument("ids"):args("+"):description("One or more image ids.")
  add(command, {
    { "--status", "<status>", default = WAIT_DEFAULTS.status, offered = STATES },
    { "--interval", "<time>", read = duration },
  })
end

---The parser of the command line.
---@param is_completing boolean? made to print completions rather than to read arguments
---@param say (fun(text: string))? prints the help or the version and ends the program
---@return table root an argparse parser
---@return table<string, table> by_command the operations that are called by the command of this name
function parser.new(is_completing, say)
  local root = argparse("jdvm", "Look at the virtual machine images of JD Cloud.", EPILOG)
  root:command_target("command"):help_max_width(100)
  add_global_options(root, say)
  local by_command = add_operations(root)

  local listing = operations.describeImages
  add_parameters(root:command("count", "Count the images that match."), listing)
  local latest = root:command("latest", "Show the newest image that is ready.")
  add_parameters(latest, listing)
  add_output(latest, listing, "table")
  add_wait(root:command("wait", WAIT))
  root:command("configure", "Write a profile to ~/.jdc/config, which the jdc command also reads.")
  root:command("doctor", "Print a report to paste into a question: versions, settings, reachability; no secret.")
  add_emulator(root:command("emulator", "Run the service offline: nginx on loopback that verifies signatures."))
  add_completions(root, is_completing)
  root:command("man", "Print the manual page.")

  add_examples(root)
  set_manners(root, is_completing, say)
  for _, command in ipairs(root._commands) do
    set_manners(command, is_completing, say)
  end
  return root, by_command
end

return parser
