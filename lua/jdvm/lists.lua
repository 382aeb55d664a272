-- Lists over a client: puts planners (jdvm.lists.scan, jdvm.lists.ids), the reader of pages and iterators on top of
-- calls, and bounds the whole by one deadline.

local call = require "jdvm.call"
local check = require "jdvm.options.check"
local copy_of = require "jdvm.util.copy"
local core = require "jdvm.core"
local errors = require "jdvm.failures.failure"
local lazy = require "jdvm.util.lazy"
local parameters = require "jdvm.options.parameters"
local request = require "jdvm.call.sign"
local text = require "jdvm.util.text"
local transport = require "jdvm.transport"

local ids, scan, pages = lazy "jdvm.lists.ids", lazy "jdvm.lists.scan", lazy "jdvm.lists.pages"
local iterator, token = lazy "jdvm.lists.iterator", lazy "jdvm.lists.token"
local merge, parts = lazy "jdvm.lists.merge", lazy "jdvm.lists.parts"

local lists = {}

-- Requests that a list may take before it counts as one that never settles: so many, and some times those of a list
-- that does not change.
local SPARE_REQUESTS, REQUEST_FACTOR = 30, 8

-- The time a list may take. It runs only while somebody waits for the list: a loop body may take as long as it likes.
local function new_budget(state, timeout)
  local budget = { left = timeout, spent = 0 }
  function budget.enter()
    local carrier = transport.choose(state.config)
    budget.carrier = carrier
    if not carrier then return end
    local now = carrier:now()
    budget.started, budget.deadline = now - budget.spent, now + budget.left
  end
  -- What it took so far, the present waiting included.
  function budget.elapsed() return budget.carrier and budget.carrier:now() - budget.started or budget.spent end
  function budget.leave()
    local carrier = budget.carrier
    if not carrier then return end
    local now = carrier:now()
    budget.left, budget.spent, budget.carrier = budget.deadline - now, now - budget.started, nil
  end
  return budget
end

-- Refuses what a list sets itself, under whatever name: a call would take it.
local function check_paging(operation, params, level)
  local page = operation.page
  local advice = {
    [page.number] = "a list sets '%s' itself: go on by the option start, or use %s for one page",
    [page.size] = "a list takes the option page_size, in the table after the parameters, instead of '%s'",
  }
  for name in pairs(type(params) == "table" and params or {}) do
    local parameter = type(name) == "string" and text.meant(name, operation.parameters)
    local words = parameter and advice[parameter.name]
    if words then
      error(("jdvm: %s: %s"):format(operation.name, words:format(parameter.name, operation.method_name)), level + 1)
    end
  end
end

-- What a reader of a part needs to know, see jdvm.lists.pages.
local function new_source(list, part, row, id)
  local operation, page, budget, params = list.operation, list.page, list.budget, copy_of(part.params)
  local source = { page = page, row = row, id = id, budget = budget, array_mt = list.array_mt, token = list.token }
  function source.start(job)
    params[page.number], params[page.size] = job.number, job.size
    if page.ids then params[page.ids] = job.ids end
    local path, query, region = parameters.request(operation, params, part.region)
    return call.start(list.state, {
      operation = operation,
      path = path,
      query = query,
      region = region,
      filter = part.filter,
      options = list.options,
      decoding = list.decoding,
      budget = budget,
      early = part.failure,
    }, false)
  end
  -- The service did respond, so no hint about the endpoint helps.
  function source.fail(message, stats, kind)
    return errors.new {
      kind = kind or "pagination",
      message = message,
      operation = operation.name,
      region = part.region,
      filter = part.filter,
      stats = stats,
      attempts = stats.requests,
      elapsed = budget.elapsed(),
      retryable = kind == nil,
      hint = false,
    }
  end
  return source
end

-- A reader of a part, which begins behind this row and image.
local function new_reader(list, part, row, id, max_items)
  local options, page = list.options, list.page
  local wanted = page.ids and part.params[page.ids]
  local planner = wanted and ids.new(wanted, page, { page_size = options.page_size, row = row })
    or scan.new {
      id = page.id,
      size = options.page_size,
      least = page.min,
      most = page.max,
      stable = options.consistency == "stable",
      row = row,
      anchor = id,
      spare = SPARE_REQUESTS,
      factor = REQUEST_FACTOR,
    }
  return pages.new(new_source(list, part, row, id), planner, { prefetch = options.prefetch, max_items = max_items })
end

