/* Signs one request without a body: canonical request, string to sign, Authorization header, by
** JDCLOUD2-HMAC-SHA256 or JDCLOUD3-HMAC-SHA256. No clock, no randomness, no environment: date and
** nonce are arguments, so that every signature can be made again.
**
** The rules are those of the documentation (API common declaration, Authorization-Rules) for
** JDCLOUD2, and of the official Python and Node.js signers for JDCLOUD3, which has no documentation.
** For what is signed here both versions differ in two words only: the prefix of the secret key and
** the end of the scope. */
#ifndef JDVM_SIGN_H
#define JDVM_SIGN_H

#include "buf.h"
#include "crypto.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hidden.h"

/* A run of bytes that belongs to somebody else. */
typedef struct jdvm_text {
  const char *bytes;
  size_t length;
} jdvm_text;

typedef enum jdvm_version { JDVM_JDCLOUD2, JDVM_JDCLOUD3 } jdvm_version;

/* Who signs, and what the keys are for. */
typedef struct jdvm_identity {
  jdvm_version version;
  jdvm_text access_key;
  jdvm_text secret_key;
  jdvm_text token; /* of a temporary key; empty for none */
  bool raw_token;  /* send it as it is, not as base64 (the official SDKs disagree) */
  jdvm_text region;
  jdvm_text service;
} jdvm_identity;

enum { JDVM_TIMESTAMP = 16, JDVM_DAY = 8 }; /* lengths of 20190214T104514Z and 20190214 */

#define JDVM_TIME_END 253402300800 /* seconds from 1970 to the year 10000 */

/* One identity and any number of requests. Zero-filled is valid and closed. */
typedef struct jdvm_signer {
  jdvm_hasher hasher;
  jdvm_version version;
  jdvm_text access_key, secret_key, token, region, service; /* secret and token as they are used */
  jdvm_buf owned;                                           /* the bytes of these texts */
  char day[JDVM_DAY]; /* of `key`; the first byte is 0 when there is none */
  unsigned char key[JDVM_SHA256_SIZE];
} jdvm_signer;

/* A query parameter, plain text; jdvm_sign() replaces it by its encoded form. */
typedef struct jdvm_pair {
  jdvm_text name;
  jdvm_text value;
} jdvm_pair;

/* The path is plain text, not encoded. */
typedef struct jdvm_request {
  jdvm_text method;
  jdvm_text host;
  jdvm_text path;
  jdvm_text nonce;
  int64_t seconds; /* since 1970 */
  jdvm_pair *query;
  size_t count;
} jdvm_request;

/* What must be sent exactly so, and the canonical request that was hashed. */
typedef struct jdvm_signed {
  jdvm_text target;
  jdvm_text date;
  jdvm_text token; /* empty for none */
  jdvm_text authorization;
  jdvm_text canonical;
} jdvm_signed;

/* "JDCLOUD2-HMAC-SHA256" or "JDCLOUD3-HMAC-SHA256". */
const char *jdvm_algorithm_name(jdvm_version version);

/* Writes YYYYMMDDTHHMMSSZ (UTC). `seconds` since 1970, at least 0, less than JDVM_TIME_END. */
void jdvm_timestamp(char out[JDVM_TIMESTAMP], int64_t seconds);

/* Checks the identity and copies it. On failure close the signer. No message holds a secret. */
int jdvm_signer_open(jdvm_signer *signer, const jdvm_identity *identity, jdvm_error *error);

/* Frees everything, and wipes what held keys or the token. */
void jdvm_signer_close(jdvm_signer *signer);

/* Bytes of memory that jdvm_sign() needs for a request with `count` parameters whose texts have
** `length` bytes together; SIZE_MAX when that is beyond all reason. */
size_t jdvm_sign_room(const jdvm_signer *signer, size_t count, size_t length);

/* Signs. The results point into `room`. A failure leaves the signer usable. */
int jdvm_sign(jdvm_signer *signer, const jdvm_request *request, char *room, jdvm_signed *result,
              jdvm_error *error);

#include "shown.h"

#endif
