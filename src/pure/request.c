#include "request.h"
#include "chars.h"

#define TEXT(literal)                                                                              \
  { literal, sizeof(literal) - 1 }
#define COUNT(array) (sizeof(array) / sizeof *(array))

const jdvm_text jdvm_own_header_names[JDVM_OWN_HEADERS] = {
    TEXT("content-type"), TEXT("host"), TEXT("x-jdcloud-date"), TEXT("x-jdcloud-nonce"),
    TEXT("x-jdcloud-security-token")};

/* A hash of the body that the sender computed; it is signed and used in place of our own. */
static const jdvm_text hash_name = TEXT("x-jdcloud-content-sha256");

/* How much of a name may stand in an error message. */
static int shown(jdvm_text name) {
  return name.length < 64 ? (int)name.length : 64;
}

/* --- request line and host ----------------------------------------------------------------- */

static int check_method(jdvm_text method, jdvm_error *error) {
  size_t i;
  if (method.length == 0) {
    return jdvm_fail(error, JDVM_ARGUMENT, "method is empty");
  }
  for (i = 0; i < method.length; i++) {
    if (method.bytes[i] < 'A' || method.bytes[i] > 'Z') {
      return jdvm_fail(error, JDVM_ARGUMENT, "method is not made of the letters A to Z");
    }
  }
  return 0;
}

int jdvm_check_host(jdvm_text host, jdvm_error *error) {
  size_t i;
  if (host.length == 0) {
    return jdvm_fail(error, JDVM_ARGUMENT, "host is empty");
  }
  for (i = 0; i < host.length; i++) {
    if (!jdvm_is(host.bytes[i], JDVM_CHAR_HOST)) {
      return jdvm_fail(error, JDVM_ARGUMENT,
                       "host contains a character that no host name or port has");
    }
  }
  return 0;
}

/* A path that begins elsewhere, or with segments that clients and proxies resolve on their own,
** would not arrive as it was signed. */
static int check_path(jdvm_text path, jdvm_error *error) {
  const char *from = path.bytes, *end = path.bytes + path.length;
  if (path.length > 0 && *from != '/') {
    return jdvm_fail(error, JDVM_ARGUMENT, "path does not begin with \"/\"");
  }
  while (from < end && (from = memchr(from, '.', (size_t)(end - from))) != NULL) {
    size_t dots = end - from > 1 && from[1] == '.' ? 2 : 1;
    if (from[-1] == '/' && (from + dots == end || from[dots] == '/')) {
      return jdvm_fail(error, JDVM_ARGUMENT, "path contains the segment \"%.*s\"", (int)dots, from);
    }
    from++;
  }
  return 0;
}

int jdvm_request_check(const jdvm_request *request, const jdvm_pairs *query, jdvm_error *error) {
  size_t i;
  for (i = 0; i < query->count; i++) {
    if (query->items[i].name.length == 0) {
      return jdvm_fail(error, JDVM_ARGUMENT, "name of a query parameter is empty");
    }
  }
  return check_method(request->method, error) != 0 ? -1 : check_path(request->path, error);
}

/* --- one header ---------------------------------------------------------------------------- */

/* Quickly: has the text neither blanks nor control characters? Eight bytes at a time, then one. */
static bool is_plain(jdvm_text text) {
  const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  size_t i = 0;
  unsigned kinds = 0;
  for (; text.length - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
    uint64_t eight, is_delete;
    memcpy(&eight, text.bytes + i, sizeof eight);
    is_delete = eight ^ (ones * 127);
    if (((((eight - ones * 33) & ~eight) | ((is_delete - ones) & ~is_delete)) & tops) != 0) {
      return false;
    }
  }
  for (; i < text.length; i++) {
    kinds |= jdvm_kinds(text.bytes[i]);
  }
  return (kinds & (JDVM_CHAR_BLANK | JDVM_CHAR_CONTROL)) == 0;
}

