/* Tests of the pure C part of the decoder: reading tokens, numbers, skipping, selections, shapes.
** Every text lies right in front of a page that must not be touched, so a read behind its end ends
** the program. Built and run by spec/steps/c.sh; by hand:
**   make build/test/test_json && build/test/test_json
** With CFLAGS=-DJDVM_PORTABLE_SCAN (and another BUILD folder) the portable scanner is tested. */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#include "pure/fields.h"
#include "pure/json.h"
#include "pure/number.h"
#include "pure/scan.h"
#include "pure/shape.h"

/* --- texts in front of a guard page ---------------------------------------------------------- */

static unsigned char *guard; /* the first byte that must not be read */
static size_t room;

static void make_guard(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  unsigned char *map;
  room = 16 * page;
  map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0) {
    perror("mmap");
    exit(2);
  }
  guard = map + room;
}

/* Copies a text to the end of the room. */
static const char *place(const char *text, size_t length) {
  unsigned char *at = guard - length;
  memcpy(at, text, length);
  return (const char *)at;
}

/* Reads a whole text. True if it is well formed; else *offset is where it goes wrong. */
static bool well_formed_bytes(const char *text, size_t length, bool replace, size_t *offset) {
  jdvm_json json;
  jdvm_error error;
  const unsigned char *at = jdvm_json_open(&json, place(text, length), length, replace);
  at = jdvm_json_skip(&json, at, 64);
  if (at != NULL) {
    at = jdvm_json_space(&json, at);
    if (at != json.end) {
      at = jdvm_json_fail(&json, at, JDVM_WANT_END);
    }
  }
  if (at == NULL) {
    *offset = jdvm_json_explain(&json, &error);
    if (error.kind != JDVM_DECODE || strncmp(error.message, "expected ", 9) != 0) {
      check_at(false, error.message, __FILE__, __LINE__);
    }
  }
  return at != NULL;
}

static bool well_formed(const char *text) {
  size_t offset;
  return well_formed_bytes(text, strlen(text), false, &offset);
}

static bool wrong_at(const char *text, size_t expected) {
  size_t offset;
  return !well_formed_bytes(text, strlen(text), false, &offset) && offset == expected;
}

/* --- structure ------------------------------------------------------------------------------- */

static const char sample[] =
    "{\"requestId\":\"5dfbb22e5f44a6798476bc2408c3bb68\",\"result\":{\"totalCount\":2,\"images\":["
    "{\"imageId\":\"img-m5s0****29\",\"name\":\"CentOS 8.2 64\xE4\xBD\x8D\",\"sizeMB\":2494,"
    "\"uefiSupport\":false,\"desc\":null,\"systemDisk\":{\"cloudDisk\":{\"diskSizeGB\":40,"
    "\"iops\":-1.5e+3}},\"dataDisks\":[],\"tags\":[{ \"key\" : \"a\\u4e2d\\ud83d\\ude00\\n\" }]},\n"
    "{\"name\":"
    "\"\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD"
    "\xE6\x96\x87\xF0\x9F\x98\x80\xC3\xA9\",\"x\":[true,false,[[[{}]]],0,0.25]}]}}";

static void test_structure(void) {
  CHECK(well_formed(sample));
  CHECK(well_formed("0"));
  CHECK(well_formed(" [ 1 , { \"a\" : [ ] } ] "));
  CHECK(well_formed("\xEF\xBB\xBF{}"));
  CHECK(wrong_at("", 0));
  CHECK(wrong_at("[1,]", 3));
  CHECK(wrong_at("[,", 1));
  CHECK(wrong_at("{\"a\":1,}", 7));
  CHECK(wrong_at("{\"a\" 1}", 5));
  CHECK(wrong_at("[1 2]", 3));
  CHECK(wrong_at("[1}", 2));
  CHECK(wrong_at("{}]", 2));
  CHECK(wrong_at("nul", 3));
  CHECK(wrong_at("trux", 3));
}

