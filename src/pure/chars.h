/* What each byte may be part of, as one table look-up, independent of any locale; and bytes written
** as hexadecimal digits and as base64. */
#ifndef JDVM_CHARS_H
#define JDVM_CHARS_H

#include <stdbool.h>
#include <stddef.h>

#include "hidden.h"

enum {
  JDVM_CHAR_UNRESERVED = 1, /* A-Z a-z 0-9 - . _ ~ (RFC 3986): never percent-encoded */
  JDVM_CHAR_PATH = 2,       /* unreserved and "/" */
  JDVM_CHAR_TOKEN = 4,      /* of a header name (RFC 9110) */
  JDVM_CHAR_HOST = 8,       /* of a host name, an address or a port */
  JDVM_CHAR_CONTROL = 16    /* what must not stand in a header value: 0-31 but for tab, and 127 */
};

extern const unsigned char jdvm_char_kinds[256];

static inline bool jdvm_is(char c, unsigned kinds) {
  return (jdvm_char_kinds[(unsigned char)c] & kinds) != 0;
}

/* Writes 2 * length lower-case digits, no terminator. */
void jdvm_hex(char *out, const unsigned char *bytes, size_t length);

/* Writes base64 (RFC 4648) with padding, four bytes for each begun three; returns how many. */
size_t jdvm_base64(char *out, const char *text, size_t length);

#include "shown.h"

#endif
