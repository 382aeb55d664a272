/* A signer: one identity, any number of requests. No clock, no randomness, no environment: date and
** nonce are arguments, so that every signature can be made again. */
#ifndef JDVM_SIGNER_H
#define JDVM_SIGNER_H

#include "jdvm_request.h"
#include "jdvm_sign.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* What a signer is made of. */
typedef struct jdvm_identity {
  jdvm_version version;
  jdvm_text access_key;
  jdvm_text secret_key;
  jdvm_text token; /* of a temporary key; empty for none */
  bool raw_token;  /* send it as it is, not as base64 (the official SDKs disagree) */
  jdvm_text region;
  jdvm_text service;
} jdvm_identity;

/* Keeps the key of the day, the date of the second and every buffer from one signature to the
** next. Zero-filled is valid and closed. */
typedef struct jdvm_signer {
  jdvm_hasher hasher;
  jdvm_hmac_key key; /* of the day of `timestamp` */
  jdvm_version version;
  int64_t second; /* what `timestamp` stands for */
  bool has_second, has_day;
  char timestamp[JDVM_TIMESTAMP];
  jdvm_buf owned; /* the bytes of the five texts below, wiped at the end */
  jdvm_text access_key, secret_key, token, region, service;
  jdvm_buf to_sign;       /* string to sign; only the hash at its end changes within a second */
  jdvm_buf authorization; /* all up to SignedHeaders= stands for a day */
  size_t authorization_head;
  jdvm_pairs query;     /* decoded parameters, filled by the caller before each signature */
  jdvm_headers headers; /* `extra` likewise; the rest is the result */
  jdvm_buf canonical;   /* canonical request */
  jdvm_text target;     /* after a signature: path and query as they must be sent */
} jdvm_signer;

/* Copies the identity. On failure close the signer. */
int jdvm_signer_open(jdvm_signer *signer, const jdvm_identity *identity, jdvm_error *error);

/* Signs; the results (target, timestamp, authorization, headers) point into the signer and the
** request and hold until the next call. A failure leaves the signer usable. */
int jdvm_signer_sign(jdvm_signer *signer, const jdvm_request *request, jdvm_error *error);

/* Wipes and frees everything. */
void jdvm_signer_close(jdvm_signer *signer);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
