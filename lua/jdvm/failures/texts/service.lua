-- Texts of what the service, or something in front of it, returned. The service's own message is shown where there is
-- one; the sentence here says what it means. See failures/texts.lua.

return {
  -- Credentials and permissions.
  wrong_signature = {
    en = "the signature does not match",
    zh = "签名不一致",
    hint = "check the secret key (is it this access key's? are all its characters there, and no others?), this machine's clock, and proxies that rewrite requests",
    hint_zh = "请检查 Secret Key（是否与 Access Key 对应，是否有缺漏或多余字符）、本机时钟，以及改写请求的代理",
  },
  unknown_access_key = {
    en = "the access key is unknown",
    zh = "Access Key 不存在",
    hint = "the service does not know this access key: check it, and that it was not disabled or deleted",
    hint_zh = "服务端不认识该 Access Key：请检查其是否正确，是否已被禁用或删除",
  },
  unsigned = {
    en = "the request arrived without its signature",
    zh = "请求到达时没有签名",
    hint = "a proxy on the way may remove headers: check the proxy and the endpoint",
    hint_zh = "途中的代理可能删除了请求头：请检查代理与 endpoint",
  },
  unauthenticated = {
    en = "the service refused the credentials",
    zh = "服务端拒绝了密钥",
    hint = "check the access key and the secret key, the session token of temporary keys, and this machine's clock",
    hint_zh = "请检查 Access Key 与 Secret Key、临时密钥的会话令牌，以及本机时钟",
  },
  clock_behind = {
    en = "this machine's clock is behind the service's",
    zh = "本机时钟慢于服务端",
    hint = "this machine's clock is {seconds} s behind the service's: set it right (NTP)",
    hint_zh = "本机时钟比服务端慢 {seconds} 秒：请校准（NTP）",
  },
  clock_ahead = {
    en = "this machine's clock is ahead of the service's",
    zh = "本机时钟快于服务端",
    hint = "this machine's clock is {seconds} s ahead of the service's: set it right (NTP)",
    hint_zh = "本机时钟比服务端快 {seconds} 秒：请校准（NTP）",
  },
  nonce_used = {
    en = "the nonce was used before",
    zh = "nonce 已被使用",
    hint = "this request had arrived before: something on the way sends requests twice",
    hint_zh = "该请求此前已到达：途中有设备重复发送请求",
  },
  address_not_allowed = {
    en = "the account does not allow this IP address",
    zh = "账号不允许从该 IP 地址访问",
    hint = "the account restricts its keys to certain addresses: its administrator can add this one",
    hint_zh = "该账号的密钥只允许从特定地址使用：可由管理员添加本机地址",
  },
  not_authorized = {
    en = "the account's policies do not allow this",
    zh = "账号的策略不允许该操作",
    hint = "the account's IAM policies do not allow {action}; its administrator can grant it",
    hint_zh = "账号的 IAM 策略不允许 {action}；可由管理员授权",
  },
  forbidden = { en = "the service refused the request", zh = "服务端拒绝了请求" },
  -- What does not exist.
  no_route = {
    en = "the service does not know this path: the region or the endpoint is wrong",
    zh = "服务端没有该路径：地域或 endpoint 有误",
    hint = "check [the region {region}[ (did you mean {meant_region}?)] and ]the endpoint",
    hint_zh = "请检查[地域 {region}[（是否应为 {meant_region}？）]与] endpoint",
  },
  not_found = {
    en = "the image does not exist",
    zh = "镜像不存在",
    hint = "an image exists in one region only[ (asked in {region})], and sub-accounts see only what they may use",
    hint_zh = "镜像只存在于一个地域[（本次查询 {region}）]，子账号只能看到有权使用的镜像",
  },
  -- Parameters.
  image_source_missing = {
    en = "imageSource is missing",
    zh = "缺少 imageSource",
    hint = "give imageSource (public, thirdparty, private, shared or community) or ids",
    hint_zh = "请指定 imageSource（public、thirdparty、private、shared 或 community）或 ids",
    command = "give --source (public, thirdparty, private, shared or community) or --id",
    command_zh = "请指定 --source（public、thirdparty、private、shared 或 community）或 --id",
  },
  wrong_page_size = {
    en = "pageSize is out of range",
    zh = "pageSize 超出范围",
    hint = "give a pageSize from 10 to 100",
    hint_zh = "pageSize 取值范围为 10 至 100",
    command = "give a --page-size from 10 to 100",
    command_zh = "--page-size 取值范围为 10 至 100",
  },
  image_busy = {
    en = "another task is working on the image",
    zh = "镜像正被其他任务占用",
    hint = "another task is working on the image: try again later",
    hint_zh = "镜像正被其他任务占用；请稍后重试",
  },
  uri_too_long = {
    en = "the request line is too long",
    zh = "请求行过长",
    hint = "give fewer ids at a time; the iterators split long lists themselves",
    hint_zh = "请减少每次的 ids 数量；迭代器会自动拆分",
    command = "give fewer ids at a time",
    command_zh = "请减少每次的 ID 数量",
  },
  rejected = { en = "the service rejected the request", zh = "服务端未接受请求" },
  -- Limits, and trouble of the service.
  quota_exceeded = {
    en = "a quota of the account is used up",
    zh = "账号的配额已用完",
    hint = "ask for a larger quota; waiting does not help, so this is not retried",
    hint_zh = "请申请提高配额；等待无济于事，因此不会重试",
  },
  throttled = {
    en = "the service throttles the account",
    zh = "服务端限流",
    hint = "the service allows an account about 1000 calls a minute: raise page_size, lower prefetch, or cache the responses",
    hint_zh = "每个账号每分钟约可调用 1000 次：请增大 page_size、减小 prefetch，或缓存响应",
  },
  retries_spent = {
    en = "too many calls of this client failed recently",
    zh = "该客户端近期失败过多",
    hint = "too many calls of this client failed recently, so this one was not retried",
    hint_zh = "该客户端近期失败过多，因此本次未重试",
  },
  service_error = { en = "the service failed", zh = "服务端出错" },
  -- What is not the service's.
  proxy_login_required = {
    en = "a proxy requires a user name and a password",
    zh = "代理要求用户名和密码",
    hint = "the proxy requires a user name and a password: give them in the proxy option",
    hint_zh = "代理要求用户名和密码：请写入 proxy 选项",
    command = "the proxy requires a user name and a password: give them in its address (environment variable https_proxy)",
    command_zh = "代理要求用户名和密码：请写入代理地址（环境变量 https_proxy）",
  },
  redirect = {
    en = "the response is a redirect",
    zh = "响应为重定向",
    hint = "redirects are not followed, since that would send the signature elsewhere: check the endpoint",
    hint_zh = "不跟随重定向，以免签名被带往他处；请检查 endpoint",
  },
  plain_http = {
    en = "the port speaks TLS",
    zh = "该端口使用 TLS",
    hint = "write https:// in the endpoint",
    hint_zh = "endpoint 应以 https:// 开头",
  },
  gateway_error = {
    en = "a gateway or a proxy on the way failed",
    zh = "途中的网关或代理出错",
    hint = "this came from a gateway or a proxy on the way, not from the service: try again later; if it persists, check the endpoint and the proxy",
    hint_zh = "这来自途中的网关或代理，而非该服务：请稍后重试；若持续出现，请检查 endpoint 与代理",
  },
  foreign_response = {
    en = "the response is not the service's",
    zh = "响应并非来自该服务",
    hint = "this does not look like the service: check the endpoint and the proxy",
    hint_zh = "这不像是该服务：请检查 endpoint 与代理",
  },
  not_json = {
    en = "the response is not JSON",
    zh = "响应不是 JSON",
    hint = "this does not look like the service: check the endpoint and the proxy",
    hint_zh = "这不像是该服务：请检查 endpoint 与代理",
  },
  not_utf8 = {
    en = "the response is not UTF-8",
    zh = "响应不是 UTF-8",
    hint = 'give the option utf8 = "replace" to read it with U+FFFD in place of invalid bytes',
    hint_zh = '可指定选项 utf8 = "replace"，以 U+FFFD 替换无效字节',
  },
  incomplete = {
    en = "the response broke off",
    zh = "响应中断",
    hint = "try again; if it persists, check the proxy",
    hint_zh = "请重试；若持续出现，请检查代理",
  },
  wrong_shape = {
    en = "the response lacks required content",
    zh = "响应缺少必需内容",
    hint = "this does not look like the service: check the endpoint and the proxy",
    hint_zh = "这不像是该服务：请检查 endpoint 与代理",
  },
  -- Lists and waits.
  contradiction = { en = "the pages of a list contradict each other", zh = "列表各页相互矛盾" },
  no_match = {
    en = "no image matches; {count} were listed",
    zh = "没有符合条件的镜像；共列出 {count} 个",
    hint = "check the filters, match and the region; sub-accounts see only what they may use",
    hint_zh = "请检查过滤条件、match 与地域；子账号只能看到有权使用的镜像",
  },
  cannot_become = {
    en = "image {id}[ in {region}] is {state}, so it cannot become {wanted}",
    zh = "[{region} 的]镜像 {id} 处于 {state} 状态，无法变为 {wanted}",
  },
  absent = {
    en = "image {id}[ in {region}] does not exist",
    zh = "[{region} 中]不存在镜像 {id}",
    hint = "an image exists in one region only[ (asked in {region})], and sub-accounts see only what they may use",
    hint_zh = "镜像只存在于一个地域[（本次查询 {region}）]，子账号只能看到有权使用的镜像",
  },
  gone = { en = "image {id}[ in {region}] does not exist any more", zh = "[{region} 的]镜像 {id} 已不存在" },
  still_waiting = {
    en = "image {id}[ in {region}] is {state} after {seconds} s, not {wanted}",
    zh = "{seconds} 秒后，[{region} 的]镜像 {id} 处于 {state} 状态，而非 {wanted}",
  },
  not_seen = {
    en = "image {id}[ in {region}] was not seen after {seconds} s, not {wanted}",
    zh = "{seconds} 秒内未见到[ {region} 的]镜像 {id} 变为 {wanted}",
    hint = "an image exists in one region only[ (asked in {region})], and sub-accounts see only what they may use",
    hint_zh = "镜像只存在于一个地域[（本次查询 {region}）]，子账号只能看到有权使用的镜像",
  },
}
