/* The canonical request: the one text that client and service must agree on, byte for byte. The
** signer builds it from decoded parts and sends the same bytes; a verifier builds it again from
** what arrived. Both ways share every rule below.
**
** The rules are those of the documentation (API common declaration, Authorization-Rules) for
** JDCLOUD2-HMAC-SHA256, and of the official Python and Node.js signers for JDCLOUD3-HMAC-SHA256,
** which has no documentation:
**                      JDCLOUD2                     JDCLOUD3
**   path               each segment encoded once    "+" read as space, runs of "/" collapsed
**   query              sorted encoded pairs         the same; pairs with an empty name dropped
**   header values      trimmed, inner runs of       trimmed only
**                      blanks folded to a space */
#ifndef JDVM_CANONICAL_H
#define JDVM_CANONICAL_H

#include "jdvm_buf.h"
#include "jdvm_error.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

typedef enum jdvm_version { JDVM_JDCLOUD2 = 2, JDVM_JDCLOUD3 = 3 } jdvm_version;

/* A run of bytes owned by somebody else. */
typedef struct jdvm_text {
  const char *bytes;
  size_t length;
} jdvm_text;

/* A query parameter or a header. `order` is its place in the sequence it came in. */
typedef struct jdvm_pair {
  jdvm_text name;
  jdvm_text value;
  size_t order;
} jdvm_pair;

/* A growable array of pairs; zero-filled is valid and empty. */
typedef struct jdvm_pairs {
  jdvm_pair *items;
  size_t count;
  size_t capacity;
} jdvm_pairs;

bool jdvm_pairs_add(jdvm_pairs *pairs, jdvm_text name, jdvm_text value);
void jdvm_pairs_free(jdvm_pairs *pairs);

/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ (RFC 3986 unreserved) and, if asked, "/". */
bool jdvm_encode(jdvm_buf *out, jdvm_text text, bool keep_slash);

/* Undoes it; a "%" without two hexadecimal digits stays as it is. */
bool jdvm_decode_uri(jdvm_buf *out, jdvm_text text, bool plus_is_space);

/* Appends the canonical path. `decoded`: the path is plain text, its "/" separate segments;
** otherwise it is a path as on the wire. */
bool jdvm_canonical_path(jdvm_buf *out, jdvm_version version, jdvm_text path, bool decoded);

/* Sorts the pairs (decoded names and values) and appends the canonical query. */
bool jdvm_canonical_query(jdvm_buf *out, jdvm_version version, jdvm_pairs *pairs);

/* Splits a query as on the wire into decoded pairs. Their bytes are appended to `store`, which must
** stay unchanged as long as the pairs are used. */
bool jdvm_split_query(jdvm_buf *store, jdvm_pairs *pairs, jdvm_text query);

/* Appends a header value without its outer blanks and, for JDCLOUD2, with inner ones folded. */
bool jdvm_canonical_value(jdvm_buf *out, jdvm_version version, jdvm_text value);

/* Sorts by name; those of one name stay in the order they came in. */
void jdvm_headers_sort(jdvm_pairs *headers);

/* Appends the canonical headers, an empty line, and the list of signed headers, which begins at
** *names_at. The headers are sorted, their names lower case, their values canonical. Values of one
** name are joined by ",". */
bool jdvm_canonical_headers(jdvm_buf *out, const jdvm_pairs *headers, size_t *names_at);

/* Where the parts of a canonical request stand in it. */
typedef struct jdvm_layout {
  size_t path_at, path_end;
  size_t query_at, query_end;
  size_t names_at, names_end; /* signed headers */
} jdvm_layout;

/* The request as far as it is hashed. */
typedef struct jdvm_parts {
  jdvm_text method;
  jdvm_text path;
  bool decoded;              /* the path is plain text, not as on the wire */
  jdvm_pairs *query;         /* decoded; will be sorted */
  const jdvm_pairs *headers; /* as jdvm_canonical_headers wants them */
  jdvm_text payload_hash;
} jdvm_parts;

/* Writes the canonical request in place of what `out` holds. */
bool jdvm_canonical_request(jdvm_buf *out, jdvm_version version, const jdvm_parts *parts,
                            jdvm_layout *layout);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
