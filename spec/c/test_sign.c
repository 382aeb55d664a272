/* Tests of percent-encoding, canonical requests and signers, against slow and simple forms of the
** same rules, with a guard page behind every input. */
#define _DEFAULT_SOURCE

#include "check.h"

#include "pure/chars.h"
#include "pure/signer.h"
#include "pure/uri.h"

#include <time.h>

static guarded guards[2];

static jdvm_text text_of(const char *bytes, size_t length) {
  jdvm_text text;
  text.bytes = bytes;
  text.length = length;
  return text;
}

static jdvm_text literal(const char *bytes) {
  return text_of(bytes, strlen(bytes));
}

/* --- bytes ------------------------------------------------------------------------------------ */

static bool is_among(int c, const char *set) {
  return c != 0 && strchr(set, c) != NULL;
}

static void test_chars(void) {
  static const char *const letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
  int c;
  bool good = true;
  for (c = 0; c < 256; c++) {
    bool usual = is_among(c, letters);
    unsigned kinds = 0;
    kinds |= usual || c == '~' ? JDVM_CHAR_UNRESERVED : 0;
    kinds |= usual || is_among(c, "~/") ? JDVM_CHAR_PATH : 0;
    kinds |= usual || is_among(c, "~!#$%&'*+^`|") ? JDVM_CHAR_TOKEN : 0;
    kinds |= usual || is_among(c, ":[]") ? JDVM_CHAR_HOST : 0;
    kinds |= is_among(c, " \t") ? JDVM_CHAR_BLANK : 0;
    kinds |= (c < 32 && c != '\t') || c == 127 ? JDVM_CHAR_CONTROL : 0;
    good = good && jdvm_kinds((char)c) == kinds;
  }
  CHECK(good);
}

/* Random text of at most `most` bytes, many of them troublesome. */
static size_t make_text(char *bytes, size_t most) {
  static const char often[] = "%%%%//++&=~ \t..a-Z_0\x80\xff\r\n";
  size_t i, length = random_below((uint32_t)most + 1);
  for (i = 0; i < length; i++) {
    switch (random_below(4)) {
    case 0:
      bytes[i] = often[random_below(sizeof often)]; /* NUL too */
      break;
    case 1:
      bytes[i] = (char)random_below(256);
      break;
    default:
      bytes[i] = (char)('a' + random_below(26));
    }
  }
  return length;
}

static void slow_encode(jdvm_buf *out, const char *bytes, size_t length, const char *kept) {
  size_t i;
  for (i = 0; i < length; i++) {
    unsigned char c = (unsigned char)bytes[i];
    char escape[4];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        is_among(c, kept)) {
      (void)jdvm_buf_add_char(out, (char)c);
    } else {
      (void)snprintf(escape, sizeof escape, "%%%02X", c);
      (void)jdvm_buf_add(out, escape, 3);
    }
  }
}

static bool is_hex(char c) {
  return is_among(c, "0123456789abcdefABCDEF");
}

