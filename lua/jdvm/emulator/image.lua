-- The Image model as the service writes it: field order, and the text of one image.

local json = require "jdvm.emulator.json"

local M = {}

local TAG = json.layout { "key", "value" }
local CHARGE = json.layout {
  "chargeMode",
  "chargeStatus",
  "chargeStartTime",
  "chargeExpiredTime",
  "chargeRetireTime",
}
local ATTACHMENT = json.layout {
  "attachmentId",
  "diskId",
  "instanceType",
  "instanceId",
  "status",
  "attachTime",
}
local CONTACT = json.layout { "sms", "email", "personIds", "groupIds" }
local POLICY = json.layout {
  "id",
  "name",
  "pin",
  "interval",
  "effectiveTime",
  "lastTriggerTime",
  "nextTriggerTime",
  "snapshotLifecycle",
  { "contactInfo", CONTACT },
  "createTime",
  "updateTime",
  "status",
  "diskCount",
}
local CLOUD_DISK = json.layout {
  "diskId",
  "az",
  "name",
  "description",
  "diskType",
  "diskSizeGB",
  "iops",
  "throughput",
  "status",
  { "attachments", ATTACHMENT, array = true },
  "snapshotId",
  "multiAttachable",
  "encrypt",
  "encrypted",
  "enabled",
  "createTime",
  { "charge", CHARGE },
  { "tags", TAG, array = true },
  { "snapshotPolicies", POLICY, array = true },
  "resourceGroupId",
  "canPutInRecycleBin",
  "trashTime",
}
local LOCAL_DISK = json.layout { "diskType", "diskSizeGB" }
local DISK = json.layout {
  "diskCategory",
  "autoDelete",
  { "localDisk", LOCAL_DISK },
  { "cloudDisk", CLOUD_DISK },
  "deviceName",
  "status",
}
local CHARGE_INFO = json.layout { "serviceCode", "formula" }
local IMAGE = json.layout {
  "imageId",
  "name",
  "platform",
  "osVersion",
  "architecture",
  "systemDiskSizeGB",
  "imageSource",
  "osType",
  "status",
  "createTime",
  "sizeMB",
  "desc",
  "ownerPin",
  "loginName",
  "launchPermission",
  { "systemDisk", DISK },
  { "dataDisks", DISK, array = true },
  "snapshotId",
  "rootDeviceType",
  "progress",
  "offline",
  "serviceCode",
  "imported",
  "expiredTime",
  "instanceId",
  "bootMode",
  { "chargeInfo", CHARGE_INFO },
  "uefiSupport",
}

-- The words of older pages for where an image comes from.
M.old_words =
  { public = "jcloud", private = "self", shared = "shared", thirdparty = "marketplace", community = "community" }

--- The JSON text of an image as one viewer sees it.
---@param record table fields of Image
---@param view table `{id, source, status?, progress?}`
---@return string
function M.text(record, view)
  local shown = setmetatable(
    { imageId = view.id, imageSource = view.source, status = view.status, progress = view.progress },
    { __index = record }
  )
  return json.write(shown, IMAGE)
end

return M
