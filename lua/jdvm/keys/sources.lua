-- Which keys a client uses: from its options, the environment or a profile, always as a pair of one
-- source. Half a pair is an error that names the other half.
--
-- Order: options; the profile named by the option `profile`; the environment; the profile in use
-- (JDCLOUD_PROFILE, else ~/.jdc/current, else "default"); the environment as Terraform names it.

local credentials = require "jdvm.keys.holder"
local text = require "jdvm.util.text"

local keychain = {}

-- Names in the environment, by the tool that reads them. Within a group the first complete pair counts;
-- a group's token and region count only beside its keys.
local groups = {
  {
    -- Packer; the demo pages of the SDKs; the PHP SDK; the tests of the Rust signer.
    pairs = {
      { "JDCLOUD_ACCESS_KEY", "JDCLOUD_SECRET_KEY" },
      { "JDCLOUD_ACCESS_KEY", "JDCLOUD_SECRET_ACCESS_KEY" },
      { "JDCLOUD_ACCESS_KEY_ID", "JDCLOUD_SECRET_ACCESS_KEY" },
      { "JDCLOUD_AK", "JDCLOUD_SK" },
    },
    token = "JDCLOUD_SESSION_TOKEN",
    region = "JDCLOUD_REGION",
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
keychain.groups = { groups[1], groups[2], groups[3], terraform }

local function present(value) return value ~= nil and value ~= "" end

-- Keys of one group with their origins, or nil and what is wrong with half a pair.
local function of_group(group, environment)
  local there, missing
  for _, names in ipairs(group.pairs) do
    local access_key, secret_key = environment(names[1]), environment(names[2])
    if access_key and secret_key then
      local token = group.token and environment(group.token)
      return {
        given = { access_key = access_key, secret_key = secret_key, session_token = token },
        origins = {
          access_key = "environment variable " .. names[1],
          secret_key = "environment variable " .. names[2],
          session_token = token and "environment variable " .. group.token or nil,
        },
        region = group.region,
      }
    elseif not there and (access_key or secret_key) then
      there, missing = names[access_key and 1 or 2], names[access_key and 2 or 1]
    end
  end
  return nil, there and ("environment variable %s is set, but %s is not: keys are a pair"):format(there, missing)
end

local function of_profile(profile)
  local access_key, secret_key, origin = profile.values.access_key, profile.values.secret_key, profile.origin
  if present(access_key) ~= present(secret_key) then
    return nil, origin .. " has only one of access_key and secret_key: keys are a pair"
  end
  return present(access_key)
      and {
        given = { access_key = access_key, secret_key = secret_key },
        origins = { access_key = origin, secret_key = origin },
        is_profile = true,
      }
    or nil
end

-- Why no keys were found, as a failure's cause and facts; `place` was looked at last.
local function nothing_found(environment, place)
  return {
    cause = "no_keys",
    facts = {
      place = place,
      empty_environment = not environment "PATH" and "" or nil,
    },
  }
end

-- Finds keys that stay what they are; nil and a message when there are none.
local function find(options, environment, profile_in_use)
  local only_profile = options.profile ~= nil or options.credentials == "profile"
  if not only_profile then
    for _, group in ipairs(groups) do
      local keys, message = of_group(group, environment)
      if keys or message then return keys, message end
    end
    if options.credentials == "environment" then return nil, nothing_found(environment) end
  end
  local profile = profile_in_use()
  if profile.values then
    local keys, message = of_profile(profile)
    if keys or message then return keys, message end
    if only_profile then return nil, profile.origin .. " has no access_key and secret_key" end
  elseif only_profile or profile.is_mistake then
    return nil, profile.message
  end
  local keys = of_group(terraform, environment)
  if keys then return keys end
  return nil, nothing_found(environment, profile.origin)
end

--- What contradicts itself in the options about keys, or nil.
---@param options table options of jdvm.new
---@return string|nil message
function keychain.fault(options)
  local access_key, secret_key, source = options.access_key, options.secret_key, options.credentials
  if access_key ~= nil and secret_key == nil then return "option access_key needs secret_key beside it" end
  if secret_key ~= nil and access_key == nil then return "option secret_key needs access_key beside it" end
  if options.session_token ~= nil and access_key == nil then
    return "option session_token needs access_key and secret_key beside it"
  end
  if access_key ~= nil and source ~= nil then
    return "give either access_key and secret_key or credentials, not both"
  end
  if options.profile ~= nil and (access_key ~= nil or (source ~= nil and source ~= "profile")) then
    return "option profile names the source of the keys; leave it or the other source out"
  end
  if type(source) == "string" and source ~= "environment" and source ~= "profile" then
    return 'option credentials must be a function, "environment" or "profile", got ' .. text.show(source)
  end
  for _, name in ipairs { "access_key", "secret_key", "session_token" } do
    local message = options[name] ~= nil and credentials.fault(name, options[name], "option " .. name)
    if message then return message end
  end
  return nil
end

--- Chooses the keys of a client.
---@param options table options of jdvm.new, without a fault
---@param environment fun(name: string): string|nil
---@param profile_in_use fun(): table finds the profile: origin, values, or message and is_mistake
---@param warn? fun(message: string)
---@return jdvm.KeyHolder
---@return { origins: table<string, string>, region: string|nil, is_profile: boolean|nil } about where they come
---  from; `region` names the variable of the region beside them
function keychain.choose(options, environment, profile_in_use, warn)
  local source = options.credentials
  if source ~= nil and type(source) ~= "string" then
    local origin = "the function credentials"
    return credentials.new(source, origin, warn),
      { origins = { access_key = origin, secret_key = origin, session_token = origin } }
  end
  local keys, message
  if options.access_key ~= nil then
    keys = {
      given = options,
      origins = {
        access_key = "option access_key",
        secret_key = "option secret_key",
        session_token = options.session_token and "option session_token" or nil,
      },
    }
  else
    keys, message = find(options, environment, profile_in_use)
  end
  if not keys then return credentials.none(message), { origins = {} } end
  return credentials.fixed(keys.given, keys.origins), keys
end

return keychain
