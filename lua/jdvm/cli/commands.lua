-- What each subcommand does: calls the client, prints, and gives the exit status.
local operations = require "jdvm.service.operations"
local output = require "jdvm.cli.output"
local parser = require "jdvm.cli.parser"
local terminal = require "jdvm.cli.terminal"

local STATUS = parser.status

local commands = {}

-- Whether the time of a wait ran out without any sign of the service: that is no matter of patience.
local function is_unreachable(detail)
  local last = detail.last
  if not last or not detail.image or detail.image.status then return false end
  local phase = last.kind == "timeout" and last.phase or last.kind
  return phase == "dns" or phase == "connect" or phase == "tls"
end

-- Whether the service said that what was asked for by its id does not exist: a result rather than a failure.
local function is_absent(detail)
  local operation = operations[detail.operation]
  return detail.cause == "not_found" and operation ~= nil and operation.shorthand ~= nil
end

---The exit status that tells a failure's kind to a script.
---@param detail table
---@return integer
function commands.status_of(detail)
  local kind, http = detail.kind, detail.http_status
  if kind == "timeout" then
    return is_unreachable(detail) and STATUS.service or STATUS.timeout
  elseif kind == "credentials" or http == 401 or http == 403 then
    return STATUS.credentials
  elseif kind == "wait" or is_absent(detail) then
    return STATUS.not_found
  end
  return STATUS.service
end

-- Tells what went wrong, and in which region where several were asked; gives the exit status.
local function report(context, detail, region)
  local status = commands.status_of(detail)
  local message = require("jdvm").explain(detail, nil, "command")
  if status == STATUS.timeout and detail.cause ~= "connect_timeout" then
    message = message .. "; give a longer --timeout"
  end
  if #context.regions > 1 then message = message:gsub("^jdvm: ", function() return "jdvm: " .. region .. ": " end) end
  context.complain(message)
  return status
end

-- Asks each region by `ask(region)`, nil standing for the one of the settings, also after one that failed. `ask` gives
-- the ids that were asked for and are not there, or nil, message, detail when it fails. Says which ids are in none of
-- the regions, and gives the worst exit status.
local function each_region(context, ask)
  local worst, missing, times_missing = STATUS.fine, {}, {}
  for _, region in ipairs(context.regions) do
    local absent, _, detail = ask(region or nil)
    if not absent then worst = math.max(worst, report(context, detail, region)) end
    for _, id in ipairs(absent or {}) do
      times_missing[id] = (times_missing[id] or 0) + 1
      if times_missing[id] == #context.regions then missing[#missing + 1] = id end
    end
  end
  if #missing == 0 then return worst end
  context.complain("jdvm: not found: " .. table.concat(missing, " "))
  return math.max(worst, STATUS.not_found)
end

-- What a command is asked of one region only.
local function one_region(context)
  if #context.regions > 1 then context.usage("give one --region here") end
  return context.regions[1] or nil
end

-- Parameters of an operation from the parsed command line; nil for what was not given.
local function parameters_of(operation, given)
  local params = {}
  for _, parameter in ipairs(operation.parameters) do
    local value = given[parameter.name]
    if type(value) == "table" and value.boxed ~= nil then
      params[parameter.name] = value.boxed
    elseif type(value) ~= "table" or #value > 0 then
      params[parameter.name] = value
    end
  end
  return params
end

-- Ends the output. What lacks rows because of a failure is not rounded off: half an array must not look like a whole
-- one. That something does not exist is an answer.
local function finish(printer, status) printer[status <= STATUS.not_found and "finish" or "abandon"]() end

-- Reads one region's list: `on_row(row, region)` for each row, `on_page(stats)` after each page. The region is nil when
-- there is but one. Gives the ids that were asked for and are not there, or nil, message, detail.
local function read_list(context, operation, region, options, on_row, on_page)
  local params = parameters_of(operation, context.given)
  params.regionId = region
  options.timeout = context.time_left()
  local shown_region = #context.regions > 1 and region or nil
  local pages = context.client[operations.list_methods(operation).pages](context.client, params, options)
  while true do
    -- The iterator raises when the list breaks off; failure() then has the data of it.
    local ok, result = pcall(pages)
    if not ok then
      local message, detail = pages:failure()
      if not detail then error(result, 0) end
      return nil, message, detail
    elseif not result then
      return pages:stats().missing or {}
    end
    for _, row in ipairs(result[operation.page.items]) do
      on_row(row, shown_region)
    end
    if on_page then on_page(pages:stats()) end
  end
end

-- Reads the lists of all regions, until --max rows were read. Gives the worst exit status.
local function read_lists(context, operation, options, on_row, on_page)
  local left = context.given.max
  local function count_row(row, region)
    left = left and left - 1
    on_row(row, region)
  end
  return each_region(context, function(region)
    if left == 0 then return {} end
    options.max_items = left
    return read_list(context, operation, region, options, count_row, on_page)
  end)
end