/* Makes a header value canonical. What is sent is the canonical value, so that a verifier that
** folds blanks and one that does not see the same. The store has room for it. */
static int clean_value(jdvm_buf *store, jdvm_version version, jdvm_text name, jdvm_text *value,
                       jdvm_error *error) {
  size_t i, start = store->length;
  if (is_plain(*value)) {
    return 0;
  }
  for (i = 0; i < value->length; i++) {
    if (jdvm_is(value->bytes[i], JDVM_CHAR_CONTROL)) {
      return jdvm_fail(error, JDVM_ARGUMENT, "header %.*s contains a control character",
                       shown(name), name.bytes);
    }
  }
  if (!jdvm_canonical_value(store, version, *value)) {
    return jdvm_short_of_memory(error);
  }
  value->bytes = store->bytes + start;
  value->length = store->length - start;
  return 0;
}

/* Copies a header name in lower case into the store. */
static int lower_name(jdvm_buf *store, jdvm_text *name, jdvm_error *error) {
  size_t i, start = store->length;
  bool good = name->length > 0;
  for (i = 0; good && i < name->length; i++) {
    char c = name->bytes[i];
    good = jdvm_is(c, JDVM_CHAR_TOKEN);
    if (!jdvm_buf_add_char(store, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c)) {
      return jdvm_short_of_memory(error);
    }
  }
  if (!good) {
    return jdvm_fail(error, JDVM_ARGUMENT, "name of a header is not a token of HTTP");
  }
  name->bytes = store->bytes + start;
  return 0;
}

static bool is_one_of(jdvm_text name, const jdvm_text *names, size_t count) {
  size_t i;
  for (i = 0; i < count; i++) {
    if (name.length == names[i].length && memcmp(name.bytes, names[i].bytes, name.length) == 0) {
      return true;
    }
  }
  return false;
}

/* Headers that an official signer leaves unsigned, because proxies change them. Those of JDCLOUD3
** leave out more; content-type and host are signed all the same, as by the official Python SDK. */
static bool is_never_signed(jdvm_version version, jdvm_text name) {
  static const jdvm_text always[] = {TEXT("user-agent"), TEXT("connection"),
                                     TEXT("x-jdcloud-trace-id"), TEXT("x-jdcloud-request-id")};
  static const jdvm_text version3[] = {TEXT("accept"),
                                       TEXT("cache-control"),
                                       TEXT("content-length"),
                                       TEXT("expect"),
                                       TEXT("from"),
                                       TEXT("if-match"),
                                       TEXT("if-none-match"),
                                       TEXT("if-modified-since"),
                                       TEXT("if-unmodified-since"),
                                       TEXT("if-range"),
                                       TEXT("max-forwards"),
                                       TEXT("pragma"),
                                       TEXT("range"),
                                       TEXT("proxy-authorization"),
                                       TEXT("referer"),
                                       TEXT("te")};
  return is_one_of(name, always, COUNT(always)) ||
         (version == JDVM_JDCLOUD3 && is_one_of(name, version3, COUNT(version3)));
}

static int add_header(jdvm_pairs *pairs, jdvm_text name, jdvm_text value, size_t order,
                      jdvm_error *error) {
  if (!jdvm_pairs_add(pairs, name, value)) {
    return jdvm_short_of_memory(error);
  }
  pairs->items[pairs->count - 1].order = order;
  return 0;
}

/* Takes one of the caller's headers. */
static int take_extra(jdvm_headers *headers, jdvm_version version, jdvm_pair pair,
                      jdvm_text *payload_hash, jdvm_error *error) {
  static const jdvm_text reserved[] = {TEXT("host"), TEXT("x-jdcloud-date"),
                                       TEXT("x-jdcloud-nonce"), TEXT("authorization")};
  jdvm_pairs *pairs = &headers->to_sign;
  if (lower_name(&headers->store, &pair.name, error) != 0 ||
      clean_value(&headers->store, version, pair.name, &pair.value, error) != 0) {
    return -1;
  }
  if (is_one_of(pair.name, reserved, COUNT(reserved))) {
    return jdvm_fail(error, JDVM_ARGUMENT, "header %.*s is made by the signer", shown(pair.name),
                     pair.name.bytes);
  }
  if (is_one_of(pair.name, &hash_name, 1)) {
    if (pair.value.length == 0) {
      return jdvm_fail(error, JDVM_ARGUMENT, "header x-jdcloud-content-sha256 is empty");
    }
    *payload_hash = pair.value;
  } else if (is_never_signed(version, pair.name)) {
    pairs = &headers->not_signed;
  }
  return add_header(pairs, pair.name, pair.value, JDVM_OWN_HEADERS + pair.order, error);
}

