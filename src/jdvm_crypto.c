#include "jdvm_crypto.h"

#if defined(__has_include)
#if !__has_include(<openssl/evp.h>)
#error                                                                                             \
    "jdvm: OpenSSL headers not found (apt install libssl-dev | apk add openssl-dev | dnf install openssl-devel)"
#endif
#endif

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <limits.h>
#include <string.h>

enum { BLOCK_SIZE = 64 };

/* Since 3.0 an algorithm is best fetched once: the implicit fetch behind EVP_sha256() costs more
** than hashing a whole request. Before 3.0 EVP_sha256() is a constant. */
static EVP_MD *fetch_sha256(void) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
  return EVP_MD_fetch(NULL, "SHA256", NULL);
#else
  return (EVP_MD *)EVP_sha256();
#endif
}

static void release_md(EVP_MD *md) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
  EVP_MD_free(md);
#else
  (void)md;
#endif
}

/* A failure in OpenSSL leaves entries in the error queue of the thread, where an application would
** later take them for the reason of something else. */
static int crypto_failed(jdvm_error *error, const char *what) {
  ERR_clear_error();
  return jdvm_fail(error, JDVM_CRYPTO, "libcrypto failed to %s", what);
}

int jdvm_hasher_open(jdvm_hasher *hasher, jdvm_error *error) {
  if (hasher->md == NULL) {
    hasher->md = fetch_sha256();
  }
  if (hasher->md == NULL) {
    return crypto_failed(error, "provide SHA-256");
  }
  if (hasher->context == NULL) {
    hasher->context = EVP_MD_CTX_new();
  }
  if (hasher->context == NULL) {
    return crypto_failed(error, "make a hash context");
  }
  return 0;
}

void jdvm_hasher_close(jdvm_hasher *hasher) {
  EVP_MD_CTX_free(hasher->context);
  hasher->context = NULL;
  if (hasher->md != NULL) {
    release_md(hasher->md);
    hasher->md = NULL;
  }
}

int jdvm_sha256(jdvm_hasher *hasher, const void *bytes, size_t length,
                unsigned char digest[JDVM_SHA256_SIZE], jdvm_error *error) {
  if (EVP_DigestInit_ex(hasher->context, hasher->md, NULL) != 1 ||
      EVP_DigestUpdate(hasher->context, bytes, length) != 1 ||
      EVP_DigestFinal_ex(hasher->context, digest, NULL) != 1) {
    return crypto_failed(error, "compute SHA-256");
  }
  return 0;
}

/* Hashes the key block xored with `pad` into *context, made on first use. */
static bool start_from(jdvm_hasher *hasher, EVP_MD_CTX **context,
                       const unsigned char block[BLOCK_SIZE], unsigned char pad) {
  unsigned char padded[BLOCK_SIZE];
  bool done;
  int i;
  if (*context == NULL) {
    *context = EVP_MD_CTX_new();
  }
  for (i = 0; i < BLOCK_SIZE; i++) {
    padded[i] = block[i] ^ pad;
  }
  done = *context != NULL && EVP_DigestInit_ex(*context, hasher->md, NULL) == 1 &&
         EVP_DigestUpdate(*context, padded, sizeof padded) == 1;
  OPENSSL_cleanse(padded, sizeof padded);
  return done;
}

int jdvm_hmac_set_key(jdvm_hasher *hasher, jdvm_hmac_key *prepared, const void *key, size_t length,
                      jdvm_error *error) {
  unsigned char block[BLOCK_SIZE];
  bool done;
  memset(block, 0, sizeof block);
  if (length > sizeof block) {
    if (jdvm_sha256(hasher, key, length, block, error) != 0) {
      OPENSSL_cleanse(block, sizeof block);
      return -1;
    }
  } else if (length > 0) {
    memcpy(block, key, length);
  }
  done = start_from(hasher, &prepared->inner, block, 0x36) &&
         start_from(hasher, &prepared->outer, block, 0x5c);
  OPENSSL_cleanse(block, sizeof block);
  return done ? 0 : crypto_failed(error, "prepare an HMAC key");
}

