-- The command: reads the command line, makes a client and runs a subcommand (jdvm.cli.commands).
local commands = require "jdvm.cli.commands"
local one_line = require("jdvm.util.text").one_line
local operations = require "jdvm.service.operations"
local parser = require "jdvm.cli.parser"
local profile = require "jdvm.keys.profile"
local shell = require "jdvm.util.shell"
local terminal = require "jdvm.cli.terminal"
local transport = require "jdvm.transport"
local messages = require "jdvm.cli.messages"

local cli = {}

local STATUS = parser.status

-- Raised when nobody reads the output any more (`| head`): no failure, just the end.
local CLOSED = {}
-- Raised when the output cannot be written.
local Unwritten = {}
local BROKEN_PIPE = 32 -- EPIPE

local function check_written(ok, message, number)
  if not ok then error(number == BROKEN_PIPE and CLOSED or setmetatable({ message = message }, Unwritten)) end
end

-- The line of progress goes before the write: when a pipe has no reader any more, that may be the last one.
local function write(...)
  terminal.clear_line()
  check_written(io.stdout:write(...))
end

local function flush()
  terminal.clear_line()
  check_written(io.stdout:flush())
end

local function complain(message)
  terminal.clear_line()
  io.stderr:write(message, "\n")
end

-- Seconds of a clock that nobody sets.
local function new_clock()
  local carrier = transport.choose { transport = "curl" }
  return carrier and function() return carrier:now() end or os.time
end

-- Counts and rate on standard error, only where a person sees them; elsewhere a line about the first failed poll of a
-- wait, since it may go on like that for half an hour.
local function new_progress(is_shown, now)
  local rows, began, has_warned = 0, now(), false
  local columns = is_shown and terminal.columns()
  local function line(text) terminal.show_line(text, columns) end
  return {
    count = function() rows = rows + 1 end,
    show = function(stats)
      if is_shown then
        line(("%d of %s, %.0f a second"):format(rows, stats.total_last or "?", rows / math.max(0.1, now() - began)))
      end
    end,
    waiting = function(event)
      if is_shown then
        line(
          ("%s: %s%s, %.0f s%s"):format(
            event.image_id,
            event.status and terminal.printable(event.status) or (event.failure and "not seen yet" or "not found yet"),
            event.progress and (" %.0f %%"):format(event.progress) or "",
            event.elapsed,
            event.failure and "; " .. event.failure or ""
          )
        )
      elseif event.failure and not has_warned then
        has_warned = true
        complain(("jdvm: wait: %s; going on until the time is over"):format(event.failure))
      end
    end,
  }
end

-- The regions to ask, each once; `false` stands for the one of the settings.
local function regions_of(given)
  if #given.region == 0 then return { false } end
  local regions, is_known = {}, {}
  local function add(name)
    if not is_known[name] then
      regions[#regions + 1] = name
      is_known[name] = true
    end
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
  return require("jdvm").new {
    region = region,
    profile = given.profile,
    endpoint = given.endpoint,
    ca_file = given.ca_file,
    utf8 = "replace",
    logger = function(event)
      if event.event == "warning" then
        warn(event.message)
      elseif given.verbose then
        complain(event.message)
      end
    end,
  }
end

-- What a subcommand works with.
local function new_context(root, given, operation)
  local now = new_clock()
  local started = now()
  local regions = regions_of(given)
  local is_screen = terminal.is_terminal(1)
  local has_colour = not given.no_color and os.getenv("NO_COLOR") == nil and os.getenv("TERM") ~= "dumb"
  return {
    given = given,
    operation = operation,
    write = write,
    flush = flush,
    complain = complain,
    mode_warning = mode_warning,
    regions = regions,
    new_client = function(warn) return new_client(given, regions[1] or nil, warn) end,
    terminal = is_screen and { columns = terminal.columns(), colour = has_colour } or nil,
    usage = function(message) parser.command(root, given.command):error(message) end,
    progress = function(before_output)
      return new_progress(before_output and terminal.is_terminal(2) or terminal.may_show_line(), now)
    end,
    -- The time left of --timeout; nil leaves each call its own default.
    time_left = function() return given.timeout and math.max(0.001, given.timeout - (now() - started)) end,
  }
end

local function client_for(context)
  local client = context.new_client(complain)
  local warning = not os.getenv("JDCLOUD_ACCESS_KEY") and mode_warning()
  if warning then complain("jdvm: " .. warning) end
  return client
end

-- What the library raises for a wrong argument, without the line of this file that passed it on; nil for
-- anything else.
local function usage_message(raised)
  return type(raised) == "string" and (raised:match("^[^\n]-:%d+: (jdvm[.:].*)$") or raised:match("^jdvm[.:].*$"))
end

-- What was raised, with the traceback to it, which has to be taken before the stack is left.
local function with_traceback(raised) return { raised = raised, traceback = debug.traceback("", 2) } end

-- Ends the command as what it ran into says: quietly when nobody reads, else with what was wrong. An interrupt is for
-- bin/jdvm; anything else is a fault of this program.
local function status_of_raised(failed, operation, given)
  local raised = failed.raised
  if raised == CLOSED then
    return STATUS.fine
  elseif getmetatable(raised) == Unwritten then
    complain("jdvm: the output could not be written: " .. tostring(raised.message))
    return STATUS.service
  end
  if type(raised) == "string" and raised:find("interrupted!$") then error(raised, 0) end
  local message = usage_message(raised)
  if message then
    complain(messages.usage(message, operation, given.command))
    return STATUS.usage
  end
  complain("jdvm: this is a bug in jdvm, please report it: " .. one_line(tostring(raised), 500))
  if given.verbose then complain(failed.traceback) end
  return STATUS.internal
end

-- Subcommands that make no client, or their own.
local PLAIN = { completions = true, man = true, emulator = true, configure = true, doctor = true }

local function run(context, root)
  local name, operation, status = context.given.command, context.operation, STATUS.fine
  if name == "completions" then
    local completing = parser.new(true)
    write(completing["get_" .. context.given.shell .. "_complete"](completing))
  elseif name == "man" then
    write(require("jdvm.cli.manual").page(root, require("jdvm")._VERSION))
  else
    context.client = not PLAIN[name] and client_for(context) or nil
    local action = commands[name] or (operation.page and commands.list or commands.show)
    status = action(context, operation)
  end
  flush()
  return status
end

-- Prints the help or the version, and ends there.
local function say(text)
  write(text)
  flush()
  os.exit(STATUS.fine)
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
  if unwritable then
    complain("jdvm: the output could not be written: " .. unwritable)
    return STATUS.service
  end
  local root, by_command = parser.new(false, say)
  local operation, given = operations.describeImages, {}
  local ok, result = xpcall(function()
    given = root:parse(arguments)
    operation = by_command[given.command] or operation
    return run(new_context(root, given, operation), root)
  end, with_traceback)
  terminal.clear_line()
  return ok and result or status_of_raised(result, operation, given)
end

return cli
