-- A list of images in memory, paged by number, that may change and lie while it is read; and the oracle that says
-- what a scan must hold.

local ids = require "jdvm.lists.ids"
local iterator = require "jdvm.lists.iterator"
local pages = require "jdvm.lists.pages"
local scan = require "jdvm.lists.scan"

local M = {}

local List = {}
List.__index = List

---@param count integer images at the start
---@param options? table total = function(true_total, n) -> any; clamp = past the end the last page again;
---  cut = function(rows, n) may shorten a page; shuffle = function(ids) puts all in another order before each answer;
---  before = function(list, n) called before the n-th answer; size_of = function(size) gives the rows a page that the
---  service pages by, whatever was asked for
function M.new(count, options)
  local self = setmetatable({
    rows = {},
    serial = 0,
    gone = {},
    first = {},
    answers = 0,
    log = {},
    options = options or {},
    open = 0,
    most_open = 0,
    started = 0,
    cancelled = 0,
  }, List)
  for _ = 1, count do
    self:insert(#self.rows + 1)
  end
  for _, id in ipairs(self.rows) do
    self.first[id] = true
  end
  return self
end

function List:insert(position, count)
  for i = 1, count or 1 do
    self.serial = self.serial + 1
    table.insert(self.rows, math.min(position + i - 1, #self.rows + 1), ("img-%010d"):format(self.serial))
  end
end

function List:delete(position, count)
  for _ = 1, count or 1 do
    local id = table.remove(self.rows, position)
    if id then self.gone[id] = true end
  end
end

--- The answer to a window, as the list is now.
function List:answer(window)
  self.answers = self.answers + 1
  if self.options.before then self.options.before(self, self.answers) end
  if self.options.shuffle then self.options.shuffle(self.rows) end
  local size = self.options.size_of and self.options.size_of(window.size) or window.size
  local first = (window.number - 1) * size
  if self.options.clamp and first >= #self.rows and #self.rows > 0 then
    first = math.floor((#self.rows - 1) / size) * size
  end
  local images = {}
  for i = first + 1, math.min(first + size, #self.rows) do
    images[#images + 1] = { imageId = self.rows[i] }
  end
  if self.options.cut then self.options.cut(images, self.answers) end
  local total = #self.rows
  if self.options.total then total = self.options.total(total, self.answers) end
  self.log[#self.log + 1] = window.number .. "/" .. window.size
  return { images = images, totalCount = total }
end

--- A source for jdvm.lists.pages over this list: `early` says of each start whether it is answered then, or at its
--- finish; `meta` gives the meta of the n-th answer, or nil and a failure.
function List:source(early, meta)
  local list, Call = self, {}
  Call.__index = Call
  local function start(window)
    self.started, self.open = self.started + 1, self.open + 1
    self.most_open = math.max(self.most_open, self.open)
    local call = { window = { number = window.number, size = window.size, ids = window.ids }, n = self.started }
    if early and early() then call.answer = self:answer(call.window) end
    return setmetatable(call, Call)
  end
  function Call.finish(call, received)
    assert(not call.ended, "finished twice")
    call.ended, list.open = true, list.open - 1
    if early and not call.answer then call.answer = list:answer(call.window) end
    if received and not meta and (not early or early()) then received() end
    if meta then
      local given, detail = meta(call.n, call.window)
      if given == nil then return nil, detail.message, detail end
      return call.answer or list:answer(call.window), given
    end
    return call.answer or list:answer(call.window), { attempts = 1, request_id = "r" .. call.n, http_status = 200 }
  end
  function Call.cancel(call)
    assert(not call.ended, "cancelled after its end")
    call.ended, list.open, list.cancelled = true, list.open - 1, list.cancelled + 1
  end
  return {
    start = start,
    row = 0,
    id = "",
    budget = { enter = function() end, leave = function() end, spent = 0 },
    page = {
      items = "images",
      id = "imageId",
      total = "totalCount",
      number = "pageNumber",
      size = "pageSize",
      ids = "ids",
      min = 10,
      max = 100,
    },
    fail = function(message, stats, kind)
      return "jdvm: " .. message, { kind = kind or "pagination", message = message, stats = stats }
    end,
    token = function(row, id) return row .. ":" .. id end,
  }
end

--- A reader of this list. `options` are those of a list, with row and id of a resume token, or ids.
function List:reader(options, early, meta)
  local source = self:source(early, meta)
  options = options or {}
  source.row, source.id = options.row or 0, options.id or ""
  local size, planner = options.page_size or 100
  if options.ids then
    planner = ids.new(options.ids, source.page, options)
  else
    planner = scan.new {
      id = "imageId",
      size = size,
      least = 10,
      most = 100,
      stable = options.consistency == "stable",
      row = options.row,
      anchor = options.id,
      spare = 30,
      factor = 8,
    }
  end
  return pages.new(source, planner, { prefetch = options.prefetch or 4, max_items = options.max_items })
end

function List:items(...) return iterator.items(self:reader(...)) end

function List:pages(...) return iterator.pages(self:reader(...)) end

function List:collect(...) return iterator.list(self:reader(...)) end

--- The ids of images.
function M.ids(images)
  local list = {}
  for i = 1, #images do
    list[i] = images[i].imageId
  end
  return list
end

--- What is wrong with a list of images that claims to be complete, or nil.
function List:fault(images)
  local have = {}
  for i = 1, #images do
    local id = images[i].imageId
    if have[id] then return id .. " is there twice" end
    have[id] = true
  end
  local lost = 0
  for id in pairs(self.first) do
    if not self.gone[id] and not have[id] then lost = lost + 1 end
  end
  if lost > 0 then return lost .. " images are missing that existed all the time" end
  return nil
end

return M
