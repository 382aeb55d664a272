/* jdvm.core: signing, decoding, nonces. Needs libcrypto only; everything here is a function of its
** arguments, except nonce(). Lua calls nothing here that calls back into Lua. */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* clock_gettime under -std=c99 */
#endif
#include "core.h"
#include "json.h"

#include "../pure/chars.h"
#include "../pure/clock.h"
#include "../pure/crypto.h"

/* core.sha256(bytes) -> 64 lower-case digits */
static int core_sha256(lua_State *L) {
  jdvm_hasher hasher = {NULL, NULL};
  unsigned char digest[JDVM_SHA256_SIZE];
  char hex[JDVM_SHA256_HEX];
  jdvm_error error;
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length);
  int failed = jdvm_hasher_open(&hasher, &error) != 0 ||
               jdvm_sha256(&hasher, bytes, length, digest, &error) != 0;
  jdvm_hasher_close(&hasher);
  if (failed) {
    return jdvm_core_raise(L, &error);
  }
  jdvm_hex(hex, digest, sizeof digest);
  lua_pushlstring(L, hex, sizeof hex);
  return 1;
}

/* core.base64(bytes) -> text (RFC 4648), with padding */
static int core_base64(lua_State *L) {
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length);
  char *out = lua_newuserdata(L, 4 * (length / 3 + 1));
  lua_pushlstring(L, out, jdvm_base64(out, bytes, length));
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
  char uuid[JDVM_UUID_LENGTH];
  jdvm_error error;
  if (jdvm_uuid(uuid, &error) != 0) {
    return jdvm_core_raise(L, &error);
  }
  lua_pushlstring(L, uuid, sizeof uuid);
  return 1;
}

/* core.now() -> seconds of a clock that only goes forward */
static int core_now(lua_State *L) {
  lua_pushnumber(L, jdvm_now());
  return 1;
}

/* core.openssl_version() -> text of the library that is loaded, e.g. "OpenSSL 3.0.15 3 Sep 2024" */
static int core_openssl_version(lua_State *L) {
  lua_pushstring(L, jdvm_crypto_version());
  return 1;
}

int jdvm_core_raise(lua_State *L, const jdvm_error *error) {
  return luaL_error(L, "jdvm.core: %s", error->message);
}

JDVM_EXPORT int luaopen_jdvm_core(lua_State *L);

/* Loads anew in every Lua state; nothing is shared between states. The module need not pin itself
** in memory: it registers nothing with anybody that outlives it (no atexit, no thread-local
** destructors, no callbacks), and libcrypto, which does such things, pins itself. */
JDVM_EXPORT int luaopen_jdvm_core(lua_State *L) {
  static const luaL_Reg functions[] = {{"sha256", core_sha256},
                                       {"base64", core_base64},
                                       {"can_yield", core_can_yield},
                                       {"nonce", core_nonce},
                                       {"now", core_now},
                                       {"openssl_version", core_openssl_version},
                                       {NULL, NULL}};
  jdvm_error error;
  if (jdvm_crypto_check(&error) != 0) {
    return jdvm_core_raise(L, &error);
  }
  jdvm_newlib(L, functions); /* which also checks that this is the Lua we were built for */
  jdvm_signer_register(L);
  jdvm_json_register(L);
  lua_pushliteral(L, "0.1.0");
  lua_setfield(L, -2, "_VERSION");
  return 1;
}
