-- What --help and the manual page say of commands and options, in English and Chinese. The texts of an operation's
-- parameters stand with the operation.
local language = require "jdvm.cli.language"
local options = require "jdvm.options.options"

local say = language.say

local descriptions = {}

local client, wait = options.defaults "client", options.defaults "wait"

descriptions.certificates = { "good", "wrong-name", "unknown-ca", "self-signed", "chain" }
descriptions.states = options.find("wait", "status").values

-- Name -> English, Chinese, and what stands for %s and %d in them.
local size, ahead = options.find("client", "page_size"), options.find("client", "prefetch")
local OPTIONS = {
  ["--region"] = {
    "Region, such as cn-north-1; repeatable, or 'all'.",
    "地域，例如 cn-north-1；可重复，或 all 表示全部。",
  },
  ["--profile"] = {
    "Profile of ~/.jdc/config to take keys and region from.",
    "使用 ~/.jdc/config 中该配置的密钥与地域。",
  },
  ["--endpoint"] = { "Address of the service; default %s.", "服务地址；默认 %s。", client.endpoint },
  ["--ca-file"] = { "Certificates to trust instead of the system's.", "受信任证书文件，代替系统证书。" },
  ["--timeout"] = {
    "Time limit of the whole command, such as 30s or 5m; default %ds for each list or image, wait: %dm.",
    "整个命令的总时限，例如 30s、5m；默认每个列表或镜像 %d 秒，wait 为 %d 分钟。",
    client.timeout,
    wait.timeout / 60,
  },
  ["--max-attempts"] = {
    "Attempts of a request in all; default %d.",
    "单个请求的最大尝试次数（含首次）；默认 %d。",
    client.max_attempts,
  },
  ["--verbose"] = { "Report each request on standard error.", "在标准错误输出每个请求。" },
  ["--no-color"] = { "No colour, even on a terminal.", "在终端上也不使用颜色。" },
  ["--lang"] = {
    "Language of messages and help; default: that of the locale.",
    "信息与帮助的语言；默认取自 locale。",
  },
  ["--version"] = { "Print the version and exit.", "输出版本后退出。" },
  ["--match"] = {
    "Only images with this text in id, name or description.",
    "仅显示 ID、名称或描述中包含该文字的镜像。",
  },
  ["--sort"] = { "Sort by a field; -FIELD sorts downwards.", "按字段排序；-FIELD 表示降序。" },
  ["--max"] = { "Stop after this many.", "最多返回的数量。" },
  ["--start"] = {
    "Resume token: go on where an earlier list of the same filters was cut.",
    "续读标记：从此前相同条件列表的中断处继续。",
  },
  ["--page-size"] = {
    "How many to ask the service for at a time, %d to %d; default %d.",
    "每页请求的数量，%d 到 %d；默认 %d。",
    size.min,
    size.max,
    size.default,
  },
  ["--prefetch"] = {
    "Pages in flight ahead of the one printed, %d (none) to %d; default %d.",
    "预取的页数，%d（不预取）到 %d；默认 %d。",
    ahead.min,
    ahead.max,
    ahead.default,
  },
  ["--consistency"] = {
    "'stable' misses no image even if one is deleted while another is created; default eventual.",
    "stable：即使恰好删除一个又新增一个镜像也不会遗漏；默认 eventual。",
  },
  ["--output"] = { "How to print.", "输出格式。" },
  ["--columns"] = {
    "Fields to show, comma-separated, nested ones dotted.",
    "要显示的字段，以逗号分隔，嵌套字段用点号。",
  },
  ["--no-headers"] = { "No line of headings in table, csv and tsv.", "table、csv、tsv 不输出标题行。" },
  ["--csv-safe"] = {
    "In csv, put ' before cells that a spreadsheet would run as formulas.",
    "在 csv 中会被电子表格当作公式的单元格前加 '。",
  },
  ["--status"] = {
    "State to wait for: %s.",
    "等待的目标状态：%s。",
    table.concat(descriptions.states, ", "),
  },
  ["--interval"] = {
    "Time between two polls at first; default %ds.",
    "最初的轮询间隔；默认 %d 秒。",
    wait.interval,
  },
  ["--verify"] = {
    "Make one call with the profile once it is written; the default at a terminal.",
    "写入后用该配置发起一次调用；在终端上默认启用。",
  },
  ["--no-verify"] = { "Make no call.", "不发起调用。" },
  ["--port"] = {
    "Port on 127.0.0.1; 0, the default, picks a free one.",
    "127.0.0.1 上的端口；默认 0，自动选择。",
  },
  ["--tls"] = { "Serve HTTPS, with a certificate made for the occasion.", "以临时生成的证书提供 HTTPS。" },
  ["--http2"] = { "Offer HTTP/2 beside HTTP/1.1 (with --tls).", "同时提供 HTTP/2（需 --tls）。" },
  ["--certificate"] = {
    "Kind of the certificate: %s; default good.",
    "证书类型：%s；默认 good。",
    table.concat(descriptions.certificates, ", "),
  },
  ["--images"] = {
    "Images to make up in each region and source; default: the built-in ones.",
    "每个地域、每种来源生成的镜像数量；默认使用内置镜像。",
  },
  ["--seed"] = { "Seed of what is made up; default 1.", "生成数据的随机种子；默认 1。" },
  ["--fault"] = {
    "A fault to play, kind:name=value,..., see --explain; repeatable.",
    "要模拟的故障，格式 kind:name=value,...，见 --explain；可重复。",
  },
  ["--set"] = { "A setting, see --explain; repeatable.", "设置项，见 --explain；可重复。" },
  ["--env"] = {
    "Print shell commands that set the variables, for eval.",
    "输出设置环境变量的 shell 命令，供 eval 使用。",
  },
  ["--background"] = {
    "Exit once it is ready and leave it running; stop it by kill $JDVM_EMULATOR_PID.",
    "就绪后即退出，模拟器留在后台运行；用 kill $JDVM_EMULATOR_PID 结束。",
  },
  ["--log"] = { "Print a line for each request on standard error.", "每个请求在标准错误输出一行。" },
  ["--explain"] = {
    "List the faults, their conditions and the settings, and exit.",
    "列出故障、条件与设置后退出。",
  },
}

