/* JSON text to Lua values. Compiled into both modules: jdvm.core decodes strings, jdvm.curl the
** receive buffer. */
#ifndef LUA_JSON_H
#define LUA_JSON_H

#include <stddef.h>

#include "compat.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* Adds decode, null and array_mt to the table on top of the stack. */
void jdvm_json_register(lua_State *L);

/* Decodes `length` bytes, which must stay where they are meanwhile, with the options at
** `options_index` (a table or nil; 0 for none). Pushes the value; or nil, a message that says what
** was expected where, and the offset of that byte. Returns how many it pushed. Raises for options
** that are wrong, and when memory or the Lua stack is short. */
int jdvm_json_decode(lua_State *L, const char *bytes, size_t length, int options_index);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
