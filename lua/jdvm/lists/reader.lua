-- What the readers of lists (jdvm.lists.pages, jdvm.lists.ids) have in common: how they fail, and what they tell
-- of themselves. Pure.

local reader = {}

--- Ends a reader with a failure, which it gives from then on.
---@param self table
---@param message string
---@param detail jdvm.Failure|string|nil of the call that failed; else a failure is made, of this kind (pagination)
---@return nil
---@return string message
---@return jdvm.Failure detail
function reader.fail(self, message, detail)
  self:close()
  if type(detail) == "table" then
    detail.stats = self:stats()
  else
    message, detail = self.source.fail(message, self:stats(), detail)
  end
  self.message, self.detail = message, detail
  return nil, message, detail
end

--- What the list took so far; requests in flight count.
---@return jdvm.ListStats
function reader.stats(self)
  local copy = {}
  for name, value in pairs(self.counters) do
    copy[name] = value
  end
  copy.requests = self.requests + self.queue.started - self.finished_calls
  return copy
end

return reader