---Lists what matches: `jdvm images`, and the same of any other operation that pages.
---@param context table see jdvm.cli
---@param operation table
---@return integer exit status
function commands.list(context, operation)
  local given = context.given
  local printer, options = output.printer_for(context, operation)
  options.page_size, options.prefetch, options.consistency = given.page_size, given.prefetch, given.consistency
  local progress = context.progress()
  local status = read_lists(context, operation, options, function(row, region)
    printer.row(row, region)
    progress.count()
  end, function(stats)
    printer.flush()
    context.flush()
    progress.show(stats)
  end)
  finish(printer, status)
  return status
end

-- The calls that a command which shows something stands for: one for each id, or one for its options.
local function calls_of(context, operation)
  if not operation.shorthand then return { parameters_of(operation, context.given) } end
  local calls = {}
  for i, id in ipairs(context.given.ids) do
    calls[i] = { [operation.shorthand] = id }
  end
  return calls
end

---Shows what is asked for: `jdvm image ID…`, and the same of any other operation that does not page.
---@param context table
---@param operation table
---@return integer exit status
function commands.show(context, operation)
  local model, region = operations.item_model(operation), one_region(context)
  local printer, options
  if context.given.output or context.given.columns then
    printer, options = output.printer_for(context, operation)
  end
  local worst, shown = STATUS.fine, 0
  for _, params in ipairs(calls_of(context, operation)) do
    params.regionId = region
    local call_options = options or {}
    call_options.timeout = context.time_left()
    local result, _, detail = context.client[operation.method_name](context.client, params, call_options)
    if not result then
      worst = math.max(worst, report(context, detail, region))
    elseif printer then
      printer.row(result)
    else
      context.write((shown > 0 and "\n" or "") .. output.describe(result, model))
      shown = shown + 1
    end
  end
  if printer then finish(printer, worst) end
  return worst
end

---Prints how many match, a line for each region when there are several.
---@param context table
---@return integer exit status
function commands.count(context)
  return each_region(context, function(region)
    local params = parameters_of(operations.describeImages, context.given)
    params.regionId = region
    local count, meta, detail = context.client:count_images(params, { timeout = context.time_left() })
    if not count then return nil, meta, detail end
    context.write((#context.regions > 1 and region .. " " or "") .. ("%d\n"):format(count))
    return meta.missing or {}
  end)
end

-- The text of a field; "" when it is missing or something else.
local function text_at(image, name)
  local value = image[name]
  return type(value) == "string" and value or ""
end

-- createTime sorts as text (YYYY-MM-DD HH:MM:SS); of two as old, the id decides.
local function is_newer(image, other)
  local time, other_time = text_at(image, "createTime"), text_at(other, "createTime")
  return time > other_time or (time == other_time and image.imageId > other.imageId)
end

---Prints the newest image that is ready.
---@param context table
---@return integer exit status
function commands.latest(context)
  local operation = operations.describeImages
  local given = context.given
  given.status = given.status or (#given.ids == 0 and "ready" or nil)
  local printer, options = output.printer_for(context, operation)
  table.insert(options.fields, "createTime")
  local newest, newest_region
  local status = read_lists(context, operation, options, function(image, region)
    if not newest or is_newer(image, newest) then
      newest, newest_region = image, region
    end
  end)
  if status > STATUS.not_found then
    return status -- what could not be read may have a newer one
  elseif not newest then
    context.complain("jdvm: no image matches; a sub-account sees only the images it may see")
    return STATUS.not_found
  end
  printer.row(newest, newest_region)
  printer.finish()
  return status
end

---Waits until images are in a state.
---@param context table
---@return integer exit status
function commands.wait(context)
  local given = context.given
  one_region(context)
  local progress = context.progress(true)
  local images, _, detail = context.client:wait_image(given.ids, {
    status = given.status,
    interval = given.interval,
    timeout = context.time_left(),
    on_progress = progress.waiting,
  })
  if not images then return report(context, detail) end
  for _, image in ipairs(images) do
    context.write(("%s  %s\n"):format(image.imageId, terminal.printable(image.status)))
  end
  return STATUS.fine
end

---Writes a profile.
---@param context table
---@return integer exit status
function commands.configure(context)
  local given = context.given
  local path, name, is_usage = require("jdvm.cli.configure").run({
    profile = given.profile,
    region = one_region(context),
    endpoint = given.endpoint,
  }, io.stdin, io.stderr)
  if not path then
    context.complain("jdvm: configure: " .. name)
    return is_usage and STATUS.usage or STATUS.credentials
  end
  context.write(("wrote profile %s to %s\n"):format(name, path))
  return STATUS.fine
end

---Prints the report of jdvm.cli.doctor.
---@param context table
---@return integer exit status
function commands.doctor(context)
  one_region(context)
  local status, detail = require("jdvm.cli.doctor").run(context)
  return detail and commands.status_of(detail) or status
end

---Serves the API offline until stopped.
---@param context table
---@return integer exit status
function commands.emulator(context)
  local given, settings = context.given, {}
  if given.explain then
    context.write(require "jdvm.emulator.explain"())
    return STATUS.fine
  end
  for _, setting in ipairs(given.settings) do
    settings[setting[1]] = setting[2]
  end
  given.settings = settings
  local status, message = require("jdvm.emulator.launcher").run(given)
  if message then
    local advice = status == STATUS.usage and " (see jdvm emulator --explain)" or ""
    context.complain("jdvm: emulator: " .. message .. advice)
  end
  return status
end

return commands