/* --- all headers --------------------------------------------------------------------------- */

static int check_twice(const jdvm_pairs *sorted, jdvm_error *error) {
  size_t i;
  for (i = 1; i < sorted->count; i++) {
    jdvm_text name = sorted->items[i].name;
    if (is_one_of(name, &sorted->items[i - 1].name, 1)) {
      return jdvm_fail(error, JDVM_ARGUMENT, "header %.*s is given twice", shown(name), name.bytes);
    }
  }
  return 0;
}

/* Empties the results; what will point into the store must not move, so all room is made now. */
static bool start_over(jdvm_headers *headers, size_t room) {
  size_t i;
  headers->to_sign.count = 0;
  headers->not_signed.count = 0;
  headers->store.length = 0;
  for (i = 0; i < headers->extra.count; i++) {
    const jdvm_pair *pair = &headers->extra.items[i];
    if (pair->name.length > SIZE_MAX / 8 || pair->value.length > SIZE_MAX / 8 ||
        room > SIZE_MAX / 8) {
      return false;
    }
    room += pair->name.length + pair->value.length + 1;
  }
  return jdvm_buf_reserve(&headers->store, room + 1);
}

int jdvm_headers_nonce(jdvm_headers *headers, jdvm_version version, jdvm_text *nonce,
                       jdvm_error *error) {
  if (!start_over(headers, nonce->length)) {
    return jdvm_short_of_memory(error);
  }
  if (clean_value(&headers->store, version, jdvm_own_header_names[JDVM_NONCE], nonce, error) != 0) {
    return -1;
  }
  return nonce->length == 0 ? jdvm_fail(error, JDVM_ARGUMENT, "nonce is empty") : 0;
}

int jdvm_headers_collect(jdvm_headers *headers, jdvm_version version,
                         jdvm_text own[JDVM_OWN_HEADERS], jdvm_text *payload_hash,
                         jdvm_error *error) {
  const jdvm_text *content_type = &jdvm_own_header_names[JDVM_CONTENT_TYPE];
  size_t i;
  for (i = 0; i < headers->extra.count; i++) {
    if (take_extra(headers, version, headers->extra.items[i], payload_hash, error) != 0) {
      return -1;
    }
  }
  for (i = 0; i < headers->to_sign.count; i++) {
    if (is_one_of(headers->to_sign.items[i].name, content_type, 1)) {
      own[JDVM_CONTENT_TYPE].bytes = NULL;
    }
  }
  for (i = 0; i < JDVM_OWN_HEADERS; i++) {
    if (own[i].bytes != NULL &&
        add_header(&headers->to_sign, jdvm_own_header_names[i], own[i], i, error) != 0) {
      return -1;
    }
  }
  jdvm_headers_sort(&headers->to_sign);
  jdvm_headers_sort(&headers->not_signed);
  return check_twice(&headers->to_sign, error) != 0 ? -1 : check_twice(&headers->not_signed, error);
}

int jdvm_headers_receive(jdvm_headers *headers, jdvm_version version, jdvm_text *payload_hash,
                         jdvm_error *error) {
  size_t i;
  if (!start_over(headers, 0)) {
    return jdvm_short_of_memory(error);
  }
  for (i = 0; i < headers->extra.count; i++) {
    jdvm_pair pair = headers->extra.items[i];
    if (lower_name(&headers->store, &pair.name, error) != 0 ||
        clean_value(&headers->store, version, pair.name, &pair.value, error) != 0 ||
        add_header(&headers->to_sign, pair.name, pair.value, pair.order, error) != 0) {
      return -1;
    }
    if (is_one_of(pair.name, &hash_name, 1)) {
      *payload_hash = pair.value;
    }
  }
  jdvm_headers_sort(&headers->to_sign);
  return 0;
}

void jdvm_headers_free(jdvm_headers *headers) {
  jdvm_pairs_free(&headers->extra);
  jdvm_pairs_free(&headers->to_sign);
  jdvm_pairs_free(&headers->not_signed);
  jdvm_buf_free(&headers->store);
}
