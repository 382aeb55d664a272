-- The page about the emulator in both languages: prose, and tables from its own tables of settings and faults.

local accounts = require "jdvm.emulator.accounts"
local chinese = require "jdvm.emulator.chinese"
local faults = require "jdvm.emulator.faults"
local conditions = require("jdvm.emulator.fault_rules").conditions
local settings = require "jdvm.emulator.settings"

local SESSION = [[
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
]]

local prose = {}

prose.en = {
  introduction = [[
<!-- Written by make docs; do not edit. -->
# The emulator

`jdvm emulator` is a stand-in for `vm.jdcloud-api.com` on your machine: it verifies real signatures (JDCLOUD2 and
JDCLOUD3), rejects reused nonces and wrong clocks, pages and filters a catalogue of images, returns errors in the
service's own words, and fails on purpose when told to. Any client can be pointed at it. It needs nginx with its Lua
module (`apt-get install nginx libnginx-mod-http-lua`) or OpenResty, and leaves nothing behind when it ends.

]]
    .. SESSION
    .. [[

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
]],
  accounts = "## Accounts\n\n| name | access key | secret key | session token | sees |",
  sees = "the images of %s",
  settings = "## Settings\n\nWhat the service's documentation leaves open can be set.\n\n"
    .. "| setting | default | values | meaning |",
  faults = [[
## Faults

A fault is written `KIND:NAME=VALUE,NAME=VALUE`, as in `throttle:count=2,retry_after=1` or
`drift:insert=3,page=2`; a comma or percent sign in a value is percent-encoded. Several act together; of those
that replace the whole response (%s) only the first acts. Steps
are separated by blanks: `life:image=img-9ha1rgelkq,steps=pending:10 pending:60@1s ready@2s`.
Malformed bodies: `body:text=<html>`, `body:result={"images":null}`.

| kind | what happens | parameters (values; default) |]],
  parameter = "`%s`: %s (%s%s)",
  default = "; ",
  conditions = "All faults take these conditions; all that are given must hold:\n\n| condition | meaning |",
  condition = "| `%s` | %s (%s) |",
  control = [[
## Control

A running emulator is controlled over HTTP, with GET or POST, from this machine only. Responses are JSON. A mistake,
such as an unknown argument, is a 400 with `error` and changes nothing.

| path | arguments | meaning |]],
  paths = {
    stats = {
      "",
      "counters (requests, nonces seen and repeated, requests in flight and their peak, connections), settings, and "
        .. "faults with the number of requests that met their conditions and that they were used for",
    },
    settings = { "`NAME=VALUE` …", "changes settings; returns all of them" },
    faults = {
      "`spec` (specs, separated by blanks); `add=1`",
      "replaces the faults, or adds to them; without arguments, removes them",
    },
    images = {
      "`account`, `region`, `source` (owner, cn-north-1, private); `insert=K`, `delete=K`, `at` (front, end, "
        .. "random or a position); `id`; `steps`",
      "inserts or deletes images (by number or by id), or scripts their status; returns the ids that were `inserted` "
        .. "and `deleted`; without a change, those since the last reset, and the `images` that are there now",
    },
    reset = {
      "`spec`, `NAME=VALUE` …",
      "back to the start, then sets these faults and settings; returns all settings",
    },
  },
}

