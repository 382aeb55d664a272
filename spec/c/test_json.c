/* Tests of the pure C part of the decoder: the scanners, keys made to collide. Values and bad texts are tested from Lua,
** and by spec/fuzz/fuzz_decode.c. Every text lies right in front of a page that must not be
** touched, so a read behind its end ends the program. Built and run by spec/steps/c.sh; by hand:
**   make build/test/test_json && build/test/test_json
** With CFLAGS=-DJDVM_PORTABLE_SCAN (and another BUILD folder) the portable scanner is tested. */
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif

#include "check.h"

#include "pure/scan.h"
#include "pure/shape.h"

static guarded texts;
static unsigned char *guard; /* the first byte that must not be read */

static const char *place(const char *text, size_t length) {
  return guarded_copy(&texts, text, length);
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
  return length + 1;
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

/* --- shapes ---------------------------------------------------------------------------------- */

/* Keys made to collide cost a bounded number of steps, and are then not remembered. */
static void test_collisions(void) {
  static jdvm_shapes shapes;
  char name[32];
  unsigned i, remembered = 0;
  jdvm_shapes_reset(&shapes);
  for (i = 0; i < 60; i++) {
    (void)snprintf(name, sizeof name, "01234567%02u89abcdef", i);
    remembered +=
        jdvm_shapes_key(&shapes, JDVM_TOP(&shapes), (unsigned char *)name, strlen(name)) != NULL;
  }
  CHECK(remembered >= 10 && remembered < 60);
}

int main(void) {
  texts = guarded_new();
  guard = (unsigned char *)texts.start + texts.page;
  TEST(test_scan());
  TEST(test_collisions());
  return tests_end();
}
