#include "json.h"

#include <stdio.h>

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
static size_t path_names(lua_State *L, int index, const char *name, const char *expected) {
  size_t length, count = 0;
  if (lua_type(L, -1) == LUA_TSTRING) {
    const char *path = lua_tolstring(L, -1, &length);
    count = jdvm_fields_count(path, length);
  }
  if (count == 0) {
    (void)bad_option(L, index, name, expected);
  }
  return count;
}

/* Makes the tree of wanted fields from the options `fields`, at `slot`, and `items`, behind it. The
** array of paths is replaced by a copy of its own, so that the strings stay while the tree needs
** them; the tree itself is left on the stack. */
static const jdvm_field *read_fields(lua_State *L, int index, int slot) {
  jdvm_fields fields;
  jdvm_field *root, *items;
  size_t names = 1, length;
  const char *path;
  int i, entries = 0, count = (int)jdvm_rawlen(L, slot);
  for (lua_pushnil(L); lua_next(L, slot); lua_pop(L, 1)) {
    entries++;
  }
  if (entries != count) {
    (void)bad_option(L, index, "fields", "an array of dotted names");
  }
  lua_createtable(L, count, 0);
  for (i = 1; i <= count; i++) {
    lua_rawgeti(L, slot, i);
    names += path_names(L, index, "fields", "an array of dotted names");
    lua_rawseti(L, -2, i);
  }
  lua_replace(L, slot);
  if (!lua_isnil(L, slot + 1)) {
    lua_pushvalue(L, slot + 1);
    names += path_names(L, index, "items", "a dotted name");
    lua_pop(L, 1);
  }
  if (names > SIZE_MAX / sizeof *root) {
    (void)luaL_argerror(L, index, "too many names in fields");
  }
  root = items = lua_newuserdata(L, names * sizeof *root);
  memset(root, 0, names * sizeof *root);
  (void)jdvm_fields_open(&fields, root);
  if (!lua_isnil(L, slot + 1)) {
    path = lua_tolstring(L, slot + 1, &length);
    items = jdvm_fields_add(&fields, root, path, length, true);
  }
  items->item = true;
  for (i = 1; i <= count; i++) {
    lua_rawgeti(L, slot, i);
    path = lua_tolstring(L, -1, &length);
    jdvm_fields_add(&fields, items, path, length, false)->whole = true;
    lua_pop(L, 1);
  }
  return root;
}

/* Reads the option `name`, whose value is on top of the stack; takes it away. The four slots from
** `slot` on are for those that are needed later: fields, items, array_mt, source. */
static void read_option(lua_State *L, int index, const char *name, int slot, jdvm_json_options *o) {
  if (strcmp(name, "null") == 0) {
    o->keep_null = either(L, index, name, "drop", "keep");
  } else if (strcmp(name, "utf8") == 0) {
    o->replace = either(L, index, name, "strict", "replace");
  } else if (strcmp(name, "max_depth") == 0) {
    o->max_depth = (int)limit(L, index, name, 1, JDVM_JSON_LEVELS);
  } else if (strcmp(name, "max_size") == 0) {
    double most = limit(L, index, name, 0, 9007199254740992.0);
    o->max_size = most < (double)(SIZE_MAX / 2) ? (size_t)most : SIZE_MAX;
  } else if (strcmp(name, "fields") == 0) {
    if (!lua_istable(L, -1)) {
      (void)bad_option(L, index, name, "an array of dotted names");
    }
    lua_replace(L, slot);
    return;
  } else if (strcmp(name, "items") == 0) {
    lua_replace(L, slot + 1);
    return;
  } else if (strcmp(name, "source") == 0) {
    if (lua_type(L, -1) != LUA_TSTRING) {
      (void)bad_option(L, index, name, "a string");
    }
    o->source = slot + 3;
    lua_replace(L, slot + 3);
    return;
  } else if (strcmp(name, "array_mt") == 0) {
    o->no_array_mt = !lua_toboolean(L, -1);
    if (!lua_istable(L, -1) && !o->no_array_mt) {
      (void)bad_option(L, index, name, "a table or false");
    }
    o->array_mt = slot + 2;
    lua_replace(L, slot + 2);
    return;
  } else {
    (void)luaL_argerror(L, index,
                        lua_pushfstring(L,
                                        "unknown option '%s'; there are null, utf8, fields, items, "
                                        "source, max_depth, max_size, array_mt",
                                        name));
  }
  lua_pop(L, 1);
}

void jdvm_json_read_options(lua_State *L, int index, jdvm_json_options *o) {
  int slot = lua_gettop(L) + 1;
  memset(o, 0, sizeof *o);
  o->max_depth = 64;
  o->max_size = SIZE_MAX;
  if (lua_isnil(L, index)) {
    return;
  }
  luaL_checktype(L, index, LUA_TTABLE);
  lua_settop(L, slot + 3);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      (void)luaL_argerror(L, index, "options have names, as in fields = {\"imageId\"}");
    }
    read_option(L, index, lua_tostring(L, -2), slot, o);
  }
  if (!lua_isnil(L, slot)) {
    o->wanted = read_fields(L, index, slot);
  } else if (!lua_isnil(L, slot + 1) || o->source != 0) {
    (void)luaL_argerror(L, index, "options 'items' and 'source' need option 'fields'");
  }
}
