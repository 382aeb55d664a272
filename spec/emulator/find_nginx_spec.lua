-- Which nginx runs the emulator, among programs that are made up.
local find_nginx = require "jdvm.emulator.find_nginx"
local shell = require "spec.support.shell"

describe("the nginx to use", function()
  local folder, getenv

  -- A program that says this of itself.
  local function program(path, about)
    shell.run("mkdir -p " .. folder .. "/" .. path:match("^(.*)/"))
    shell.write(folder .. "/" .. path, ("#!/bin/sh\nprintf '%%s\\n' '%s' >&2\n"):format(about))
    shell.run("chmod +x " .. folder .. "/" .. path)
  end

  -- What is found with JDVM_NGINX, or with the folders `a` and `b` in front of PATH.
  local function find(chosen)
    local popen = io.popen
    os.getenv = function(name) return name == "JDVM_NGINX" and chosen or nil end -- luacheck: ignore 122
    io.popen = function(command) -- luacheck: ignore 122
      return popen(("PATH=%s/a:%s/b:$PATH; %s"):format(folder, folder, command))
    end
    local ok, path, load_modules = pcall(find_nginx)
    os.getenv, io.popen = getenv, popen -- luacheck: ignore 122
    assert(ok, path)
    return path and path:gsub("^" .. folder .. "/", ""), load_modules
  end

  setup(function()
    getenv, folder = os.getenv, shell.temporary_folder()
    program("a/nginx", "configure arguments: --modules-path=/nowhere --add-module=../ngx_devel_kit-0.3.4")
    program("b/nginx", "configure arguments: --add-module=../ngx_devel_kit-0.3.4 --add-module=../ngx_lua-0.10.31")
    program("c/nginx", "configure arguments: --add-dynamic-module=../lua-nginx-module --modules-path=" .. folder)
    program("d/nginx", "configure arguments: --with-http_ssl_module --add-module=/src/lua-nginx-module")
    shell.write(folder .. "/ngx_http_lua_module.so", "")
  end)

  teardown(function() shell.run("rm -r " .. folder) end)

  it("is the first in PATH that has Lua", function() assert.same({ "b/nginx", "" }, { find() }) end)

  it("is the one that JDVM_NGINX names", function()
    assert.same({ "d/nginx", "" }, { find(folder .. "/d/nginx") })
    local path, load_modules = find(folder .. "/c/nginx")
    assert.equal("c/nginx", path)
    local line = "load_module %s/%s_module.so;"
    assert.equal(line:format(folder, "ndk_http") .. "\n" .. line:format(folder, "ngx_http_lua"), load_modules)
  end)

  it("is none, and why, where that one has no Lua", function()
    local path, message = find(folder .. "/a/nginx")
    assert.is_nil(path)
    assert.truthy(
      message:find("JDVM_NGINX names " .. folder .. "/a/nginx, which has no Lua module; ", 1, true),
      message
    )
  end)
end)
