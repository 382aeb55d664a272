-- lua/jdvm/types.lua, as an editor reads it: what the library has is in it, and what is in it the library has.
local in_memory = require "spec.support.in_memory"
local jdvm = require "jdvm"
local models = require "jdvm.service.models"
local operations = require "jdvm.service.operations"
local options = require "jdvm.options.options"

-- Reads annotations: classes with their parents, fields and callable forms; functions with their parameters; the types
-- that anything names.
local function read(path)
  local page = { classes = {}, functions = {}, named = {} }
  local class_name, params = nil, {}
  local function note_types(text)
    for name in text:gmatch "jdvm%.%u[%w_]+" do
      page.named[name] = true
    end
  end
  for line in io.lines(path) do
    local word, rest = line:match "^%-%-%-@(%a+) (.*)$"
    if word then note_types(rest) end
    if word == "class" then
      local name, parent = rest:match "^([%w_.]+):? ?(.*)$"
      page.classes[name], class_name = { fields = {}, parent = parent ~= "" and parent or nil }, name
    elseif word == "alias" then
      page.classes[rest:match "^%S+"] = { fields = {} }
    elseif word == "field" then
      local name, kind = rest:match "^([%w_]+)%??%s(.*)$"
      page.classes[class_name].fields[name] = kind
    elseif word == "overload" then
      page.classes[class_name].call = rest
    elseif word == "param" then
      params[#params + 1] = rest:match "^[%w_]+"
    elseif line:find "^function " then
      local owner, name, given = line:match "^function ([%w_]+)[.:]([%w_]+)%((.-)%) end$"
      assert(given == table.concat(params, ", "), line)
      page.functions[owner] = page.functions[owner] or {}
      page.functions[owner][name], params = true, {}
    end
  end
  return page
end

local types = read "lua/jdvm/types.lua"

local function keys(...)
  local list = {}
  for _, values in ipairs { ... } do
    for name in pairs(values) do
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

local function names(entries)
  local set = {}
  for _, entry in ipairs(entries) do
    set[entry.name] = true
  end
  return set
end

local function fields(name) return keys(types.classes["jdvm." .. name].fields) end

local client_of, one_page = in_memory.client_of, in_memory.one_page
local PUBLIC = { imageSource = "public" }

local function one_image()
  return in_memory.answer_of {
    requestId = "r",
    result = { image = { imageId = "img-1", status = "ready", progress = "100" } },
  }
end

local function busy() return in_memory.failing(503, "UNAVAILABLE") end

describe("types for editors", function()
  it("name no class that is not there", function()
    for name in pairs(types.named) do
      assert.truthy(types.classes[name], name)
    end
  end)

  it("have each function and method", function()
    local client = client_of(one_page)
    local function methods_of(object) return keys(getmetatable(object).__index) end
    assert.same(methods_of(client), keys(types.functions.Client))
    assert.same(keys(client:start("describeImages", PUBLIC)), keys(types.functions.Call))
    assert.same(methods_of((client:images(PUBLIC))), keys(types.functions.Iterator))
    assert.same(keys(jdvm), keys(types.functions.jdvm, types.classes.jdvm.fields))
  end)

  it("give loops an image, or a page and its meta", function()
    local images, pages = types.classes["jdvm.Images"], types.classes["jdvm.ImagePages"]
    assert.same({ "jdvm.Iterator", "fun(): jdvm.Image" }, { images.parent, images.call })
    assert.same({ "jdvm.Iterator", "fun(): jdvm.DescribeImagesResult, jdvm.Meta" }, { pages.parent, pages.call })
  end)

  it("have each option, and callbacks have events of their own", function()
    for set, class in pairs {
      client = "ClientOptions",
      call = "CallOptions",
      list = "ListOptions",
      latest = "LatestOptions",
      wait = "WaitOptions",
      cache = "CacheOptions",
    } do
      assert.same(keys(names(options[set])), fields(class))
    end
    assert.equal("jdvm.CallOptions", types.classes["jdvm.ListOptions"].parent)
    assert.equal("jdvm.ListOptions", types.classes["jdvm.LatestOptions"].parent)
    local client = types.classes["jdvm.ClientOptions"].fields
    assert.matches("^fun%(event: jdvm%.CallEvent%) ", client.on_call)
    assert.matches("^fun%(event: jdvm%.Event%) ", client.on_attempt)
  end)

  it("have each parameter, field of a model and field of a result", function()
    for _, operation in ipairs(operations.list) do
      local name = operation.name:gsub("^%l", string.upper)
      assert.same(keys(names(operation.parameters)), fields(name .. "Params"))
      assert.same(keys(names(operation.result)), fields(name .. "Result"))
    end
    for _, model in ipairs(models.list) do
      local there = names(model.fields)
      there.regionId = model.name == "Image" or nil
      assert.same(keys(there), fields(model.name))
    end
    local params = types.classes["jdvm.ListImagesParams"].fields
    assert.matches('^"pending"|[^ ]*|%("pending"|[^ ]*%)%[%] ', params.status)
    assert.matches("^string|string%[%] ", params.imageName)
    assert.same({ nil, nil }, { params.pageNumber, params.pageSize })
  end)

  it("have each field of an event, a meta and a setting", function()
    local seen = {}
    local function note(class)
      return function(value)
        seen[class] = seen[class] or {}
        for name in pairs(value) do
          seen[class][name] = true
        end
      end
    end
    local meta, stats, progress, setting = note "Meta", note "ListStats", note "Progress", note "Setting"
    local hooks = { on_attempt = note "Event", logger = note "Event", on_call = note "CallEvent", verify = false }
    local client = client_of(function(_, n) return n == 2 and one_page() or busy() end, hooks)
    meta(select(2, assert(client:describe_images(PUBLIC))))
    assert.is_nil((client:describe_images(PUBLIC)))
    meta { cache = "hit", age = 1 } -- of jdvm.cache, which needs nginx
    local calm = client_of(one_page)
    stats(select(2, assert(calm:list_images { ids = { "img-1" } })))
    stats(select(2, assert(calm:list_images(PUBLIC, { max_items = 0 }))))
    stats(select(2, assert(calm:list_images(PUBLIC))))
    client_of(one_image):wait_image("img-1", { on_progress = progress })
    client_of(busy):wait_image("img-1", { timeout = 20, on_progress = progress })
    for _, each in ipairs(client:settings()) do
      setting(each)
    end
    for _, class in ipairs { "Event", "CallEvent", "Meta", "ListStats", "Progress", "Setting" } do
      assert.same(keys(seen[class]), fields(class), class)
    end
  end)
end)
