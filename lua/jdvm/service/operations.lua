-- The operations of the service, as data: the checks before sending, the reading of responses, the client's methods,
-- the command, the editor types and the reference follow from it. Pure.
--
-- An entry:
--   name, method_name        the service's name and the client's method
--   method, path             {name} stands for a path parameter
--   doc, doc_zh              one sentence
--   parameters               in the order of the reference page, see below
--   rules                    between parameters: { doc, doc_zh, broken = function(params, operation) }, which
--                            returns a message when the rule is broken
--   result                   fields of the response's "result" (like those of a model; `required` is checked)
--   unwrap                   the field of the result that the method returns instead of the whole
--   id                       the field of what is unwrapped that must be the parameter of the same name
--   shorthand                the parameter that may be given alone, as a string, for the whole table
--   command, columns         the command's subcommand (else the name with dashes), and the columns of its table
--   page                     how a list is paged: items, id, total name fields; number, size, ids name
--                            parameters; doc of the whole list
--
-- A parameter is an entry as jdvm.options.value checks it ("string", "boolean", "integer" or "string[]"), and:
--   path = true              part of the path
--   default                  the service's
--   option                   name of the command's option, where it is not the parameter's with dashes
--   other_names              what people write for this parameter: an unknown key of that name suggests it
--   unsent_beside            the parameter beside which the service ignores this one, so that it is not sent
--   stages                   of states: their rank in the order in which an image passes through them
--
-- Sources: the pages describeImages and describeImage of the service, and its SDK 1.6.1 for what they lack.

local lazy = require "jdvm.util.lazy"
local regions = require "jdvm.service.regions"

local models = lazy "jdvm.service.models"

local region = {
  name = "regionId",
  type = "string",
  path = true,
  required = true,
  open = true,
  values = regions.names,
  other_names = { "region" },
  doc = "Region; defaults to that of the client.",
  doc_zh = "地域 ID；不填时使用客户端的地域。",
}

local image_columns = {
  "imageId",
  "name",
  "status",
  "createTime",
  "platform",
  "osVersion",
  "architecture",
  "systemDiskSizeGB",
  "imageSource",
}

-- The check of a rule: a parameter that the service ignores for images of other sources.
local function only_for(name, ...)
  local sources = { ... }
  return function(params)
    local source = params.imageSource
    if params[name] == nil or source == nil or source == sources[1] or source == sources[2] then return nil end
    local words = "'%s' has no effect on %s images: leave it out, or ask for imageSource %s"
    return words:format(name, source, table.concat(sources, " or "))
  end
end

