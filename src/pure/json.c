#include "json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "scan.h"

const unsigned char *jdvm_json_open(jdvm_json *json, const void *bytes, size_t length,
                                    bool replace) {
  static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
  const unsigned char *start = bytes;
  memset(json, 0, sizeof *json);
  json->start = start;
  json->end = start + length;
  json->replace = replace;
  return length >= sizeof mark && memcmp(start, mark, sizeof mark) == 0 ? start + sizeof mark
                                                                        : start;
}

const unsigned char *jdvm_json_fail(jdvm_json *json, const unsigned char *bad,
                                    const char *expected) {
  json->bad = bad;
  json->expected = expected;
  return NULL;
}

size_t jdvm_json_explain(const jdvm_json *json, jdvm_error *error) {
  size_t offset = (size_t)(json->bad - json->start);
  char found[24] = "the end of the text";
  if (json->bad < json->end) {
    unsigned char byte = *json->bad;
    (void)snprintf(found, sizeof found, byte >= ' ' && byte < 0x7F ? "'%c'" : "byte 0x%02X", byte);
  }
  (void)jdvm_fail(error, JDVM_DECODE, "expected %s at byte %lu, found %s", json->expected,
                  (unsigned long)offset, found);
  return offset;
}

/* The end of the UTF-8 character at `at`. When *whole comes back false there is none, and the
** result is the first byte with which none can continue (perhaps `at` itself, or `end`). */
static const unsigned char *character_end(const unsigned char *at, const unsigned char *end,
                                          bool *whole) {
  unsigned char lead = *at, low = 0x80, high = 0xBF;
  int rest = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  *whole = false;
  if (lead < 0xC2 || lead > 0xF4) {
    return at;
  }
  if (lead == 0xE0) {
    low = 0xA0; /* shorter forms exist */
  } else if (lead == 0xED) {
    high = 0x9F; /* surrogates */
  } else if (lead == 0xF0) {
    low = 0x90;
  } else if (lead == 0xF4) {
    high = 0x8F; /* beyond U+10FFFF */
  }
  for (at++; rest > 0; at++, rest--) {
    if (at == end || *at < low || *at > high) {
      return at;
    }
    low = 0x80;
    high = 0xBF;
  }
  *whole = true;
  return at;
}

/* Reads the bytes from 0x80 on at `at` up to the next ASCII byte. */
static const unsigned char *read_utf8(jdvm_json *json, const unsigned char *at,
                                      jdvm_json_text *text) {
  for (;;) {
    const unsigned char *next;
    bool whole;
    at = jdvm_scan_three_byte(at, json->end);
    while (jdvm_scan_is_three_byte(at, json->end)) {
      at += 3;
    }
    if (at == json->end || *at < 0x80) {
      return at;
    }
    next = character_end(at, json->end, &whole);
    if (!whole) {
      if (!json->replace) {
        return jdvm_json_fail(json, next, "well-formed UTF-8");
      }
      text->plain = false;
      text->broken = true;
      next += next == at;
    }
    at = next;
  }
}

/* Hexadecimal digits: their values and this bit; of everything else nothing. */
enum { HEX = 0x10 };
static const unsigned char hex_values[256] = {
    ['0'] = HEX,      ['1'] = HEX | 1,  ['2'] = HEX | 2,  ['3'] = HEX | 3,  ['4'] = HEX | 4,
    ['5'] = HEX | 5,  ['6'] = HEX | 6,  ['7'] = HEX | 7,  ['8'] = HEX | 8,  ['9'] = HEX | 9,
    ['A'] = HEX | 10, ['B'] = HEX | 11, ['C'] = HEX | 12, ['D'] = HEX | 13, ['E'] = HEX | 14,
    ['F'] = HEX | 15, ['a'] = HEX | 10, ['b'] = HEX | 11, ['c'] = HEX | 12, ['d'] = HEX | 13,
    ['e'] = HEX | 14, ['f'] = HEX | 15};

/* The number that four hexadecimal digits write. */
static unsigned unit_at(const unsigned char *at) {
  return (hex_values[at[0]] & 15u) << 12 | (hex_values[at[1]] & 15u) << 8 |
         (hex_values[at[2]] & 15u) << 4 | (hex_values[at[3]] & 15u);
}

/* What a \u escape may say. */
typedef enum unit_kind { ANY_UNIT, NO_LOW_SURROGATE, LOW_SURROGATE } unit_kind;

/* Reads the four digits of a \u escape. */
static const unsigned char *read_unit(jdvm_json *json, const unsigned char *at, unit_kind kind,
                                      unsigned *unit) {
  int i;
  if (kind == NO_LOW_SURROGATE && json->end - at >= 4 &&
      (hex_values[at[0]] & hex_values[at[1]] & hex_values[at[2]] & hex_values[at[3]]) != 0) {
    /* nearly all: four digits of no surrogate */
    *unit = unit_at(at);
    if (*unit < 0xD800 || *unit > 0xDFFF) {
      return at + 4;
    }
  }
  *unit = 0;
  for (i = 0; i < 4; i++, at++) {
    int digit = at < json->end && hex_values[*at] != 0 ? hex_values[*at] & 15 : -1;
    if (digit < 0) {
      return jdvm_json_fail(json, at, "a hexadecimal digit");
    }
    *unit = *unit << 4 | (unsigned)digit;
    if (kind == LOW_SURROGATE && ((i == 0 && *unit != 0xD) || (i == 1 && *unit < 0xDC))) {
      return jdvm_json_fail(json, at, "a low surrogate (\\uDC00 to \\uDFFF)");
    }
    if (kind == NO_LOW_SURROGATE && i == 1 && *unit >= 0xDC && *unit <= 0xDF) {
      return jdvm_json_fail(json, at, "a high surrogate before a low one");
    }
  }
  return at;
}

