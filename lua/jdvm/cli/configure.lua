-- `jdvm configure`: writes profiles to ~/.jdc/config, in the form the official jdc command reads; lists,
-- shows, chooses and deletes them.
local credentials = require "jdvm.keys.holder"
local messages = require "jdvm.cli.messages"
local operations = require "jdvm.service.operations"
local options_of = require "jdvm.options.options"
local profile = require "jdvm.keys.profile"
local profile_files = require "jdvm.cli.profile_files"
local regions = require "jdvm.service.regions"
local say = require("jdvm.cli.language").say
local shell = require "jdvm.util.shell"
local status = require "jdvm.cli.status"
local terminal = require "jdvm.cli.terminal"
local text = require "jdvm.util.text"
local value_of = require "jdvm.options.value"

-- What jdc writes itself when a profile is added (its configure_controller).
local DEFAULTS = { region_id = "cn-north-1", endpoint = "www.jdcloud-api.com", scheme = "https", timeout = "20" }

local CONSOLE = "https://uc.jdcloud.com/account/accesskey"

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

-- The end of a secret, by which its owner knows it.
local function masked(secret) return "****" .. (#secret >= 12 and secret:sub(-4) or "") end

-- Asks a question. Enter alone keeps `kept`; nil when there is nothing to keep.
local function ask(is_person, label, kept, is_secret)
  local shown = kept and (is_secret and masked(kept) or kept)
  terminal.complain(label .. (shown and (" [%s]"):format(shown) or "") .. ": ")
  local answer
  if is_person then
    answer = shell.line_of(is_secret == "unseen" and READ_SILENTLY or READ)
    if is_secret == "unseen" then terminal.complain "\n" end
  else
    answer = io.stdin:read("*l")
  end
  answer = (answer or ""):match("^%s*(.-)%s*$")
  return answer ~= "" and answer or kept
end

-- "http://127.0.0.1:8080" as what jdc keeps under two keys.
local function read_endpoint(url)
  local scheme, rest = url:match("^(https?)://([^/]+)/?$")
  if scheme then return { endpoint = rest, scheme = scheme } end
  return nil,
    say("endpoint '%s' is not of the form https://host[:port]", "endpoint '%s' 应形如 https://host[:port]", url)
end

local function region_fault(region)
  local fault = value_of.fault(operations.region, region)
  return fault and messages.localized("the region " .. fault)
end

-- The known region that another is near to, and the question whether it was meant: there may be new regions, too.
local function doubt(region)
  local meant = text.nearest(region, regions.names)
  if not meant or meant == region then return nil end
  return meant, say("%s is not a known region; did you mean %s?", "未知地域 %s；是否应为 %s？", region, meant)
end

-- The region, from the command line or asked for; a person is asked again when it looks mistyped.
local function ask_region(is_person, given, kept)
  local label = say("Region", "地域")
  local region = given or ask(is_person, label, kept)
  local meant, question = doubt(region)
  if not meant then return region end
  terminal.complain(question .. "\n")
  return is_person and not given and ask(is_person, label, meant) or region
end

-- What is wrong with the name of the profile or the options, and the endpoint.
local function read_options(given, name)
  local endpoint, fault
  if name == "DEFAULT" then
    fault = say(
      "the section DEFAULT gives values to all profiles; name another profile",
      "DEFAULT 一节为所有配置提供默认值；请使用其他名称"
    )
  elseif not name:find("^[%w._-]+$") then
    fault = say(
      "'%s' cannot be the name of a profile: use letters, digits, '.', '_' and '-'",
      "'%s' 不能作为配置名：只能使用字母、数字、'.'、'_' 和 '-'",
      text.one_line(name, 60)
    )
  elseif given.endpoint then
    endpoint, fault = read_endpoint(given.endpoint)
  end
  return fault or given.region[1] and region_fault(given.region[1]), endpoint
end

-- The values to write: what was asked for and given; the defaults only into a profile that is new.
local function ask_values(is_person, region, endpoint, known)
  local values = {}
  for key, value in pairs(known and {} or DEFAULTS) do
    values[key] = value
  end
  if endpoint then
    values.endpoint, values.scheme = endpoint.endpoint, endpoint.scheme
  end
  known = known or {}
  if not known.access_key then
    terminal.complain(
      say(
        "Create an access key in the console (Account Management > AccessKey Management):\n",
        "在控制台“账户管理 > AccessKey管理”页面创建 Access Key：\n"
      )
        .. CONSOLE
        .. "\n"
    )
  end
  values.access_key = ask(is_person, "Access key", known.access_key, "seen")
  -- Another access key has another secret.
  local kept = values.access_key == known.access_key and known.secret_key or nil
  local label = say("Secret key (not shown)", "Secret key（不显示）")
  values.secret_key = values.access_key and ask(is_person, label, kept, "unseen")
  local is_unwritten = say("; nothing was written", "；未写入任何内容")
  if not values.access_key or not values.secret_key then
    return nil, say("an access key and a secret key are needed", "需要 Access Key 和 Secret Key") .. is_unwritten
  end
  values.region_id = ask_region(is_person, region, known.region_id or DEFAULTS.region_id)
  local fault = credentials.fault("access_key", values.access_key, "the access key")
    or credentials.fault("secret_key", values.secret_key, "the secret key")
  fault = fault and messages.localized(fault) or region_fault(values.region_id)
  if fault then return nil, fault .. is_unwritten end
  return values
end

local actions = {}

-- Asks for what a profile needs and writes it.
local function write_profile(context, files)
  local given, name = context.given, files.name
  local fault, endpoint = read_options(given, name)
  if fault then return nil, fault, true end
  local known = profile.parse(files.content)[name]
  terminal.complain(
    say(
      "Profile %s (%s%s)%s\n",
      "配置 %s（%s%s）%s\n",
      name,
      known and say("exists", "已存在") or say("new", "新建"),
      files.origin == files.current and say(", named by ", "，由此文件指定：") .. files.current or "",
      known and say("; Enter keeps a value", "；按 Enter 保留原值") or ""
    )
  )
  local is_person = terminal.is_terminal(0)
  local values, message = ask_values(is_person, given.region[1], endpoint, known)
  if not values then return nil, message end

  local is_written
  is_written, message = profile_files.rewrite(
    files,
    function(before) return profile.update(before, name, values) end,
    function(before)
      -- `current` names the profile in use, without a line break: jdc does not strip one. Where it names none, a
      -- default that there is stays in use.
      local has_default = name ~= "default" and profile.parse(before).default
      if profile_files.read(files.current) ~= "" or has_default then return true end
      return profile_files.write(files.current, name)
    end
  )
  if not is_written then return nil, message end
  context.write(say("wrote profile %s to %s\n", "已将配置 %s 写入 %s\n", name, files.config))
  context.flush()
  if os.getenv "JDCLOUD_ACCESS_KEY" then
    context.complain(
      say(
        "jdvm: JDCLOUD_ACCESS_KEY is set and takes precedence over this profile unless --profile %s is given",
        "jdvm: 已设置 JDCLOUD_ACCESS_KEY，除非指定 --profile %s，否则优先于该配置",
        name
      )
    )
  end
  local wants = given.verify
  if wants == nil then wants = is_person end
  return wants and actions.verify(context, name) or status.fine
end

-- Makes one call with a profile and says who answered.
function actions.verify(context, name)
  context.given.profile = name
  local client = context.new_client(context.complain)
  local operation, settings = operations.describeImages, {}
  for _, setting in ipairs(client:settings()) do
    settings[setting.name] = setting.value
  end
  local result, _, detail = client:describe_images(
    { imageSource = "public", pageSize = operation.page.min },
    { timeout = context.time_left() }
  )
  if not result then return context.report(detail) end
  local endpoint = settings.endpoint
  if endpoint == "default" then endpoint = options_of.find("client", "endpoint").default end
  context.write(
    say(
      "verified: %s accepts access key %s; it has %s public images in %s\n",
      "已验证：%s 接受 Access Key %s；%s 个公共镜像，地域 %s\n",
      endpoint,
      settings.access_key,
      result[operation.page.total] or #result[operation.page.items],
      settings.region
    )
  )
  return status.fine
end

function actions.list(context, files)
  local _, names = profile.parse(files.content)
  for _, name in ipairs(names) do
    context.write(name == files.name and "* " or "  ", terminal.printable(name), "\n")
  end
  if #names == 0 then
    context.complain(
      say(
        "jdvm: no profiles in %s; run jdvm configure",
        "jdvm: %s 中没有配置；请运行 jdvm configure",
        files.config
      )
    )
  end
  return status.fine
end

-- The values of a profile that must exist, or nil and the one that was probably meant.
local function values_of(files, name)
  local sections, names = profile.parse(files.content)
  if sections[name] then return sections[name] end
  local meant = text.nearest(name, names)
  return nil,
    say("no profile %s in %s", "没有配置 %s：%s", text.show(name), files.config) .. (meant and say(
      "; did you mean %s?",
      "；是否应为 %s？",
      meant
    ) or "")
end

function actions.show(context, files, name)
  local values, message = values_of(files, name)
  if not values then return nil, message end
  context.write(("%-14s %s\n"):format("profile", name))
  for _, key in ipairs(profile.keys) do
    local value = values[key.name]
    if value and key.name:find "_key$" then value = masked(value) end
    if value then context.write(("%-14s %s\n"):format(key.name, terminal.printable(value))) end
  end
  return status.fine
end

function actions.use(context, files, name)
  local values, message = values_of(files, name)
  if not values then return nil, message end
  local is_written
  is_written, message = profile_files.write(files.current, name)
  if not is_written then return nil, message end
  context.write(say("profile %s is in use now\n", "已切换到配置 %s\n", name))
  return status.fine
end

-- As with jdc, the one in use stays.
function actions.delete(context, files, name)
  local values, message = values_of(files, name)
  if not values then return nil, message end
  if name == profile.in_use(nil, os.getenv) then
    return nil,
      say(
        "profile %s is in use; run jdvm configure use with another one first",
        "配置 %s 正在使用；请先用 jdvm configure use 切换到其他配置",
        name
      )
  end
  local is_written
  is_written, message = profile_files.rewrite(files, function(before) return profile.remove(before, name) end)
  if not is_written then return nil, message end
  context.write(say("deleted profile %s from %s\n", "已删除配置 %s（%s）\n", name, files.config))
  return status.fine
end

---Asks for what a profile needs and writes it, or does what the action says. The secret is never printed.
---@param context table see jdvm.cli
---@return integer exit status
return function(context)
  local given = context.given
  local files, message, ended, is_usage
  local wanted = given.profile
  if given.action == "use" or given.action == "delete" then
    wanted = given.name or wanted
    if not wanted then
      context.usage(
        say(
          "give the name of a profile: jdvm configure %s <name>",
          "请指定配置名：jdvm configure %s <name>",
          given.action
        )
      )
    end
  elseif given.action == "show" then
    wanted = given.name or wanted
  end
  files, message = profile_files.look(wanted)
  if files then
    ended, message, is_usage = (actions[given.action] or write_profile)(context, files, files.name)
  end
  if ended then return ended end
  context.complain("jdvm: configure: " .. message)
  return is_usage and status.usage or status.credentials
end
