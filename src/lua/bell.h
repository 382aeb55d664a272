/* The bell, a class of jdvm.curl: one coroutine waits for its descriptor, as for any socket, and another
** one rings. */
#ifndef LUA_BELL_H
#define LUA_BELL_H

#include "compat.h"

#include "../pure/hidden.h"

/* Registers the class. */
void jdvm_bell_class(lua_State *L);

/* curl.bell() -> bell: `bell:fd()` is ready for reading from bell:ring() to bell:clear() */
int jdvm_bell_new(lua_State *L);

#include "../pure/shown.h"

#endif
