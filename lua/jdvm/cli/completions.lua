-- Completion in shells. The script of a shell asks the command itself (`jdvm __complete WORD…`) for what may stand at
-- the cursor, so that regions, profiles, columns and the rest come from the same tables as the options.
local profile = require "jdvm.keys.profile"
local settings = require "jdvm.emulator.settings"

local completions = {}

-- Printed in place of candidates where a file or a program is meant.
local FILES = ":files"

---The script of each shell. A candidate comes on a line, its description behind a tab.
completions.scripts = {
  bash = [[
_jdvm() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    line=${line%%$'\t'*}
    case $line in
      :files) compopt -o default 2>/dev/null; return ;;
      *=) compopt -o nospace 2>/dev/null ;;
      *' '*) printf -v line %q "$line" ;;
    esac
    COMPREPLY+=("$line")
  done < <("${1/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _jdvm jdvm
]],
  zsh = [=[
#compdef jdvm
_jdvm() {
  local line
  local -a found
  for line in "${(@f)$("${~words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ $line == :files ]] && { _files; return }
    line=${line//:/\\:}
    [[ -n $line ]] && found+=("${line/$'\t'/:}")
  done
  _describe -V jdvm found
}
if [ "$funcstack[1]" = _jdvm ]; then _jdvm "$@"; else compdef _jdvm jdvm; fi
]=],
  fish = [[
function __jdvm_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
  if test "$found" = :files
    __fish_complete_path (commandline -ct)
  else
    printf '%s\n' $found
  end
end
complete -c jdvm -f -k -a '(__jdvm_complete)'
]],
}

local function option_named(commands, name)
  for _, command in ipairs(commands) do
    for _, option in ipairs(command._options) do
      for _, alias in ipairs(option._aliases) do
        if alias == name then return option end
      end
    end
  end
end

-- What an element may offer by a word.
local OFFERS = {}

function OFFERS.files() return { FILES } end

function OFFERS.profiles()
  local folder = profile.directory(os.getenv)
  local files = folder and profile.read(folder)
  return files and files.names or {}
end

function OFFERS.faults() return settings.names((require "jdvm.emulator.faults")) end

function OFFERS.settings()
  local names = {}
  for i, name in ipairs(settings.names(settings.entries)) do
    names[i] = name .. "="
  end
  return names
end

-- What may stand for an option or an argument.
local function values_of(element)
  local offered = element and (element._offered or element._choices) or {}
  return OFFERS[offered] and OFFERS[offered]() or offered
end

-- The option's values behind a text that stays; of a list, behind its last comma.
local function add_values(found, option, current, prefix)
  if option and option._is_list then
    local before = current:match("^.*,") or ""
    prefix, current = prefix .. before, current:sub(#before + 1)
  end
  for _, value in ipairs(values_of(option)) do
    if value == FILES then
      found[1] = FILES
    elseif value:sub(1, #current) == current then
      found[#found + 1] = prefix .. value
    end
  end
end

local function add_named(found, elements, name_of, current)
  for _, element in ipairs(elements) do
    local name = name_of(element)
    if not element._hidden and name:sub(1, #current) == current then
      local about = (element._description or ""):gsub("%s+", " ")
      found[#found + 1] = name .. "\t" .. about
    end
  end
end

local function long_name(option)
  local first, second = option._aliases[1], option._aliases[2]
  return second and #second > #first and second or first
end

-- The words as the command gets them, the last as far as it was typed. bash takes "--source=p" apart.
local function plain(words)
  local list = {}
  for i, word in ipairs(words) do
    word = word:gsub("\\(.)", "%1"):gsub("^[\"']", "")
    local is_separator = word == "=" and list[#list] and list[#list]:find "^%-%-"
    if not is_separator then
      list[#list + 1] = word
    elseif i == #words then
      list[#list + 1] = ""
    end
  end
  return list
end

---What may stand at the cursor.
---@param root table the argparse parser
---@param words string[] those before the cursor; the last is the one to complete
---@return string[] candidates
function completions.candidates(root, words)
  words = plain(words)
  local command, option, arguments, is_over = root, nil, 0, false
  for i = 1, #words - 1 do
    local word = words[i]
    if option then
      option = nil
    elseif is_over or not word:find "^%-." then
      local entered = command == root and root._command_named[word]
      if entered then
        command = entered
      else
        arguments = arguments + 1
      end
    elseif word == "--" then
      is_over = true
    else
      local known = option_named({ command, root }, word)
      if known and known._maxargs > 0 then option = known end
    end
  end

  local found, current = {}, words[#words] or ""
  local name, value = current:match("^(%-%-[^=]+)=(.*)$")
  if option then
    add_values(found, option, current, "")
  elseif is_over then
    found[1] = FILES
  elseif name then
    add_values(found, option_named({ command, root }, name), value, name .. "=")
  elseif current:find "^%-" or command ~= root and #command._arguments == 0 then
    add_named(found, command._options, long_name, current)
    if command ~= root and current ~= "" then add_named(found, root._options, long_name, current) end
  elseif command == root then
    add_named(found, root._commands, function(each) return each._name end, current)
  else
    local list = command._arguments
    local argument = list[math.min(arguments + 1, #list)]
    if arguments < #list or argument._maxargs > 1 then add_values(found, argument, current, "") end
  end
  return found
end

return completions