/* Every beginning of a text goes wrong at its end, and nowhere is a byte behind it read. */
static void test_truncation(void) {
  size_t length, offset;
  bool ok = true;
  for (length = 0; length + 1 < sizeof sample; length++) {
    ok = ok && !well_formed_bytes(sample, length, false, &offset) && offset == length;
    ok = ok && !well_formed_bytes(sample, length, true, &offset) && offset == length;
  }
  CHECK(ok);
}

/* Any byte changed to any other: the verdict may be either, but no byte behind the text is read,
** and what is refused is refused by its beginning up to that byte alone. */
static void test_damage(void) {
  char text[sizeof sample];
  size_t i, offset, again;
  int byte;
  bool ok = true;
  memcpy(text, sample, sizeof sample);
  for (i = 0; i + 1 < sizeof sample; i++) {
    for (byte = 0; byte < 256; byte++) {
      text[i] = (char)byte;
      if (!well_formed_bytes(text, sizeof sample - 1, false, &offset) &&
          offset + 1 < sizeof sample - 1) {
        ok = ok && offset >= i;
        ok = ok && !well_formed_bytes(text, offset + 1, false, &again) && again == offset;
      }
    }
    text[i] = sample[i];
  }
  CHECK(ok);
}

static void test_depth(void) {
  static char text[2 * JDVM_JSON_LEVELS + 4];
  jdvm_json json;
  size_t i;
  for (i = 0; i <= JDVM_JSON_LEVELS; i++) {
    text[i] = '[';
    text[2 * JDVM_JSON_LEVELS + 1 - i] = ']';
  }
  CHECK(jdvm_json_skip(&json, jdvm_json_open(&json, text + 1, 2 * JDVM_JSON_LEVELS, false),
                       JDVM_JSON_LEVELS) == json.end);
  CHECK(jdvm_json_skip(&json, jdvm_json_open(&json, text, 2 * JDVM_JSON_LEVELS + 2, false),
                       JDVM_JSON_LEVELS + 9) == NULL);
  CHECK(json.bad - json.start == JDVM_JSON_LEVELS);
  CHECK(jdvm_json_skip(&json, jdvm_json_open(&json, "{\"a\":[]}", 8, false), 1) == NULL);
  CHECK(json.bad - json.start == 5);
  CHECK(jdvm_json_skip(&json, jdvm_json_open(&json, "{}", 2, false), 0) == NULL);
}

/* --- strings --------------------------------------------------------------------------------- */

/* Reads the string in `text` (with its quotes); returns whether its value is `expected`. */
static bool string_is(const char *text, bool replace, const char *expected,
                      size_t expected_length) {
  static char value[8192];
  size_t length = strlen(text);
  jdvm_json json;
  jdvm_json_text found;
  const unsigned char *at = jdvm_json_open(&json, place(text, length), length, replace);
  at = jdvm_json_string(&json, at + 1, &found);
  if (at != json.end || jdvm_json_room(&json, &found) > sizeof value) {
    return false;
  }
  if (found.plain) {
    return found.length == expected_length && memcmp(found.bytes, expected, expected_length) == 0;
  }
  return jdvm_json_unescape(&found, value) == expected_length &&
         memcmp(value, expected, expected_length) == 0;
}
#define STRING_IS(text, expected) CHECK(string_is(text, false, expected, sizeof expected - 1))
#define REPAIRED(text, expected) CHECK(string_is(text, true, expected, sizeof expected - 1))
#define MARK "\xEF\xBF\xBD"

