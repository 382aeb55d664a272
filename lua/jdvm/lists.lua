-- Lists over a client: puts planners (jdvm.lists.scan, jdvm.lists.ids), the reader of pages and iterators on top of
-- calls, and bounds the whole by one deadline.

local call = require "jdvm.call"
local check = require "jdvm.options.check"
local core = require "jdvm.core"
local errors = require "jdvm.failures.failure"
local lazy = require "jdvm.util.lazy"
local parameters = require "jdvm.options.parameters"
local request = require "jdvm.call.sign"
local text = require "jdvm.util.text"
local transport = require "jdvm.transport"

local ids, scan, pages = lazy "jdvm.lists.ids", lazy "jdvm.lists.scan", lazy "jdvm.lists.pages"
local iterator, token = lazy "jdvm.lists.iterator", lazy "jdvm.lists.token"

local lists = {}

-- Requests that a list may take before it counts as one that never settles: so many, and some times those of a list
-- that does not change.
local SPARE_REQUESTS, REQUEST_FACTOR = 30, 8

-- The time a list may take. It runs while the list is waited for, and stands still while the caller works on
-- what it got: a loop body may take as long as it likes.
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

local function copy_of(params)
  local copy = {}
  for name, value in pairs(params or {}) do
    copy[name] = value
  end
  return copy
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

-- What readers need of a client, for one list.
local function new_source(state, operation, params, options, resolved)
  local page = operation.page
  local decoding = request.decoding(state, operation, options, page.id)
  local budget = new_budget(state, options.timeout or state.timeout)
  local source = { page = page, enter = budget.enter, leave = budget.leave }
  source.array_mt = state.array_mt or state.array_mt == nil and core.array_mt() or nil
  function source.spent() return budget.spent end

  source.fetch = {
    start = function(job)
      params[page.number], params[page.size] = job.number, job.size
      if page.ids then params[page.ids] = job.ids end
      local path, query, region = parameters.request(operation, params, resolved.region)
      return call.start(state, {
        operation = operation,
        path = path,
        query = query,
        region = region,
        options = options,
        decoding = decoding,
        budget = budget,
        early = resolved.failure,
      }, false)
    end,
    finish = function(pending, received) return pending:finish(received) end,
    cancel = function(pending) pending:cancel() end,
  }
  -- These messages name the row or the page, and the service did respond: no hint about the endpoint helps.
  function source.fail(message, stats, kind)
    return errors.new {
      kind = kind or "pagination",
      message = message,
      operation = operation.name,
      region = resolved.region,
      stats = stats,
      attempts = stats.requests,
      elapsed = budget.elapsed(),
      retryable = kind == nil,
      hint = false,
    }
  end
  function source.token(row, id) return token.encode(resolved.list, options.page_size, row, id) end
  return source
end

-- A reader of a list and its source; raises for misuse.
local function open(state, operation, params, options, level)
  check.call("list", options, operation, level + 1)
  check_paging(operation, params, level + 1)
  local page = operation.page
  options = copy_of(options)
  options.page_size = options.page_size or state.page_size
  options.prefetch = math.min(options.prefetch or state.prefetch, state.max_connections or math.huge)

  -- Long lists of ids are legal here: each is checked, and then one stands for all in the check of one request, which
  -- has the longest values that a list sets: it is not to fail for its length in the middle.
  local probe, wanted = params, nil
  if params == nil or type(params) == "table" then
    probe = copy_of(params)
    wanted = page.ids and probe[page.ids]
    if type(wanted) == "table" then
      parameters.check_value(operation, page.ids, wanted, level + 1)
      probe[page.ids] = { wanted[1] }
    end
    probe[page.number], probe[page.size] = 2147483647, page.max
  end
  local _, _, region = parameters.check(operation, probe, state.region or "unset", level + 1)
  probe[page.number], probe[page.size] = nil, nil
  local name = token.list_name(parameters.request(operation, probe, region))
  if type(wanted) == "table" then name = name .. "\n" .. table.concat(wanted, ",") end
  local resolved = { region = region, failure = request.region_failure(state, params), list = name }
  if options.start ~= nil then
    local row, id_or_message = token.decode(options.start, name)
    if not row then error(("jdvm: %s: option 'start' %s"):format(operation.name, id_or_message), level + 1) end
    options.row, options.id = row, id_or_message
  end

  local source = new_source(state, operation, copy_of(params), options, resolved)
  source.row, source.id = options.row or 0, options.id or ""
  source.has_ids = type(wanted) == "table"
  if source.has_ids then return pages.new(source, ids.new(wanted, page, options), options), source end
  local scanner = scan.new {
    id = page.id,
    size = options.page_size,
    least = page.min,
    most = page.max,
    stable = options.consistency == "stable",
    row = options.row,
    anchor = options.id,
    spare = SPARE_REQUESTS,
    factor = REQUEST_FACTOR,
  }
  return pages.new(source, scanner, options), source
end

--- How many there are: by the service's count, when it agrees with the page it came with; else by counting. Raises
--- for misuse. The options are those of a call, all else is as for `read`.
---@return integer|nil count
---@return jdvm.Meta|string meta_or_message
---@return jdvm.Failure|nil detail
function lists.count(state, operation, params, options, level)
  check.options("call", options, operation.name, level + 1, operation.parameters)
  local page = operation.page
  options = copy_of(options)
  options.fields = { page.id }
  local reader, source = open(state, operation, params, options, level + 1)
  if not source.has_ids then
    source.enter()
    local result, meta, detail = source.fetch.finish(source.fetch.start { number = 1, size = page.min })
    source.leave()
    if result == nil then return nil, meta, detail end
    local total, rows = result[page.total], #result[page.items]
    if type(total) == "number" and rows == math.min(total, page.min) then return total, meta end
  end
  local list, meta, detail = iterator.list(reader, source)
  if not list then return nil, meta, detail end
  return #list, meta
end

--- Reads a list; raises for misuse.
---@param kind string what to return: "items" or "pages", an iterator; "list", an array (jdvm.lists.iterator)
---@param state table the client's
---@param operation table with `page`
---@param params table|nil
---@param options table|nil
---@param level integer as for an error in the place of this call
---@return any
function lists.read(kind, state, operation, params, options, level)
  local reader, source = open(state, operation, params, options, level + 1)
  return iterator[kind](reader, source)
end

return lists
