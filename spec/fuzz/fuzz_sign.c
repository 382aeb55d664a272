/* libFuzzer: canonical path, query and headers, and the round from a signed request to a verifier.
**
** Input: a byte whose lowest bit chooses the version, then lines: path, query, nonce, and one
** "name:value" for each header. spec/fuzz/run.sh builds and runs it. */
#include "pure/signer.h"
#include "pure/uri.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(condition) must((condition), #condition, __LINE__)

static void must(bool good, const char *text, int line) {
  if (!good) {
    fprintf(stderr, "fuzz_sign.c:%d: not so: %s\n", line, text);
    abort();
  }
}

static jdvm_text text_of(const char *bytes, size_t length) {
  jdvm_text text;
  text.bytes = bytes;
  text.length = length;
  return text;
}

/* Takes the text before the next `mark`, or all, off the front. */
static jdvm_text take(jdvm_text *rest, char mark) {
  const char *end = rest->length > 0 ? memchr(rest->bytes, mark, rest->length) : NULL;
  jdvm_text first = text_of(rest->bytes, end != NULL ? (size_t)(end - rest->bytes) : rest->length);
  size_t gone = end != NULL ? first.length + 1 : first.length;
  rest->bytes += gone;
  rest->length -= gone;
  return first;
}

static bool is_same(jdvm_text a, jdvm_text b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static int compare(jdvm_text a, jdvm_text b) {
  size_t shorter = a.length < b.length ? a.length : b.length;
  int order = shorter > 0 ? memcmp(a.bytes, b.bytes, shorter) : 0;
  return order != 0 ? order : a.length < b.length ? -1 : a.length > b.length;
}

static bool is_among(char c, const char *set) {
  return c != 0 && strchr(set, c) != NULL;
}

/* Unreserved characters, escapes in capitals, and `others`. */
static bool is_encoded(jdvm_text text, const char *others) {
  size_t i;
  for (i = 0; i < text.length; i++) {
    char c = text.bytes[i];
    if (c == '%') {
      if (text.length - i < 3 || !is_among(text.bytes[i + 1], "0123456789ABCDEF") ||
          !is_among(text.bytes[i + 2], "0123456789ABCDEF")) {
        return false;
      }
      i += 2;
    } else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 is_among(c, "-._~") || is_among(c, others))) {
      return false;
    }
  }
  return true;
}

