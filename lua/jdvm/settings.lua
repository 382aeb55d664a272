-- Where each setting of a client comes from: its options, else the environment, else a profile of
-- ~/.jdc/config. Resolved once, when the client is made: nginx clears the environment of its workers
-- and they may not read the home folder, so a client made in init_by_lua keeps what it found there.
--
-- Keys are only taken as a pair from one source; half a pair is an error that names the other half.
-- Order: options; the profile named by the option `profile`; the environment; the profile in use
-- (JDCLOUD_PROFILE, else ~/.jdc/current, else "default"); the environment as Terraform names it.
--
-- The region of a profile counts whoever gives the keys. Its endpoint counts only together with its
-- keys, or when it was named: and never www.jdcloud-api.com, which jdc writes by default and which does
-- not serve VMs, nor the host of another product. `scheme` belongs to that endpoint; `timeout` is
-- ignored, as jdc itself does.

local credentials = require "jdvm.credentials"
local profile = require "jdvm.profile"
local text = require "jdvm.text"

local settings = {}

-- Names in the environment, by the tool that reads them. Within a group the first complete pair counts.
local groups = {
  {
    -- Packer; the demo pages of the SDKs; the PHP SDK; the tests of the Rust signer.
    pairs = {
      { "JDCLOUD_ACCESS_KEY", "JDCLOUD_SECRET_KEY" },
      { "JDCLOUD_ACCESS_KEY", "JDCLOUD_SECRET_ACCESS_KEY" },
      { "JDCLOUD_ACCESS_KEY_ID", "JDCLOUD_SECRET_ACCESS_KEY" },
      { "JDCLOUD_AK", "JDCLOUD_SK" },
    },
    token = "JDCLOUD_SESSION_TOKEN", region = "JDCLOUD_REGION",
  },
  -- Scripts around the jdc command.
  { pairs = { { "JDC_ACCESS_KEY", "JDC_SECRET_KEY" } }, region = "JDC_REGION" },
  -- acme.sh.
  { pairs = { { "JD_ACCESS_KEY_ID", "JD_ACCESS_KEY_SECRET" } }, region = "JD_REGION" },
}

-- The Terraform provider reads names that any program may use: they count last, only as a complete
-- pair, and `region` only beside it.
local terraform = { pairs = { { "access_key", "secret_key" } }, region = "region" }

--- All of them, in the order in which they count (for the reference pages).
settings.groups = { groups[1], groups[2], groups[3], terraform }

local function variable(name) return "environment variable " .. name end

-- Keys of one group: a table and its origin, or nil and what is wrong with half a pair.
local function keys_of_group(group, environment)
  local half
  for _, names in ipairs(group.pairs) do
    local access_key, secret_key = environment(names[1]), environment(names[2])
    if access_key and secret_key then
      local token = group.token and environment(group.token)
      return {
        access_key = access_key, secret_key = secret_key, session_token = token,
        names = { access_key = names[1], secret_key = names[2], session_token = token and group.token },
        region = group.region,
      }
    end
    if access_key then half = half or { names[1], names[2] } end
    if secret_key then half = half or { names[2], names[1] } end
  end
  if half then
    return nil, ("environment variable %s is set, but %s is not: keys are a pair"):format(half[1], half[2])
  end
  return nil
end

local function keys_of_environment(environment)
  for _, group in ipairs(groups) do
    local keys, message = keys_of_group(group, environment)
    if keys or message then return keys, message end
  end
  return nil
end

