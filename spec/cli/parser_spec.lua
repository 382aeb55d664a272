-- The command line: help, completions, the manual page, what options take.
local commands = require "spec.support.command"

local world, jdvm

describe("the command line of jdvm", function()
  setup(function()
    world = commands.start()
    jdvm = world.jdvm
  end)
  teardown(function() world.stop() end)
  before_each(function() world.server.control "reset" end)

  it("prints help and a manual page of every command", function()
    local names = { "images", "image", "count", "latest", "wait", "configure", "doctor", "emulator" }
    local man = jdvm "man"
    for _, command in ipairs(names) do
      local help, status = jdvm(command .. " --help")
      assert.equal(0, status)
      assert.truthy(help:find("Examples:", 1, true), command)
      assert.truthy(man:find(".SS jdvm " .. command, 1, true), command)
    end
  end)

  it("takes help and version as commands, too", function()
    for words, same in pairs {
      [""] = "--help",
      ["help"] = "--help",
      ["help images"] = "images --help",
      version = "--version",
    } do
      assert.same({ jdvm(same) }, { jdvm(words) })
    end
    for width, longest in pairs { ["60"] = 60, [false] = 80 } do
      for _, line in ipairs(commands.lines_of((jdvm("help emulator", { COLUMNS = width })))) do
        assert.is_true(#line <= longest or line:find "jdvm emulator %-%-fault", line)
      end
    end
  end)

  it("names values, defaults and settings in its help, in its own words", function()
    for command, texts in pairs {
      [""] = { "JDCLOUD_PROFILE", "NO_COLOR", "JDVM_NGINX", "default 30s for each list", "wait: 30m" },
      images = {
        "One of: table, json, jsonl, csv, tsv,",
        "Required unless --id is given",
        "default 100",
        "default 4",
        "with --source public or thirdparty",
      },
      wait = { "ready, pending, deleting, error", "default 5s" },
      emulator = { "good, wrong-name, unknown-ca", "default good", "--port <n>", "default, picks" },
    } do
      local help = jdvm(command .. " --help"):gsub("%s+", " ")
      for _, text in ipairs(texts) do
        assert.truthy(help:find(text, 1, true), command .. ": " .. text)
      end
      if command ~= "" then
        assert.truthy(help:find("Global options (--region, --profile, --timeout, --verbose, ...)", 1, true), command)
      end
    end
    local man = jdvm "man"
    for _, text in ipairs { "images of JD Cloud\n", ".B jdvm wait [options] <ids>", "\n.B ids\nOne or more image ids." } do
      assert.truthy(man:find(text, 1, true), text)
    end
  end)

  it("emulator --explain says what each fault, condition and setting is", function()
    local out, status = jdvm "emulator --explain"
    assert.equal(0, status)
    for name, kind in pairs(require "jdvm.emulator.faults") do
      assert.truthy(out:find("  " .. name .. ": " .. kind.doc, 1, true), name)
    end
    assert.truthy(out:find "    past_end +a page after the last one")
  end)

  it("has a command for an operation by its entry alone", function()
    local operations = require "jdvm.service.operations"
    local entry = {
      name = "describeVaultKeys",
      method_name = "describe_vault_keys",
      method = "GET",
      path = "/v1/regions/{regionId}/vaults/{vaultId}/keys",
      doc = "Keys of a vault.",
      doc_zh = "…",
      parameters = {
        { name = "regionId", type = "string", path = true, required = true, doc = "Region.", doc_zh = "…" },
        { name = "vaultId", type = "string", path = true, required = true, doc = "Vault.", doc_zh = "…" },
        { name = "keyNames", type = "string[]", doc = "Names.", doc_zh = "…" },
        { name = "depth", type = "integer", min = 1, doc = "Depth.", doc_zh = "…" },
        { name = "shared", type = "boolean", doc = "Shared.", doc_zh = "…" },
      },
      rules = {},
      result = { { name = "owner", type = "Tag", doc = "Owner.", doc_zh = "…" } },
    }
    table.insert(operations.list, entry)
    local root, by_command = require("jdvm.cli.parser").new()
    table.remove(operations.list)
    local given = root:parse {
      "describe-vault-keys",
      "--vault-id",
      "v-1",
      "--key-names",
      "a",
      "--key-names",
      "b",
      "--depth",
      "2",
      "--shared",
      "false",
    }
    assert.equal(entry, by_command[given.command])

    local asked, printed = nil, {}
    local status = require("jdvm.cli.commands").show({
      given = given,
      regions = { "cn-north-1" },
      time_left = function() end,
      screen = function() end,
      flush = function() end,
      write = function(text) printed[#printed + 1] = text end,
      client = {
        describe_vault_keys = function(_, params)
          asked = params
          return { owner = { key = "team", value = "infra" } }
        end,
      },
    }, entry)
    assert.equal(0, status)
    assert.same({ regionId = "cn-north-1", vaultId = "v-1", keyNames = { "a", "b" }, depth = 2, shared = false }, asked)
    assert.equal("owner\n  key    team\n  value  infra\n", table.concat(printed))
  end)

  it("takes limits, defaults and formats from the library and the printer", function()
    local options, parser = require "jdvm.options.options", require "jdvm.cli.parser"
    local output = require "jdvm.cli.output"
    local size, endpoint = options.find("client", "page_size"), options.find("client", "endpoint")
    local ahead = options.find("client", "prefetch")
    local kept = { size.max, ahead.max }
    size.max, ahead.max = 77, 7
    table.insert(output.formats, "yaml")
    local root = parser.new()
    size.max, ahead.max = kept[1], kept[2]
    table.remove(output.formats)
    local function is_taken(...) return (root:pparse { ... }) end
    assert.is_true(is_taken("images", "--page-size", "77"))
    assert.is_false(is_taken("images", "--page-size", "78"))
    assert.is_true(is_taken("images", "--prefetch", "7"))
    assert.is_false(is_taken("images", "--prefetch", "8"))
    assert.is_true(is_taken("images", "--consistency", "eventual"))
    for _, command in ipairs { "images", "latest", "image" } do
      assert.is_true(is_taken(command, command == "image" and "img-1" or "--source=public", "--output", "yaml"))
    end
    assert.is_false(is_taken("image", "img-1", "--output", "ids"))
    local help = root:get_help():gsub("%s+", " ")
    assert.truthy(help:find("default " .. endpoint.default .. ".", 1, true), help)
    for _, option in ipairs(options.client) do
      if option.env then assert.truthy(help:find(option.env, 1, true), option.env) end
    end
  end)
end)
