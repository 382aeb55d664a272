-- What each screen looks like, at three widths and in both languages, on a pseudo-terminal: spec/fixtures/screens.txt.
-- After a change that is meant: JDVM_SCREENS=write, and look at the difference.
local command = require "spec.support.command"
local shell = require "spec.support.shell"

local FIXTURE = "spec/fixtures/screens.txt"

local SCREENS = {
  "help image",
  "help configure",
  "nosuch",
  "count --source public --timeout soon",
  "configure use",
  "images --source public --platform Ubuntu --max 3",
  "images --source public --source thirdparty --region all --max 2",
  "images --source private --columns name,imageId,desc --match quoted",
  "images --source private --match nothing",
  "images",
  "image img-9ha1rgelkq",
  "image img-nosuchone1",
  "latest --source public",
  "count --source public --region all",
  "diff /dev/null --id img-9ha1rgelkq",
  "wait img-9ha1rgelkq",
}
local SIZES, LANGUAGES = { { 80, 24 }, { 120, 40 }, { 40, 20 } }, { "en_US.UTF-8", "zh_CN.UTF-8" }

describe("the screen of", function()
  local world, expected, shown = nil, {}, {}

  setup(function()
    world = command.start()
    local title
    for line in io.lines(FIXTURE) do
      title = line:match "^==== (.*)$" or title
      if not line:find "^==== " then expected[title] = (expected[title] or "") .. line .. "\n" end
    end
  end)
  teardown(function()
    world.stop()
    if os.getenv "JDVM_SCREENS" == "write" then shell.write(FIXTURE, table.concat(shown)) end
  end)

  for _, arguments in ipairs(SCREENS) do
    it("jdvm " .. arguments, function()
      for _, size in ipairs(SIZES) do
        for _, locale in ipairs(LANGUAGES) do
          local terminal = world.on_terminal(
            ('stty cols %d rows %d; "$@"'):format(size[1], size[2]),
            arguments,
            { COLUMNS = false, TERM = "dumb", LC_ALL = "", LC_MESSAGES = "", LANG = locale }
          )
          -- What the service makes up for each request.
          local text = terminal.finish():gsub("ID %w+", "ID …"):gsub("request %w+", "request …")
          local title = ("%dx%d %s: %s"):format(size[1], size[2], locale:sub(1, 2), arguments)
          shown[#shown + 1] = ("==== %s\n%s"):format(title, text)
          if os.getenv "JDVM_SCREENS" ~= "write" then assert.equal(expected[title], text, title) end
          for line in text:gmatch "[^\n]+" do
            local is_row = (arguments:find "^images" or arguments:find "^help") and not line:find "^jdvm: "
            if is_row then assert.is_true(require("jdvm.cli.terminal").width(line) <= size[1], line) end
          end
        end
      end
    end)
  end
end)
