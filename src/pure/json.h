/* Reads the tokens of JSON text (RFC 8259). Every reader takes the position of a token's first byte
** and returns the position behind the token, or NULL after noting in *json what was expected, and
** where. Nothing here allocates, and no byte outside the text is read. */
#ifndef JDVM_JSON_H
#define JDVM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#include "hidden.h"

typedef struct jdvm_json {
  const unsigned char *start; /* offsets count from here */
  const unsigned char *end;
  bool replace;             /* malformed UTF-8 and lone surrogates become U+FFFD */
  bool big_integers;        /* integers may be larger than an int64_t */
  const char *expected;     /* of the failure: what should have come, a constant */
  const unsigned char *bad; /* of the failure: the first byte that no valid text continues with */
} jdvm_json;

/* A string between its quotes, as it stands in the text. */
typedef struct jdvm_json_text {
  const unsigned char *bytes;
  size_t length;
  bool plain;  /* the bytes are the value; else jdvm_json_unescape() makes it */
  bool broken; /* there is malformed UTF-8 to replace */
} jdvm_json_text;

/* What should have come, where more than one reader says so. */
#define JDVM_WANT_VALUE "a value"
#define JDVM_WANT_ELEMENT "a value or ']'"
#define JDVM_WANT_ELEMENT_END "',' or ']'"
#define JDVM_WANT_KEY "a key in quotes"
#define JDVM_WANT_FIELD "a key in quotes or '}'"
#define JDVM_WANT_COLON "':'"
#define JDVM_WANT_FIELD_END "',' or '}'"
#define JDVM_WANT_END "the end of the text"
#define JDVM_WANT_SHALLOW "no nesting deeper than max_depth"
#define JDVM_WANT_SHORT "no text longer than max_size"

/* More levels than this are never allowed: what is open has to be remembered somewhere. */
#define JDVM_JSON_LEVELS 512

/* Begins to read `length` bytes and returns the position of the first, behind a byte order mark. */
const unsigned char *jdvm_json_open(jdvm_json *json, const void *bytes, size_t length,
                                    bool replace);

/* Notes a failure at `bad`; returns NULL so that `return jdvm_json_fail(...)` reads well. */
const unsigned char *jdvm_json_fail(jdvm_json *json, const unsigned char *bad,
                                    const char *expected);

/* Puts the noted failure into words: what was expected, where, and what stands there. Returns the
** offset of the byte. */
size_t jdvm_json_explain(const jdvm_json *json, jdvm_error *error);

/* The first byte from `at` on that is not white space, or the end. */
static inline const unsigned char *jdvm_json_space(const jdvm_json *json, const unsigned char *at) {
  while (at < json->end && *at <= ' ' &&
         (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
    at++;
  }
  return at;
}

/* Reads a string; `at` is behind the opening quote. */
const unsigned char *jdvm_json_string(jdvm_json *json, const unsigned char *at,
                                      jdvm_json_text *text);

/* The room that jdvm_json_unescape() may need for `text`; more than there can be, if that is more
** than a size_t holds. */
static inline size_t jdvm_json_room(const jdvm_json *json, const jdvm_json_text *text) {
  if (!json->replace) {
    return text->length;
  }
  return text->length > SIZE_MAX / 3 ? SIZE_MAX : 3 * text->length;
}

/* Writes the value of a string that jdvm_json_string() has read; returns its length. */
size_t jdvm_json_unescape(const jdvm_json_text *text, char *value);

/* Reads the word (`true`, `false` or `null`) that the byte at `at` begins. */
const unsigned char *jdvm_json_word(jdvm_json *json, const unsigned char *at, const char *word);

typedef enum jdvm_number_kind {
  JDVM_INTEGER, /* no fraction, no exponent, fits an int64_t; -0 is 0 */
  JDVM_REAL,    /* the nearest double; too small a number is 0 */
  JDVM_DIGITS   /* an integer that no int64_t holds: only its text is exact */
} jdvm_number_kind;

typedef struct jdvm_number {
  jdvm_number_kind kind;
  int64_t integer;
  double real;
} jdvm_number;

/* Reads a number; `at` is at its '-' or first digit. With `number` NULL it is only checked. A number
** beyond the range of doubles is a failure, and so is JDVM_DIGITS unless json->big_integers. */
const unsigned char *jdvm_json_number(jdvm_json *json, const unsigned char *at,
                                      jdvm_number *number);

/* Reads any value without making anything of it, yet as strictly; `levels` may open inside. */
const unsigned char *jdvm_json_skip(jdvm_json *json, const unsigned char *at, int levels);

#include "shown.h"

#endif
