-- Shows one image in full: lua examples/show_image.lua [imageId] [region]; without an id the first public one.

local jdvm = require "jdvm"

local client = jdvm.new { region = arg[2] }

local id = arg[1]
if not id then
  local images = assert(client:list_images({ imageSource = "public" }, { max_items = 1 }))
  id = assert(images[1], "this region has no public image").imageId
end

-- Failures come back as nil, a line for people and a table for programs.
local image, message, detail = client:describe_image(id)
if not image then
  io.stderr:write(message, "\n")
  os.exit(detail.kind == "api" and detail.code == 404 and 1 or 4)
end

local function show(value, indent)
  local names = {}
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    local element = value[name]
    if type(element) == "table" then
      print(("%s%s:"):format(indent, name))
      show(element, indent .. "  ")
    else
      print(("%s%s: %s"):format(indent, name, (tostring(element):gsub("\n", "\n" .. indent .. "  "))))
    end
  end
end

show(image, "")
-- `message` is the meta of the response here: request id, attempts, seconds.
print(("(request %s, %d attempt(s), %.0f ms)"):format(message.request_id, message.attempts, message.elapsed * 1000))
client:close()
