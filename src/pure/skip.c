#include "json.h"

#include <stdint.h>

/* Reads a value that has no parts. */
static const unsigned char *skip_scalar(jdvm_json *json, const unsigned char *at,
                                        const char *expected) {
  jdvm_json_text text;
  switch (*at) {
  case '"':
    return jdvm_json_string(json, at + 1, &text);
  case 't':
    return jdvm_json_word(json, at, "true");
  case 'f':
    return jdvm_json_word(json, at, "false");
  case 'n':
    return jdvm_json_word(json, at, "null");
  default:
    if (*at != '-' && (*at < '0' || *at > '9')) {
      return jdvm_json_fail(json, at, expected);
    }
    return jdvm_json_number(json, at, NULL);
  }
}

/* Reads a key and its colon. */
static const unsigned char *skip_key(jdvm_json *json, const unsigned char *at,
                                     const char *expected) {
  jdvm_json_text text;
  if (at == json->end || *at != '"') {
    return jdvm_json_fail(json, at, expected);
  }
  at = jdvm_json_string(json, at + 1, &text);
  if (at == NULL) {
    return NULL;
  }
  at = jdvm_json_space(json, at);
  if (at == json->end || *at != ':') {
    return jdvm_json_fail(json, at, JDVM_WANT_COLON);
  }
  return at + 1;
}

const unsigned char *jdvm_json_skip(jdvm_json *json, const unsigned char *at, int levels) {
  bool is_object[JDVM_JSON_LEVELS];
  const char *expected = JDVM_WANT_VALUE;
  int level = 0;
  for (;;) {
    /* A value begins. */
    at = jdvm_json_space(json, at);
    if (at == json->end) {
      return jdvm_json_fail(json, at, expected);
    }
    if (*at == '{' || *at == '[') {
      bool object = *at == '{';
      if (level == levels || level == JDVM_JSON_LEVELS) {
        return jdvm_json_fail(json, at, JDVM_WANT_SHALLOW);
      }
      at = jdvm_json_space(json, at + 1);
      if (at < json->end && *at == (object ? '}' : ']')) {
        at++;
      } else {
        is_object[level++] = object;
        expected = object ? JDVM_WANT_VALUE : JDVM_WANT_ELEMENT;
        if (object && (at = skip_key(json, at, JDVM_WANT_FIELD)) == NULL) {
          return NULL;
        }
        continue;
      }
    } else {
      at = skip_scalar(json, at, expected);
      if (at == NULL) {
        return NULL;
      }
    }
    /* A value has ended, perhaps with it what contains it. */
    for (;;) {
      if (level == 0) {
        return at;
      }
      at = jdvm_json_space(json, at);
      if (at < json->end && *at == (is_object[level - 1] ? '}' : ']')) {
        at++;
        level--;
        continue;
      }
      if (at == json->end || *at != ',') {
        return jdvm_json_fail(json, at,
                              is_object[level - 1] ? JDVM_WANT_FIELD_END : JDVM_WANT_ELEMENT_END);
      }
      at++;
      expected = JDVM_WANT_VALUE;
      break;
    }
    if (is_object[level - 1]) {
      at = skip_key(json, jdvm_json_space(json, at), JDVM_WANT_KEY);
      if (at == NULL) {
        return NULL;
      }
    }
  }
}
