#include "uri.h"
#include "chars.h"

#include <stdint.h>

/* Most bytes stay as they are, in long runs, and go four at a time. */
char *jdvm_put_encoded(char *to, jdvm_text text, unsigned kept) {
  const char *from = text.bytes, *end = text.bytes + text.length;
  for (;;) {
    while (end - from >= 4 && (jdvm_kinds(from[0]) & jdvm_kinds(from[1]) & jdvm_kinds(from[2]) &
                               jdvm_kinds(from[3]) & kept) != 0) {
      memcpy(to, from, 4);
      to += 4;
      from += 4;
    }
    if (from == end) {
      return to;
    }
    if (jdvm_is(*from, kept)) {
      *to++ = *from++;
    } else {
      to = jdvm_put_escape(to, *from++);
    }
  }
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char jdvm_take_byte(const char **from, const char *end, bool *escaped) {
  char c = *(*from)++;
  *escaped =
      c == '%' && end - *from >= 2 && hex_value((*from)[0]) >= 0 && hex_value((*from)[1]) >= 0;
  if (*escaped) {
    c = (char)(hex_value((*from)[0]) << 4 | hex_value((*from)[1]));
    *from += 2;
  }
  return c;
}

bool jdvm_encode_uri(jdvm_buf *out, jdvm_text text, bool keep_slash) {
  if (text.length >= SIZE_MAX / 3 || !jdvm_buf_reserve(out, 3 * text.length + 1)) {
    return false;
  }
  out->length = (size_t)(jdvm_put_encoded(out->bytes + out->length, text,
                                          keep_slash ? JDVM_CHAR_PATH : JDVM_CHAR_UNRESERVED) -
                         out->bytes);
  return true;
}

bool jdvm_decode_uri(jdvm_buf *out, jdvm_text text, bool plus_is_space) {
  const char *from = text.bytes, *end = text.bytes + text.length;
  char *to;
  if (!jdvm_buf_reserve(out, text.length + 1)) {
    return false;
  }
  to = out->bytes + out->length;
  while (from < end) {
    bool escaped;
    char c = jdvm_take_byte(&from, end, &escaped);
    *to++ = c == '+' && plus_is_space && !escaped ? ' ' : c;
  }
  out->length = (size_t)(to - out->bytes);
  return true;
}

bool jdvm_split_query(jdvm_buf *store, jdvm_pairs *pairs, jdvm_text query) {
  const char *from = query.bytes, *end = query.bytes + query.length;
  /* Decoding never lengthens: with this room the store does not move under the pairs. */
  bool done = jdvm_buf_reserve(store, query.length + 1);
  while (done && from < end) {
    const char *mark = memchr(from, '&', (size_t)(end - from));
    const char *stop = mark != NULL ? mark : end;
    if (stop > from) {
      const char *equals = memchr(from, '=', (size_t)(stop - from));
      size_t start = store->length, middle;
      jdvm_text name, value;
      name.bytes = from;
      name.length = (size_t)((equals != NULL ? equals : stop) - from);
      value.bytes = equals != NULL ? equals + 1 : stop;
      value.length = (size_t)(stop - value.bytes);
      done = jdvm_decode_uri(store, name, true);
      middle = store->length;
      done = done && jdvm_decode_uri(store, value, true);
      name.bytes = store->bytes + start;
      name.length = middle - start;
      value.bytes = store->bytes + middle;
      value.length = store->length - middle;
      done = done && jdvm_pairs_add(pairs, name, value);
    }
    from = mark != NULL ? mark + 1 : end;
  }
  return done;
}
