/* What the parts of the JSON binding share: the options of a call, the decoder, and who does what.
** json.c has the entry points, json_options.c reads options, json_home.c keeps what is
** remembered between calls. Values are made by json_build.c, which guesses, and
** json_plain.c, which does not; json_string.c makes strings, json_construct.c objects
** on LuaJIT. */
#ifndef LUA_JSON_PARTS_H
#define LUA_JSON_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pure/fields.h"
#include "../pure/json.h"
#include "../pure/shape.h"
#include "compat.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

#define JDVM_ARRAY_MT "jdvm.array_mt" /* registry key of the metatable of empty arrays */

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

#define JDVM_VALUES 512                         /* strings cached, at most; a power of two */
#define JDVM_VALUE_BYTES 64                     /* longer ones are not; with the closing quote */
#define JDVM_VALUE_ROOM (JDVM_VALUE_BYTES + 16) /* bytes of text that comparing one may read */

/* A string of this text that is at hand in a stack slot; with its closing quote. */
typedef struct jdvm_value {
  const unsigned char *bytes;
  uint32_t length; /* 0: none */
  int32_t slot;    /* stack index */
} jdvm_value;

/* Whether looking for the strings of a key among the cached ones pays: each find adds one, each
** miss takes one. Above 0: yes. */
#define JDVM_SCORE_START 32 /* at the first value in a text, if the key ended the last above 0 */
#define JDVM_SCORE_RETRY 8  /* if it did not */
#define JDVM_SCORE_MOST 64

/* The fields (elements) of an object (array) wait on the stack until their number is known: so many
** of a long text, fewer of a short one, which should not make the stack of a coroutine grow for
** nothing; near the end of what a C function may have of the stack (8000 slots in 5.1) only a few. */
#define JDVM_BATCH 64
#define JDVM_SHORT_BATCH 40
#define JDVM_SMALL_BATCH 2
#define JDVM_CROWDED 3000
#define JDVM_SHORT 4096 /* bytes of a short text, at most */

#define JDVM_CONSTRUCTORS 64 /* a power of two */

/* The keys of an object in their order. LuaJIT has a function for each that makes such objects. */
typedef struct jdvm_constructor {
  uint16_t count;
  bool made;     /* there is a function */
  uint8_t lives; /* how often another shape may still ask for the room */
  uint16_t keys[JDVM_BATCH];
} jdvm_constructor;

#define JDVM_PENDING 2048     /* keys of open objects whose values wait on the stack (LuaJIT) */
#define JDVM_SMALL_STRING 512 /* strings with escapes up to this are made in place */

/* What is remembered between calls. It lives in a userdata, at [1] of a table that a call takes out
** of the registry and puts back when it is done: a call within a call (from a finalizer) and a call
** that an error has ended leave nothing half done to others. The table also holds, for key i at
** [1 + i], its string, and for constructor i at [1 + JDVM_KEYS + 1 + i], its function. */
typedef struct jdvm_memory {
  jdvm_shapes shapes;
  jdvm_value values[JDVM_VALUES];
  jdvm_constructor constructors[JDVM_CONSTRUCTORS];
  uint16_t pending[JDVM_PENDING];
  uint32_t credit; /* fields built that have not yet paid for a constructor */
  bool is_luajit;
  char small[JDVM_SMALL_STRING];
} jdvm_memory;

typedef struct jdvm_decoder {
  lua_State *L;
  jdvm_json json;
  jdvm_memory *memory;
  const jdvm_json_options *options;
  int home;            /* stack index of the table that memory is in */
  int array_mt;        /* stack index: nil until an array needs it */
  int scratch;         /* stack index of room for strings too long for memory->small */
  size_t scratch_size; /* its bytes */
  int key_slots;       /* stack index of the string of key 0; those of others follow */
  int value_slots;     /* stack index of the string of memory->values[0] */
  uint32_t value_mask; /* of their indices: the even ones */
  uint32_t objects;    /* begun so far */
  int batch;           /* fields that may wait, where there is room */
  int level_slots;     /* of the stack that one level takes, at most */
  int ceiling;         /* the stack is known to reach up to here */
  uint32_t pending;    /* used of memory->pending */

  /* Before these positions, comparing a key and one byte more, or a cached value, stays inside the
  ** text. */
  const unsigned char *safe;
  const unsigned char *value_safe;
} jdvm_decoder;

/* A table being made: the slots above `base` are its fields or elements that wait. */
typedef struct jdvm_frame {
  int base;
  int batch; /* how many may wait */
} jdvm_frame;

/* Reads the options table at `index` (0 or nil: none); raises when it is wrong. May leave values on
** the stack that the options refer to. */
void jdvm_json_read_options(lua_State *L, int index, jdvm_json_options *options);

