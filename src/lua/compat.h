/* What Lua 5.1 (and LuaJIT) lacks of the 5.4 API, as static functions under our own prefix, and
** the helpers every binding shares. No other file asks for LUA_VERSION_NUM. */
#ifndef LUA_COMPAT_H
#define LUA_COMPAT_H

#include <lua.h>
#include <lauxlib.h>

#include <stdint.h>
#include <string.h>

/* Each module exports exactly its luaopen function; the build may not pass -fvisibility. */
#if defined(__GNUC__)
#define JDVM_EXPORT __attribute__((visibility("default")))
#define JDVM_UNUSED __attribute__((unused))
#else
#define JDVM_EXPORT
#define JDVM_UNUSED
#endif

#if LUA_VERSION_NUM < 502

#define jdvm_rawlen lua_objlen

/* `luaL_register` with a NULL name exists only in 5.1: a module built for 5.1 fails to load in a
** later Lua with a clear message instead of crashing there. */
JDVM_UNUSED static void jdvm_newlib(lua_State *L, const luaL_Reg *functions) {
  lua_newtable(L);
  luaL_register(L, NULL, functions);
}

#else

#define jdvm_rawlen lua_rawlen

/* luaL_checkversion exists only since 5.2: the same guard in the other direction. */
JDVM_UNUSED static void jdvm_newlib(lua_State *L, const luaL_Reg *functions) {
  luaL_checkversion(L);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
}

#endif

/* Whether the caller may yield, where that can be asked. PUC 5.1 knows no such question; LuaJIT,
** which the build for 5.1 serves, too, does. */
#if LUA_VERSION_NUM == 501
#ifdef __APPLE__
extern int lua_isyieldable(lua_State *L) __attribute__((weak_import));
#else
extern int lua_isyieldable(lua_State *L) __attribute__((weak));
#endif
JDVM_UNUSED static int jdvm_can_yield(lua_State *L) {
  return !lua_isyieldable || lua_isyieldable(L);
}
#elif LUA_VERSION_NUM >= 503
#define jdvm_can_yield lua_isyieldable
#else
#define jdvm_can_yield(L) ((void)(L), 1)
#endif

/* True if Lua has a number that is just `value`: an integer, or before 5.3 a double up to 2^53. */
JDVM_UNUSED static int jdvm_fits_integer(int64_t value) {
#if LUA_VERSION_NUM >= 503
  return value >= LUA_MININTEGER && value <= LUA_MAXINTEGER;
#else
  return value >= -INT64_C(9007199254740992) && value <= INT64_C(9007199254740992);
#endif
}

/* Pushes a value that fits, as an integer where Lua has them. */
JDVM_UNUSED static void jdvm_push_integer(lua_State *L, int64_t value) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, (lua_Integer)value);
#else
  lua_pushnumber(L, (lua_Number)value);
#endif
}

/* Pushes a new zero-filled userdata of class `name` (a metatable in the registry). The metatable
** is set before the caller acquires anything, so that __gc can always run on what is there. */
JDVM_UNUSED static void *jdvm_new_object(lua_State *L, size_t size, const char *name) {
#if LUA_VERSION_NUM >= 504
  void *object = lua_newuserdatauv(L, size, 1);
#else
  void *object = lua_newuserdata(L, size);
#endif
  memset(object, 0, size);
  luaL_getmetatable(L, name);
  lua_setmetatable(L, -2);
  return object;
}

/* Registers class `name`: `methods` become its __index, `destroy` serves __gc and, where the Lua
** has it, __close. Leaves nothing on the stack. Filling the metatable anew each time makes a load
** that ran out of memory half-way repeatable. */
JDVM_UNUSED static void jdvm_new_class(lua_State *L, const char *name, const luaL_Reg *methods,
                                       lua_CFunction destroy) {
  (void)luaL_newmetatable(L, name);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushcfunction(L, destroy);
  lua_setfield(L, -2, "__gc");
#if LUA_VERSION_NUM >= 504
  lua_pushcfunction(L, destroy);
  lua_setfield(L, -2, "__close");
#endif
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable"); /* nobody else shall call __gc */
  jdvm_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

#endif
