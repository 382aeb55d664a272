-- Makes docs/reference.md and docs/reference.zh.md: every option, parameter, field, result and failure,
-- from the tables of lua/jdvm and docs/lib/api.lua.

local api = require "docs.lib.api"
local described = require "docs.lib.described"
local examples = require "docs.lib.examples"
local failures = require "docs.lib.failures"
local keychain = require "jdvm.keys.sources"
local loops = require "docs.lib.loops"
local models = require "jdvm.service.models"
local operations = require "jdvm.service.operations"
local options = described.options
local texts = require "jdvm.failures.texts"

-- The words of the page itself, by language.
local words = {
  en = {
    title = "jdvm reference",
    made = "Made by `make docs` from the tables the library itself works with. 中文：[reference.zh.md](reference.zh.md)",
    name = "Name",
    type = "Type",
    default = "Default",
    variable = "Environment",
    meaning = "Meaning",
    value = "Value",
    module = "Module",
    client = "Client",
    methods = "Methods",
    operations = "Operations",
    models = "Models",
    client_options = "Options of `jdvm.new`",
    call_options = "Options of every call",
    list_options = "Options of lists",
    latest_options = "Options of `latest_image`",
    also_lists = "Also those of lists.",
    list_parameters = "Lists set the page themselves, and take an array of values, which means any of them, where a "
      .. "single string stands below. The service is asked once for each value; states are asked for in the order in "
      .. "which an image passes through them, so that none is missed that moves on meanwhile.",
    wait_options = "Options of `wait_image`",
    also = "Also those of every call.",
    decode_options = "Options of `jdvm.decode`",
    cache = "`jdvm.cache`, for nginx",
    cached_options = "Options of one call of a Catalogue",
    redis = "`jdvm.stores.redis`, for several nginx",
    parameters = "Parameters",
    rules = "Rules",
    result = "Result",
    required = "required",
    one_of = "One of",
    known = "Known values (others may come)",
    heading = "Heading in tables of the command",
    range = "Range",
    from = "from %s",
    from_to = "%s to %s",
    above = "above %s",
    failures = "Failures",
    failures_text = "A call that fails returns `nil, message, detail`: one printable line, and a plain table. Wrong "
      .. "arguments raise at the caller's line instead, before anything is sent. Iterators raise the line.",
    kinds = "Kinds",
    causes = "Causes",
    causes_text = "`detail.cause` is one of these words and stays what it is when messages change. {name} stands for a fact, "
      .. "which `detail.facts` or a field of `detail` holds; {peer} for host, port and proxy, {doing} "
      .. "for what was done in `detail.phase`; what is in [brackets] appears where its facts are known. "
      .. "Errors of the service come with the service's own message instead.",
    hint = "Hint",
    codes = "Return codes",
    codes_text = "The codes that the service's pages list, with their words. `detail.http_status` and `detail.code` hold them. "
      .. "The gateway in front of the service returns others, too: 403, 414, 429 (retried, except QUOTA_EXCEEDED), 502 and "
      .. "504 (both retried).",
    code = "Code",
    service_words = "The service's words",
    fields = "Fields of `detail`",
    optional = "All but `kind` and `message` may be absent.",
    http = "HTTP",
    http_text = {
      "Connections are kept for 30 s and used again; with libcurl for 5 minutes in all. An idle connection that the "
        .. "server has closed, or on which anything has arrived, is not used: HTTP/1.1 does not say which request a "
        .. "response belongs to, so what arrived before a request was sent is never its response. (What arrives while "
        .. "a request is being sent cannot be told apart; libcurl before 7.80 can be asked only when a call begins.)",
      "A request that meets the end of a kept connection before the first byte of a response, or bytes that are no "
        .. "HTTP, a 408 on it, or GOAWAY in HTTP/2, is sent again at once on a fresh connection, within the deadline, "
        .. "with a new nonce, date and signature. That is not an attempt; `meta.replayed` counts it.",
      "A response is refused when two readers could disagree on where it ends: `Content-Length` must be one number in "
        .. "digits (the same line twice is one), `Transfer-Encoding` one `chunked`, in HTTP/1.1, and not beside a "
        .. "length; lines end in CR LF; a header line is a name, a colon right behind it and a value without control "
        .. "characters; a folded line continues any field but those that frame. So is a `Content-Encoding` that was "
        .. "not asked for: libcurl asks for gzip, cosockets for none. (The lines between chunks are read by libcurl, "
        .. "which takes some that cosockets refuse.)",
    },
    sources = "Where keys, region and endpoint come from",
    sources_text = {
      "Options come first, then the environment, then a profile of `~/.jdc/config` (the one named by the option "
        .. "`profile` or `JDCLOUD_PROFILE`, else by `~/.jdc/current`, else `default`). The option `profile` sets the "
        .. "keys of the environment aside.",
      "Both keys must come from the same source; half a pair is an error. These pairs of the environment are known, the "
        .. "first complete one counts; the last is Terraform's, and as its names are common ones it comes after any "
        .. "profile:",
      "The region of a profile counts whoever gives the keys. Its endpoint counts only with its keys or when the "
        .. "profile was named, and never `www.jdcloud-api.com` (which `jdc` writes by default) or another product's; "
        .. "`scheme` belongs to it. `timeout` is ignored, as `jdc` does. jdvm never fetches keys over the "
        .. "network by itself: to use keys from a vault, from STS or from an instance's metadata, pass a function as "
        .. "`credentials`.",
    },
    file = "The file `~/.jdc/config`",
    file_text = {
      "`jdvm configure`, the command `jdc` or an editor writes it, and both commands read it: a section is a profile. "
        .. "`~/.jdc/current` holds the name of the profile in use and nothing else; without that file it is `default`. A "
        .. "`current` that exists but cannot be read is an error. `jdvm configure` writes the profile in use unless "
        .. "`--profile` names another one.",
      "Names of sections are taken as they are written, keys in any case. `=` or `:` stands between a key and its "
        .. "value, `%%` for one per cent sign; lines that begin with `#` or `;` are comments. A section `[DEFAULT]` "
        .. "gives its values to all others. Only you should be able to read the file (`chmod 600`). A profile holds "
        .. "no session token. Lines that cannot be read, and names that look like a key but are none (`region`), are "
        .. "told to `logger` and by `jdvm doctor`.",
    },
    key = "Key",
    option = "Option",
    sentence = " %s: %s.",
    comma = ", ",
    regions = "Regions",
    regions_text = "Known so far; others work, too.",
    access = "Access key",
    secret = "Secret key",
    token = "Session token",
    region = "Region",
    returns = "Returns",
    on_failure = "on failure `nil, message, detail`",
    absent = "Every field may be absent; fields that are not listed reach you all the same.",
  },
  zh = {
    title = "jdvm 参考手册",
    made = "由 `make docs` 根据程序自身使用的数据表生成。English: [reference.md](reference.md)",
    name = "名称",
    type = "类型",
    default = "默认值",
    variable = "环境变量",
    meaning = "说明",
    value = "值",
    module = "模块",
    client = "客户端",
    methods = "方法",
    operations = "接口",
    models = "数据结构",
    client_options = "`jdvm.new` 的选项",
    call_options = "所有调用的选项",
    list_options = "列表的选项",
    latest_options = "`latest_image` 的选项",
    also_lists = "另可使用列表的选项。",
    list_parameters = "列表方法自行设置分页；下列类型为单个字符串的条件还可使用数组，表示任一取值均可，对每个取值分别请求服务端。"
      .. "状态按镜像经历的先后次序查询，因此不会遗漏期间状态改变的镜像。",
    wait_options = "`wait_image` 的选项",
    also = "另可使用所有调用的选项。",
    decode_options = "`jdvm.decode` 的选项",
    cache = "`jdvm.cache`（用于 nginx）",
    cached_options = "Catalogue 单次调用的选项",
    redis = "`jdvm.stores.redis`（用于多个 nginx）",
    parameters = "参数",
    rules = "规则",
    result = "返回结果",
    required = "必填",
    one_of = "取值",
    known = "已知取值（可能出现其他值）",
    heading = "命令行表格中的标题",
    range = "取值范围",
    from = "不小于 %s",
    from_to = "%s 至 %s",
    above = "大于 %s",
    failures = "失败",
    failures_text = "调用失败时返回 `nil, message, detail`：一行可打印的文字和一个普通表。参数错误则在发送之前于调用处抛出异常。"
      .. "迭代器抛出该行文字。",
    kinds = "类别",
    causes = "原因",
    causes_text = "`detail.cause` 取下列值之一；错误信息可能改变，该值不变。{name} 代表具体内容，见 `detail.facts` 或 `detail` 的字段，{peer} 代表主机、端口与代理，{doing} 代表所处阶段的操作；"
      .. "[方括号] 中的部分仅在相应内容已知时出现。服务端返回的错误使用服务端原文。",
    hint = "建议",
    codes = "返回码",
    codes_text = "服务端文档列出的返回码及其原文，见 `detail.http_status` 与 `detail.code`。服务端之前的网关还会返回 403、414、429"
      .. "（除 QUOTA_EXCEEDED 外会重试）、502 和 504（均会重试）。",
    code = "返回码",
    service_words = "服务端原文",
    fields = "`detail` 的字段",
    optional = "除 `kind` 与 `message` 外均可能不存在。",
    http = "HTTP",
    http_text = {
      "连接保持 30 秒以便复用；使用 libcurl 时，一条连接总共不超过 5 分钟。已被服务端关闭、或已有数据到达的空闲连接不会使用："
        .. "HTTP/1.1 不标明响应属于哪个请求，因此在请求发出之前到达的数据绝不会作为其响应。"
        .. "（请求发送过程中到达的数据无法区分；7.80 之前的 libcurl 只能在调用开始时检查。）",
      "若在保持的连接上，收到响应首字节之前连接即已断开，或收到并非 HTTP 的数据，或收到 408，或收到 HTTP/2 的 GOAWAY，则在总时限内立即于新连接上"
        .. "以新的 nonce、日期与签名重发。这不计为尝试；`meta.replayed` 给出其次数。",
      "若不同程序对响应的结束位置可能有不同理解，则拒绝该响应：`Content-Length` 须为一个十进制数字（完全相同的两行视为一个），"
        .. "`Transfer-Encoding` 须为唯一的 `chunked`，仅限 HTTP/1.1，且不得与长度并存；各行以 CR LF 结尾；头部行为名称、紧随其后的"
        .. "冒号与不含控制字符的值；折叠行可延续任何字段，但决定分界的字段除外。未请求的 `Content-Encoding` 同样拒绝：libcurl 请求 "
        .. "gzip，cosocket 不请求任何编码。（分块之间的行由 libcurl 读取，其中有些 cosocket 会拒绝。）",
    },
    sources = "密钥、地域与服务地址的来源",
    sources_text = {
      "优先使用选项，其次环境变量，最后是 `~/.jdc/config` 中的配置（由选项 `profile` 或 `JDCLOUD_PROFILE` 指定，否则取 "
        .. "`~/.jdc/current`，再否则取 `default`）。指定选项 `profile` 后不再使用环境变量中的密钥。",
      "密钥必须成对来自同一来源，只有一半会报错。可识别下列环境变量，取第一组完整的；最后一组为 Terraform 所用，"
        .. "因名称过于通用，排在配置文件之后：",
      "无论密钥来自何处，配置中的地域都有效。配置中的服务地址仅在使用其密钥或指定了该配置时有效，且不会采用 "
        .. "`www.jdcloud-api.com`（`jdc` 默认写入）或其他产品的地址；`scheme` 随服务地址生效。与 `jdc` 相同，`timeout` "
        .. "不起作用。jdvm 自身不会通过网络获取密钥：如需使用密钥管理服务、STS 或实例元数据提供的密钥，请将函数传给 "
        .. "`credentials`。",
    },
    file = "文件 `~/.jdc/config`",
    file_text = {
      "由 `jdvm configure`、`jdc` 命令或编辑器写入，两个命令均可读取：每一节为一个配置。`~/.jdc/current` 仅包含当前配置的名称；"
        .. "没有该文件时为 `default`；文件存在但无法读取时报错。`jdvm configure` 写入当前配置，除非用 `--profile` 指定其他配置。",
      "节名区分大小写，键名不区分。键与值之间为 `=` 或 `:`，`%%` 表示一个百分号；以 `#` 或 `;` 开头的行为注释。`[DEFAULT]` 节的值"
        .. "对其他各节生效。该文件应仅本人可读（`chmod 600`）。配置中不能保存会话令牌。无法读取的行，以及与键名相似但不是键名的名称"
        .. "（如 `region`），会通知 `logger`，并由 `jdvm doctor` 列出。",
    },
    key = "键",
    option = "选项",
    sentence = "%s：%s。",
    comma = "、",
    regions = "地域",
    regions_text = "目前已知的地域；其他地域同样可用。",
    access = "Access Key",
    secret = "Secret Key",
    token = "会话令牌",
    region = "地域",
    returns = "返回",
    on_failure = "失败时返回 `nil, message, detail`",
    absent = "任何字段都可能不存在；未列出的字段也会原样返回。",
  },
}

