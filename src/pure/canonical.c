#include "canonical.h"
#include "chars.h"
#include "crypto.h"
#include "uri.h"

#include <stdint.h>
#include <stdlib.h>

/* The put functions write where room was made before, and return the new end. */

static inline char *put(char *to, jdvm_text text) {
  if (text.length > 0) {
    memcpy(to, text.bytes, text.length);
  }
  return to + text.length;
}

/* --- query --------------------------------------------------------------------------------- */

/* Compares texts as their encoded forms would compare. Encoded bytes begin with "%", which is less
** than every byte that stays as it is; among themselves they compare as their digits do. */
static int compare_encoded(jdvm_text a, jdvm_text b) {
  size_t shorter = a.length < b.length ? a.length : b.length, i;
  for (i = 0; i < shorter; i++) {
    if (a.bytes[i] != b.bytes[i]) {
      bool stays = jdvm_is(a.bytes[i], JDVM_CHAR_UNRESERVED);
      if (stays != jdvm_is(b.bytes[i], JDVM_CHAR_UNRESERVED)) {
        return stays ? 1 : -1;
      }
      return (unsigned char)a.bytes[i] < (unsigned char)b.bytes[i] ? -1 : 1;
    }
  }
  return a.length < b.length ? -1 : a.length > b.length;
}

static int compare_parameters(const void *a, const void *b) {
  const jdvm_pair *x = a, *y = b;
  int names = compare_encoded(x->name, y->name);
  return names != 0 ? names : compare_encoded(x->value, y->value);
}

/* Pairs mostly come sorted already; seeing that costs one comparison each. */
static void sort_pairs(jdvm_pairs *pairs, int (*compare)(const void *, const void *)) {
  size_t i;
  for (i = 1; i < pairs->count; i++) {
    if (compare(&pairs->items[i - 1], &pairs->items[i]) > 0) {
      qsort(pairs->items, pairs->count, sizeof *pairs->items, compare);
      return;
    }
  }
}

static char *put_query(char *to, jdvm_version version, const jdvm_pairs *pairs) {
  const char *start = to;
  size_t i;
  for (i = 0; i < pairs->count; i++) {
    const jdvm_pair *pair = &pairs->items[i];
    if (pair->name.length > 0 || version == JDVM_JDCLOUD2) {
      if (to > start) {
        *to++ = '&';
      }
      to = jdvm_put_encoded(to, pair->name, JDVM_CHAR_UNRESERVED);
      *to++ = '=';
      to = jdvm_put_encoded(to, pair->value, JDVM_CHAR_UNRESERVED);
    }
  }
  return to;
}

/* --- path ---------------------------------------------------------------------------------- */

static char *put_slash(char *to, const char *start, jdvm_version version) {
  if (version == JDVM_JDCLOUD2 || to == start || to[-1] != '/') {
    *to++ = '/';
  }
  return to;
}

static char *put_path(char *to, jdvm_version version, jdvm_text path, bool on_wire) {
  const char *from = path.bytes, *end = path.bytes + path.length, *start = to;
  if (path.length == 0 || (version == JDVM_JDCLOUD3 && *from != '/')) {
    *to++ = '/';
  }
  if (!on_wire && version == JDVM_JDCLOUD2) {
    return jdvm_put_encoded(to, path, JDVM_CHAR_PATH);
  }
  while (from < end) {
    bool escaped = false;
    char c = on_wire ? jdvm_take_byte(&from, end, &escaped) : *from++;
    if (version == JDVM_JDCLOUD3 && on_wire && c == '+' && !escaped) {
      c = ' ';
    }
    if (c == '/' && !(escaped && version == JDVM_JDCLOUD2)) { /* there %2F is part of a segment */
      to = put_slash(to, start, version);
    } else if (jdvm_is(c, JDVM_CHAR_UNRESERVED)) {
      *to++ = c;
    } else {
      to = jdvm_put_escape(to, c);
    }
  }
  return to;
}

/* --- headers ------------------------------------------------------------------------------- */

bool jdvm_canonical_value(jdvm_buf *out, jdvm_version version, jdvm_text value) {
  const char *from = value.bytes, *end = value.bytes + value.length;
  char *to;
  if (!jdvm_buf_reserve(out, value.length + 1)) {
    return false;
  }
  to = out->bytes + out->length;
  while (from < end && jdvm_is(*from, JDVM_CHAR_BLANK)) {
    from++;
  }
  while (from < end && jdvm_is(end[-1], JDVM_CHAR_BLANK)) {
    end--;
  }
  while (from < end) {
    char c = *from++;
    if (version == JDVM_JDCLOUD2 && jdvm_is(c, JDVM_CHAR_BLANK)) {
      c = ' ';
      while (jdvm_is(*from, JDVM_CHAR_BLANK)) { /* ends: the last character is no blank */
        from++;
      }
    }
    *to++ = c;
  }
  out->length = (size_t)(to - out->bytes);
  return true;
}

