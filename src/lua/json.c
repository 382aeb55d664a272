#include "json.h"

#define ARRAY_MT "jdvm.array_mt" /* registry key of our own metatable of empty arrays */

/* Registry key of what is remembered between calls: a table with the shapes at [1], and for key i, at
** [1 + i], its string. A call takes it out of the registry and puts it back when it is done: a call
** within a call (from a finalizer) and a call that an error has ended leave nothing half done to
** others. */
#define HOME "jdvm.decoder"

/* How often keys may have been refused before everything is forgotten: what fills the memory may be
** a text that never comes again. */
#define PATIENCE 4096

/* Takes what is remembered out of the registry, or begins anew; pushes its table. */
static jdvm_shapes *borrow(lua_State *L) {
  jdvm_shapes *shapes = NULL;
  lua_getfield(L, LUA_REGISTRYINDEX, HOME);
  if (lua_istable(L, -1)) {
    lua_rawgeti(L, -1, 1);
    if (jdvm_rawlen(L, -1) == sizeof *shapes) {
      shapes = lua_touserdata(L, -1);
    }
    lua_pop(L, 1);
  }
  if (shapes != NULL) {
    lua_pushboolean(L, 0);
    lua_setfield(L, LUA_REGISTRYINDEX, HOME);
    if (shapes->refused > PATIENCE) {
      jdvm_shapes_reset(shapes);
    }
    return shapes;
  }
  lua_pop(L, 1);
  lua_newtable(L);
  shapes = lua_newuserdata(L, sizeof *shapes);
  lua_rawseti(L, -2, 1);
  jdvm_shapes_reset(shapes);
  return shapes;
}

/* Pushes the metatable that marks empty arrays: that of the lua-cjson which the program has loaded by
** now, so that its encoder knows them; our own where there is none, or one without such a mark. */
static void push_array_mt(lua_State *L) {
  static const char *const modules[] = {"cjson", "cjson.safe"};
  size_t i;
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  for (i = 0; i < sizeof modules / sizeof *modules; i++) {
    lua_pushstring(L, modules[i]);
    lua_rawget(L, -2);
    if (lua_istable(L, -1)) {
      lua_pushliteral(L, "array_mt");
      lua_rawget(L, -2);
      if (lua_istable(L, -1)) {
        lua_replace(L, -3);
        lua_pop(L, 1);
        return;
      }
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, ARRAY_MT);
}

/* Pushes what a call needs at hand. */
static void open_decoder(jdvm_decoder *d, lua_State *L, const jdvm_json_options *options) {
  memset(d, 0, sizeof *d);
  d->L = L;
  d->options = options;
  d->shapes = borrow(L);
  d->home = lua_gettop(L);
  d->array_mt = d->home + 1;
  d->scratch = d->home + 2;
  if (options->no_array_mt) {
    lua_pushnil(L);
  } else if (options->array_mt != 0) {
    lua_pushvalue(L, options->array_mt);
  } else {
    push_array_mt(L);
  }
  lua_settop(L, d->scratch);
}

/* core.decode(text [, options]) -> value; or nil, a message that says what was expected where, and the
** offset of that byte. Raises for options that are wrong, and when memory or the Lua stack is short. */
static int json_decode(lua_State *L) {
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length);
  jdvm_json_options options;
  jdvm_decoder decoder, *d = &decoder;
  const unsigned char *at;
  jdvm_error error;
  lua_settop(L, 2);
  luaL_checkstack(L, 2 * LUA_MINSTACK, "no room to decode JSON");
  jdvm_json_read_options(L, 2, &options);
  open_decoder(d, L, &options);
  at = jdvm_json_open(&d->json, bytes, length, options.replace);
  d->json.big_integers = !jdvm_fits_integer(INT64_MAX); /* strings stand for them there */
  d->safe = length > JDVM_KEY_BYTES ? d->json.end - JDVM_KEY_BYTES : d->json.start;
  if (length > options.max_size) {
    at = jdvm_json_fail(&d->json, d->json.start + options.max_size, JDVM_WANT_SHORT);
  } else {
    at = jdvm_json_build(d, jdvm_json_space(&d->json, at), JDVM_TOP(d->shapes), options.wanted,
                         options.max_depth, JDVM_WANT_VALUE);
    if (at != NULL && (at = jdvm_json_space(&d->json, at)) < d->json.end) {
      at = jdvm_json_fail(&d->json, at, JDVM_WANT_END);
    }
  }
  if (at == NULL) {
    lua_settop(L, d->scratch);
  }
  lua_pushvalue(L, d->home);
  lua_setfield(L, LUA_REGISTRYINDEX, HOME);
  if (at != NULL) {
    return 1;
  }
  lua_pushnil(L);
  lua_pushinteger(L, (lua_Integer)jdvm_json_explain(&d->json, &error));
  lua_pushstring(L, error.message);
  lua_insert(L, -2);
  return 3;
}

/* core.array_mt() -> the metatable that marks empty arrays */
static int json_array_mt(lua_State *L) {
  push_array_mt(L);
  return 1;
}

void jdvm_json_register(lua_State *L) {
  lua_pushcfunction(L, json_decode);
  lua_setfield(L, -2, "decode");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_pushcfunction(L, json_array_mt);
  lua_setfield(L, -2, "array_mt");
  lua_getfield(L, LUA_REGISTRYINDEX, ARRAY_MT);
  if (!lua_istable(L, -1)) {
    lua_newtable(L);
    /* Out of sight: whoever prints a result does not see it. */
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setfield(L, LUA_REGISTRYINDEX, ARRAY_MT);
  }
  lua_pop(L, 1);
}
