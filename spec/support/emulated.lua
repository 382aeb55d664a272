-- An emulator without a server: requests of the built-in accounts to the one that was started last, for specs of what
-- it answers.

local accounts = require "jdvm.emulator.accounts"
local control = require "jdvm.emulator.control"
local core = require "jdvm.core"
local emulator = require "jdvm.emulator"
local signed = require "spec.support.signed"

local M = {}

M.NORTH = "/v1/regions/cn-north-1/images"
M.NOW = 1700000000 -- when requests are made unless their options say otherwise

local owner = accounts.list[1]
local state

---Sends what follows to another emulator.
function M.use(another)
  state = another
  return another
end

---@param options? table as for `emulator.new`
function M.start(options) return M.use(assert(emulator.new(options))) end

---Starts one with these faults and nothing else.
function M.start_with(...) return M.start { faults = { ... } } end

function M.answer(request) return emulator.respond(state, request) end

---Sends a signed request.
---@param path string decoded
---@param query? string[] `{name, value, …}`
---@param options? table as for `signed.request`
---@param account? table the first one unless given
---@return table response, any body decoded
function M.send(path, query, options, account)
  local response = M.answer(signed.request(account or owner, path, query, options))
  return response, (core.decode(response.body))
end

---One page of a list.
---@return table result, table response
function M.list(page, size, source)
  local response, body = M.send(
    M.NORTH,
    { "imageSource", source or "private", "pageNumber", tostring(page or 1), "pageSize", tostring(size or 10) }
  )
  return body.result, response
end

---The images of a whole list.
function M.all(query, account, region)
  local images, page = {}, 1
  repeat
    local asked = { "pageNumber", tostring(page), "pageSize", "100" }
    for _, word in ipairs(query) do
      asked[#asked + 1] = word
    end
    local _, body = M.send("/v1/regions/" .. (region or "cn-north-1") .. "/images", asked, nil, account)
    for _, image in ipairs(body.result.images) do
      images[#images + 1] = image
    end
    page = page + 1
  until #images >= body.result.totalCount or #body.result.images == 0
  return images
end

function M.ids(images)
  local found = {}
  for i, image in ipairs(images) do
    found[i] = image.imageId
  end
  return found
end

---The statuses of n requests for a list, as one line.
function M.statuses(n, page)
  local found = {}
  for i = 1, n do
    found[i] = M.send(M.NORTH, { "imageSource", "public", "pageNumber", tostring(page or 1) }).status
  end
  return table.concat(found, " ")
end

---Asks on a control path.
---@return table|nil answer, string|nil refusal
function M.ask(path, arguments)
  local status, body = control.respond(state, path, arguments or {}, M.NOW)
  local answer = core.decode(body)
  return status == 200 and answer or nil, answer.error
end

return M
