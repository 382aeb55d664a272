/* The cryptography that signing needs, and nothing else: SHA-256, HMAC with a prepared key, random
** bytes, wiping, comparing. crypto.c is the only file that includes OpenSSL; it works with
** 1.1.1 to 3.x, without deprecated functions, and leaves nothing of its own in OpenSSL's error queue.
** All structs start zero-filled and may be closed in any state, any number of times. */
#ifndef JDVM_CRYPTO_H
#define JDVM_CRYPTO_H

#include "buf.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

struct evp_md_st;
struct evp_md_ctx_st;

enum { JDVM_SHA256_SIZE = 32, JDVM_SHA256_HEX = 64 };

/* SHA-256, looked up once, and a context that every computation uses again. */
typedef struct jdvm_hasher {
  struct evp_md_st *md;
  struct evp_md_ctx_st *context;
} jdvm_hasher;

/* An HMAC key as the two hash states it leads to: a signature starts from copies of these instead
** of hashing the key again. The key itself is not kept. */
typedef struct jdvm_hmac_key {
  struct evp_md_ctx_st *inner;
  struct evp_md_ctx_st *outer;
  struct evp_md_ctx_st *begun; /* inner, and the beginning that many messages share */
} jdvm_hmac_key;

int jdvm_hasher_open(jdvm_hasher *hasher, jdvm_error *error);
void jdvm_hasher_close(jdvm_hasher *hasher);

int jdvm_sha256(jdvm_hasher *hasher, const void *bytes, size_t length,
                unsigned char digest[JDVM_SHA256_SIZE], jdvm_error *error);

/* The state of a hash after the first block of a message, kept for the next that begins alike. */
typedef struct jdvm_beginning {
  struct evp_md_ctx_st *state;
  unsigned char block[64];
  bool ready; /* `state` is that of `block` */
} jdvm_beginning;

/* The same as jdvm_sha256. Keeps the state when two messages in a row begin with the same block. */
int jdvm_sha256_similar(jdvm_hasher *hasher, jdvm_beginning *beginning, const void *bytes,
                        size_t length, unsigned char digest[JDVM_SHA256_SIZE], jdvm_error *error);
void jdvm_beginning_close(jdvm_beginning *beginning);

/* Prepares `key` of any length. What was prepared before is overwritten. After a failure the
** object holds no usable key; set it again before use. */
int jdvm_hmac_set_key(jdvm_hasher *hasher, jdvm_hmac_key *prepared, const void *key, size_t length,
                      jdvm_error *error);

/* HMAC-SHA256 of `bytes`. The hasher must be the one that prepared the key. */
int jdvm_hmac(jdvm_hasher *hasher, const jdvm_hmac_key *prepared, const void *bytes, size_t length,
              unsigned char mac[JDVM_SHA256_SIZE], jdvm_error *error);

/* Hashes the beginning of messages that share one; jdvm_hmac_rest then does the rest of each. */
int jdvm_hmac_begin(jdvm_hmac_key *prepared, const void *bytes, size_t length, jdvm_error *error);
int jdvm_hmac_rest(jdvm_hasher *hasher, const jdvm_hmac_key *prepared, const void *bytes,
                   size_t length, unsigned char mac[JDVM_SHA256_SIZE], jdvm_error *error);

/* Wipes and frees the prepared key. */
void jdvm_hmac_close(jdvm_hmac_key *prepared);

/* Random bytes fit for a nonce, from OpenSSL's generator (which notices a fork by itself). */
int jdvm_random_bytes(void *bytes, size_t length, jdvm_error *error);

/* Overwrites memory that held a secret; the compiler cannot leave it out. */
void jdvm_wipe(void *bytes, size_t length);

/* Wipes all that a buffer holds room for, and frees it. */
void jdvm_buf_wipe(jdvm_buf *buf);

/* Compares in a time that depends on `length` only. */
bool jdvm_equal(const void *a, const void *b, size_t length);

/* Writes 2 * length lower-case digits, no terminator. */
void jdvm_hex(char *out, const unsigned char *bytes, size_t length);

/* Does a libcrypto of version `running` (as OpenSSL_version_num gives it) serve a module compiled
** for version `built`? Majors must agree, and for 1.x the minor too. */
int jdvm_crypto_compatible(unsigned long built, unsigned long running, jdvm_error *error);

/* To be called when the module loads: the version check above, then known answers of SHA-256 and
** HMAC-SHA256, so that a foreign or broken libcrypto is noticed before it signs anything. */
int jdvm_crypto_check(jdvm_error *error);

/* Version text of the libcrypto that is loaded. */
const char *jdvm_crypto_version(void);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
