--- Handlers of the worker specs.
local phases = require "spec.nginx.support.phases"

local M = {}

local client

--- The client of this Lua state.
function M.client()
  client = client or require "jdvm".new(phases.options)
  return client
end

--- Twenty pages, four at a time.
function M.list()
  local images, message = M.client():list_images({ imageSource = "public" }, { page_size = 10, prefetch = 4 })
  ngx.print(images and #images .. " images" or message)
end

--- Open files and resident memory (KB) of this process.
function M.process()
  local files = -1
  for _ in io.popen("ls /proc/" .. ngx.worker.pid() .. "/fd"):lines() do
    files = files + 1
  end
  local status = io.open("/proc/self/status"):read("*a")
  ngx.print(files, " ", status:match("VmRSS:%s*(%d+)"))
end

local shared, id

--- Makes a client in nginx's init phase and uses it there.
function M.open(options, image, ca_file)
  -- libcurl needs to know the CA, cosockets must not be told.
  if options.transport == "curl" then options.ca_file = ca_file end
  shared, id = require "jdvm".new(options), image
  if options.transport == "curl" then assert(shared:describe_image(id)) end
end

--- One call of that client in a worker.
function M.shared()
  local image, message = shared:describe_image(id)
  if not image then ngx.status = 500 end
  ngx.print(image and ngx.worker.pid() .. " " .. image.imageId or message)
end

return M
