-- Commands of the system.
local shell = require "jdvm.util.shell"

describe("a command of the system", function()
  it("gets any text as one word", function()
    for _, word in ipairs { "plain", "it's", "a b", "$HOME", "`x`", "" } do
      assert.equal(word, shell.line_of("printf '%s\\n' " .. shell.quote(word)))
    end
  end)

  it("gives its first line, and whether it succeeds", function()
    assert.equal("one", shell.line_of "echo one; echo two")
    assert.is_nil(shell.line_of "true")
    assert.is_true(shell.succeeds "true")
    assert.is_false(shell.succeeds "exit 3")
  end)

  it("has ended before an error that comes while its output is read goes on", function()
    local path = os.tmpname()
    finally(function() os.remove(path) end)
    local popen, io_table = io.popen, io
    finally(function() rawset(io_table, "popen", popen) end)
    rawset(io_table, "popen", function(...)
      local pipe = popen(...)
      return { read = function() error("interrupted!", 0) end, close = function() pipe:close() end }
    end)
    local ok, message = pcall(shell.line_of, "sleep 0.2; echo done > " .. path)
    assert.is_false(ok)
    assert.equal("interrupted!", message)
    local file = assert(io.open(path))
    assert.equal("done", file:read("*l"))
    file:close()
  end)

  it("tells the mode of a file, and of nothing else", function()
    local path = os.tmpname()
    finally(function() os.remove(path) end)
    os.execute("chmod 640 " .. path)
    assert.equal("640", shell.mode_of(path))
    assert.is_nil(shell.mode_of(path .. "/it's not there"))
    assert.is_nil(shell.mode_of "/tmp")
  end)
end)
