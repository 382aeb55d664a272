---@meta jdvm

-- Made by `make docs` from the tables of lua/jdvm and docs/lib: change those, not this file. It is never
-- loaded; editors read it.
-- luacheck: ignore, no max line length

---An image: the template of a VM's system disk and, where it has any, data disks. 镜像：云主机系统盘（以及可能附带的数据盘）的模板。
---@class jdvm.Image
---@field imageId? string Id of the image. 镜像 ID。
---@field name? string Display name; official names hold Chinese, blanks and dots. 镜像名称；官方镜像的名称可包含中文、空格和点。
---@field platform? "Ubuntu"|"CentOS"|"Windows Server"|"Other Linux"|"Other Windows"|string Distribution. 操作系统发行版。
---@field osVersion? string Version of the operating system, such as 7.6. 操作系统版本，例如 7.6。
---@field architecture? "x86_64"|"arm64"|"i386"|string Processor architecture. 处理器架构。
---@field systemDiskSizeGB? integer Size of the system disk in GB. 系统盘大小，单位 GB。
---@field imageSource? "public"|"thirdparty"|"private"|"shared"|"community"|string Where the image comes from. Older pages of the service say jcloud, marketplace, self and shared (share for describeImage) for public, thirdparty, private and shared. 镜像来源。服务端旧版文档使用 jcloud、marketplace、self、shared（describeImage 中为 share），分别对应 public、thirdparty、private、shared。
---@field osType? "linux"|"windows"|string Family of the operating system. 操作系统类型。
---@field status? "pending"|"ready"|"deleting"|"error"|string Status: pending while the image is being created, ready when it can be used, deleting, error when the image or its snapshot is broken. 状态：pending 创建中，ready 可用，deleting 删除中，error 镜像或其快照已损坏。
---@field createTime? string Creation time, as YYYY-MM-DD HH:MM:SS; the service states no time zone. 创建时间，格式 YYYY-MM-DD HH:MM:SS；服务端未说明时区。
---@field sizeMB? integer Actual size of the image file in MB; may be 0. 镜像文件的实际大小，单位 MB，可能为 0。
---@field desc? string Description; may be empty. 描述，可能为空。
---@field ownerPin? string Account (pin) of the owner; admin for official images. 镜像所有者的账号（pin）；官方镜像为 admin。
---@field loginName? string Login name of the owner. 镜像所有者的登录名。
---@field launchPermission? "all"|"specifiedUsers"|"ownerOnly"|string Who may use it: all, the accounts it was shared with, or only its owner. 使用权限：所有人、被共享的指定用户或仅所有者。
---@field systemDisk? jdvm.InstanceDiskAttachment The system disk a VM gets from this image. 由该镜像创建的系统盘配置。
---@field dataDisks? jdvm.InstanceDiskAttachment[] The data disks a VM gets; absent when there are none. 由该镜像创建的数据盘配置；没有数据盘时不返回。
---@field snapshotId? string Snapshot of the cloud system disk; empty for images with a local one. 云硬盘系统盘所用的快照 ID；本地盘系统盘的镜像为空。
---@field rootDeviceType? "localDisk"|"cloudDisk"|string Kind of the system disk. 系统盘类型。
---@field progress? string Progress of a copy or conversion in percent, as a string. 复制或转换的进度百分比，以字符串表示的数字。
---@field offline? boolean Whether the image was withdrawn; official and marketplace images only. Absent means false. 镜像是否已下线，仅官方镜像和云市场镜像返回；不返回表示未下线。
---@field serviceCode? string Billing code of a marketplace image; deprecated, see chargeInfo. 云市场镜像的计费编码；已弃用，请使用 chargeInfo。
---@field imported? boolean Whether the image came from an import. 是否为导入的镜像。
---@field expiredTime? string Expiry time; empty means never. 有效期截止时间；为空表示长期有效。
---@field instanceId? string The VM the image was created from. 制作该镜像的源云主机 ID。
---@field bootMode? "bios"|"uefi"|string Boot mode; absent means bios. 启动方式；不返回表示 bios。
---@field uefiSupport? boolean Whether it can boot by UEFI. 是否支持 UEFI 启动。
---@field chargeInfo? jdvm.ImageChargeInfo How the use of the image is billed. 镜像的计费信息。
---@field regionId? string Of lists over regions: where it is. 仅多地域列表：所在地域。

---A disk as the image describes it: local or cloud. 镜像中的磁盘配置：本地盘或云硬盘。
---@class jdvm.InstanceDiskAttachment
---@field diskCategory? "local"|"cloud"|string Which of localDisk and cloudDisk describes the disk. That of a system disk matches the rootDeviceType of the image: local with localDisk, cloud with cloudDisk. 磁盘分类，决定由 localDisk 还是 cloudDisk 描述。系统盘的分类与镜像的 rootDeviceType 一致：local 对应 localDisk，cloud 对应 cloudDisk。
---@field autoDelete? boolean Whether the disk is deleted together with the VM; true by default. It is fixed for local disks and has no effect for prepaid disks and for data disks attached to several VMs. 是否随云主机一起删除，默认为 true。本地盘不能更改此值；对包年包月的云硬盘和共享型（多点挂载）数据盘不生效。
---@field localDisk? jdvm.LocalDisk The local disk. 本地盘。
---@field cloudDisk? jdvm.Disk The cloud disk. 云硬盘。
---@field deviceName? string Device name in the VM: vda for the system disk, vdb and up for data disks. 设备名：系统盘为 vda，数据盘从 vdb 起。
---@field status? "attaching"|"attached"|"detaching"|"detached"|"error_attach"|"error_detach"|string State of the attachment. 挂载状态。

---A disk of the host. 宿主机本地盘。
---@class jdvm.LocalDisk
---@field diskType? "ssd"|"premium-hdd"|"hdd"|"nvme ssd"|"hdd.std1"|"ssd.gp1"|"ssd.io1"|string Kind of disk; not given for a local system disk. 磁盘类型；本地系统盘不返回。
---@field diskSizeGB? integer Size in GB. 磁盘大小，单位 GB。

