-- The Chinese of what argparse and the library say in English of a wrong command line. They word their messages
-- themselves, for programmers; here each phrase of them stands with its Chinese, in place of which it is put.

-- Words in a list that follow the last comma.
local function listed(chinese)
  return function(...)
    local captures = { ... }
    return (
      chinese:gsub(
        "%%(%d)",
        function(i) return (captures[tonumber(i)]:gsub(" or (%S+)$", " 或 %1"):gsub(" and (%S+)$", " 和 %1")) end
      )
    )
  end
end

-- A Lua pattern and what stands in its place. Longer phrases come first.
local PHRASES = {
  -- argparse
  { "missing argument '(.-)'", "缺少参数 %1" },
  { "missing option '(.-)'", "缺少选项 %1" },
  { "option '(.-)' requires an argument", "选项 %1 需要一个值" },
  { "argument '(.-)' requires at least (%d+) arguments?", "参数 %1 至少需要 %2 个值" },
  { "option '(.-)' must be used at most once", "选项 %1 只能使用一次" },
  { "argument for option '(.-)' must be one of (.+)", "选项 %1 的值必须是以下之一：%2" },
  { "argument '(.-)' must be one of (.+)", "参数 %1 必须是以下之一：%2" },
  { "unknown option '(.-)'", "未知选项 '%1'" },
  { "unknown command '(.-)'", "未知命令 '%1'" },
  { "too many arguments", "参数过多" },
  { "a command is required", "请指定命令" },
  { "option '(.-)' does not take arguments", "选项 %1 不带值" },
  { "; did you mean one of these: (.-)%?", "；是否应为 %1？" },
  -- parameters and their rules
  {
    "(%S+) is required unless (%S+) is given; it is one of (.+)",
    listed "未指定 %2 时必须指定 %1；取值为 %3",
  },
  { "(%S+) has no effect beside (%S+): leave one of the two out", "%1 与 %2 不能同时使用：请去掉其一" },
  {
    "(%S+) has no effect on (%S+) images: leave it out, or ask for (%S+) (.+)",
    listed "%1 对来源为 %2 的镜像无效：请去掉，或使用 %3 %4",
  },
  {
    "must consist of letters, digits, '%.', '_' and '%-', got (.+)",
    "只能包含字母、数字、'.'、'_' 和 '-'，当前为 %1",
  },
  { 'must be (.-), got ("[^"]*")', listed "必须是 %1，当前为 %2" },
  { 'must be (.-), not ("[^"]*")', listed "必须是 %1，当前为 %2" },
  { "is no field of (%w+)", "不是 %1 的字段" },
  { "goes into (%S+), which is of type (%S+)", "中的 %1 类型为 %2，没有下级字段" },
  { "is not printable", "包含不可显示的字符" },
  { "has an empty part", "有空的部分" },
  { "is empty: give it a value", "为空：请提供值" },
  { "is empty: leave it out instead", "为空：请省略" },
  { "is required", "必须指定" },
  { "holds a control character %((0x%x%x) at byte (%d+)%)", "包含控制字符（%1，第 %2 字节）" },
  { "is not valid UTF%-8 %(at byte (%d+)%)", "不是有效的 UTF-8（第 %1 字节）" },
  { 'is ("[^"]*"); did you mean', "为 %1；是否应为" },
  { "; did you mean ([\"'].-[\"'])%?", "；是否应为 %1？" },
  { "是否应为 ([\"'].-[\"'])%?", "是否应为 %1？" },
  { "; known are (.+)", listed "；可用的有 %1" },
  -- settings
  { "endpoint %((.-)%)", "endpoint（%1）" },
  { "environment variable (%S+)", "环境变量 %1" },
  { "must begin with https:// %(or http://%), got", "必须以 https://（或 http://）开头，当前为" },
  {
    "must end after host and port, since the path is part of what is signed, got",
    "只能写到主机与端口（路径参与签名），当前为",
  },
  { "has no usable host and port:", "没有可用的主机与端口：" },
  {
    "must not hold a user name or a password: keys go into access_key and secret_key",
    "不得包含用户名或密码：密钥请用 access_key 与 secret_key",
  },
  { "the region ", "地域 " },
  { "the id ", "ID " },
  { "unknown setting", "未知设置" },
  { "unknown fault", "未知故障" },
  { "unknown parameter or condition", "未知参数或条件" },
  { "^fault (%S+): ", "故障 %1：" },
  { "^setting (%S+) ", "设置 %1 " },
  { "is not name=value", "不是 name=value 的形式" },
  { "%-%-(%S+) needs (%-%-%S+)", "--%1 需要同时指定 %2" },
  { "has no effect with a command to run", "与要运行的命令同用时无效" },
  { "JDVM_NGINX names (%S+), which does not exist; ", "JDVM_NGINX 指定的 %1 不存在；" },
  { "JDVM_NGINX names (%S+), which has no Lua module; ", "JDVM_NGINX 指定的 %1 没有 Lua 模块；" },
  {
    "the emulator needs nginx with its Lua module: (.-) %(or install OpenResty%)",
    "模拟器需要带 Lua 模块的 nginx：%1（或安装 OpenResty）",
  },
  { " does not exist$", " 不存在" },
  { " is empty$", " 为空" },
  -- credentials
  { "(%S+) can be read by others %(mode (%d+)%): ", "其他用户可读 %1（权限 %2）：" },
  {
    "line (%d+) is neither a %[section%] nor key = value; it was skipped",
    "第 %1 行既非 [节] 也非 键 = 值，已跳过",
  },
  {
    "line (%d+) stands before the first %[section%]; it was skipped",
    "第 %1 行位于第一个 [节] 之前，已跳过",
  },
  { "the key (%S+) is not read; did you mean (%S+)%?", "不读取键 %1；是否应为 %2？" },
  { "the access key", "Access Key" },
  { "the secret key", "Secret Key" },
  { "begins or ends with a blank: cut it off", "首尾有空白：请去掉" },
  { "stands in quotes: take them away", "带有引号：请去掉" },
  {
    "holds a blank, a control character or a character beyond ASCII",
    "包含空白、控制字符或非 ASCII 字符",
  },
  {
    'holds a "/" or a ",", which no access key does: is it the secret key%?',
    '包含 "/" 或 ","，Access Key 中不会有：是否误填了 Secret Key？',
  },
  { "a whole number from (%d+)", "%1 以上的整数" },
  { "a number from 0 to 1", "0 到 1 的数" },
  { "a number from 0", "不小于 0 的数" },
  { "必须是 a number", "必须是数字" },
  { 'no profile ("[^"]*") in (%S+)', "%2 中没有配置 %1" },
  { "; it has (.+)", listed "；已有 %1" },
}

---A message in Chinese.
---@param message string
---@return string
return function(message)
  for _, phrase in ipairs(PHRASES) do
    message = message:gsub(phrase[1], phrase[2])
  end
  return message
end
