-- What `client:images`, `client:image_pages` and `client:list_images` return, over a reader (jdvm.lists.pages). Pure.
--
-- An iterator is called by the generic `for`. In Lua 5.4 it is also the loop's closing value: leaving the
-- loop cancels what is in flight at once. Elsewhere close() does, or the collector.
--
-- What the user holds has no fields; they are behind the functions of its metatable. Calls in flight know the client's
-- options, among them a proxy with its password, and inspectors that walk through tables show all they reach. And it is
-- no table of images: ipairs, pairs and # would find nothing in it, so they raise. Lua 5.1 and LuaJIT look into tables
-- without asking, but not into a userdata. (A weak table of fields would keep those of a loop that was left through one
-- more cycle of the collector there.)

local pages = require "jdvm.lists.pages"

local newproxy = newproxy -- luacheck: ignore (Lua 5.1 and LuaJIT)

local iterator = {}

local FIELDS = {} -- key in the metatable of an iterator: a function that gives its fields

local function is_no_table()
  error("jdvm: read a list by: for image in client:images { … } do; client:list_images gives a table", 2)
end

local methods = setmetatable({}, {
  __index = function(_, key)
    if type(key) == "number" then is_no_table() end
    return nil
  end,
})

-- Whether all was given.
local function is_complete(self) return self.index == #self.rows and self.reader.is_complete end

-- Forgets the page that was given, but for where the list stands: it may be collected while the next is read.
local function forget(self)
  local row = self.rows[self.index]
  if row then
    self.row, self.id = pages.position(self.job, self.index), row[self.source.page.id]
  end
  self.rows, self.index = {}, 0
end

local function close(self)
  if self.closed then return end
  self.closed, self.was_complete = true, is_complete(self)
  forget(self)
  self.reader:close()
end

-- The next page with rows, nil at the end; raises when the list cannot be completed.
local function advance(self)
  if self.failed then error(self.failed, 0) end
  local reader, source = self.reader, self.source
  forget(self)
  source.enter()
  local result, job, meta = reader:next()
  source.leave()
  if result then
    self.rows, self.job, self.meta = result[source.page.items], job, meta
    return result
  end
  if job then
    self.failed, self.detail = job, meta
    close(self)
    error(job, 0)
  end
  return nil
end

local function next_item(self)
  local index = self.index + 1
  local row = self.rows[index]
  if row == nil then
    if not advance(self) then return nil end
    index, row = 1, self.rows[1]
  end
  self.index = index
  return row
end

local function next_page(self)
  local result = advance(self)
  if not result then return nil end
  self.index = #self.rows
  return result, self.meta
end

-- The fields of an iterator whose method was called; raises at the caller's line when that was done with a dot.
local function checked(given, name)
  local mt = getmetatable(given)
  local fields = type(mt) == "table" and rawget(mt, FIELDS)
  return fields and fields() or error(("jdvm: call methods with a colon: iterator:%s()"):format(name), 3)
end

--- Counters of what was read so far.
---@return jdvm.ListStats
function methods:stats() return (checked(self, "stats").reader:stats()) end

--- Cancels what is in flight; the loop gets no more.
function methods:close() close(checked(self, "close")) end

--- Where to go on after what was given so far: for the option `start`.
---@return string|nil token nil when the list is complete
function methods:token()
  local own = checked(self, "token")
  if not own.closed then own.was_complete = is_complete(own) end
  if own.was_complete then return nil end
  local row = own.rows[own.index]
  if row then return own.source.token(pages.position(own.job, own.index), row[own.source.page.id]) end
  return own.source.token(own.row, own.id)
end

--- Why the loop ended with an error.
---@return string|nil message
---@return jdvm.Failure|nil detail
function methods:failure()
  local own = checked(self, "failure")
  return own.failed, own.detail
end

local function new(name, call, reader, source)
  local self = { reader = reader, source = source, rows = {}, index = 0, row = source.row, id = source.id }
  local held = newproxy and newproxy(true) or setmetatable({}, {})
  local mt = getmetatable(held)
  mt[FIELDS] = function() return self end
  mt.__name, mt.__index = name, methods
  mt.__call, mt.__close = function() return call(self) end, function() close(self) end
  mt.__len, mt.__pairs, mt.__ipairs = is_no_table, is_no_table, is_no_table
  return held, nil, nil, held
end

--- An iterator over items, and what the generic `for` needs beside it.
---@param reader table see jdvm.lists.pages
---@param source table page; token(row, id) -> string; row, id = where the list begins; enter() and leave() around what
---  may wait; spent() -> seconds
---@return jdvm.Iterator iterator
function iterator.items(reader, source) return new("jdvm.images", next_item, reader, source) end

--- An iterator over pages: result, meta.
function iterator.pages(reader, source) return new("jdvm.image_pages", next_page, reader, source) end

--- Reads a list to its end.
---@return table[]|nil items
---@return jdvm.ListStats|string stats_or_message the counters, and a resume token when max_items cut the list
---@return jdvm.Failure|nil detail
function iterator.list(reader, source)
  local page, list, n = source.page, nil, 0
  local row, id = source.row, source.id
  source.enter()
  while true do
    local result, job, meta = reader:next()
    if not result then
      source.leave()
      if job then return nil, job, meta end
      break
    end
    local rows = result[page.items]
    local count = #rows
    if not list then
      list = rows
    else
      for i = 1, count do
        list[n + i] = rows[i]
      end
    end
    n = n + count
    row, id = pages.position(job, count), rows[count][page.id]
  end
  local meta, answer = reader:stats(), reader.meta
  if answer then
    meta.request_id, meta.http_status = answer.request_id, answer.http_status
  end
  meta.attempts, meta.elapsed = meta.requests, source.spent()
  if not reader.is_complete then meta.token = source.token(row, id) end
  return list or setmetatable({}, source.array_mt), meta
end

return iterator