---A cloud disk. In images the service gives only its type, size, speed, snapshot and encryption. 云硬盘。在镜像中，服务端仅返回类型、大小、性能、快照与加密信息。
---@class jdvm.Disk
---@field diskId? string Id of the disk. 云硬盘 ID。
---@field az? string Availability zone. 可用区。
---@field name? string Name. 名称。
---@field description? string Description. 描述。
---@field diskType? "ssd"|"premium-hdd"|"ssd.gp1"|"ssd.io1"|"hdd.std1"|string Kind of disk; ssd and premium-hdd are no longer sold. 云硬盘类型；ssd 与 premium-hdd 已停售。
---@field diskSizeGB? integer Size in GiB. 大小，单位 GiB。
---@field iops? integer I/O operations per second. 每秒读写次数（IOPS）。
---@field throughput? integer Throughput; the service states no unit. 吞吐量；服务端文档未说明单位。
---@field status? "creating"|"available"|"in-use"|"extending"|"restoring"|"deleting"|"deleted"|"error_create"|"error_delete"|"error_restore"|"error_extend"|"in-recyclebin"|string State of the disk. 云硬盘状态。
---@field attachments? jdvm.DiskAttachment[] Where the disk is attached. 挂载信息。
---@field snapshotId? string Snapshot the disk is created from. 创建该云硬盘所用的快照 ID。
---@field multiAttachable? boolean Whether it can be attached to several VMs. 是否支持多点挂载。
---@field encrypted? boolean Whether it is encrypted. 是否加密。
---@field encrypt? boolean The same as encrypted; the service's samples carry both. 含义同 encrypted；官方示例同时返回两者。
---@field enabled? boolean In the service's words "whether the disk is paused (IOPS limited to very few)". That reads as the opposite of the name, and no source says which of the two holds: do not rely on it. 服务端文档的说明是“云盘是否被暂停（IOPS限制为极低）”，与字段名的字面含义相反，且没有资料说明以何者为准，请勿依赖该字段。
---@field createTime? string Creation time. 创建时间。
---@field charge? jdvm.Charge How it is billed. 计费信息。
---@field tags? jdvm.Tag[] Tags. 标签。
---@field snapshotPolicies? jdvm.SnapshotPolicy[] Snapshot policies bound to the disk. 绑定的自动快照策略。
---@field resourceGroupId? string Resource group. 资源组 ID。
---@field canPutInRecycleBin? boolean Whether deletion may go through the recycle bin. 删除时是否可放入回收站。
---@field trashTime? string When it was put into the recycle bin. 放入回收站的时间。

---One place where a cloud disk is attached. 云硬盘的一处挂载。
---@class jdvm.DiskAttachment
---@field attachmentId? string Id of the attachment. 挂载 ID。
---@field diskId? string Id of the disk. 云硬盘 ID。
---@field instanceType? "vm"|"nc"|string Kind of instance: a VM or a container. 实例类型：云主机或容器。
---@field instanceId? string Id of the instance. 实例 ID。
---@field status? "attaching"|"attached"|"detaching"|"detached"|string State of the attachment. 挂载状态。
---@field attachTime? string When it was attached. 挂载时间。

---How a resource is billed. Times are UTC, YYYY-MM-DDTHH:MM:SSZ. 资源的计费信息。时间为 UTC，格式 YYYY-MM-DDTHH:MM:SSZ。
---@class jdvm.Charge
---@field chargeMode? "prepaid_by_duration"|"postpaid_by_duration"|"postpaid_by_usage"|string Prepaid (prepaid_by_duration), or paid afterwards by configuration (postpaid_by_duration, the default) or by use (postpaid_by_usage). 计费方式：prepaid_by_duration 包年包月，postpaid_by_duration 按配置（默认），postpaid_by_usage 按用量。
---@field chargeStatus? "normal"|"overdue"|"arrear"|string State of the payment: normal, overdue (the paid time is over), arrear (the account owes money). 费用状态：normal 正常，overdue 已到期，arrear 欠费。
---@field chargeStartTime? string When billing began. 计费开始时间。
---@field chargeExpiredTime? string When the paid time ends; empty when paid afterwards. 到期时间；后付费资源为空。
---@field chargeRetireTime? string When the resource is released because charges are unpaid. 资源预计释放时间。

---A tag. 标签。
---@class jdvm.Tag
---@field key? string Key. 标签键。
---@field value? string Value. 标签值。

---How the use of an image is billed. 镜像的计费信息。
---@class jdvm.ImageChargeInfo
---@field serviceCode? string Billing code. 计费编码。
---@field formula? string[] Terms of the price formula. 计费公式各项。

---A policy that takes snapshots of a disk. Times carry their zone: 2020-02-02T20:02:00+08:00. 自动快照策略。时间带时区，例如 2020-02-02T20:02:00+08:00。
---@class jdvm.SnapshotPolicy
---@field id? string Id of the policy. 策略 ID。
---@field name? string Name. 策略名称。
---@field pin? string Account (pin) of its owner. 策略所有者的账号（pin）。
---@field interval? integer Seconds between two runs. 执行间隔，单位秒。
---@field effectiveTime? string When it takes effect. 生效时间。
---@field lastTriggerTime? string Time of the last run. 上次执行时间。
---@field nextTriggerTime? string Time of the next run. 下次执行时间。
---@field createTime? string Creation time. 创建时间。
---@field updateTime? string Time of the last change. 更新时间。
---@field snapshotLifecycle? integer How long a snapshot is kept, in seconds; 0 means forever. 快照保留时间，单位秒；0 表示永久保留。
---@field contactInfo? jdvm.SnapshotPolicyContactInfo Who is notified when it fails. 执行失败时的通知对象。
---@field status? integer 1 on, 2 off. 1 启用，2 禁用。
---@field diskCount? integer Number of disks bound to it. 绑定的云硬盘数量。

---Who is notified when a snapshot policy fails. 自动快照策略的通知对象。
---@class jdvm.SnapshotPolicyContactInfo
---@field sms? integer Notification by text message: 1 yes, 0 no. 是否短信通知：1 是，0 否。
---@field email? integer Notification by email: 1 yes, 0 no. 是否邮件通知：1 是，0 否。
---@field personIds? integer[] Ids of the contacts. 联系人 ID。
---@field groupIds? integer[] Ids of the contact groups. 联系人组 ID。