static int compare_names(jdvm_text a, jdvm_text b) {
  size_t shorter = a.length < b.length ? a.length : b.length;
  int order = shorter > 0 ? memcmp(a.bytes, b.bytes, shorter) : 0;
  return order != 0 ? order : a.length < b.length ? -1 : a.length > b.length;
}

static int compare_headers(const void *a, const void *b) {
  const jdvm_pair *x = a, *y = b;
  int names = compare_names(x->name, y->name);
  return names != 0 ? names : x->order < y->order ? -1 : 1;
}

void jdvm_headers_sort(jdvm_pairs *headers) {
  sort_pairs(headers, compare_headers);
}

/* Is header `i` a further value of the name before it? */
static bool continues(const jdvm_pairs *headers, size_t i) {
  return i > 0 && headers->items[i].name.length == headers->items[i - 1].name.length &&
         compare_names(headers->items[i].name, headers->items[i - 1].name) == 0;
}

static char *put_headers(char *to, const jdvm_pairs *headers) {
  size_t i;
  for (i = 0; i < headers->count; i++) {
    if (continues(headers, i)) {
      to[-1] = ',';
    } else {
      to = put(to, headers->items[i].name);
      *to++ = ':';
    }
    to = put(to, headers->items[i].value);
    *to++ = '\n';
  }
  return to;
}

static char *put_names(char *to, const jdvm_pairs *headers) {
  size_t i;
  for (i = 0; i < headers->count; i++) {
    if (!continues(headers, i)) {
      if (i > 0) {
        *to++ = ';';
      }
      to = put(to, headers->items[i].name);
    }
  }
  return to;
}

/* --- all together -------------------------------------------------------------------------- */

/* Adds to *room what a text may take; false when the sum is beyond all reason. */
static bool want(size_t *room, size_t length, size_t times) {
  const size_t limit = SIZE_MAX / 16;
  if (length > limit) {
    return false;
  }
  *room += length * times + 4;
  return *room <= limit;
}

/* Makes room for the longest form that the parts can take. */
static bool make_room(jdvm_buf *out, const jdvm_parts *parts) {
  size_t i, room = 0;
  bool done = want(&room, parts->method.length, 1) && want(&room, parts->path.length, 3) &&
              want(&room, parts->payload_hash.length, 1);
  for (i = 0; done && i < parts->query->count; i++) {
    done = want(&room, parts->query->items[i].name.length, 3) &&
           want(&room, parts->query->items[i].value.length, 3);
  }
  for (i = 0; done && parts->headers != NULL && i < parts->headers->count; i++) {
    done = want(&room, parts->headers->items[i].name.length, 2) &&
           want(&room, parts->headers->items[i].value.length, 1);
  }
  for (i = 0; done && parts->headers == NULL && i < JDVM_PIECES; i++) {
    done = want(&room, parts->ready[i].length, 1);
  }
  out->length = 0;
  if (out->capacity < room) {
    jdvm_buf_wipe(out); /* growing would leave the token in what it frees */
  }
  return done && jdvm_buf_reserve(out, room);
}

bool jdvm_canonical_request(jdvm_buf *out, jdvm_version version, const jdvm_parts *parts,
                            jdvm_layout *layout) {
  char *to;
  size_t i;
  if (!make_room(out, parts)) {
    return false;
  }
  to = out->bytes;
  for (i = 0; i < parts->method.length; i++) {
    char c = parts->method.bytes[i];
    *to++ = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
  }
  *to++ = '\n';
  layout->path_at = (size_t)(to - out->bytes);
  to = put_path(to, version, parts->path, parts->on_wire);
  layout->path_end = (size_t)(to - out->bytes);
  *to++ = '\n';
  sort_pairs(parts->query, compare_parameters);
  layout->query_at = (size_t)(to - out->bytes);
  to = put_query(to, version, parts->query);
  layout->query_end = (size_t)(to - out->bytes);
  *to++ = '\n';
  if (parts->headers != NULL) {
    to = put_headers(to, parts->headers);
    *to++ = '\n';
    layout->names_at = (size_t)(to - out->bytes);
    to = put_names(to, parts->headers);
    layout->names_end = (size_t)(to - out->bytes);
  } else {
    for (i = 0; i < JDVM_PIECES; i++) {
      to = put(to, parts->ready[i]);
    }
  }
  *to++ = '\n';
  to = put(to, parts->payload_hash);
  out->length = (size_t)(to - out->bytes);
  return true;
}
