-- Runs every command that asks the service against responses whose fields have wrong types, in one process, and prints
-- those runs that end in an internal error; then how many there were.

local root = debug.getinfo(1, "S").source:match("^@(.*)spec/support/wrong_types%.lua$")
package.path = root .. "lua/?.lua;" .. root .. "?.lua;" .. package.path
package.cpath = root .. "build/" .. _VERSION:match("%d%.%d") .. "/?.so;" .. package.cpath

local fake_transport = require "spec.support.fake_transport"
local jdvm = require "jdvm"
local models = require "jdvm.service.models"

local VALUES =
  { "7", "-1.5", "1e300", "true", "null", '""', '"\\u0000\\u001b[31m"', "{}", '{"a":[1]}', "[]", "[[null]]" }

local SHAPES = {
  '{"requestId":%s,"result":{"images":[{"imageId":%s}],"totalCount":1}}',
  '{"result":{"images":%s,"totalCount":1}}',
  '{"result":{"images":[%s],"totalCount":1}}',
  '{"result":{"images":[],"totalCount":%s}}',
  '{"result":%s}',
  "%s",
  '{"error":%s}',
  '{"error":{"code":%s,"status":%s,"message":%s,"details":%s}}',
  '{"error":{"code":404,"status":"NOT_FOUND","message":%s,"details":%s}}',
  '{"result":{"image":%s}}',
}

local columns, fields = {}, {}
for _, field in ipairs(models.by_name.Image) do
  if field.name ~= "imageId" then fields[#fields + 1] = field.name end
  columns[#columns + 1] = field.name
end
columns = table.concat(columns, ",") .. ",dataDisks.deviceName,systemDisk.cloudDisk.diskSizeGB"

local COMMANDS = {
  "images --source public",
  "images --source public --output json",
  "images --source public --output ids",
  "images --source public --output csv --columns " .. columns,
  "images --source public --columns " .. columns,
  "--region cn-north-1 --region cn-east-2 images --id img-1 --id img-2",
  "image img-1",
  "image img-1 --output json",
  "image img-1 --columns " .. columns,
  "latest --source public",
  "count --source public",
  "count --id img-1",
  "--timeout 10 wait img-1",
  "--timeout 10 wait img-1 img-2",
}

local respond
local fake = fake_transport.new(function(request) return { body = respond(request.url:find("/images/", 1, true)) } end)
local new = jdvm.new
function jdvm.new(options)
  options.transport, options.access_key, options.secret_key = fake, "A", "S"
  options.region = options.region or "cn-north-1"
  return new(options)
end

local printed = print
local complaints = {}
local function unheard() return 0 end
local streams = { stdout = assert(io.open("/dev/null", "w")), stderr = { flush = unheard, seek = unheard } }
function streams.stderr.write(_, ...) complaints[#complaints + 1] = table.concat { ... } end
for name, stream in pairs(streams) do
  rawset(io, name, stream)
end

local cli = require "jdvm.cli"
local runs = 0

local function run(command, what)
  complaints, runs = {}, runs + 1
  local arguments = {}
  for word in command:gmatch("%S+") do
    arguments[#arguments + 1] = word
  end
  local ok, status = pcall(cli.main, arguments)
  if not ok or status == 70 then printed(what, command, status, table.concat(complaints)) end
end

-- Each value in each field, another in each at a time; beside an image that is as it should be.
for shift = 1, #VALUES do
  local parts = { '"imageId":"img-1"' }
  for i, name in ipairs(fields) do
    parts[#parts + 1] = ('"%s":%s'):format(name, VALUES[(i + shift) % #VALUES + 1])
  end
  local image = "{" .. table.concat(parts, ",") .. "}"
  local other = '{"imageId":"img-2","createTime":"2024-01-01 00:00:00","status":"ready"}'
  respond = function(is_one)
    local result = is_one and '{"image":' .. image .. "}"
      or '{"images":[' .. image .. "," .. other .. '],"totalCount":2}'
    return '{"requestId":"r","result":' .. result .. "}"
  end
  for _, command in ipairs(COMMANDS) do
    run(command, image)
  end
end

-- Wrong shapes; each with some of the commands, so that all of them meet all shapes.
local turn = 0

for _, shape in ipairs(SHAPES) do
  for _, value in ipairs(VALUES) do
    local body = shape:gsub("%%s", function() return value end)
    respond = function() return body end
    for _ = 1, 4 do
      turn = turn % #COMMANDS + 1
      run(COMMANDS[turn], body)
    end
  end
end
printed(runs)
os.exit(0)
