-- The page about the emulator: prose, and tables from its own tables of settings and faults.

local accounts = require "jdvm.emulator.accounts"
local faults = require "jdvm.emulator.faults"
local conditions = require("jdvm.emulator.fault_rules").conditions
local settings = require "jdvm.emulator.settings"

local INTRODUCTION = [[
<!-- Written by make docs; do not edit. -->
# The emulator

`jdvm emulator` is a stand-in for `vm.jdcloud-api.com` on your machine: it verifies real signatures (JDCLOUD2 and
JDCLOUD3), rejects reused nonces and wrong clocks, pages and filters a catalogue of images, returns errors in the
service's own words, and fails on purpose when told to. Any client can be pointed at it. It needs nginx with its Lua
module (`apt-get install nginx libnginx-mod-http-lua`) or OpenResty, and leaves nothing behind when it ends.

```
$ jdvm emulator --port 8080
endpoint http://127.0.0.1:8080
regions cn-north-1 cn-east-1 cn-east-2 cn-south-1
account owner JDVM-EMULATOR-OWNER owner-secret-for-tests-only
…
ready
$ JDCLOUD_ENDPOINT=http://127.0.0.1:8080 JDCLOUD_REGION=cn-north-1 JDCLOUD_ACCESS_KEY=JDVM-EMULATOR-OWNER \
  JDCLOUD_SECRET_KEY=owner-secret-for-tests-only jdvm images --source private
```

Three ways to run it:

* `jdvm emulator` serves until it is interrupted (Ctrl-C), or until the process that started it ends.
* `jdvm emulator -- COMMAND…` runs a command, such as your tests, and ends with it and with its exit status. The command
  keeps the standard streams. Ctrl-C reaches it as usual; when `jdvm` itself is terminated, so is the command.
* `eval "$(jdvm emulator --env --background)"` leaves it running behind the shell; `kill "$JDVM_EMULATOR_PID"` ends it.

A command and `--env` set `JDCLOUD_ENDPOINT`, `JDCLOUD_REGION`, `JDCLOUD_ACCESS_KEY`, `JDCLOUD_SECRET_KEY` (the account
owner) and, with `--tls`, `JDCLOUD_CA_FILE`; they unset `JDCLOUD_PROFILE` and `JDCLOUD_SESSION_TOKEN`, and add 127.0.0.1
to `no_proxy`.

| option | meaning |
|---|---|
| `--port N` | port on 127.0.0.1; 0, the default, takes a free one |
| `--tls` | HTTPS, with a certificate authority made for this run (`ca_file` in the output) |
| `--http2` | HTTP/2 beside HTTP/1.1 |
| `--certificate KIND` | good, wrong-name, unknown-ca, self-signed, chain (two intermediate authorities) |
| `--images N` | N generated images in each region and from each source instead of the built-in 364 |
| `--seed N` | seed of the generated images |
| `--fault SPEC` | a fault, see below; repeatable |
| `--set NAME=VALUE` | a setting, see below; repeatable |
| `--env` | print shell commands that set the variables, instead of the address and the accounts |
| `--background` | exit once it is ready; the process id is in `JDVM_EMULATOR_PID`, or in the output as `pid` |
| `--log` | a line for each request on standard error: time, method, target, status, seconds, faults played |
| `--explain` | list faults, conditions and settings, and exit |
| `-- COMMAND…` | run a command, see above |

`JDVM_NGINX` names another nginx program. The built-in images are the same every time and in every version, so tests
can name them; one community image in each region has every field that the service documents.
]]

local CONTROL = [[
## Control

A running emulator is controlled over HTTP, with GET or POST, from this machine only. Responses are JSON. A mistake,
such as an unknown argument, is a 400 with `error` and changes nothing.
]]

-- Path, arguments, meaning.
local PATHS = {
  {
    "stats",
    "",
    "counters (requests, nonces seen and repeated, requests in flight and their peak, connections), settings, and "
      .. "faults with the number of requests that met their conditions and that they were used for",
  },
  { "settings", "`NAME=VALUE` …", "changes settings; returns all of them" },
  {
    "faults",
    "`spec` (specs, separated by blanks); `add=1`",
    "replaces the faults, or adds to them; without arguments, removes them",
  },
  {
    "images",
    "`account`, `region`, `source` (owner, cn-north-1, private); `insert=K`, `delete=K`, `at` (front, end, "
      .. "random or a position); `id`; `steps`",
    "inserts or deletes images (by number or by id), or scripts their status; returns the ids that were `inserted` and "
      .. "`deleted`; without a change, those since the last reset, and the `images` that are there now",
  },
  {
    "reset",
    "`spec`, `NAME=VALUE` …",
    "back to the start, then sets these faults and settings; returns all settings",
  },
}

