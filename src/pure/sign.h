/* The steps of JDCLOUD2-HMAC-SHA256 and JDCLOUD3-HMAC-SHA256 that lead from a canonical request to
** a signature. They differ in two words only: the prefix of the secret and the end of the scope. */
#ifndef JDVM_SIGN_H
#define JDVM_SIGN_H

#include "canonical.h"
#include "crypto.h"

#include <stdint.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

enum { JDVM_TIMESTAMP = 16, JDVM_DAY = 8 }; /* lengths of 20190214T104514Z and 20190214 */

#define JDVM_TIME_END 253402300800 /* seconds from 1970 to the year 10000 */

/* "JDCLOUD2-HMAC-SHA256" or "JDCLOUD3-HMAC-SHA256"; both have the same length. */
const char *jdvm_algorithm_name(jdvm_version version);
enum { JDVM_ALGORITHM_LENGTH = 20 };

/* Writes YYYYMMDDTHHMMSSZ (UTC). `seconds` since 1970, at least 0, less than JDVM_TIME_END. */
void jdvm_timestamp(char out[JDVM_TIMESTAMP], int64_t seconds);

/* The signing key of one day: four HMACs, each keyed with the result of the one before. */
int jdvm_signing_key(jdvm_hasher *hasher, jdvm_version version, jdvm_text secret, jdvm_text day,
                     jdvm_text region, jdvm_text service, unsigned char key[JDVM_SHA256_SIZE],
                     jdvm_error *error);

/* Appends day/region/service/jdcloudN_request. */
bool jdvm_scope(jdvm_buf *out, jdvm_version version, jdvm_text day, jdvm_text region,
                jdvm_text service);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
