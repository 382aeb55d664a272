-- The command: reads the command line, makes a client and runs a subcommand (jdvm.cli.commands).
local core = require "jdvm.core"
local language = require "jdvm.cli.language"
local lazy = require "jdvm.util.lazy"
local one_line = require("jdvm.util.text").one_line
local operations = require "jdvm.service.operations"
local options = require "jdvm.options.options"
local progress = require "jdvm.cli.progress"
local shell = require "jdvm.util.shell"
local status = require "jdvm.cli.status"
local terminal = require "jdvm.cli.terminal"

-- What --help and --version do without.
local commands, messages = lazy "jdvm.cli.commands", lazy "jdvm.cli.messages"
local parser, profile = lazy "jdvm.cli.parser", lazy "jdvm.keys.profile"
local completions = lazy "jdvm.cli.completions"

local cli = {}

local say = language.say

-- Raised when nobody reads the output any more (`| head`): no failure, just the end.
local CLOSED = {}
-- Raised when the output cannot be written.
local Unwritten = {}
local BROKEN_PIPE = 32 -- EPIPE

local function check_written(ok, message, number)
  if not ok then error(number == BROKEN_PIPE and CLOSED or setmetatable({ message = message }, Unwritten)) end
end

-- What shows that a call takes long; nothing before the command line was read.
local shown = { pause = terminal.clear_line }

-- The line of progress goes before the write: when a pipe has no reader any more, that may be the last one.
local function write(...)
  shown.pause()
  check_written(terminal.write(...))
end

local function flush()
  shown.pause()
  check_written(terminal.flush())
end

local function complain(message)
  shown.pause()
  terminal.complain(message .. "\n")
end

