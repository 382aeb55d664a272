-- The manual page, made from the same table as --help (jdvm.cli.parser).
local manual = {}

-- troff takes a leading dot or quote for a request and a backslash for an escape.
local function escaped(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"):gsub("\n([.'])", "\n\\&%1"))
end

local function add_options(lines, parser)
  for _, option in ipairs(parser._options) do
    if not option._hidden and option._description then
      local usage = option:_get_label_lines()
      lines[#lines + 1] = ".TP"
      lines[#lines + 1] = ".B " .. escaped(table.concat(usage, " "))
      lines[#lines + 1] = escaped(option._description)
    end
  end
end

---The manual page of a parser in troff with the man macros.
---@param root table the argparse parser
---@param version string
---@return string
function manual.page(root, version)
  local lines = {
    '.TH JDVM 1 "" "jdvm ' .. version .. '" "User Commands"',
    ".SH NAME", "jdvm \\- " .. escaped(root._description:gsub("%.$", ""):lower()),
    ".SH SYNOPSIS", ".B jdvm", "[options] command [options] [arguments]",
    ".SH DESCRIPTION", escaped(root._description),
    ".SH OPTIONS",
  }
  add_options(lines, root)
  lines[#lines + 1] = ".SH COMMANDS"
  for _, command in ipairs(root._commands) do
    if not command._hidden then
      lines[#lines + 1] = ".SS jdvm " .. escaped(command._name)
      lines[#lines + 1] = escaped(command._description or "")
      add_options(lines, command)
      if command._epilog then
        lines[#lines + 1] = ".PP"
        lines[#lines + 1] = ".nf"
        lines[#lines + 1] = escaped(command._epilog)
        lines[#lines + 1] = ".fi"
      end
    end
  end
  lines[#lines + 1] = ".SH EXIT STATUS AND SETTINGS"
  lines[#lines + 1] = ".nf"
  lines[#lines + 1] = escaped(root._epilog)
  lines[#lines + 1] = ".fi"
  return table.concat(lines, "\n") .. "\n"
end

return manual
