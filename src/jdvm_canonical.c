#include "jdvm_canonical.h"

#include <stdint.h>
#include <stdlib.h>

/* One bit for each byte that is sent as it is: A-Z a-z 0-9 - . _ ~ */
static const uint32_t unreserved[8] = {0, 0x03ff6000, 0x87fffffe, 0x47fffffe, 0, 0, 0, 0};

static inline bool is_unreserved(unsigned char c) {
  return (unreserved[c >> 5] >> (c & 31) & 1) != 0;
}

bool jdvm_pairs_add(jdvm_pairs *pairs, jdvm_text name, jdvm_text value) {
  jdvm_pair *pair;
  if (pairs->count == pairs->capacity) {
    size_t capacity = pairs->capacity == 0 ? 16 : 2 * pairs->capacity;
    jdvm_pair *items;
    if (capacity > SIZE_MAX / sizeof *items) {
      return false;
    }
    items = realloc(pairs->items, capacity * sizeof *items);
    if (items == NULL) {
      return false;
    }
    pairs->items = items;
    pairs->capacity = capacity;
  }
  pair = &pairs->items[pairs->count];
  pair->name = name;
  pair->value = value;
  pair->order = pairs->count++;
  return true;
}

void jdvm_pairs_free(jdvm_pairs *pairs) {
  free(pairs->items);
  pairs->items = NULL;
  pairs->count = 0;
  pairs->capacity = 0;
}

bool jdvm_encode(jdvm_buf *out, jdvm_text text, bool keep_slash) {
  static const char digits[] = "0123456789ABCDEF";
  char *to;
  size_t i;
  if (text.length >= SIZE_MAX / 3 || !jdvm_buf_reserve(out, 3 * text.length + 1)) {
    return false;
  }
  to = out->bytes + out->length;
  for (i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.bytes[i];
    if (is_unreserved(c) || (c == '/' && keep_slash)) {
      *to++ = (char)c;
    } else {
      *to++ = '%';
      *to++ = digits[c >> 4];
      *to++ = digits[c & 15];
    }
  }
  out->length = (size_t)(to - out->bytes);
  return true;
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

bool jdvm_decode_uri(jdvm_buf *out, jdvm_text text, bool plus_is_space) {
  const char *from = text.bytes, *end = text.bytes + text.length;
  char *to;
  if (!jdvm_buf_reserve(out, text.length + 1)) {
    return false;
  }
  to = out->bytes + out->length;
  while (from < end) {
    char c = *from++;
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%' && end - from >= 2 && hex_value(from[0]) >= 0 && hex_value(from[1]) >= 0) {
      c = (char)(hex_value(from[0]) << 4 | hex_value(from[1]));
      from += 2;
    }
    *to++ = c;
  }
  out->length = (size_t)(to - out->bytes);
  return true;
}

/* JDCLOUD3: runs of "/" count as one, also those that were hidden as %2F; one leads the path. */
static void collapse_slashes(jdvm_buf *out, size_t start) {
  size_t i, to = start;
  for (i = start; i < out->length; i++) {
    if (out->bytes[i] != '/' || to == start || out->bytes[to - 1] != '/') {
      out->bytes[to++] = out->bytes[i];
    }
  }
  out->length = to;
}

/* A path as on the wire, for JDCLOUD2: a "/" hidden as %2F is part of its segment and stays so. */
static bool encode_again(jdvm_buf *out, jdvm_text path) {
  jdvm_buf segment = {NULL, 0, 0};
  const char *from = path.bytes, *end = path.bytes + path.length;
  bool done = true;
  while (done && from < end) {
    const char *slash = memchr(from, '/', (size_t)(end - from));
    const char *stop = slash != NULL ? slash : end;
    jdvm_text wire, plain;
    wire.bytes = from;
    wire.length = (size_t)(stop - from);
    segment.length = 0;
    done = jdvm_decode_uri(&segment, wire, false);
    plain.bytes = segment.bytes;
    plain.length = segment.length;
    done = done && jdvm_encode(out, plain, false) && (slash == NULL || jdvm_buf_add_char(out, '/'));
    from = slash != NULL ? slash + 1 : end;
  }
  jdvm_buf_free(&segment);
  return done;
}

bool jdvm_canonical_path(jdvm_buf *out, jdvm_version version, jdvm_text path, bool decoded) {
  size_t start = out->length;
  bool done;
  if (path.length == 0) {
    return jdvm_buf_add_char(out, '/');
  }
  if (version == JDVM_JDCLOUD2) {
    return decoded ? jdvm_encode(out, path, true) : encode_again(out, path);
  }
  if (path.bytes[0] != '/' && !jdvm_buf_add_char(out, '/')) {
    return false;
  }
  if (decoded) {
    done = jdvm_encode(out, path, true);
  } else {
    jdvm_buf plain = {NULL, 0, 0};
    jdvm_text text;
    done = jdvm_decode_uri(&plain, path, true);
    text.bytes = plain.bytes;
    text.length = plain.length;
    done = done && jdvm_encode(out, text, true);
    jdvm_buf_free(&plain);
  }
  collapse_slashes(out, start);
  return done;
}

