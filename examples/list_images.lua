-- Lists the images of a region: lua examples/list_images.lua [imageSource] [region]
-- Keys and region come from the environment (JDCLOUD_ACCESS_KEY, JDCLOUD_SECRET_KEY, JDCLOUD_REGION) or ~/.jdc/config.

local jdvm = require "jdvm"

local client = jdvm.new { region = arg[2] }

local ROW = "%-36s  %-8s  %-14s  %-6s  %7s  %s"
print(ROW:format("IMAGE ID", "STATUS", "PLATFORM", "ARCH", "DISK", "NAME"))

-- The service may leave out any field but the id.
local function shown(value, unit) return value == nil and "-" or value .. (unit or "") end

-- The loop asks for pages as it goes; it raises an error when the list cannot be completed.
local images = client:images { imageSource = arg[1] or "public" }
for image in images do
  print(
    ROW:format(
      image.imageId,
      shown(image.status),
      shown(image.platform),
      shown(image.architecture),
      shown(image.systemDiskSizeGB, " GB"),
      shown(image.name)
    )
  )
end

local stats = images:stats()
print(
  ("%d image(s) on %d page(s)%s"):format(stats.rows, stats.pages, stats.drift and "; the list changed meanwhile" or "")
)
client:close()