---Parameters of describeImages.
---@class jdvm.DescribeImagesParams
---@field regionId? "cn-north-1"|"cn-east-1"|"cn-east-2"|"cn-south-1"|string Region; defaults to that of the client. 地域 ID；不填时使用客户端的地域。
---@field imageSource? "public"|"thirdparty"|"private"|"shared"|"community" Where the images come from: public (official), thirdparty (marketplace), private (your own), shared (shared with you), community. Required unless ids is given. 镜像来源：public 官方，thirdparty 云市场，private 私有，shared 共享，community 社区。未指定 ids 时必填。
---@field ids? string[] Ids of the images wanted. Cannot be combined with filters. 要查询的镜像 ID 列表，不能与过滤条件同时使用。
---@field offline? boolean Whether to list withdrawn images; only with imageSource public or thirdparty. The service's default is false. 是否查询已下线镜像，仅可与 imageSource 为 public 或 thirdparty 同用；服务端默认为 false。
---@field platform? "Ubuntu"|"CentOS"|"Windows Server"|"Other Linux"|"Other Windows"|string Distribution; empty means any. 操作系统发行版；为空表示不限。
---@field rootDeviceType? "localDisk"|"cloudDisk" Kind of the system disk. 系统盘类型：localDisk 本地盘，cloudDisk 云硬盘。
---@field launchPermission? "all"|"specifiedUsers"|"ownerOnly" Who may use the image; only with imageSource private. Empty means any. 使用权限，仅可与 imageSource 为 private 同用；为空表示不限。
---@field status? "pending"|"ready"|"deleting"|"error"|string Status of the images. 镜像状态：pending 创建中，ready 可用，deleting 删除中，error 错误。
---@field pageNumber? integer Page number. 页码。
---@field pageSize? integer Number of images per page. 每页数量。
---@field imageName? string Part of the image's name. 镜像名称，支持模糊匹配。
---@field serviceCode? string Billing code of a marketplace image; deprecated. 云市场镜像的计费编码；已弃用。
---@field architecture? "x86_64"|"arm64"|"i386"|string Processor architecture. 处理器架构。
---@field instanceIds? string[] Ids of VMs: only images created from them are returned. 源云主机 ID 列表：仅返回由这些云主机制作的镜像。
---@field bootMode? "bios"|"uefi" Boot mode. 启动方式。

---Parameters of the lists over describeImages: an array means any of its values.
---@class jdvm.ListImagesParams
---@field regionId? "cn-north-1"|"cn-east-1"|"cn-east-2"|"cn-south-1"|string Region; defaults to that of the client. 地域 ID；不填时使用客户端的地域。
---@field imageSource? "public"|"thirdparty"|"private"|"shared"|"community"|("public"|"thirdparty"|"private"|"shared"|"community")[] Where the images come from: public (official), thirdparty (marketplace), private (your own), shared (shared with you), community. Required unless ids is given. 镜像来源：public 官方，thirdparty 云市场，private 私有，shared 共享，community 社区。未指定 ids 时必填。
---@field ids? string[] Ids of the images wanted. Cannot be combined with filters. 要查询的镜像 ID 列表，不能与过滤条件同时使用。
---@field offline? boolean Whether to list withdrawn images; only with imageSource public or thirdparty. The service's default is false. 是否查询已下线镜像，仅可与 imageSource 为 public 或 thirdparty 同用；服务端默认为 false。
---@field platform? "Ubuntu"|"CentOS"|"Windows Server"|"Other Linux"|"Other Windows"|string|("Ubuntu"|"CentOS"|"Windows Server"|"Other Linux"|"Other Windows"|string)[] Distribution; empty means any. 操作系统发行版；为空表示不限。
---@field rootDeviceType? "localDisk"|"cloudDisk"|("localDisk"|"cloudDisk")[] Kind of the system disk. 系统盘类型：localDisk 本地盘，cloudDisk 云硬盘。
---@field launchPermission? "all"|"specifiedUsers"|"ownerOnly"|("all"|"specifiedUsers"|"ownerOnly")[] Who may use the image; only with imageSource private. Empty means any. 使用权限，仅可与 imageSource 为 private 同用；为空表示不限。
---@field status? "pending"|"ready"|"deleting"|"error"|string|("pending"|"ready"|"deleting"|"error"|string)[] Status of the images. 镜像状态：pending 创建中，ready 可用，deleting 删除中，error 错误。
---@field imageName? string|string[] Part of the image's name. 镜像名称，支持模糊匹配。
---@field serviceCode? string|string[] Billing code of a marketplace image; deprecated. 云市场镜像的计费编码；已弃用。
---@field architecture? "x86_64"|"arm64"|"i386"|string|("x86_64"|"arm64"|"i386"|string)[] Processor architecture. 处理器架构。
---@field instanceIds? string[] Ids of VMs: only images created from them are returned. 源云主机 ID 列表：仅返回由这些云主机制作的镜像。
---@field bootMode? "bios"|"uefi"|("bios"|"uefi")[] Boot mode. 启动方式。

---Result of describeImages.
---@class jdvm.DescribeImagesResult
---@field images jdvm.Image[] The images of the page. 本页镜像列表。
---@field totalCount? integer Number of images that match, on all pages. 符合条件的镜像总数（所有页）。

---Parameters of describeImage.
---@class jdvm.DescribeImageParams
---@field regionId? "cn-north-1"|"cn-east-1"|"cn-east-2"|"cn-south-1"|string Region; defaults to that of the client. 地域 ID；不填时使用客户端的地域。
---@field imageId? string Id of the image. 镜像 ID。

---Result of describeImage.
---@class jdvm.DescribeImageResult
---@field image jdvm.Image The image. 镜像详情。

