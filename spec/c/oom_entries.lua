-- The entry points that test_oom.c sweeps: every function and method of jdvm.core and jdvm.curl.
-- An entry has a `name`; `prepare()`, run with memory at hand, returns the function to sweep and a
-- function that says whether its results are right (an error, or nil and a second value, is right as
-- long as an allocation failed). `step` = 7 fails every seventh allocation only, where a call makes
-- thousands.
-- luacheck: globals jit
local entries = {}

-- LuaJIT's compiler leaks 512 bytes of its own when an allocation fails while it records a trace.
if jit then jit.off() end

local function entry(name, prepare, step) entries[#entries + 1] = { name = name, prepare = prepare, step = step } end

-- Requires a module as if for the first time: its luaopen runs. (5.1 also remembers that it failed.)
local function fresh(name)
  return function()
    package.loaded[name] = nil
    return require(name)
  end
end

entry("require jdvm.core", function()
  return fresh "jdvm.core", function(core) return core.sha256("") ~= nil end
end)

entry("require jdvm.curl", function()
  return fresh "jdvm.curl", function(curl) return curl.now() > 0 end
end)

local LONG = ("long enough to be no short string "):rep(3)
local SIGNATURE = "[Ss]ignature=%x+$"

local SIGNER = {
  access_key = "AK",
  secret_key = "SK",
  session_token = "TOKEN",
  region = "cn-north-1",
  token_encoding = "base64",
}
local QUERY = { "pageNumber", "1", "ids.2", "b c", "ids.1", "镜像", "imageSource", "public" }

entry("core.signer", function()
  local core = require "jdvm.core"
  return function() return core.signer(SIGNER) end, function(signer) return type(signer) == "userdata" end
end)

entry("signer:sign", function()
  local signer = require("jdvm.core").signer(SIGNER)
  local count = 0
  return function()
    count = count + 1 -- another day each time, so that the derived key is made anew
    return signer:sign("GET", "vm.example.com:8443", "/v1/images/a b", QUERY, count * 86400, "nonce")
  end, function(target, headers) return target:find("^/v1/images/a%%20b%?") and headers.authorization:find(SIGNATURE) end
end)

entry("signer:sign of more than fits into the memory of the call", function()
  local core = require "jdvm.core"
  local signer = core.signer(SIGNER)
  local query = { "name", LONG:rep(50), "a", "b" }
  return function()
    local target, headers = signer:sign("GET", "vm.example.com", "/", query, 1e9, "nonce")
    return target, headers, signer:canonical_request("GET", "vm.example.com", "/", query, 1e9, "nonce")
  end, function(target, headers, canonical)
    return #target > 50 * #LONG and #canonical > #target and headers.authorization:find(SIGNATURE)
  end
end)

entry("signer:close, tostring", function()
  local core = require "jdvm.core"
  return function()
    local signer = core.signer(SIGNER)
    local text = tostring(signer)
    signer:close()
    return text, tostring(signer)
  end, function(text) return type(text) == "string" end
end)

local function stage(name, call, judge)
  entry("core." .. name, function()
    local core = require "jdvm.core"
    return function() return call(core) end, judge
  end)
end

stage("base64", function(core) return core.base64(LONG) end, function(text) return #text > 64 end)
stage("sha256", function(core) return core.sha256(LONG) end, function(text) return #text == 64 end)
stage("nonce", function(core) return core.nonce() end, function(text) return #text == 36 end)
stage("openssl_version", function(core) return core.openssl_version() end, function(text) return #text > 0 end)

local DOCUMENT = [[{"requestId":"abc","result":{"totalCount":3,"images":[
  {"imageId":"img-1","name":"\u955c\u50cf \"a\" 镜像","sizeMB":40,"n":null,"x":1.5e3,"tags":[{"key":"a","value":"b"}]},
  {"imageId":"img-2","name":"b","sizeMB":-41,"big":12345678901234567,"tags":[],"e":{},"a":[1,2,null]},
  {"tags":[{"value":"b","key":"a"},{"key":"z"}],"name":"]] .. LONG:rep(10) .. [[","imageId":"img-3","new":true}]}}]]

local function decodes(name, text, options, judge)
  stage("decode " .. name, function(core) return core.decode(text, options) end, judge)
end

local function is_page(page)
  local images = page.result.images
  return page.result.totalCount == 3 and #images == 3 and images[3].imageId == "img-3" and images[1].name:find("镜像")
end
decodes("a page", DOCUMENT, nil, is_page)
decodes("keeping null", DOCUMENT, { null = "keep", utf8 = "replace", max_depth = 10, max_size = 1e6 }, is_page)
decodes(
  "some fields of the items",
  DOCUMENT,
  { items = "result.images", fields = { "imageId", "tags.key" } },
  function(page)
    local image = page.result.images[3]
    return page.result.totalCount == 3 and image.imageId == "img-3" and image.name == nil and image.tags[1].key == "a"
  end
)
decodes("deep arrays", ("["):rep(60) .. ("]"):rep(60), nil, function(value) return type(value[1][1][1]) == "table" end)

local many = {}
for i = 1, 200 do
  many[i] = ('"%d":1'):format(i)
end
decodes("many keys", "{" .. table.concat(many, ",") .. "}", nil, function(value) return value["200"] == 1 end)

decodes("bad UTF-8", '["a\255b' .. LONG .. '"]', { utf8 = "replace" }, function(value) return #value[1] > #LONG end)
decodes(
  "text that is cut off",
  DOCUMENT:sub(1, -2),
  nil,
  function(value, message, offset) return value == nil and type(message) == "string" and offset == #DOCUMENT - 1 end
)

-- jdvm.curl: one request and its answer, over plain HTTP and TLS. libcurl's and OpenSSL's own
-- allocations fail too.
local PLAIN, TLS, CA = os.getenv "JDVM_OOM_PLAIN", os.getenv "JDVM_OOM_TLS", os.getenv "JDVM_OOM_CA"

local function new_multi(curl) return curl.new { ca_file = CA, proxy = "", user_agent = "sweep", max_body_bytes = 1e6 } end

entry("curl.new", function()
  local curl = require "jdvm.curl"
  return function() return new_multi(curl) end, function(multi) return type(multi) == "userdata" end
end)

entry("curl.version, curl.now", function()
  local curl = require "jdvm.curl"
  return function() return curl.version(), curl.now() end, function(version, now) return #version > 0 and now > 0 end
end)

-- `call` gets an open multi made anew for each try and a table for the request.
local function exchange(name, url, call, judge, step)
  entry("curl: " .. name, function()
    local curl = require "jdvm.curl"
    return function()
      local multi = new_multi(curl)
      local a, b, c = call(multi, {
        method = "GET",
        url = url,
        headers = { accept = "application/json", ["x-jdcloud-nonce"] = LONG },
        timeout = 10,
        connect_timeout = 5,
        read_timeout = 5,
      })
      return a, b, c, multi
    end,
      judge
  end, step)
end

-- libcurl 7.88 sends a URL without its query when the copy of the query cannot be made. The signature
-- covers the query, so the service refuses; here it is a 404.
local function finish(multi, transfer)
  local status, headers, body = multi:finish(transfer)
  if not status then
    return nil, headers
  elseif status == 404 then
    return nil, "the query was lost"
  end
  return status, body, headers
end

local function is_answer(status, body, headers)
  return status == 200 and body:find "img%-2" and headers["content-type"] == "application/json"
end

local function fetch(multi, request) return finish(multi, multi:start(request)) end

exchange("fetch", PLAIN, fetch, is_answer)
exchange("fetch over TLS", TLS, fetch, is_answer, 41)

exchange("two at once", PLAIN, function(multi, request)
  local first, second = multi:start(request), multi:start(request)
  local status, failure = finish(multi, second)
  if not status then return nil, failure end
  return finish(multi, first)
end, is_answer, 5)

exchange("an unknown CA", TLS, function(_, request)
  local multi = require("jdvm.curl").new { proxy = "", ca_file = "/dev/null" }
  local status, failure = multi:finish(multi:start(request))
  return "failed", status, failure
end, function(word, status, failure) return word == "failed" and status == nil and type(failure) == "table" end, 41)

exchange("cancel, sleep, close", PLAIN, function(multi, request)
  local transfer = multi:start(request)
  multi:sleep(0.001)
  multi:cancel(transfer)
  local other = multi:start(request)
  multi:close()
  return tostring(multi), tostring(other)
end, function(text) return type(text) == "string" end, 3)

-- With `waits` off the sweep drives the request itself, as jdvm.transport.waiting does.
exchange("step, lend, runs", PLAIN, function(_, request)
  local curl = require "jdvm.curl"
  local multi = curl.new { proxy = "", waits = false }
  local transfer, dropped, bell = multi:start(request), multi:start(request), curl.bell()
  multi:lend()
  multi:cancel(dropped)
  bell:ring()
  bell:clear()
  local latest = curl.now() + 10
  while multi:runs(transfer) and curl.now() < latest do
    multi:step()
    multi:lend()
  end
  return finish(multi, transfer)
end, is_answer)

exchange("left to the collector", PLAIN, function(multi, request)
  multi:start(request)
  multi:sleep(0)
  return "left"
end, function(word) return word == "left" end, 3)

return entries