local ARGUMENTS = {
  ids = { "One or more image ids.", "一个或多个镜像 ID。" },
  program = {
    "After --: a command to run with the variables set; the emulator ends with it, and with its exit status.",
    "写在 -- 之后：设置好环境变量后运行的命令；命令结束时模拟器随之结束，并返回该命令的退出状态。",
  },
  old = {
    "A file written by --output jsonl; - is standard input.",
    "由 --output jsonl 写出的文件；- 表示标准输入。",
  },
  new = {
    "Another file; default: the images that match now.",
    "另一份文件；默认为当前符合条件的镜像。",
  },
  action = {
    "list, show, use or delete; default: ask for the values of a profile and write it.",
    "list 列出、show 显示、use 切换、delete 删除；默认：询问各项值并写入配置。",
  },
  name = { "Name of the profile; default: the one in use.", "配置名；默认为正在使用的配置。" },
  shell = { "bash, zsh or fish.", "bash、zsh 或 fish。" },
}

local COMMANDS = {
  jdvm = { "Look at the virtual machine images of JD Cloud.", "查看京东云的云主机镜像。" },
  count = { "Count the images that match.", "查询符合条件的镜像数量。" },
  latest = { "Show the newest image that is ready.", "查询最新的可用镜像。" },
  wait = {
    "Wait until images are ready, or gone, for --timeout or half an hour; fails at once when that cannot be.",
    "等待镜像可用（或不再存在），最长为 --timeout 或半小时；无法到达目标状态时立即失败。",
  },
  diff = {
    "Compare two lists of images: what is new, gone or changed.",
    "比较两份镜像列表：新增、消失与变化的镜像。",
  },
  configure = {
    "Write, list, show, choose or delete profiles in ~/.jdc/config, which the jdc command also reads.",
    "写入、列出、显示、切换或删除 ~/.jdc/config 中的配置，jdc 命令也读取该文件。",
  },
  doctor = {
    "Print a report to paste into a question: versions, settings, reachability; no secret.",
    "输出可附在提问中的报告：版本、设置、连通性；不含密钥。",
  },
  emulator = {
    "Run the service offline: nginx on loopback that verifies signatures.",
    "离线运行服务：在本机以 nginx 提供，并校验签名。",
  },
  completions = { "Print completions for a shell.", "输出 shell 补全脚本。" },
  man = { "Print the manual page.", "输出手册页。" },
}

