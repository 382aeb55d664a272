rockspec_format = "3.0"
package = "jdvm"
version = "scm-1"
-- No release has a public address: `luarocks make` in a checkout, or a rock packed from one, installs. A release
-- puts its address here.
source = { url = "file://." }
description = {
  summary = "JD Cloud VM image client",
  detailed = "Signs, sends and decodes describeImages and describeImage; iterates over pages.",
  license = "MIT",
}
-- argparse is for the command alone; the library needs no other rock.
dependencies = { "lua >= 5.1, < 5.5", "argparse >= 0.7.0" }
external_dependencies = {
  -- No header for curl: Debian keeps it in a multiarch folder where LuaRocks does not look.
  CURL = { library = "curl" },
  OPENSSL = { header = "openssl/evp.h", library = "crypto" },
}
build = {
  type = "builtin",
  modules = {
    ["jdvm"] = "lua/jdvm.lua",
    ["jdvm.transport.url"] = "lua/jdvm/transport/url.lua",
    ["jdvm.cache"] = "lua/jdvm/cache.lua",
    ["jdvm.call"] = "lua/jdvm/call.lua",
    ["jdvm.options.check"] = "lua/jdvm/options/check.lua",
    ["jdvm.cli.commands"] = "lua/jdvm/cli/commands.lua",
    ["jdvm.cli.configure"] = "lua/jdvm/cli/configure.lua",
    ["jdvm.cli.doctor"] = "lua/jdvm/cli/doctor.lua",
    ["jdvm.cli.manual"] = "lua/jdvm/cli/manual.lua",
    ["jdvm.cli.output"] = "lua/jdvm/cli/output.lua",
    ["jdvm.cli.parser"] = "lua/jdvm/cli/parser.lua",
    ["jdvm.cli.table"] = "lua/jdvm/cli/table.lua",
    ["jdvm.cli.terminal"] = "lua/jdvm/cli/terminal.lua",
    ["jdvm.cli.words"] = "lua/jdvm/cli/words.lua",
    ["jdvm.client"] = "lua/jdvm/client.lua",
    ["jdvm.keys.holder"] = "lua/jdvm/keys/holder.lua",
    ["jdvm.util.json"] = "lua/jdvm/util/json.lua",
    ["jdvm.cli"] = "lua/jdvm/cli.lua",
    ["jdvm.util.time"] = "lua/jdvm/util/time.lua",
    ["jdvm.emulator"] = "lua/jdvm/emulator.lua",
    ["jdvm.emulator.accounts"] = "lua/jdvm/emulator/accounts.lua",
    ["jdvm.emulator.builtin_images"] = "lua/jdvm/emulator/builtin_images.lua",
    ["jdvm.emulator.catalogue"] = "lua/jdvm/emulator/catalogue.lua",
    ["jdvm.emulator.changes"] = "lua/jdvm/emulator/changes.lua",
    ["jdvm.emulator.control"] = "lua/jdvm/emulator/control.lua",
    ["jdvm.emulator.explain"] = "lua/jdvm/emulator/explain.lua",
    ["jdvm.emulator.fault_rules"] = "lua/jdvm/emulator/fault_rules.lua",
    ["jdvm.emulator.faults"] = "lua/jdvm/emulator/faults.lua",
    ["jdvm.emulator.filters"] = "lua/jdvm/emulator/filters.lua",
    ["jdvm.emulator.generated_images"] = "lua/jdvm/emulator/generated_images.lua",
    ["jdvm.emulator.launcher"] = "lua/jdvm/emulator/launcher.lua",
    ["jdvm.emulator.random"] = "lua/jdvm/emulator/random.lua",
    ["jdvm.emulator.responses"] = "lua/jdvm/emulator/responses.lua",
    ["jdvm.emulator.server"] = "lua/jdvm/emulator/server.lua",
    ["jdvm.emulator.settings"] = "lua/jdvm/emulator/settings.lua",
    ["jdvm.emulator.signature"] = "lua/jdvm/emulator/signature.lua",
    ["jdvm.emulator.status_script"] = "lua/jdvm/emulator/status_script.lua",
    ["jdvm.emulator.uri"] = "lua/jdvm/emulator/uri.lua",
    ["jdvm.call.response"] = "lua/jdvm/call/response.lua",
    ["jdvm.failures.failure"] = "lua/jdvm/failures/failure.lua",
    ["jdvm.call.events"] = "lua/jdvm/call/events.lua",
    ["jdvm.failures.hints"] = "lua/jdvm/failures/hints.lua",
    ["jdvm.lists.ids"] = "lua/jdvm/lists/ids.lua",
    ["jdvm.lists.iterator"] = "lua/jdvm/lists/iterator.lua",
    ["jdvm.keys.sources"] = "lua/jdvm/keys/sources.lua",
    ["jdvm.util.lazy"] = "lua/jdvm/util/lazy.lua",
    ["jdvm.lists"] = "lua/jdvm/lists.lua",
    ["jdvm.service.models"] = "lua/jdvm/service/models.lua",
    ["jdvm.service.operations"] = "lua/jdvm/service/operations.lua",
    ["jdvm.options.options"] = "lua/jdvm/options/options.lua",
    ["jdvm.lists.key"] = "lua/jdvm/lists/key.lua",
    ["jdvm.lists.pages"] = "lua/jdvm/lists/pages.lua",
    ["jdvm.lists.prefetch"] = "lua/jdvm/lists/prefetch.lua",
    ["jdvm.keys.profile"] = "lua/jdvm/keys/profile.lua",
    ["jdvm.util.pcall"] = "lua/jdvm/util/pcall.lua",
    ["jdvm.util.turn"] = "lua/jdvm/util/turn.lua",
    ["jdvm.service.regions"] = "lua/jdvm/service/regions.lua",
    ["jdvm.call.sign"] = "lua/jdvm/call/sign.lua",
    ["jdvm.call.retry"] = "lua/jdvm/call/retry.lua",
    ["jdvm.lists.scan"] = "lua/jdvm/lists/scan.lua",
    ["jdvm.options.parameters"] = "lua/jdvm/options/parameters.lua",
    ["jdvm.options.settings"] = "lua/jdvm/options/settings.lua",
    ["jdvm.options.value"] = "lua/jdvm/options/value.lua",
    ["jdvm.util.shell"] = "lua/jdvm/util/shell.lua",
    ["jdvm.util.text"] = "lua/jdvm/util/text.lua",
    ["jdvm.lists.token"] = "lua/jdvm/lists/token.lua",
    ["jdvm.transport"] = "lua/jdvm/transport.lua",
    ["jdvm.transport.advice"] = "lua/jdvm/transport/advice.lua",
    ["jdvm.transport.curl"] = "lua/jdvm/transport/curl.lua",
    ["jdvm.transport.exchange"] = "lua/jdvm/transport/exchange.lua",
    ["jdvm.transport.http1"] = "lua/jdvm/transport/http1.lua",
    ["jdvm.transport.light_thread"] = "lua/jdvm/transport/light_thread.lua",
    ["jdvm.transport.nginx"] = "lua/jdvm/transport/nginx.lua",
    ["jdvm.transport.proxy"] = "lua/jdvm/transport/proxy.lua",
    ["jdvm.transport.situation"] = "lua/jdvm/transport/situation.lua",
    ["jdvm.types"] = "lua/jdvm/types.lua",
    ["jdvm.wait"] = "lua/jdvm/wait.lua",
    ["jdvm.core"] = {
      sources = {
        "src/pure/buf.c", "src/pure/chars.c", "src/pure/crypto.c", "src/pure/sign.c",
        "src/pure/json.c", "src/pure/skip.c", "src/pure/number.c", "src/pure/fields.c",
        "src/pure/shape.c",
        "src/lua/core.c", "src/lua/sign.c",
        "src/lua/json.c", "src/lua/json_options.c", "src/lua/json_build.c",
      },
      libraries = { "crypto" }, incdirs = { "$(OPENSSL_INCDIR)" }, libdirs = { "$(OPENSSL_LIBDIR)" },
    },
    ["jdvm.curl"] = {
      sources = {
        "src/pure/pin.c", "src/pure/buf.c", "src/pure/chars.c", "src/pure/sockets.c", "src/pure/http_request.c",
        "src/pure/response.c", "src/pure/failure.c", "src/pure/libcurl.c", "src/pure/http.c", "src/lua/http.c",
      },
      libraries = { "curl" }, incdirs = { "$(CURL_INCDIR)" }, libdirs = { "$(CURL_LIBDIR)" },
    },
  },
  install = {
    bin = { "bin/jdvm" },
    -- What the emulator needs beside its modules; LuaRocks takes the folder from the name of a module.
    lua = {
      ["jdvm.emulator.certificates"] = "lua/jdvm/emulator/certificates.sh",
      ["jdvm.emulator.nginx"] = "lua/jdvm/emulator/nginx.conf",
      ["jdvm.emulator.run"] = "lua/jdvm/emulator/run.sh",
    },
  },
  copy_directories = { "examples" },
}
test_dependencies = { "busted >= 2.0" }
test = { type = "busted" }
