-- jdvm.curl over a libcurl that this machine does not have.
local hostile = require "spec.support.hostile"
local own_process = require "spec.support.own_process"
local shell = require "spec.support.shell"

describe("a libcurl", function()
  local folder, preload

  setup(function()
    folder = shell.temporary_folder()
    preload = folder .. "/strange.so"
    local compile =
      "env -u LD_PRELOAD cc -shared -fPIC -o %s spec/support/strange_libcurl.c -Wl,--no-as-needed -lcurl -lcrypto"
    assert(shell.run(compile:format(preload)))
  end)

  teardown(function() shell.run("rm -rf " .. folder) end)

  local function run(variable, program)
    return own_process.run(program, ("%s=1 LD_PRELOAD=$LD_PRELOAD:%s"):format(variable, preload))
  end

  it("that would write the path in another way sends the bytes that were signed", function()
    local server = hostile.start()
    finally(function() server:stop() end)
    local program = [[
      local curl = require "jdvm.curl"
      local function first_line(url, options)
        local multi = curl.new(options)
        local _, _, body = multi:finish(multi:start { url = url, timeout = 10 })
        print(body:match "^[^\r]*")
      end
      first_line(%q, { proxy = "" })
      first_line("http://vm.invalid/a/%%2e%%7e?echo&b=%%2e", { proxy = %q })
      first_line(%q, { proxy = "", ca_file = %q })
    ]]
    local path = "/a/%2e%7e?echo&b=%2e"
    assert.equal(
      ("GET %s HTTP/1.1\nGET http://vm.invalid%s HTTP/1.1\nGET %s HTTP/1.1"):format(path, path, path),
      run(
        "NORMALIZES",
        program:format(server:base "http" .. path, server:base "http", server:base "https" .. path, server.ca_file)
      )
    )
  end)

  it("that has found another libcrypto than its own says so when it is loaded", function()
    local output = run("FOREIGN", 'print(select(2, pcall(require, "jdvm.curl")))')
    assert.matches("^jdvm%.curl: libcurl has found another libcrypto than .*OpenSSL/not available", output)
    assert.matches("LD_LIBRARY_PATH and LD_PRELOAD$", output)
  end)
end)
