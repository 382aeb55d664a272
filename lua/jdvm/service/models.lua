-- What the service answers with, as data: every field of Image and of the models inside it. The
-- editor types (jdvm/types.lua), the reference pages and the columns of the command follow from it.
-- Pure.
--
-- A field is { name, type, doc, doc_zh, values }: `type` is "string", "integer", "boolean",
-- the name of a model, or one of these with "[]"; `values` lists the values known so far. The service
-- adds values without notice, so a reader must expect others: the decoder checks none of them. Every
-- field may be absent, and fields that are not listed here reach the caller all the same.
--
-- Sources: the pages describeImages and describeImage of the service and the models of its SDK 1.6.1.

local models = {}

-- A field from its parts in this order, so that the tables below stay readable.
local function field(name, kind, doc, doc_zh, values)
  return { name = name, type = kind, doc = doc, doc_zh = doc_zh, values = values }
end

local disk_types = { "ssd", "premium-hdd", "ssd.gp1", "ssd.io1", "hdd.std1" }

models.list = {
  {
    name = "Image",
    doc = "An image: the template of a VM's system disk and, where it has any, data disks.",
    doc_zh = "镜像：云主机系统盘（以及可能附带的数据盘）的模板。",
    fields = {
      field("imageId", "string", "Id of the image.", "镜像 ID。"),
      field(
        "name",
        "string",
        "Display name; official names hold Chinese, blanks and dots.",
        "镜像名称；官方镜像的名称可包含中文、空格和点。"
      ),
      field(
        "platform",
        "string",
        "Distribution.",
        "操作系统发行版。",
        { "Ubuntu", "CentOS", "Windows Server", "Other Linux", "Other Windows" }
      ),
      field(
        "osVersion",
        "string",
        "Version of the operating system, such as 7.6.",
        "操作系统版本，例如 7.6。"
      ),
      field("architecture", "string", "Processor architecture.", "处理器架构。", { "x86_64", "arm64", "i386" }),
      field("systemDiskSizeGB", "integer", "Size of the system disk in GB.", "系统盘大小，单位 GB。"),
      field(
        "imageSource",
        "string",
        "Where the image comes from. Older answers say jcloud, marketplace, self and share for public, thirdparty, "
          .. "private and shared.",
        "镜像来源。旧版应答使用 jcloud、marketplace、self、share，分别对应 public、thirdparty、private、shared。",
        { "public", "thirdparty", "private", "shared", "community" }
      ),
      field("osType", "string", "Family of the operating system.", "操作系统类型。", { "linux", "windows" }),
      field(
        "status",
        "string",
        "State: pending while it is made, ready when usable, deleting, error when the image or its snapshot is broken.",
        "状态：pending 创建中，ready 可用，deleting 删除中，error 镜像或其快照已损坏。",
        { "pending", "ready", "deleting", "error" }
      ),
      field(
        "createTime",
        "string",
        "When it was made, as YYYY-MM-DD HH:MM:SS; the service names no time zone.",
        "创建时间，格式 YYYY-MM-DD HH:MM:SS；服务端未说明时区。"
      ),
      field(
        "sizeMB",
        "integer",
        "Real size of the image's file in MB; 0 occurs.",
        "镜像文件的实际大小，单位 MB，可能为 0。"
      ),
      field("desc", "string", "Description; may be empty.", "描述，可能为空。"),
      field(
        "ownerPin",
        "string",
        "Account (pin) of the owner; admin for official images.",
        "镜像所有者的账号（pin）；官方镜像为 admin。"
      ),
      field("loginName", "string", "Login name of the owner.", "镜像所有者的登录名。"),
      field(
        "launchPermission",
        "string",
        "Who may use it: all, the accounts it was shared with, or only its owner.",
        "使用权限：所有人、被共享的指定用户或仅所有者。",
        { "all", "specifiedUsers", "ownerOnly" }
      ),
      field(
        "systemDisk",
        "InstanceDiskAttachment",
        "The system disk a VM gets from this image.",
        "由该镜像创建的系统盘配置。"
      ),
      field(
        "dataDisks",
        "InstanceDiskAttachment[]",
        "The data disks a VM gets; absent when there are none.",
        "由该镜像创建的数据盘配置；没有数据盘时不返回。"
      ),
      field(
        "snapshotId",
        "string",
        "Snapshot behind a cloud system disk; empty for images with a local one.",
        "云硬盘系统盘所用的快照 ID；本地盘系统盘的镜像为空。"
      ),
      field("rootDeviceType", "string", "Kind of the system disk.", "系统盘类型。", { "localDisk", "cloudDisk" }),
      field(
        "progress",
        "string",
        "Percent done of a copy or conversion: a number, but as text.",
        "复制或转换的进度百分比，以字符串表示的数字。"
      ),
      field(
        "offline",
        "boolean",
        "Whether the image was withdrawn; official and marketplace images only. Absent means false.",
        "镜像是否已下线，仅官方镜像和云市场镜像返回；不返回表示未下线。"
      ),
      field(
        "serviceCode",
        "string",
        "Billing code of a marketplace image; deprecated, see chargeInfo.",
        "云市场镜像的计费编码；已弃用，请使用 chargeInfo。"
      ),
      field("imported", "boolean", "Whether the image came from an import.", "是否为导入的镜像。"),
      field(
        "expiredTime",
        "string",
        "End of validity; empty means for ever.",
        "有效期截止时间；为空表示长期有效。"
      ),
      field("instanceId", "string", "The VM the image was made from.", "制作该镜像的源云主机 ID。"),
      field("bootMode", "string", "Boot mode.", "启动方式。", { "bios", "uefi" }),
      field("uefiSupport", "boolean", "Whether it can boot by UEFI.", "是否支持 UEFI 启动。"),
      field("chargeInfo", "ImageChargeInfo", "How the use of the image is billed.", "镜像的计费信息。"),
    },
  },
  {
    name = "InstanceDiskAttachment",
    doc = "A disk as the image describes it: local or cloud.",
    doc_zh = "镜像中的磁盘配置：本地盘或云硬盘。",
    fields = {
      field(
        "diskCategory",
        "string",
        "Which of localDisk and cloudDisk describes the disk.",
        "磁盘分类，决定由 localDisk 还是 cloudDisk 描述。",
        { "local", "cloud" }
      ),
      field(
        "autoDelete",
        "boolean",
        "Whether the disk is deleted together with the VM.",
        "是否随云主机一起删除。"
      ),
      field("localDisk", "LocalDisk", "The local disk.", "本地盘。"),
      field("cloudDisk", "Disk", "The cloud disk.", "云硬盘。"),
      field(
        "deviceName",
        "string",
        "Device name in the VM: vda for the system disk, vdb and up for data disks.",
        "设备名：系统盘为 vda，数据盘从 vdb 起。"
      ),
      field(
        "status",
        "string",
        "State of the attachment.",
        "挂载状态。",
        { "attaching", "attached", "detaching", "detached", "error_attach", "error_detach" }
      ),
    },
  },
  {
    name = "LocalDisk",
    doc = "A disk of the host.",
    doc_zh = "宿主机本地盘。",
    fields = {
      field(
        "diskType",
        "string",
        "Kind of disk; not given for a local system disk.",
        "磁盘类型；本地系统盘不返回。",
        { "ssd", "premium-hdd", "hdd", "nvme ssd", "hdd.std1", "ssd.gp1", "ssd.io1" }
      ),
      field("diskSizeGB", "integer", "Size in GB.", "磁盘大小，单位 GB。"),
    },
  },
  {
    name = "Disk",
    doc = "A cloud disk. In images the service gives only its type, size, speed, snapshot and encryption.",
    doc_zh = "云硬盘。在镜像中，服务端仅返回类型、大小、性能、快照与加密信息。",
    fields = {
      field("diskId", "string", "Id of the disk.", "云硬盘 ID。"),
      field("az", "string", "Availability zone.", "可用区。"),
      field("name", "string", "Name.", "名称。"),
      field("description", "string", "Description.", "描述。"),
      field(
        "diskType",
        "string",
        "Kind of disk; ssd and premium-hdd are no longer sold.",
        "云硬盘类型；ssd 与 premium-hdd 已停售。",
        disk_types
      ),
      field("diskSizeGB", "integer", "Size in GB.", "大小，单位 GB。"),
      field("iops", "integer", "Input and output operations a second.", "每秒读写次数（IOPS）。"),
      field("throughput", "integer", "Throughput in MB a second.", "吞吐量，单位 MB/s。"),
      field("status", "string", "State of the disk.", "云硬盘状态。", {
        "creating",
        "available",
        "in-use",
        "extending",
        "restoring",
        "deleting",
        "deleted",
        "error_create",
        "error_delete",
        "error_restore",
        "error_extend",
        "in-recyclebin",
      }),
      field("attachments", "DiskAttachment[]", "Where the disk is attached.", "挂载信息。"),
      field("snapshotId", "string", "Snapshot the disk is made from.", "创建该云硬盘所用的快照 ID。"),
      field("multiAttachable", "boolean", "Whether it can be attached to several VMs.", "是否支持多点挂载。"),
      field("encrypted", "boolean", "Whether it is encrypted.", "是否加密。"),
      field(
        "encrypt",
        "boolean",
        "The same as encrypted; the service's samples carry both.",
        "含义同 encrypted；官方示例同时返回两者。"
      ),
      field(
        "enabled",
        "boolean",
        "False when the disk is paused, that is slowed to very few operations.",
        "为 false 表示已被暂停（IOPS 被限制到极低）。"
      ),
      field("createTime", "string", "When it was made.", "创建时间。"),
      field("charge", "Charge", "How it is billed.", "计费信息。"),
      field("tags", "Tag[]", "Tags.", "标签。"),
      field(
        "snapshotPolicies",
        "SnapshotPolicy[]",
        "Snapshot policies bound to the disk.",
        "绑定的自动快照策略。"
      ),
      field("resourceGroupId", "string", "Resource group.", "资源组 ID。"),
      field(
        "canPutInRecycleBin",
        "boolean",
        "Whether deletion may go through the recycle bin.",
        "删除时是否可放入回收站。"
      ),
      field("trashTime", "string", "When it was put into the recycle bin.", "放入回收站的时间。"),
    },
  },
  {
    name = "DiskAttachment",
    doc = "One place where a cloud disk is attached.",
    doc_zh = "云硬盘的一处挂载。",
    fields = {
      field("attachmentId", "string", "Id of the attachment.", "挂载 ID。"),
      field("diskId", "string", "Id of the disk.", "云硬盘 ID。"),
      field(
        "instanceType",
        "string",
        "Kind of instance: a VM or a container.",
        "实例类型：云主机或容器。",
        { "vm", "nc" }
      ),
      field("instanceId", "string", "Id of the instance.", "实例 ID。"),
      field(
        "status",
        "string",
        "State of the attachment.",
        "挂载状态。",
        { "attaching", "attached", "detaching", "detached" }
      ),
      field("attachTime", "string", "When it was attached.", "挂载时间。"),
    },
  },
  {
    name = "Charge",
    doc = "How a resource is billed. Times are UTC, YYYY-MM-DDTHH:MM:SSZ.",
    doc_zh = "资源的计费信息。时间为 UTC，格式 YYYY-MM-DDTHH:MM:SSZ。",
    fields = {
      field(
        "chargeMode",
        "string",
        "Prepaid, or paid afterwards by time or by use.",
        "计费方式：包年包月、按配置或按用量。",
        { "prepaid_by_duration", "postpaid_by_duration", "postpaid_by_usage" }
      ),
      field("chargeStatus", "string", "State of the payment.", "费用状态。", { "normal", "overdue", "arrear" }),
      field("chargeStartTime", "string", "When billing began.", "计费开始时间。"),
      field(
        "chargeExpiredTime",
        "string",
        "When the paid time ends; empty when paid afterwards.",
        "到期时间；后付费资源为空。"
      ),
      field(
        "chargeRetireTime",
        "string",
        "When the resource is released for want of payment.",
        "资源预计释放时间。"
      ),
    },
  },
  {
    name = "Tag",
    doc = "A tag.",
    doc_zh = "标签。",
    fields = {
      field("key", "string", "Key.", "标签键。"),
      field("value", "string", "Value.", "标签值。"),
    },
  },
  {
    name = "ImageChargeInfo",
    doc = "How the use of an image is billed.",
    doc_zh = "镜像的计费信息。",
    fields = {
      field("serviceCode", "string", "Billing code.", "计费编码。"),
      field("formula", "string[]", "What the price depends on.", "计费公式各项。"),
    },
  },
  {
    name = "SnapshotPolicy",
    doc = "A policy that takes snapshots of a disk. Times carry their zone: 2020-02-02T20:02:00+08:00.",
    doc_zh = "自动快照策略。时间带时区，例如 2020-02-02T20:02:00+08:00。",
    fields = {
      field("id", "string", "Id of the policy.", "策略 ID。"),
      field("name", "string", "Name.", "策略名称。"),
      field("pin", "string", "Account (pin) of its owner.", "策略所有者的账号（pin）。"),
      field("interval", "integer", "Seconds between two runs.", "执行间隔，单位秒。"),
      field("effectiveTime", "string", "When it begins to work.", "生效时间。"),
      field("lastTriggerTime", "string", "When it ran last.", "上次执行时间。"),
      field("nextTriggerTime", "string", "When it runs next.", "下次执行时间。"),
      field("createTime", "string", "When it was made.", "创建时间。"),
      field("updateTime", "string", "When it was changed.", "更新时间。"),
      field(
        "snapshotLifecycle",
        "integer",
        "Seconds a snapshot is kept; 0 means for ever.",
        "快照保留时间，单位秒；0 表示永久保留。"
      ),
      field(
        "contactInfo",
        "SnapshotPolicyContactInfo",
        "Who is told when it fails.",
        "执行失败时的通知对象。"
      ),
      field("status", "integer", "1 on, 2 off.", "1 启用，2 禁用。"),
      field("diskCount", "integer", "Number of disks bound to it.", "绑定的云硬盘数量。"),
    },
  },
  {
    name = "SnapshotPolicyContactInfo",
    doc = "Who a snapshot policy tells when it fails.",
    doc_zh = "自动快照策略的通知对象。",
    fields = {
      field("sms", "integer", "Whether by text message: 1 yes, 0 no.", "是否短信通知：1 是，0 否。"),
      field("email", "integer", "Whether by mail: 1 yes, 0 no.", "是否邮件通知：1 是，0 否。"),
      field("personIds", "integer[]", "Ids of the persons.", "联系人 ID。"),
      field("groupIds", "integer[]", "Ids of the groups of persons.", "联系人组 ID。"),
    },
  },
}

models.by_name = {}
for _, model in ipairs(models.list) do
  models.by_name[model.name] = model.fields
end

return models
