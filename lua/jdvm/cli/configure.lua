-- `jdvm configure`: writes a profile to ~/.jdc/config, in the form the official jdc command reads.
local credentials = require "jdvm.keys.holder"
local operations = require "jdvm.service.operations"
local profile = require "jdvm.keys.profile"
local text = require "jdvm.util.text"

local configure = {}

-- What jdc writes itself when a profile is added (its configure_controller).
local DEFAULTS = { region_id = "cn-north-1", endpoint = "www.jdcloud-api.com", scheme = "https", timeout = "20" }
local ABSENT = 2 -- ENOENT

-- A file's text, "" where there is none; nil and why where it cannot be read, since what cannot be read must not
-- be written over.
local function read_all(path)
  local file, message, number = io.open(path, "rb")
  if not file then return number == ABSENT and "" or nil, message end
  local content, problem = file:read("*a")
  file:close()
  return content, content == nil and path .. ": " .. tostring(problem) or nil
end

local function quoted(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

local function output_of(command)
  local pipe = io.popen(command, "r")
  local line = pipe and pipe:read("*l")
  if pipe then pipe:close() end
  return line
end

-- The file is made under umask 077 and moved into place whole: never readable by others, never half
-- written. What it holds goes through a pipe, since arguments are visible to every user.
local function write_private(path, content)
  path = output_of("readlink -f " .. quoted(path) .. " 2>/dev/null") or path -- a link stays one
  local new = quoted(path .. ".new")
  -- The shell does not speak for itself, and takes all of the text even when it cannot keep it.
  local pipe = io.popen(
    ("exec 2>/dev/null; umask 077; { cat > %s; } || { cat >/dev/null; exit 1; }; mv -f %s %s"):format(
      new,
      new,
      quoted(path)
    ),
    "w"
  )
  if not pipe then return nil, "could not write " .. path end
  pipe:write(content)
  pipe:close()
  if read_all(path) ~= content then
    return nil, ("could not write %s; check its owner and the free space"):format(path)
  end
  return true
end

local function trimmed(line)
  line = (line or ""):match("^%s*(.-)%s*$")
  return line ~= "" and line or nil
end

local function ask(input, prompts, label, default)
  prompts:write(default and ("%s [%s]: "):format(label, default) or label .. ": ")
  prompts:flush()
  return trimmed(input:read("*l")) or default
end

-- On a terminal the shell reads the secret, since it restores the echo however the reading ends.
local READ_SILENTLY = [[
settings=$(stty -g) || exit
trap 'stty "$settings"' EXIT
trap 'exit 130' INT TERM HUP
stty -echo
IFS= read -r line
printf '%s' "$line"]]

local function ask_silently(input, prompts, label)
  if not output_of("test -t 0 && echo yes") then return ask(input, prompts, label) end
  prompts:write(label, ": ")
  prompts:flush()
  local answer = output_of(READ_SILENTLY)
  prompts:write("\n")
  return trimmed(answer)
end

-- "http://127.0.0.1:8080" as what jdc keeps under two keys.
local function read_endpoint(url)
  local scheme, rest = url:match("^(https?)://([^/]+)/?$")
  if not scheme then return nil, ("endpoint '%s' is not of the form https://host[:port]"):format(url) end
  return { endpoint = rest, scheme = scheme }
end

local function region_fault(region)
  if not region:find("^[%w-]+$") then
    return ("'%s' is no region; they are named like %s"):format(region, operations.regions[1].name)
  end
  return nil
end

-- What is wrong with the options, and the profile's name and endpoint.
local function read_options(options)
  local name = options.profile or os.getenv("JDCLOUD_PROFILE")
  if not name or (name == "" and not options.profile) then name = "default" end
  local endpoint, fault
  if name == "DEFAULT" then
    fault = "the section DEFAULT gives values to all profiles; name another profile"
  elseif not name:find("^[%w._-]+$") then
    fault = ("'%s' is no name of a profile: it has only letters, digits, '.', '_' and '-'"):format(
      text.one_line(name, 60)
    )
  elseif options.endpoint then
    endpoint, fault = read_endpoint(options.endpoint)
  end
  return fault or options.region and region_fault(options.region), name, endpoint
end

-- The values to write: what was asked for and given; the defaults only into a profile that is new.
local function ask_values(name, region, endpoint, known, input, prompts)
  local values = {}
  for key, value in pairs(known and {} or DEFAULTS) do
    values[key] = value
  end
  if endpoint then
    values.endpoint, values.scheme = endpoint.endpoint, endpoint.scheme
  end
  prompts:write(("Profile %s (%s)\n"):format(name, known and "exists" or "new"))
  values.access_key = ask(input, prompts, "Access key")
  values.secret_key = values.access_key and ask_silently(input, prompts, "Secret key (not shown)")
  if not values.access_key or not values.secret_key then
    return nil, "an access key and a secret key are needed; nothing was written"
  end
  values.region_id = region or ask(input, prompts, "Region", known and known.region_id or DEFAULTS.region_id)
  local fault = credentials.fault("access_key", values.access_key, "the access key")
    or credentials.fault("secret_key", values.secret_key, "the secret key")
    or region_fault(values.region_id)
  if fault then return nil, fault .. "; nothing was written" end
  return values
end

---Asks for what a profile needs and writes it.
---@param options table profile, region, endpoint as given on the command line
---@param input file* where the answers come from
---@param prompts file* where the questions go; the secret is never written to it
---@return string? path the file written
---@return string name_or_message the profile, or what went wrong
---@return boolean? is_usage whether that is the fault of the options
function configure.run(options, input, prompts)
  local folder = profile.directory(os.getenv)
  if not folder then return nil, "HOME is not set, so there is no ~/.jdc/config to write" end
  local fault, name, endpoint = read_options(options)
  if fault then return nil, fault, true end
  local path = folder .. "/config"
  local before, message = read_all(path)
  if not before then return nil, ("%s; it was left as it is"):format(message) end
  local values
  values, message = ask_values(name, options.region, endpoint, profile.parse(before)[name], input, prompts)
  if not values then return nil, message end
  os.execute(("umask 077 && mkdir -p %s 2>/dev/null"):format(quoted(folder)))
  local written
  written, message = write_private(path, profile.update(before, name, values))
  if not written then return nil, message end
  -- `current` names the profile in use, without a line break: jdc does not strip one.
  if read_all(folder .. "/current") == "" then
    written, message = write_private(folder .. "/current", name)
    if not written then return nil, message end
  end
  return path, name
end

return configure
