-- JD Cloud VM image client.
--
--   local client = jdvm.new { region = "cn-north-1" }
--   for image in client:images { imageSource = "public" } do print(image.imageId, image.name) end

local client = require "jdvm.client"
local core = require "jdvm.core"
local dates = require "jdvm.util.time"
local errors = require "jdvm.failures.failure"
local regions = require "jdvm.service.regions"

local jdvm = {
  _VERSION = core._VERSION,
  --- What JSON null becomes in arrays, and with null = "keep" everywhere; equal to cjson.null and ngx.null.
  null = core.null,
  --- Strict JSON to tables: value | nil, message, offset. Options: null, utf8, max_depth, max_size, fields, items.
  decode = core.decode,
  --- The regions known so far, as { id, name, name_zh }; new ones work all the same.
  regions = regions.known,
  --- Seconds since 1970 of a time as the service writes it: text, zone -> integer | nil.
  time = dates.of,
}

--- Makes a client. Reads the environment and ~/.jdc/config; touches no network.
---@param options? jdvm.ClientOptions
---@return jdvm.Client
function jdvm.new(options)
  if options == jdvm then error("jdvm.new: call it with a dot: jdvm.new { … }", 2) end
  local made = client.new(options, 2)
  return made
end

--- Words a failure for other readers.
---@param detail jdvm.Failure the third result of a call that failed
---@param language? "en"|"zh" default "en"
---@param reader? "command" hints name options of the command instead of the library's
---@return string line
---@return jdvm.Failure detail a copy with message and hint in these words, where they are jdvm's own
function jdvm.explain(detail, language, reader)
  if type(detail) ~= "table" then error("jdvm.explain: give it the detail of a failure, got a " .. type(detail), 2) end
  if language ~= nil and language ~= "en" and language ~= "zh" then
    error('jdvm.explain: the language is "en" or "zh"', 2)
  end
  return errors.explain(detail, language, reader)
end

return jdvm
