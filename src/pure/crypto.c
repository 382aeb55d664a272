#include "crypto.h"
#include "chars.h"

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

#if defined(OPENSSL_IS_BORINGSSL) || defined(OPENSSL_IS_AWSLC)
#error "jdvm: BoringSSL and AWS-LC are not supported: use OpenSSL 1.1.1 to 3.x or LibreSSL"
#endif

#include <stdbool.h>
#include <string.h>

/* What is to blame where libcrypto cannot hash, or hashes wrongly. */
#define CHECK_CONFIGURATION " (check OPENSSL_CONF and the providers it loads)"

enum { BLOCK_SIZE = 64, UUID_BYTES = 16 };

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
    return crypto_failed(error, "provide SHA-256" CHECK_CONFIGURATION);
  }
  if (hasher->context == NULL) {
    hasher->context = EVP_MD_CTX_new();
  }
  return hasher->context != NULL ? 0 : crypto_failed(error, "make a hash context");
}

void jdvm_hasher_close(jdvm_hasher *hasher) {
  EVP_MD_CTX_free(hasher->context); /* which wipes the state of the hash */
  hasher->context = NULL;
  if (hasher->md != NULL) {
    release_md(hasher->md);
    hasher->md = NULL;
  }
}

/* Hashes one text after another. */
static bool hash_two(jdvm_hasher *hasher, const void *first, size_t first_length,
                     const void *second, size_t second_length, unsigned char *digest) {
  EVP_MD_CTX *context = hasher->context;
  if (EVP_DigestInit_ex(context, hasher->md, NULL) != 1) {
    /* OpenSSL 1.1.1 sets the digest before it has memory for the state, and would write through
    ** NULL the next time. */
    (void)EVP_MD_CTX_reset(context);
    return false;
  }
  return EVP_DigestUpdate(context, first, first_length) == 1 &&
         EVP_DigestUpdate(context, second, second_length) == 1 &&
         EVP_DigestFinal_ex(context, digest, NULL) == 1;
}

int jdvm_sha256(jdvm_hasher *hasher, const void *bytes, size_t length,
                unsigned char digest[JDVM_SHA256_SIZE], jdvm_error *error) {
  return hash_two(hasher, bytes, length, "", 0, digest) ? 0
                                                        : crypto_failed(error, "compute SHA-256");
}

static void flip(unsigned char block[BLOCK_SIZE], unsigned char bits) {
  int i;
  for (i = 0; i < BLOCK_SIZE; i++) {
    block[i] ^= bits;
  }
}

int jdvm_hmac(jdvm_hasher *hasher, const void *key, size_t key_length, const void *bytes,
              size_t length, unsigned char mac[JDVM_SHA256_SIZE], jdvm_error *error) {
  unsigned char block[BLOCK_SIZE] = {0}, inner[JDVM_SHA256_SIZE];
  bool done = true;
  if (key_length > sizeof block) {
    done = hash_two(hasher, key, key_length, "", 0, block);
  } else if (key_length > 0) {
    memcpy(block, key, key_length);
  }
  flip(block, 0x36);
  done = done && hash_two(hasher, block, sizeof block, bytes, length, inner);
  flip(block, 0x36 ^ 0x5c);
  done = done && hash_two(hasher, block, sizeof block, inner, sizeof inner, mac);
  jdvm_wipe(block, sizeof block);
  return done ? 0 : crypto_failed(error, "compute HMAC-SHA256");
}

int jdvm_uuid(char uuid[JDVM_UUID_LENGTH], jdvm_error *error) {
  unsigned char bytes[UUID_BYTES];
  char hex[2 * UUID_BYTES];
  if (RAND_bytes(bytes, sizeof bytes) != 1) {
    return crypto_failed(error, "provide random bytes" CHECK_CONFIGURATION);
  }
  bytes[6] = (unsigned char)(0x40 | (bytes[6] & 0x0f)); /* version 4 (RFC 9562) */
  bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f)); /* variant */
  jdvm_hex(hex, bytes, sizeof bytes);
  memcpy(uuid, hex, 8);
  memcpy(uuid + 9, hex + 8, 4);
  memcpy(uuid + 14, hex + 12, 4);
  memcpy(uuid + 19, hex + 16, 4);
  memcpy(uuid + 24, hex + 20, 12);
  uuid[8] = uuid[13] = uuid[18] = uuid[23] = '-';
  return 0;
}

void jdvm_wipe(void *bytes, size_t length) {
  OPENSSL_cleanse(bytes, length);
}

int jdvm_crypto_compatible(unsigned long built, unsigned long running, jdvm_error *error) {
  unsigned long built_major = built >> 28, running_major = running >> 28;
  unsigned long built_minor = built >> 20 & 0xff, running_minor = running >> 20 & 0xff;
  bool older = running < built >> 20 << 20;
  if (built_major != running_major || (built_major < 3 && built_minor != running_minor) || older) {
    return jdvm_fail(error, JDVM_CRYPTO,
                     "built for OpenSSL %lu.%lu, but this process has loaded %s%lu.%lu "
                     "(install again with OPENSSL_DIR set to the OpenSSL of this process)",
                     built_major, built_minor, older ? "the older " : "", running_major,
                     running_minor);
  }
  return 0;
}

int jdvm_crypto_check(jdvm_error *error) {
  /* RFC 4231, case 2 */
  static const char text[] = "what do ya want for nothing?";
  static const char expected[] = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  jdvm_hasher hasher = {NULL, NULL};
  unsigned char digest[JDVM_SHA256_SIZE];
  char hex[JDVM_SHA256_HEX];
  int result = jdvm_crypto_compatible(OPENSSL_VERSION_NUMBER, OpenSSL_version_num(), error);
  if (result == 0 && (result = jdvm_hasher_open(&hasher, error)) == 0 &&
      (result = jdvm_hmac(&hasher, "Jefe", 4, text, sizeof text - 1, digest, error)) == 0) {
    jdvm_hex(hex, digest, sizeof digest);
    if (memcmp(hex, expected, sizeof hex) != 0) {
      result = jdvm_fail(error, JDVM_CRYPTO,
                         "libcrypto computes a wrong HMAC-SHA256" CHECK_CONFIGURATION);
    }
  }
  jdvm_hasher_close(&hasher);
  return result;
}

const char *jdvm_crypto_version(void) {
  return OpenSSL_version(OPENSSL_VERSION);
}
