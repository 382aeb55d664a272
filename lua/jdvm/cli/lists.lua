-- The subcommands that read lists: images, count, latest and what jdvm.cli.diff compares.
local fields = require "jdvm.cli.fields"
local language = require "jdvm.cli.language"
local messages = require "jdvm.cli.messages"
local operations = require "jdvm.service.operations"
local output = require "jdvm.cli.output"
local status = require "jdvm.cli.status"

local say = language.say

local lists = {}

---Parameters of an operation from the parsed command line; nil for what was not given. Several values of a filter are
---an array, `all` those that are known.
---@param operation table
---@param given table
---@return table
function lists.parameters(operation, given)
  local params = {}
  for _, parameter in ipairs(operation.parameters) do
    local value = given[parameter.name]
    if type(value) == "table" and value.boxed ~= nil then
      value = value.boxed
    elseif type(value) == "table" and parameter.type == "string" then
      if value[1] == "all" and parameter.values and not parameter.open then value = parameter.values end
      if #value < 2 then value = value[1] end
    elseif type(value) == "table" and #value == 0 then
      value = nil
    end
    params[parameter.name] = value
  end
  return params
end

-- What was asked for, as on a command line.
local function shown_filters(context, operation)
  local words = {}
  local function add(option, value) words[#words + 1] = option .. " " .. tostring(value) end
  for _, parameter in ipairs(operation.parameters) do
    local value = context.given[parameter.name]
    for _, each in ipairs(type(value) == "table" and (value.boxed ~= nil and { value.boxed } or value) or { value }) do
      add(messages.option_of(parameter), each)
    end
  end
  if context.given.match then add("--match", context.given.match) end
  for _, region in ipairs(context.regions) do
    add("--region", region)
  end
  return table.concat(words, " ")
end

local function tell_token(context, token)
  context.complain(say("jdvm: there is more: --start %s", "jdvm: 还有更多结果：--start %s", token))
end

---Reads a list over the regions that were asked for.
---@param context table see jdvm.cli
---@param operation table
---@param options table of the list
---@param on_row fun(row: table, region: string?): boolean? with its region where there are several; false ends the list
---@param on_page? fun(stats: table)
---@return integer exit status
---@return fun() tell says on standard error what went wrong, what is missing, and how a list that was cut goes on: to
---be called once the rows are out
function lists.read(context, operation, options, on_row, on_page)
  local params, has_regions, has_rows = lists.parameters(operation, context.given), #context.regions > 1, false
  if has_regions then
    options.regions = context.regions
  else
    params.regionId = context.regions[1]
  end
  options.timeout, options.start = context.time_left(), context.given.start
  local pages = context.client[operations.list_methods(operation).pages](context.client, params, options)
  while true do
    -- The iterator raises when the list breaks off; failure() then has the data of it.
    local ok, result = pcall(pages)
    if not ok then
      local _, detail = pages:failure()
      if not detail then error(result, 0) end
      local function tell()
        context.report(detail)
        if has_rows and detail.token then tell_token(context, detail.token) end
      end
      return status.of(detail), tell
    elseif not result then
      break
    end
    for _, row in ipairs(result[operation.page.items]) do
      has_rows = true
      if on_row(row, has_regions and row.regionId or nil) == false then
        pages:close()
        return status.fine, function() end
      end
    end
    if on_page then on_page(pages:stats()) end
  end
  local missing = pages:stats().missing or {}
  return #missing == 0 and status.fine or status.not_found,
    function()
      if pages:token() then tell_token(context, pages:token()) end
      if #missing > 0 then
        context.complain(say("jdvm: not found: %s", "jdvm: 不存在：%s", table.concat(missing, " ")))
      end
    end
end

-- The fields that --match looks at.
local MATCHED = { "imageId", "name", "desc" }

-- Whether a row is one that --match asks for: the text stands in one of the fields, whatever the case of its letters.
local function matcher(text)
  text = text and text:lower()
  return function(row)
    if not text then return true end
    for _, name in ipairs(MATCHED) do
      if fields.text_at(row, name):lower():find(text, 1, true) then return true end
    end
    return false
  end
end

local function add_fields(options, names)
  for _, name in ipairs(options.fields and names or {}) do
    options.fields[#options.fields + 1] = name
  end
end

-- Rows by a field: numbers by size, other values as text, those without it last; what is equal keeps its order.
local function sort(rows, column, is_descending)
  local keys = {}
  for i, entry in ipairs(rows) do
    local value = fields.value_at(entry.row, column)
    if column == fields.REGION then value = entry.region end
    entry.place, keys[entry] = i, type(value) == "number" and value or fields.text_of(value)
  end
  table.sort(rows, function(a, b)
    local left, right = keys[a], keys[b]
    if left == right then return a.place < b.place end
    if left == "" or right == "" then return right == "" end
    if type(left) ~= type(right) then
      left, right = tostring(left), tostring(right)
    end
    if is_descending then return left > right end
    return left < right
  end)
end

---Lists what matches: `jdvm images`, and the same of any other operation that pages.
---@param context table see jdvm.cli
---@param operation table
---@return integer exit status
function lists.list(context, operation)
  local given = context.given
  local printer, options = output.printer_for(context, operation)
  local column, is_descending = fields.sorting(context, operation)
  options.page_size, options.prefetch, options.consistency = given.page_size, given.prefetch, given.consistency
  -- What is chosen here needs every row; else the library stops by itself, and knows where to go on.
  local is_chosen_here, matches = column or given.match, matcher(given.match)
  if given.match then add_fields(options, MATCHED) end
  if column and column ~= fields.REGION then add_fields(options, { column }) end
  if not is_chosen_here then options.max_items = given.max end

  local printed, sorted = 0, {}
  local function print(row, region)
    printer.row(row, region)
    printed = printed + 1
    return printed ~= given.max or not is_chosen_here
  end
  local ended, tell = lists.read(context, operation, options, function(row, region)
    if not matches(row) then return nil end
    if not column then return print(row, region) end
    sorted[#sorted + 1] = { row = row, region = region }
  end, function(stats)
    printer.flush()
    context.flush()
    context.progress.page(stats)
  end)
  if column then sort(sorted, column, is_descending) end
  for i = 1, math.min(#sorted, given.max or math.huge) do
    print(sorted[i].row, sorted[i].region)
  end
  output.finish(printer, ended)
  tell()
  if printed == 0 and ended == status.fine then
    context.complain(
      say("jdvm: no images match %s", "jdvm: 没有符合条件的镜像：%s", shown_filters(context, operation))
    )
  end
  return ended
end

---Prints how many match, a line for each region when there are several.
---@param context table
---@param operation table
---@return integer exit status
function lists.count(context, operation)
  local worst, times_missing = status.fine, {}
  for i = 1, math.max(1, #context.regions) do
    local params, region = lists.parameters(operation, context.given), context.regions[i]
    params.regionId = region
    local count, meta, detail = context.client:count_images(params, { timeout = context.time_left() })
    if count then
      context.write((#context.regions > 1 and region .. " " or "") .. ("%d\n"):format(count))
      for _, id in ipairs(meta.missing or {}) do
        times_missing[id] = (times_missing[id] or 0) + 1
      end
    else
      worst = math.max(worst, context.report(detail))
    end
  end
  for _, id in ipairs(context.given.ids) do
    if times_missing[id] == math.max(1, #context.regions) then
      context.complain(say("jdvm: not found: %s", "jdvm: 不存在：%s", id))
      worst = math.max(worst, status.not_found)
    end
  end
  return worst
end

-- createTime sorts as text (YYYY-MM-DD HH:MM:SS); of two as old, the id decides.
local function is_newer(image, other)
  local function text(row, name) return type(row[name]) == "string" and row[name] or "" end
  local time, other_time = text(image, "createTime"), text(other, "createTime")
  return time > other_time or (time == other_time and text(image, "imageId") > text(other, "imageId"))
end

---Prints the newest image that is ready.
---@param context table
---@param operation table
---@return integer exit status
function lists.latest(context, operation)
  local given = context.given
  if #given.status == 0 and #given.ids == 0 then given.status = { "ready" } end
  local printer, options = output.printer_for(context, operation)
  add_fields(options, { "createTime" })
  local newest, newest_region
  local ended, tell = lists.read(context, operation, options, function(image, region)
    if not newest or is_newer(image, newest) then
      newest, newest_region = image, region
    end
  end)
  if newest and ended <= status.not_found then
    printer.row(newest, newest_region)
    output.finish(printer, ended)
  end
  tell()
  if not newest and ended == status.fine then
    ended = status.not_found
    context.complain(
      say(
        "jdvm: no images match %s; a sub-account sees only the images it may see",
        "jdvm: 没有符合条件的镜像：%s；子账号只能看到有权限的镜像",
        shown_filters(context, operation)
      )
    )
  end
  return ended
end

return lists
