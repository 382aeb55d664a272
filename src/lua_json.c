#include "lua_json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "jdvm_fields.h"
#include "jdvm_json.h"
#include "jdvm_number.h"

#define ARRAY_MT "jdvm.array_mt"

/* What the options table says. */
typedef struct options {
  bool keep_null;
  bool replace;
  int max_depth;
  size_t max_size;
  const jdvm_field *wanted; /* NULL: everything */
  int array_mt;             /* stack index of the metatable for empty arrays; 0: none */
} options;

typedef struct decoder {
  lua_State *L;
  jdvm_json json;
  options options;
  int scratch; /* stack index of the bytes of the string being made */
  size_t room; /* their number */
} decoder;

static const unsigned char *build_value(decoder *d, const unsigned char *at,
                                        const jdvm_field *wanted, int levels, const char *expected);

/* Pushes the string that begins behind the quote at `at`. */
static const unsigned char *push_string(decoder *d, const unsigned char *at, jdvm_json_text *text) {
  at = jdvm_json_string(&d->json, at, text);
  if (at == NULL) {
    return NULL;
  }
  if (text->plain) {
    lua_pushlstring(d->L, (const char *)text->bytes, text->length);
  } else {
    size_t room = jdvm_json_room(&d->json, text);
    char *value;
    if (room > d->room) {
      (void)lua_newuserdata(d->L, room);
      lua_replace(d->L, d->scratch);
      d->room = room;
    }
    value = lua_touserdata(d->L, d->scratch);
    lua_pushlstring(d->L, value, jdvm_json_unescape(text, value));
  }
  return at;
}

static const unsigned char *push_number(decoder *d, const unsigned char *at) {
  jdvm_number number;
  const unsigned char *end = jdvm_json_number(&d->json, at, &number);
  if (end == NULL) {
    return NULL;
  }
  if (number.kind == JDVM_REAL) {
    lua_pushnumber(d->L, (lua_Number)number.real);
  } else if (number.kind == JDVM_INTEGER && jdvm_fits_integer(number.integer)) {
    jdvm_push_integer(d->L, number.integer);
  } else {
    lua_pushlstring(d->L, (const char *)at, (size_t)(end - at));
  }
  return end;
}

/* Reads the key at `at` and its colon; pushes the key. */
static const unsigned char *push_key(decoder *d, const unsigned char *at, const char *expected) {
  jdvm_json_text text;
  if (at == d->json.end || *at != '"') {
    return jdvm_json_fail(&d->json, at, expected);
  }
  at = push_string(d, at + 1, &text);
  if (at == NULL) {
    return NULL;
  }
  at = jdvm_json_space(&d->json, at);
  if (at == d->json.end || *at != ':') {
    return jdvm_json_fail(&d->json, at, JDVM_WANT_COLON);
  }
  return jdvm_json_space(&d->json, at + 1);
}

static const unsigned char *build_object(decoder *d, const unsigned char *at,
                                         const jdvm_field *wanted, int levels) {
  const char *expected = JDVM_WANT_FIELD;
  lua_newtable(d->L);
  at = jdvm_json_space(&d->json, at);
  if (at < d->json.end && *at == '}') {
    return at + 1;
  }
  for (;;) {
    const jdvm_field *below = NULL;
    bool skipped = false;
    at = push_key(d, at, expected);
    if (at == NULL) {
      return NULL;
    }
    if (wanted != NULL) {
      size_t length;
      const char *name = lua_tolstring(d->L, -1, &length);
      below = jdvm_field_child(wanted, name, length);
      skipped = below == NULL && !wanted->others;
      below = below == NULL || below->whole ? NULL : below;
    }
    if (skipped) {
      at = jdvm_json_skip(&d->json, at, levels);
      lua_pop(d->L, 1);
    } else {
      at = build_value(d, at, below, levels, JDVM_WANT_VALUE);
      if (at != NULL) {
        if (!d->options.keep_null && lua_islightuserdata(d->L, -1)) {
          lua_pop(d->L, 1);
          lua_pushnil(d->L);
        }
        lua_rawset(d->L, -3);
      }
    }
    if (at == NULL) {
      return NULL;
    }
    at = jdvm_json_space(&d->json, at);
    if (at == d->json.end || (*at != ',' && *at != '}')) {
      return jdvm_json_fail(&d->json, at, JDVM_WANT_FIELD_END);
    }
    if (*at++ == '}') {
      return at;
    }
    at = jdvm_json_space(&d->json, at);
    expected = JDVM_WANT_KEY;
  }
}

