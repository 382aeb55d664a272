#include "crypto.h"

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

#if defined(__SSE2__) && defined(__GNUC__)
#define JDVM_HEX_SSE2 1
#include <emmintrin.h>
#endif

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

/* After a failure a context may be half made: OpenSSL 1.1.1 sets its digest before it has memory for
** the state, and would write through NULL the next time. */
static bool begin(EVP_MD_CTX *context, const EVP_MD *md) {
  if (EVP_DigestInit_ex(context, md, NULL) == 1) {
    return true;
  }
  (void)EVP_MD_CTX_reset(context);
  return false;
}

static bool copy(EVP_MD_CTX *to, const EVP_MD_CTX *from) {
  if (EVP_MD_CTX_copy_ex(to, from) == 1) {
    return true;
  }
  (void)EVP_MD_CTX_reset(to);
  return false;
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
  if (!begin(hasher->context, hasher->md) ||
      EVP_DigestUpdate(hasher->context, bytes, length) != 1 ||
      EVP_DigestFinal_ex(hasher->context, digest, NULL) != 1) {
    return crypto_failed(error, "compute SHA-256");
  }
  return 0;
}

int jdvm_sha256_similar(jdvm_hasher *hasher, jdvm_beginning *beginning, const void *bytes,
                        size_t length, unsigned char digest[JDVM_SHA256_SIZE], jdvm_error *error) {
  if (length < BLOCK_SIZE) {
    return jdvm_sha256(hasher, bytes, length, digest, error);
  }
  if (memcmp(beginning->block, bytes, BLOCK_SIZE) != 0) {
    beginning->ready = false;
    memcpy(beginning->block, bytes, BLOCK_SIZE);
    return jdvm_sha256(hasher, bytes, length, digest, error);
  }
  if (!beginning->ready) {
    if (beginning->state == NULL) {
      beginning->state = EVP_MD_CTX_new();
    }
    if (beginning->state == NULL || !begin(beginning->state, hasher->md) ||
        EVP_DigestUpdate(beginning->state, bytes, BLOCK_SIZE) != 1) {
      return crypto_failed(error, "compute SHA-256");
    }
    beginning->ready = true;
  }
  if (!copy(hasher->context, beginning->state) ||
      EVP_DigestUpdate(hasher->context, (const unsigned char *)bytes + BLOCK_SIZE,
                       length - BLOCK_SIZE) != 1 ||
      EVP_DigestFinal_ex(hasher->context, digest, NULL) != 1) {
    return crypto_failed(error, "compute SHA-256");
  }
  return 0;
}

void jdvm_beginning_close(jdvm_beginning *beginning) {
  EVP_MD_CTX_free(beginning->state);
  beginning->state = NULL;
  beginning->ready = false;
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
  done = *context != NULL && begin(*context, hasher->md) &&
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

static int finish_hmac(jdvm_hasher *hasher, const EVP_MD_CTX *inner, const EVP_MD_CTX *outer,
                       const void *bytes, size_t length, unsigned char mac[JDVM_SHA256_SIZE],
                       jdvm_error *error) {
  EVP_MD_CTX *context = hasher->context;
  if (!copy(context, inner) || EVP_DigestUpdate(context, bytes, length) != 1 ||
      EVP_DigestFinal_ex(context, mac, NULL) != 1 || !copy(context, outer) ||
      EVP_DigestUpdate(context, mac, JDVM_SHA256_SIZE) != 1 ||
      EVP_DigestFinal_ex(context, mac, NULL) != 1) {
    return crypto_failed(error, "compute HMAC-SHA256");
  }
  return 0;
}

int jdvm_hmac(jdvm_hasher *hasher, const jdvm_hmac_key *prepared, const void *bytes, size_t length,
              unsigned char mac[JDVM_SHA256_SIZE], jdvm_error *error) {
  return finish_hmac(hasher, prepared->inner, prepared->outer, bytes, length, mac, error);
}

int jdvm_hmac_begin(jdvm_hmac_key *prepared, const void *bytes, size_t length, jdvm_error *error) {
  if (prepared->begun == NULL) {
    prepared->begun = EVP_MD_CTX_new();
  }
  if (prepared->begun == NULL || !copy(prepared->begun, prepared->inner) ||
      EVP_DigestUpdate(prepared->begun, bytes, length) != 1) {
    return crypto_failed(error, "begin an HMAC-SHA256");
  }
  return 0;
}

int jdvm_hmac_rest(jdvm_hasher *hasher, const jdvm_hmac_key *prepared, const void *bytes,
                   size_t length, unsigned char mac[JDVM_SHA256_SIZE], jdvm_error *error) {
  return finish_hmac(hasher, prepared->begun, prepared->outer, bytes, length, mac, error);
}

void jdvm_hmac_close(jdvm_hmac_key *prepared) {
  /* EVP_MD_CTX_free wipes the hash state it frees, in 1.1.1 as in 3.x. */
  EVP_MD_CTX_free(prepared->inner);
  EVP_MD_CTX_free(prepared->outer);
  EVP_MD_CTX_free(prepared->begun);
  prepared->inner = NULL;
  prepared->outer = NULL;
  prepared->begun = NULL;
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

void jdvm_buf_wipe(jdvm_buf *buf) {
  if (buf->bytes != NULL) {
    jdvm_wipe(buf->bytes, buf->capacity);
  }
  jdvm_buf_free(buf);
}

bool jdvm_equal(const void *a, const void *b, size_t length) {
  return CRYPTO_memcmp(a, b, length) == 0;
}

#if defined(JDVM_HEX_SSE2)
/* Digits of the 16 values below 16: '0' + value, and 'a' - '9' - 1 more above 9. */
static __m128i hex_digits(__m128i values) {
  __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(values, _mm_set1_epi8(9)), _mm_set1_epi8(39));
  return _mm_add_epi8(_mm_add_epi8(values, _mm_set1_epi8('0')), letters);
}
#endif

void jdvm_hex(char *out, const unsigned char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  size_t i = 0;
#if defined(JDVM_HEX_SSE2)
  for (; length - i >= 16; i += 16) {
    const __m128i low_half = _mm_set1_epi8(15);
    __m128i all = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
    __m128i low = hex_digits(_mm_and_si128(all, low_half));
    __m128i high = hex_digits(_mm_and_si128(_mm_srli_epi16(all, 4), low_half));
    _mm_storeu_si128((__m128i *)(void *)(out + 2 * i), _mm_unpacklo_epi8(high, low));
    _mm_storeu_si128((__m128i *)(void *)(out + 2 * i + 16), _mm_unpackhi_epi8(high, low));
  }
#endif
  for (; i < length; i++) {
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
  jdvm_hmac_key key = {NULL, NULL, NULL};
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
