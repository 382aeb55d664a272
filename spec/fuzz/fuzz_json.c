/* The tokens of JSON, without Lua. Whatever the text: nothing outside it is read; a value that is
** skipped, a string and a number stand where they were found; a text is refused for its beginning
** up to the bad byte alone, whatever comes behind it. See run.sh for how to build and run it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pure/json.h"

static void must(bool ok) {
  if (!ok) {
    abort();
  }
}

/* Reads a whole text; returns the offset of the first bad byte, or -1. */
static long verdict(const unsigned char *bytes, size_t length, bool replace) {
  jdvm_json json;
  jdvm_error error;
  const unsigned char *at = jdvm_json_open(&json, bytes, length, replace);
  at = jdvm_json_skip(&json, at, 64);
  if (at != NULL) {
    at = jdvm_json_space(&json, at);
    if (at == json.end) {
      return -1;
    }
    (void)jdvm_json_fail(&json, at, JDVM_WANT_END);
  }
  return (long)jdvm_json_explain(&json, &error);
}

/* True if the bytes are well-formed UTF-8: a string of them alone is accepted. */
static bool is_utf8(const char *bytes, size_t length) {
  size_t i;
  jdvm_json json;
  jdvm_json_text text;
  unsigned char *copy = malloc(length + 1);
  bool ok;
  must(copy != NULL);
  for (i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    copy[i] = byte < 0x20 || byte == '"' || byte == '\\' ? 'x' : byte;
  }
  copy[length] = '"';
  ok = jdvm_json_string(&json, jdvm_json_open(&json, copy, length + 1, false), &text) != NULL;
  free(copy);
  return ok;
}

/* Reads the bytes as a string that has been opened. */
static void read_string(const unsigned char *bytes, size_t length, bool replace) {
  jdvm_json json;
  jdvm_json_text text;
  const unsigned char *at;
  memset(&json, 0, sizeof json);
  json.start = bytes;
  json.end = bytes + length;
  json.replace = replace;
  at = jdvm_json_string(&json, bytes, &text);
  if (at == NULL) {
    must(json.bad >= json.start && json.bad <= json.end);
    return;
  }
  must(at[-1] == '"' && text.bytes == bytes && text.length == (size_t)(at - 1 - bytes));
  if (!text.plain) {
    size_t room = jdvm_json_room(&json, &text), value_length;
    char *value = malloc(room + 1);
    must(value != NULL);
    value_length = jdvm_json_unescape(&text, value);
    must(value_length <= room && is_utf8(value, value_length));
    free(value);
  } else {
    must(is_utf8((const char *)text.bytes, text.length));
  }
}

static void read_number(const unsigned char *bytes, size_t length) {
  jdvm_json json;
  jdvm_number number;
  const unsigned char *at = jdvm_json_open(&json, bytes, length, false);
  const unsigned char *end;
  if (at == json.end || (*at != '-' && (*at < '0' || *at > '9'))) {
    return;
  }
  end = jdvm_json_number(&json, at, &number);
  must(jdvm_json_number(&json, at, NULL) == end);
  if (end != NULL && number.kind == JDVM_REAL && end - at < 300) {
    char text[304];
    memcpy(text, at, (size_t)(end - at));
    text[end - at] = '\0';
    must(strtod(text, NULL) == number.real);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  /* A copy of its exact size, so that the sanitizer sees a read behind it. */
  unsigned char *bytes = malloc(size > 0 ? size : 1);
  long bad, repaired;
  must(bytes != NULL);
  if (size > 0) {
    memcpy(bytes, data, size);
  }
  bad = verdict(bytes, size, false);
  repaired = verdict(bytes, size, true);
  must(bad < 0 ? repaired < 0 : repaired < 0 || repaired >= bad);
  if (bad >= 0 && (size_t)bad < size) {
    long before = verdict(bytes, (size_t)bad, false);
    must(before < 0 || before == bad);
    /* A number out of range is bad as a whole, but its first byte alone is none. */
    if (bytes[bad] != '-' && (bytes[bad] < '0' || bytes[bad] > '9')) {
      must(verdict(bytes, (size_t)bad + 1, false) == bad);
    }
  }
  read_string(bytes, size, false);
  read_string(bytes, size, true);
  read_number(bytes, size);
  free(bytes);
  return 0;
}
