#include "jdvm_request.h"

#define TEXT(literal)                                                                              \
  { literal, sizeof(literal) - 1 }

const jdvm_text jdvm_own_header_names[JDVM_OWN_HEADERS] = {
    TEXT("content-type"), TEXT("host"), TEXT("x-jdcloud-date"), TEXT("x-jdcloud-nonce"),
    TEXT("x-jdcloud-security-token")};

/* A hash of the body that the sender computed; it is signed and used in place of our own. */
static const jdvm_text hash_name = TEXT("x-jdcloud-content-sha256");

static bool is_control(char c) {
  return (unsigned char)c < ' ' || c == 127;
}

static bool is_visible(char c) {
  return c > ' ' && c < 127;
}

static int short_of_memory(jdvm_error *error) {
  return jdvm_fail(error, JDVM_MEMORY, "not enough memory");
}

/* What a request line and a Host header may consist of. */
static int check_line(const jdvm_request *request, jdvm_error *error) {
  size_t i;
  for (i = 0; i < request->method.length; i++) {
    if (request->method.bytes[i] < 'A' || request->method.bytes[i] > 'Z') {
      return jdvm_fail(error, JDVM_ARGUMENT, "method is not made of the letters A to Z");
    }
  }
  for (i = 0; i < request->host.length; i++) {
    if (!is_visible(request->host.bytes[i]) || strchr("/?#@,\"<>\\^`{|}", request->host.bytes[i])) {
      return jdvm_fail(error, JDVM_ARGUMENT,
                       "host contains a character that no host name or port has");
    }
  }
  if (request->method.length == 0 || request->host.length == 0) {
    return jdvm_fail(error, JDVM_ARGUMENT, "%s is empty",
                     request->method.length == 0 ? "method" : "host");
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
  while (from < end) {
    const char *slash = memchr(from, '/', (size_t)(end - from));
    size_t length = (size_t)((slash != NULL ? slash : end) - from);
    if ((length == 1 || length == 2) && from[0] == '.' && from[length - 1] == '.') {
      return jdvm_fail(error, JDVM_ARGUMENT, "path contains the segment \"%.*s\"", (int)length,
                       from);
    }
    from += length + (slash != NULL);
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
  return check_line(request, error) != 0 ? -1 : check_path(request->path, error);
}

/* Makes a header value canonical. What is sent is the canonical value, so that a verifier that
** folds blanks and one that does not see the same. The store has room for it. */
static int clean_value(jdvm_buf *store, jdvm_version version, jdvm_text name, jdvm_text *value,
                       jdvm_error *error) {
  size_t i, start = store->length;
  bool blank = false;
  for (i = 0; i < value->length; i++) {
    char c = value->bytes[i];
    if (is_control(c) && c != '\t') {
      return jdvm_fail(error, JDVM_ARGUMENT, "header %.*s contains a control character",
                       (int)(name.length < 64 ? name.length : 64), name.bytes);
    }
    blank = blank || c == ' ' || c == '\t';
  }
  if (blank) {
    if (!jdvm_canonical_value(store, version, *value)) {
      return short_of_memory(error);
    }
    value->bytes = store->bytes + start;
    value->length = store->length - start;
  }
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

/* Headers that at least one official signer leaves unsigned: proxies change them. JDCLOUD3 signers
** leave more out; content-type and host are signed all the same, as the official Python SDK does.
*/
static bool is_never_signed(jdvm_version version, jdvm_text name) {
  static const jdvm_text names[] = {TEXT("user-agent"),
                                    TEXT("connection"),
                                    TEXT("x-jdcloud-trace-id"),
                                    TEXT("x-jdcloud-request-id"),
                                    TEXT("proxy-authorization"),
                                    TEXT("accept"),
                                    TEXT("cache-control"),
                                    TEXT("content-length"),
                                    TEXT("expect"),
                                    TEXT("from"),
                                    TEXT("if-match"),
                                    TEXT("if-modified-since"),
                                    TEXT("if-none-match"),
                                    TEXT("if-range"),
                                    TEXT("if-unmodified-since"),
                                    TEXT("max-forwards"),
                                    TEXT("pragma"),
                                    TEXT("range"),
                                    TEXT("referer"),
                                    TEXT("te")};
  return is_one_of(name, names, version == JDVM_JDCLOUD3 ? sizeof names / sizeof *names : 5);
}

static int lower_name(jdvm_buf *store, jdvm_text *name, jdvm_error *error) {
  size_t i, start = store->length;
  for (i = 0; i < name->length; i++) {
    char c = name->bytes[i];
    if (!is_visible(c) || strchr("\"(),/:;<=>?@[\\]{}", c)) {
      break;
    }
    c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    if (!jdvm_buf_add_char(store, c)) {
      return short_of_memory(error);
    }
  }
  if (i < name->length || i == 0) {
    return jdvm_fail(error, JDVM_ARGUMENT, "name of a header is not a token of HTTP");
  }
  name->bytes = store->bytes + start;
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
  if (is_one_of(pair.name, reserved, sizeof reserved / sizeof *reserved)) {
    return jdvm_fail(error, JDVM_ARGUMENT, "header %.*s is made by the signer",
                     (int)pair.name.length, pair.name.bytes);
  }
  if (is_one_of(pair.name, &hash_name, 1)) {
    *payload_hash = pair.value;
  } else if (is_never_signed(version, pair.name)) {
    pairs = &headers->not_signed;
  }
  if (!jdvm_pairs_add(pairs, pair.name, pair.value)) {
    return short_of_memory(error);
  }
  pairs->items[pairs->count - 1].order = JDVM_OWN_HEADERS + pair.order;
  return 0;
}

/* Takes one of the signer's own headers. Only the nonce is not yet known to be clean. */
static int take_own(jdvm_headers *headers, jdvm_version version, size_t which, jdvm_text value,
                    jdvm_error *error) {
  jdvm_text name = jdvm_own_header_names[which];
  if (which == JDVM_NONCE) {
    if (clean_value(&headers->store, version, name, &value, error) != 0) {
      return -1;
    }
    if (value.length == 0) {
      return jdvm_fail(error, JDVM_ARGUMENT, "nonce is empty");
    }
  }
  if (!jdvm_pairs_add(&headers->to_sign, name, value)) {
    return short_of_memory(error);
  }
  headers->to_sign.items[headers->to_sign.count - 1].order = which;
  return 0;
}

static int check_twice(const jdvm_pairs *sorted, jdvm_error *error) {
  size_t i;
  for (i = 1; i < sorted->count; i++) {
    if (is_one_of(sorted->items[i].name, &sorted->items[i - 1].name, 1)) {
      jdvm_text name = sorted->items[i].name;
      return jdvm_fail(error, JDVM_ARGUMENT, "header %.*s is given twice",
                       (int)(name.length < 64 ? name.length : 64), name.bytes);
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
    room += headers->extra.items[i].name.length + headers->extra.items[i].value.length + 1;
  }
  return jdvm_buf_reserve(&headers->store, room + 1);
}

int jdvm_headers_collect(jdvm_headers *headers, jdvm_version version,
                         const jdvm_text own[JDVM_OWN_HEADERS], jdvm_text *payload_hash,
                         jdvm_error *error) {
  bool has_type = false;
  size_t i;
  if (!start_over(headers, own[JDVM_NONCE].length)) {
    return short_of_memory(error);
  }
  for (i = 0; i < headers->extra.count; i++) {
    if (take_extra(headers, version, headers->extra.items[i], payload_hash, error) != 0) {
      return -1;
    }
  }
  for (i = 0; i < headers->to_sign.count; i++) {
    has_type = has_type || is_one_of(headers->to_sign.items[i].name, jdvm_own_header_names, 1);
  }
  for (i = has_type ? JDVM_HOST : JDVM_CONTENT_TYPE; i < JDVM_OWN_HEADERS; i++) {
    if (own[i].bytes != NULL && take_own(headers, version, i, own[i], error) != 0) {
      return -1;
    }
  }
  jdvm_headers_sort(&headers->to_sign);
  jdvm_headers_sort(&headers->not_signed);
  if (check_twice(&headers->to_sign, error) != 0) {
    return -1;
  }
  return check_twice(&headers->not_signed, error);
}

int jdvm_headers_receive(jdvm_headers *headers, jdvm_version version, jdvm_text *payload_hash,
                         jdvm_error *error) {
  size_t i;
  if (!start_over(headers, 0)) {
    return short_of_memory(error);
  }
  for (i = 0; i < headers->extra.count; i++) {
    jdvm_pair pair = headers->extra.items[i];
    if (lower_name(&headers->store, &pair.name, error) != 0 ||
        clean_value(&headers->store, version, pair.name, &pair.value, error) != 0) {
      return -1;
    }
    if (!jdvm_pairs_add(&headers->to_sign, pair.name, pair.value)) {
      return short_of_memory(error);
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
