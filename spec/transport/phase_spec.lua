--- What the places where nginx runs Lua allow.
describe("the place of a call", function()
  it("is none of nginx's outside", function() assert.is_nil(require "jdvm.transport.phase"()) end)

  it("tells the phases apart", function()
    local function place(phase, has_sockets, is_within_c)
      local fake =
        { get_phase = phase and function() return phase end, socket = has_sockets and {} or nil, shared = {} }
      local core = { can_yield = function() return not is_within_c end }
      local environment = setmetatable({ ngx = fake, require = function() return core end }, { __index = _G })
      local path = "lua/jdvm/transport/phase.lua"
      local chunk = assert(loadfile(path, "t", environment)) -- luacheck: ignore 143
      local set_environment = rawget(_G, "setfenv") -- Lua 5.1 and LuaJIT
      if set_environment then set_environment(chunk, environment) end
      return chunk()()
    end
    for _, phase in ipairs { "rewrite", "access", "content", "timer", "server_rewrite", "ssl_cert", "preread" } do
      assert.equal("yields", (place(phase, true)))
      assert.equal("within C", (place(phase, true, true)))
    end
    for _, phase in ipairs {
      "init_worker",
      "exit_worker",
      "set",
      "header_filter",
      "body_filter",
      "log",
      "balancer",
      "ssl_client_hello",
      "ssl_session_fetch",
      "ssl_session_store",
    } do
      local where, name = place(phase, true)
      assert.equal("forbidden", where)
      assert.equal(phase, name)
    end
    assert.equal("init", (place("init", true)))
    assert.equal("worker thread", (place("init", false)))
    assert.equal("worker thread", (place(nil, false))) -- since OpenResty 1.25.3.1
  end)
end)