/* Compares texts as their encoded forms would compare. Encoded bytes begin with "%", which is less
** than every byte that stays as it is; among themselves they compare as their digits do. */
static int compare_encoded(jdvm_text a, jdvm_text b) {
  size_t shorter = a.length < b.length ? a.length : b.length, i;
  for (i = 0; i < shorter; i++) {
    if (a.bytes[i] != b.bytes[i]) {
      unsigned char x = (unsigned char)a.bytes[i], y = (unsigned char)b.bytes[i];
      if (is_unreserved(x) != is_unreserved(y)) {
        return is_unreserved(x) ? 1 : -1;
      }
      return x < y ? -1 : 1;
    }
  }
  return a.length < b.length ? -1 : a.length > b.length;
}

static int compare_parameters(const void *a, const void *b) {
  const jdvm_pair *x = a, *y = b;
  int names = compare_encoded(x->name, y->name);
  return names != 0 ? names : compare_encoded(x->value, y->value);
}

/* By name, then in the order they came in. Names are lower case, so plain bytes will do. */
static int compare_headers(const void *a, const void *b) {
  const jdvm_pair *x = a, *y = b;
  size_t shorter = x->name.length < y->name.length ? x->name.length : y->name.length;
  int names = shorter > 0 ? memcmp(x->name.bytes, y->name.bytes, shorter) : 0;
  if (names != 0) {
    return names;
  }
  if (x->name.length != y->name.length) {
    return x->name.length < y->name.length ? -1 : 1;
  }
  return x->order < y->order ? -1 : 1;
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

bool jdvm_canonical_query(jdvm_buf *out, jdvm_version version, jdvm_pairs *pairs) {
  size_t i, start = out->length;
  bool done = true;
  sort_pairs(pairs, compare_parameters);
  for (i = 0; done && i < pairs->count; i++) {
    const jdvm_pair *pair = &pairs->items[i];
    if (pair->name.length > 0 || version == JDVM_JDCLOUD2) {
      done = (out->length == start || jdvm_buf_add_char(out, '&')) &&
             jdvm_encode(out, pair->name, false) && jdvm_buf_add_char(out, '=') &&
             jdvm_encode(out, pair->value, false);
    }
  }
  return done;
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

/* White space as the signers trim it; none but blank and tab can occur in a header that is sent. */
static inline bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool jdvm_canonical_value(jdvm_buf *out, jdvm_version version, jdvm_text value) {
  const char *from = value.bytes, *end = value.bytes + value.length;
  char *to;
  while (from < end && is_blank(*from)) {
    from++;
  }
  while (from < end && is_blank(end[-1])) {
    end--;
  }
  if (version == JDVM_JDCLOUD3) {
    return jdvm_buf_add(out, from, (size_t)(end - from));
  }
  if (!jdvm_buf_reserve(out, (size_t)(end - from) + 1)) {
    return false;
  }
  to = out->bytes + out->length;
  while (from < end) {
    char c = *from++;
    if (is_blank(c)) {
      c = ' ';
      while (is_blank(*from)) { /* ends: the last character is not blank */
        from++;
      }
    }
    *to++ = c;
  }
  out->length = (size_t)(to - out->bytes);
  return true;
}

static bool same_name(const jdvm_pair *a, const jdvm_pair *b) {
  return a->name.length == b->name.length &&
         (a->name.length == 0 || memcmp(a->name.bytes, b->name.bytes, a->name.length) == 0);
}

void jdvm_headers_sort(jdvm_pairs *headers) {
  sort_pairs(headers, compare_headers);
}

bool jdvm_canonical_headers(jdvm_buf *out, const jdvm_pairs *headers, size_t *names_at) {
  const jdvm_pair *items = headers->items;
  size_t i, count = headers->count;
  bool done = true;
  for (i = 0; done && i < count; i++) {
    if (i > 0 && same_name(&items[i - 1], &items[i])) {
      done = jdvm_buf_add_char(out, ',');
    } else {
      done = (i == 0 || jdvm_buf_add_char(out, '\n')) &&
             jdvm_buf_add(out, items[i].name.bytes, items[i].name.length) &&
             jdvm_buf_add_char(out, ':');
    }
    done = done && jdvm_buf_add(out, items[i].value.bytes, items[i].value.length);
  }
  done = done && (count == 0 || jdvm_buf_add_char(out, '\n')) && jdvm_buf_add_char(out, '\n');
  *names_at = out->length;
  for (i = 0; done && i < count; i++) {
    if (i == 0 || !same_name(&items[i - 1], &items[i])) {
      done = (i == 0 || jdvm_buf_add_char(out, ';')) &&
             jdvm_buf_add(out, items[i].name.bytes, items[i].name.length);
    }
  }
  return done;
}

bool jdvm_canonical_request(jdvm_buf *out, jdvm_version version, const jdvm_parts *parts,
                            jdvm_layout *layout) {
  out->length = 0;
  if (!jdvm_buf_add(out, parts->method.bytes, parts->method.length) ||
      !jdvm_buf_add_char(out, '\n')) {
    return false;
  }
  layout->path_at = out->length;
  if (!jdvm_canonical_path(out, version, parts->path, parts->decoded)) {
    return false;
  }
  layout->path_end = out->length;
  if (!jdvm_buf_add_char(out, '\n')) {
    return false;
  }
  layout->query_at = out->length;
  if (!jdvm_canonical_query(out, version, parts->query)) {
    return false;
  }
  layout->query_end = out->length;
  if (!jdvm_buf_add_char(out, '\n') ||
      !jdvm_canonical_headers(out, parts->headers, &layout->names_at)) {
    return false;
  }
  layout->names_end = out->length;
  return jdvm_buf_add_char(out, '\n') &&
         jdvm_buf_add(out, parts->payload_hash.bytes, parts->payload_hash.length);
}
