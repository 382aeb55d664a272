-- Clients over a transport in memory, and the responses of a service.
local cjson = require "cjson"
local fake_transport = require "spec.support.fake_transport"
local jdvm = require "jdvm"

local M = { SECRET = "wJalrXUtnFEMI-secret" }

--- The body of a response.
function M.answer_of(value) return { status = 200, body = cjson.encode(value) } end

--- A page with one image.
function M.one_page()
  return M.answer_of {
    requestId = "r1",
    result = { images = { { imageId = "img-1", name = "n", status = "ready" } }, totalCount = 1 },
  }
end

--- An error of the service.
function M.failing(code, status, headers)
  return {
    status = code,
    headers = headers,
    body = cjson.encode { requestId = "r" .. code, error = { code = code, status = status, message = "no luck" } },
  }
end

--- A client whose requests `answer` responds to (spec.support.fake_transport), and its transport. In the options false
--- stands for none.
function M.client_of(answer, options)
  local fake = fake_transport.new(answer)
  local all = {
    region = "cn-north-1",
    access_key = "AKIDEXAMPLE",
    secret_key = M.SECRET,
    transport = fake,
    endpoint = "https://vm.jdcloud-api.com",
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  for _, name in ipairs { "region", "access_key", "secret_key" } do
    all[name] = all[name] or nil
  end
  return jdvm.new(all), fake
end

--- What a function raises.
function M.raised(f)
  local ok, message = pcall(f)
  assert(not ok, "nothing was raised")
  return message
end

return M
