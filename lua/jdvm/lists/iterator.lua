-- What `client:images`, `client:image_pages` and `client:list_images` return, over a reader (jdvm.lists.pages). Pure.
--
-- The generic `for` calls an iterator. In Lua 5.4 the iterator is also the loop's closing value: leaving the loop
-- cancels what is in flight at once. Elsewhere close() does, or the collector.
--
-- The fields of an iterator are behind a function of its metatable, because requests in flight know the client's
-- options, among them a proxy with its password, and inspectors show whatever tables lead to. An iterator is no table
-- of images, so ipairs, pairs and # raise instead of finding nothing; Lua 5.1 and LuaJIT do not ask the metatable of a
-- table then, so there it is a userdata.

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

-- The row of the list and the image that were given last.
local function place(self)
  local row = self.rows[self.index]
  if not row then return self.row, self.id end
  return pages.position(self.job, self.index), row[self.reader.source.page.id]
end

-- Lets go of the page, so that it may be collected while the next is read.
local function forget(self)
  self.row, self.id = place(self)
  self.unread = #self.rows - self.index
  self.rows, self.index = {}, 0
end

-- Where to go on; nil when all was given.
local function token_of(self)
  if self.reader.is_complete and self.unread + #self.rows == self.index then return nil end
  local row, id = place(self)
  return self.reader:token(row, id, self.job)
end

local function close(self)
  if self.closed then return end
  forget(self)
  self.closed = true
  self.reader:close()
end

-- The next page with rows; nil at the end, and when the list cannot be completed.
local function advance(self)
  if self.closed then return nil end
  forget(self)
  local result, job, meta = self.reader:next()
  if result then
    self.rows, self.job, self.meta = result[self.reader.source.page.items], job, meta
    return result
  end
  if job then
    self.failed, self.detail = job, meta
    close(self)
  end
  return nil
end

-- The same for a loop, which never just ends.
local function advance_or_raise(self)
  local result = advance(self)
  if not self.failed then return result end
  self.detail.token = token_of(self)
  error(self.failed, 0)
end

local function next_item(self)
  local index = self.index + 1
  local row = self.rows[index]
  if row == nil then
    if not advance_or_raise(self) then return nil end
    index, row = 1, self.rows[1]
  end
  self.index = index
  return row
end

local function next_page(self)
  local result = advance_or_raise(self)
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
function methods:token() return (token_of(checked(self, "token"))) end

--- Why the loop ended with an error.
---@return string|nil message
---@return jdvm.Failure|nil detail
function methods:failure()
  local own = checked(self, "failure")
  return own.failed, own.detail
end

local function fields_of(reader)
  return { reader = reader, rows = {}, index = 0, unread = 0, row = reader.row, id = reader.id }
end

local function new(name, call, reader)
  local self = fields_of(reader)
  local held = newproxy and newproxy(true) or setmetatable({}, {})
  local mt = getmetatable(held)
  mt[FIELDS] = function() return self end
  mt.__name, mt.__index = name, methods
  mt.__tostring = function() return (tostring(self):gsub("^table", name)) end
  function mt.__call()
    local item, meta = call(self)
    return item, meta -- no tail call: jdvm.loops.yield looks for what called this function
  end
  function mt.__close() close(self) end
  mt.__len, mt.__pairs, mt.__ipairs = is_no_table, is_no_table, is_no_table
  return held, nil, nil, held
end

--- An iterator over items, and what the generic `for` needs beside it.
---@param reader table see jdvm.lists.pages
---@return jdvm.Iterator iterator
function iterator.items(reader) return new("jdvm.images", next_item, reader) end

--- An iterator over pages: result, meta.
function iterator.pages(reader) return new("jdvm.image_pages", next_page, reader) end

--- Reads a list to its end.
---@param reader table
---@return table[]|nil items
---@return jdvm.ListStats|string stats_or_message the counters, and a resume token when max_items cut the list
---@return jdvm.Failure|nil detail
function iterator.list(reader)
  local self, list, n = fields_of(reader), {}, 0
  while advance(self) do
    self.index = #self.rows
    for i = 1, self.index do
      list[n + i] = self.rows[i]
    end
    n = n + self.index
  end
  if self.failed then return nil, self.failed, self.detail end
  local meta, response = reader:stats(), self.meta or {}
  meta.request_id, meta.http_status = response.request_id, response.http_status
  meta.attempts, meta.elapsed, meta.token = meta.requests, reader.source.budget.spent, token_of(self)
  return n > 0 and list or setmetatable(list, reader.source.array_mt), meta
end

return iterator
