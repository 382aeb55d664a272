-- The command line as one table of commands and options: --help, the man page and the completions
-- all come from it. The options of a service operation follow from its entry in jdvm.operations.
local argparse = require "argparse"
local operations = require "jdvm.operations"
local output = require "jdvm.cli.output"

local parser = {}

-- Exit status, as the man page and --help list it.
parser.status = {
  fine = 0, not_found = 1, usage = 2, credentials = 3, service = 4, timeout = 124, interrupted = 130,
}

local EPILOG = [[
Exit status: 0 fine, 1 not found or the wait failed, 2 wrong usage, 3 credentials or permission,
4 service or network, 124 timed out.
Settings: options first, then JDCLOUD_ACCESS_KEY, JDCLOUD_SECRET_KEY, JDCLOUD_SESSION_TOKEN,
JDCLOUD_REGION, JDCLOUD_ENDPOINT, JDCLOUD_CA_FILE, then the profile in ~/.jdc/config.]]

---Reads a duration: "90", "90s", "1.5m", "2h".
---@param text string
---@return number? seconds
---@return string? message
function parser.duration(text)
  local number, unit = text:match("^(%d*%.?%d+)([smh]?)$")
  local seconds = number and tonumber(number) * ({ [""] = 1, s = 1, m = 60, h = 3600 })[unit]
  if not seconds or seconds <= 0 then
    return nil, ("'%s' is not a duration; write 30, 30s, 5m or 1h"):format(text)
  end
  return seconds
end

local function whole_number(name, lowest, highest)
  return function(text)
    local number = text:match("^%d+$") and tonumber(text)
    if not number or number < lowest or number > (highest or number) then
      return nil, ("%s: '%s' is not a whole number from %d%s"):format(name, text, lowest,
        highest and " to " .. highest or "")
    end
    return number
  end
end

local function kebab(name)
  return (name:gsub("%u", function(letter) return "-" .. letter:lower() end))
end

local function option_of(parameter)
  return "--" .. (parameter.option or kebab(parameter.name))
end

---A message of the library in the words of the command: options for parameters, the subcommand for the operation.
---@param message string
---@param operation table
---@param command string
---@return string
function parser.in_options(message, operation, command)
  message = message:gsub("^jdvm: " .. operation.name .. ": ", "jdvm: " .. command .. ": ")
  message = message:gsub("option 'page_size'", "--page-size")
  for _, parameter in ipairs(operation.parameters) do
    local option = parameter.name == "regionId" and "--region" or option_of(parameter)
    message = message:gsub("'" .. parameter.name .. "'", (option:gsub("%%", "%%%%")))
    -- Names that are no words of English stand without quotes, too.
    if parameter.name:find("%u") or parameter.name == "ids" then
      message = message:gsub("%f[%w]" .. parameter.name .. "%f[%W]", option)
    end
  end
  return message
end

-- In a table, since argparse takes a converted `false` for a failure.
local function boxed_boolean(text)
  if text ~= "true" and text ~= "false" then
    return nil, ("'%s' is neither true nor false"):format(text)
  end
  return { boxed = text == "true" }
end

-- Adds one option a parameter; its value arrives under the parameter's own name.
local function add_parameter(command, parameter)
  local description = parameter.doc
  if parameter.values then
    description = description .. (parameter.open and " Known: " or " One of: ")
      .. table.concat(parameter.values, ", ") .. "."
  end
  local name = option_of(parameter)
  local option = command:option(name):description(description):target(parameter.name)
    :argname("<" .. name:sub(3) .. ">")
  if parameter.type == "string[]" then
    option:count("*"):description(description .. " Repeatable.")
  elseif parameter.type == "integer" then
    option:convert(whole_number(name, parameter.min or 0, parameter.max))
  elseif parameter.type == "boolean" then
    option:argname("true|false"):convert(boxed_boolean)
  end
end

local REGION = "regionId"

-- Paging is the command's own affair, the region a global option.
local function add_parameters(command, operation)
  local page = operation.page or {}
  for _, parameter in ipairs(operation.parameters) do
    if parameter.name ~= REGION and parameter.name ~= page.number and parameter.name ~= page.size then
      add_parameter(command, parameter)
    end
  end
end

local function add_listing(command)
  command:option("--max", "Stop after this many.", nil, whole_number("--max", 1)):argname("<n>")
  command:option("--page-size", "How many to ask the service for at a time, 10 to 100.", nil,
    whole_number("--page-size", 10, 100))
    :argname("<n>"):target("page_size")
  command:option("--prefetch", "Pages in flight ahead of the one printed; 0 for none.", nil,
    whole_number("--prefetch", 0, 64))
    :argname("<n>")
  command:option("--consistency", "'stable' scans again until nothing changed meanwhile."):choices { "stable" }
end

local function add_output(command, formats, default)
  command:option("--output -o", "How to print.", default):choices(formats):argname("<format>")
  command:option("--columns", "Fields to show, comma-separated, nested ones dotted."):argname("<a,b.c>")
end