static const unsigned char *build_array(decoder *d, const unsigned char *at,
                                        const jdvm_field *wanted, int levels) {
  const char *expected = JDVM_WANT_ELEMENT;
  int i;
  lua_newtable(d->L);
  at = jdvm_json_space(&d->json, at);
  if (at < d->json.end && *at == ']') {
    if (d->options.array_mt != 0) {
      lua_pushvalue(d->L, d->options.array_mt);
      lua_setmetatable(d->L, -2);
    }
    return at + 1;
  }
  for (i = 1;; i++) {
    at = build_value(d, at, wanted, levels, expected);
    if (at == NULL) {
      return NULL;
    }
    lua_rawseti(d->L, -2, i);
    at = jdvm_json_space(&d->json, at);
    if (at == d->json.end || (*at != ',' && *at != ']')) {
      return jdvm_json_fail(&d->json, at, JDVM_WANT_ELEMENT_END);
    }
    if (*at++ == ']') {
      return at;
    }
    at = jdvm_json_space(&d->json, at);
    expected = JDVM_WANT_VALUE;
  }
}

/* Pushes the value at `at`; `levels` more may open. */
static const unsigned char *build_value(decoder *d, const unsigned char *at,
                                        const jdvm_field *wanted, int levels,
                                        const char *expected) {
  jdvm_json_text text;
  if (at == d->json.end) {
    return jdvm_json_fail(&d->json, at, expected);
  }
  switch (*at) {
  case '"':
    return push_string(d, at + 1, &text);
  case '{':
  case '[':
    if (levels == 0) {
      return jdvm_json_fail(&d->json, at, JDVM_WANT_SHALLOW);
    }
    luaL_checkstack(d->L, 8, "JSON is nested too deeply");
    return *at == '{' ? build_object(d, at + 1, wanted, levels - 1)
                      : build_array(d, at + 1, wanted, levels - 1);
  case 't':
    lua_pushboolean(d->L, 1);
    return jdvm_json_word(&d->json, at, "true");
  case 'f':
    lua_pushboolean(d->L, 0);
    return jdvm_json_word(&d->json, at, "false");
  case 'n':
    lua_pushlightuserdata(d->L, NULL);
    return jdvm_json_word(&d->json, at, "null");
  default:
    if (*at != '-' && (*at < '0' || *at > '9')) {
      return jdvm_json_fail(&d->json, at, expected);
    }
    return push_number(d, at);
  }
}

static int bad_option(lua_State *L, int index, const char *name, const char *expected) {
  return luaL_argerror(L, index, lua_pushfstring(L, "option '%s' must be %s", name, expected));
}

/* True if the string at the top is `second`, false if it is `first`; else raises. */
static bool either(lua_State *L, int index, const char *name, const char *first,
                   const char *second) {
  const char *value = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  if (strcmp(value, second) != 0 && strcmp(value, first) != 0) {
    (void)bad_option(L, index, name, lua_pushfstring(L, "\"%s\" or \"%s\"", first, second));
  }
  return strcmp(value, second) == 0;
}

/* The number at the top, which must be between these; fractions count for nothing. */
static double limit(lua_State *L, int index, const char *name, double least, double most) {
  double value = lua_type(L, -1) == LUA_TNUMBER ? (double)lua_tonumber(L, -1) : -1;
  if (!(value >= least && value <= most)) {
    char expected[64];
    (void)snprintf(expected, sizeof expected, "a number from %.0f to %.0f", least, most);
    (void)bad_option(L, index, name, expected);
  }
  return value;
}

/* Checks that the value at the top is a dotted path; returns the number of its names. */
static size_t path_names(lua_State *L, int index, const char *name) {
  size_t length, count = 0;
  if (lua_type(L, -1) == LUA_TSTRING) {
    const char *path = lua_tolstring(L, -1, &length);
    count = jdvm_fields_count(path, length);
  }
  if (count == 0) {
    (void)bad_option(L, index, name, "made of names with dots between them");
  }
  return count;
}

/* Makes the tree of wanted fields from the options `fields` and `items`; leaves on the stack what
 *it
 ** lives in. */
