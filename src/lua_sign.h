/* The signing half of jdvm.core: the signer class and the single steps of signing. */
#ifndef LUA_SIGN_H
#define LUA_SIGN_H

#include "jdvm_random.h"
#include "jdvm_signer.h"

#include "lua_compat.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* What the functions of the module share: one in each Lua state, an upvalue of all of them, and in
** its care whatever they acquire. */
typedef struct jdvm_core {
  jdvm_hasher hasher;
  jdvm_hmac_key key;
  jdvm_random random;
  jdvm_buf text;
  jdvm_buf store;
  jdvm_pairs query;
  jdvm_headers headers;
} jdvm_core;

/* The shared struct, inside a function registered with it as first upvalue. */
static inline jdvm_core *jdvm_core_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

/* The string at `index` of the stack; it stays valid as long as it stays there. */
static inline jdvm_text jdvm_check_text(lua_State *L, int index) {
  jdvm_text text;
  text.bytes = luaL_checklstring(L, index, &text.length);
  return text;
}

/* Raises what a C function reported. */
int jdvm_raise(lua_State *L, const jdvm_error *error);

/* Adds `signer` and the steps to the table on top of the stack. `core` is the stack index of the
** shared userdata. */
void jdvm_sign_register(lua_State *L, int core);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