-- Reads the profile files; problems end in `notes`.
local function open_profiles(sources, notes)
  local directory = sources.directory or profile.directory(sources.getenv)
  if not directory then return nil, "the home folder is unknown (HOME is not set)" end
  local files, message = profile.read(directory, sources.read_file)
  if not files then return nil, message, directory .. "/config" end
  for _, problem in ipairs(files.problems) do
    notes[#notes + 1] = files.path .. ": " .. problem .. "; it was skipped"
  end
  local mode = sources.file_mode and sources.file_mode(files.path)
  notes[#notes + 1] = profile.mode_warning(files.path, mode)
  return files
end

local function present(value) return value ~= nil and value ~= "" end

-- Keys of a profile, or nil and what is wrong with half a pair.
local function keys_of_profile(values, origin)
  local access_key, secret_key = values.access_key, values.secret_key
  if present(access_key) and present(secret_key) then
    return { access_key = access_key, secret_key = secret_key, origin = origin }
  end
  if present(access_key) or present(secret_key) then
    return nil, ("%s has only one of access_key and secret_key: keys are a pair"):format(origin)
  end
  return nil
end

-- The endpoint of a profile as a URL, or nil and why it is left out.
local function endpoint_of_profile(values)
  local endpoint = values.endpoint
  if not present(endpoint) then return nil end
  if endpoint:find("://", 1, true) then return endpoint end
  local host = endpoint:lower():match("^[^/:]*")
  if host:find("%.jdcloud%-api%.com$") and not host:find("^vm%.") then
    if host ~= "www.jdcloud-api.com" then
      return nil, ("endpoint %s of the profile is not the VM service's; it was left out"):format(text.show(endpoint))
    end
    return nil
  end
  return (present(values.scheme) and values.scheme:lower() or "https") .. "://" .. endpoint
end

-- What to say when no keys were found anywhere.
local function nothing_found(sources, looked_at)
  local message = "no keys: give jdvm.new access_key and secret_key, set JDCLOUD_ACCESS_KEY and JDCLOUD_SECRET_KEY, "
    .. "or run jdvm configure; looked at the options, the environment and " .. looked_at
  if not sources.getenv("PATH") then
    message = message .. ". The environment of this process is empty, as in an nginx worker: put "
      .. "`env JDCLOUD_ACCESS_KEY; env JDCLOUD_SECRET_KEY;` at the top of nginx.conf, or make the client in init_by_lua"
  end
  return message
end

-- Chooses the source of the keys: { given, origins, region (name of the variable), from_profile }, or
-- { message }. `find` finds the profile when it is needed.
local function choose_keys(options, sources, environment, find)
  if options.access_key ~= nil then
    return {
      given = options,
      origins = { access_key = "option access_key", secret_key = "option secret_key",
        session_token = options.session_token and "option session_token" or nil },
    }
  end
  if options.profile == nil and options.credentials ~= "profile" then
    local keys, message = keys_of_environment(environment)
    if message then return { message = message } end
    if keys then
      local origins = {}
      for name, from in pairs(keys.names) do origins[name] = variable(from) end
      return { given = keys, origins = origins, region = keys.region }
    end
    if options.credentials == "environment" then
      return { message = nothing_found(sources, "nothing else, as credentials = \"environment\" asks") }
    end
  end
  local profiles = find()
  if profiles.values then
    local keys, message = keys_of_profile(profiles.values, profiles.origin)
    if message then return { message = message } end
    if keys then
      return {
        given = keys, from_profile = true,
        origins = { access_key = keys.origin, secret_key = keys.origin },
      }
    end
  elseif profiles.message and (options.profile ~= nil or options.credentials == "profile" or profiles.is_broken) then
    return { message = profiles.message }
  end
  if options.profile ~= nil or options.credentials == "profile" then
    return { message = profiles.origin .. " has no access_key and secret_key" }
  end
  local keys = keys_of_group(terraform, environment)
  if keys then
    return {
      given = keys, region = terraform.region,
      origins = { access_key = variable "access_key", secret_key = variable "secret_key" },
    }
  end
  return { message = nothing_found(sources, profiles.origin) }
end

-- Finds the profile: its name, origin (words for messages) and values; without values a message, and
-- whether that is a mistake of the user's or only the absence of a file.
local function find_profile(options, sources, environment, notes)
  local files, message, path = open_profiles(sources, notes)
  local wanted = options.profile or environment("JDCLOUD_PROFILE")
  if not files then
    return {
      name = wanted or "default", path = path, is_broken = wanted ~= nil or (path ~= nil and message ~= nil),
      message = message or (path .. " does not exist"), origin = path or "no profile, since " .. tostring(message),
    }
  end
  local name = wanted or files.current
  local values, missing = profile.values(files, name)
  return {
    name = name, path = files.path, values = values, message = missing,
    -- A file without the section "default", and nothing that asks for it, is no mistake.
    is_broken = values == nil and (wanted ~= nil or name ~= "default"),
    origin = ('profile "%s" of %s'):format(text.one_line(name, 60), files.path),
  }
end

local function misuse(options)
  local half = (options.access_key == nil) ~= (options.secret_key == nil)
  if half then
    local given, missing = "access_key", "secret_key"
    if options.access_key == nil then given, missing = missing, given end
    return ("option %s needs %s beside it"):format(given, missing)
  end
  if options.session_token ~= nil and options.access_key == nil then
    return "option session_token needs access_key and secret_key beside it"
  end
  if options.access_key ~= nil and options.credentials ~= nil then
    return "give either access_key and secret_key or credentials, not both"
  end
  if options.profile ~= nil and (options.access_key ~= nil or (options.credentials ~= nil
    and options.credentials ~= "profile")) then
    return "option profile names the source of the keys; leave it or the other source out"
  end
  for _, name in ipairs { "access_key", "secret_key", "session_token" } do
    if options[name] ~= nil then
      local message = credentials.fault("option " .. name, options[name])
      if message then return message end
    end
  end
  local by_name = options.credentials
  if type(by_name) == "string" and by_name ~= "environment" and by_name ~= "profile"
    and by_name ~= "instance-role" then
    local nearest = text.nearest(by_name, { "environment", "profile", "instance-role" })
    return ("option credentials must be a function, or one of environment, profile and instance-role, got %s%s")
      :format(text.show(by_name), nearest and ('; did you mean "' .. nearest .. '"?') or "")
  end
  return nil
end

---@class jdvm.Settings
---@field region string|nil
---@field endpoint string|nil a URL, as given
---@field ca_file string|nil
---@field credentials jdvm.KeyHolder
---@field origins table<string, string> where each came from, by name: also access_key, secret_key, session_token
---@field notes string[] what to warn of: lines skipped, a file mode, values left out

--- Resolves the settings of a client.
---@param options table options of jdvm.new, types already checked (jdvm.options)
---@param sources? table in place of the system: getenv, read_file, directory, file_mode (profile.mode); and warn
---@return jdvm.Settings|nil
---@return string|nil message what is wrong with the options
function settings.resolve(options, sources)
  local given = sources or {}
  sources = {
    getenv = given.getenv or os.getenv, read_file = given.read_file, directory = given.directory,
    file_mode = given.file_mode or profile.known_mode,
  }
  local message = misuse(options)
  if message then return nil, message end

  local notes, origins = {}, {}
  local function environment(name)
    local value = sources.getenv(name)
    return present(value) and value or nil
  end
  local found
  local function find()
    found = found or find_profile(options, sources, environment, notes)
    return found
  end
  local function of_profile(name)
    local value = find().values and find().values[name]
    return present(value) and value or nil, find().origin
  end
  local function of_environment(name)
    return name and environment(name), name and variable(name)
  end

  local keys, holder
  if type(options.credentials) == "string" and options.credentials ~= "instance-role" or not options.credentials then
    keys = choose_keys(options, sources, environment, find)
    local origin = keys.origins and keys.origins.access_key or "nowhere"
    local provider = keys.given and credentials.static(keys.given, origin) or function() return nil, keys.message end
    holder = credentials.new(provider, { origin = origin, fixed = true })
  else
    local is_role = options.credentials == "instance-role"
    local origin = is_role and "the instance role" or "the function credentials"
    keys = { origins = { access_key = origin, secret_key = origin, session_token = origin } }
    holder = credentials.new(is_role and credentials.instance_role() or options.credentials,
      { origin = origin, warn = given.warn })
  end
  for name, origin in pairs(keys.origins or {}) do origins[name] = origin end

  -- Takes the first source, a function that gives a value and its origin, that has the setting.
  local function first(name, ...)
    for i = 1, select("#", ...) do
      local value, origin = (select(i, ...))()
      if value then
        origins[name] = origin
        return value
      end
    end
    return nil
  end
  local function option(name)
    return function() return options[name], "option " .. name end
  end
  local function from_environment(name)
    return function() return of_environment(name) end
  end
  local function from_named_profile(get)
    return function()
      if options.profile ~= nil then return get() end
      return nil
    end
  end

  local function profile_region() return of_profile("region_id") end
  local function profile_endpoint()
    if not (keys.from_profile or options.profile ~= nil or environment("JDCLOUD_PROFILE")) then return nil end
    local endpoint, left_out = endpoint_of_profile(find().values or {})
    notes[#notes + 1] = left_out
    return endpoint, find().origin
  end
  return {
    region = first("region", option("region"), from_named_profile(profile_region), from_environment("JDCLOUD_REGION"),
      from_environment(keys.region), profile_region),
    endpoint = first("endpoint", option("endpoint"), from_named_profile(profile_endpoint),
      from_environment("JDCLOUD_ENDPOINT"), profile_endpoint),
    ca_file = first("ca_file", option("ca_file"), from_environment("JDCLOUD_CA_FILE")),
    credentials = holder, origins = origins, notes = notes,
  }
end

--- The settings as `jdvm doctor` shows them: no secret, the access key mostly hidden.
---@param resolved jdvm.Settings
---@return { name: string, value: string, origin: string|nil }[]
function settings.report(resolved)
  local origins, lines = resolved.origins, {}
  local function add(name, value) lines[#lines + 1] = { name = name, value = value, origin = origins[name] } end
  add("region", resolved.region or "none")
  add("endpoint", resolved.endpoint and text.one_line(resolved.endpoint:gsub("://[^/@]*@", "://…@"), 200) or "default")
  add("ca_file", resolved.ca_file and text.one_line(resolved.ca_file, 200) or "default")
  local shown, problem = resolved.credentials:shown()
  local later = origins.secret_key == nil and "none" or not resolved.credentials:is_fixed() and shown or "set"
  add("access_key", shown)
  add("secret_key", later)
  add("session_token", origins.session_token == nil and "none" or later)
  if problem then lines[#lines + 1] = { name = "problem", value = problem } end
  return lines
end

return settings
