/* Sets of image ids for lists, in jdvm.core. */
#ifndef LUA_IDSET_H
#define LUA_IDSET_H

#include "compat.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* Adds `id_keys` and `id_set` to the table on top of the stack. */
void jdvm_idset_register(lua_State *L);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
