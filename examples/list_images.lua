-- Lists the images of a region as a table: lua examples/list_images.lua [imageSource] [region]
-- Keys and region come from the environment (JDCLOUD_ACCESS_KEY, JDCLOUD_SECRET_KEY, JDCLOUD_REGION) or ~/.jdc/config.

local jdvm = require "jdvm"

local source, region = arg[1] or "public", arg[2]
local client = jdvm.new { region = region }

-- Columns that a terminal needs for a text: Chinese characters take two, marks none.
local function width(text)
  local columns = 0
  for character in text:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
    local first = character:byte()
    columns = columns + ((first >= 227 and first <= 237 or first >= 240 or character >= "\239\188\129"
      and character <= "\239\189\160") and 2 or 1)
  end
  return columns
end

local function cell(text, columns)
  text = tostring(text == nil and "" or text):gsub("%s+", " ")
  while width(text) > columns do text = text:gsub("[%z\1-\127\194-\244][\128-\191]*$", "") end
  return text .. (" "):rep(columns - width(text))
end

local function row(...)
  print((table.concat({ ... }, "  "):gsub("%s+$", "")))
end

row(cell("IMAGE ID", 16), cell("STATUS", 8), cell("PLATFORM", 14), cell("ARCH", 7), cell("DISK", 6), "NAME")

-- The loop asks for pages as it goes; it raises an error when the list cannot be completed.
local images = client:images { imageSource = source }
for image in images do
  row(cell(image.imageId, 16), cell(image.status, 8), cell(image.platform, 14), cell(image.architecture, 7),
    cell(image.systemDiskSizeGB and image.systemDiskSizeGB .. " GB", 6), cell(image.name, 48))
end

local stats = images:stats()
print(("%d images, %d pages%s"):format(stats.rows, stats.pages, stats.drift and "; the list changed meanwhile" or ""))
client:close()