prose.zh = {
  introduction = [[
<!-- 由 make docs 生成，请勿编辑。 -->
# 模拟器

`jdvm emulator` 在本机模拟 `vm.jdcloud-api.com`：真实校验签名（JDCLOUD2 与 JDCLOUD3），拒绝重复的 nonce 和有偏差的时钟，
对一批镜像进行过滤与分页，以服务自身的用词返回错误，并可按要求制造故障。任何客户端都可以指向它。它需要带 Lua 模块的 nginx
（`apt-get install nginx libnginx-mod-http-lua`）或 OpenResty，结束后不留下任何痕迹。

]]
    .. SESSION
    .. [[

三种运行方式：

* `jdvm emulator` 持续运行，直到被中断（Ctrl-C）或启动它的进程结束。
* `jdvm emulator -- COMMAND…` 运行一条命令（例如您的测试），随其结束并返回它的退出状态。标准输入输出归该命令使用；Ctrl-C 照常
  送达该命令，终止 `jdvm` 时也会终止它。
* `eval "$(jdvm emulator --env --background)"` 让它在 shell 之外继续运行，`kill "$JDVM_EMULATOR_PID"` 使其结束。

运行命令或使用 `--env` 时，会设置 `JDCLOUD_ENDPOINT`、`JDCLOUD_REGION`、`JDCLOUD_ACCESS_KEY`、`JDCLOUD_SECRET_KEY`
（账号 owner），使用 `--tls` 时还有 `JDCLOUD_CA_FILE`；同时取消 `JDCLOUD_PROFILE` 与 `JDCLOUD_SESSION_TOKEN`，并将
127.0.0.1 加入 `no_proxy`。

| 选项 | 含义 |
|---|---|
| `--port N` | 127.0.0.1 上的端口；默认 0，表示任选一个空闲端口 |
| `--tls` | 使用 HTTPS，证书颁发机构为本次运行临时生成（见输出中的 `ca_file`） |
| `--http2` | 除 HTTP/1.1 外还支持 HTTP/2 |
| `--certificate KIND` | good、wrong-name、unknown-ca、self-signed、chain（两级中间证书） |
| `--images N` | 在每个地域、每种来源生成 N 个镜像，代替内置的 364 个 |
| `--seed N` | 生成镜像所用的种子 |
| `--fault SPEC` | 故障，见下文；可重复 |
| `--set NAME=VALUE` | 设置项，见下文；可重复 |
| `--env` | 输出设置环境变量的 shell 命令，代替地址与账号 |
| `--background` | 就绪后即返回；进程号在 `JDVM_EMULATOR_PID` 中，或为输出中的 `pid` |
| `--log` | 每个请求在标准错误输出一行：时间、方法、目标、状态码、秒数、触发的故障 |
| `--explain` | 列出故障、条件与设置项后退出 |
| `-- COMMAND…` | 运行一条命令，见上文 |

`JDVM_NGINX` 可指定另一个 nginx 程序。内置镜像在每次运行、每个版本中都相同，因此测试可以直接引用它们；每个地域有一个社区镜像
包含服务文档中的全部字段。
]],
  accounts = "## 账号\n\n| 名称 | Access Key | Secret Key | 会话令牌 | 可见镜像 |",
  sees = "账号 %s 的镜像",
  settings = "## 设置项\n\n服务文档未写明之处可以自行设置。\n\n| 设置项 | 默认值 | 取值 | 含义 |",
  faults = [[
## 故障

故障写作 `KIND:NAME=VALUE,NAME=VALUE`，例如 `throttle:count=2,retry_after=1` 或 `drift:insert=3,page=2`；值中的逗号与百分号
需用百分号编码。多个故障可同时生效；其中替换整个响应的故障（%s）只有第一个生效。步骤以空格分隔：
`life:image=img-9ha1rgelkq,steps=pending:10 pending:60@1s ready@2s`。
格式错误的响应体：`body:text=<html>`、`body:result={"images":null}`。

| 种类 | 现象 | 参数（取值；默认值） |]],
  parameter = "`%s`：%s（%s%s）",
  default = "；",
  conditions = "所有故障都可带以下条件，给出的条件须全部满足：\n\n| 条件 | 含义 |",
  condition = "| `%s` | %s（%s） |",
  control = [[
## 控制

运行中的模拟器通过 HTTP（GET 或 POST）控制，仅限本机。响应为 JSON。参数有误（例如未知参数）时返回 400 与 `error`，且不作任何改动。

| 路径 | 参数 | 含义 |]],
  paths = {
    stats = {
      "",
      "计数（请求数、已见与重复的 nonce、处理中的请求及其峰值、连接数）、设置项，以及各故障满足条件的请求数与实际生效的次数",
    },
    settings = { "`NAME=VALUE` …", "修改设置项；返回全部设置项" },
    faults = {
      "`spec`（多个以空格分隔）；`add=1`",
      "替换或追加故障；不带参数时清除全部故障",
    },
    images = {
      "`account`、`region`、`source`（owner、cn-north-1、private）；`insert=K`、`delete=K`、`at`（front、end、random "
        .. "或位置）；`id`；`steps`",
      "新增或删除镜像（按数量或按 ID），或安排其状态变化；返回 `inserted` 与 `deleted` 的镜像 ID；不作改动时返回自上次重置以来的"
        .. "增删以及当前的 `images`",
    },
    reset = {
      "`spec`、`NAME=VALUE` …",
      "恢复初始状态，再应用这些故障与设置项；返回全部设置项",
    },
  },
}

