/* Tests of chars.c and sign.c against slow and simple forms of the same rules, with a guard page
** behind every input and behind the room for the results. */
#define _DEFAULT_SOURCE

#include "check.h"

#include "pure/chars.h"
#include "pure/sign.h"

#include <time.h>

static jdvm_text text_of(const char *bytes, size_t length) {
  jdvm_text text;
  text.bytes = bytes;
  text.length = length;
  return text;
}

static jdvm_text literal(const char *bytes) {
  return text_of(bytes, strlen(bytes));
}

/* --- bytes --- */

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
    kinds |= (c < 32 && c != '\t') || c == 127 ? JDVM_CHAR_CONTROL : 0;
    good = good && jdvm_char_kinds[c] == kinds;
  }
  CHECK(good);
}

static void test_hex(void) {
  unsigned char bytes[256];
  char hex[512], expected[3];
  int i;
  bool good = true;
  for (i = 0; i < 256; i++) {
    bytes[i] = (unsigned char)i;
  }
  jdvm_hex(hex, bytes, sizeof bytes);
  for (i = 0; i < 256; i++) {
    (void)snprintf(expected, sizeof expected, "%02x", i);
    good = good && memcmp(hex + 2 * i, expected, 2) == 0;
  }
  CHECK(good);
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

/* --- requests --- */

enum { MOST_PAIRS = 6, MOST_TEXT = 24 };

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

/* Random text, many of its bytes troublesome. */
static size_t make_text(char *bytes) {
  static const char often[] = "%%%%++&=~ \t..a-Z_0\x80\xff\r\n";
  size_t i, length = random_below(MOST_TEXT);
  for (i = 0; i < length; i++) {
    bytes[i] = random_below(3) == 0 ? often[random_below(sizeof often)] /* NUL too */
                                    : (char)('a' + random_below(26));
  }
  return length;
}

static void slow_encode(jdvm_buf *out, jdvm_text text, const char *kept) {
  size_t i;
  for (i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.bytes[i];
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

/* Names and values as C strings, encoded, sorted by insertion. */
static void slow_query(jdvm_buf *out, const jdvm_pair *query, size_t count) {
  char names[MOST_PAIRS][4 * MOST_TEXT], values[MOST_PAIRS][4 * MOST_TEXT];
  size_t i, place, used = 0;
  for (i = 0; i < count; i++) {
    jdvm_buf name = {NULL, 0, 0}, value = {NULL, 0, 0};
    slow_encode(&name, query[i].name, "-._~");
    slow_encode(&value, query[i].value, "-._~");
    (void)jdvm_buf_add_char(&name, '\0');
    (void)jdvm_buf_add_char(&value, '\0');
    for (place = used; place > 0; place--) {
      int order = strcmp(names[place - 1], name.bytes);
      if (order < 0 || (order == 0 && strcmp(values[place - 1], value.bytes) <= 0)) {
        break;
      }
      memcpy(names[place], names[place - 1], sizeof *names);
      memcpy(values[place], values[place - 1], sizeof *values);
    }
    (void)strcpy(names[place], name.bytes);
    (void)strcpy(values[place], value.bytes);
    used++;
    jdvm_buf_free(&name);
    jdvm_buf_free(&value);
  }
  for (i = 0; i < used; i++) {
    (void)jdvm_buf_add_char(out, i == 0 ? '?' : '&');
    (void)jdvm_buf_add_text(out, names[i]);
    (void)jdvm_buf_add_char(out, '=');
    (void)jdvm_buf_add_text(out, values[i]);
  }
}

/* Signs a random request by a signer that lives long and by one of its own: the same results, which
** are within the room, and the target that the slow form makes. */
static bool sign_twice(jdvm_signer *used, const jdvm_identity *identity, const guarded guards[3]) {
  char bytes[MOST_PAIRS * 2 * MOST_TEXT], path[MOST_TEXT + 1];
  size_t count = random_below(MOST_PAIRS), i, length = 0, start = 0, room;
  jdvm_pair query[MOST_PAIRS], again[MOST_PAIRS];
  jdvm_buf expected = {NULL, 0, 0};
  jdvm_request request;
  jdvm_signed first, second;
  jdvm_signer fresh;
  jdvm_error error;
  char *copy;
  bool good;
  for (i = 0; i < count; i++) {
    bytes[length] = 'n'; /* a name is not empty */
    query[i].name.length = make_text(bytes + length + 1) + 1;
    query[i].value.length = make_text(bytes + length + query[i].name.length);
    length += query[i].name.length + query[i].value.length;
  }
  copy = guarded_copy(&guards[0], bytes, length);
  for (i = 0; i < count; i++) {
    query[i].name.bytes = copy + start;
    query[i].value.bytes = copy + start + query[i].name.length;
    start += query[i].name.length + query[i].value.length;
  }
  path[0] = '/';
  path[1] = 'x';
  request.path.length = 2 + make_text(path + 2) % (MOST_TEXT - 2);
  request.path.bytes = guarded_copy(&guards[1], path, request.path.length);
  request.method = literal("GET");
  request.host = literal("127.0.0.1:8443");
  request.nonce = literal("nonce");
  request.seconds = 1700000000 + random_below(5) * 40000;
  request.count = count;
  memcpy(again, query, sizeof query);
  slow_encode(&expected, request.path, "-._~/");
  slow_query(&expected, query, count);
  length += request.path.length + request.method.length + request.host.length + 5;

  memset(&fresh, 0, sizeof fresh);
  good = jdvm_signer_open(&fresh, identity, &error) == 0;
  room = jdvm_sign_room(used, count, length);
  request.query = query;
  good = good && room <= guards[2].page &&
         jdvm_sign(used, &request, guards[2].start + guards[2].page - room, &first, &error) == 0;
  request.query = again;
  copy = malloc(room);
  good = good && copy != NULL && jdvm_sign(&fresh, &request, copy, &second, &error) == 0 &&
         first.target.length == expected.length &&
         memcmp(first.target.bytes, expected.bytes, expected.length) == 0 &&
         first.authorization.length == second.authorization.length &&
         memcmp(first.authorization.bytes, second.authorization.bytes,
                first.authorization.length) == 0 &&
         memcmp(first.date.bytes, second.date.bytes, JDVM_TIMESTAMP) == 0;
  jdvm_signer_close(&fresh);
  jdvm_buf_free(&expected);
  free(copy);
  return good;
}

static void test_requests(void) {
  guarded guards[3];
  int i, version;
  for (i = 0; i < 3; i++) {
    guards[i] = guarded_new();
  }
  for (version = JDVM_JDCLOUD2; version <= JDVM_JDCLOUD3; version++) {
    jdvm_identity identity = identity_of((jdvm_version)version, version ? "token" : "");
    jdvm_signer signer;
    jdvm_error error;
    bool good;
    memset(&signer, 0, sizeof signer);
    good = jdvm_signer_open(&signer, &identity, &error) == 0;
    for (i = 0; i < 5000 && good; i++) {
      good = sign_twice(&signer, &identity, guards);
    }
    CHECK(good);
    jdvm_signer_close(&signer);
  }
  for (i = 0; i < 3; i++) {
    guarded_free(&guards[i]);
  }
}

/* Closing wipes; the keys of every length are in one block. */
static void test_identity(void) {
  static const jdvm_signer closed;
  jdvm_identity identity = identity_of(JDVM_JDCLOUD2, "tok");
  jdvm_signer signer;
  jdvm_error error;
  char token[1500];
  size_t length;
  bool good = true;
  memset(&signer, 0, sizeof signer);
  memset(token, 't', sizeof token);
  for (length = 0; length < sizeof token && good; length++) {
    const char *first, *end;
    identity.token = text_of(token, length);
    good = jdvm_signer_open(&signer, &identity, &error) == 0;
    first = signer.owned.bytes;
    end = first + signer.owned.length;
    good = good && signer.access_key.bytes == first &&
           signer.token.length == (length + 2) / 3 * 4 &&
           signer.token.bytes + signer.token.length == end && signer.owned.length < 2 * length + 32;
    jdvm_signer_close(&signer);
    good = good && memcmp(&signer, &closed, sizeof closed) == 0;
  }
  CHECK(good);
  jdvm_signer_close(&signer);
  identity.secret_key = literal("secret\n");
  CHECK(jdvm_signer_open(&signer, &identity, &error) != 0);
  CHECK(error.kind == JDVM_ARGUMENT && strstr(error.message, "secret\n") == NULL);
  CHECK(memcmp(&signer, &closed, sizeof closed) == 0);
}

/* What only C can hand over, since the binding checks it before. */
static void test_refusals(void) {
  jdvm_identity identity = identity_of(JDVM_JDCLOUD2, "");
  jdvm_signer signer;
  jdvm_error error;
  jdvm_request request;
  jdvm_signed result;
  char room[2048];
  memset(&signer, 0, sizeof signer);
  memset(&request, 0, sizeof request);
  CHECK(jdvm_signer_open(&signer, &identity, &error) == 0);
  request.method = literal("GET");
  request.host = literal("h");
  request.path = literal("/");
  request.nonce = literal("n");
  CHECK(jdvm_sign_room(&signer, 0, 6) <= sizeof room);
  CHECK(jdvm_sign_room(&signer, SIZE_MAX / 4, 6) == SIZE_MAX);
  CHECK(jdvm_sign_room(&signer, 0, SIZE_MAX / 4) == SIZE_MAX);
  request.seconds = -1;
  CHECK(jdvm_sign(&signer, &request, room, &result, &error) != 0 && error.kind == JDVM_ARGUMENT);
  request.seconds = JDVM_TIME_END;
  CHECK(jdvm_sign(&signer, &request, room, &result, NULL) != 0); /* nobody wants to know why */
  request.seconds = JDVM_TIME_END - 1;
  CHECK(jdvm_sign(&signer, &request, room, &result, &error) == 0);
  CHECK(memcmp(result.date.bytes, "99991231T235959Z", JDVM_TIMESTAMP) == 0);
  jdvm_signer_close(&signer);
}

int main(void) {
  TEST(test_chars());
  TEST(test_hex());
  TEST(test_timestamp());
  TEST(test_requests());
  TEST(test_identity());
  TEST(test_refusals());
  return tests_end();
}
