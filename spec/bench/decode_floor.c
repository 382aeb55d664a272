/* The floor under decoding: what Lua itself must do for the tables of one text when nothing has to be
** read. A value is learned as a list of steps; making it again creates each table at its final size
** and sets its fields; keys, and strings that come more than once, wait on the stack, all others are
** made from bytes at hand. A Lua module, so that it is measured as the decoders are. bench_decode.sh
** builds it.
**
** cc -O2 -fPIC -shared -I/usr/include/lua5.4 -o decode_floor.so spec/bench/decode_floor.c */
#include <lua.h>
#include <lauxlib.h>

#include <stdlib.h>
#include <string.h>

#define MOST_STEPS 65536
#define MOST_WAITING 2000 /* strings on the stack: 5.1 gives a C function 8000 slots */

/* Stack indices while a value is learned, behind it. */
#define PLACES 2 /* table: string that waits -> its place */
#define MET 3    /* table: strings met so far */

typedef enum step_kind { OBJECT, ARRAY, STRING, WAITING, NUMBER, BOOLEAN } step_kind;

typedef struct text {
  const char *bytes;
  size_t length;
} text;

typedef struct step {
  step_kind kind;
  int count;   /* fields, elements, or a boolean */
  int key;     /* its place among the strings that wait, from 1 */
  int waiting; /* the same, of a string that waits */
  text text;
  lua_Number number;
} step;

typedef struct program {
  int steps, waiting;
  step step[MOST_STEPS];
  text text[MOST_WAITING]; /* those that wait */
} program;

static step *add(lua_State *L, program *p, step_kind kind, int key) {
  step *s = &p->step[p->steps];
  if (p->steps++ == MOST_STEPS) {
    luaL_error(L, "the value is too large");
  }
  s->kind = kind;
  s->key = key;
  return s;
}

/* A copy of the string on top of the stack. */
static text copy_text(lua_State *L) {
  text result;
  const char *bytes = lua_tolstring(L, -1, &result.length);
  char *copy = malloc(result.length + 1);
  if (copy == NULL) {
    luaL_error(L, "not enough memory");
  }
  result.bytes = memcpy(copy, bytes, result.length + 1);
  return result;
}

/* The place among those that wait of the string on top of the stack, which is popped. */
static int place(lua_State *L, program *p) {
  int found;
  lua_pushvalue(L, -1);
  lua_rawget(L, PLACES);
  found = (int)lua_tonumber(L, -1);
  lua_pop(L, 1);
  if (found == 0) {
    if (p->waiting == MOST_WAITING) {
      luaL_error(L, "too many strings");
    }
    p->text[p->waiting] = copy_text(L);
    found = ++p->waiting;
    lua_pushvalue(L, -1);
    lua_pushnumber(L, found);
    lua_rawset(L, PLACES);
  }
  lua_pop(L, 1);
  return found;
}

/* Whether the string on top of the stack is met again. */
static int is_known(lua_State *L) {
  int known;
  lua_pushvalue(L, -1);
  lua_rawget(L, MET);
  known = !lua_isnil(L, -1);
  lua_pop(L, 1);
  lua_pushvalue(L, -1);
  lua_pushboolean(L, 1);
  lua_rawset(L, MET);
  return known;
}

/* Learns the value on top of the stack, which is popped. */
static void learn_value(lua_State *L, program *p, int key) {
  int count = 0;
  step *s;
  switch (lua_type(L, -1)) {
  case LUA_TTABLE:
    luaL_checkstack(L, 10, "too deep");
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
      count++;
    }
    lua_rawgeti(L, -1, 1);
    s = add(L, p, lua_isnil(L, -1) && count > 0 ? OBJECT : ARRAY, key);
    lua_pop(L, 1);
    s->count = count;
    if (s->kind == ARRAY) {
      int i;
      for (i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        learn_value(L, p, 0);
      }
    } else {
      for (lua_pushnil(L); lua_next(L, -2) != 0;) {
        int name;
        lua_pushvalue(L, -2);
        name = place(L, p);
        learn_value(L, p, name);
      }
    }
    break;
  case LUA_TSTRING:
    if (is_known(L) && p->waiting < MOST_WAITING) {
      lua_pushvalue(L, -1);
      s = add(L, p, WAITING, key);
      s->waiting = place(L, p);
    } else {
      s = add(L, p, STRING, key);
      s->text = copy_text(L);
    }
    break;
  case LUA_TNUMBER:
    add(L, p, NUMBER, key)->number = lua_tonumber(L, -1);
    break;
  default:
    add(L, p, BOOLEAN, key)->count = lua_toboolean(L, -1);
  }
  lua_pop(L, 1);
}

/* learn(value) -> program */
static int learn(lua_State *L) {
  program *p;
  lua_settop(L, 1);
  p = calloc(1, sizeof *p); /* never freed, and nothing that Lua's collector would count */
  if (p == NULL) {
    return luaL_error(L, "not enough memory");
  }
  lua_newtable(L);
  lua_newtable(L);
  lua_pushvalue(L, 1);
  learn_value(L, p, 0);
  lua_pushlightuserdata(L, p);
  return 1;
}

static const step *make_value(lua_State *L, const step *s) {
  int i, count = s->count;
  switch (s->kind) {
  case OBJECT:
    lua_createtable(L, 0, count);
    for (s++, i = 0; i < count; i++) {
      lua_pushvalue(L, 1 + s->key);
      s = make_value(L, s);
      lua_rawset(L, -3);
    }
    return s;
  case ARRAY:
    lua_createtable(L, count, 0);
    for (s++, i = 1; i <= count; i++) {
      s = make_value(L, s);
      lua_rawseti(L, -2, i);
    }
    return s;
  case STRING:
    lua_pushlstring(L, s->text.bytes, s->text.length);
    break;
  case WAITING:
    lua_pushvalue(L, 1 + s->waiting);
    break;
  case NUMBER:
    lua_pushnumber(L, s->number);
    break;
  default:
    lua_pushboolean(L, s->count);
  }
  return s + 1;
}

/* make(program) -> value */
static int make(lua_State *L) {
  program *p = lua_touserdata(L, 1);
  int i;
  luaL_checkstack(L, p->waiting + 100, "too many strings");
  for (i = 0; i < p->waiting; i++) {
    lua_pushlstring(L, p->text[i].bytes, p->text[i].length);
  }
  (void)make_value(L, p->step);
  return 1;
}

int luaopen_decode_floor(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, learn);
  lua_setfield(L, -2, "learn");
  lua_pushcfunction(L, make);
  lua_setfield(L, -2, "make");
  return 1;
}