---Options of jdvm.new.
---@class jdvm.ClientOptions
---@field region? string Region for calls that do not name one. 未在参数中指定 regionId 时使用的地域。
---@field access_key? string Access key; needs secret_key. Access Key，需与 secret_key 同时指定。
---@field secret_key? string Secret key. Secret Key。
---@field session_token? string Token of temporary keys (STS). 临时密钥（STS）的会话令牌。
---@field credentials? string|(fun(context: jdvm.KeyContext): jdvm.Keys|nil, string|nil) A function that returns the keys, or the name of a source: environment, profile. 返回密钥的函数，或密钥来源的名称：environment、profile。
---@field profile? string Profile of ~/.jdc/config whose keys and region to use; the keys of the environment are then ignored. 使用 ~/.jdc/config 中的该配置；指定后不再使用环境变量中的密钥。
---@field endpoint? string Address of the service. 服务地址。
---@field timeout? number Seconds for a whole call: its attempts, the delays between them, its pages. 一次调用的总时限（秒），包含重试、等待与翻页。
---@field connect_timeout? number Maximum time to connect, in seconds. 建立连接的时限（秒）。
---@field read_timeout? number Maximum silence, in seconds, while reading a response. 读取响应时允许的最长静默时间（秒）。
---@field max_attempts? integer Maximum number of attempts of a request; 0 and 1 mean no retry. 单个请求的最大尝试次数（含首次）；0 或 1 表示不重试。
---@field transport? "auto"|"curl"|"ngx"|table|(fun(request: jdvm.TransportRequest): jdvm.TransportResponse|nil, string|nil) How requests are sent: auto chooses cosockets inside nginx and libcurl elsewhere; or your own (see TransportRequest). 传输方式：auto 在 nginx 中使用 cosocket，其他环境使用 libcurl；也可自行提供（见 TransportRequest）。
---@field blocking? boolean Allow libcurl, which blocks, in nginx's init phase. 允许在 nginx 的 init 阶段使用会阻塞的 libcurl。
---@field wait? fun(sockets: jdvm.Socket[], seconds: number) For event loops: called with sockets and seconds, it returns when one of the sockets is ready or the time is over, and may yield (see [Event loops](#eventloops)). 用于事件循环：以套接字和秒数调用，在某个套接字就绪或时间到时返回，其间可以 yield（见[事件循环](#eventloops)）。
---@field ca_file? string File of certificates to trust (PEM); `~/` at its start is the home folder. 受信任证书文件（PEM）；开头的 `~/` 表示用户主目录。
---@field ca_path? string Folder of certificates to trust. 受信任证书目录。
---@field proxy? string Proxy, such as http://user:password@host:3128; empty means none. Left out, libcurl goes by https_proxy, http_proxy, all_proxy and no_proxy of the environment. In nginx, only http:// proxies are supported. 代理地址，例如 http://user:password@host:3128；空字符串表示不使用代理。不填时 libcurl 依据环境变量 https_proxy、http_proxy、all_proxy 与 no_proxy。在 nginx 中仅支持 http:// 代理。
---@field no_proxy? string Hosts reached without the proxy, separated by commas: names (with everything below them), addresses, networks (10.0.0.0/8), each with or without a port, or *. The same in libcurl and nginx. 不经代理访问的主机，以逗号分隔：域名（含其下所有子域名）、IP 地址、网段（10.0.0.0/8），均可带端口；* 表示所有主机。libcurl 与 nginx 中含义相同。
---@field proxy_ca_file? string File of certificates (PEM) to trust for an https:// proxy; default: those of ca_file and ca_path, besides the system's. https:// 代理的受信任证书文件（PEM）。不填时除系统证书外，还信任 ca_file 与 ca_path 中的证书。
---@field verify? boolean Check the certificate and the name of the server, and of an https:// proxy. 校验服务器以及 https:// 代理的证书与域名。
---@field user_agent? string Put before the library's own User-Agent. 附加在 User-Agent 前的文字。
---@field max_body? integer Maximum size of a response body, in bytes. 响应正文的最大字节数。
---@field http2? boolean Use HTTP/2 where the server offers it (libcurl). 服务器支持时使用 HTTP/2（libcurl）。
---@field max_connections? integer Maximum number of connections at a time in one process (in each nginx worker); further requests wait. In nginx, clients with the same endpoint, proxy and limit share it, and connect_timeout bounds the wait. 单个进程（每个 nginx worker）中的最大并发连接数；超出的请求将排队。在 nginx 中，endpoint、代理和上限都相同的客户端共用该上限，排队时间受 connect_timeout 限制。
---@field algorithm? "JDCLOUD2-HMAC-SHA256"|"JDCLOUD3-HMAC-SHA256" How requests are signed. 签名算法。
---@field token_encoding? "base64"|"raw" How the session token is sent. 会话令牌的传输编码。
---@field null? "drop"|"keep" JSON null in an object: drop leaves the key out, keep gives jdvm.null. 对象中的 JSON null：drop 省略该键，keep 返回 jdvm.null。
---@field utf8? "strict"|"replace" Bytes that are not UTF-8: strict rejects the response, replace puts U+FFFD in their place. 非 UTF-8 字节：strict 报错，replace 以 U+FFFD 替换。
---@field array_mt? table|false Metatable of empty arrays, false for none; default: that of lua-cjson if the program has loaded one, so that it encodes them as arrays. 空数组的元表，false 表示不设置；默认使用程序已加载的 lua-cjson 的元表，以便编码为数组。
---@field page_size? integer Images per page in lists. 列表每页请求的镜像数量。
---@field prefetch? integer Pages in flight ahead of the reader of a list, at most max_connections; 0 means none. 预取的页数，不超过 max_connections；0 表示不预取。
---@field logger? fun(event: jdvm.Event) Called with each event worth logging; print will do. 日志回调函数，可直接使用 print。
---@field on_attempt? fun(event: jdvm.Event) Called after each attempt. Errors raised by it, as by on_call, are ignored and reported to logger. 每次尝试结束后的回调。回调（含 on_call）中的错误不影响结果，只会通知 logger。
---@field on_call? fun(event: jdvm.CallEvent) Called after each call. 每次调用结束后的回调。
---@field on_wait? fun() Called about ten times a second while libcurl waits for a response, or before a retry: for a sign of progress. An error raised by it ends the call. libcurl 等待响应或重试前等待期间，约每秒调用十次的回调，可用于显示进度；其中抛出的错误会结束调用。
---@field clock? fun(): number Returns the time in seconds since 1970; for tests. 返回自 1970 年起的秒数，用于测试。

---Options of every call.
---@class jdvm.CallOptions
---@field timeout? number Seconds for the whole call; default: the client's. 本次调用的总时限（秒）；默认取客户端设置。
---@field connect_timeout? number Maximum time to connect, in seconds. 建立连接的时限（秒）。
---@field read_timeout? number Maximum silence, in seconds, while reading a response. 读取响应时允许的最长静默时间（秒）。
---@field max_attempts? integer Maximum number of attempts of a request. 单个请求的最大尝试次数（含首次）。
---@field fields? string[] Only these fields of the images are read, such as imageId or systemDisk.cloudDisk.diskSizeGB: faster. 仅解析镜像的这些字段，例如 imageId、systemDisk.cloudDisk.diskSizeGB，可加快速度。
---@field source? string Key under which each image also gets its own JSON text; of the image itself only fields are read. 每个镜像额外在该键下保存 JSON 原文；镜像本身仅解析 fields 中的字段。
---@field null? "drop"|"keep" JSON null in an object: left out, or jdvm.null. 对象中的 JSON null：省略或返回 jdvm.null。
---@field utf8? "strict"|"replace" Bytes that are not UTF-8: refused or replaced. 非 UTF-8 字节：报错或替换。

---Options of lists.
---@class jdvm.ListOptions: jdvm.CallOptions
---@field page_size? integer Images per page; default: the client's. 每页请求的镜像数量；默认取客户端设置。
---@field max_items? integer Maximum number of images to return. 最多返回的镜像数量。
---@field prefetch? integer Pages in flight ahead of the reader; 0 means none; default: the client's. 预取的页数；0 表示不预取；默认取客户端设置。
---@field start? string Resume token of an earlier list with the same filters. 此前相同条件列表的续读标记。
---@field regions? "all"|string[] Regions to list, or "all" for the known ones: read side by side, and each image has regionId. Failures name the region. 要查询的地域，"all" 表示所有已知地域：并行读取，每个镜像带有 regionId；失败信息会指明地域。
---@field consistency? "eventual"|"stable" stable misses no image even if one is deleted while another is created; its pages overlap. stable 读取相互重叠的页，即使恰好删除一个又新增一个镜像也不会遗漏。

---Options of latest_image.
---@class jdvm.LatestOptions: jdvm.ListOptions
---@field match? string|fun(image: jdvm.Image): any Which images count: a Lua pattern of the name, or a function that gets an image and returns whether it does. 参与比较的镜像：用于匹配名称的 Lua 模式，或接收镜像并返回是否符合的函数。

---Options of wait_image.
---@class jdvm.WaitOptions
---@field region? string Region of the images; default: the client's. 镜像所在地域；默认取客户端设置。
---@field timeout? number Seconds to wait; one poll takes at most the client's timeout. 等待的总时限（秒）；单次轮询不超过客户端的 timeout。
---@field status? "ready"|"pending"|"deleting"|"error"|"gone" State to wait for; gone waits until the image does not exist any more, and returns it as it was last. 等待的目标状态；gone 表示等到镜像不再存在，返回最后一次看到的镜像。
---@field interval? number Seconds between the first two polls. 首次轮询间隔（秒）。
---@field max_interval? number Longest time between two polls in seconds. 最大轮询间隔（秒）。
---@field not_found_grace? number Seconds in which an image may not be found yet. 允许暂时查不到镜像的时间（秒）。
---@field on_progress? fun(progress: jdvm.Progress) Called after each poll. Errors raised by it are ignored and reported to logger. 每次轮询后的回调；其中的错误不影响结果，只会通知 logger。
---@field connect_timeout? number Maximum time to connect, in seconds. 建立连接的时限（秒）。
---@field read_timeout? number Maximum silence, in seconds, while reading a response. 读取响应时允许的最长静默时间（秒）。
---@field max_attempts? integer Maximum number of attempts of a request. 单个请求的最大尝试次数（含首次）。
---@field null? "drop"|"keep" JSON null in an object: left out, or jdvm.null. 对象中的 JSON null：省略或返回 jdvm.null。
---@field utf8? "strict"|"replace" Bytes that are not UTF-8: refused or replaced. 非 UTF-8 字节：报错或替换。

---Options of jdvm.decode.
---@class jdvm.DecodeOptions
---@field null? "drop"|"keep" null in an object: left out, or jdvm.null. In arrays it is always jdvm.null. 对象中的 null：省略或返回 jdvm.null；数组中总是 jdvm.null。
---@field utf8? "strict"|"replace" Bytes that are not UTF-8: refused, or U+FFFD. 非 UTF-8 字节：报错或替换为 U+FFFD。
---@field max_depth? integer Deepest nesting. 最大嵌套深度。
---@field max_size? integer Longest text in bytes. 最大文本长度，单位字节。
---@field fields? string[] Only these fields, dotted for nested ones. 仅解析这些字段，嵌套字段以点分隔。
---@field items? string Path of the array whose elements fields applies to. fields 所作用的数组路径。
---@field source? string Key under which each item also gets its own JSON text; needs fields. 每个元素额外在该键下保存 JSON 原文；需与 fields 同用。
---@field array_mt? table|false Metatable of empty arrays, false for none; default: that of lua-cjson if the program has loaded one, so that it encodes them as arrays; else the library's own. 空数组的元表，false 表示不设置；默认使用程序已加载的 lua-cjson 的元表，以便编码为数组；未加载时使用自身的元表。

---Options of jdvm.cache.
---@class jdvm.CacheOptions
---@field client jdvm.Client The client that fetches; required. 用于请求的客户端；必填。
---@field dict string Name of a lua_shared_dict for the responses; required. 保存响应的 lua_shared_dict 名称；必填。
---@field locks? string Name of another for the locks; default: that of dict with _locks, if there is one, else dict itself. 保存锁的 lua_shared_dict 名称；默认为 dict 名称加 _locks，若不存在则为 dict 本身。
---@field ttl? number How long a response is fresh, in seconds. 响应的有效期（秒）。
---@field stale? number How long after that it is still returned while a new one is fetched, in seconds. 过期后在后台更新期间仍可使用的时间（秒）。
---@field negative_ttl? number How long a "not found" result is cached, in seconds. “不存在”这一结果的缓存时间（秒）。
---@field lock_ttl? number Seconds after which the lock of a dead worker ends. 异常退出的 worker 所持锁的失效时间（秒）。
---@field name? string Stands for the account; required when the keys of the client come from a function. 代表账号的名称；客户端密钥来自函数时必填。
---@field options? jdvm.ListOptions Options of each call, such as timeout and fields. 每次调用的选项，例如 timeout、fields。
---@field store? table A second level behind dict that several nginx share: jdvm.stores.redis, or a table of yours with get(key), set(key, text, seconds), lock(key, token, seconds) and unlock(key, token). dict 之后由多个 nginx 共享的二级缓存：jdvm.stores.redis，或自行实现的表，包含 get(key)、set(key, text, seconds)、lock(key, token, seconds) 与 unlock(key, token)。

---Options of one call of a Catalogue.
---@class jdvm.CachedOptions
---@field fresh? boolean Ask the service now, whatever is cached, and cache what it says: for an image that was just created. 不使用缓存，立即请求服务端并缓存结果；适用于刚创建的镜像。

---Options of jdvm.stores.redis.
---@class jdvm.RedisOptions
---@field host? string Host of Redis, or unix: and the path of a socket. Redis 主机，或 unix: 加套接字路径。
---@field port? integer Port of Redis. Redis 端口。
---@field username? string User of Redis 6 and later; needs password. Redis 6 及以上的用户名，需同时填写 password。
---@field password? string Password. 密码。
---@field database? integer Number of the database. 数据库编号。
---@field ssl? boolean Connect by TLS; needs lua-resty-redis 0.28 or later, which Debian 12 does not have. 使用 TLS 连接；需要 lua-resty-redis 0.28 及以上（Debian 12 未提供）。
---@field ssl_verify? boolean Verify the certificate of Redis. 校验 Redis 的证书。
---@field server_name? string Name in the certificate of Redis. Redis 证书中的名称。
---@field timeout? number Seconds for each step of an operation: connect, send, read. 每一步操作（连接、发送、读取）的时限（秒）。
---@field pool_size? integer Idle connections kept in each worker. 每个 worker 保留的空闲连接数。

---Facts about a call, the second result of every success. 调用信息：每次成功调用的第二个返回值。
---@class jdvm.Meta
---@field request_id? string Id of the request at the service. 服务端请求 ID。
---@field http_status integer HTTP status. HTTP 状态码。
---@field attempts integer Attempts made. 尝试次数。
---@field throttled? integer Of these, attempts that the service throttled (429); not of wait_image. 其中被限流（429）的次数；wait_image 不提供。
---@field replayed? integer Requests sent again because the server had closed a kept connection, or said 408 on it: on a fresh connection, with a new nonce, date and signature, once for each attempt and not counted as one; not of lists and wait_image. 因服务端已关闭保持的连接（或在其上返回 408）而重发的请求数：在新连接上以新的 nonce、日期与签名重发，每次尝试至多一次，不计为尝试；列表与 wait_image 不提供。
---@field elapsed number Seconds it took. 耗时，单位秒。
---@field cache? "hit"|"stale"|"miss" From jdvm.cache only: where the response comes from; stale is being renewed. 仅由 jdvm.cache 给出：响应来源；stale 表示正在后台更新。
---@field age? number From jdvm.cache only: seconds since it was fetched. 仅由 jdvm.cache 给出：距获取时的秒数。

---Counters of a list; the second result of list_images, with the facts of Meta. 列表统计；亦为 list_images 的第二个返回值，并含 Meta 的信息。
---@class jdvm.ListStats
---@field pages integer Pages delivered. 已返回的页数。
---@field requests integer Requests answered. 请求次数。
---@field rows integer Images on the pages read so far, each once. 已读取各页中的镜像数量（去重）。
---@field duplicates integer Images that came twice and were dropped. 因重复而丢弃的镜像数量。
---@field total_first? integer The service's totalCount at the beginning. 开始时服务端的 totalCount。
---@field total_last? integer The same at the end. 结束时服务端的 totalCount。
---@field drift boolean Whether the list changed while it was read. 读取期间列表是否发生变化。
---@field passes integer Times the list was read from its start; above 1 when it changed meanwhile. 从头读取列表的次数；读取期间列表发生变化时大于 1。
---@field missing? string[] Of the given ids, those not found. 给定 ID 中未找到的部分。
---@field token? string Resume token, when max_items cut the list. 续读标记，当 max_items 截断列表时给出。
---@field attempts? integer Of list_images: attempts of all requests. 仅 list_images：所有请求的尝试次数。
---@field elapsed? number Of list_images: seconds it took. 仅 list_images：耗时，单位秒。
---@field request_id? string Of list_images: id of the last request. 仅 list_images：最后一个请求的 ID。
---@field http_status? integer Of list_images: HTTP status of the last response. 仅 list_images：最后一个响应的 HTTP 状态码。

---What a provider function (option credentials) returns. 密钥提供函数（选项 credentials）的返回值。
---@class jdvm.Keys
---@field access_key string Access key. Access Key。
---@field secret_key string Secret key. Secret Key。
---@field session_token? string Token of temporary keys. 临时密钥的会话令牌。
---@field expires_at? number When they expire, in seconds since 1970; renewed before. 过期时间（自 1970 年起的秒数），会提前更新。

---What a provider function (option credentials) is given and may use. 传给密钥提供函数（选项 credentials）的参数，可供其使用。
---@class jdvm.KeyContext
---@field clock fun(): number The time in seconds since 1970. 返回自 1970 年起的秒数。
---@field sleep? fun(seconds: number) Waits as the call's transport does. 以该调用的传输方式等待。
---@field timeout? number Seconds left for the call. 该调用剩余的秒数。
---@field transport? table The call's transport, to ask a server for keys. 该调用的传输，可用于向服务器请求密钥。
---@field deadline? number When the call's time ends, on the transport's clock. 该调用的截止时刻（按传输的时钟）。

---One setting of a client, from client:settings(). client:settings() 返回的一项设置。
---@class jdvm.Setting
---@field name string Its name. 名称。
---@field value string Its value as text, secrets hidden. 值的文字形式，隐藏密钥。
---@field origin? string What gave it: an option, a variable, a profile and its file; absent for defaults. 来源：选项、环境变量，或配置及其文件；默认值没有来源。

---What logger and on_attempt are told: `event` is try or warning. tostring gives message, so logger = print works. logger 与 on_attempt 收到的事件，`event` 为 try 或 warning。tostring 得到 message，因此可用 logger = print。
---@class jdvm.Event
---@field event "try"|"warning" What happened. 事件类型。
---@field message string The line for a log. 日志内容。
---@field operation? string Operation of the attempt. 接口名。
---@field region? string Region. 地域。
---@field method? string HTTP method. HTTP 方法。
---@field host? string Host. 主机。
---@field path? string Path. 路径。
---@field query? string Query. 查询参数。
---@field attempt? integer Number of the attempt, from 1. 第几次尝试，从 1 开始。
---@field status? integer HTTP status, if a response arrived. HTTP 状态码（收到响应时）。
---@field request_id? string Id of the request at the service. 服务端请求 ID。
---@field milliseconds? number Time that the attempt took. 耗时，单位毫秒。
---@field kind? string Kind of failure, if it failed. 失败类别（失败时）。
---@field reason? string The service's word for it, or the kind. 服务端状态或失败类别。
---@field retry? string Why a retry follows. 重试原因。
---@field delay? number Seconds until then. 距下次尝试的秒数。

---What on_call is told. on_call 收到的事件。
---@class jdvm.CallEvent
---@field operation string Operation. 接口名。
---@field region? string Region. 地域。
---@field ok boolean Whether it succeeded. 是否成功。
---@field attempts integer Attempts made. 尝试次数。
---@field elapsed number Seconds it took. 耗时，单位秒。
---@field http_status? integer HTTP status. HTTP 状态码。
---@field request_id? string Id of the request at the service. 服务端请求 ID。
---@field kind? string Kind of failure. 失败类别。
---@field cause? string Cause of the failure. 失败原因。
---@field status? string The service's word for the error. 服务端错误状态。
---@field message? string The line of the failure. 错误信息。

---What on_progress of wait_image is told, for each image. wait_image 的 on_progress 收到的进度，每个镜像一次。
---@class jdvm.Progress
---@field image_id string Id of the image. 镜像 ID。
---@field image? jdvm.Image The image, once it was found. 镜像（查到之后）。
---@field status? string Its state. 镜像状态。
---@field progress? number The service's progress as a number, 0 to 100. 服务端进度，数值 0 至 100。
---@field elapsed number Seconds waited. 已等待的秒数。
---@field next_poll_in? number Seconds until the next poll; absent after the last. 距下次轮询的秒数；最后一次之后没有。
---@field waiting integer Images still waited for. 仍在等待的镜像数量。
---@field failure? string Why this poll failed; the wait goes on. Image and state are then those of an earlier poll, if any. 本次轮询失败的原因；等待会继续。此时镜像与状态来自此前的轮询（如有）。

---What the option wait is to wait for. 选项 wait 所等待的套接字。
---@class jdvm.Socket
---@field fd integer Its file descriptor. 文件描述符。
---@field read boolean Until it can be read. 等待可读。
---@field write boolean Until it can be written. 等待可写。

---What a [transport of your own](#owntransport) gets. One that sends several requests side by side is a table with start(self, request, deadline), finish(self, pending), cancel(self, pending), sleep(self, seconds) and now(self). [自定义传输](#owntransport)收到的请求。可同时发送多个请求的传输为一个表，须有 start(self, request, deadline)、finish(self, pending)、cancel(self, pending)、sleep(self, seconds) 与 now(self)。
---@class jdvm.TransportRequest
---@field method string Always GET. 总是 GET。
---@field url string To be sent as it is: its bytes are signed. 须原样发送：其字节已签名。
---@field headers table Names in lower case, and values, all to be sent; host is among them. 须全部发送的请求头，名称为小写，含 host。
---@field timeout? number Seconds that are left for the request; only a function gets it. 该请求剩余的秒数；仅提供给函数。
---@field connect_timeout number Maximum time to connect, in seconds. 建立连接的时限（秒）。
---@field read_timeout number Maximum silence, in seconds, while reading a response. 读取响应时允许的最长静默时间（秒）。
---@field max_body integer Maximum size of a response body, in bytes. 响应正文的最大字节数。
---@field fresh? boolean Send it on a new connection, not on one that was used before. 须在新建的连接上发送，不得复用已有连接。

---The response that your own transport returns. 自定义传输返回的响应。
---@class jdvm.TransportResponse
---@field status integer HTTP status. HTTP 状态码。
---@field headers? table Names and values. 响应头。
---@field body string The body, inflated. 解压后的正文。
---@field kept? boolean Whether the connection was used before: a 408 on such a connection is not a response to this request. 连接此前是否用过：在这样的连接上收到的 408 并非对本次请求的响应。

---The failure that your own transport returns. 自定义传输返回的失败。
---@class jdvm.TransportFailure
---@field kind "connect"|"tls"|"timeout"|"transport"|"cancelled" Kind of failure. 失败类别。
---@field message string What went wrong. 错误信息。
---@field phase? string Where: dns, connect, tls, send, wait or read. 所处阶段：dns、connect、tls、send、wait 或 read。
---@field sent? boolean Whether any byte of the request may have left. 请求是否可能已部分发出。
---@field kept? boolean Whether the connection was used before and failed before the first byte of a response: the request is then sent again, once, with fresh = true, and that is not an attempt. 连接此前用过，且在收到响应的首字节之前失败：请求会以 fresh = true 重发一次，不计为尝试。
---@field lasting? boolean Whether a retry would fail, too. 重试是否必然失败。
---@field hint? string What to do about it. 处理建议。

---A region, in jdvm.regions. jdvm.regions 中的一个地域。
---@class jdvm.Region
---@field id string Its id, such as cn-north-1. 地域 ID，例如 cn-north-1。
---@field name string Its name in English. 英文名称。
---@field name_zh string Its name in Chinese. 中文名称。

---@alias jdvm.FailureKind "credentials"|"connect"|"tls"|"timeout"|"transport"|"http"|"decode"|"api"|"pagination"|"match"|"wait"|"phase"|"cache"|"cancelled"

---A failure as data, the third result of every call that fails.
---@class jdvm.Failure
---@field kind jdvm.FailureKind Kind of failure. 失败类别。
---@field code? integer The service's error code. 服务端错误码。
---@field cause? string What happened, as a word of the table below; it stays the same when messages change. 失败原因，取值见下表；错误信息可能改变，该值不变。
---@field status? string The service's word for the error, such as NOT_FOUND. 服务端错误状态，例如 NOT_FOUND。
---@field message string What went wrong, without the facts around it. 错误描述。
---@field http_status? integer HTTP status. HTTP 状态码。
---@field request_id? string Id of the request at the service. 服务端请求 ID。
---@field details? table Details the service gave. 服务端给出的详细信息。
---@field operation? string Operation, such as describeImages. 操作名，例如 describeImages。
---@field region? string Region of the call. 调用所用地域。
---@field filter? string Of a list over several regions or values: those of the request that failed, such as `regionId=cn-east-2, status=error`. 查询多个地域或多个取值的列表：失败的请求所用的地域与取值，例如 `regionId=cn-east-2, status=error`。
---@field attempts? integer Attempts made. 已尝试次数。
---@field elapsed? number Seconds the call took. 调用耗时，单位秒。
---@field phase? string Where: dns, connect, tls, send, wait, read or sleep; or the nginx phase. 所处阶段：dns、connect、tls、send、wait、read、sleep，或 nginx 阶段名。
---@field retryable? boolean Whether the same call may succeed later. 稍后重试是否可能成功。
---@field hint? string What to do about it. 处理建议。
---@field retry_after? number Seconds the service asked to wait. 服务端要求等待的秒数。
---@field skew? number Seconds the service's clock is ahead of this machine's. 服务端时钟比本机快的秒数。
---@field stats? table Counters of a list when it failed. 列表失败时的统计。
---@field token? string Of an iterator that failed: where to go on after what it gave, for the option start. 迭代器失败时的续读标记：用于选项 start，从已返回的内容之后继续。
---@field image? table The image last seen by a wait. 等待时最后一次看到的镜像。
---@field facts? table What the message names, such as host, port, proxy, file, seconds. 错误信息中的具体内容，例如 host、port、proxy、file、seconds。
---@field last? table The failure of the attempt before, when the time ran out. 超时时，上一次尝试的失败。

---Reads a list in a generic for, one image, or one page and its meta, at a time. 列表迭代器，用于泛型 for：每次返回一个镜像，或一页及其 meta。
---@class jdvm.Iterator
local Iterator = {}

---Counters so far. 到目前为止的统计。
---@return jdvm.ListStats stats
function Iterator:stats() end

---Returns the resume token for the option start, or nil when the list is complete. If the list changed while it was read, resuming may return some images again, but misses none. 续读标记（用于选项 start）；列表已读完时为 nil。若读取期间列表有变化，续读可能重复给出个别镜像，但不会遗漏。
---@return string? token
function Iterator:token() end

---Returns why the loop ended with an error, or nil. 循环因何出错结束。
---@return string? message
---@return jdvm.Failure? detail
function Iterator:failure() end

---Cancels requests in flight. Lua 5.4 and later do so when the loop is left. 取消进行中的请求；Lua 5.4 在离开循环时自动执行。
function Iterator:close() end

---An Iterator whose loop variable is an image. 循环变量为镜像的 Iterator。
---@class jdvm.Images: jdvm.Iterator
---@overload fun(): jdvm.Image
local Images = {}

---An Iterator whose loop variables are a page and its meta. 循环变量为一页结果及其 meta 的 Iterator。
---@class jdvm.ImagePages: jdvm.Iterator
---@overload fun(): jdvm.DescribeImagesResult, jdvm.Meta
local ImagePages = {}

---A call under way. 进行中的调用。
---@class jdvm.Call
local Call = {}

---Waits for the response; returns what the operation's method returns. 等待调用结束，返回值与对应方法相同。
---@return table|nil result
---@return jdvm.Meta|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Call:finish() end

---Cancels the call; finish then fails with kind cancelled. 取消调用；之后 finish() 返回 kind 为 cancelled 的错误。
function Call:cancel() end

---Returned by jdvm.cache.new: the client's results, from the cache where possible. meta.cache and meta.age (also in the detail of a failure) tell where a result comes from. Results are copies, which the caller may change. jdvm.cache 返回的对象：响应与客户端方法相同，尽可能取自缓存。meta.cache 与 meta.age（失败时在 detail 中）说明响应来源。返回的表可任意修改。
---@class jdvm.Catalogue
local Catalogue = {}

---As client:describe_image. 同 client:describe_image。
---@param params jdvm.DescribeImageParams|string
---@param options? jdvm.CachedOptions
---@return jdvm.Image|nil image
---@return jdvm.Meta|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Catalogue:describe_image(params, options) end

---As client:list_images; the list is kept as one entry. 同 client:list_images；整个列表作为一项缓存。
---@param params jdvm.ListImagesParams
---@param options? jdvm.CachedOptions
---@return jdvm.Image[]|nil images
---@return jdvm.Meta|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Catalogue:list_images(params, options) end

---A client. It holds no state of a call: one serves all coroutines, light threads and requests of a worker.
---@class jdvm.Client
local Client = {}

---One page of the images that match all given filters. Sub-accounts see only images they have access to, so an empty list does not prove that there are none. 按条件查询镜像列表的一页；多个条件之间为“且”的关系。子账号只能看到有权限的镜像，列表为空不代表镜像不存在。
---@param params jdvm.DescribeImagesParams
---@param options? jdvm.CallOptions
---@return jdvm.DescribeImagesResult|nil result
---@return jdvm.Meta|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Client:describe_images(params, options) end

---Iterates over all images that match, reading pages as needed. A filter may be an array of values, which means any of them. Raises an error when a page cannot be read: a loop never ends early in silence. 遍历所有符合条件的结果，自动翻页。过滤条件可为数组，表示任一取值均可。无法取得某一页时抛出异常，绝不会悄悄提前结束。
---@param params jdvm.ListImagesParams
---@param options? jdvm.ListOptions
---@return jdvm.Images iterator
function Client:images(params, options) end

---Iterates over pages: result, meta. 按页遍历，每次返回 result, meta。
---@param params jdvm.ListImagesParams
---@param options? jdvm.ListOptions
---@return jdvm.ImagePages iterator
function Client:image_pages(params, options) end

---Reads a list to its end. 读取完整列表。
---@param params jdvm.ListImagesParams
---@param options? jdvm.ListOptions
---@return jdvm.Image[]|nil items
---@return jdvm.ListStats|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Client:list_images(params, options) end

---Counts the images that match, by one small page where that is enough. 查询符合条件的数量，通常只需一页。
---@param params jdvm.ListImagesParams
---@param options? jdvm.ListOptions
---@return integer|nil count
---@return jdvm.Meta|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Client:count_images(params, options) end

---One image. 查询单个镜像的详情。
---@param params jdvm.DescribeImageParams|string
---@param options? jdvm.CallOptions
---@return jdvm.Image|nil image
---@return jdvm.Meta|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Client:describe_image(params, options) end

---Starts a call without waiting for it. 发起调用但不等待结果。
---@param operation string
---@param params? table|string
---@param options? jdvm.CallOptions
---@return jdvm.Call call
function Client:start(operation, params, options) end

---Returns the newest image, by createTime and then id, that matches and is ready (or has the parameter's status). Fails with kind match when there is none. 查询可用（或参数 status 指定状态）且符合条件的最新镜像，先按 createTime、再按 ID 比较；没有时返回 kind 为 match 的失败。
---@param params jdvm.ListImagesParams
---@param options? jdvm.LatestOptions
---@return jdvm.Image|nil image
---@return jdvm.ListStats|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Client:latest_image(params, options) end

---Waits until images are in a state; one request per poll, however many ids. 等待镜像到达指定状态；多个 ID 每次轮询只需一次请求。
---@param ids string|string[]
---@param options? jdvm.WaitOptions
---@return jdvm.Image|jdvm.Image[]|nil image or images, as asked
---@return jdvm.Meta|string meta, or the message of the failure
---@return jdvm.Failure|nil detail of the failure
function Client:wait_image(ids, options) end

---Tells where each setting comes from: region, endpoint, ca_file, access_key, secret_key, session_token, and problem when there are no keys. Safe to print: it holds no secret, and the access key is mostly hidden. 各项设置的来源：region、endpoint、ca_file、access_key、secret_key、session_token，没有可用密钥时还有 problem。用于显示：不含密钥内容，access_key 大部分被隐藏。
---@return jdvm.Setting[] settings
function Client:settings() end

---Cancels what is in flight and closes connections. 取消进行中的请求并关闭连接。
function Client:close() end

---@class jdvm
---@field null lightuserdata JSON null where it is kept; equals cjson.null and ngx.null. JSON null 的值。
---@field _VERSION string Version of the library. 版本号。
---@field regions jdvm.Region[] The regions known so far; others work, too. 目前已知的地域；其他地域同样可用。
local jdvm = {}

---Makes a client. Wrong options raise; nothing is sent. 创建客户端。选项错误时抛出异常；不会发送任何请求。
---@param options? jdvm.ClientOptions
---@return jdvm.Client client
function jdvm.new(options) end

---Reads JSON strictly (RFC 8259), straight into tables. 严格按照 RFC 8259 将 JSON 解码为 Lua 表。
---@param text string
---@param options? jdvm.DecodeOptions
---@return any value
---@return string? message what was expected
---@return integer? offset of the byte, from 0; so in the message
function jdvm.decode(text, options) end

---Puts a failure into words for another reader: in Chinese, or with hints that name options of the command. Messages of the service and of the system stay as they are. 用中文描述一次失败，或在建议中改用命令行选项。服务端与系统的原文保持不变。
---@param detail jdvm.Failure
---@param language? "en"|"zh"
---@param reader? "command"
---@return string line
---@return jdvm.Failure detail
function jdvm.explain(detail, language, reader) end

---Converts a time as the service writes it, such as createTime, to seconds since 1970. No source states the time zone of texts without one; they are read as Beijing time unless zone, such as "Z", says otherwise. Returns nil for text that is not a time. 服务端时间文字（如 createTime）对应的自 1970 年起的秒数。未注明时区的时间，没有资料说明其时区；按北京时间处理，可用 zone（如 "Z"）指定其他时区。不是时间时返回 nil。
---@param text string|nil
---@param zone? string
---@return integer? seconds
function jdvm.time(text, zone) end

return jdvm
