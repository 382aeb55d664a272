-- What --help prints: no line is wider than the screen, in either language.
local argparse = require "argparse"
local help = require "jdvm.cli.help"
local terminal = require "jdvm.cli.terminal"

describe("the help of a command", function()
  local root = argparse("tool", "Does this and that, and more than one line of forty columns holds.")
  root:option("--output -o", "How to print.", "table"):argname "<format>"
  root:flag(
    "--long-enough-to-stand-alone",
    "然后说明写在下一行，按显示宽度换行，而不是按字节数换行。"
  )
  root:argument("file"):description "What to read."
  root:epilog "Examples:\n  tool --output a-long-value --long-enough-to-stand-alone file"

  it("names the short option first, and the default", function()
    local text = help.text(root, 80)
    assert.truthy(text:find("\n  -o, --output <format>     How to print. (default: table)\n", 1, true), text)
    assert.truthy(text:find("\nArguments:\n  file                      What to read.\n", 1, true), text)
  end)

  it("fits the screen, by the width of characters", function()
    for _, width in ipairs { 40, 60, 80, 120 } do
      for line in help.text(root, width):gmatch "[^\n]+" do
        assert.is_true(terminal.width(line) <= width, width .. ": " .. line)
      end
    end
    assert.truthy(help.text(root, 40):find("\n  -o, --output <format>\n      How to print.", 1, true))
  end)
end)