local EXAMPLES = {
  images = "jdvm images --source public --platform Ubuntu\n  jdvm images --source private --output jsonl | head -3\n"
    .. "  jdvm images --source all --sort -createTime --max 5",
  image = "jdvm image img-chn8lfcn6j\n  jdvm image img-chn8lfcn6j --output json",
  count = "jdvm count --source private",
  latest = "jdvm latest --source public --platform Ubuntu\n  jdvm latest --source private --name web --output ids",
  wait = "jdvm wait img-chn8lfcn6j --timeout 30m",
  diff = "jdvm images --source public --output jsonl > base.jsonl\n  jdvm diff base.jsonl --source public",
  configure = "jdvm configure --profile work\n  jdvm configure list\n  jdvm configure use work",
  doctor = "jdvm doctor --region cn-north-1",
  emulator = "jdvm emulator --port 8080\n  jdvm emulator --tls --images 10000\n"
    .. '  eval "$(jdvm emulator --env --background)"\n  jdvm emulator -- busted\n'
    .. "  jdvm emulator --fault throttle:probability=0.2,retry_after=1 --set latency=0.05",
  completions = "jdvm completions bash > /etc/bash_completion.d/jdvm",
  man = "jdvm man > /usr/local/share/man/man1/jdvm.1",
}

---@param name string such as "--region"
---@return string
function descriptions.option(name)
  local entry = OPTIONS[name]
  return say(entry[1], entry[2], entry[3], entry[4], entry[5])
end

---@param name string of an argument
---@return string
function descriptions.argument(name) return say(ARGUMENTS[name][1], ARGUMENTS[name][2]) end

---@param name string of a command; "jdvm" is the whole
---@return string
function descriptions.command(name) return say(COMMANDS[name][1], COMMANDS[name][2]) end

---What stands below the help of a command.
---@param name string
---@return string
function descriptions.below(name)
  local examples = EXAMPLES[name] and say("Examples:", "示例：") .. "\n  " .. EXAMPLES[name] .. "\n\n" or ""
  return examples
    .. say(
      "Global options (--region, --profile, --timeout, --verbose, ...): jdvm --help",
      "全局选项（--region、--profile、--timeout、--verbose 等）：jdvm --help"
    )
end

-- The variables of settings; the one that names the profile is told beside it.
local function variables()
  local names = {}
  for _, option in ipairs(options.client) do
    if option.env and option.name ~= "profile" then names[#names + 1] = option.env end
  end
  return table.concat(names, ", ")
end

---Exit statuses and settings, a paragraph a line.
---@return string
function descriptions.epilog()
  return say(
    "Exit status: 0 fine, 1 not found, the wait failed or lists differ, 2 wrong usage, 3 credentials or permission, "
      .. "4 service or network, 70 a bug in jdvm, 124 timed out.\nSettings: options first, then %s, then the profile "
      .. "in ~/.jdc/config that --profile, %s or ~/.jdc/current names. NO_COLOR turns colours off; JDVM_NGINX is the "
      .. "nginx that jdvm emulator runs.",
    "退出状态：0 成功，1 不存在、等待失败或列表有差异，2 用法错误，3 密钥或权限，4 服务或网络，70 jdvm 自身的缺陷，124 超时。\n"
      .. "设置的优先级：命令行选项，其次 %s，最后是 ~/.jdc/config 中由 --profile、%s 或 ~/.jdc/current 指定的配置。"
      .. "NO_COLOR 关闭颜色；JDVM_NGINX 指定 jdvm emulator 使用的 nginx。",
    variables(),
    options.find("client", "profile").env
  )
end

return descriptions