-- A reader of a list of several parts. `ahead`: how many pages of each further region to read before they are wanted.
local function new_merge(list, asked, row, id, ahead)
  local options, first, last_id = list.options, id:match "^(%d+)/(.*)$"
  local connections = list.state.max_connections or math.huge
  options.prefetch = math.min(options.prefetch, math.floor(connections / asked[#asked].lane))
  for _, part in ipairs(asked) do
    part.shown_region = options.regions and part.region
    part.open = function(...) return new_reader(list, part, ...) end
  end
  return merge.new(new_source(list, asked[1], row, last_id or ""), asked, {
    max_items = options.max_items,
    ahead = options.prefetch > 0 and (ahead or options.prefetch) or 0,
    part = tonumber(first) or 1,
  })
end

-- Checks one part of a list, and notes its region and how resume tokens name it; raises for misuse.
local function resolve(state, operation, part, level)
  local page, params = operation.page, part.params
  -- Any number of ids is legal here: each is checked, and then one stands for all in the check of one request, which
  -- has the longest values that a list sets, so that no later page fails for its length.
  local probe, wanted = copy_of(params), page.ids and params[page.ids]
  if type(wanted) == "table" then
    parameters.check_value(operation, page.ids, wanted, level + 1)
    probe[page.ids] = { wanted[1] }
  end
  probe[page.number], probe[page.size] = 2147483647, page.max
  local _, _, region = parameters.check(operation, probe, state.region or "unset", level + 1)
  probe[page.number], probe[page.size] = nil, nil
  part.region, part.failure = region, request.region_failure(state, params)
  part.name = token.list_name(parameters.request(operation, probe, region))
  if wanted then part.name = part.name .. "\n" .. table.concat(wanted, ",") end
end

-- A reader of a list; raises for misuse.
local function open(state, operation, params, options, level, ahead)
  check.call("list", options, operation, level + 1)
  check_paging(operation, params, level + 1)
  if params ~= nil and type(params) ~= "table" then parameters.check(operation, params, "unset", level + 1) end
  options = copy_of(options)
  options.page_size = options.page_size or state.page_size
  options.prefetch = math.min(options.prefetch or state.prefetch, state.max_connections or math.huge)

  local asked, fault = parts.of(operation, params or {}, options.regions)
  if not asked then error(("jdvm: %s: %s"):format(operation.name, fault), level + 1) end
  local names = {}
  for i, part in ipairs(asked) do
    resolve(state, operation, part, level + 1)
    names[i] = part.name
  end
  local name, row, id = table.concat(names, "\n"), 0, ""
  if options.start ~= nil then
    row, id = token.decode(options.start, name)
    if not row then error(("jdvm: %s: option 'start' %s"):format(operation.name, id), level + 1) end
  end
  local list = {
    state = state,
    operation = operation,
    page = operation.page,
    options = options,
    decoding = request.decoding(state, operation, options, operation.page.id),
    budget = new_budget(state, options.timeout or state.timeout),
    array_mt = state.array_mt or state.array_mt == nil and core.array_mt() or nil,
    token = function(...) return token.encode(name, options.page_size, ...) end,
  }
  if #asked > 1 or options.regions then return new_merge(list, asked, row, id, ahead) end
  local reader = new_reader(list, asked[1], row, id, options.max_items)
  reader.is_whole = row == 0 and not options.max_items and not asked[1].params[operation.page.ids]
  return reader
end

--- Reads a list; `items` and `pages` return an iterator, `list` an array (jdvm.lists.iterator). Raises for misuse.
---@param state table the client's
---@param operation table with `page`
---@param params table|nil
---@param options table|nil
---@param level integer as for an error in the place of this call
for _, kind in ipairs { "items", "pages", "list" } do
  lists[kind] = function(state, operation, params, options, level)
    local reader = open(state, operation, params, options, level + 1, kind == "list" and math.huge or nil)
    return iterator[kind](reader)
  end
end

--- How many there are: by the service's count, when it agrees with the page it came with; else by counting. Raises for
--- misuse; the arguments are as for the others.
---@return integer|nil count
---@return jdvm.Meta|string meta_or_message
---@return jdvm.Failure|nil detail
function lists.count(state, operation, params, options, level)
  check.call("list", options, operation, level + 1)
  local page = operation.page
  options = copy_of(options)
  options.fields = { page.id }
  local small = copy_of(options)
  small.page_size, small.prefetch = page.min, 0
  local reader = open(state, operation, params, small, level + 1)
  if reader.is_whole then
    local result, job_or_message, meta_or_detail = reader:next()
    reader:close()
    if not result and job_or_message then return nil, job_or_message, meta_or_detail end
    if not result then return 0, reader.meta end
    local total, rows = result[page.total], #result[page.items]
    if type(total) == "number" and rows == math.min(total, page.min) then return total, reader.meta end
  end
  local list, meta, detail = iterator.list(open(state, operation, params, options, level + 1, math.huge))
  return list and #list, meta, detail
end

return lists
