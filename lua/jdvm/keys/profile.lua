-- The profile files of the official `jdc` command: ~/.jdc/config (INI, one section a profile) and
-- ~/.jdc/current (the name of the one in use). Read as `jdc` writes them, and as people edit them:
--
--   * `key = value` and `key=value` (also with a colon), keys in any case, blanks around both dropped;
--   * `#` and `;` begin a comment line; a byte order mark and CR LF do no harm;
--   * a section [DEFAULT] gives values to all others;
--   * `%%` is one per cent sign (jdc reads the file with interpolation), a single `%` stays what it is;
--   * `current` may end in a newline, which jdc itself would stumble over.
--
-- Parsing and updating are pure; `read` opens files. No message repeats a line, which may be a secret.

local options = require "jdvm.options.options"
local text = require "jdvm.util.text"

local profile = {}

--- The keys of a section, in the order in which jdc writes them; `option` is the option of a client that they give.
profile.keys = {
  { name = "access_key", option = "access_key" },
  { name = "secret_key", option = "secret_key" },
  { name = "region_id", option = "region" },
  { name = "endpoint", option = "endpoint" },
  { name = "scheme" },
  { name = "timeout" },
}

local MAX_FILE = 1048576

local function trim(s) return (s:gsub("^[ \t\r]+", ""):gsub("[ \t\r]+$", "")) end

