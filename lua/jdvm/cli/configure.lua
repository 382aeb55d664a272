-- `jdvm configure`: writes a profile to ~/.jdc/config, in the form the official jdc command reads.
local profile = require "jdvm.profile"

local configure = {}

-- What jdc writes itself when a profile is added (its configure_controller).
local DEFAULTS = { region_id = "cn-north-1", endpoint = "www.jdcloud-api.com", scheme = "https", timeout = "20" }

local function read_all(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a") or ""
  if file then
    file:close()
  end
  return text
end

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- The file is made under umask 077 and moved into place whole: never readable by others, never half
-- written. What it holds goes through a pipe, since arguments are visible to every user.
local function write_private(path, text)
  local pipe = io.popen(("umask 077 && cat > %s && mv -f %s %s"):format(
    quoted(path .. ".new"), quoted(path .. ".new"), quoted(path)), "w")
  if not pipe then
    return nil, "could not write " .. path
  end
  pipe:write(text)
  pipe:close()
  if read_all(path) ~= text then
    return nil, ("could not write %s; check its owner and the free space"):format(path)
  end
  return true
end

local function ask(input, prompts, label, default, silent)
  prompts:write(default and ("%s [%s]: "):format(label, default) or label .. ": ")
  prompts:flush()
  if silent then
    os.execute("test -t 0 && stty -echo 2>/dev/null")
  end
  local line = input:read("*l")
  if silent then
    os.execute("test -t 0 && stty echo 2>/dev/null")
    prompts:write("\n")
  end
  line = (line or ""):match("^%s*(.-)%s*$")
  return line ~= "" and line or default
end

-- "http://127.0.0.1:8080" becomes what jdc keeps as two keys.
local function split_endpoint(url)
  if not url then
    return DEFAULTS.endpoint, DEFAULTS.scheme
  end
  local scheme, rest = url:match("^(https?)://([^/]+)/?$")
  if not scheme then
    return nil, ("endpoint '%s' is not of the form https://host[:port]"):format(url)
  end
  return rest, scheme
end

---Asks for what a profile needs and writes it.
---@param options table profile, region, endpoint as given on the command line
---@param input file* where the answers come from
---@param prompts file* where the questions go; the secret is never written to it
---@return string? path the file written
---@return string? message what went wrong
function configure.run(options, input, prompts)
  if not profile.directory(os.getenv) then
    return nil, "HOME is not set, so there is no ~/.jdc/config to write"
  end
  local endpoint, scheme = split_endpoint(options.endpoint)
  if not endpoint then
    return nil, scheme
  end
  local name = options.profile or "default"
  if not name:find("^[%w._-]+$") then
    return nil, "a profile's name has only letters, digits, '.', '_' and '-'"
  end
  local access_key = ask(input, prompts, "Access key")
  local secret_key = access_key and ask(input, prompts, "Secret key (not shown)", nil, true)
  if not access_key or not secret_key then
    return nil, "an access key and a secret key are needed; nothing was written"
  end
  local region = options.region or ask(input, prompts, "Region", DEFAULTS.region_id)

  local folder = profile.directory(os.getenv)
  os.execute(("umask 077 && mkdir -p %s"):format(quoted(folder)))
  local path = folder .. "/config"
  local written, message = write_private(path, profile.update(read_all(path), name, {
    access_key = access_key, secret_key = secret_key, region_id = region, endpoint = endpoint, scheme = scheme,
    timeout = DEFAULTS.timeout,
  }))
  if not written then
    return nil, message
  end
  -- `current` names the profile in use, without a line break: jdc does not strip one.
  if read_all(folder .. "/current") == "" then
    written, message = write_private(folder .. "/current", name)
    if not written then
      return nil, message
    end
  end
  return path
end

return configure
