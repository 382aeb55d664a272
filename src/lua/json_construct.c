#include "json_parts.h"

/* LuaJIT makes an object fastest in Lua: one function for each shape copies a table that has the
** keys already and stores the values. Other Luas do not gain by it. */

#if JDVM_MAY_BE_LUAJIT

/* A shape that is met this often before others claim its room is worth a function, and keeps it. */
#define LIVES 8

/* What making a function costs, counted in fields built without one. Who makes the shapes vary at
** every object thus cannot make decoding much slower. */
#define COST_SHAPE 128
#define COST_KEY 16

#define SET 8 /* each shape has this many places to be in */

#define FIRST_FUNCTION (1 + JDVM_KEYS + 1)

/* Adds ["key"] = name, with each byte of the key as a number, for it comes from outside. */
static void add_key(luaL_Buffer *buffer, const jdvm_key *key) {
  int i;
  luaL_addstring(buffer, "[\"");
  for (i = 1; i < key->length - 2; i++) {
    unsigned char byte = key->raw[i];
    luaL_addchar(buffer, '\\');
    luaL_addchar(buffer, (char)('0' + byte / 100));
    luaL_addchar(buffer, (char)('0' + byte / 10 % 10));
    luaL_addchar(buffer, (char)('0' + byte % 10));
  }
  luaL_addstring(buffer, "\"]=");
}

/* Adds the name of a parameter. */
static void add_name(luaL_Buffer *buffer, int number) {
  luaL_addchar(buffer, (char)('a' + number / 16));
  luaL_addchar(buffer, (char)('A' + number % 16));
}

/* Pushes `return function(aA, …) return {["key"] = aA, …} end`. */
static void push_source(jdvm_decoder *d, const uint16_t *keys, int count) {
  luaL_Buffer buffer;
  int i;
  luaL_buffinit(d->L, &buffer);
  luaL_addstring(&buffer, "return function(");
  for (i = 0; i < count; i++) {
    if (i > 0) {
      luaL_addchar(&buffer, ',');
    }
    add_name(&buffer, i);
  }
  luaL_addstring(&buffer, ")return{");
  for (i = 0; i < count; i++) {
    add_key(&buffer, &d->memory->shapes.keys[keys[i]]);
    add_name(&buffer, i);
    luaL_addchar(&buffer, ',');
  }
  luaL_addstring(&buffer, "}end");
  luaL_pushresult(&buffer);
}

static int function_index(const jdvm_decoder *d, const jdvm_constructor *shape) {
  return FIRST_FUNCTION + (int)(shape - d->memory->constructors);
}

/* Makes the function of a shape and keeps it in the home table. */
static bool make_function(jdvm_decoder *d, const jdvm_constructor *shape, int where) {
  lua_State *L = d->L;
  size_t length;
  const char *source;
  int top = lua_gettop(L);
  bool made = false;
  luaL_checkstack(L, LUA_MINSTACK, "no room to make a constructor");
  push_source(d, shape->keys, shape->count);
  source = lua_tolstring(L, -1, &length);
  if (luaL_loadbuffer(L, source, length, "=jdvm.shape") == 0 && lua_pcall(L, 0, 1, 0) == 0) {
    lua_rawseti(L, d->home, where);
    made = true;
  }
  lua_settop(L, top);
  return made;
}

static bool is_shape(const jdvm_constructor *shape, const uint16_t *keys, int count) {
  return shape->count == count && memcmp(shape->keys, keys, (size_t)count * sizeof *keys) == 0;
}

/* The room for the shape of these keys; perhaps that of one that is met less. NULL: there is none
** to spare. */
static jdvm_constructor *find_room(jdvm_memory *memory, const uint16_t *keys, int count) {
  jdvm_constructor *set, *shape;
  uint32_t hash = 0;
  int i;
  for (i = 0; i < count; i++) {
    hash = (hash + keys[i]) * UINT32_C(0x9E3779B1);
  }
  set = shape = &memory->constructors[(hash >> 20) % (JDVM_CONSTRUCTORS / SET) * SET];
  for (i = 0; i < SET; i++) {
    if (is_shape(&set[i], keys, count)) {
      return &set[i];
    }
    if (set[i].lives < shape->lives) {
      shape = &set[i];
    }
  }
  if (shape->lives > 0) {
    shape->lives--;
    return NULL;
  }
  shape->count = (uint16_t)count;
  shape->made = 0;
  memcpy(shape->keys, keys, (size_t)count * sizeof *keys);
  return shape;
}

/* The constructor for these keys, if there is one or it is time to make it. */
static jdvm_constructor *find_constructor(jdvm_decoder *d, const uint16_t *keys, int count) {
  jdvm_memory *memory = d->memory;
  uint32_t cost = COST_SHAPE + COST_KEY * (uint32_t)count;
  jdvm_constructor *shape = find_room(memory, keys, count);
  memory->credit += (uint32_t)count;
  if (shape == NULL) {
    return NULL;
  }
  if (shape->lives < LIVES) {
    shape->lives++;
  }
  if (!shape->made && shape->lives == LIVES && memory->credit >= cost) {
    memory->credit -= cost;
    shape->made = make_function(d, shape, function_index(d, shape));
  }
  return shape->made ? shape : NULL;
}

bool jdvm_json_open_object(jdvm_decoder *d, const jdvm_key *place) {
  const jdvm_constructor *shape = place->constructor;
  if (shape != NULL && shape->made) {
    lua_rawgeti(d->L, d->home, function_index(d, shape));
    return true;
  }
  lua_pushnil(d->L);
  return false;
}

void jdvm_json_meet_shape(jdvm_decoder *d, jdvm_key *place, const uint16_t *keys, int count) {
  place->constructor = find_constructor(d, keys, count);
}

void jdvm_json_construct(jdvm_decoder *d, jdvm_key *place, int base, const uint16_t *keys,
                         int count) {
  lua_State *L = d->L;
  jdvm_constructor *shape = place->constructor;
  if (shape == NULL || !shape->made || !is_shape(shape, keys, count)) {
    shape = place->constructor = find_constructor(d, keys, count);
    if (shape == NULL) {
      lua_createtable(L, 0, count);
      lua_replace(L, base);
      while (count-- > 0) {
        lua_pushvalue(L, d->memory->shapes.keys[keys[count]].slot);
        lua_insert(L, -2);
        lua_rawset(L, base);
      }
      return;
    }
    lua_rawgeti(L, d->home, function_index(d, shape));
    lua_replace(L, base);
  }
  lua_call(L, count, 1);
}

#endif
