/* What may be signed: the checks of a request, and its headers brought into the form in which they
** are both signed and sent. No keys here. */
#ifndef JDVM_REQUEST_H
#define JDVM_REQUEST_H

#include "canonical.h"
#include "error.h"

#include <stdint.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* One request to be signed. The path is plain text, not encoded. */
typedef struct jdvm_request {
  jdvm_text method;
  jdvm_text host;
  jdvm_text path;
  jdvm_text nonce;
  jdvm_text body;
  int64_t seconds;
} jdvm_request;

/* The headers that the signer itself sends. */
typedef enum jdvm_own_header {
  JDVM_CONTENT_TYPE,
  JDVM_HOST,
  JDVM_DATE,
  JDVM_NONCE,
  JDVM_TOKEN,
  JDVM_OWN_HEADERS
} jdvm_own_header;

extern const jdvm_text jdvm_own_header_names[JDVM_OWN_HEADERS];

/* The headers of one request. All arrays are kept from one request to the next. */
typedef struct jdvm_headers {
  jdvm_pairs extra;   /* what the caller wants sent beside the signer's own */
  jdvm_pairs to_sign; /* sorted; `order` below JDVM_OWN_HEADERS says which of the own it is */
  jdvm_pairs not_signed;
  jdvm_buf store; /* bytes of names and values in the latter two */
} jdvm_headers;

/* Refuses what could not arrive as it was signed, or could smuggle something into the request. The
** host, which seldom changes, is checked apart. */
int jdvm_request_check(const jdvm_request *request, const jdvm_pairs *query, jdvm_error *error);
int jdvm_check_host(jdvm_text host, jdvm_error *error);

/* Empties the results, and brings the nonce into the form of a header value. */
int jdvm_headers_nonce(jdvm_headers *headers, jdvm_version version, jdvm_text *nonce,
                       jdvm_error *error);

/* Then fills them from `extra` and the values of the own headers; one with bytes NULL is left out,
** and set to NULL where `extra` has another value. *payload_hash is set when `extra` contains
** x-jdcloud-content-sha256. */
int jdvm_headers_collect(jdvm_headers *headers, jdvm_version version,
                         jdvm_text own[JDVM_OWN_HEADERS], jdvm_text *payload_hash,
                         jdvm_error *error);

/* Fills `to_sign` from `extra`: headers as they arrived, names in any case, possibly repeated.
** *payload_hash likewise. */
int jdvm_headers_receive(jdvm_headers *headers, jdvm_version version, jdvm_text *payload_hash,
                         jdvm_error *error);

void jdvm_headers_free(jdvm_headers *headers);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
