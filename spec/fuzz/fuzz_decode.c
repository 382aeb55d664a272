/* The decoder with Lua. The input is an octet of options and two texts with a NUL between them. The
** second is decoded by a reader that guesses nothing, then by a decoder that has read the first, then
** again: the values, or the complaints, must be the same. So must be what is wanted of it with all of
** it, where everything is wanted. See run.sh for how to build and run it. */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include "fuzz.h"

#include "pure/json.h"
#include "lua/json.h"

/* --- the reader that guesses nothing --------------------------------------------------------- */

static bool keep_null;

static const unsigned char *naive(lua_State *L, jdvm_json *json, const unsigned char *at,
                                  int levels);

static const unsigned char *naive_string(lua_State *L, jdvm_json *json, const unsigned char *at) {
  jdvm_json_text text;
  at = jdvm_json_string(json, at + 1, &text);
  if (at != NULL && text.plain) {
    lua_pushlstring(L, (const char *)text.bytes, text.length);
  } else if (at != NULL) {
    char *value = lua_newuserdata(L, jdvm_json_room(json, &text) + 1);
    lua_pushlstring(L, value, jdvm_json_unescape(&text, value));
    lua_remove(L, -2);
  }
  return at;
}

static const unsigned char *naive_number(lua_State *L, jdvm_json *json, const unsigned char *at) {
  jdvm_number number;
  const unsigned char *end = jdvm_json_number(json, at, &number);
  if (end == NULL) {
    return NULL;
  }
  if (number.kind == JDVM_REAL) {
    lua_pushnumber(L, number.real);
  } else if (number.kind == JDVM_INTEGER && jdvm_fits_integer(number.integer)) {
    jdvm_push_integer(L, number.integer);
  } else {
    lua_pushlstring(L, (const char *)at, (size_t)(end - at));
  }
  return end;
}

/* Reads an object or array into a new table. */
static const unsigned char *naive_table(lua_State *L, jdvm_json *json, const unsigned char *at,
                                        int levels) {
  bool object = *at++ == '{';
  int i = 0;
  lua_newtable(L);
  at = jdvm_json_space(json, at);
  if (*at == (object ? '}' : ']')) {
    return at + 1;
  }
  for (;;) {
    at = jdvm_json_space(json, at);
    if (object) {
      at = naive_string(L, json, at);
      at = jdvm_json_space(json, at) + 1;
    }
    at = naive(L, json, at, levels);
    if (object && !keep_null && lua_islightuserdata(L, -1)) {
      lua_pop(L, 1);
      lua_pushnil(L);
    }
    if (object) {
      lua_rawset(L, -3);
    } else {
      lua_rawseti(L, -2, ++i);
    }
    at = jdvm_json_space(json, at);
    if (*at++ != ',') {
      return at;
    }
  }
}

/* Pushes the value of a text that is known to be well formed. */
static const unsigned char *naive(lua_State *L, jdvm_json *json, const unsigned char *at,
                                  int levels) {
  luaL_checkstack(L, 10, "");
  at = jdvm_json_space(json, at);
  switch (*at) {
  case '"':
    return naive_string(L, json, at);
  case '{':
  case '[':
    return naive_table(L, json, at, levels - 1);
  case 't':
    lua_pushboolean(L, 1);
    return at + 4;
  case 'f':
    lua_pushboolean(L, 0);
    return at + 5;
  case 'n':
    lua_pushlightuserdata(L, NULL);
    return at + 4;
  default:
    return naive_number(L, json, at);
  }
}

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
  keep_null = (r->options & 1) != 0;
  lua_pushstring(L, keep_null ? "keep" : "drop");
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

static const unsigned char *open_second(jdvm_json *json, const run *r) {
  const unsigned char *at =
      jdvm_json_open(json, r->second, r->second_length, (r->options & 2) != 0);
  json->big_integers = !jdvm_fits_integer(INT64_MAX);
  return at;
}

static int l_run(lua_State *L) {
  const run *r = lua_touserdata(L, 1);
  int options = push_options(L, r);
  int count, again, expected, value;
  jdvm_json json;
  const unsigned char *at = jdvm_json_skip(&json, open_second(&json, r), 64);
  if (at != NULL && jdvm_json_space(&json, at) != json.end) {
    at = NULL;
  }
  (void)decode(L, r->first, r->first_length, options);
  lua_settop(L, options);
  count = decode(L, r->second, r->second_length, options);
  MUST((count == 1) == (at != NULL));
  value = lua_gettop(L) - count + 1;
  if (count == 1) {
    (void)naive(L, &json, open_second(&json, r), 64);
    expected = lua_gettop(L);
    MUST(same(L, value, expected));
  }
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
