/* The signing half of jdvm.core: the signer class and the single steps of signing.
**
** A finalizer may run, and with it any Lua code, whenever Lua allocates. Therefore nothing that is
** shared between calls is looked at after such a moment: what a call needs is copied before. */
#ifndef LUA_SIGN_H
#define LUA_SIGN_H

#include "../pure/random.h"
#include "../pure/signer.h"

#include "compat.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* What the functions of the module share: one in each Lua state, an upvalue of all of them. */
typedef struct jdvm_core {
  jdvm_hasher hasher;
  jdvm_random random;
} jdvm_core;

/* The shared struct, inside a function registered with it as first upvalue. Raises in a finalizer
** that runs after its own. */
static inline jdvm_core *jdvm_core_of(lua_State *L) {
  jdvm_core *core = lua_touserdata(L, lua_upvalueindex(1));
  if (core->hasher.context == NULL) {
    luaL_error(L, "jdvm.core: the Lua state is being closed");
  }
  return core;
}

/* The string argument at `index`; it stays valid as long as it stays there. */
static inline jdvm_text jdvm_check_text(lua_State *L, int index) {
  jdvm_text text;
  text.bytes = lua_tolstring(L, index, &text.length);
  if (text.bytes == NULL) {
    (void)luaL_checkstring(L, index); /* raises */
  }
  return text;
}

/* Raises what a C function reported. */
int jdvm_raise(lua_State *L, const jdvm_error *error);

/* --- functions that take their arguments in one table, at stack index 1 -------------------- */

/* Raises when the table has a field that is not in `known` (which ends in NULL): a misspelt option
** would otherwise be a silent default. `what` names the function. */
void jdvm_check_fields(lua_State *L, const char *what, const char *const *known);

/* Pushes field `name`, a string or nil, and returns its text; empty for nil. */
jdvm_text jdvm_text_field(lua_State *L, const char *what, const char *name);

/* The version whose algorithm is named at `index`; nil is JDCLOUD2 where `optional`. */
jdvm_version jdvm_check_algorithm(lua_State *L, int index, const char *what, bool optional);

/* --- parts of the module, each added to the table on top of the stack ---------------------- */

/* `signer` */
void jdvm_signer_register(lua_State *L);

/* The steps of signing. `core` is the stack index of the shared struct. */
void jdvm_stages_register(lua_State *L, int core);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