local PATHS = { "stats", "settings", "faults", "images", "reset" }

local function shown(value)
  if value == nil then return "" end
  return type(value) == "number" and "`" .. ("%.14g"):format(value) .. "`" or "`" .. tostring(value) .. "`"
end

-- A table of Markdown under a heading whose last line is the row of titles.
local function with_rows(heading, rows)
  local columns = select(2, heading:match("[^\n]*$"):gsub("|", "")) - 1
  return heading .. "\n|" .. ("---|"):rep(columns) .. "\n" .. table.concat(rows, "\n")
end

---@param language "en"|"zh"
---@return string page Markdown
return function(language)
  local texts = prose[language]

  local function say(text) return language == "en" and text or chinese[text] or error("no Chinese for: " .. text) end

  local function values_of(kind)
    if type(kind) == "table" then return table.concat(kind, language == "en" and ", " or "、") end
    return say(settings.kinds[kind][1])
  end

  local function accounts_table()
    local rows = {}
    for i, account in ipairs(accounts.list) do
      rows[i] = ("| %s | `%s` | `%s` | %s | %s |"):format(
        account.name,
        account.access_key,
        account.secret_key,
        shown(account.token),
        texts.sees:format(account.sees)
      )
    end
    return with_rows(texts.accounts, rows)
  end

  local function settings_table()
    local rows = {}
    for i, name in ipairs(settings.names(settings.entries)) do
      local entry = settings.entries[name]
      rows[i] = ("| `%s` | %s | %s | %s |"):format(name, shown(entry[3]), values_of(entry[1]), say(entry[2]))
    end
    return with_rows(texts.settings, rows)
  end

  local function parameters_of(kind)
    local parts = {}
    for i, name in ipairs(settings.names(kind.parameters)) do
      local parameter = kind.parameters[name]
      local default = parameter[3] ~= nil and texts.default .. shown(parameter[3]) or ""
      parts[i] = texts.parameter:format(name, say(parameter[2]), values_of(parameter[1]), default)
    end
    return table.concat(parts, "<br>")
  end

  local function faults_table()
    local replacing, rows = {}, {}
    for i, name in ipairs(settings.names(faults)) do
      if faults[name].replaces then replacing[#replacing + 1] = name end
      rows[i] = ("| `%s` | %s | %s |"):format(name, say(faults[name].doc), parameters_of(faults[name]))
    end
    return with_rows(texts.faults:format(table.concat(replacing, language == "en" and ", " or "、")), rows)
  end

  local function conditions_table()
    local rows = {}
    for i, name in ipairs(settings.names(conditions)) do
      rows[i] = texts.condition:format(name, say(conditions[name][2]), values_of(conditions[name][1]))
    end
    return with_rows(texts.conditions, rows)
  end

  local function control_table()
    local rows = {}
    for i, name in ipairs(PATHS) do
      rows[i] = ("| `/_emulator/%s` | %s | %s |"):format(name, texts.paths[name][1], texts.paths[name][2])
    end
    return with_rows(texts.control, rows)
  end

  return table.concat({
    texts.introduction .. "\n" .. accounts_table(),
    settings_table(),
    faults_table(),
    conditions_table(),
    control_table(),
  }, "\n\n") .. "\n"
end
