/* The decoder with Lua. The input is an octet of options and two texts with a NUL between them. The second is decoded by
** a decoder that has read the first, then by one that remembers nothing: the values, or the complaints, must be the same.
** So must be the verdict on what is skipped of it. What values are right is tested in spec/core/json_random_spec.lua.
** See run.sh for how to build and run it. */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include "fuzz.h"

#include "pure/json.h"
#include "lua/json.h"

/* --- comparing ------------------------------------------------------------------------------- */

/* True if the values at `a` and `b` (absolute) are the same, down to the types of numbers. */
static bool same(lua_State *L, int a, int b) {
  int entries = 0;
  luaL_checkstack(L, 10, "");
  if (lua_type(L, a) != LUA_TTABLE || lua_type(L, b) != LUA_TTABLE) {
#if JDVM_HAS_INTEGERS
    if (lua_isinteger(L, a) != lua_isinteger(L, b)) {
      return false;
    }
#endif
    return lua_rawequal(L, a, b);
  }
  lua_pushnil(L);
  while (lua_next(L, a)) {
    int top = lua_gettop(L);
    lua_pushvalue(L, top - 1);
    lua_rawget(L, b);
    if (!same(L, top, top + 1)) {
      return false;
    }
    lua_settop(L, top - 1);
    entries++;
  }
  lua_pushnil(L);
  while (lua_next(L, b)) {
    lua_pop(L, 1);
    entries--;
  }
  return entries == 0;
}

/* --- a run ----------------------------------------------------------------------------------- */

typedef struct run {
  const uint8_t *first, *second;
  size_t first_length, second_length;
  uint8_t options;
} run;

/* Pushes an options table. */
static int push_options(lua_State *L, const run *r) {
  lua_newtable(L);
  lua_pushstring(L, (r->options & 1) != 0 ? "keep" : "drop");
  lua_setfield(L, -2, "null");
  lua_pushstring(L, (r->options & 2) != 0 ? "replace" : "strict");
  lua_setfield(L, -2, "utf8");
  return lua_gettop(L);
}

/* Adds options that select: what `items` leads to, and of it what is named like common keys. */
static int push_selection(lua_State *L, const run *r, const char *items) {
  int options = push_options(L, r);
  lua_createtable(L, 2, 0);
  lua_pushliteral(L, "a");
  lua_rawseti(L, -2, 1);
  lua_pushliteral(L, "b.c");
  lua_rawseti(L, -2, 2);
  lua_setfield(L, options, "fields");
  if (items != NULL) {
    lua_pushstring(L, items);
    lua_setfield(L, options, "items");
  }
  return options;
}

static int decode(lua_State *L, const uint8_t *bytes, size_t length, int options) {
  int top = lua_gettop(L);
  lua_getglobal(L, "core");
  lua_getfield(L, -1, "decode");
  lua_remove(L, -2);
  lua_pushlstring(L, (const char *)bytes, length);
  lua_pushvalue(L, options);
  lua_call(L, 2, LUA_MULTRET);
  return lua_gettop(L) - top;
}

/* Where the tokenizer alone refuses the first `length` bytes of the second text; -1 where it takes them. */
static long refused_at(const run *r, size_t length) {
  jdvm_json json;
  jdvm_error error;
  const unsigned char *at = jdvm_json_open(&json, r->second, length, (r->options & 2) != 0);
  json.big_integers = !jdvm_fits_integer(INT64_MAX);
  at = jdvm_json_skip(&json, at, 64);
  if (at != NULL && (at = jdvm_json_space(&json, at)) == json.end) {
    return -1;
  }
  if (at != NULL) {
    (void)jdvm_json_fail(&json, at, JDVM_WANT_END);
  }
  return (long)jdvm_json_explain(&json, &error);
}

static int l_run(lua_State *L) {
  const run *r = lua_touserdata(L, 1);
  int options = push_options(L, r);
  long bad = refused_at(r, r->second_length), before;
  int count, again, value;
  (void)decode(L, r->first, r->first_length, options);
  lua_settop(L, options);
  count = decode(L, r->second, r->second_length, options);
  MUST((count == 1) == (bad < 0));
  before =
      bad < 0 ? bad : refused_at(r, (size_t)bad); /* what follows the bad byte decides nothing */
  MUST(before < 0 || before == bad);
  value = lua_gettop(L) - count + 1;
  lua_pushnil(L);
  lua_setfield(L, LUA_REGISTRYINDEX, "jdvm.decoder"); /* forgets */
  again = decode(L, r->second, r->second_length, options);
  MUST(again == count);
  MUST(same(L, value, lua_gettop(L) - count + 1));
  MUST(count == 1 || (same(L, value + 1, lua_gettop(L) - 1) && same(L, value + 2, lua_gettop(L))));
  lua_settop(L, value + count - 1);

  /* Nothing lies below a path that is not there: all of the value comes, by another reader. */
  (void)push_selection(L, r, "no such key");
  again = decode(L, r->second, r->second_length, lua_gettop(L));
  MUST(again == count);
  if (count == 1 && lua_istable(L, value) && jdvm_rawlen(L, value) == 0) {
    MUST(same(L, value, lua_gettop(L)));
  }
  (void)push_selection(L, r, NULL);
  again = decode(L, r->second, r->second_length, lua_gettop(L));
  MUST(again == count);
  if (count == 3) {
    MUST(same(L, value + 2, lua_gettop(L)));
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;
  const uint8_t *nul;
  uint8_t *second;
  run r;
  if (L == NULL) {
    L = luaL_newstate();
    MUST(L != NULL);
    luaL_openlibs(L);
    lua_newtable(L);
    jdvm_json_register(L);
    lua_setglobal(L, "core");
  }
  if (size == 0) {
    return 0;
  }
  r.options = data[0];
  nul = memchr(data + 1, 0, size - 1);
  r.first = data + 1;
  r.first_length = nul == NULL ? 0 : (size_t)(nul - r.first);
  r.second_length = size - 1 - r.first_length - (nul != NULL);
  second = exact_copy(data + size - r.second_length, r.second_length);
  r.second = second;
  lua_settop(L, 0);
  lua_pushcfunction(L, l_run);
  lua_pushlightuserdata(L, &r);
  if (lua_pcall(L, 1, 0, 0) != 0) {
    must(false, lua_tostring(L, -1), __FILE__, __LINE__);
  }
  free(second);
  return 0;
}
