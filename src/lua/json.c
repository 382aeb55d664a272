#include "json.h"

#include "json_parts.h"

/* Slots for the strings of keys that this text may add, at most. */
#define NEW_KEYS 128

/* Reserves the stack slots of a call, and opens what is remembered. How much of it is used follows
** from the length of the text: a short one should not pay for what a long one needs. */
static void open_decoder(jdvm_decoder *d, lua_State *L, const jdvm_json_options *options,
                         size_t length) {
  uint32_t values = 8, keys, i;
  int top;
  memset(d, 0, sizeof *d);
  d->L = L;
  d->options = options;
  d->memory = jdvm_json_borrow(L);
  d->home = lua_gettop(L);
  d->array_mt = d->home + 1;
  d->scratch = d->home + 2;
  d->key_slots = d->home + 3;
  keys = d->memory->shapes.used + (length / 32 < NEW_KEYS ? (uint32_t)length / 32 : NEW_KEYS);
  jdvm_shapes_begin(&d->memory->shapes, keys);
  while (values < JDVM_VALUES && values < length / 32) {
    values *= 2;
  }
  d->value_slots = d->key_slots + (int)d->memory->shapes.limit;
  d->value_mask = values - 2;
  for (i = 0; i < values; i++) {
    d->memory->values[i].length = 0;
    d->memory->values[i].slot = d->value_slots + (int)i;
  }
  top = d->value_slots + (int)values - 1;
  d->batch = length > JDVM_SHORT ? JDVM_BATCH : JDVM_SHORT_BATCH;
  d->level_slots = 2 * d->batch + 16;
  luaL_checkstack(L, top - d->home + d->level_slots, "no room to decode JSON");
  lua_settop(L, top);
  d->ceiling = top + d->level_slots;
}

int jdvm_json_decode(lua_State *L, const char *bytes, size_t length, int options_index) {
  jdvm_json_options options;
  jdvm_decoder decoder, *d = &decoder;
  const unsigned char *at;
  jdvm_error error;
  luaL_checkstack(L, 2 * LUA_MINSTACK, "no room to decode JSON");
  jdvm_json_read_options(L, options_index == 0 ? 0 : jdvm_absindex(L, options_index), &options);
  open_decoder(d, L, &options, length);
  at = jdvm_json_open(&d->json, bytes, length, options.replace);
  d->json.big_integers = !jdvm_fits_integer(INT64_MAX); /* strings stand for them there */
  d->safe = length > JDVM_KEY_BYTES ? d->json.end - JDVM_KEY_BYTES : d->json.start;
  d->value_safe = length > JDVM_VALUE_ROOM ? d->json.end - JDVM_VALUE_ROOM : d->json.start;
  if (length > options.max_size) {
    at = jdvm_json_fail(&d->json, d->json.start + options.max_size, JDVM_WANT_SHORT);
  } else {
    at = jdvm_json_space(&d->json, at);
    at = jdvm_json_build(d, at, JDVM_TOP(&d->memory->shapes), options.wanted, options.max_depth,
                         JDVM_WANT_VALUE);
    if (at != NULL) {
      at = jdvm_json_space(&d->json, at);
      if (at < d->json.end) {
        at = jdvm_json_fail(&d->json, at, JDVM_WANT_END);
      }
    }
  }
  if (at == NULL) {
    lua_settop(L, d->scratch);
  }
  jdvm_json_give_back(L, d->home);
  if (at != NULL) {
    return 1;
  }
  lua_pushnil(L);
  lua_pushinteger(L, (lua_Integer)jdvm_json_explain(&d->json, &error));
  lua_pushstring(L, error.message);
  lua_insert(L, -2);
  return 3;
}

/* core.decode(text [, options [, first [, last]]]) -> value | nil, message, offset; see
** jdvm_json_decode. `first` and `last` are the positions of the part of the text to read. */
static int json_decode(lua_State *L) {
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length);
  lua_Integer first = luaL_optinteger(L, 3, 1);
  lua_Integer last = luaL_optinteger(L, 4, (lua_Integer)length);
  luaL_argcheck(L, last >= 0 && last <= (lua_Integer)length, 4, "is not within the text");
  luaL_argcheck(L, first >= 1 && first - 1 <= last, 3, "is not within the text");
  lua_settop(L, 2);
  return jdvm_json_decode(L, bytes + (first - 1), (size_t)(last - first + 1), 2);
}

/* Pushes the array_mt of lua-cjson, if that is loaded and has one, so that its encoder knows our
** arrays; else our own. */
static void push_array_mt(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "cjson");
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
  lua_newtable(L);
  lua_pushliteral(L, "array");
  lua_setfield(L, -2, "__jsontype");
}

void jdvm_json_register(lua_State *L) {
  lua_pushcfunction(L, json_decode);
  lua_setfield(L, -2, "decode");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_getfield(L, LUA_REGISTRYINDEX, JDVM_ARRAY_MT);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    push_array_mt(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, JDVM_ARRAY_MT);
  }
  lua_setfield(L, -2, "array_mt");
}
