#include "json_parts.h"

#include "../pure/number.h"

static const unsigned char *push_number(jdvm_decoder *d, const unsigned char *at) {
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

const unsigned char *jdvm_json_push_scalar(jdvm_decoder *d, const unsigned char *at,
                                           const char *expected) {
  switch (*at) {
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

/* Reads the key at `at`; returns the position of its value. */
static const unsigned char *read_key(jdvm_decoder *d, const unsigned char *at, const char *expected,
                                     jdvm_json_text *text) {
  if (at == d->json.end || *at != '"') {
    return jdvm_json_fail(&d->json, at, expected);
  }
  at = jdvm_json_string(&d->json, at + 1, text);
  return at == NULL ? NULL : jdvm_json_colon(d, at);
}

/* Pushes the key with that text. Returns the place of its value: the key if it is remembered, else
** one that is good for all others. */
static jdvm_key *push_key(jdvm_decoder *d, jdvm_key *place, const jdvm_json_text *text) {
  jdvm_shapes *shapes = &d->memory->shapes;
  jdvm_key *key = text->plain ? jdvm_shapes_find(shapes, place, text->bytes, text->length) : NULL;
  if (key == NULL) {
    jdvm_json_push_text(d, text);
    return jdvm_shapes_others(shapes, place);
  }
  if (key->seen == JDVM_NOT_SEEN) {
    jdvm_json_renew_key(d, key);
    key->seen = 0;
  }
  lua_pushvalue(d->L, key->slot);
  return key;
}

/* What of the field with that key is wanted, where `wanted` is of its object; NULL if it is not to
** be built at all. */
static const jdvm_field *choose(jdvm_decoder *d, const jdvm_field *wanted,
                                const jdvm_json_text *text) {
  const jdvm_field *below;
  if (text->plain) {
    below = jdvm_field_child(wanted, text->bytes, text->length);
  } else {
    size_t length;
    const char *name;
    jdvm_json_push_text(d, text);
    name = lua_tolstring(d->L, -1, &length);
    below = jdvm_field_child(wanted, name, length);
    lua_pop(d->L, 1);
  }
  return below == NULL && wanted->others ? &jdvm_field_whole : below;
}

const unsigned char *jdvm_json_plain_fields(jdvm_decoder *d, const unsigned char *at,
                                            jdvm_key *place, const jdvm_field *wanted, int levels,
                                            const char *expected) {
  lua_State *L = d->L;
  bool last = false;
  do {
    const jdvm_field *below = &jdvm_field_whole;
    jdvm_json_text text;
    at = read_key(d, at, expected, &text);
    if (at == NULL) {
      return NULL;
    }
    if (wanted != NULL) {
      below = choose(d, wanted, &text);
    }
    if (below == NULL) {
      at = jdvm_json_skip(&d->json, at, levels);
    } else {
      jdvm_key *child = push_key(d, place, &text);
      at = jdvm_json_build(d, at, child, below->whole ? NULL : below, levels, JDVM_WANT_VALUE);
      if (at != NULL) {
        if (!d->options->keep_null && lua_islightuserdata(L, -1)) {
          lua_pop(L, 1);
          lua_pushnil(L);
        }
        lua_rawset(L, -3);
      }
    }
    if (at == NULL) {
      return NULL;
    }
    at = jdvm_json_comma(d, at, '}', JDVM_WANT_FIELD_END, &last);
    if (at == NULL) {
      return NULL;
    }
    expected = JDVM_WANT_KEY;
  } while (!last);
  return at;
}
