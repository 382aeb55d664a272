#include "json_parts.h"

#define HOME "jdvm.decoder" /* registry key of what is remembered */

/* How often keys may have been refused before everything is forgotten: what fills the memory may be
** a text that never comes again. */
#define PATIENCE 4096

static bool runs_on_luajit(lua_State *L) {
  bool found = false;
  if (JDVM_MAY_BE_LUAJIT) {
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    if (lua_istable(L, -1)) {
      lua_pushliteral(L, "jit");
      lua_rawget(L, -2);
      found = lua_istable(L, -1);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  return found;
}

static void forget(jdvm_memory *memory) {
  jdvm_shapes_reset(&memory->shapes);
  memset(memory->constructors, 0, sizeof memory->constructors);
  memory->credit = 0;
}

jdvm_memory *jdvm_json_borrow(lua_State *L) {
  jdvm_memory *memory = NULL;
  lua_getfield(L, LUA_REGISTRYINDEX, HOME);
  if (lua_istable(L, -1)) {
    lua_rawgeti(L, -1, 1);
    if (jdvm_rawlen(L, -1) == sizeof *memory) {
      memory = lua_touserdata(L, -1);
    }
    lua_pop(L, 1);
  }
  if (memory == NULL) {
    lua_pop(L, 1);
    lua_newtable(L);
    memory = lua_newuserdata(L, sizeof *memory);
    lua_rawseti(L, -2, 1);
    memory->is_luajit = runs_on_luajit(L);
    forget(memory);
  } else {
    lua_pushboolean(L, 0);
    lua_setfield(L, LUA_REGISTRYINDEX, HOME);
    if (memory->shapes.refused > PATIENCE) {
      forget(memory);
    }
  }
  return memory;
}

void jdvm_json_give_back(lua_State *L, int home) {
  lua_pushvalue(L, home);
  lua_setfield(L, LUA_REGISTRYINDEX, HOME);
}
