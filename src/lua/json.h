/* JSON text to Lua values. json.c has the entry points, and keeps what is remembered between calls;
** json_options.c reads options; json_build.c makes the values. */
#ifndef LUA_JSON_H
#define LUA_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "../pure/fields.h"
#include "../pure/json.h"
#include "../pure/shape.h"
#include "compat.h"

#include "../pure/hidden.h"

/* Adds decode, null and array_mt to the table on top of the stack. */
void jdvm_json_register(lua_State *L);

/* --- for the other parts ------------------------------------------------------------------- */

typedef struct jdvm_json_options {
  bool keep_null;
  bool replace;
  int max_depth;
  size_t max_size;
  const jdvm_field *wanted; /* NULL: everything */
  int source;               /* stack index of the key under which an item has its text; 0: none */
  int array_mt;             /* stack index of the metatable for empty arrays; 0: the default */
  bool no_array_mt;
} jdvm_json_options;

typedef struct jdvm_decoder {
  lua_State *L;
  jdvm_json json;
  const jdvm_json_options *options;
  jdvm_shapes *shapes;
  const unsigned char *safe; /* before it, comparing a key stays inside the text */
  int home;                  /* stack index of a table; it has, at [1 + i], the string of key i */
  int array_mt;              /* stack index of the metatable for empty arrays, or of nil */
  int scratch;               /* stack index of room for long strings with escapes */
  size_t scratch_size;       /* its bytes */
} jdvm_decoder;

/* Reads the options table (or nil) at `index`; raises when it is wrong. May leave values on
** the stack that the options refer to. */
void jdvm_json_read_options(lua_State *L, int index, jdvm_json_options *options);

/* Pushes the value at `at` and returns the position behind it, or NULL after a failure. `place` is
** the key that the value belongs to, `wanted` what is wanted of it (NULL: all), `levels` how many
** more may open, `expected` what is missing if there is none. */
const unsigned char *jdvm_json_build(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                     const jdvm_field *wanted, int levels, const char *expected);

#include "../pure/shown.h"

#endif
