-- The newest image of a list that is ready and matches: what client:latest_image returns.

local check = require "jdvm.options.check"
local copy_of = require "jdvm.util.copy"
local errors = require "jdvm.failures.failure"
local lists = require "jdvm.lists"

local latest = {}

-- The fields that the choice needs.
local NEEDED = { "imageId", "createTime", "status", "name" }

local function text_of(value) return type(value) == "string" and value or "" end

-- createTime sorts as text (YYYY-MM-DD HH:MM:SS); of two as old, the id decides.
local function is_newer(image, other)
  local time, other_time = text_of(image.createTime), text_of(other.createTime)
  return time > other_time or (time == other_time and image.imageId > other.imageId)
end

-- Whether a name matches; raises where the pattern is found to be malformed, which may be as late as here.
local function fits_pattern(name, pattern, level)
  local ok, found = pcall(string.find, name, pattern)
  if not ok then error(("jdvm: latestImage: option 'match' is no pattern: %s"):format(found), level + 1) end
  return found ~= nil
end

--- Reads a list and chooses; raises for misuse.
---@param state table the client's
---@param operation table describeImages
---@param params table|nil
---@param options table|nil those of lists, and match
---@param level integer as for an error in the place of this call
---@return table|nil image
---@return jdvm.ListStats|string stats_or_message
---@return jdvm.Failure|nil detail kind "match" when no image is ready and matches
function latest.read(state, operation, params, options, level)
  check.call("latest", options, operation, level + 1)
  options = copy_of(options)
  local match = options.match
  options.match = nil
  if type(match) == "string" then
    local pattern = match
    fits_pattern("", pattern, level + 1)
    match = function(image)
      local fits = fits_pattern(text_of(image.name), pattern, level + 2)
      return fits -- no tail call: it would be no level
    end
  end
  if options.fields then
    options.fields = copy_of(options.fields)
    for _, name in ipairs(NEEDED) do
      table.insert(options.fields, name)
    end
  end
  local wanted
  if type(params) == "table" and params.status == nil then
    wanted = "ready"
    if params.ids == nil then
      params = copy_of(params)
      params.status = wanted
    end
  end
  local images, meta, detail = lists.list(state, operation, params, options, level + 1)
  if not images then return nil, meta, detail end
  local newest
  for _, image in ipairs(images) do
    local fits = (not wanted or image.status == wanted) and (not match or match(image))
    if fits and (not newest or is_newer(image, newest)) then newest = image end
  end
  if newest then return newest, meta end
  return nil,
    errors.new {
      kind = "match",
      facts = { count = #images },
      operation = "latestImage",
      region = not options.regions and (params.regionId or state.region) or nil,
      attempts = meta.attempts,
      elapsed = meta.elapsed,
      retryable = false,
    }
end

return latest
