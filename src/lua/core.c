/* jdvm.core: signing, decoding, nonces. Needs libcrypto only; everything here is a function of its
** arguments, except nonce(). Lua calls nothing here that calls back into Lua. */
#include "idset.h"
#include "json.h"
#include "sign.h"

#include "../pure/chars.h"
#include "../pure/crypto.h"

#define CORE_CLASS "jdvm.core"

static int core_destroy(lua_State *L) {
  jdvm_core *core = luaL_checkudata(L, 1, CORE_CLASS);
  jdvm_hasher_close(&core->hasher);
  jdvm_random_close(&core->random);
  return 0;
}

static int push_hex(lua_State *L, const unsigned char *bytes, size_t length) {
  char hex[JDVM_SHA256_HEX];
  luaL_Buffer buffer;
  size_t i, part;
  luaL_buffinit(L, &buffer);
  for (i = 0; i < length; i += part) {
    part = length - i < sizeof hex / 2 ? length - i : sizeof hex / 2;
    jdvm_hex(hex, bytes + i, part);
    luaL_addlstring(&buffer, hex, 2 * part);
  }
  luaL_pushresult(&buffer);
  return 1;
}

/* core.hex(bytes) -> lower-case digits */
static int core_hex(lua_State *L) {
  jdvm_text bytes = jdvm_check_text(L, 1);
  return push_hex(L, (const unsigned char *)bytes.bytes, bytes.length);
}

/* core.sha256(bytes) -> 64 lower-case digits */
static int core_sha256(lua_State *L) {
  jdvm_core *core = jdvm_core_of(L);
  jdvm_text bytes = jdvm_check_text(L, 1);
  unsigned char digest[JDVM_SHA256_SIZE];
  jdvm_error error;
  if (jdvm_sha256(&core->hasher, bytes.bytes, bytes.length, digest, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  return push_hex(L, digest, sizeof digest);
}

/* core.hmac_sha256(key, bytes) -> 32 bytes */
static int core_hmac_sha256(lua_State *L) {
  jdvm_core *core = jdvm_core_of(L);
  jdvm_text key = jdvm_check_text(L, 1), bytes = jdvm_check_text(L, 2);
  unsigned char mac[JDVM_SHA256_SIZE];
  jdvm_hmac_key prepared = {NULL, NULL, NULL};
  jdvm_error error;
  int failed = jdvm_hmac_set_key(&core->hasher, &prepared, key.bytes, key.length, &error) != 0 ||
               jdvm_hmac(&core->hasher, &prepared, bytes.bytes, bytes.length, mac, &error) != 0;
  jdvm_hmac_close(&prepared);
  if (failed) {
    return jdvm_raise(L, &error);
  }
  lua_pushlstring(L, (const char *)mac, sizeof mac);
  return 1;
}

/* core.equal(a, b) -> boolean, in a time that tells nothing about where they differ */
static int core_equal(lua_State *L) {
  jdvm_text a = jdvm_check_text(L, 1), b = jdvm_check_text(L, 2);
  lua_pushboolean(L, a.length == b.length && jdvm_equal(a.bytes, b.bytes, a.length));
  return 1;
}

/* core.has_control(text) -> boolean: does it hold a control character (0 to 31, or 127)? */
static int core_has_control(lua_State *L) {
  jdvm_text text = jdvm_check_text(L, 1);
  bool found = false;
  size_t i;
  for (i = 0; !found && i < text.length; i++) {
    found = jdvm_is(text.bytes[i], JDVM_CHAR_CONTROL) || text.bytes[i] == '\t';
  }
  lua_pushboolean(L, found);
  return 1;
}

/* core.can_yield() -> boolean: false where Lua cannot yield, because C stands between here and the
** start of the coroutine; true, too, in Luas that cannot be asked (5.1 and 5.2 of PUC Rio) */
static int core_can_yield(lua_State *L) {
  lua_pushboolean(L, jdvm_can_yield(L));
  return 1;
}

/* core.nonce() -> a version 4 UUID, different at every call and in every process */
static int core_nonce(lua_State *L) {
  jdvm_core *core = jdvm_core_of(L);
  char uuid[JDVM_UUID_LENGTH];
  jdvm_error error;
  if (jdvm_random_uuid(&core->random, uuid, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  lua_pushlstring(L, uuid, sizeof uuid);
  return 1;
}

/* core.openssl_version() -> text of the library that is loaded, e.g. "OpenSSL 3.0.15 3 Sep 2024" */
static int core_openssl_version(lua_State *L) {
  lua_pushstring(L, jdvm_crypto_version());
  return 1;
}

int jdvm_raise(lua_State *L, const jdvm_error *error) {
  return luaL_error(L, "jdvm.core: %s", error->message);
}

JDVM_EXPORT int luaopen_jdvm_core(lua_State *L);

/* Loads anew in every Lua state; nothing is shared between states. The module need not pin itself
** in memory: it registers nothing with anybody that outlives it (no atexit, no thread-local
** destructors, no callbacks), and libcrypto, which does such things, pins itself. */
JDVM_EXPORT int luaopen_jdvm_core(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"hex", core_hex},
                                       {"sha256", core_sha256},
                                       {"hmac_sha256", core_hmac_sha256},
                                       {"equal", core_equal},
                                       {"has_control", core_has_control},
                                       {"can_yield", core_can_yield},
                                       {"nonce", core_nonce},
                                       {"openssl_version", core_openssl_version},
                                       {NULL, NULL}};
  jdvm_core *core;
  jdvm_error error;
  int core_index;
  if (jdvm_crypto_check(&error) != 0) {
    return jdvm_raise(L, &error);
  }
  jdvm_new_class(L, CORE_CLASS, none, core_destroy);
  core = jdvm_new_object(L, sizeof *core, CORE_CLASS);
  core_index = lua_gettop(L);
  if (jdvm_hasher_open(&core->hasher, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  jdvm_newlib(L, none); /* which also checks that this is the Lua we were built for */
  lua_pushvalue(L, core_index);
  jdvm_setfuncs(L, functions, 1);
  jdvm_signer_register(L);
  jdvm_stages_register(L, core_index);
  jdvm_json_register(L);
  jdvm_idset_register(L);
  lua_pushliteral(L, "0.1.0");
  lua_setfield(L, -2, "_VERSION");
  return 1;
}