static const bool is_escape[256] = {
    ['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true, ['f'] = true,
    ['n'] = true, ['r'] = true,  ['t'] = true, ['u'] = true};

/* Reads an escape; `at` is at the backslash. */
static const unsigned char *read_escape(jdvm_json *json, const unsigned char *at) {
  unsigned unit;
  at++;
  if (at == json->end || !is_escape[*at]) {
    return jdvm_json_fail(json, at, "one of \" \\ / b f n r t u behind a backslash");
  }
  if (*at++ != 'u') {
    return at;
  }
  at = read_unit(json, at, json->replace ? ANY_UNIT : NO_LOW_SURROGATE, &unit);
  if (at == NULL || json->replace || unit < 0xD800 || unit > 0xDBFF) {
    return at;
  }
  if (at == json->end || *at != '\\') {
    return jdvm_json_fail(json, at, "a low surrogate (\\uDC00 to \\uDFFF)");
  }
  at++;
  if (at == json->end || *at != 'u') {
    return jdvm_json_fail(json, at, "a low surrogate (\\uDC00 to \\uDFFF)");
  }
  return read_unit(json, at + 1, LOW_SURROGATE, &unit);
}

const unsigned char *jdvm_json_string(jdvm_json *json, const unsigned char *at,
                                      jdvm_json_text *text) {
  text->bytes = at;
  text->plain = true;
  text->broken = false;
  for (;;) {
    at = jdvm_scan_plain(at, json->end);
    if (at == json->end) {
      return jdvm_json_fail(json, at, "'\"' at the end of a string");
    }
    if (*at == '"') {
      text->length = (size_t)(at - text->bytes);
      return at + 1;
    }
    if (*at == '\\') {
      text->plain = false;
      do {
        at = read_escape(json, at);
      } while (at != NULL && at < json->end && *at == '\\');
    } else if (*at >= 0x80) {
      at = read_utf8(json, at, text);
    } else {
      return jdvm_json_fail(json, at, "an escape instead of a control character");
    }
    if (at == NULL) {
      return NULL;
    }
  }
}

static char *put_utf8(char *value, unsigned long point) {
  if (point < 0x80) {
    *value++ = (char)point;
  } else if (point < 0x800) {
    *value++ = (char)(0xC0 | point >> 6);
    *value++ = (char)(0x80 | (point & 0x3F));
  } else {
    if (point < 0x10000) {
      *value++ = (char)(0xE0 | point >> 12);
    } else {
      *value++ = (char)(0xF0 | point >> 18);
      *value++ = (char)(0x80 | (point >> 12 & 0x3F));
    }
    *value++ = (char)(0x80 | (point >> 6 & 0x3F));
    *value++ = (char)(0x80 | (point & 0x3F));
  }
  return value;
}

/* Writes the value of the escape at `at`, which is known to be well formed; returns its end. */
static const unsigned char *put_escape(const unsigned char *at, const unsigned char *end,
                                       char **value) {
  unsigned long point;
  switch (at[1]) {
  case 'b':
    point = '\b';
    break;
  case 'f':
    point = '\f';
    break;
  case 'n':
    point = '\n';
    break;
  case 'r':
    point = '\r';
    break;
  case 't':
    point = '\t';
    break;
  case 'u':
    point = unit_at(at + 2);
    at += 4;
    if (point >= 0xD800 && point <= 0xDFFF) {
      unsigned long low = 0;
      if (point < 0xDC00 && end - at >= 8 && at[2] == '\\' && at[3] == 'u') {
        low = unit_at(at + 4);
      }
      if (low >= 0xDC00 && low <= 0xDFFF) {
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      } else {
        point = 0xFFFD;
      }
    }
    break;
  default:
    point = at[1];
  }
  *value = put_utf8(*value, point);
  return at + 2;
}

size_t jdvm_json_unescape(const jdvm_json_text *text, char *value) {
  const unsigned char *at = text->bytes, *end = at + text->length;
  char *begin = value;
  while (at < end) {
    if (*at == '\\') {
      at = put_escape(at, end, &value);
    } else if (text->broken && *at >= 0x80) {
      bool whole;
      const unsigned char *next = character_end(at, end, &whole);
      if (whole) {
        memcpy(value, at, (size_t)(next - at));
        value += next - at;
      } else {
        value = put_utf8(value, 0xFFFD);
        next += next == at;
      }
      at = next;
    } else {
      const unsigned char *stop =
          text->broken ? jdvm_scan_plain(at, end) : memchr(at, '\\', (size_t)(end - at));
      size_t length = (size_t)((stop == NULL ? end : stop) - at);
      memcpy(value, at, length);
      value += length;
      at += length;
    }
  }
  return (size_t)(value - begin);
}

const unsigned char *jdvm_json_word(jdvm_json *json, const unsigned char *at, const char *word) {
  for (; *word != '\0'; word++, at++) {
    if (at == json->end || *at != (unsigned char)*word) {
      return jdvm_json_fail(json, at, "true, false or null");
    }
  }
  return at;
}
