-- jdvm.lists.iterator: what a loop holds, and what stays behind when it is left: no requests, no sockets, no memory.
local emulator = require "spec.support.emulator"
local own_process = require "spec.support.own_process"
local paged_list = require "spec.support.paged_list"

local MEASURED = { ["Lua 5.1"] = true, ["Lua 5.4"] = true }
local BREAKS = tonumber(os.getenv "JDVM_BREAKS") or (MEASURED[_VERSION] and 1000 or 300)

describe("an iterator taken for a table", function()
  it("raises, whatever is tried: it would look like an empty list", function()
    for name, take in pairs {
      ipairs = function(it)
        for _ in ipairs(it) do
          error "an image"
        end
      end,
      pairs = function(it)
        for _ in pairs(it) do
          error "a field"
        end
      end,
      length = function(it) return #it end,
      index = function(it) return it[1] end,
    } do
      for _, make in ipairs { "items", "pages" } do
        local list = paged_list.new(3)
        local ok, message = pcall(take, (list[make](list)))
        assert.is_false(ok, name)
        -- Lua 5.1 and LuaJIT have words of their own for ipairs and pairs.
        assert.truthy(message:find("for image in client:images", 1, true) or message:find "table expected", message)
        assert.equal(0, list.started)
      end
    end
  end)
end)

describe("an iterator", function()
  it("prints as what it is", function()
    local list = paged_list.new(3)
    assert.matches("^jdvm%.images: 0x%x+$", tostring((list:items())))
    assert.matches("^jdvm%.image_pages: 0x%x+$", tostring((list:pages())))
  end)
end)

describe("leaving a loop", function()
  it("by close() cancels what is in flight, wasting at most prefetch requests", function()
    local list = paged_list.new(5000)
    local it = list:items()
    for _ = 1, 150 do
      it()
    end
    it:close()
    assert.same({ 0, 4, 2 + 4 }, { list.open, list.cancelled, list.started })
    assert.is_nil(it())
    it:close()
    assert.equal(4, list.cancelled)
    assert.equal(6, it:stats().requests)
  end)

  if _VERSION == "Lua 5.4" then
    it("by break or an error cancels at once", function()
      local list = paged_list.new(5000)
      for _ in list:items() do
        break
      end
      assert.equal(0, list.open)
      pcall(function()
        for _ in list:items() do
          error "enough"
        end
      end)
      assert.equal(0, list.open)
      for _ in list:pages() do
        break
      end
      assert.equal(0, list.open)
      assert.equal(12, list.cancelled)
    end)
  end
end)

describe("a page that fails", function()
  local function refused(_, window)
    if window.number == 3 then return nil, { kind = "api", message = "jdvm: describeImages: 503", attempts = 3 } end
    return { attempts = 1 }
  end

  it("raises a string out of the loop, and again when it is called again", function()
    local list = paged_list.new(1000)
    local it = list:items(nil, nil, refused)
    local count = 0
    local ok, message = pcall(function()
      for _ in it do
        count = count + 1
      end
    end)
    assert.is_false(ok)
    assert.equal("jdvm: describeImages: 503", message)
    assert.equal(200, count)
    assert.equal(0, list.open)
    assert.has_error(function() it() end, "jdvm: describeImages: 503")
    local text, detail = it:failure()
    assert.equal(message, text)
    assert.equal("api", detail.kind)
    assert.equal(200, detail.stats.rows)
    assert.equal("200:img-0000000200", it:token())
    it:close()
    assert.has_error(function() it() end, "jdvm: describeImages: 503")
  end)
end)

describe("loops left at a random place", function()
  local server

  setup(function() server = emulator.start { images = 200 } end)
  teardown(function() server.stop() end)

  it("leave no socket and no memory behind #measures #long", function()
    local owner = server.accounts.owner
    local output = own_process.run(
      ([[require "spec.support.left_loops"(%d, { region = %q, endpoint = %q, no_proxy = "*", access_key = %q, secret_key = %q })]]):format(
        BREAKS,
        server.regions[1],
        server.endpoint,
        owner.access_key,
        owner.secret_key
      )
    )
    local seen = {}
    for number in output:gmatch "%d+" do
      seen[#seen + 1] = tonumber(number)
    end
    assert.equal(7, #seen, output)
    local sockets_before, sockets_after, most = seen[1], seen[2], seen[3]
    local heap_before, heap_after, resident_before, resident_after = seen[4], seen[5], seen[6], seen[7]
    print(("note: %d loops left; sockets, heap and resident KiB before and after: %s"):format(BREAKS, output))
    -- Kept connections come and go with the load of the machine; a leak would be a socket a loop.
    assert.is_true(sockets_after <= sockets_before + BREAKS / 10, output)
    assert.is_true(most < 300)
    assert.is_true(heap_after < heap_before * 1.1 + 256)
    assert.is_true(resident_after < resident_before * 1.15 + 1024)
  end)
end)
