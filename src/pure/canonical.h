/* The canonical request: the one text that client and service must agree on, byte for byte. The
** signer builds it from plain parts and sends the same bytes. It can also be built from what was
** sent, for tests and for users who look into a signature. Both ways share every rule.
**
** The rules are those of the documentation (API common declaration, Authorization-Rules) for
** JDCLOUD2-HMAC-SHA256, and of the official Python and Node.js signers for JDCLOUD3-HMAC-SHA256,
** which has no documentation:
**                   JDCLOUD2                       JDCLOUD3
**   path            each segment encoded once      the same; runs of "/" count as one; what arrives
**                                                  may have "+" for a space and %2F for "/"
**   query           encoded pairs, sorted          the same; pairs without a name left out
**   header values   trimmed, blanks inside folded  trimmed
**                   to one space */
#ifndef JDVM_CANONICAL_H
#define JDVM_CANONICAL_H

#include "buf.h"
#include "pairs.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

typedef enum jdvm_version { JDVM_JDCLOUD2 = 2, JDVM_JDCLOUD3 = 3 } jdvm_version;

/* Appends a header value in its canonical form. */
bool jdvm_canonical_value(jdvm_buf *out, jdvm_version version, jdvm_text value);

/* Sorts by name; headers of one name stay in the order they came in. */
void jdvm_headers_sort(jdvm_pairs *headers);

/* What is hashed. The headers are sorted, their names lower case, their values canonical; values of
** one name are joined by ",". Without them (NULL) `ready` has, in pieces, what would be made of
** them: the canonical headers, an empty line and the list of signed headers. */
enum { JDVM_PIECES = 3 };
typedef struct jdvm_parts {
  jdvm_text method;
  jdvm_text path;
  bool on_wire;      /* the path is percent-encoded, else it is plain text */
  jdvm_pairs *query; /* plain text; will be sorted */
  const jdvm_pairs *headers;
  jdvm_text ready[JDVM_PIECES];
  jdvm_text payload_hash;
} jdvm_parts;

/* Where parts of it stand in the canonical request. */
typedef struct jdvm_layout {
  size_t path_at, path_end;
  size_t query_at, query_end;
  size_t names_at, names_end; /* the list of signed headers, unless that was ready */
} jdvm_layout;

/* Writes the canonical request in place of what `out` holds. */
bool jdvm_canonical_request(jdvm_buf *out, jdvm_version version, const jdvm_parts *parts,
                            jdvm_layout *layout);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
