--- One call of a shared client, tried wherever nginx runs Lua; what came of it is left in the dict "notes".
local M = {}

local client, id

--- Makes the client, in nginx's init phase, as a user would.
function M.open(options, image)
  client, id = require "jdvm".new(options), image
  M.options = options
end

local function describe(with)
  local ok, result, message, detail = pcall(with.describe_image, with, id)
  if not ok then return "raised " .. tostring(result) end
  if result then return "ok " .. result.imageId end
  return detail.kind .. " " .. tostring(detail.phase) .. ": " .. message
end

--- Tries it here and notes the outcome under a name.
function M.try(name) ngx.shared.notes:set(name, describe(client)) end

--- The options of the shared client, changed.
function M.with(changes)
  local options = {}
  for key, value in pairs(M.options) do
    options[key] = value
  end
  for key, value in pairs(changes) do
    options[key] = value
  end
  return options
end

--- Tries it with other options than the shared client's.
function M.try_with(name, changes) ngx.shared.notes:set(name, describe(require "jdvm".new(M.with(changes)))) end

-- What two calls of a catalogue come to: where their answers came from, or the first one's failure.
local function ask_twice(catalogue, image)
  local answer, meta, detail = catalogue:describe_image(image)
  if not answer and detail.code ~= 404 then return detail.kind .. " " .. tostring(detail.phase) .. ": " .. meta end
  local _, again, again_detail = catalogue:describe_image(image)
  return (detail or meta).cache .. " " .. (again_detail or again).cache
end

--- Tries a catalogue of a name, with other options than the shared client's.
function M.try_cache(name, changes, catalogue)
  ngx.shared.notes:set(
    name,
    ask_twice(
      require "jdvm.cache".new {
        client = require "jdvm".new(M.with(changes)),
        dict = "jdvm",
        name = catalogue,
      },
      id
    )
  )
end

local function wait_for_next_second()
  local second = os.time() -- there is no sleep here
  repeat
  until os.time() > second
  if ngx.update_time then ngx.update_time() end
end

--- What ngx.run_worker_thread runs: a catalogue of its own; `bare` with no more of nginx than OpenResty 1.25.3.1 gives.
function M.cache_in_thread(options, image, bare)
  if bare then
    for _, name in ipairs { "now", "get_phase", "update_time" } do
      rawset(ngx, name, nil)
    end
  end
  local catalogue = require "jdvm.cache".new {
    client = require "jdvm".new(options),
    dict = "jdvm",
    name = bare and "bare thread" or "thread",
    ttl = 0.5,
  }
  wait_for_next_second()
  local first = ask_twice(catalogue, image)
  wait_for_next_second()
  return first
    .. " "
    .. ask_twice(catalogue, image)
    .. ", one that is absent: "
    .. ask_twice(catalogue, "img-0000000000")
end

--- What ngx.run_worker_thread runs: in a Lua of its own, so with a client of its own.
function M.in_thread(options, image)
  M.open(options, image)
  return describe(client)
end

function M.note() ngx.print(ngx.shared.notes:get(ngx.unescape_uri(ngx.var.arg_name)) or "nothing") end

return M
