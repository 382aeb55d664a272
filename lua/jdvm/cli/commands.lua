-- What each subcommand does: calls the client, prints, and gives the exit status.
local details = require "jdvm.cli.details"
local language = require "jdvm.cli.language"
local lists = require "jdvm.cli.lists"
local messages = require "jdvm.cli.messages"
local operations = require "jdvm.service.operations"
local output = require "jdvm.cli.output"
local status = require "jdvm.cli.status"
local terminal = require "jdvm.cli.terminal"

local say = language.say

local commands = { list = lists.list, count = lists.count, latest = lists.latest }

---Compares two lists.
function commands.diff(...) return require "jdvm.cli.diff"(...) end

-- What a command is asked of one region only.
local function one_region(context)
  if #context.regions > 1 then context.usage(say("give one --region here", "此处只能指定一个 --region")) end
  return context.regions[1]
end

-- Says which of the ids are in no region, as the service would; gives the exit status.
local function report_missing(context, ids)
  if #ids == 0 then return status.fine end
  context.complain(say("jdvm: not found: %s", "jdvm: 不存在：%s", table.concat(ids, " ")))
  return status.not_found
end

-- Shows images by their ids, wherever they are: one list over the regions.
local function show_anywhere(context, show, options)
  local listing = operations.describeImages
  options.regions, options.timeout = context.regions, context.time_left()
  local rows, meta, detail = context.client:list_images({ [listing.page.ids] = context.given.ids }, options)
  if not rows then return context.report(detail) end
  for _, row in ipairs(rows) do
    show(row, row.regionId)
  end
  return report_missing(context, meta.missing or {})
end

-- Shows what is asked for by its id, or by an operation's options, a call for each.
local function show_each(context, operation, show, options)
  local calls = {}
  for i, id in ipairs(operation.shorthand and context.given.ids or {}) do
    calls[i] = { [operation.shorthand] = id }
  end
  if not operation.shorthand then calls[1] = lists.parameters(operation, context.given) end
  local worst = status.fine
  for _, params in ipairs(calls) do
    params.regionId, options.timeout = context.regions[1], context.time_left()
    local result, _, detail = context.client[operation.method_name](context.client, params, options)
    if result then
      show(result)
    else
      worst = math.max(worst, context.report(detail))
    end
  end
  return worst
end

---Shows what is asked for: `jdvm image ID…`, and the same of any other operation that does not page.
---@param context table see jdvm.cli
---@param operation table
---@return integer exit status
function commands.show(context, operation)
  local model, screen = operations.item_model(operation), context.screen()
  local printer, options, shown = nil, {}, 0
  if context.given.output or context.given.columns then
    printer, options = output.printer_for(context, operation)
  end
  local function show(row, region)
    if printer then return printer.row(row, region) end
    context.write((shown > 0 and "\n" or "") .. details(row, model, screen and screen.columns))
    shown = shown + 1
  end
  local ended
  if operation.shorthand == operations.describeImage.shorthand and #context.regions > 1 then
    ended = show_anywhere(context, show, options)
  else
    ended = show_each(context, operation, show, options)
  end
  if printer then output.finish(printer, ended) end
  return ended
end

-- The ids by the region in which they are, found by one list over the regions; nil and the exit status when it failed.
local function find_regions(context)
  local listing = operations.describeImages
  local rows, meta, detail = context.client:list_images(
    { [listing.page.ids] = context.given.ids },
    { regions = context.regions, fields = { listing.page.id }, timeout = context.time_left() }
  )
  if not rows then return nil, context.report(detail) end
  local groups, by_region = {}, {}
  for _, row in ipairs(rows) do
    local group = by_region[row.regionId]
    if not group then
      group = { region = row.regionId, ids = {} }
      groups[#groups + 1], by_region[row.regionId] = group, group
    end
    group.ids[#group.ids + 1] = row[listing.page.id]
  end
  return groups, report_missing(context, meta.missing or {})
end

---Waits until images are in a state.
---@param context table
---@return integer exit status
function commands.wait(context)
  local given, progress = context.given, context.progress
  local groups, worst = { { region = context.regions[1], ids = given.ids } }, status.fine
  if #context.regions > 1 then
    groups, worst = find_regions(context)
    -- What is gone already is what --status gone waits for.
    if given.status == "gone" and worst == status.not_found then worst = status.fine end
  end
  for _, group in ipairs(groups or {}) do
    local images, _, detail = context.client:wait_image(group.ids, {
      region = group.region,
      status = given.status,
      interval = given.interval,
      timeout = context.time_left(),
      on_progress = function(event)
        progress.waiting(event)
        -- Where no line of progress shows it, the first failed poll is told: it may go on like that for half an hour.
        if event.failure and not progress.has_warned and not terminal.may_show_line() then
          progress.has_warned = true
          local text = say("jdvm: wait: %s; waiting on", "jdvm: wait: %s；继续等待", event.failure)
          context.complain(text)
        end
      end,
    })
    if not images then return context.report(detail) end
    for i, image in ipairs(images) do
      local state = given.status == "gone" and "gone" or terminal.printable(image.status)
      context.write(("%s  %s\n"):format(group.ids[i], state))
    end
  end
  return worst
end

---Writes, lists, shows, chooses or deletes profiles.
---@param context table
---@return integer exit status
function commands.configure(context)
  one_region(context)
  return require "jdvm.cli.configure"(context)
end

---Prints the report of jdvm.cli.doctor.
---@param context table
---@return integer exit status
function commands.doctor(context)
  one_region(context)
  local ended, detail = require("jdvm.cli.doctor").run(context)
  return detail and status.of(detail) or ended
end

---Serves the API offline until stopped.
---@param context table
---@return integer exit status
function commands.emulator(context)
  local given, settings = context.given, {}
  if given.explain then
    context.write(require "jdvm.emulator.explain"(language.current()))
    return status.fine
  end
  for _, setting in ipairs(given.settings) do
    settings[setting[1]] = setting[2]
  end
  given.settings = settings
  local ended, message = require("jdvm.emulator.launcher").run(given)
  if message then
    local advice = ended == status.usage
        and say(" (see jdvm emulator --explain)", "（请参阅 jdvm emulator --explain）")
      or ""
    context.complain("jdvm: emulator: " .. messages.localized(message) .. advice)
  end
  return ended
end

return commands
