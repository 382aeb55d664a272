-- Settings from a made-up environment and made-up profile files.
local said = require "spec.support.said"
local settings = require "jdvm.options.settings"

local made_up = {}

made_up.AK, made_up.SK = "AKAKAKAKAKAKAKAK1111", "SKSKSKSKSKSKSKSK1111"
made_up.CONFIG = table.concat({
  "[default]",
  "access_key = PROFILE-DEFAULT-1",
  "secret_key = profile-secret-1",
  "region_id = cn-east-1",
  "endpoint = www.jdcloud-api.com",
  "scheme = https",
  "timeout = 20",
  "[prod]",
  "access_key = PROFILE-PROD-2222",
  "secret_key = profile-secret-2",
  "region_id = cn-south-1",
  "endpoint = vm.internal.cn-south-1.jdcloud-api.com",
  "scheme = http",
  "[keyless]",
  "region_id = cn-east-2",
  "[half]",
  "access_key = PROFILE-HALF-33",
}, "\n")

-- Resolves with a made-up environment and made-up files; PATH and HOME are set unless given.
function made_up.resolve(options, environment, files)
  environment = environment or {}
  files = files or {}
  local reads = {}
  local resolved, message = settings.resolve(options, {
    getenv = function(name)
      if environment[name] ~= nil then return environment[name] or nil end
      return ({ PATH = "/bin", HOME = "/h" })[name]
    end,
    read_file = function(path)
      reads[#reads + 1] = path
      local content = files[path:gsub("^/h/%.jdc/", "")]
      if type(content) == "table" then return nil, content.failure end
      return content
    end,
  })
  return resolved, message, reads
end

function made_up.keys_of(resolved)
  local keys, failure = resolved.credentials:get { clock = os.time }
  if not keys then return nil, said(failure), failure.kind end
  local access_key, secret_key, session_token = keys.reveal()
  return access_key .. "|" .. secret_key .. "|" .. tostring(session_token)
end

return made_up
