-- Runs every snippet of the READMEs against the emulator, and compares what they print with the
-- text block that follows, where one does.

local emulator = require "spec.support.emulator"

local shell = require "spec.support.shell"

local lua = emulator.this_lua()

-- The fenced blocks of a page: { language, code, line }.
local function blocks_of(path)
  local blocks, block, number = {}, nil, 0
  for line in io.lines(path) do
    number = number + 1
    local language = line:match("^```(.*)$")
    if block and language then
      block.code = table.concat(block, "\n") .. "\n"
      blocks[#blocks + 1], block = block, nil
    elseif language then
      block = { language = language, line = number }
    elseif block then
      block[#block + 1] = line
    end
  end
  return blocks
end

describe("README", function()
  local server, folder, environment

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir -p " .. folder .. "/home")
    server = emulator.start()
    local owner = server.accounts.owner
    environment = emulator.NO_SETTINGS
      .. (
        "HOME=%s/home JDCLOUD_ENDPOINT=%s JDCLOUD_REGION=cn-north-1 "
        .. "JDCLOUD_ACCESS_KEY=%s JDCLOUD_SECRET_KEY=%s "
      ):format(folder, server.endpoint, owner.access_key, owner.secret_key)
  end)

  teardown(function()
    server.stop()
    os.execute("rm -rf " .. folder)
  end)

  -- Runs a script; gives what it printed and whether it went well.
  local function run(interpreter, code)
    local script = folder .. "/snippet"
    local file = assert(io.open(script, "wb"))
    file:write(code)
    file:close()
    local pipe =
      io.popen(("%s %s %s >%s/out 2>&1 </dev/null; echo $?"):format(environment, interpreter, script, folder))
    local status = tonumber(pipe:read("*a"):match("%d+"))
    pipe:close()
    return shell.read(folder .. "/out"), status
  end

  local runners = {}

  function runners.lua(block) return run(lua, block.code) end

  -- Commands of jdvm run as they stand, make's are looked up; installing is the business of package_spec.
  function runners.sh(block)
    local code = {}
    for line in block.code:gmatch("([^\n]+)\n") do
      local command = line:match("^(%S+)")
      if command == "jdvm" and line:find("&$") then
        local words = {}
        for word in line:match("^jdvm emulator (.-) &$"):gsub("'", ""):gmatch("%S+") do
          words[#words + 1] = word
        end
        emulator.start({ args = words }).stop()
      elseif line == "jdvm configure" then
        code[#code + 1] = 'printf "$JDCLOUD_ACCESS_KEY\\n$JDCLOUD_SECRET_KEY\\n\\n" | ' .. line
      elseif command == "jdvm" or command == "eval" or command == "kill" then
        code[#code + 1] = line
      elseif command == "make" then
        code[#code + 1] = "make -n " .. line:match("^make (%S+)") .. " >/dev/null"
      else
        assert.truthy(command == "apt-get" or command == "luarocks", line)
      end
    end
    shell.write(folder .. "/jdvm", ('#!/bin/sh\nexec %s bin/jdvm "$@"\n'):format(lua))
    local setup = ("chmod +x %s/jdvm; PATH=%s:$PATH\n"):format(folder, folder)
    return run("sh -e", setup .. table.concat(code, "\n") .. "\n")
  end

  for _, page in ipairs { "README.md", "README.zh.md" } do
    local blocks = blocks_of(page)
    for i, block in ipairs(blocks) do
      local runner, following = runners[block.language], blocks[i + 1]
      if runner then
        it(("%s:%d runs"):format(page, block.line), function()
          local out, status = runner(block)
          assert.equal(0, status, out)
          if following and following.language == "text" then assert.equal(following.code, out) end
        end)
      elseif block.language ~= "text" then
        it(("%s:%d is of a kind that is run"):format(page, block.line), function()
          assert.equal("nginx", block.language) -- spec/nginx/readme_spec.lua
        end)
      end
    end
  end

  it("has the same snippets in both languages", function()
    local english, chinese = blocks_of "README.md", blocks_of "README.zh.md"
    assert.equal(#english, #chinese)
    for i, block in ipairs(english) do
      assert.equal(block.language, chinese[i].language)
      if block.language ~= "lua" then assert.equal(block.code, chinese[i].code) end
    end
  end)

  it("names only files that exist", function()
    for _, page in ipairs { "README.md", "README.zh.md" } do
      for target in shell.read(page):gmatch("%]%(([^):#]+)%)") do
        local file = io.open(target)
        assert.truthy(file, page .. " names " .. target)
        file:close()
      end
    end
  end)
end)
