-- Commands of the system, for the programs among the modules (jdvm.cli, jdvm.emulator): the library starts no process.

local shell = {}

--- A word as the shell reads it.
---@param word string
---@return string
function shell.quote(word) return "'" .. tostring(word):gsub("'", "'\\''") .. "'" end

--- The first line of what a command prints, or nil.
---@param command string
---@return string|nil
function shell.line_of(command)
  local pipe = io.popen(command, "r")
  if not pipe then return nil end
  -- Ctrl-C may raise an error here; what the command does on its way out (stty) must be over when that goes on.
  local ok, line = pcall(pipe.read, pipe, "*l")
  pipe:close()
  if not ok then error(line, 0) end
  return line
end

--- Whether a command exits with 0.
---@param command string
---@return boolean
function shell.succeeds(command)
  local result = os.execute(command) -- true on Lua 5.2 and later, 0 on 5.1
  return result == true or result == 0
end

--- Mode of a regular file in octal digits such as "600", or nil when there is none.
---@param path string
---@return string|nil
function shell.mode_of(path)
  local quoted = shell.quote(path)
  local mode = shell.line_of(
    ("[ -f %s ] && { stat -L -c %%a -- %s || stat -L -f %%Lp -- %s; } 2>/dev/null"):format(quoted, quoted, quoted)
  )
  return mode and mode:match("^%d+$")
end

return shell