static void test_strings(void) {
  STRING_IS("\"\"", "");
  STRING_IS("\"a\\u0000b\"", "a\0b");
  STRING_IS("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
  STRING_IS("\"\\u007f\\u0080\\u07FF\\u0800\\uffff\"",
            "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF");
  STRING_IS("\"\\ud800\\udc00\\udbff\\udfff\"", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  STRING_IS("\"\xE4\xB8\xAD\\n\xE6\x96\x87\"", "\xE4\xB8\xAD\n\xE6\x96\x87");
  CHECK(wrong_at("\"\\ud800\"", 7));
  CHECK(wrong_at("\"\\ud800\\n\"", 8));
  CHECK(wrong_at("\"\\ud800\\u0041\"", 9));
  CHECK(wrong_at("\"\\ud800\\ud7ff\"", 10));
  CHECK(wrong_at("\"\\udc00\"", 4));
  CHECK(wrong_at("\"\\u12g4\"", 5));
  CHECK(wrong_at("\"\\x\"", 2));
  CHECK(wrong_at("\"\n\"", 1));
  REPAIRED("\"a\xFF"
           "b\"",
           "a" MARK "b");
  REPAIRED("\"\xE4\xB8\"", MARK);
  REPAIRED("\"\xF0\x9F\x98\xE4\xB8\xAD\"", MARK "\xE4\xB8\xAD");
  REPAIRED("\"\\ud800\\u0041\\udc00\\ud800\"", MARK "A" MARK MARK);
  REPAIRED("\"\\ud800\\ud83d\\ude00\\n\"", MARK "\xF0\x9F\x98\x80\n");
  REPAIRED("\"\xC0\x80\xED\xA0\x80\"", MARK MARK MARK MARK MARK);
}

/* The first byte that cannot follow in UTF-8, told by the table of RFC 3629 section 4. */
static size_t utf8_wrong_at(const unsigned char *bytes, size_t length) {
  size_t i = 0;
  while (i < length) {
    unsigned lead = bytes[i];
    unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    int rest = lead < 0x80   ? 0
               : lead < 0xC2 ? -1
               : lead < 0xE0 ? 1
               : lead < 0xF0 ? 2
               : lead < 0xF5 ? 3
                             : -1;
    if (rest < 0) {
      return i;
    }
    for (i++; rest > 0; i++, rest--) {
      if (i == length || bytes[i] < low || bytes[i] > high) {
        return i;
      }
      low = 0x80;
      high = 0xBF;
    }
  }
  return length + 1; /* the closing quote is fine */
}

/* All sequences of up to three bytes and many of four, at each distance from the end of a block. */
static void test_utf8(void) {
  static const unsigned char fourth[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
                                         0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF};
  unsigned char text[64];
  unsigned a, b, c, d;
  size_t front, offset;
  bool ok = true;
  for (front = 0; front < 18; front += 1 + front % 4) {
    memset(text, 'x', sizeof text);
    text[0] = '"';
    for (a = 0x80; a < 0x100; a++) {
      for (b = 0; b < sizeof fourth; b++) {
        for (c = 0; c < sizeof fourth; c++) {
          for (d = 1; d < sizeof fourth; d++) {
            unsigned char *at = text + 1 + front;
            size_t expected;
            bool good;
            at[0] = (unsigned char)a;
            at[1] = fourth[b] < 0x20 ? 0x80 : fourth[b];
            at[2] = fourth[c] < 0x20 ? 0x80 : fourth[c];
            at[3] = fourth[d];
            at[4] = '"';
            expected = utf8_wrong_at(at, 4);
            good = well_formed_bytes((char *)text, front + 6, false, &offset);
            ok = ok && (good ? expected == 5 : offset == 1 + front + expected);
          }
        }
      }
    }
  }
  CHECK(ok);
}

/* The scanners agree with a byte-by-byte look, at every length and place. */
static void test_scan(void) {
  unsigned char bytes[80];
  size_t length, i;
  int byte;
  bool ok = true;
  for (length = 0; length <= 64; length++) {
    memset(bytes, 'a', sizeof bytes);
    for (i = 0; i < length; i++) {
      for (byte = 0; byte < 256; byte++) {
        const unsigned char *at;
        bytes[i] = (unsigned char)byte;
        at = (const unsigned char *)place((char *)bytes, length);
        ok = ok && jdvm_scan_plain(at, guard) ==
                       (jdvm_scan_is_plain((unsigned char)byte) ? guard : at + i);
      }
      bytes[i] = 'a';
    }
  }
  CHECK(ok);
  for (length = 0; length < 60; length += 3) {
    for (i = 0; i < length; i++) {
      bytes[i] = (unsigned char)"\xE4\xB8\xAD"[i % 3];
    }
    for (i = 0; i < length; i++) {
      for (byte = 0; byte < 256; byte++) {
        const unsigned char *at, *stop;
        unsigned char old = bytes[i];
        bytes[i] = (unsigned char)byte;
        at = (const unsigned char *)place((char *)bytes, length);
        stop = jdvm_scan_three_byte(at, guard);
        /* It may stop early, but only before a character, and not behind a bad one. */
        ok = ok && (stop - at) % 3 == 0 && (size_t)(stop - at) < utf8_wrong_at(at, length) + 1;
        bytes[i] = old;
      }
    }
  }
  CHECK(ok);
}

/* --- numbers --------------------------------------------------------------------------------- */

static jdvm_number number_of(const char *text) {
  size_t length = strlen(text);
  jdvm_json json;
  jdvm_number number = {JDVM_DIGITS, 0, 0};
  const unsigned char *at = jdvm_json_open(&json, place(text, length), length, false);
  json.big_integers = true;
  if (jdvm_json_number(&json, at, &number) != json.end) {
    check_at(false, text, __FILE__, __LINE__);
  }
  return number;
}

/* A failure at the first byte of the number, whether it is wanted or skipped. */
static bool is_out_of_range(const char *text, bool big_integers) {
  size_t length = strlen(text);
  jdvm_json json;
  jdvm_number number;
  const unsigned char *at = jdvm_json_open(&json, place(text, length), length, false);
  json.big_integers = big_integers;
  return jdvm_json_number(&json, at, &number) == NULL && json.bad == at &&
         jdvm_json_skip(&json, at, 1) == NULL && json.bad == at;
}

static bool integer_is(const char *text, int64_t expected) {
  jdvm_number number = number_of(text);
  return number.kind == JDVM_INTEGER && number.integer == expected;
}

static bool real_is(const char *text, double expected) {
  jdvm_number number = number_of(text);
  return number.kind == JDVM_REAL && memcmp(&number.real, &expected, sizeof expected) == 0;
}

static bool digits_only(const char *text) {
  return number_of(text).kind == JDVM_DIGITS;
}

static void test_numbers(void) {
  char text[64];
  unsigned seed = 1, i;
  bool ok = true;
  CHECK(integer_is("0", 0));
  CHECK(integer_is("-0", 0));
  CHECK(integer_is("-9223372036854775808", INT64_MIN));
  CHECK(integer_is("9223372036854775807", INT64_MAX));
  CHECK(digits_only("9223372036854775808"));
  CHECK(digits_only("-9223372036854775809"));
  CHECK(digits_only("18446744073709551616"));
  CHECK(digits_only("100000000000000000000"));
  CHECK(is_out_of_range("9223372036854775808", false));
  CHECK(is_out_of_range("-9223372036854775809", false));
  CHECK(is_out_of_range("1e309", true));
  CHECK(is_out_of_range("-1e99999999999999999999", true));
  CHECK(real_is("-0.0", -0.0));
  CHECK(real_is("0.1", 0.1));
  CHECK(real_is("1e22", 1e22));
  CHECK(real_is("1e23", 1e23));
  CHECK(real_is("5e-324", 5e-324));
  CHECK(real_is("2e-324", 0.0));
  CHECK(real_is("1e-99999999999999999999", 0.0));
  CHECK(real_is("1.7976931348623157e308", 1.7976931348623157e308));
  CHECK(real_is("9007199254740993.0", 9007199254740992.0));
  CHECK(real_is("18446744073709551616.5", 18446744073709551616.0));
  for (i = 0; i < 20000; i++) {
    seed = seed * 1103515245u + 12345u;
    (void)snprintf(text, sizeof text, "%u.%09ue%d", seed >> 20, seed % 1000000000u,
                   (int)(seed >> 8) % 320 - 160);
    ok = ok && real_is(text, strtod(text, NULL));
    (void)snprintf(text, sizeof text, "%d.%u", (int)(seed >> 12) % 2000 - 1000, seed % 100000u);
    ok = ok && real_is(text, strtod(text, NULL));
  }
  CHECK(ok);
}

/* --- selections ------------------------------------------------------------------------------ */

static void test_fields(void) {
  jdvm_field pool[8];
  jdvm_fields fields;
  jdvm_field *root, *items;
  const jdvm_field *child;
  memset(pool, 0, sizeof pool);
  CHECK(jdvm_fields_count("a", 1) == 1);
  CHECK(jdvm_fields_count("a.b.cd", 6) == 3);
  CHECK(jdvm_fields_count("", 0) == 0);
  CHECK(jdvm_fields_count(".", 1) == 0);
  CHECK(jdvm_fields_count("a.", 2) == 0);
  CHECK(jdvm_fields_count("a..b", 4) == 0);
  root = jdvm_fields_open(&fields, pool);
  items = jdvm_fields_add(&fields, root, "result.images", 13, true);
  jdvm_fields_add(&fields, items, "disk.size", 9, false)->whole = true;
  jdvm_fields_add(&fields, items, "disk.type", 9, false)->whole = true;
  jdvm_fields_add(&fields, items, "id", 2, false)->whole = true;
  CHECK(fields.used == 7);
  CHECK(root->others && !items->others);
  CHECK(jdvm_field_child(root, "images", 6) == NULL);
  child = jdvm_field_child(root, "result", 6);
  CHECK(child != NULL && child->others && jdvm_field_child(child, "images", 6) == items);
  child = jdvm_field_child(items, "disk", 4);
  CHECK(child != NULL && !child->whole && jdvm_field_child(child, "size", 4)->whole);
  CHECK(jdvm_field_child(items, "id", 2)->whole);
  CHECK(jdvm_field_child(items, "idx", 3) == NULL);
}

/* --- shapes ---------------------------------------------------------------------------------- */

static jdvm_key *key_of(jdvm_shapes *shapes, jdvm_key *where, const char *name) {
  return jdvm_shapes_key(shapes, where, (const unsigned char *)name, strlen(name), true);
}

static bool key_matches(const jdvm_key *key, const char *text) {
  unsigned char bytes[JDVM_KEY_BYTES + 8];
  memset(bytes, '"', sizeof bytes);
  memcpy(bytes, text, strlen(text));
  return jdvm_key_matches(key, (const unsigned char *)place((char *)bytes, JDVM_KEY_BYTES));
}

/* The key of a place that text begins with, if it is remembered. */
static jdvm_key *match(jdvm_shapes *shapes, const jdvm_key *where, const char *text) {
  char bytes[JDVM_KEY_BYTES];
  size_t length = strlen(text);
  memset(bytes, ' ', sizeof bytes);
  memcpy(bytes, text, length < sizeof bytes ? length : sizeof bytes);
  return jdvm_shapes_match(shapes, where, (const unsigned char *)place(bytes, sizeof bytes));
}

static void test_shapes(void) {
  static jdvm_shapes shapes;
  jdvm_key *top, *a, *b, *others, *key;
  char name[64];
  unsigned i;
  jdvm_shapes_reset(&shapes);
  top = JDVM_TOP(&shapes);
  a = key_of(&shapes, top, "a");
  b = key_of(&shapes, a, "a");
  CHECK(a != NULL && b != NULL && a != b);
  CHECK(key_of(&shapes, top, "a") == a && key_of(&shapes, a, "a") == b);
  CHECK(jdvm_shapes_key(&shapes, b, (const unsigned char *)"a", 1, false) == NULL);
  CHECK(key_matches(a, "\"a\":1"));
  CHECK(!key_matches(a, "\"a\" :1"));
  CHECK(!key_matches(a, "\"ab\":1"));
  CHECK(!key_matches(a, "\"b\":1"));
  CHECK(match(&shapes, top, "\"a\":1") == a && match(&shapes, a, "\"a\":1") == b);
  CHECK(match(&shapes, b, "\"a\":1") == NULL && match(&shapes, top, "\"b\":1") == NULL);
  CHECK(match(&shapes, top, "\"a\" :1") == NULL && match(&shapes, top, "\"a") == NULL);
  CHECK(match(&shapes, top, "\"\\u0061\":1") == NULL && match(&shapes, top, "\"a\\\":1") == NULL);
  CHECK(match(&shapes, JDVM_NOWHERE(&shapes), "\"a\":1") == NULL);
  CHECK(!key_matches(top, "") && !key_matches(JDVM_NOWHERE(&shapes), ""));
  CHECK(!key_matches(JDVM_NOWHERE(&shapes), "\"a\":1"));
  CHECK(a->next == JDVM_NOWHERE(&shapes) && a->first == JDVM_NOWHERE(&shapes));
  key = key_of(&shapes, top, "");
  CHECK(key != NULL && key_matches(key, "\"\":"));
  memset(name, 'k', sizeof name);
  name[JDVM_KEY_BYTES - 3] = '\0';
  key = key_of(&shapes, top, name);
  CHECK(key != NULL && key_matches(key, "\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkk\":"));
  CHECK(match(&shapes, top, "\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkk\":") == key);
  CHECK(match(&shapes, top, "\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\":") == NULL);
  name[JDVM_KEY_BYTES - 3] = 'k';
  name[JDVM_KEY_BYTES - 2] = '\0';
  CHECK(key_of(&shapes, top, name) == NULL);
  CHECK(key_of(&shapes, JDVM_NOWHERE(&shapes), "a") == NULL);
  CHECK(jdvm_shapes_others(&shapes, JDVM_NOWHERE(&shapes)) == JDVM_NOWHERE(&shapes));
  others = jdvm_shapes_others(&shapes, top);
  CHECK(others != JDVM_NOWHERE(&shapes) && others == jdvm_shapes_others(&shapes, top));
  CHECK(key_of(&shapes, others, "a") != a);

  /* A place takes no more than its share, and all together no more than there is room for. */
  for (i = 0; i < 1000; i++) {
    (void)snprintf(name, sizeof name, "%u", i);
    (void)key_of(&shapes, a, name);
  }
  CHECK(a->keys == JDVM_PLACE_KEYS);
  CHECK(shapes.refused >= 1000 - JDVM_PLACE_KEYS);
  for (i = 0; i < 1000; i++) {
    (void)snprintf(name, sizeof name, "%u", i % 50);
    key = key_of(&shapes, &shapes.keys[i % shapes.used], name);
  }
  CHECK(shapes.used <= JDVM_KEYS);
}

/* Keys made to collide cost a bounded number of steps, and are then not remembered. */
static void test_collisions(void) {
  static jdvm_shapes shapes;
  char name[32];
  unsigned i, remembered = 0;
  jdvm_shapes_reset(&shapes);
  for (i = 0; i < 60; i++) {
    (void)snprintf(name, sizeof name, "01234567%02u89abcdef", i);
    remembered += key_of(&shapes, JDVM_TOP(&shapes), name) != NULL;
  }
  CHECK(remembered >= 10 && remembered < 60);
}

int main(void) {
  make_guard();
  TEST(test_structure());
  TEST(test_truncation());
  TEST(test_damage());
  TEST(test_depth());
  TEST(test_strings());
  TEST(test_utf8());
  TEST(test_scan());
  TEST(test_numbers());
  TEST(test_fields());
  TEST(test_shapes());
  TEST(test_collisions());
  return tests_end();
}
