/* Percent-encoding of RFC 3986, both ways. */
#ifndef JDVM_URI_H
#define JDVM_URI_H

#include "buf.h"
#include "pairs.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* Appends the percent-encoded text: all bytes but A-Z a-z 0-9 - . _ ~ and, if asked, "/". */
bool jdvm_encode_uri(jdvm_buf *out, jdvm_text text, bool keep_slash);

/* Appends the decoded text; a "%" without two hexadecimal digits stays as it is. */
bool jdvm_decode_uri(jdvm_buf *out, jdvm_text text, bool plus_is_space);

/* Splits a query as on the wire into decoded pairs ("+" is a space; "a" is "a="). Their bytes are
** appended to `store`, which must stay unchanged as long as the pairs are used. */
bool jdvm_split_query(jdvm_buf *store, jdvm_pairs *pairs, jdvm_text query);

/* --- for callers that have made room: three bytes for each byte of plain text -------------- */

/* Writes the escape of one byte; returns the end. */
static inline char *jdvm_put_escape(char *to, char c) {
  static const char digits[] = "0123456789ABCDEF";
  to[0] = '%';
  to[1] = digits[(unsigned char)c >> 4];
  to[2] = digits[(unsigned char)c & 15];
  return to + 3;
}

/* Writes the encoded text, all but bytes of the kind `kept` (of chars.h) escaped; returns the
** end. */
char *jdvm_put_encoded(char *to, jdvm_text text, unsigned kept);

/* Takes one byte off the front of encoded text; *escaped tells whether it was an escape. */
char jdvm_take_byte(const char **from, const char *end, bool *escaped);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