int jdvm_hmac(jdvm_hasher *hasher, const jdvm_hmac_key *prepared, const void *bytes, size_t length,
              unsigned char mac[JDVM_SHA256_SIZE], jdvm_error *error) {
  EVP_MD_CTX *context = hasher->context;
  if (EVP_MD_CTX_copy_ex(context, prepared->inner) != 1 ||
      EVP_DigestUpdate(context, bytes, length) != 1 ||
      EVP_DigestFinal_ex(context, mac, NULL) != 1 ||
      EVP_MD_CTX_copy_ex(context, prepared->outer) != 1 ||
      EVP_DigestUpdate(context, mac, JDVM_SHA256_SIZE) != 1 ||
      EVP_DigestFinal_ex(context, mac, NULL) != 1) {
    return crypto_failed(error, "compute HMAC-SHA256");
  }
  return 0;
}

void jdvm_hmac_close(jdvm_hmac_key *prepared) {
  /* EVP_MD_CTX_free wipes the hash state it frees, in 1.1.1 as in 3.x. */
  EVP_MD_CTX_free(prepared->inner);
  EVP_MD_CTX_free(prepared->outer);
  prepared->inner = NULL;
  prepared->outer = NULL;
}

int jdvm_random_bytes(void *bytes, size_t length, jdvm_error *error) {
  if (length > INT_MAX || RAND_bytes(bytes, (int)length) != 1) {
    return crypto_failed(error, "provide random bytes");
  }
  return 0;
}

void jdvm_wipe(void *bytes, size_t length) {
  OPENSSL_cleanse(bytes, length);
}

bool jdvm_equal(const void *a, const void *b, size_t length) {
  return CRYPTO_memcmp(a, b, length) == 0;
}

void jdvm_hex(char *out, const unsigned char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  size_t i;
  for (i = 0; i < length; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
}

int jdvm_crypto_compatible(unsigned long built, unsigned long running, jdvm_error *error) {
  unsigned long built_major = built >> 28, running_major = running >> 28;
  unsigned long built_minor = built >> 20 & 0xff, running_minor = running >> 20 & 0xff;
  if (built_major != running_major || (built_major < 3 && built_minor != running_minor)) {
    return jdvm_fail(error, JDVM_CRYPTO,
                     "built for OpenSSL %lu.%lu, but this process has loaded %lu.%lu "
                     "(install again with OPENSSL_DIR set to the OpenSSL of this process)",
                     built_major, built_minor, running_major, running_minor);
  }
  if (running < built >> 20 << 20) {
    return jdvm_fail(error, JDVM_CRYPTO,
                     "built for OpenSSL %lu.%lu, but this process has loaded the older %lu.%lu "
                     "(install again with OPENSSL_DIR set to the OpenSSL of this process)",
                     built_major, built_minor, running_major, running_minor);
  }
  return 0;
}

/* FIPS 180-4 "abc"; RFC 4231 case 2. */
static int check_known_answers(jdvm_hasher *hasher, jdvm_hmac_key *key, jdvm_error *error) {
  static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  static const char rfc[] = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  static const char text[] = "what do ya want for nothing?";
  unsigned char digest[JDVM_SHA256_SIZE];
  char hex[JDVM_SHA256_HEX];
  if (jdvm_hasher_open(hasher, error) != 0 || jdvm_sha256(hasher, "abc", 3, digest, error) != 0) {
    return -1;
  }
  jdvm_hex(hex, digest, sizeof digest);
  if (memcmp(hex, abc, sizeof hex) != 0) {
    return jdvm_fail(error, JDVM_CRYPTO, "libcrypto computes a wrong SHA-256");
  }
  if (jdvm_hmac_set_key(hasher, key, "Jefe", 4, error) != 0 ||
      jdvm_hmac(hasher, key, text, sizeof text - 1, digest, error) != 0) {
    return -1;
  }
  jdvm_hex(hex, digest, sizeof digest);
  if (memcmp(hex, rfc, sizeof hex) != 0) {
    return jdvm_fail(error, JDVM_CRYPTO, "libcrypto computes a wrong HMAC-SHA256");
  }
  return 0;
}

int jdvm_crypto_check(jdvm_error *error) {
  jdvm_hasher hasher = {NULL, NULL};
  jdvm_hmac_key key = {NULL, NULL};
  int result;
  if (jdvm_crypto_compatible(OPENSSL_VERSION_NUMBER, OpenSSL_version_num(), error) != 0) {
    return -1;
  }
  result = check_known_answers(&hasher, &key, error);
  jdvm_hmac_close(&key);
  jdvm_hasher_close(&hasher);
  return result;
}

const char *jdvm_crypto_version(void) {
  return OpenSSL_version(OPENSSL_VERSION);
}
