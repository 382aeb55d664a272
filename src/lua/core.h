/* What the files of jdvm.core share. */
#ifndef LUA_CORE_H
#define LUA_CORE_H

#include "../pure/error.h"
#include "compat.h"

#include "../pure/hidden.h"

/* Raises what a C function reported. */
int jdvm_core_raise(lua_State *L, const jdvm_error *error);

/* Adds `signer` to the table on top of the stack. */
void jdvm_signer_register(lua_State *L);

#include "../pure/shown.h"

#endif