static void check_query(jdvm_version version, jdvm_text query) {
  jdvm_text last_name = {NULL, 0}, last_value = {NULL, 0};
  bool first = true;
  while (query.length > 0) {
    jdvm_text value = take(&query, '&'), name = take(&value, '=');
    int order = first ? -1 : compare(last_name, name);
    MUST(value.bytes[-1] == '=');
    MUST(is_encoded(name, "") && is_encoded(value, ""));
    MUST(order < 0 || (order == 0 && compare(last_value, value) <= 0));
    MUST(name.length > 0 || version == JDVM_JDCLOUD2);
    last_name = name;
    last_value = value;
    first = false;
  }
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* Canonical headers and the list of their names say the same, in order. */
static void check_headers(jdvm_version version, jdvm_text headers, jdvm_text names) {
  jdvm_text last = {NULL, 0};
  while (headers.length > 0) {
    jdvm_text value = take(&headers, '\n'), name = take(&value, ':');
    size_t i;
    MUST(is_same(name, take(&names, ';')));
    MUST(name.length > 0 && (last.bytes == NULL || compare(last, name) < 0));
    for (i = 0; i < name.length; i++) {
      MUST(name.bytes[i] > ' ' && !(name.bytes[i] >= 'A' && name.bytes[i] <= 'Z'));
    }
    for (i = 0; i < value.length; i++) {
      char c = value.bytes[i];
      MUST((unsigned char)c >= ' ' || c == '\t');
      MUST(c != 127);
      MUST(version == JDVM_JDCLOUD3 || c != '\t');
      MUST(version == JDVM_JDCLOUD3 || c != ' ' || i == 0 || value.bytes[i - 1] != ' ');
    }
    MUST(value.length == 0 || !is_blank(value.bytes[0]));
    MUST(value.length == 0 || !is_blank(value.bytes[value.length - 1]));
    last = name;
  }
  MUST(names.length == 0);
}

/* One for all inputs, as in a process that lives long. */
typedef struct workshop {
  jdvm_buf first, again, store, plain, encoded;
  jdvm_pairs query;
  jdvm_headers headers;
  jdvm_signer signers[2];
} workshop;

static workshop w;

static void open_signers(void) {
  int i;
  for (i = 0; i < 2; i++) {
    jdvm_identity identity;
    jdvm_error error;
    memset(&identity, 0, sizeof identity);
    identity.version = i == 0 ? JDVM_JDCLOUD2 : JDVM_JDCLOUD3;
    identity.access_key = text_of("AK", 2);
    identity.secret_key = text_of("SK", 2);
    identity.region = text_of("cn-north-1", 10);
    identity.service = text_of("vm", 2);
    MUST(jdvm_signer_open(&w.signers[i], &identity, &error) == 0);
  }
}

/* Rebuilds the canonical request of what is on the wire, with the headers in w.headers.to_sign. */
static void rebuild(jdvm_buf *out, jdvm_version version, jdvm_text path, jdvm_text query,
                    const jdvm_pairs *headers, jdvm_layout *layout) {
  jdvm_parts parts;
  memset(&parts, 0, sizeof parts);
  w.store.length = 0;
  w.query.count = 0;
  parts.method = text_of("GET", 3);
  parts.path = path;
  parts.on_wire = true;
  parts.query = &w.query;
  parts.headers = headers;
  parts.payload_hash =
      text_of("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 64);
  MUST(jdvm_split_query(&w.store, &w.query, query));
  MUST(jdvm_canonical_request(out, version, &parts, layout));
}

static jdvm_text part(const jdvm_buf *text, size_t from, size_t to) {
  MUST(from <= to && to <= text->length);
  return text_of(text->bytes + from, to - from);
}

/* What arrives on the wire has one canonical form, and that form is its own. */
static void check_received(jdvm_version version, jdvm_text path, jdvm_text query) {
  jdvm_layout layout, second;
  jdvm_error error;
  jdvm_text hash = {NULL, 0}, canonical_path, canonical_query;
  bool headers_are_good = jdvm_headers_receive(&w.headers, version, &hash, &error) == 0;
  if (!headers_are_good) {
    w.headers.to_sign.count = 0;
  }
  rebuild(&w.first, version, path, query, &w.headers.to_sign, &layout);
  canonical_path = part(&w.first, layout.path_at, layout.path_end);
  canonical_query = part(&w.first, layout.query_at, layout.query_end);
  MUST(is_encoded(canonical_path, "/"));
  MUST(version == JDVM_JDCLOUD2 || canonical_path.bytes[0] == '/');
  check_query(version, canonical_query);
  check_headers(version, part(&w.first, layout.query_end + 1, layout.names_at - 1),
                part(&w.first, layout.names_at, layout.names_end));
  rebuild(&w.again, version, canonical_path, canonical_query, &w.headers.to_sign, &second);
  MUST(is_same(text_of(w.first.bytes, w.first.length), text_of(w.again.bytes, w.again.length)));
}

static void check_uri(jdvm_text text, bool keep_slash) {
  w.encoded.length = 0;
  w.plain.length = 0;
  MUST(jdvm_encode_uri(&w.encoded, text, keep_slash));
  MUST(is_encoded(text_of(w.encoded.bytes, w.encoded.length), keep_slash ? "/" : ""));
  MUST(jdvm_decode_uri(&w.plain, text_of(w.encoded.bytes, w.encoded.length), true));
  MUST(is_same(text, text_of(w.plain.bytes, w.plain.length)));
}

/* A verifier that sees only the target and the headers computes what was signed. */
static void check_signed(jdvm_version version, jdvm_text path, jdvm_text query, jdvm_text nonce) {
  jdvm_signer *signer = &w.signers[version == JDVM_JDCLOUD3];
  jdvm_request request;
  jdvm_layout layout;
  jdvm_error error;
  jdvm_text target, hash = {NULL, 0};
  size_t i;
  memset(&request, 0, sizeof request);
  request.method = text_of("GET", 3);
  request.host = text_of("vm.jdcloud-api.com", 18);
  request.path = path;
  request.nonce = nonce;
  request.seconds = (int64_t)(path.length * 40000);
  signer->query.count = 0;
  w.store.length = 0;
  MUST(jdvm_split_query(&w.store, &signer->query, query));
  signer->headers.extra.count = 0;
  for (i = 0; i < w.headers.extra.count; i++) {
    jdvm_pair pair = w.headers.extra.items[i];
    MUST(jdvm_pairs_add(&signer->headers.extra, pair.name, pair.value));
  }
  if (jdvm_signer_sign(signer, &request, &error) != 0) {
    MUST(error.kind == JDVM_ARGUMENT && error.message[0] != 0);
    return;
  }
  /* Send it: own and further headers, each in its place. */
  w.headers.extra.count = 0;
  for (i = 0; i < JDVM_OWN_HEADERS; i++) {
    if (signer->own[i].bytes != NULL) {
      MUST(jdvm_pairs_add(&w.headers.extra, jdvm_own_header_names[i], signer->own[i]));
    }
  }
  for (i = 0; i < signer->headers.to_sign.count; i++) {
    jdvm_pair pair = signer->headers.to_sign.items[i];
    if (pair.order >= JDVM_OWN_HEADERS) {
      MUST(jdvm_pairs_add(&w.headers.extra, pair.name, pair.value));
    }
  }
  MUST(jdvm_headers_receive(&w.headers, version, &hash, &error) == 0);
  target = signer->target;
  rebuild(&w.first, version, take(&target, '?'), target, &w.headers.to_sign, &layout);
  if (layout.query_end > layout.query_at) {
    w.first.bytes[layout.path_end] = '?'; /* as the signer leaves it */
  }
  if (hash.bytes == NULL) {
    MUST(is_same(text_of(w.first.bytes, w.first.length),
                 text_of(signer->canonical.bytes, signer->canonical.length)));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  jdvm_text rest = text_of((const char *)data, size), path, query, nonce;
  jdvm_version version;
  if (size == 0) {
    return 0;
  }
  if (w.signers[0].hasher.context == NULL) {
    open_signers();
  }
  version = (data[0] & 1) != 0 ? JDVM_JDCLOUD3 : JDVM_JDCLOUD2;
  check_uri(rest, (data[0] & 2) != 0);
  rest.bytes++;
  rest.length--;
  path = take(&rest, '\n');
  query = take(&rest, '\n');
  nonce = take(&rest, '\n');
  w.headers.extra.count = 0;
  while (rest.length > 0) {
    jdvm_text value = take(&rest, '\n'), name = take(&value, ':');
    MUST(jdvm_pairs_add(&w.headers.extra, name, value));
  }
  check_received(version, path, query);
  check_signed(version, path, query, nonce);
  return 0;
}
