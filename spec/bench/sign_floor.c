/* The floor under signing: what OpenSSL itself must do for one signature when all is reused that can
** be. SHA-256 of the canonical request, then HMAC-SHA256 of the string to sign from the two prepared
** halves of the key; nothing is encoded, assembled or handed over. A Lua module, so that one process
** measures floor and signer in turns. bench_sign.sh builds it.
**
** cc -O2 -fPIC -shared -I/usr/include/lua5.4 -o sign_floor.so spec/bench/sign_floor.c -lcrypto */
#include <lua.h>
#include <lauxlib.h>

#include <openssl/evp.h>

#include <string.h>

static EVP_MD_CTX *keyed(const EVP_MD *md, unsigned char pad) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  unsigned char block[64];
  memset(block, pad, sizeof block); /* which key it is does not matter */
  EVP_DigestInit_ex(context, md, NULL);
  EVP_DigestUpdate(context, block, sizeof block);
  return context;
}

/* floor(n, canonical_request, string_to_sign): signs n times */
static int sign_floor(lua_State *L) {
  size_t canonical_length, to_sign_length;
  long n = (long)luaL_checknumber(L, 1), i;
  const char *canonical = luaL_checklstring(L, 2, &canonical_length);
  const char *to_sign = luaL_checklstring(L, 3, &to_sign_length);
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
  EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
#else
  const EVP_MD *md = EVP_sha256();
#endif
  EVP_MD_CTX *context = EVP_MD_CTX_new(), *inner = keyed(md, 0x36), *outer = keyed(md, 0x5c);
  unsigned char digest[32];
  for (i = 0; i < n; i++) {
    EVP_DigestInit_ex(context, md, NULL);
    EVP_DigestUpdate(context, canonical, canonical_length);
    EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_copy_ex(context, inner);
    EVP_DigestUpdate(context, to_sign, to_sign_length);
    EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_copy_ex(context, outer);
    EVP_DigestUpdate(context, digest, sizeof digest);
    EVP_DigestFinal_ex(context, digest, NULL);
  }
  lua_pushlstring(L, (const char *)digest, sizeof digest);
  EVP_MD_CTX_free(context);
  EVP_MD_CTX_free(inner);
  EVP_MD_CTX_free(outer);
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
  EVP_MD_free(md);
#endif
  return 1;
}

int luaopen_sign_floor(lua_State *L);
int luaopen_sign_floor(lua_State *L) {
  lua_pushcfunction(L, sign_floor);
  return 1;
}
