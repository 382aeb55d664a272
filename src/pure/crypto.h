/* The cryptography that signing needs: SHA-256, HMAC, random identifiers, wiping. crypto.c is the
** only file that includes OpenSSL; it works with 1.1.1 to 3.x and LibreSSL, without deprecated
** functions, and leaves nothing of its own in OpenSSL's error queue. */
#ifndef JDVM_CRYPTO_H
#define JDVM_CRYPTO_H

#include "error.h"

#include <stddef.h>

#include "hidden.h"

struct evp_md_st;
struct evp_md_ctx_st;

enum { JDVM_SHA256_SIZE = 32, JDVM_SHA256_HEX = 64, JDVM_UUID_LENGTH = 36 };

/* SHA-256, looked up once, and a context that every computation uses again. Zero-filled is valid and
** closed; it may be closed in any state, any number of times. */
typedef struct jdvm_hasher {
  struct evp_md_st *md;
  struct evp_md_ctx_st *context;
} jdvm_hasher;

int jdvm_hasher_open(jdvm_hasher *hasher, jdvm_error *error);
void jdvm_hasher_close(jdvm_hasher *hasher);

int jdvm_sha256(jdvm_hasher *hasher, const void *bytes, size_t length,
                unsigned char digest[JDVM_SHA256_SIZE], jdvm_error *error);

/* HMAC-SHA256. `mac` may be the key. */
int jdvm_hmac(jdvm_hasher *hasher, const void *key, size_t key_length, const void *bytes,
              size_t length, unsigned char mac[JDVM_SHA256_SIZE], jdvm_error *error);

/* Writes a random UUID (version 4), e.g. "1b4e28ba-2fa1-41d2-883f-0016d3cca427", without
** terminator. OpenSSL's generator notices a fork by itself. */
int jdvm_uuid(char uuid[JDVM_UUID_LENGTH], jdvm_error *error);

/* Overwrites memory that held a secret; the compiler cannot leave it out. */
void jdvm_wipe(void *bytes, size_t length);

/* Does a libcrypto of version `running` (as OpenSSL_version_num gives it) serve a module compiled
** for version `built`? Majors must agree, and for 1.x the minor too. */
int jdvm_crypto_compatible(unsigned long built, unsigned long running, jdvm_error *error);

/* To be called when the module loads: the version check above, then a known answer of HMAC-SHA256, so
** that a foreign or broken libcrypto is noticed before it signs anything. */
int jdvm_crypto_check(jdvm_error *error);

/* Version text of the libcrypto that is loaded. */
const char *jdvm_crypto_version(void);

#include "shown.h"

#endif