--- Reads the text of a config file.
---@param content string
---@return table<string, table<string, string>> sections values by section and key (lower case)
---@return string[] names sections in the order of the file
---@return string[] problems what could not be read, by line number
function profile.parse(content)
  local sections, names, problems, shared = {}, {}, {}, {}
  local section, number = nil, 0
  content = content:gsub("^\239\187\191", "")
  for given in (content .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local line = trim(given)
    local title = line:match("^%[([^%]]+)%]")
    if title then
      if title == "DEFAULT" then
        section = shared
      else
        if not sections[title] then
          sections[title] = {}
          names[#names + 1] = title
        end
        section = sections[title]
      end
    elseif line ~= "" and not line:find("^[#;]") then
      local key, value = line:match("^([^=:]-)[ \t]*[=:](.*)$")
      if not key or key == "" then
        problems[#problems + 1] = ("line %d is neither a [section] nor key = value"):format(number)
      elseif not section then
        problems[#problems + 1] = ("line %d stands before the first [section]"):format(number)
      else
        section[text.lower(key)] = trim(value):gsub("%%%%", "%%")
      end
    end
  end
  for _, values in pairs(sections) do
    for key, value in pairs(shared) do
      if values[key] == nil then values[key] = value end
    end
  end
  return sections, names, problems
end

--- The text of a config file with some values of one profile set: everything else stays as it is.
---@param content string text of the file so far, may be empty
---@param name string profile
---@param values table<string, string> new values; order of new keys as in jdc
---@return string content
function profile.update(content, name, values)
  local left, lines, inside, insert_at = {}, {}, false, nil
  for key, value in pairs(values) do
    left[key] = value
  end
  content = content:gsub("^\239\187\191", "")
  if content ~= "" and content:sub(-1) ~= "\n" then content = content .. "\n" end
  for given in content:gmatch("(.-)\n") do
    local line = given
    local title = trim(line):match("^%[([^%]]+)%]")
    if title then inside = title == name end
    local key = inside and not title and not trim(line):find("^[#;]") and line:match("^[ \t]*([^=:]-)[ \t]*[=:]")
    key = key and text.lower(key)
    if key and values[key] then
      line = key .. " = " .. values[key]:gsub("%%", "%%%%")
      left[key] = nil
    end
    lines[#lines + 1] = line
    if inside and trim(line) ~= "" then insert_at = #lines end
  end
  if not insert_at then
    if #lines > 0 and lines[#lines] ~= "" then lines[#lines + 1] = "" end
    lines[#lines + 1] = "[" .. name .. "]"
    insert_at = #lines
  end
  for _, key in ipairs(profile.keys) do
    local value = left[key.name]
    if value then
      insert_at = insert_at + 1
      table.insert(lines, insert_at, key.name .. " = " .. value:gsub("%%", "%%%%"))
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The text of a config file without a profile. Comments above the section that follows stay.
---@param content string
---@param name string profile
---@return string content
function profile.remove(content, name)
  local lines, inside, held = {}, false, {}
  for line in (content:gsub("^\239\187\191", ""):gsub("([^\n])$", "%1\n")):gmatch("(.-)\n") do
    local shown = trim(line)
    local title = shown:match("^%[([^%]]+)%]")
    if title then inside = title == name end
    if not inside then
      for _, comment in ipairs(held) do
        lines[#lines + 1] = comment
      end
      lines[#lines + 1] = line
      held = {}
    elseif shown:find("^[#;]") then
      held[#held + 1] = line
    elseif shown ~= "" then
      held = {} -- they were about this profile
    end
  end
  return lines[1] and table.concat(lines, "\n") .. "\n" or ""
end

local ABSENT = 2 -- ENOENT

-- What stands in no text file, or nil. Line ends of Windows do no harm.
local function content_fault(content)
  local offset, byte = text.control_fault((content:gsub("\r\n", "  "):gsub("[\t\n]", " "):gsub("\r$", " ")))
  if not offset then return nil end
  local _, lines = content:sub(1, offset):gsub("\n", "")
  return ("line %d holds a control character (0x%02X): save the file as plain text"):format(lines + 1, byte)
end

-- A pipe that is opened for writing, too, waits for nobody.
local function open(path)
  local file = io.open(path, "r+b")
  if file then return file end
  return io.open(path, "rb")
end

--- The content of a file.
---@param path string
---@return string|nil content
---@return string|nil message nil when there is no such file
function profile.read_file(path)
  local file, message, number = open(path)
  -- Renaming a file to its own name changes nothing, and succeeds for a link even if what it points to is gone.
  if number == ABSENT and os.rename(path, path) then
    file, message, number = open(path)
    if number == ABSENT then return nil, path .. " is a link to a file that does not exist" end
  end
  if number == ABSENT then return nil end
  if not file then return nil, tostring(message) end
  -- A pipe has no position.
  local is_file = file:seek("cur") ~= nil
  local content, failure = nil, nil
  if is_file then
    content, failure = file:read(MAX_FILE + 1)
  end
  file:close()
  if not is_file then return nil, path .. " is not a file" end
  if failure then return nil, path .. ": " .. tostring(failure) end
  if content and #content > MAX_FILE then return nil, path .. " is larger than 1 MiB" end
  local fault = content and content_fault(content)
  if fault then return nil, path .. ": " .. fault end
  return content or ""
end

--- Folder of the profile files.
---@param getenv fun(name: string): string|nil
---@return string|nil directory
---@return string|nil message why the home folder is unknown
function profile.directory(getenv)
  local home = getenv("HOME") or getenv("USERPROFILE")
  if not home or home == "" then return nil, "HOME is not set" end
  if text.control_fault(home) then return nil, "HOME holds a control character: " .. text.show(home) end
  return home:gsub("[/\\]$", "") .. "/.jdc"
end

--- The profile in use: the one that is asked for, else the one that ~/.jdc/current names, else "default". A file that
--- cannot be read is an error, since the profile that it names may be another account's.
---@param wanted string|nil the option `profile`
---@param getenv fun(name: string): string|nil
---@param reader? fun(path: string): string|nil, string|nil in place of the file system
---@return string|nil name
---@return string origin what chose it; without a name, why it is unknown
---@return boolean|nil is_asked whether the option or the environment names it
function profile.in_use(wanted, getenv, reader)
  if wanted then return wanted, "option profile", true end
  local variable = options.find("client", "profile").env
  local name, origin = getenv(variable), "environment variable " .. variable
  if name and text.control_fault(name) then
    return nil, ("%s holds a control character: %s"):format(origin, text.show(name))
  end
  if name and name ~= "" then return name, origin, true end
  local directory, unknown = profile.directory(getenv)
  if not directory then return "default", unknown end
  local path = directory .. "/current"
  local content, message = (reader or profile.read_file)(path)
  if message then return nil, message end
  name = trim(((content or ""):gsub("^\239\187\191", ""):gsub("\n", " ")))
  if name ~= "" then return name, path end
  return "default", path .. (content and " is empty" or " does not exist")
end

--- Reads the config file of a folder.
---@param directory string
---@param reader? fun(path: string): string|nil, string|nil in place of the file system
---@return { path: string, sections: table, names: string[], problems: string[] }|nil
---@return string|nil message nil when there simply is no config file
function profile.read(directory, reader)
  local path = directory .. "/config"
  local content, message = (reader or profile.read_file)(path)
  if not content then return nil, message end
  local sections, names, problems = profile.parse(content)
  return { path = path, sections = sections, names = names, problems = problems }
end

--- The values of a profile, by name.
---@param files table what `read` gave
---@param name string
---@return table<string, string>|nil values
---@return string|nil message
---@return string|nil nearest the profile that was probably meant
function profile.values(files, name)
  local values = files.sections[name]
  if values then return values end
  local nearest = text.nearest(name, files.names)
  if nearest then
    return nil, ('no profile %s in %s; did you mean "%s"?'):format(text.show(name), files.path, nearest), nearest
  end
  return nil,
    ("no profile %s in %s; it has %s"):format(
      text.show(name),
      files.path,
      #files.names > 0 and text.one_line(text.enumerate(files.names, "and"), 200) or "none"
    )
end

-- The keys with the names that are taken for them: those of the options, and what other tools call these.
local meanings = {}
for i, key in ipairs(profile.keys) do
  local option = key.option and options.find("client", key.option) or {}
  local others = { option.name }
  for _, other in ipairs(option.other_names or {}) do
    others[#others + 1] = other
  end
  meanings[i] = { name = key.name, other_names = others }
end

--- What stands in a profile under a name that nothing reads, but that looks like a key which is not there.
---@param values table<string, string>
---@return string[] messages that follow the profile's name; no value stands in them
function profile.near_misses(values)
  local names, messages = {}, {}
  for name in pairs(values) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local meant = text.closest(name, meanings)
    if meant and values[meant] == nil then
      messages[#messages + 1] = ("the key %s is not read; did you mean %s?"):format(text.one_line(name, 60), meant)
    end
  end
  return messages
end

--- What is wrong with the mode of a file of secrets, or nil.
---@param path string
---@param mode string|nil octal digits
---@return string|nil
function profile.mode_warning(path, mode)
  local group, others = (mode or ""):match("(%d)(%d)$")
  if not group or (group == "0" and others == "0") then return nil end
  return ("%s can be read by others (mode %s): chmod 600 %s"):format(path, mode, path)
end

return profile
