-- The emulator and the signer against the official JavaScript SDK, which no one here wrote.
local cjson = require "cjson"
local core = require "jdvm.core"
local emulator = require "spec.support.emulator"
local hmac = require "spec.support.hmac"
local jdvm = require "jdvm"

local SOURCES = { "public", "thirdparty", "private", "shared", "community" }

local function plain(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function output_of(command)
  local pipe = io.popen(command)
  local text = pipe:read("*a")
  assert(pipe:close(), command)
  return text
end

local modules = output_of("spec/support/npm_install.sh interop"):gsub("%s+$", "")

describe("the official JavaScript SDK", function()
  local server

  setup(function() server = emulator.start { tls = true, http2 = true } end)
  teardown(function() server.stop() end)

  -- One process of the SDK for many tasks; an answer is {value} or {error}.
  local function ask(tasks)
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))
    file:write(cjson.encode(tasks))
    file:close()
    local text = output_of(
      ("NODE_PATH=%s NODE_EXTRA_CA_CERTS=%s node spec/interop/sdk.js %s <%s"):format(
        modules,
        server.ca_file,
        server.endpoint,
        name
      )
    )
    os.remove(name)
    return assert(core.decode(text))
  end

  local function task(what, account, fields)
    fields.what, fields.region = what, fields.region or "cn-north-1"
    fields.access_key, fields.secret_key = server.accounts[account].access_key, server.accounts[account].secret_key
    return fields
  end

  local function our_client(account, region)
    local keys = server.accounts[account]
    return jdvm.new {
      endpoint = server.endpoint,
      ca_file = server.ca_file,
      region = region,
      access_key = keys.access_key,
      secret_key = keys.secret_key,
    }
  end

  it("lists and describes the images that the library does", function()
    local tasks, expected, total = {}, {}, 0
    for _, account in ipairs { "owner", "other" } do
      for _, region in ipairs(server.regions) do
        local client = our_client(account, region)
        for _, source in ipairs(SOURCES) do
          local images = assert(client:list_images({ imageSource = source }, { page_size = 10 }))
          tasks[#tasks + 1] = task("list", account, { region = region, size = 10, params = { imageSource = source } })
          expected[#tasks] = { images = images, total = #images, pages = math.max(1, math.ceil(#images / 10)) }
          total = total + #images
          if images[1] then
            tasks[#tasks + 1] = task("describe", account, { region = region, id = images[#images].imageId })
            expected[#tasks] = assert(client:describe_image(images[#images].imageId))
            assert.same(images[#images], expected[#tasks])
          end
        end
        client:close()
      end
    end
    local answers = ask(tasks)
    for i, answer in ipairs(answers) do
      assert.is_nil(answer.error)
      assert.same(expected[i], answer.value)
    end
    assert.equal(#tasks, #answers)
    print(("%d lists and images of the SDK equal ours, %d images"):format(#answers, total))
    assert.is_true(total >= 300)
  end)

  it("finds images by id", function()
    local client = our_client("owner", "cn-north-1")
    local images = assert(client:list_images { imageSource = "private" })
    local ids = { images[12].imageId, "img-nosuchone1", images[3].imageId }
    for i = 4, 11 do
      ids[i] = images[i].imageId
    end
    local answer = ask { task("ids", "owner", { params = { ids = ids } }) }[1]
    assert.equal(10, answer.value.totalCount)
    local ours = assert(client:describe_images { ids = ids })
    assert.same(ours.images, answer.value.images)
    client:close()
  end)

  it("is refused with the wrong secret, as an unknown key, and without a source", function()
    local wrong = task("list", "owner", { size = 10, params = { imageSource = "public" } })
    wrong.secret_key = "x"
    local unknown = task("list", "owner", { size = 10, params = { imageSource = "public" } })
    unknown.access_key = "NOBODY"
    local answers = ask { wrong, unknown, task("ids", "owner", { params = {} }) }
    assert.equal("sign result is not same [gw]", answers[1].error.message)
    assert.equal("Invalid accessKey [gw]", answers[2].error.message)
    assert.equal("Parameter ImageSource missing", answers[3].error.message)
  end)

  -- Values that clients escape differently.
  local VALUES = {
    "web",
    "64位 中文版",
    "a+b",
    "a b",
    "a/b",
    "=&?#%",
    "%41",
    "🚀",
    "~-_.",
    "'!()*",
    '"<>\\^`{|}',
    ":;@$,",
  }

  it("signs as the library does, byte for byte", function()
    local tasks = {}
    for i, value in ipairs(VALUES) do
      tasks[i] = task("sign", "owner", {
        date = "2023-11-14T22:13:20.000Z",
        nonce = "nonce-" .. i,
        params = {
          imageSource = "private",
          imageName = value,
          pageNumber = i,
          ids = { "img-b", "img-a" },
          offline = i % 2 == 0,
          status = "",
        },
      })
    end
    local answers = ask(tasks)
    local keys, compared = server.accounts.owner, 0
    for i, answer in ipairs(answers) do
      local sent = answer.value
      local host, path, query = sent.url:match("^https://([^/]+)([^?]*)%??(.*)$")
      local pairs_sent = {}
      for name, value in query:gmatch("([^=&]+)=([^&]*)") do
        pairs_sent[#pairs_sent + 1], pairs_sent[#pairs_sent + 2] = plain(name), plain(value)
      end
      local signer = core.signer { access_key = keys.access_key, secret_key = keys.secret_key, region = "cn-north-1" }
      local canonical = signer:canonical_request("GET", host, path, pairs_sent, 1700000000, "nonce-" .. i)
      assert.equal("20231114T221320Z", sent.headers["x-jdcloud-date"])
      -- The SDK signs a header more, which it sends.
      canonical = canonical:gsub("\ncontent%-type", "\naccept:" .. sent.headers.accept .. "%0", 1)
      canonical = canonical:gsub("\ncontent%-type;", "\naccept;content-type;", 1)
      local expected = hmac.signature(keys.secret_key, "20231114T221320Z", "cn-north-1", core.sha256(canonical))
      assert.equal(expected, sent.headers.authorization:match "Signature=(%x+)")
      compared = compared + 1
    end
    assert.equal(#VALUES, compared)
    print(compared .. " signatures of the SDK equal ours")
  end)
end)
