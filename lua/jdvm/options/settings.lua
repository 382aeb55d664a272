-- Where each setting of a client comes from: its options, else the environment, else a profile of
-- ~/.jdc/config. Resolved once, when the client is made: nginx clears the environment of its workers
-- and they may not read the home folder, so a client made in init_by_lua keeps what it found there.
--
-- The region of a profile counts whoever gives the keys. Its endpoint counts only together with its
-- keys, or when the profile was named: and never www.jdcloud-api.com, which jdc writes by default and
-- which does not serve VMs, nor the host of another product. `scheme` belongs to that endpoint;
-- `timeout` is ignored, as jdc itself does.

local errors = require "jdvm.failures.failure"
local keychain = require "jdvm.keys.sources"
local lazy = require "jdvm.util.lazy"
local options_of = require "jdvm.options.options"
local text = require "jdvm.util.text"
local value_of = require "jdvm.options.value"

local profile = lazy "jdvm.keys.profile"

local settings = {}

local function present(value) return value ~= nil and value ~= "" end

-- Finds the profile in use: its origin (words for messages) and values; without values a message, and whether that is a
-- mistake of the user's rather than the plain absence of a file.
local function find_profile(wanted, getenv, read_file, notes)
  local name, chosen_by, is_asked = profile.in_use(wanted, getenv, read_file)
  if not name then
    return { origin = "an unknown profile", message = chosen_by, is_mistake = true, is_unreadable = true }
  end
  local directory, unknown = profile.directory(getenv)
  if not directory then
    local message = "the home folder is unknown: " .. unknown
    return { origin = "no profile, since " .. message, message = message, is_mistake = is_asked }
  end
  local path = directory .. "/config"
  local files, message = profile.read(directory, read_file)
  if not files then
    return {
      origin = path,
      message = message or path .. " does not exist",
      is_mistake = is_asked or message ~= nil,
      is_unreadable = message ~= nil,
    }
  end
  for _, problem in ipairs(files.problems) do
    notes[#notes + 1] = path .. ": " .. problem .. "; it was skipped"
  end
  local values, missing, nearest = profile.values(files, name)
  local origin = ('profile "%s" of %s'):format(text.one_line(name, 60), path)
  for _, near in ipairs(values and profile.near_misses(values) or {}) do
    notes[#notes + 1] = origin .. ": " .. near
  end
  -- A file without the section "default", and nothing that asks for it, is no mistake.
  local is_mistake = not values and (is_asked or name ~= "default")
  if nearest and not is_mistake then notes[#notes + 1] = missing end
  return { origin = origin, values = values, message = missing, is_mistake = is_mistake }
end

-- The endpoint of a profile as a URL, or nil and why it is left out.
local function endpoint_of(values)
  local endpoint = values.endpoint
  if not present(endpoint) then return nil end
  if endpoint:find("://", 1, true) then return endpoint end
  local host = text.lower(endpoint):match("^[^/:]*")
  if host == "www.jdcloud-api.com" then return nil end
  if host:find("%.jdcloud%-api%.com$") and not host:find("^vm%.") then
    return nil, ("endpoint %s of the profile is not the VM service's; it was left out"):format(text.show(endpoint))
  end
  return (present(values.scheme) and text.lower(values.scheme) or "https") .. "://" .. endpoint
end

--- A path as users write it: "~" alone, or "~/" at its start, is the home folder.
---@param path string
---@param getenv fun(name: string): string|nil
---@return string
function settings.path(path, getenv)
  local home = getenv "HOME"
  return present(home) and (path .. "/"):find("^~/") and home:gsub("/$", "") .. path:sub(2) or path
end

---@class jdvm.Settings
---@field region string|nil
---@field region_fault string|nil why there is no region, where more than that can be said
---@field endpoint string|nil a URL, as given
---@field ca_file string|nil
---@field credentials jdvm.KeyHolder
---@field origins table<string, string> where each came from, by name: also access_key, secret_key, session_token
---@field notes string[] what to warn of: lines skipped, a file mode, values left out

--- Resolves the settings of a client.
---@param options table options of jdvm.new, types already checked (jdvm.options.options)
---@param sources table getenv; warn; read_file in place of the file system
---@return jdvm.Settings|nil
---@return string|nil message what is wrong with the options
function settings.resolve(options, sources)
  local message = keychain.fault(options)
  if message then return nil, message end
  local getenv, notes = sources.getenv, {}
  local function environment(name)
    local value = name and getenv(name)
    return present(value) and value or nil
  end
  -- Read when it is first needed: a client with all its options reads no file.
  local found
  local function profile_in_use()
    found = found or find_profile(options.profile, getenv, sources.read_file, notes)
    return found
  end

  local holder, keys = keychain.choose(options, environment, profile_in_use, sources.warn)
  local resolved = { credentials = holder, origins = keys.origins, notes = notes }

  local function of_option(name) return options[name], "option " .. name end
  local function of_variable(variable) return environment(variable), variable and "environment variable " .. variable end
  local function of_own_variable(name) return of_variable(options_of.find("client", name).env) end
  local function of_variable_beside_keys() return of_variable(keys.region) end
  local function region_of_profile() return (profile_in_use().values or {}).region_id, profile_in_use().origin end
  local function endpoint_of_profile()
    local counts = keys.is_profile or options.profile or environment(options_of.find("client", "profile").env)
    if not counts then return nil end
    local endpoint, left_out = endpoint_of(profile_in_use().values or {})
    notes[#notes + 1] = left_out
    return endpoint, profile_in_use().origin
  end
  -- The first source that has a value counts.
  local function set(name, finders)
    for _, find in ipairs(finders) do
      local value, origin = find(name)
      if present(value) then
        resolved[name], resolved.origins[name] = value, origin
        return
      end
    end
  end

  -- A profile named by an option comes before the environment, another after it.
  if options.profile ~= nil then
    set("region", { of_option, region_of_profile, of_own_variable, of_variable_beside_keys })
    set("endpoint", { of_option, endpoint_of_profile, of_own_variable })
  else
    set("region", { of_option, of_own_variable, of_variable_beside_keys, region_of_profile })
    set("endpoint", { of_option, of_own_variable, endpoint_of_profile })
  end
  set("ca_file", { of_option, of_own_variable })
  if resolved.ca_file then
    local fault = value_of.fault(options_of.find("client", "ca_file"), resolved.ca_file)
    if fault then return nil, ("ca_file (%s) %s"):format(resolved.origins.ca_file, fault) end
    resolved.ca_file = settings.path(resolved.ca_file, getenv)
  end
  -- A profile that was asked for and cannot be had is why there is no region: that is what to say.
  if not resolved.region then
    if profile_in_use().is_mistake then
      resolved.region_fault = profile_in_use().message
    elseif not environment("PATH") then
      resolved.region_fault = "no region, and the environment of this process is empty, as in an nginx worker: put "
        .. "`env JDCLOUD_REGION; env JDCLOUD_ENDPOINT;` at the top of nginx.conf, or make the client in init_by_lua"
    end
  end
  -- A file that cannot be read is noted, unless every call fails for it and says so.
  if found and found.is_unreadable then
    local _, problem = holder:shown()
    local is_said = resolved.region_fault == found.message or problem ~= nil and problem.message == found.message
    if not is_said then table.insert(notes, 1, found.message) end
  end
  return resolved
end

--- The settings as `jdvm doctor` shows them: no secret, the access key mostly hidden.
---@param resolved jdvm.Settings
---@return jdvm.Setting[]
function settings.report(resolved)
  local origins, lines = resolved.origins, {}
  local function add(name, value) lines[#lines + 1] = { name = name, value = value, origin = origins[name] } end
  local shown, problem = resolved.credentials:shown()
  local function secret(name)
    if origins[name] == nil then return "none" end
    return resolved.credentials:is_fixed() and "set" or shown
  end
  add("region", resolved.region or "none")
  add("endpoint", resolved.endpoint and text.one_line(resolved.endpoint, 200) or "default")
  add("ca_file", resolved.ca_file and text.one_line(resolved.ca_file, 200) or "default")
  add("access_key", shown)
  add("secret_key", secret "secret_key")
  add("session_token", secret "session_token")
  if problem then
    local _, failure = errors.new(problem)
    lines[#lines + 1] = { name = "problem", value = failure.message, failure = failure }
  end
  return lines
end

return settings