-- A page in one language.
local function writer(language)
  local lines, self = {}, { w = words[language], language = language }
  function self.add(line)
    if line ~= "" or lines[#lines] ~= "" then lines[#lines + 1] = line end
  end
  function self.text() return table.concat(lines, "\n") .. "\n" end
  function self.doc(entry) return language == "zh" and entry.doc_zh or entry.doc end
  -- `anchor` is a name to link to that is the same in both languages.
  function self.heading(level, title, anchor)
    self.add("")
    if anchor then self.add(('<a id="%s"></a>'):format(anchor)) end
    self.add(("#"):rep(level) .. " " .. title)
    self.add("")
  end
  function self.row(...)
    local cells = {}
    for i = 1, select("#", ...) do
      local cell = (select(i, ...))
      cells[i] = cell == nil and "" or tostring(cell):gsub("|", "\\|")
    end
    self.add("| " .. table.concat(cells, " | ") .. " |")
  end
  function self.header(...)
    self.row(...)
    self.add("|" .. (" --- |"):rep(select("#", ...)))
  end
  return self
end

local function code(value)
  if value == nil then return nil end
  return "`" .. tostring(value) .. "`"
end

-- What may be said about the values of an entry: the known ones, the heading above them, the range.
local function values_of(page, entry, may_be_open)
  local w, parts = page.w, {}
  local function add(what, text) parts[#parts + 1] = w.sentence:format(what, text) end
  if entry.values then
    local shown = {}
    for i, value in ipairs(entry.values) do
      shown[i] = code(value)
    end
    add((may_be_open or entry.open) and w.known or w.one_of, table.concat(shown, w.comma))
  end
  if entry.heading then add(w.heading, code(entry.heading)) end
  if entry.above then
    add(w.range, w.above:format(entry.above))
  elseif entry.min and entry.max and entry.max < 2147483647 then
    add(w.range, w.from_to:format(entry.min, entry.max))
  elseif entry.min then
    add(w.range, w.from:format(entry.min))
  end
  return table.concat(parts)
end

-- A type as code, its tables linked to where they are described.
local function linked(kind)
  if kind:find("^fun%(") then return code(kind) end
  local names, parts = {}, {}
  for name in kind:gmatch("[^|]+") do
    names[#names + 1] = name
  end
  for i, name in ipairs(names) do
    local class = name:match("^jdvm%.(%a+)") or models.by_name[name:match("^%a+")] and name:match("^%a+")
    parts[i] = class and class ~= "Client" and ("[%s](#%s)"):format(code(name), class:lower()) or code(name)
  end
  return table.concat(parts, " | ")
end

local function options_table(page, list, with_variables)
  local w = page.w
  if with_variables then
    page.header(w.name, w.type, w.default, w.variable, w.meaning)
  else
    page.header(w.name, w.type, w.default, w.meaning)
  end
  for _, option in ipairs(list) do
    local kind, meaning = code(option.class or option.type), page.doc(option) .. values_of(page, option)
    if with_variables then
      page.row(code(option.name), kind, code(option.default), code(option.env), meaning)
    else
      page.row(code(option.name), kind, code(option.default), meaning)
    end
  end
end

local function fields_table(page, fields, is_model)
  page.header(page.w.name, page.w.type, page.w.meaning)
  for _, field in ipairs(fields) do
    page.row(code(field.name), linked(field.type), page.doc(field) .. values_of(page, field, is_model))
  end
end

local function code_block(page, text)
  page.add("")
  page.add("```lua\n" .. text .. "```")
end

-- One function or method: its line, what it does, what it returns.
local function signature(page, prefix, entry)
  local names = {}
  for i, param in ipairs(entry.params) do
    names[i] = param[1] .. (param.optional and "?" or "")
  end
  page.heading(4, code(("%s%s(%s)"):format(prefix, entry.name, table.concat(names, ", "))))
  page.add(page.doc(entry))
  local lines = {}
  for _, param in ipairs(entry.params) do
    lines[#lines + 1] = ("- `%s`: %s"):format(param[1], linked(param[2]))
  end
  local returned = {}
  for _, value in ipairs(entry.returns) do
    returned[#returned + 1] = linked(value[1])
  end
  if entry.fails then returned[#returned + 1] = page.w.on_failure end
  if #returned > 0 then lines[#lines + 1] = ("- %s: %s"):format(page.w.returns, table.concat(returned, ", ")) end
  if #lines > 0 then page.add("") end
  for _, line in ipairs(lines) do
    page.add(line)
  end
  if examples.methods[prefix .. entry.name] then code_block(page, examples.methods[prefix .. entry.name]) end
end

local function operation_section(page, operation)
  local w = page.w
  page.heading(3, operation.name)
  page.add(page.doc(operation))
  page.add("")
  page.add(code(operation.method .. " " .. operation.path) .. ", " .. code("client:" .. operation.method_name))
  local params_type, result_type = api.type_names(operation)
  page.heading(4, w.parameters .. ": " .. operation.name, params_type:match("%a+$"):lower())
  if operation.page then
    page.add(('<a id="%s"></a>'):format(api.list_names(operation).params:match("%a+$"):lower()))
    page.add(w.list_parameters)
    page.add("")
  end
  page.header(w.name, w.type, w.default, w.meaning)
  for _, parameter in ipairs(operation.parameters) do
    local meaning = page.doc(parameter) .. values_of(page, parameter)
    if parameter.required and parameter.name ~= "regionId" then meaning = "**" .. w.required .. "** " .. meaning end
    page.row(code(parameter.name), code(parameter.type), code(parameter.default), meaning)
  end
  if operation.rules then
    page.add("")
    page.add(w.rules .. ":")
    page.add("")
    for _, rule in ipairs(operation.rules) do
      page.add("- " .. page.doc(rule))
    end
  end
  page.heading(4, w.result .. ": " .. operation.name, result_type:match("%a+$"):lower())
  fields_table(page, operation.result)
end

local function sources_section(page)
  local w = page.w
  page.heading(2, w.sources)
  page.add(w.sources_text[1])
  page.add("")
  page.add(w.sources_text[2])
  page.add("")
  page.header(w.access, w.secret, w.token, w.region)
  for _, group in ipairs(keychain.groups) do
    for _, names in ipairs(group.pairs) do
      page.row(code(names[1]), code(names[2]), code(group.token), code(group.region))
    end
  end
  page.add("")
  page.add(w.sources_text[3])
end

local PROFILE = [[
```ini
[default]
access_key = 0123456789ABCDEF0123456789ABCDEF
secret_key = FEDCBA9876543210FEDCBA9876543210
region_id = cn-north-1

[test]
access_key = ABCDEF0123456789ABCDEF0123456789
secret_key = 9876543210FEDCBA9876543210FEDCBA
region_id = cn-east-2
endpoint = 127.0.0.1:8080
scheme = http
```]]

local function file_section(page)
  local w = page.w
  page.heading(3, w.file, "profilefile")
  page.add(w.file_text[1])
  page.add("")
  page.add(PROFILE)
  page.add("")
  page.add(w.file_text[2])
  page.add("")
  page.header(w.key, w.option, w.meaning)
  for _, key in ipairs(described.profile) do
    page.row(code(key.name), code(key.option), page.doc(key))
  end
end

local function regions_section(page)
  page.heading(2, page.w.regions)
  page.add(page.w.regions_text)
  page.add("")
  page.header(page.w.name, page.w.meaning)
  for _, region in ipairs(operations.regions) do
    page.row(code(region.name), page.doc(region))
  end
end

local function failures_section(page)
  local w = page.w
  page.heading(2, w.failures)
  page.add(w.failures_text)
  page.heading(3, w.kinds)
  page.header(w.value, w.meaning)
  for _, kind in ipairs(failures.kinds) do
    page.row(code(kind.name), page.doc(kind))
  end
  page.heading(3, w.causes, "causes")
  page.add(w.causes_text)
  page.add("")
  page.header(w.value, w.meaning, w.hint)
  local causes = {}
  for cause in pairs(texts.causes) do
    causes[#causes + 1] = cause
  end
  table.sort(causes)
  for _, cause in ipairs(causes) do
    local entry = texts.causes[cause]
    page.row(code(cause), entry[page.language], entry[page.language == "zh" and "hint_zh" or "hint"] or "")
  end
  page.heading(3, w.codes, "codes")
  page.add(w.codes_text)
  page.add("")
  page.header(w.code, w.service_words, w.meaning)
  for _, entry in ipairs(failures.codes) do
    page.row(code(entry[1]), entry[2], entry[page.language])
  end
  page.heading(3, w.fields, "failure")
  page.add(w.optional)
  page.add("")
  fields_table(page, failures.fields)
end

local function testing_section(page)
  local text = examples.testing[page.language]
  page.heading(2, text.title, "testing")
  page.add(table.concat(text, "\n\n", 1, 3))
  code_block(page, examples.test)
  page.add("")
  page.add(table.concat(text, "\n\n", 4, 5))
  code_block(page, examples.recorded)
end

--- The page in a language.
---@param language "en"|"zh"
---@return string
return function(language)
  local page = writer(language)
  local w = page.w
  page.add("# " .. w.title)
  page.add("")
  page.add(w.made)

  page.heading(2, w.module)
  for _, entry in ipairs(api.functions) do
    signature(page, "", entry)
  end

  for _, value in ipairs(api.values) do
    page.heading(4, code(value.name))
    page.add(page.doc(value))
  end

  page.heading(2, w.client)
  page.heading(3, w.methods)
  for _, operation in ipairs(operations.list) do
    for _, entry in ipairs(api.methods(operation)) do
      signature(page, "client:", entry)
    end
  end
  for _, entry in ipairs(api.client) do
    signature(page, "client:", entry)
  end
  for _, object in ipairs(api.objects) do
    page.heading(3, object.name)
    page.add(page.doc(object))
    for _, entry in ipairs(object.methods) do
      signature(page, object.name:lower() .. ":", entry)
    end
  end
  page.heading(3, w.client_options, "clientoptions")
  options_table(page, options.client, true)
  page.heading(3, w.call_options, "calloptions")
  options_table(page, options.call)
  page.heading(3, w.list_options, "listoptions")
  page.add(w.also)
  page.add("")
  options_table(page, options.list)
  page.heading(3, w.latest_options, "latestoptions")
  page.add(w.also_lists)
  page.add("")
  options_table(page, options.latest)
  page.heading(3, w.wait_options, "waitoptions")
  options_table(page, options.wait)
  page.heading(3, w.decode_options, "decodeoptions")
  options_table(page, api.decode_options)
  page.heading(3, w.cache, "cacheoptions")
  signature(page, "", api.cache)
  page.add("")
  options_table(page, options.cache)
  page.heading(3, w.cached_options, "cachedoptions")
  options_table(page, options.cached)
  page.heading(3, w.redis, "redisoptions")
  signature(page, "", api.redis)
  page.add("")
  options_table(page, options.redis)
  for _, entry in ipairs(api.classes) do
    page.heading(3, entry.name)
    page.add(page.doc(entry))
    page.add("")
    fields_table(page, entry.fields)
  end

  page.heading(2, w.http)
  for _, paragraph in ipairs(w.http_text) do
    page.add(paragraph)
    page.add("")
  end
  for _, chapter in ipairs(loops) do
    for i, part in ipairs(chapter[language]) do
      if i == 1 then
        page.heading(2, part, chapter.anchor)
      else
        if type(part) == "table" then
          code_block(page, part[1] .. "\n")
        else
          page.add(part)
        end
        page.add("")
      end
    end
  end
  sources_section(page)
  file_section(page)
  regions_section(page)

  page.heading(2, w.operations)
  for _, operation in ipairs(operations.list) do
    operation_section(page, operation)
  end

  page.heading(2, w.models)
  page.add(w.absent)
  for _, model in ipairs(described.models) do
    page.heading(3, model.name)
    page.add(page.doc(model))
    page.add("")
    fields_table(page, model.fields, true)
  end

  failures_section(page)
  testing_section(page)
  return page.text()
end
