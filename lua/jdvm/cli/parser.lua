-- The command line as one table of commands and options: --help, the man page and the completions
-- all come from it. The options of a service operation follow from its entry in jdvm.service.operations.
local argparse = require "argparse"
local operations = require "jdvm.service.operations"
local options = require "jdvm.options.options"
local output = require "jdvm.cli.output"
local words = require "jdvm.cli.words"

local parser = {}

local DEFAULTS, WAIT_DEFAULTS = options.defaults "client", options.defaults "wait"

-- Exit status, as the man page and --help list it.
parser.status = {
  fine = 0,
  not_found = 1,
  usage = 2,
  credentials = 3,
  service = 4,
  timeout = 124,
}

-- A text in lines of at most so many bytes, broken at blanks.
local function wrapped(text, width)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    if line ~= "" and #line + 1 + #word > width then
      lines[#lines + 1], line = line, ""
    end
    line = line == "" and word or line .. " " .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

-- Where settings come from; the variable that names the profile comes with it.
local function about_settings()
  local variables = {}
  for _, option in ipairs(options.client) do
    if option.env and option.name ~= "profile" then variables[#variables + 1] = option.env end
  end
  return wrapped(
    (
      "Settings: options first, then %s, then the profile in ~/.jdc/config that --profile, %s or "
      .. "~/.jdc/current names. NO_COLOR turns colours off; JDVM_NGINX is the nginx that jdvm emulator runs."
    ):format(table.concat(variables, ", "), options.find("client", "profile").env),
    100
  )
end

local EPILOG = [[
Exit status: 0 fine, 1 not found or the wait failed, 2 wrong usage, 3 credentials or permission,
4 service or network, 124 timed out.
]] .. about_settings()

local GLOBAL_OPTIONS = "Global options (--region, --profile, --timeout, --verbose, ...): jdvm --help"

-- Reads a duration: "90", "90s", "1.5m", "2h".
local function duration(name)
  return function(text)
    local number, unit = text:match("^(%d*%.?%d+)([smh]?)$")
    local seconds = number and tonumber(number) * ({ [""] = 1, s = 1, m = 60, h = 3600 })[unit]
    if not seconds or seconds <= 0 then
      return nil, ("%s: '%s' is not a duration; write 30, 30s, 5m or 1h"):format(name, text)
    end
    return seconds
  end
end

local function whole_number(name, lowest, highest)
  return function(text)
    local number = text:match("^%d+$") and tonumber(text)
    if not number or number < lowest or number > (highest or number) then
      return nil,
        ("%s: '%s' is not a whole number from %d%s"):format(name, text, lowest, highest and " to " .. highest or "")
    end
    return number
  end
end

-- In a table, since argparse takes a converted `false` for a failure.
local function boxed_boolean(name)
  return function(text)
    if text ~= "true" and text ~= "false" then return nil, ("%s: '%s' is neither true nor false"):format(name, text) end
    return { boxed = text == "true" }
  end
end

-- Ids and regions hold no comma; people write one between several.
local function one_of_several(name)
  return function(text)
    if text:find(",", 1, true) then
      return nil,
        ("%s: '%s' is a list; repeat the option for each: %s"):format(
          name,
          text,
          (text:gsub("%s*,%s*", " " .. name .. " "):gsub("^", name .. " ", 1))
        )
    end
    return text
  end
end

-- Words that a shell completes. The value itself is checked by the library, which knows what people mistake it for.
local function offer(option, values, is_completing)
  if is_completing then option:choices(values) end
end

-- Adds one option a parameter; its value arrives under the parameter's own name.
local function add_parameter(command, parameter, operation, is_completing)
  local description = words.parameters(parameter.doc, operation)
  if parameter.values then
    description = description
      .. (parameter.open and " Known: " or " One of: ")
      .. table.concat(parameter.values, ", ")
      .. "."
  end
  local name = words.option_of(parameter)
  local option = command:option(name):description(description):target(parameter.name):argname("<" .. name:sub(3) .. ">")
  if parameter.values and not table.concat(parameter.values):find(" ", 1, true) then
    offer(option, parameter.values, is_completing)
  end
  if parameter.type == "string[]" then
    option:count("*"):description(description .. " Repeatable.")
    if parameter.id then option:convert(one_of_several(name)) end
  elseif parameter.type == "integer" then
    option:convert(whole_number(name, parameter.min or 0, parameter.max))
  elseif parameter.type == "boolean" then
    option:argname("true|false"):convert(boxed_boolean(name))
    offer(option, { "true", "false" }, is_completing)
  end
end

local REGION = "regionId"

-- Paging is the command's own affair, the region a global option.
local function add_parameters(command, operation, is_completing)
  local page = operation.page or {}
  for _, parameter in ipairs(operation.parameters) do
    if parameter.name ~= REGION and parameter.name ~= page.number and parameter.name ~= page.size then
      add_parameter(command, parameter, operation, is_completing)
    end
  end
end

local function add_listing(command)
  command:option("--max", "Stop after this many.", nil, whole_number("--max", 1)):argname("<n>")
  local size, ahead = options.find("client", "page_size"), options.find("client", "prefetch")
  command
    :option(
      "--page-size",
      ("How many to ask the service for at a time, %d to %d; default %d."):format(size.min, size.max, size.default)
    )
    :convert(whole_number("--page-size", size.min, size.max))
    :argname("<n>")
    :target("page_size")
  command
    :option(
      "--prefetch",
      ("Pages in flight ahead of the one printed, at most %d; 0 for none; default %d."):format(ahead.max, ahead.default)
    )
    :convert(whole_number("--prefetch", ahead.min, ahead.max))
    :argname("<n>")
  local consistency = options.find("list", "consistency")
  command
    :option(
      "--consistency",
      ("'stable' scans again until nothing changed meanwhile; default %s."):format(consistency.default)
    )
    :choices(consistency.values)
end

local function add_output(command, operation, default, is_completing)
  local formats = output.formats_of(operation)
  command
    :option("--output -o", "How to print: " .. table.concat(formats, ", ") .. ".", default)
    :choices(formats)
    :argname("<format>")
  local columns =
    command:option("--columns", "Fields of table and csv, comma-separated, nested ones dotted."):argname("<a,b.c>")
  local names = { output.REGION }
  for _, field in ipairs(operations.item_model(operation)) do
    names[#names + 1] = field.name
  end
  offer(columns, names, is_completing)
end

local function add_operations(root, is_completing)
  local by_command = {}
  for _, operation in ipairs(operations.list) do
    local name = operation.command or words.kebab(operation.name)
    local command = root:command(name, operation.page and operation.page.doc or operation.doc)
    if operation.shorthand then
      command:argument(operation.shorthand):args("+"):description("One or more ids."):target("ids")
    else
      add_parameters(command, operation, is_completing)
    end
    if operation.page then
      add_listing(command)
      add_output(command, operation, "table", is_completing)
    elseif operation.unwrap then
      add_output(command, operation, nil, is_completing)
    end
    by_command[name] = operation
  end
  return by_command
end

local function name_and_value(text)
  local name, value = text:match("^([%w_]+)=(.*)$")
  if not name then return nil, ("--set: '%s' is not of the form name=value"):format(text) end
  return { name, value }
end

local function add_emulator(command)
  command
    :option("--port", "Port on 127.0.0.1; 0, the default, picks a free one.")
    :convert(whole_number("--port", 0, 65535))
    :argname("<n>")
  command:flag("--tls", "Serve HTTPS, with a certificate made for the occasion.")
  command:flag("--http2", "Offer HTTP/2 beside HTTP/1.1 (with --tls).")
  local kinds = { "good", "wrong-name", "unknown-ca", "self-signed", "chain" }
  command
    :option("--certificate", "Kind of the certificate: " .. table.concat(kinds, ", ") .. "; default good.")
    :choices(kinds)
    :argname("<kind>")
  command
    :option("--images", "Images to make up in each region and source; default: the built-in ones.")
    :convert(whole_number("--images", 0))
    :argname("<n>")
  command:option("--seed", "Seed of what is made up; default 1."):convert(whole_number("--seed", 0)):argname("<n>")
  command
    :option("--fault", "A fault to play, kind:name=value,..., see --explain; repeatable.")
    :count("*")
    :argname("<spec>")
    :target("faults")
  command
    :option("--set", "A setting, see --explain; repeatable.")
    :count("*")
    :argname("<name=value>")
    :convert(name_and_value)
    :target("settings")
  command:flag("--explain", "List the faults, their conditions and the settings, and exit.")
end

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

local function add_global_options(root, is_completing, say)
  local region = root
    :option("--region", "Region, such as cn-north-1; repeatable, or 'all'.")
    :count("*")
    :argname("<region>")
    :convert(one_of_several("--region"))
  local names = { "all" }
  for _, known in ipairs(operations.regions) do
    names[#names + 1] = known.name
  end
  offer(region, names, is_completing)
  root:option("--profile", "Section of ~/.jdc/config to take keys and region from."):argname("<name>")
  root:option("--endpoint", "Service to talk to; default " .. DEFAULTS.endpoint .. "."):argname("<url>")
  root:option("--ca-file", "Certificates to trust instead of the system's."):argname("<file>"):target("ca_file")
  root
    :option(
      "--timeout",
      (
        "Longest time the whole command may take, such as 30s or 5m; default %ds for each list or "
        .. "image, wait: %dm."
      ):format(DEFAULTS.timeout, WAIT_DEFAULTS.timeout / 60)
    )
    :convert(duration("--timeout"))
    :argname("<time>")
  root:flag("--verbose -v", "Report each request on standard error.")
  root:flag("--no-color", "No colour, even on a terminal."):target("no_color")
  root
    :flag("--version", "Print the version and exit.")
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

local function states_of(operation)
  for _, parameter in ipairs(operation.parameters) do
    if parameter.name == "status" then return parameter.values end
  end
end

local function fail(self, message)
  io.stderr:write(("%s\n\njdvm: %s\nTry '%s --help'.\n"):format(self:get_usage(), message, self:_get_fullname()))
  os.exit(parser.status.usage)
end

-- Errors end with the status of wrong usage; the help is output like any other.
local function set_manners(command, say)
  command.error = fail
  for _, option in ipairs(command._options) do
    if option._name == "--help" or option._name == "-h" then
      option:action(function() say(command:get_help() .. "\n") end)
    end
  end
end

-- A shell completes commands, but no arguments: there the shells are commands.
local function add_completions(root, is_completing)
  local command = root:command("completions", "Print completions for a shell.")
  local shells = { "bash", "zsh", "fish" }
  if is_completing then
    for _, shell in ipairs(shells) do
      command:command(shell)
    end
  else
    command:argument("shell"):description("bash, zsh or fish."):choices(shells)
  end
end

---The parser of the command line.
---@param is_completing boolean? made to print completions rather than to read arguments
---@param say (fun(text: string))? prints the help or the version and ends the program
---@return table root an argparse parser
---@return table<string, table> by_command the operations that are called by the command of this name
function parser.new(is_completing, say)
  local root = argparse("jdvm", "Look at the virtual machine images of JD Cloud.", EPILOG)
  root:command_target("command"):help_max_width(100)
  add_global_options(root, is_completing, say)
  local by_command = add_operations(root, is_completing)

  local listing = operations.describeImages
  local count = root:command("count", "Count the images that match.")
  add_parameters(count, listing, is_completing)
  local latest = root:command("latest", "Show the newest image that is ready.")
  add_parameters(latest, listing, is_completing)
  add_output(latest, listing, "table", is_completing)
  local wait = root:command(
    "wait",
    "Wait until images are ready, for --timeout or half an hour; fails at once when " .. "one cannot become so."
  )
  wait:argument("ids"):args("+"):description("One or more image ids.")
  local states = states_of(listing)
  offer(
    wait
      :option("--status", "State to wait for: " .. table.concat(states, ", ") .. ".", WAIT_DEFAULTS.status)
      :argname("<status>"),
    states,
    is_completing
  )
  wait
    :option("--interval", "Time between two looks at first; default " .. WAIT_DEFAULTS.interval .. "s.")
    :convert(duration("--interval"))
    :argname("<time>")
  root:command("configure", "Write a profile to ~/.jdc/config, which the jdc command also reads.")
  root:command("doctor", "Print a report to paste into a question: versions, settings, reachability; no secret.")
  add_emulator(root:command("emulator", "Run the service offline: nginx on loopback that verifies signatures."))
  add_completions(root, is_completing)
  root:command("man", "Print the manual page.")

  add_examples(root)
  set_manners(root, say)
  for _, command in ipairs(root._commands) do
    set_manners(command, say)
  end
  return root, by_command
end

return parser
