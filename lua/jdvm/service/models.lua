-- What the service answers with, as data: every field of Image and of the models inside it. The editor types
-- (jdvm/types.lua), the reference pages and the columns of the command follow from it. Pure.
--
-- A field is { name, type, values, heading }: `type` is "string", "integer", "boolean", the name of a model, or one of
-- these with "[]"; `values` lists the values known so far; `heading` stands above it in tables of the command. The
-- service adds values without notice, so a reader must expect
-- others: the decoder checks none of them. Every field may be absent, and fields that are not listed here reach the
-- caller all the same. The texts of the reference stand in docs/lib/models.lua.
--
-- Sources: the pages describeImages and describeImage of the service and the models of its SDK 1.6.1.

local models = {}

models.list = {
  {
    name = "Image",
    fields = {
      { name = "imageId", type = "string", heading = "ID" },
      { name = "name", type = "string", heading = "NAME" },
      {
        name = "platform",
        type = "string",
        heading = "PLATFORM",
        values = { "Ubuntu", "CentOS", "Windows Server", "Other Linux", "Other Windows" },
      },
      { name = "osVersion", type = "string", heading = "VERSION" },
      { name = "architecture", type = "string", heading = "ARCH", values = { "x86_64", "arm64", "i386" } },
      { name = "systemDiskSizeGB", type = "integer", heading = "GB" },
      {
        name = "imageSource",
        type = "string",
        heading = "SOURCE",
        values = { "public", "thirdparty", "private", "shared", "community" },
      },
      { name = "osType", type = "string", values = { "linux", "windows" } },
      { name = "status", type = "string", heading = "STATUS", values = { "pending", "ready", "deleting", "error" } },
      { name = "createTime", type = "string", heading = "CREATED" },
      { name = "sizeMB", type = "integer" },
      { name = "desc", type = "string" },
      { name = "ownerPin", type = "string" },
      { name = "loginName", type = "string" },
      { name = "launchPermission", type = "string", values = { "all", "specifiedUsers", "ownerOnly" } },
      { name = "systemDisk", type = "InstanceDiskAttachment" },
      { name = "dataDisks", type = "InstanceDiskAttachment[]" },
      { name = "snapshotId", type = "string" },
      { name = "rootDeviceType", type = "string", values = { "localDisk", "cloudDisk" } },
      { name = "progress", type = "string" },
      { name = "offline", type = "boolean" },
      { name = "serviceCode", type = "string" },
      { name = "imported", type = "boolean" },
      { name = "expiredTime", type = "string" },
      { name = "instanceId", type = "string" },
      { name = "bootMode", type = "string", values = { "bios", "uefi" } },
      { name = "uefiSupport", type = "boolean" },
      { name = "chargeInfo", type = "ImageChargeInfo" },
    },
  },
  {
    name = "InstanceDiskAttachment",
    fields = {
      { name = "diskCategory", type = "string", values = { "local", "cloud" } },
      { name = "autoDelete", type = "boolean" },
      { name = "localDisk", type = "LocalDisk" },
      { name = "cloudDisk", type = "Disk" },
      { name = "deviceName", type = "string" },
      {
        name = "status",
        type = "string",
        values = { "attaching", "attached", "detaching", "detached", "error_attach", "error_detach" },
      },
    },
  },
  {
    name = "LocalDisk",
    fields = {
      {
        name = "diskType",
        type = "string",
        values = { "ssd", "premium-hdd", "hdd", "nvme ssd", "hdd.std1", "ssd.gp1", "ssd.io1" },
      },
      { name = "diskSizeGB", type = "integer" },
    },
  },
  {
    name = "Disk",
    fields = {
      { name = "diskId", type = "string" },
      { name = "az", type = "string" },
      { name = "name", type = "string" },
      { name = "description", type = "string" },
      { name = "diskType", type = "string", values = { "ssd", "premium-hdd", "ssd.gp1", "ssd.io1", "hdd.std1" } },
      { name = "diskSizeGB", type = "integer" },
      { name = "iops", type = "integer" },
      { name = "throughput", type = "integer" },
      {
        name = "status",
        type = "string",
        values = {
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
        },
      },
      { name = "attachments", type = "DiskAttachment[]" },
      { name = "snapshotId", type = "string" },
      { name = "multiAttachable", type = "boolean" },
      { name = "encrypted", type = "boolean" },
      { name = "encrypt", type = "boolean" },
      { name = "enabled", type = "boolean" },
      { name = "createTime", type = "string" },
      { name = "charge", type = "Charge" },
      { name = "tags", type = "Tag[]" },
      { name = "snapshotPolicies", type = "SnapshotPolicy[]" },
      { name = "resourceGroupId", type = "string" },
      { name = "canPutInRecycleBin", type = "boolean" },
      { name = "trashTime", type = "string" },
    },
  },
  {
    name = "DiskAttachment",
    fields = {
      { name = "attachmentId", type = "string" },
      { name = "diskId", type = "string" },
      { name = "instanceType", type = "string", values = { "vm", "nc" } },
      { name = "instanceId", type = "string" },
      { name = "status", type = "string", values = { "attaching", "attached", "detaching", "detached" } },
      { name = "attachTime", type = "string" },
    },
  },
  {
    name = "Charge",
    fields = {
      {
        name = "chargeMode",
        type = "string",
        values = { "prepaid_by_duration", "postpaid_by_duration", "postpaid_by_usage" },
      },
      { name = "chargeStatus", type = "string", values = { "normal", "overdue", "arrear" } },
      { name = "chargeStartTime", type = "string" },
      { name = "chargeExpiredTime", type = "string" },
      { name = "chargeRetireTime", type = "string" },
    },
  },
  {
    name = "Tag",
    fields = {
      { name = "key", type = "string" },
      { name = "value", type = "string" },
    },
  },
  {
    name = "ImageChargeInfo",
    fields = {
      { name = "serviceCode", type = "string" },
      { name = "formula", type = "string[]" },
    },
  },
  {
    name = "SnapshotPolicy",
    fields = {
      { name = "id", type = "string" },
      { name = "name", type = "string" },
      { name = "pin", type = "string" },
      { name = "interval", type = "integer" },
      { name = "effectiveTime", type = "string" },
      { name = "lastTriggerTime", type = "string" },
      { name = "nextTriggerTime", type = "string" },
      { name = "createTime", type = "string" },
      { name = "updateTime", type = "string" },
      { name = "snapshotLifecycle", type = "integer" },
      { name = "contactInfo", type = "SnapshotPolicyContactInfo" },
      { name = "status", type = "integer" },
      { name = "diskCount", type = "integer" },
    },
  },
  {
    name = "SnapshotPolicyContactInfo",
    fields = {
      { name = "sms", type = "integer" },
      { name = "email", type = "integer" },
      { name = "personIds", type = "integer[]" },
      { name = "groupIds", type = "integer[]" },
    },
  },
}

models.by_name = {}
for _, model in ipairs(models.list) do
  models.by_name[model.name] = model.fields
end

return models
