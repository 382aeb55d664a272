#include "idset.h"

#include "../pure/idset.h"

/* What a list does with each of its images, taken out of Lua because it does it for each: the key
** of its id, and whether it was there before. An id of an unusual form is its own key, a string;
** such keys the callers keep themselves (lua/jdvm/lists/seen.lua). */

#define IDSET_CLASS "jdvm.id_set"

typedef struct id_set {
  jdvm_idset keys;
  int is_closed;
} id_set;

static int id_set_destroy(lua_State *L) {
  id_set *set = luaL_checkudata(L, 1, IDSET_CLASS);
  jdvm_idset_free(&set->keys);
  set->is_closed = 1;
  return 0;
}

/* Raises in a finalizer that runs after the set's own. */
static id_set *check_set(lua_State *L) {
  id_set *set = luaL_checkudata(L, 1, IDSET_CLASS);
  if (set->is_closed) {
    luaL_error(L, "jdvm.core: the set of ids is closed");
  }
  return set;
}

static uint64_t check_key(lua_State *L, int index) {
  lua_Number number = lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) : -1;
  /* written so that a NaN is refused */
  if (!(number >= 0 && number < (lua_Number)JDVM_ID_KEYS) ||
      (lua_Number)(uint64_t)number != number) {
    luaL_error(L, "jdvm.core: the key of an id must be a whole number from 0 to below 2^53");
  }
  return (uint64_t)number;
}

static int check_added(lua_State *L, int added) {
  if (added < 0) {
    luaL_error(L, "jdvm.core: not enough memory for the ids of a list");
  }
  return added;
}

/* core.id_keys(rows, field) -> array of keys, whether all are numbers | nil, index of the first row
** whose id is missing. A key is a number for an id of the usual form, else the id. */
static int core_id_keys(lua_State *L) {
  size_t count, i;
  int all_numbers = 1;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TSTRING);
  lua_settop(L, 2);
  count = jdvm_rawlen(L, 1);
  luaL_argcheck(L, count < (size_t)1 << 24, 1, "too many rows");
  lua_createtable(L, (int)count, 0);
  for (i = 1; i <= count; i++) {
    size_t length = 0;
    const char *id = NULL;
    uint64_t key;
    lua_rawgeti(L, 1, (int)i);
    if (lua_type(L, -1) == LUA_TTABLE) {
      lua_pushvalue(L, 2);
      lua_rawget(L, -2);
      if (lua_type(L, -1) == LUA_TSTRING) {
        id = lua_tolstring(L, -1, &length);
      }
    }
    if (length == 0) {
      lua_pushnil(L);
      lua_pushinteger(L, (lua_Integer)i);
      return 2;
    }
    if (jdvm_id_key(id, length, &key)) {
      jdvm_push_integer(L, (int64_t)key);
      lua_rawseti(L, 3, (int)i);
    } else {
      all_numbers = 0;
      lua_pushvalue(L, -1);
      lua_rawseti(L, 3, (int)i);
    }
    lua_settop(L, 3);
  }
  lua_pushboolean(L, all_numbers);
  return 2;
}

/* core.id_set() -> an empty set of keys that are numbers */
static int core_id_set(lua_State *L) {
  (void)jdvm_new_object(L, sizeof(id_set), IDSET_CLASS);
  return 1;
}

/* set:add(key) -> whether it is new */
static int id_set_add(lua_State *L) {
  id_set *set = check_set(L);
  lua_pushboolean(L, check_added(L, jdvm_idset_add(&set->keys, check_key(L, 2))));
  return 1;
}

/* set:has(key) -> boolean */
static int id_set_has(lua_State *L) {
  const id_set *set = check_set(L);
  lua_pushboolean(L, jdvm_idset_has(&set->keys, check_key(L, 2)));
  return 1;
}

/* set:keep(keys, rows, first) -> count: adds the keys from `first` on and leaves in `rows` only the
** rows of those that are new, in their order. */
static int id_set_keep(lua_State *L) {
  id_set *set = check_set(L);
  size_t count, i, kept = 0;
  lua_Number first = luaL_checknumber(L, 4);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  count = jdvm_rawlen(L, 2);
  luaL_argcheck(L, first >= 1 && first < (lua_Number)((size_t)1 << 24), 4, "out of range");
  for (i = (size_t)first; i <= count; i++) {
    lua_rawgeti(L, 2, (int)i);
    if (check_added(L, jdvm_idset_add(&set->keys, check_key(L, -1))) != 0) {
      kept++;
      if (kept != i) {
        lua_rawgeti(L, 3, (int)i);
        lua_rawseti(L, 3, (int)kept);
      }
    }
    lua_pop(L, 1);
  }
  for (i = kept + 1; i <= count; i++) {
    lua_pushnil(L);
    lua_rawseti(L, 3, (int)i);
  }
  lua_pushinteger(L, (lua_Integer)kept);
  return 1;
}

void jdvm_idset_register(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"add", id_set_add}, {"has", id_set_has}, {"keep", id_set_keep}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"id_keys", core_id_keys}, {"id_set", core_id_set}, {NULL, NULL}};
  jdvm_new_class(L, IDSET_CLASS, methods, id_set_destroy);
  jdvm_setfuncs(L, functions, 0);
}
