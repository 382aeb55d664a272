rockspec_format = "3.0"
package = "jdvm"
version = "scm-1"
source = { url = "git+https://example.com/jdvm/jdvm.git" }
description = {
  summary = "JD Cloud VM image client",
  detailed = "Signs, sends and decodes describeImages and describeImage; iterates over pages.",
  license = "MIT",
}
dependencies = { "lua >= 5.1, < 5.5", "lua-cjson >= 2.1.0", "argparse >= 0.7.0" }
external_dependencies = {
  -- No header for curl: Debian keeps it in a multiarch folder where LuaRocks does not look.
  CURL = { library = "curl" },
  OPENSSL = { header = "openssl/evp.h", library = "crypto" },
}
build = {
  type = "builtin",
  modules = {
    ["jdvm"] = "lua/jdvm.lua",
    ["jdvm.call"] = "lua/jdvm/call.lua",
    ["jdvm.check"] = "lua/jdvm/check.lua",
    ["jdvm.cli"] = "lua/jdvm/cli.lua",
    ["jdvm.client"] = "lua/jdvm/client.lua",
    ["jdvm.credentials"] = "lua/jdvm/credentials.lua",
    ["jdvm.emulator"] = "lua/jdvm/emulator.lua",
    ["jdvm.emulator.accounts"] = "lua/jdvm/emulator/accounts.lua",
    ["jdvm.emulator.answers"] = "lua/jdvm/emulator/answers.lua",
    ["jdvm.emulator.builtin"] = "lua/jdvm/emulator/builtin.lua",
    ["jdvm.emulator.catalogue"] = "lua/jdvm/emulator/catalogue.lua",
    ["jdvm.emulator.control"] = "lua/jdvm/emulator/control.lua",
    ["jdvm.emulator.drift"] = "lua/jdvm/emulator/drift.lua",
    ["jdvm.emulator.faults"] = "lua/jdvm/emulator/faults.lua",
    ["jdvm.emulator.filters"] = "lua/jdvm/emulator/filters.lua",
    ["jdvm.emulator.generator"] = "lua/jdvm/emulator/generator.lua",
    ["jdvm.emulator.hash"] = "lua/jdvm/emulator/hash.lua",
    ["jdvm.emulator.image"] = "lua/jdvm/emulator/image.lua",
    ["jdvm.emulator.journal"] = "lua/jdvm/emulator/journal.lua",
    ["jdvm.emulator.json"] = "lua/jdvm/emulator/json.lua",
    ["jdvm.emulator.kinds"] = "lua/jdvm/emulator/kinds.lua",
    ["jdvm.emulator.launcher"] = "lua/jdvm/emulator/launcher.lua",
    ["jdvm.emulator.life"] = "lua/jdvm/emulator/life.lua",
    ["jdvm.emulator.random"] = "lua/jdvm/emulator/random.lua",
    ["jdvm.emulator.server"] = "lua/jdvm/emulator/server.lua",
    ["jdvm.emulator.settings"] = "lua/jdvm/emulator/settings.lua",
    ["jdvm.emulator.shapes"] = "lua/jdvm/emulator/shapes.lua",
    ["jdvm.emulator.signature"] = "lua/jdvm/emulator/signature.lua",
    ["jdvm.emulator.store"] = "lua/jdvm/emulator/store.lua",
    ["jdvm.emulator.supervisor"] = "lua/jdvm/emulator/supervisor.lua",
    ["jdvm.emulator.uri"] = "lua/jdvm/emulator/uri.lua",
    ["jdvm.errors"] = "lua/jdvm/errors.lua",
    ["jdvm.events"] = "lua/jdvm/events.lua",
    ["jdvm.hints"] = "lua/jdvm/hints.lua",
    ["jdvm.ids"] = "lua/jdvm/ids.lua",
    ["jdvm.instance_role"] = "lua/jdvm/instance_role.lua",
    ["jdvm.iterator"] = "lua/jdvm/iterator.lua",
    ["jdvm.keychain"] = "lua/jdvm/keychain.lua",
    ["jdvm.lists"] = "lua/jdvm/lists.lua",
    ["jdvm.models"] = "lua/jdvm/models.lua",
    ["jdvm.operations"] = "lua/jdvm/operations.lua",
    ["jdvm.options"] = "lua/jdvm/options.lua",
    ["jdvm.pages"] = "lua/jdvm/pages.lua",
    ["jdvm.prefetch"] = "lua/jdvm/prefetch.lua",
    ["jdvm.profile"] = "lua/jdvm/profile.lua",
    ["jdvm.request"] = "lua/jdvm/request.lua",
    ["jdvm.retry"] = "lua/jdvm/retry.lua",
    ["jdvm.scan"] = "lua/jdvm/scan.lua",
    ["jdvm.seen"] = "lua/jdvm/seen.lua",
    ["jdvm.settings"] = "lua/jdvm/settings.lua",
    ["jdvm.text"] = "lua/jdvm/text.lua",
    ["jdvm.token"] = "lua/jdvm/token.lua",
    ["jdvm.transport"] = "lua/jdvm/transport.lua",
    ["jdvm.transport.curl"] = "lua/jdvm/transport/curl.lua",
    ["jdvm.types"] = "lua/jdvm/types.lua",
    ["jdvm.waiter"] = "lua/jdvm/waiter.lua",
    ["jdvm.core"] = {
      sources = {
        "src/jdvm_buf.c", "src/jdvm_pairs.c", "src/jdvm_crypto.c", "src/jdvm_random.c",
        "src/jdvm_chars.c", "src/jdvm_uri.c", "src/jdvm_canonical.c",
        "src/jdvm_request.c", "src/jdvm_identity.c", "src/jdvm_sign.c", "src/jdvm_signer.c",
        "src/jdvm_json.c", "src/jdvm_skip.c", "src/jdvm_number.c", "src/jdvm_fields.c",
        "src/lua_core.c", "src/lua_sign.c", "src/lua_stages.c", "src/lua_json.c",
      },
      libraries = { "crypto" }, incdirs = { "$(OPENSSL_INCDIR)" }, libdirs = { "$(OPENSSL_LIBDIR)" },
    },
    ["jdvm.curl"] = {
      sources = {
        "src/jdvm_buf.c", "src/jdvm_http_request.c", "src/jdvm_response.c", "src/jdvm_failure.c",
        "src/jdvm_libcurl.c", "src/jdvm_http.c", "src/jdvm_json.c", "src/jdvm_skip.c",
        "src/jdvm_number.c", "src/jdvm_fields.c",
        "src/lua_http.c", "src/lua_json.c",
      },
      libraries = { "curl" }, incdirs = { "$(CURL_INCDIR)" }, libdirs = { "$(CURL_LIBDIR)" },
    },
  },
  install = { bin = { "bin/jdvm" } },
  copy_directories = { "examples" },
}
test_dependencies = { "busted >= 2.0" }
test = { type = "busted" }