local function add_operations(root)
  local by_command = {}
  for _, operation in ipairs(operations.list) do
    local name = operation.command or kebab(operation.name)
    local command = root:command(name, operation.page and operation.page.doc or operation.doc)
    if operation.shorthand then
      command:argument(operation.shorthand):args("+"):description("One or more ids."):target("ids")
    else
      add_parameters(command, operation)
    end
    if operation.page then
      add_listing(command)
      add_output(command, output.formats, "table")
    elseif operation.unwrap then
      add_output(command, { "table", "json", "jsonl", "csv" }, nil)
    end
    by_command[name] = operation
  end
  return by_command
end

local function name_and_value(text)
  local name, value = text:match("^([%w_]+)=(.*)$")
  if not name then
    return nil, ("'%s' is not of the form name=value"):format(text)
  end
  return { name, value }
end

local function add_emulator(command)
  command:option("--port", "Port on 127.0.0.1; 0 picks a free one.", nil, whole_number("--port", 0, 65535))
    :argname("<n>")
  command:flag("--tls", "Serve HTTPS, with a certificate made for the occasion.")
  command:flag("--http2", "Offer HTTP/2 beside HTTP/1.1 (with --tls).")
  command:option("--certificate", "Kind of the certificate.")
    :choices { "good", "wrong-name", "unknown-ca", "self-signed", "chain" }:argname("<kind>")
  command:option("--images", "Images to make up instead of the built-in ones.", nil, whole_number("--images", 0))
    :argname("<n>")
  command:option("--workers", "nginx workers.", nil, whole_number("--workers", 1)):argname("<n>")
  command:option("--seed", "Seed of what is made up.", nil, whole_number("--seed", 0)):argname("<n>")
  command:option("--fault", "A fault to play, kind:name=value,...; repeatable."):count("*"):argname("<spec>")
    :target("faults")
  command:option("--set", "A setting of the emulator; repeatable."):count("*"):argname("<name=value>")
    :convert(name_and_value):target("settings")
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
    if examples then
      command:epilog("Examples:\n  " .. examples)
    end
  end
end

local function add_global_options(root)
  root:option("--region", "Region, such as cn-north-1; repeatable, or 'all'."):count("*"):argname("<region>")
  root:option("--profile", "Section of ~/.jdc/config to take keys and region from."):argname("<name>")
  root:option("--endpoint", "Service to talk to; default https://vm.jdcloud-api.com."):argname("<url>")
  root:option("--ca-file", "Certificates to trust instead of the system's."):argname("<file>"):target("ca_file")
  root:option("--timeout", "Longest time the whole command may take, such as 30s or 5m.", nil, parser.duration)
    :argname("<time>")
  root:flag("--verbose -v", "Report each request on standard error.")
  root:flag("--no-color", "No colour, even on a terminal."):target("no_color")
  root:flag("--version", "Print the version and exit."):action(function()
    print("jdvm " .. require("jdvm")._VERSION)
    os.exit(0)
  end)
end

---The parser of a subcommand.
---@param root table
---@param name string
---@return table
function parser.command(root, name)
  for _, command in ipairs(root._commands) do
    if command._name == name then
      return command
    end
  end
  return root
end

local function fail(self, message)
  io.stderr:write(("%s\n\njdvm: %s\nTry '%s --help'.\n"):format(self:get_usage(), message, self:_get_fullname()))
  os.exit(parser.status.usage)
end

---The parser of the command line.
---@return table root an argparse parser
---@return table<string, table> by_command the operations that are called by the command of this name
function parser.new()
  local root = argparse("jdvm", "Look at the virtual machine images of JD Cloud.", EPILOG)
  root:command_target("command"):help_max_width(100)
  add_global_options(root)
  local by_command = add_operations(root)

  local listing = operations.describeImages
  local count = root:command("count", "Count the images that match.")
  add_parameters(count, listing)
  local latest = root:command("latest", "Show the newest image that is ready.")
  add_parameters(latest, listing)
  add_output(latest, { "table", "json", "jsonl", "csv", "ids" }, "table")
  local wait = root:command("wait", "Wait until images are ready, for --timeout or half an hour; fails at once when "
    .. "one cannot become so.")
  wait:argument("ids"):args("+"):description("One or more image ids.")
  wait:option("--status", "State to wait for.", "ready"):argname("<status>")
  wait:option("--interval", "Time between two looks at first.", nil, parser.duration):argname("<time>")
  root:command("configure", "Write a profile to ~/.jdc/config, which the jdc command also reads.")
  root:command("doctor", "Print a report to paste into a question: versions, settings, reachability; no secret.")
  add_emulator(root:command("emulator", "Run the service offline: nginx on loopback that verifies signatures."))
  root:command("completions", "Print completions for a shell."):argument("shell"):choices { "bash", "zsh", "fish" }
  root:command("man", "Print the manual page.")

  add_examples(root)
  root.error = fail
  for _, command in ipairs(root._commands) do
    command.error = fail
  end
  return root, by_command
end

return parser