static void slow_decode(jdvm_buf *out, const char *bytes, size_t length, bool plus) {
  size_t i;
  for (i = 0; i < length; i++) {
    char c = bytes[i];
    if (c == '%' && length - i > 2 && is_hex(bytes[i + 1]) && is_hex(bytes[i + 2])) {
      char digits[3] = {bytes[i + 1], bytes[i + 2], 0};
      c = (char)strtol(digits, NULL, 16);
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    (void)jdvm_buf_add_char(out, c);
  }
}

static bool same(const jdvm_buf *a, const jdvm_buf *b) {
  return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static void test_uri(void) {
  jdvm_buf expected = {NULL, 0, 0}, got = {NULL, 0, 0}, back = {NULL, 0, 0};
  char bytes[64];
  int i;
  bool good = true;
  for (i = 0; i < 20000 && good; i++) {
    size_t length = make_text(bytes, sizeof bytes);
    jdvm_text text = text_of(guarded_copy(&guards[0], bytes, length), length);
    bool flag = random_below(2) == 0;
    expected.length = got.length = back.length = 0;
    slow_encode(&expected, bytes, length, flag ? "-._~/" : "-._~");
    good = jdvm_encode_uri(&got, text, flag) && same(&expected, &got) &&
           jdvm_decode_uri(&back, text_of(got.bytes, got.length), flag) && back.length == length &&
           memcmp(back.bytes, text.bytes, length) == 0;
    expected.length = got.length = 0;
    slow_decode(&expected, bytes, length, flag);
    good = good && jdvm_decode_uri(&got, text, flag) && same(&expected, &got);
  }
  CHECK(good);
  CHECK(!jdvm_encode_uri(&got, text_of(bytes, SIZE_MAX / 2), false)); /* not even looked at */
  CHECK(!jdvm_decode_uri(&got, text_of(bytes, SIZE_MAX / 2), false));
  jdvm_buf_free(&expected);
  jdvm_buf_free(&got);
  jdvm_buf_free(&back);
}

/* --- canonical requests --- */

static void slow_path(jdvm_buf *out, jdvm_version version, const char *bytes, size_t length) {
  jdvm_buf plain = {NULL, 0, 0}, encoded = {NULL, 0, 0};
  size_t i, start = 0;
  if (version == JDVM_JDCLOUD2) {
    for (i = 0; i <= length; i++) {
      if (i == length || bytes[i] == '/') {
        plain.length = 0;
        slow_decode(&plain, bytes + start, i - start, false);
        slow_encode(out, plain.bytes, plain.length, "-._~");
        start = i + 1;
        if (i < length) {
          (void)jdvm_buf_add_char(out, '/');
        }
      }
    }
    if (length == 0) {
      (void)jdvm_buf_add_char(out, '/');
    }
  } else {
    slow_decode(&plain, bytes, length, true);
    (void)jdvm_buf_add_char(&encoded, '/');
    slow_encode(&encoded, plain.bytes, plain.length, "-._~/");
    for (i = 0; i < encoded.length; i++) {
      if (i == 0 || encoded.bytes[i] != '/' || encoded.bytes[i - 1] != '/') {
        (void)jdvm_buf_add_char(out, encoded.bytes[i]);
      }
    }
  }
  jdvm_buf_free(&plain);
  jdvm_buf_free(&encoded);
}

enum { MOST_PAIRS = 40 };

typedef struct slow_pair {
  jdvm_buf name, value;
} slow_pair;

static int compare_bufs(const jdvm_buf *a, const jdvm_buf *b) {
  size_t shorter = a->length < b->length ? a->length : b->length;
  int order = shorter > 0 ? memcmp(a->bytes, b->bytes, shorter) : 0;
  return order != 0 ? order : a->length < b->length ? -1 : a->length > b->length;
}

static int compare_slow(const void *a, const void *b) {
  const slow_pair *x = a, *y = b;
  int names = compare_bufs(&x->name, &y->name);
  return names != 0 ? names : compare_bufs(&x->value, &y->value);
}

static void slow_query(jdvm_buf *out, jdvm_version version, const char *bytes, size_t length) {
  slow_pair pairs[MOST_PAIRS];
  jdvm_buf plain = {NULL, 0, 0};
  size_t i, count = 0, start = 0, from = out->length;
  memset(pairs, 0, sizeof pairs);
  for (i = 0; i <= length; i++) {
    if ((i == length || bytes[i] == '&') && i > start) {
      size_t equals = start;
      while (equals < i && bytes[equals] != '=') {
        equals++;
      }
      plain.length = 0;
      slow_decode(&plain, bytes + start, equals - start, true);
      slow_encode(&pairs[count].name, plain.bytes, plain.length, "-._~");
      plain.length = 0;
      if (equals < i) {
        slow_decode(&plain, bytes + equals + 1, i - equals - 1, true);
      }
      slow_encode(&pairs[count].value, plain.bytes, plain.length, "-._~");
      count++;
    }
    if (i < length && bytes[i] == '&') {
      start = i + 1;
    }
  }
  qsort(pairs, count, sizeof *pairs, compare_slow);
  for (i = 0; i < count; i++) {
    if (version == JDVM_JDCLOUD2 || pairs[i].name.length > 0) {
      if (out->length > from) {
        (void)jdvm_buf_add_char(out, '&');
      }
      (void)jdvm_buf_add(out, pairs[i].name.bytes, pairs[i].name.length);
      (void)jdvm_buf_add_char(out, '=');
      (void)jdvm_buf_add(out, pairs[i].value.bytes, pairs[i].value.length);
    }
    jdvm_buf_free(&pairs[i].name);
    jdvm_buf_free(&pairs[i].value);
  }
  jdvm_buf_free(&plain);
}

static void test_canonical(void) {
  jdvm_buf expected = {NULL, 0, 0}, got = {NULL, 0, 0}, store = {NULL, 0, 0};
  jdvm_pairs query = {NULL, 0, 0}, headers = {NULL, 0, 0};
  char path[64], text[MOST_PAIRS];
  int i;
  bool good = true;
  for (i = 0; i < 30000 && good; i++) {
    jdvm_version version = random_below(2) == 0 ? JDVM_JDCLOUD2 : JDVM_JDCLOUD3;
    size_t path_length = make_text(path, sizeof path), length = make_text(text, sizeof text);
    jdvm_layout layout;
    jdvm_parts parts;
    memset(&parts, 0, sizeof parts);
    parts.method = literal("get");
    parts.path = text_of(guarded_copy(&guards[0], path, path_length), path_length);
    parts.on_wire = true;
    parts.query = &query;
    parts.headers = &headers;
    parts.payload_hash = literal("hash");
    store.length = 0;
    query.count = 0;
    expected.length = 0;
    (void)jdvm_buf_add_text(&expected, "GET\n");
    slow_path(&expected, version, path, path_length);
    (void)jdvm_buf_add_char(&expected, '\n');
    slow_query(&expected, version, text, length);
    (void)jdvm_buf_add_text(&expected, "\n\n\nhash");
    good =
        jdvm_split_query(&store, &query, text_of(guarded_copy(&guards[1], text, length), length)) &&
        jdvm_canonical_request(&got, version, &parts, &layout) && same(&expected, &got);
    if (!good) {
      printf("expected %.*s\ngot %.*s\n", (int)expected.length, expected.bytes, (int)got.length,
             got.bytes);
    }
  }
  CHECK(good);
  jdvm_buf_free(&expected);
  jdvm_buf_free(&got);
  jdvm_buf_free(&store);
  jdvm_pairs_free(&query);
}

/* Lengths beyond all reason are refused before anything is read. */
static void test_huge(void) {
  jdvm_buf out = {NULL, 0, 0};
  jdvm_pairs query = {NULL, 0, 0}, headers = {NULL, 0, 0};
  jdvm_parts parts;
  jdvm_layout layout;
  int i;
  memset(&parts, 0, sizeof parts);
  parts.query = &query;
  parts.headers = &headers;
  parts.path = text_of("/", SIZE_MAX / 8);
  CHECK(!jdvm_canonical_request(&out, JDVM_JDCLOUD2, &parts, &layout));
  parts.path = literal("/");
  for (i = 0; i < 20; i++) { /* each is possible, their sum is not */
    (void)jdvm_pairs_add(&query, literal("a"), text_of("x", SIZE_MAX / 16));
  }
  CHECK(!jdvm_canonical_request(&out, JDVM_JDCLOUD2, &parts, &layout));
  query.count = 0;
  for (i = 0; i < 20; i++) {
    (void)jdvm_pairs_add(&headers, literal("a"), text_of("x", SIZE_MAX / 16));
  }
  CHECK(!jdvm_canonical_request(&out, JDVM_JDCLOUD2, &parts, &layout));
  jdvm_buf_free(&out);
  jdvm_pairs_free(&query);
  jdvm_pairs_free(&headers);
}

static void test_value(void) {
  static const struct {
    const char *value, *folded, *trimmed;
  } cases[] = {{"", "", ""},
               {" ", "", ""},
               {" \t ", "", ""},
               {"a", "a", "a"},
               {" a\t", "a", "a"},
               {"a  b", "a b", "a  b"},
               {"\ta \t b\t", "a b", "a \t b"},
               {"a\tb", "a b", "a\tb"}};
  jdvm_buf out = {NULL, 0, 0};
  size_t i;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t length = strlen(cases[i].value);
    jdvm_text value = text_of(guarded_copy(&guards[0], cases[i].value, length), length);
    out.length = 0;
    CHECK(jdvm_canonical_value(&out, JDVM_JDCLOUD2, value) &&
          out.length == strlen(cases[i].folded) &&
          memcmp(out.bytes, cases[i].folded, out.length) == 0);
    out.length = 0;
    CHECK(jdvm_canonical_value(&out, JDVM_JDCLOUD3, value) &&
          out.length == strlen(cases[i].trimmed) &&
          memcmp(out.bytes, cases[i].trimmed, out.length) == 0);
  }
  jdvm_buf_free(&out);
}

/* --- time --- */

static void test_timestamp(void) {
  char expected[32], got[JDVM_TIMESTAMP];
  int64_t day;
  bool good = true;
  for (day = 0; day < JDVM_TIME_END / 86400 && good; day += 1 + random_below(3)) {
    time_t seconds = (time_t)(day * 86400 + (int64_t)random_below(86400));
    struct tm parts;
    good = gmtime_r(&seconds, &parts) != NULL &&
           strftime(expected, sizeof expected, "%Y%m%dT%H%M%SZ", &parts) == JDVM_TIMESTAMP;
    jdvm_timestamp(got, seconds);
    good = good && memcmp(got, expected, sizeof got) == 0;
  }
  CHECK(good);
}

/* --- signers
 * -------------------------------------------------------------------------------------- */

static jdvm_identity identity_of(jdvm_version version, const char *token) {
  jdvm_identity identity;
  identity.version = version;
  identity.access_key = literal("AK");
  identity.secret_key = literal("SK");
  identity.token = literal(token);
  identity.raw_token = false;
  identity.region = literal("cn-north-1");
  identity.service = literal("vm");
  return identity;
}

static bool sign_once(jdvm_signer *signer, unsigned seed, jdvm_error *error) {
  static const char *const hosts[] = {"vm.jdcloud-api.com", "127.0.0.1:8443"};
  static const char *const nonces[] = {"nonce", " a  nonce with blanks ", "another"};
  static const char *const values[] = {"1", "2", "x y"};
  jdvm_request request;
  request.method = literal(seed % 7 == 0 ? "DELETE" : "GET");
  request.host = literal(hosts[seed / 2 % 2]);
  request.path = literal(seed % 3 == 0 ? "/v1/regions/cn-north-1/images/img-a" : "/v1/x y");
  request.nonce = literal(nonces[seed % 3]);
  request.body = literal(seed % 11 == 0 ? "body" : "");
  request.seconds = 1700000000 + seed % 5 * 20000;
  signer->query.count = 0;
  signer->headers.extra.count = 0;
  if (seed % 2 == 0 && !jdvm_pairs_add(&signer->query, literal("n"), literal(values[seed % 3]))) {
    return false;
  }
  if (seed % 13 == 0 && !jdvm_pairs_add(&signer->headers.extra, literal("X-A"), literal(" b "))) {
    return false;
  }
  return jdvm_signer_sign(signer, &request, error) == 0;
}

/* A signer that has signed much signs like one that has signed nothing. */
static void test_reuse(void) {
  jdvm_version version;
  for (version = JDVM_JDCLOUD2; version <= JDVM_JDCLOUD3; version++) {
    jdvm_identity identity = identity_of(version, version == JDVM_JDCLOUD3 ? "token" : "");
    jdvm_signer used;
    jdvm_error error;
    int i;
    bool good;
    memset(&used, 0, sizeof used);
    good = CHECK(jdvm_signer_open(&used, &identity, &error) == 0);
    for (i = 0; i < 3000 && good; i++) {
      unsigned seed = random_below(100000);
      jdvm_signer fresh;
      memset(&fresh, 0, sizeof fresh);
      good = jdvm_signer_open(&fresh, &identity, &error) == 0 && sign_once(&fresh, seed, &error) &&
             sign_once(&used, seed, &error) && same(&used.authorization, &fresh.authorization) &&
             used.target.length == fresh.target.length &&
             memcmp(used.target.bytes, fresh.target.bytes, used.target.length) == 0 &&
             memcmp(used.timestamp, fresh.timestamp, sizeof used.timestamp) == 0;
      jdvm_signer_close(&fresh);
    }
    CHECK(good);
    jdvm_signer_close(&used);
    jdvm_signer_close(&used);
  }
}

/* Once it has seen requests of a kind, a signer allocates nothing of its own: nothing grows or
 * moves. */
static void test_steady(void) {
  jdvm_identity identity = identity_of(JDVM_JDCLOUD2, "token");
  jdvm_signer signer, before;
  jdvm_error error;
  unsigned seed;
  bool good = true;
  memset(&signer, 0, sizeof signer);
  CHECK(jdvm_signer_open(&signer, &identity, &error) == 0);
  before = signer;
  for (seed = 0; seed < 3000; seed++) {
    good = good && sign_once(&signer, seed, &error);
    if (seed == 300) {
      before = signer;
    }
  }
  CHECK(good);
  CHECK(before.canonical.bytes == signer.canonical.bytes);
  CHECK(before.canonical.capacity == signer.canonical.capacity);
  CHECK(before.authorization.bytes == signer.authorization.bytes);
  CHECK(before.to_sign.bytes == signer.to_sign.bytes);
  CHECK(before.usual.bytes == signer.usual.bytes);
  CHECK(before.query.items == signer.query.items);
  CHECK(before.headers.store.bytes == signer.headers.store.bytes);
  CHECK(before.headers.to_sign.items == signer.headers.to_sign.items);
  CHECK(before.key.inner == signer.key.inner && before.key.begun == signer.key.begun);
  CHECK(before.hasher.context == signer.hasher.context);
  jdvm_signer_close(&signer);
}

/* The keys are in one block that never moved and is wiped before it is freed. */
static void test_owned(void) {
  jdvm_identity identity = identity_of(JDVM_JDCLOUD2, "tok"), copy;
  jdvm_buf owned = {NULL, 0, 0};
  jdvm_error error;
  const char *first;
  char token[1500];
  size_t length;
  bool good = true;
  CHECK(jdvm_identity_copy(&copy, &owned, &identity, &error) == 0);
  first = owned.bytes;
  CHECK(copy.access_key.bytes == first && copy.token.bytes >= first &&
        copy.token.bytes + copy.token.length == first + owned.length);
  CHECK(copy.token.length == 4 && memcmp(copy.token.bytes, "dG9r", 4) == 0);
  CHECK(copy.secret_key.bytes != identity.secret_key.bytes);
  jdvm_buf_wipe(&owned);
  jdvm_buf_wipe(&owned);
  for (length = 0; length < sizeof token && good; length++) {
    memset(token, 't', sizeof token);
    identity.token = text_of(token, length);
    good = jdvm_identity_copy(&copy, &owned, &identity, &error) == 0 &&
           copy.access_key.bytes == owned.bytes && copy.region.bytes < owned.bytes + owned.length &&
           copy.token.length == (length + 2) / 3 * 4;
    jdvm_buf_wipe(&owned);
  }
  CHECK(good);
  identity.token = literal("");
  identity.secret_key = literal("secret\n");
  CHECK(jdvm_identity_copy(&copy, &owned, &identity, &error) != 0);
  CHECK(error.kind == JDVM_ARGUMENT && strstr(error.message, "secret\n") == NULL);
  CHECK(owned.bytes == NULL);
}

/* Times and texts that only C can hand over, since the binding checks them before. */
static void test_refusals(void) {
  jdvm_identity identity = identity_of(JDVM_JDCLOUD2, "");
  jdvm_signer signer;
  jdvm_error error;
  jdvm_request request;
  memset(&signer, 0, sizeof signer);
  memset(&request, 0, sizeof request);
  CHECK(jdvm_signer_open(&signer, &identity, &error) == 0);
  request.method = literal("GET");
  request.host = literal("h");
  request.path = literal("/");
  request.nonce = literal("n");
  request.seconds = -1;
  CHECK(jdvm_signer_sign(&signer, &request, &error) != 0 && error.kind == JDVM_ARGUMENT);
  request.seconds = JDVM_TIME_END;
  CHECK(jdvm_signer_sign(&signer, &request, &error) != 0 && error.kind == JDVM_ARGUMENT);
  request.seconds = JDVM_TIME_END - 1;
  CHECK(jdvm_signer_sign(&signer, &request, &error) == 0);
  CHECK(memcmp(signer.timestamp, "99991231T235959Z", JDVM_TIMESTAMP) == 0);
  (void)jdvm_pairs_add(&signer.headers.extra, literal("a"), text_of("x", SIZE_MAX / 4));
  CHECK(jdvm_signer_sign(&signer, &request, &error) != 0 && error.kind == JDVM_MEMORY);
  signer.headers.extra.count = 0;
  CHECK(jdvm_signer_sign(&signer, &request, &error) == 0);
  CHECK(jdvm_signer_sign(&signer, &request, NULL) == 0);
  request.host = literal("");
  CHECK(jdvm_signer_sign(&signer, &request, NULL) != 0); /* nobody wants to know why */
  jdvm_signer_close(&signer);
}

int main(void) {
  guards[0] = guarded_new();
  guards[1] = guarded_new();
  TEST(test_chars());
  TEST(test_uri());
  TEST(test_canonical());
  TEST(test_huge());
  TEST(test_value());
  TEST(test_timestamp());
  TEST(test_reuse());
  TEST(test_steady());
  TEST(test_owned());
  TEST(test_refusals());
  guarded_free(&guards[0]);
  guarded_free(&guards[1]);
  return tests_end();
}