-- The names of the regions to ask, each once; none: that of the settings.
local function regions_of(given)
  local regions, is_known = {}, {}
  local function add(name)
    if not is_known[name] then regions[#regions + 1] = name end
    is_known[name] = true
  end
  for _, name in ipairs(given.region) do
    if name == "all" then
      for _, region in ipairs(operations.regions) do
        add(region.name)
      end
    else
      add(name)
    end
  end
  return regions
end

-- What is wrong with the mode of ~/.jdc/config, or nil.
local function mode_warning()
  local folder = profile.directory(os.getenv)
  local path = folder and folder .. "/config"
  return path and profile.mode_warning(path, shell.mode_of(path))
end

-- The client that the command line asks for; `warn` gets what is wrong but ends nothing.
local function new_client(given, region, warn)
  local max_attempts = given.max_attempts or options.find("client", "max_attempts").default
  return require("jdvm").new {
    region = region,
    profile = given.profile,
    endpoint = given.endpoint,
    ca_file = given.ca_file,
    max_attempts = given.max_attempts,
    utf8 = "replace",
    on_wait = shown.tick,
    on_attempt = function(event) shown.attempt(event, max_attempts) end,
    logger = function(event)
      if event.event == "warning" then
        warn(messages.localized(event.message))
      elseif given.verbose then
        complain(event.message)
      end
    end,
  }
end

-- Tells what went wrong; gives the exit status.
local function report(context, detail)
  local ended = status.of(detail)
  local message = messages.failure(detail)
  if ended == status.timeout and detail.cause ~= "connect_timeout" then
    message = message .. say("; give a longer --timeout", "；请加大 --timeout")
  end
  if #context.regions > 1 and detail.region and not detail.filter then
    message = message:gsub("^jdvm: ", function() return "jdvm: " .. detail.region .. ": " end)
  end
  complain(message)
  return ended
end

-- What a subcommand works with.
local function new_context(root, given, operation)
  local started, regions = core.now(), regions_of(given)
  local context = {
    given = given,
    operation = operation,
    write = write,
    flush = flush,
    complain = complain,
    mode_warning = mode_warning,
    regions = regions,
    progress = shown,
    new_client = function(warn) return new_client(given, regions[1], warn) end,
    -- The screen that standard output is, or nil.
    screen = function()
      if not terminal.is_screen() then return nil end
      return { columns = terminal.columns(), colour = not given.no_color and terminal.has_colour() }
    end,
    usage = function(message) parser.command(root, given.command):error(message) end,
    -- The time left of --timeout; nil leaves each call its own default.
    time_left = function() return given.timeout and math.max(0.001, given.timeout - (core.now() - started)) end,
  }
  function context.report(detail) return report(context, detail) end
  return context
end

local function client_for(context)
  local client = context.new_client(complain)
  local warning = not os.getenv("JDCLOUD_ACCESS_KEY") and mode_warning()
  if warning then complain("jdvm: " .. messages.localized(warning)) end
  return client
end

-- What the library raises for a wrong argument, without the line of this file that passed it on; nil for
-- anything else.
local function usage_message(raised)
  return type(raised) == "string" and (raised:match("^[^\n]-:%d+: (jdvm[.:].*)$") or raised:match("^jdvm[.:].*$"))
end

-- What was raised, with the traceback to it, which has to be taken before the stack is left.
local function with_traceback(raised) return { raised = raised, traceback = debug.traceback("", 2) } end

local function complain_of_output(message)
  complain(say("jdvm: the output could not be written: %s", "jdvm: 无法写出结果：%s", message))
end

-- Ends the command as what it ran into says: quietly when nobody reads, else with what was wrong. An interrupt is for
-- bin/jdvm; anything else is a fault of this program.
local function status_of_raised(failed, operation, given)
  local raised = failed.raised
  if raised == CLOSED then
    return status.fine
  elseif getmetatable(raised) == Unwritten then
    complain_of_output(tostring(raised.message))
    return status.service
  end
  if type(raised) == "string" and raised:find("interrupted!$") then error(raised, 0) end
  local message = usage_message(raised)
  if message then
    complain(messages.usage(message, operation, given.command or ""))
    return status.usage
  end
  local line = one_line(tostring(raised), 500)
  complain(
    say("jdvm: this is a bug in jdvm, please report it: %s", "jdvm: 这是 jdvm 的缺陷，请反馈：%s", line)
  )
  if given.verbose then complain(failed.traceback) end
  return status.internal
end

-- Subcommands that make no client, or their own.
local PLAIN = { completions = true, man = true, emulator = true, configure = true, doctor = true }

local function run(context)
  local name, operation, ended = context.given.command, context.operation, status.fine
  if name == "completions" then
    write(completions.scripts[context.given.shell])
  elseif name == "man" then
    write(require("jdvm.cli.manual").page(parser.new(), core._VERSION))
    if context.screen() then
      complain(
        say(
          "jdvm: to read it: jdvm man | man -l -; to install it: jdvm man > ~/.local/share/man/man1/jdvm.1",
          "jdvm: 阅读：jdvm man | man -l -；安装：jdvm man > ~/.local/share/man/man1/jdvm.1"
        )
      )
    end
  else
    context.client = not PLAIN[name] and not (name == "diff" and context.given.new) and client_for(context) or nil
    local action = commands[name] or (operation.page and commands.list or commands.show)
    ended = action(context, operation)
  end
  flush()
  local retries = context.client and ended <= status.not_found and shown.retries()
  if retries then complain("jdvm: " .. retries) end
  return ended
end

-- Prints the help or the version, and ends there.
local function say_text(text)
  write(text)
  flush()
  os.exit(status.fine)
end

-- A closed standard stream would be the number of the next socket, and what is printed would go there. Whether one is
-- closed shows when it is asked for its position; then /dev/null takes its number, the lowest that is free.
local BAD_DESCRIPTOR = 9 -- EBADF
local function take_closed_streams()
  local held, closed = {}, {}
  for i, stream in ipairs { io.stdin, io.stdout, io.stderr } do
    local _, message, number = stream:seek()
    if number == BAD_DESCRIPTOR then
      held[#held + 1], closed[i] = io.open("/dev/null", "r+"), message
    end
  end
  return held, closed[2]
end

---Runs the command.
---@param arguments string[]
---@return integer exit status
function cli.main(arguments)
  local _, unwritable = take_closed_streams()
  language.choose(language.wanted(arguments))
  terminal.encode_as(language.charmap())
  if unwritable then
    complain_of_output(unwritable)
    return status.service
  end
  local operation, given = operations.describeImages, {}
  local ok, result = xpcall(function()
    if arguments[1] == "__complete" then
      table.remove(arguments, 1)
      for _, candidate in ipairs(completions.candidates(parser.new(), arguments)) do
        write(candidate, "\n")
      end
      flush()
      return status.fine
    end
    -- What needs no parser does not wait for one.
    if #arguments == 1 and (arguments[1] == "--version" or arguments[1] == "version") then
      write("jdvm ", core._VERSION, "\n")
      flush()
      return status.fine
    end
    arguments = parser.arguments(arguments)
    local root, by_command = parser.new(arguments, say_text)
    given = parser.parse(root, arguments)
    operation = by_command[given.command] or operation
    shown = progress.new(terminal.may_show_line, core.now)
    return run(new_context(root, given, operation))
  end, with_traceback)
  terminal.clear_line()
  return ok and result or status_of_raised(result, operation, given)
end

return cli
