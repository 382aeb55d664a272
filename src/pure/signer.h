/* A signer: one identity, any number of requests. No clock, no randomness, no environment: date and
** nonce are arguments, so that every signature can be made again. */
#ifndef JDVM_SIGNER_H
#define JDVM_SIGNER_H

#include "identity.h"
#include "request.h"
#include "sign.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* Keeps the key of the day, the date of the second and every buffer from one signature to the
** next. Zero-filled is valid and closed. */
typedef struct jdvm_signer {
  jdvm_hasher hasher;
  jdvm_beginning beginning; /* of canonical requests */
  jdvm_hmac_key key;        /* of the day, begun with all of the string to sign but the last line */
  int64_t second;           /* what `timestamp` stands for */
  bool has_second, has_day;
  char timestamp[JDVM_TIMESTAMP + 1]; /* ends in NUL */
  jdvm_identity who;
  jdvm_buf owned;         /* the bytes of `who` */
  jdvm_buf to_sign;       /* string to sign up to its last line, which is a hash */
  jdvm_buf authorization; /* all up to SignedHeaders= stands for a day */
  size_t authorization_head;
  jdvm_buf usual; /* canonical headers up to the value of the nonce, of the second and the host */
  size_t usual_host;  /* length of that host; 0: nothing is in `usual` */
  jdvm_buf usual_end; /* what follows the nonce, and the list of signed headers */
  jdvm_text usual_names;
  jdvm_pairs query;     /* plain parameters, filled by the caller before each signature */
  jdvm_headers headers; /* `extra` likewise; the rest is the result */
  jdvm_buf canonical;   /* canonical request */
  /* After a signature: path and query as they must be sent; the values of the own headers, NULL for
  ** one that is not sent or that the caller gave. All other headers are in `headers`. */
  jdvm_text target;
  jdvm_text own[JDVM_OWN_HEADERS];
} jdvm_signer;

/* Copies the identity. On failure close the signer. */
int jdvm_signer_open(jdvm_signer *signer, const jdvm_identity *identity, jdvm_error *error);

/* Signs; the results (target, own, headers, authorization) point into the signer and the
** request and hold until the next call. A failure leaves the signer usable. */
int jdvm_signer_sign(jdvm_signer *signer, const jdvm_request *request, jdvm_error *error);

/* Frees everything, and wipes what held keys or the token. */
void jdvm_signer_close(jdvm_signer *signer);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
