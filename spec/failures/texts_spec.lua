-- jdvm.failures.texts: every cause has its sentence and hints, in English and in Chinese.
local source = require "spec.support.source"
local texts = require "jdvm.failures.texts"

-- The names of facts in a template, each once, in order.
local function facts_in(template)
  local names, is_known = {}, {}
  for name in template:gmatch "{([%w_]+)}" do
    if not is_known[name] then
      names[#names + 1], is_known[name] = name, true
    end
  end
  table.sort(names)
  return table.concat(names, " ")
end

describe("the texts of failures", function()
  it("say the same in both languages", function()
    for cause, entry in pairs(texts.causes) do
      assert.is_string(entry.en, cause)
      for name, template in pairs(entry) do
        local english = name == "zh" and "en" or name:match "^(.*)_zh$"
        if english then
          assert.is_string(entry[english], cause .. "." .. english)
          assert.truthy(template == entry.en or template:find "[\228-\233]", cause .. "." .. name)
          assert.equal(facts_in(entry[english]), facts_in(template), cause .. "." .. name)
        else
          assert.is_string(entry[name == "en" and "zh" or name .. "_zh"], cause .. "." .. name)
        end
      end
    end
  end)

  it("are for causes that something names", function()
    local named = {}
    for _, path in ipairs(source.files "%.[ch]$") do
      for word in source.read(path):gmatch '"([%l%d_]+)"' do
        named[word] = true
      end
    end
    for _, path in ipairs(source.files "%.lua$") do
      if path:find "^lua/" and not path:find("failures/texts/", 1, true) then
        for word in source.read(path):gmatch '"([%l%d_]+)"' do
          named[word] = true
        end
      end
    end
    for cause in pairs(texts.causes) do
      assert.is_true(named[cause], cause)
    end
    for kind, cause in pairs(texts.usual) do
      assert.truthy(texts.causes[cause], kind)
    end
  end)

  it("fill in facts, and leave out what lacks one", function()
    local facts = { host = "h", port = 443, reason = "a {host} [b]" }
    assert.equal("could not connect to h port 443: a {host} [b]", texts.sentence("no_connection", facts))
    assert.equal("could not resolve the host name h", texts.sentence("no_host", { host = "h" }))
    assert.equal("could not resolve the host name h (gone)", texts.sentence("no_host", { host = "h", reason = "gone" }))
    assert.equal("the time ran out (timeout)", texts.sentence("timeout", { phase = "read" }))
    facts = { phase = "tls", host = "h", port = 1, proxy = "p port 2" }
    assert.equal(
      "the time ran out in the TLS handshake with h port 1 through the proxy at p port 2 (timeout)",
      texts.sentence("timeout", facts)
    )
    assert.matches("TLS 握手 h 端口 1", texts.sentence("timeout", facts, "zh"), 1, true)
    facts = { phase = "connect", queued = true, host = "h", port = 1 }
    assert.matches("waiting for a free connection to h", texts.sentence("timeout", facts), 1, true)
    assert.is_nil(texts.sentence("nothing", {}))
    assert.is_nil(texts.hint("nothing", {}))
    assert.is_nil(texts.hint("timeout", { phase = "read" }))
  end)

  -- What the service, the system and libraries say is read in these files alone; what jdvm says, nowhere.
  it("are read by nobody", function()
    local readers = {
      ["lua/jdvm/call/causes.lua"] = true,
      ["lua/jdvm/transport/nginx_causes.lua"] = true,
    }
    local found = {}
    for _, path in ipairs(source.files "%.lua$") do
      if path:find "^lua/jdvm/" and not readers[path] then
        for line in source.read(path):gmatch "[^\n]+" do
          if
            (line:find "message:[fm]%w+%(" and not line:find "message:format")
            or line:find "message%)?:lower"
            or line:find "hint:[fm]%w+%("
          then
            found[#found + 1] = path .. ": " .. line
          end
        end
      end
    end
    assert.same({}, found)
  end)
end)