/* Takes the memory out of the registry, or makes one; pushes its table. */
jdvm_memory *jdvm_json_borrow(lua_State *L);

/* Gives back the memory whose table is at `home`. */
void jdvm_json_give_back(lua_State *L, int home);

/* Builders take the position of a value and return the position behind it, or NULL after a failure.
** They push one value. `place` is the key that the value belongs to, `wanted` what is wanted of it
** (NULL: all), `levels` how many more may open, `expected` what is missing if there is none. */
const unsigned char *jdvm_json_build(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                     const jdvm_field *wanted, int levels, const char *expected);

/* Reads the rest of an object into the table on top of the stack, setting each field at once; `at`
** is where a key must begin. */
const unsigned char *jdvm_json_plain_fields(jdvm_decoder *d, const unsigned char *at,
                                            jdvm_key *place, const jdvm_field *wanted, int levels,
                                            const char *expected);

/* A value that is neither string, object nor array. */
const unsigned char *jdvm_json_push_scalar(jdvm_decoder *d, const unsigned char *at,
                                           const char *expected);

/* Pushes the string behind the quote at `at`, a value of `key`. */
const unsigned char *jdvm_json_push_string(jdvm_decoder *d, const unsigned char *at, jdvm_key *key);

/* Pushes a string that jdvm_json_string() has read. */
void jdvm_json_push_text(jdvm_decoder *d, const jdvm_json_text *text);

/* Objects on LuaJIT. The first pushes the function that will make the object, by a guess, and is
** true; or pushes nil, and the object is made as on other Luas. The second learns what keys such an
** object had. The third makes the object with these keys from a function at `base`, the right one
** or not, and the `count` values after it. */
bool jdvm_json_open_object(jdvm_decoder *d, const jdvm_key *place);
void jdvm_json_meet_shape(jdvm_decoder *d, jdvm_key *place, const uint16_t *keys, int count);
void jdvm_json_construct(jdvm_decoder *d, jdvm_key *place, int base, const uint16_t *keys,
                         int count);

/* Forgets what a key remembers of another text. */
static inline void jdvm_json_renew_key(jdvm_decoder *d, jdvm_key *key) {
  key->value = d->memory->values;
  key->score = key->score > 0 ? JDVM_SCORE_START : JDVM_SCORE_RETRY;
  key->slot = d->key_slots + key->index;
  lua_rawgeti(d->L, d->home, 1 + key->index);
  lua_replace(d->L, key->slot);
}

/* True if the cached string stands at `at`, where there are JDVM_VALUE_ROOM bytes. */
JDVM_INLINE bool jdvm_value_matches(const jdvm_value *value, const unsigned char *at) {
#if defined(JDVM_SCAN_SSE2)
  const unsigned char *bytes = value->bytes;
  uint32_t left = value->length;
  if (left == 0) {
    return false;
  }
  while (left > 16) {
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at),
                                         _mm_loadu_si128((const __m128i *)(const void *)bytes))) !=
        0xFFFF) {
      return false;
    }
    at += 16;
    bytes += 16;
    left -= 16;
  }
  /* What follows the cached string in the text may be read too: `at` is behind it. */
  return ((unsigned)_mm_movemask_epi8(
              _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at),
                             _mm_loadu_si128((const __m128i *)(const void *)bytes))) &
          ((1u << left) - 1)) == (1u << left) - 1;
#else
  return value->length > 0 && memcmp(value->bytes, at, value->length) == 0;
#endif
}

/* The position of the value behind the colon that must come next. */
JDVM_INLINE const unsigned char *jdvm_json_colon(jdvm_decoder *d, const unsigned char *at) {
  at = jdvm_json_space(&d->json, at);
  if (at == d->json.end || *at != ':') {
    return jdvm_json_fail(&d->json, at, JDVM_WANT_COLON);
  }
  return jdvm_json_space(&d->json, at + 1);
}

/* The position of what follows the comma that must come next, or behind the `close` that may; that
** it was the latter shows in *last. */
JDVM_INLINE const unsigned char *jdvm_json_comma(jdvm_decoder *d, const unsigned char *at,
                                                 unsigned char close, const char *expected,
                                                 bool *last) {
  const unsigned char *end = d->json.end;
  if (at == end || *at != ',') {
    at = jdvm_json_space(&d->json, at);
    if (at < end && *at == close) {
      *last = true;
      return at + 1;
    }
    if (at == end || *at != ',') {
      return jdvm_json_fail(&d->json, at, expected);
    }
  }
  at++;
  return at == end || *at <= ' ' ? jdvm_json_space(&d->json, at) : at;
}

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