local describe_images = {
  name = "describeImages",
  method_name = "describe_images",
  method = "GET",
  path = "/v1/regions/{regionId}/images",
  command = "images",
  columns = image_columns,
  doc = "One page of the images that match all given filters. Sub-accounts see only images they have access to, so an "
    .. "empty list does not prove that there are none.",
  doc_zh = "按条件查询镜像列表的一页；多个条件之间为“且”的关系。子账号只能看到有权限的镜像，列表为空不代表镜像不存在。",
  parameters = {
    region,
    {
      name = "imageSource",
      option = "source",
      type = "string",
      unsent_beside = "ids",
      values = { "public", "thirdparty", "private", "shared", "community" },
      old_values = {
        jcloud = "public",
        official = "public",
        marketplace = "thirdparty",
        self = "private",
        share = "shared",
      },
      other_names = { "source", "owner", "owners", "imageType" },
      doc = "Where the images come from: public (official), thirdparty (marketplace), private (your own), shared "
        .. "(shared with you), community. Required unless ids is given.",
      doc_zh = "镜像来源：public 官方，thirdparty 云市场，private 私有，shared 共享，community 社区。未指定 ids 时必填。",
    },
    {
      name = "ids",
      option = "id",
      type = "string[]",
      id = true,
      other_names = { "id", "imageIds", "imageId" },
      doc = "Ids of the images wanted. Cannot be combined with filters.",
      doc_zh = "要查询的镜像 ID 列表，不能与过滤条件同时使用。",
    },
    {
      name = "offline",
      type = "boolean",
      doc = "Whether to list withdrawn images; only with imageSource public or thirdparty. The service's default "
        .. "is false.",
      doc_zh = "是否查询已下线镜像，仅可与 imageSource 为 public 或 thirdparty 同用；服务端默认为 false。",
    },
    {
      name = "platform",
      type = "string",
      open = true,
      empty = true,
      values = { "Ubuntu", "CentOS", "Windows Server", "Other Linux", "Other Windows" },
      old_values = { Windows = "Windows Server", windows = "Windows Server" },
      other_names = { "os", "distribution" },
      doc = "Distribution; empty means any.",
      doc_zh = "操作系统发行版；为空表示不限。",
    },
    {
      name = "rootDeviceType",
      type = "string",
      values = { "localDisk", "cloudDisk" },
      doc = "Kind of the system disk.",
      doc_zh = "系统盘类型：localDisk 本地盘，cloudDisk 云硬盘。",
    },
    {
      name = "launchPermission",
      type = "string",
      empty = true,
      values = { "all", "specifiedUsers", "ownerOnly" },
      doc = "Who may use the image; only with imageSource private. Empty means any.",
      doc_zh = "使用权限，仅可与 imageSource 为 private 同用；为空表示不限。",
    },
    {
      name = "status",
      type = "string",
      open = true,
      near = true,
      values = { "pending", "ready", "deleting", "error" },
      old_values = { available = "ready", creating = "pending", failed = "error" },
      stages = { pending = 1, ready = 2, error = 3, deleting = 4 },
      other_names = { "state" },
      doc = "Status of the images.",
      doc_zh = "镜像状态：pending 创建中，ready 可用，deleting 删除中，error 错误。",
    },
    {
      name = "pageNumber",
      type = "integer",
      min = 1,
      max = 2147483647,
      default = 1,
      other_names = { "page" },
      doc = "Page number.",
      doc_zh = "页码。",
    },
    {
      name = "pageSize",
      type = "integer",
      min = 10,
      max = 100,
      default = 20,
      other_names = { "perPage", "limit" },
      doc = "Number of images per page.",
      doc_zh = "每页数量。",
    },
    {
      name = "imageName",
      option = "name",
      type = "string",
      other_names = { "name" },
      doc = "Part of the image's name.",
      doc_zh = "镜像名称，支持模糊匹配。",
    },
    {
      name = "serviceCode",
      type = "string",
      doc = "Billing code of a marketplace image; deprecated.",
      doc_zh = "云市场镜像的计费编码；已弃用。",
    },
    {
      name = "architecture",
      type = "string",
      open = true,
      values = { "x86_64", "arm64", "i386" },
      old_values = { amd64 = "x86_64", x64 = "x86_64", aarch64 = "arm64" },
      other_names = { "arch" },
      doc = "Processor architecture.",
      doc_zh = "处理器架构。",
    },
    {
      name = "instanceIds",
      option = "instance-id",
      type = "string[]",
      id = true,
      other_names = { "instanceId" },
      doc = "Ids of VMs: only images created from them are returned.",
      doc_zh = "源云主机 ID 列表：仅返回由这些云主机制作的镜像。",
    },
    { name = "bootMode", type = "string", values = { "bios", "uefi" }, doc = "Boot mode.", doc_zh = "启动方式。" },
  },
  rules = {
    {
      doc = "imageSource or ids must be given.",
      doc_zh = "imageSource 与 ids 至少指定一个。",
      broken = function(params)
        if params.imageSource ~= nil or params.ids ~= nil then return nil end
        return "imageSource is required unless ids is given; it is one of public, thirdparty, private, shared and community"
      end,
    },
    {
      doc = "Beside ids the service ignores everything else, pageNumber and pageSize included. A filter is an error; "
        .. "imageSource is accepted and not sent.",
      doc_zh = "指定 ids 后，服务端忽略其他所有参数（含 pageNumber 与 pageSize）：过滤条件会报错，imageSource 可以指定但不发送。",
      broken = function(params, operation)
        if params.ids == nil then return nil end
        local beside = { regionId = true, ids = true, imageSource = true, pageNumber = true, pageSize = true }
        for _, parameter in ipairs(operation.parameters) do
          if params[parameter.name] ~= nil and not beside[parameter.name] then
            return "'" .. parameter.name .. "' has no effect beside ids: leave one of the two out"
          end
        end
      end,
    },
    {
      doc = "At most 100 ids, the size of a page; list_images takes any number.",
      doc_zh = "ids 最多 100 个（即一页）；list_images 不限数量。",
      broken = function(params, operation)
        local most = operation.page.max
        if params.ids == nil or #params.ids <= most then return nil end
        local words = "%d ids are more than the %d of a page: use list_images, which takes any number"
        return words:format(#params.ids, most)
      end,
    },
    {
      doc = "offline needs imageSource public or thirdparty.",
      doc_zh = "offline 仅可与 imageSource 为 public 或 thirdparty 同用。",
      broken = only_for("offline", "public", "thirdparty"),
    },
    {
      doc = "launchPermission needs imageSource private.",
      doc_zh = "launchPermission 仅可与 imageSource 为 private 同用。",
      broken = only_for("launchPermission", "private"),
    },
  },
  result = {
    {
      name = "images",
      type = "Image[]",
      required = true,
      doc = "The images of the page.",
      doc_zh = "本页镜像列表。",
    },
    {
      name = "totalCount",
      type = "integer",
      min = 0,
      doc = "Number of images that match, on all pages.",
      doc_zh = "符合条件的镜像总数（所有页）。",
    },
  },
  page = {
    doc = "All images that match all given filters.",
    doc_zh = "按条件查询全部镜像。",
    items = "images",
    id = "imageId",
    total = "totalCount",
    number = "pageNumber",
    size = "pageSize",
    ids = "ids",
    min = 10,
    max = 100,
  },
}

local describe_image = {
  name = "describeImage",
  method_name = "describe_image",
  method = "GET",
  path = "/v1/regions/{regionId}/images/{imageId}",
  command = "image",
  columns = image_columns,
  doc = "One image.",
  doc_zh = "查询单个镜像的详情。",
  parameters = {
    region,
    {
      name = "imageId",
      type = "string",
      path = true,
      required = true,
      other_names = { "id", "ids", "image" },
      doc = "Id of the image.",
      doc_zh = "镜像 ID。",
    },
  },
  result = { { name = "image", type = "Image", required = true, doc = "The image.", doc_zh = "镜像详情。" } },
  unwrap = "image",
  id = "imageId",
  shorthand = "imageId",
}

local operations = {
  list = { describe_images, describe_image },
  regions = regions.list,
  -- The parameter that every operation has, and clients have a default for.
  region = region,
}
for _, operation in ipairs(operations.list) do
  operations[operation.name] = operation
end

--- The field of the result that a method gives its caller, an object at a time: the items of a list or what is
--- unwrapped. The options `fields` and `source` speak of it; nil when they speak of the result itself.
---@param operation table
---@return string|nil name
function operations.inner(operation) return operation.page and operation.page.items or operation.unwrap end

--- The fields of what an operation lists or shows: those of its model, or of the result itself (see `inner`).
---@param operation table
---@return table[] fields none when it lists or shows plain values
---@return string name of the model, for messages
function operations.item_model(operation)
  local name = operations.inner(operation)
  if not name then return operation.result, "the result" end
  for _, field in ipairs(operation.result) do
    if field.name == name then
      local model = field.type:gsub("%[%]$", "")
      return models.by_name[model] or {}, model
    end
  end
  error(("%s: the result has no field %s"):format(operation.name, name))
end

--- The names of the methods that read all pages: for items "images" images, image_pages, list_images, count_images.
---@param operation table with `page`
---@return { items: string, pages: string, list: string, count: string }
function operations.list_methods(operation)
  local items = operation.page.items:gsub("(%l)(%u)", "%1_%2"):lower()
  return { items = items, pages = items:gsub("s$", "") .. "_pages", list = "list_" .. items, count = "count_" .. items }
end

return operations
