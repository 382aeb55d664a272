-- The command: reads the command line, makes a client and runs a subcommand (jdvm.cli.commands).
local commands = require "jdvm.cli.commands"
local operations = require "jdvm.operations"
local parser = require "jdvm.cli.parser"
local terminal = require "jdvm.cli.terminal"

local cli = {}

local STATUS = parser.status
local now = os.time

-- Raised when nobody reads the output any more (`| head`): no failure, just the end.
local CLOSED = {}

local function write(...)
  if not io.stdout:write(...) then
    error(CLOSED)
  end
end

local function flush()
  if not io.stdout:flush() then
    error(CLOSED)
  end
end

local function complain(message)
  io.stderr:write(message, "\n")
end

-- Counts and rate on standard error, only where a person sees them and no table is printed beside them.
local function new_progress(is_shown)
  local rows, began, shown = 0, now(), false
  local function line(text)
    io.stderr:write("\r\27[K", text)
    io.stderr:flush()
    shown = true
  end
  return {
    count = function() rows = rows + 1 end,
    show = function(stats)
      if is_shown then
        line(("%d of %s, %.0f a second"):format(rows, stats.total_last or "?", rows / math.max(1, now() - began)))
      end
    end,
    waiting = function(event)
      if is_shown then
        line(("%s%s, %.0f s"):format(event.status or "not found yet",
          event.progress and (" %d %%"):format(event.progress) or "", event.elapsed))
      end
    end,
    clear = function()
      if shown then
        io.stderr:write("\r\27[K")
      end
    end,
  }
end

-- The regions to ask; `false` stands for the one of the settings.
local function regions_of(given)
  if #given.region == 0 then
    return { false }
  end
  for _, name in ipairs(given.region) do
    if name == "all" then
      local regions = {}
      for i, region in ipairs(operations.regions) do
        regions[i] = region.name
      end
      return regions
    end
  end
  return given.region
end

-- What a subcommand works with.
local function new_context(root, given)
  local is_screen = not given.no_color and os.getenv("NO_COLOR") == nil
  local stdout_is_terminal = terminal.is_terminal(1)
  local started = now()
  local context = {
    given = given, root = root, write = write, flush = flush, complain = complain,
    regions = regions_of(given),
    terminal = stdout_is_terminal and { columns = terminal.columns(), colour = is_screen } or nil,
    usage = function(message) root:error(message) end,
    progress = function() return new_progress(not stdout_is_terminal and terminal.is_terminal(2)) end,
    -- The time left of --timeout; nil leaves each call its own default.
    time_left = function()
      return given.timeout and math.max(0.001, given.timeout - (now() - started))
    end,
  }
  return context
end

local function client_for(context)
  local given = context.given
  return require("jdvm").new {
    region = context.regions[1] or nil, profile = given.profile, endpoint = given.endpoint, ca_file = given.ca_file,
    logger = function(event)
      if given.verbose or event.event == "warning" then
        complain(tostring(event))
      end
    end,
  }
end

-- What the library raises for a wrong argument, without the line of this file that passed it on; nil for
-- anything else.
local function usage_message(raised)
  return type(raised) == "string" and raised:match("^[^\n]-:%d+: (jdvm[.:].*)$") or nil
end

-- Ends the command as what it ran into says: quietly when nobody reads, else with the usage. Anything
-- else is a fault of this program.
local function status_of_raised(raised)
  if raised == CLOSED then
    return STATUS.fine
  end
  local message = usage_message(raised)
  if not message then
    error(raised, 0)
  end
  complain((message:gsub("^jdvm%.new: ", "jdvm: ")))
  return STATUS.usage
end

---Runs the command.
---@param arguments string[]
---@return integer exit status
function cli.main(arguments)
  local root, by_command = parser.new()
  local given = root:parse(arguments)
  local context = new_context(root, given)
  local name = given.command
  if name == "completions" then
    write(root["get_" .. given.shell .. "_complete"](root))
    return STATUS.fine
  elseif name == "man" then
    write(require("jdvm.cli.manual").page(root, require("jdvm")._VERSION))
    return STATUS.fine
  elseif name == "emulator" or name == "configure" or name == "doctor" then
    return commands[name](context)
  end

  local ok, result = pcall(client_for, context)
  if ok then
    context.client = result
    local operation = by_command[name]
    ok, result = pcall(commands[name] or (operation.page and commands.list or commands.show), context, operation)
  end
  return ok and result or status_of_raised(result)
end


return cli
