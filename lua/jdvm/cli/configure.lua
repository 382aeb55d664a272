-- `jdvm configure`: writes a profile to ~/.jdc/config, in the form the official jdc command reads.
local credentials = require "jdvm.keys.holder"
local operations = require "jdvm.service.operations"
local profile = require "jdvm.keys.profile"
local shell = require "jdvm.util.shell"
local terminal = require "jdvm.cli.terminal"
local text = require "jdvm.util.text"

local configure = {}

local quote = shell.quote

-- What jdc writes itself when a profile is added (its configure_controller).
local DEFAULTS = { region_id = "cn-north-1", endpoint = "www.jdcloud-api.com", scheme = "https", timeout = "20" }

-- A file's text, "" where there is none; nil and why where it cannot be read, since what cannot be read must not
-- be written over.
local function read_all(path)
  local content, message = profile.read_file(path)
  return content or not message and "" or nil, message
end

-- Prints "locked", or who holds the lock when it is still held after 5 seconds. The lock is a symbolic link to nowhere,
-- since a link is created whole or not at all (but in a folder of that name), and its text says whose it is: this
-- machine and Lua's process. A holder that has ended is cleared away by whoever creates a second link, named after it,
-- so that no one removes a new lock.
local LOCK = [[
exec 2>/dev/null; LC_ALL=C; export LC_ALL
machine=$(uname -n); me=$machine:$PPID; tries=0
[ -w "${lock%/*}" ] || exit
until [ ! -d "$lock" ] && ln -s "$me" "$lock"; do
  holder=$(readlink "$lock"); gone=
  case $holder in "$machine":*) case $(kill -0 "${holder##*:}" 2>&1) in *[Nn]o\ such*) gone=yes ;; esac ;; esac
  if [ "$gone" ] && ln -s "$me" "$lock.$holder"; then
    [ "$(readlink "$lock")" != "$holder" ] || rm -f "$lock"
    rm -f "$lock.$holder"
  else
    tries=$((tries + 1))
    [ $tries -le 50 ] || { echo "${holder:-unknown}"; exit; }
    sleep 0.1 || sleep 1
  fi
done
echo locked]]

-- Runs a function while no other `configure` runs it for the same file. Gives what it gives, or nil and a message.
local function while_locked(path, run)
  local lock = path .. ".lock"
  local holder = shell.line_of("lock=" .. quote(lock) .. "\n" .. LOCK)
  if not holder then return nil, ("could not write %s; check its owner and the free space"):format(path) end
  if holder ~= "locked" then
    return nil,
      ("another jdvm configure (%s) is writing %s; if none is running, remove %s"):format(
        holder:gsub("^(.*):(%d+)$", "process %2 on %1"),
        path,
        lock
      )
  end
  local ok, result, message = pcall(run)
  os.remove(lock)
  if not ok then error(result, 0) end
  return result, message
end

-- Moves the text into place whole, from a file beside it that mktemp creates for its owner only. The text goes through
-- a pipe, since arguments are visible to every user, and is read to its end even when it cannot be kept.
local WRITE = [[
exec 2>/dev/null
new=$(mktemp "$path.XXXXXX") || { cat >/dev/null; exit; }
trap 'rm -f "$new"' EXIT; trap 'exit' INT TERM HUP
cat >"$new" && mv -f "$new" "$path"]]

local function write_private(path, content)
  local pipe = io.popen("path=" .. quote(path) .. "\n" .. WRITE, "w")
  if pipe then
    pipe:write(content)
    pipe:close()
  end
  if read_all(path) ~= content then
    return nil, ("could not write %s; check its owner and the free space"):format(path)
  end
  return true
end

-- The file that a path leads to: a link stays one.
local function target_of(path) return shell.line_of("readlink -f " .. quote(path) .. " 2>/dev/null") or path end

-- On a terminal the shell reads: it ends at the first Ctrl-C, which Lua's own reading outlives, and restores the echo
-- however the reading ends.
local READ = [[
IFS= read -r line && printf '%s' "$line"]]
local READ_SILENTLY = [[
settings=$(stty -g) || exit
trap 'stty "$settings"' EXIT
trap 'exit 130' INT TERM HUP
stty -echo
]] .. READ

-- Asks a question; nil when nothing is answered.
local function ask(dialogue, label, default, is_secret)
  dialogue.prompts:write(default and ("%s [%s]: "):format(label, default) or label .. ": ")
  dialogue.prompts:flush()
  local answer
  if dialogue.is_terminal then
    answer = shell.line_of(is_secret and READ_SILENTLY or READ)
    if is_secret then dialogue.prompts:write("\n") end
  else
    answer = dialogue.input:read("*l")
  end
  answer = (answer or ""):match("^%s*(.-)%s*$")
  return answer ~= "" and answer or default
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

-- What is wrong with the name of the profile or the options, and the endpoint.
local function read_options(options, name)
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
  return fault or options.region and region_fault(options.region), endpoint
end

-- The values to write: what was asked for and given; the defaults only into a profile that is new.
local function ask_values(dialogue, region, endpoint, known)
  local values = {}
  for key, value in pairs(known and {} or DEFAULTS) do
    values[key] = value
  end
  if endpoint then
    values.endpoint, values.scheme = endpoint.endpoint, endpoint.scheme
  end
  values.access_key = ask(dialogue, "Access key")
  values.secret_key = values.access_key and ask(dialogue, "Secret key (not shown)", nil, true)
  if not values.access_key or not values.secret_key then
    return nil, "an access key and a secret key are needed; nothing was written"
  end
  values.region_id = region or ask(dialogue, "Region", known and known.region_id or DEFAULTS.region_id)
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
  local name, origin = profile.in_use(options.profile, os.getenv)
  if not name then return nil, origin .. "; it should name the profile in use" end
  local fault, endpoint = read_options(options, name)
  if fault then return nil, fault, true end
  local path, current = folder .. "/config", folder .. "/current"
  local before, message = read_all(path)
  if not before then return nil, ("%s; it was left as it is"):format(message) end
  local known = profile.parse(before)[name]
  prompts:write(
    ("Profile %s (%s%s)\n"):format(
      name,
      known and "exists" or "new",
      origin == current and ", named by " .. current or ""
    )
  )
  local dialogue = { input = input, prompts = prompts, is_terminal = terminal.is_terminal(0) }
  local values
  values, message = ask_values(dialogue, options.region, endpoint, known)
  if not values then return nil, message end

  os.execute(("umask 077 && mkdir -p %s 2>/dev/null"):format(quote(folder)))
  local target = target_of(path)
  local written
  written, message = while_locked(target, function()
    before, message = read_all(target) -- others may have written since
    if not before then return nil, message end
    written, message = write_private(target, profile.update(before, name, values))
    -- `current` names the profile in use, without a line break: jdc does not strip one. Where it names none, a default
    -- that there is stays in use.
    local has_default = name ~= "default" and profile.parse(before).default
    if written and read_all(current) == "" and not has_default then return write_private(target_of(current), name) end
    return written, message
  end)
  if not written then return nil, message end
  return path, name
end

return configure