local function shown(value)
  if value == nil then return "" end
  return type(value) == "number" and "`" .. ("%.14g"):format(value) .. "`" or "`" .. tostring(value) .. "`"
end

local function values_of(kind)
  if type(kind) == "table" then return table.concat(kind, ", ") end
  return settings.kinds[kind][1]
end

local function accounts_table()
  local lines =
    { "## Accounts", "", "| name | access key | secret key | session token | sees |", "|---|---|---|---|---|" }
  for _, account in ipairs(accounts.list) do
    lines[#lines + 1] = ("| %s | `%s` | `%s` | %s | the images of %s |"):format(
      account.name,
      account.access_key,
      account.secret_key,
      account.token and shown(account.token) or "",
      account.sees
    )
  end
  return table.concat(lines, "\n")
end

local function settings_table()
  local lines = {
    "## Settings",
    "",
    "What the service's documentation leaves open can be set.",
    "",
    "| setting | default | values | meaning |",
    "|---|---|---|---|",
  }
  for _, name in ipairs(settings.names(settings.entries)) do
    local entry = settings.entries[name]
    lines[#lines + 1] = ("| `%s` | %s | %s | %s |"):format(name, shown(entry[3]), values_of(entry[1]), entry[2])
  end
  return table.concat(lines, "\n")
end

local function parameters_of(kind)
  local parts = {}
  for _, name in ipairs(settings.names(kind.parameters)) do
    local parameter = kind.parameters[name]
    parts[#parts + 1] = ("`%s`: %s (%s%s)"):format(
      name,
      parameter[2],
      values_of(parameter[1]),
      parameter[3] ~= nil and "; " .. shown(parameter[3]) or ""
    )
  end
  return table.concat(parts, "<br>")
end

local function faults_table()
  local replacing = {}
  for _, name in ipairs(settings.names(faults)) do
    if faults[name].replaces then replacing[#replacing + 1] = name end
  end
  local lines = {
    "## Faults",
    "",
    "A fault is written `KIND:NAME=VALUE,NAME=VALUE`, as in `throttle:count=2,retry_after=1` or",
    "`drift:insert=3,page=2`; a comma or percent sign in a value is percent-encoded. Several act together; of those",
    "that replace the whole response (" .. table.concat(replacing, ", ") .. ") only the first acts. Steps",
    "are separated by blanks: `life:image=img-9ha1rgelkq,steps=pending:10 pending:60@1s ready@2s`.",
    'Malformed bodies: `body:text=<html>`, `body:result={"images":null}`.',
    "",
    "| kind | what happens | parameters (values; default) |",
    "|---|---|---|",
  }
  for _, name in ipairs(settings.names(faults)) do
    lines[#lines + 1] = ("| `%s` | %s | %s |"):format(name, faults[name].doc, parameters_of(faults[name]))
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "All faults take these conditions; all that are given must hold:"
  lines[#lines + 1] = ""
  lines[#lines + 1] = "| condition | meaning |"
  lines[#lines + 1] = "|---|---|"
  for _, name in ipairs(settings.names(conditions)) do
    local condition = conditions[name]
    lines[#lines + 1] = ("| `%s` | %s (%s) |"):format(name, condition[2], values_of(condition[1]))
  end
  return table.concat(lines, "\n")
end

local function control_table()
  local lines = { CONTROL, "| path | arguments | meaning |", "|---|---|---|" }
  for _, row in ipairs(PATHS) do
    lines[#lines + 1] = ("| `/_emulator/%s` | %s | %s |"):format(row[1], row[2], row[3])
  end
  return table.concat(lines, "\n") .. "\n"
end

---@return string page Markdown
return function()
  return table.concat(
    { INTRODUCTION, accounts_table(), "", settings_table(), "", faults_table(), "", control_table() },
    "\n"
  )
end
