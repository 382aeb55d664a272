-- The manual page, made from the same table as --help (jdvm.cli.parser).
local help = require "jdvm.cli.help"

local manual = {}

-- Of the release.
local DATE = "2026-11-30"

-- troff takes a leading dot or quote for a request and a backslash for an escape.
local function escaped(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"):gsub("\n([.'])", "\n\\&%1"))
end

-- Arguments or options of a parser.
local function add_elements(lines, elements)
  for _, element in ipairs(elements) do
    if not element._hidden and element._description then
      local usage = element:_get_label_lines()
      lines[#lines + 1] = ".TP"
      lines[#lines + 1] = ".B " .. escaped(table.concat(usage, " "))
      lines[#lines + 1] = escaped(help.description(element))
    end
  end
end

-- How a command is called, on one line.
local function usage_of(command) return (command:get_usage():gsub("^Usage:%s*", ""):gsub("%s+", " ")) end

---The manual page of a parser in troff with the man macros.
---@param root table the argparse parser
---@param version string
---@return string
function manual.page(root, version)
  local lines = {
    ('.TH JDVM 1 "%s" "jdvm '):format(DATE) .. version .. '" "User Commands"',
    ".SH NAME",
    "jdvm \\- " .. escaped(root._description:gsub("%.$", ""):gsub("^%u", string.lower)),
    ".SH SYNOPSIS",
    ".B jdvm",
    "[options] command [options] [arguments]",
    ".SH DESCRIPTION",
    escaped(root._description),
    ".SH OPTIONS",
  }
  add_elements(lines, root._options)
  lines[#lines + 1] = ".SH COMMANDS"
  for _, command in ipairs(root._commands) do
    if not command._hidden then
      lines[#lines + 1] = ".SS jdvm " .. escaped(command._name)
      lines[#lines + 1] = ".B " .. escaped(usage_of(command))
      lines[#lines + 1] = ".PP"
      lines[#lines + 1] = escaped(command._description or "")
      add_elements(lines, command._arguments)
      add_elements(lines, command._options)
      if command._epilog then
        lines[#lines + 1] = ".PP"
        lines[#lines + 1] = ".nf"
        lines[#lines + 1] = escaped(command._epilog)
        lines[#lines + 1] = ".fi"
      end
    end
  end
  lines[#lines + 1] = ".SH EXIT STATUS AND SETTINGS"
  lines[#lines + 1] = escaped(root._epilog):gsub("\n", "\n.PP\n")
  return table.concat(lines, "\n") .. "\n"
end

return manual