static const jdvm_field *read_fields(lua_State *L, int index) {
  jdvm_fields fields;
  jdvm_field *root, *items;
  size_t names = 1, length, i, count;
  const char *path;
  lua_getfield(L, index, "fields");
  if (!lua_istable(L, -1)) {
    (void)bad_option(L, index, "fields", "an array of field names");
  }
  count = jdvm_rawlen(L, -1);
  for (i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, (int)i);
    names += path_names(L, index, "fields");
    lua_pop(L, 1);
  }
  lua_getfield(L, index, "items");
  if (!lua_isnil(L, -1)) {
    names += path_names(L, index, "items");
  }
  root = lua_newuserdata(L, names * sizeof *root);
  memset(root, 0, names * sizeof *root);
  (void)jdvm_fields_open(&fields, root);
  items = root;
  if (!lua_isnil(L, -2)) {
    path = lua_tolstring(L, -2, &length);
    items = jdvm_fields_add(&fields, root, path, length, true);
  }
  for (i = 1; i <= count; i++) {
    lua_rawgeti(L, -3, (int)i);
    path = lua_tolstring(L, -1, &length);
    jdvm_fields_add(&fields, items, path, length, false)->whole = true;
    lua_pop(L, 1);
  }
  return root;
}

/* Reads the options; may leave values on the stack that they refer to. */
static void read_options(lua_State *L, int index, options *o) {
  bool has_fields = false, has_items = false, has_array_mt = false;
  memset(o, 0, sizeof *o);
  o->max_depth = 64;
  o->max_size = SIZE_MAX;
  if (index != 0 && !lua_isnoneornil(L, index)) {
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
      const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
      if (strcmp(name, "null") == 0) {
        o->keep_null = either(L, index, name, "drop", "keep");
      } else if (strcmp(name, "utf8") == 0) {
        o->replace = either(L, index, name, "strict", "replace");
      } else if (strcmp(name, "max_depth") == 0) {
        o->max_depth = (int)limit(L, index, name, 1, JDVM_JSON_LEVELS);
      } else if (strcmp(name, "max_size") == 0) {
        o->max_size = (size_t)limit(L, index, name, 0, 9007199254740992.0);
      } else if (strcmp(name, "fields") == 0) {
        has_fields = true;
      } else if (strcmp(name, "items") == 0) {
        has_items = true;
      } else if (strcmp(name, "array_mt") == 0) {
        has_array_mt = true;
        if (!lua_istable(L, -1) && !(lua_isboolean(L, -1) && !lua_toboolean(L, -1))) {
          (void)bad_option(L, index, name, "a table or false");
        }
      } else {
        (void)luaL_argerror(L, index, lua_pushfstring(L, "unknown option '%s'", name));
      }
      lua_pop(L, 1);
    }
  }
  if (has_items && !has_fields) {
    (void)luaL_argerror(L, index, "option 'items' needs option 'fields'");
  }
  if (has_fields) {
    o->wanted = read_fields(L, index);
  }
  if (has_array_mt) {
    lua_getfield(L, index, "array_mt");
  } else {
    lua_getfield(L, LUA_REGISTRYINDEX, ARRAY_MT);
  }
  o->array_mt = lua_istable(L, -1) ? lua_gettop(L) : 0;
}

int jdvm_json_decode(lua_State *L, const char *bytes, size_t length, int options_index) {
  decoder state, *d = &state;
  const unsigned char *at;
  int index = options_index == 0 ? 0 : jdvm_absindex(L, options_index);
  jdvm_error error;
  luaL_checkstack(L, LUA_MINSTACK, "no room to decode JSON");
  read_options(L, index, &d->options);
  lua_pushnil(L);
  d->L = L;
  d->scratch = lua_gettop(L);
  d->room = 0;
  at = jdvm_json_open(&d->json, bytes, length, d->options.replace);
  if (length > d->options.max_size) {
    (void)jdvm_json_fail(&d->json, d->json.start + d->options.max_size, JDVM_WANT_SHORT);
  } else {
    at = jdvm_json_space(&d->json, at);
    at = build_value(d, at, d->options.wanted, d->options.max_depth, JDVM_WANT_VALUE);
    if (at != NULL) {
      at = jdvm_json_space(&d->json, at);
      if (at == d->json.end) {
        return 1;
      }
      (void)jdvm_json_fail(&d->json, at, JDVM_WANT_END);
    }
  }
  lua_settop(L, d->scratch);
  lua_pushnil(L);
  lua_pushinteger(L, (lua_Integer)jdvm_json_explain(&d->json, &error));
  lua_pushstring(L, error.message);
  lua_insert(L, -2);
  return 3;
}

static int l_decode(lua_State *L) {
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length);
  lua_settop(L, 2);
  return jdvm_json_decode(L, bytes, length, 2);
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
  lua_pushcfunction(L, l_decode);
  lua_setfield(L, -2, "decode");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_getfield(L, LUA_REGISTRYINDEX, ARRAY_MT);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    push_array_mt(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, ARRAY_MT);
  }
  lua_setfield(L, -2, "array_mt");
}
