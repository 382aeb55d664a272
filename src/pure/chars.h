/* What each byte may be part of, as one table look-up. Independent of any locale. */
#ifndef JDVM_CHARS_H
#define JDVM_CHARS_H

#include <stdbool.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

enum {
  JDVM_CHAR_UNRESERVED = 1, /* A-Z a-z 0-9 - . _ ~ (RFC 3986): never percent-encoded */
  JDVM_CHAR_PATH = 2,       /* unreserved and "/" */
  JDVM_CHAR_TOKEN = 4,      /* of a header name (RFC 9110) */
  JDVM_CHAR_HOST = 8,       /* of a host name, an address or a port */
  JDVM_CHAR_BLANK = 16,     /* space and tab */
  JDVM_CHAR_CONTROL = 32    /* what must not stand in a header value: 0-31 but for tab, and 127 */
};

extern const unsigned char jdvm_char_kinds[256];

static inline unsigned jdvm_kinds(char c) {
  return jdvm_char_kinds[(unsigned char)c];
}

static inline bool jdvm_is(char c, unsigned kinds) {
  return (jdvm_kinds(c) & kinds) != 0;
}

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
