-- Runs Lua text in a process of its own whose locale writes a comma for the decimal point. The locale
-- is made on the spot: machines may have none but C.
local own_process = require "spec.support.own_process"
local shell = require "spec.support.shell"

local comma_locale = {}

local DEFINITION = [[
comment_char %
escape_char /
LC_NUMERIC
decimal_point "<U002C>"
thousands_sep "<U002E>"
grouping 3;3
END LC_NUMERIC
]]

local function characters()
  local lines = { "<code_set_name> TINY\n<comment_char> %\n<escape_char> /\nCHARMAP\n" }
  for code = 0, 127 do
    lines[#lines + 1] = ("<U%04X> /x%02x C%d\n"):format(code, code, code)
  end
  return table.concat(lines) .. "END CHARMAP\n"
end

---Runs `text` with the paths of this process; returns what it prints, without the last line end.
---@param text string
---@return string
function comma_locale.run(text)
  local folder = shell.temporary_folder()
  shell.write(folder .. "/definition", DEFINITION)
  shell.write(folder .. "/characters", characters())
  shell.run(("cd %s && localedef -c -i definition -f characters ./comma >log 2>&1"):format(folder))
  local output =
    own_process.run("assert(os.setlocale('comma', 'numeric'), 'no locale')\n" .. text, "LOCPATH=" .. folder)
  shell.run("rm -rf " .. folder)
  return output
end

return comma_locale
