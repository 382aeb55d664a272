/* The tokens of JSON, without Lua. Whatever the text: nothing outside it is read; a value that is
** skipped and a string stand where they were found; a text is refused for its beginning
** up to the bad byte alone, whatever comes behind it. See run.sh for how to build and run it. */
#include "fuzz.h"

#include "pure/json.h"

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
  MUST(copy != NULL);
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
    MUST(json.bad >= json.start && json.bad <= json.end);
    return;
  }
  MUST(at[-1] == '"' && text.bytes == bytes && text.length == (size_t)(at - 1 - bytes));
  if (!text.plain) {
    size_t room = jdvm_json_room(&json, &text), value_length;
    char *value = malloc(room + 1);
    MUST(value != NULL);
    value_length = jdvm_json_unescape(&text, value);
    MUST(value_length <= room && is_utf8(value, value_length));
    free(value);
  } else {
    MUST(is_utf8((const char *)text.bytes, text.length));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned char *bytes = exact_copy(data, size);
  long bad = verdict(bytes, size, false), repaired = verdict(bytes, size, true);
  MUST(bad < 0 ? repaired < 0 : repaired < 0 || repaired >= bad);
  if (bad >= 0 && (size_t)bad < size) {
    long before = verdict(bytes, (size_t)bad, false);
    MUST(before < 0 || before == bad);
    /* A number out of range is bad as a whole, but its first byte alone is none. */
    if (bytes[bad] != '-' && (bytes[bad] < '0' || bytes[bad] > '9')) {
      MUST(verdict(bytes, (size_t)bad + 1, false) == bad);
    }
  }
  read_string(bytes, size, false);
  read_string(bytes, size, true);
  free(bytes);
  return 0;
}
