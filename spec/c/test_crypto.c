/* Tests of crypto.c. That it survives a libcrypto without memory is tested by test_oom.c. */
#define _DEFAULT_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED /* to replace the random generator by one that fails */

#include "check.h"

#include "pure/chars.h"
#include "pure/crypto.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <sys/wait.h>

/* --- hashes ---------------------------------------------------------------------------------- */

static void test_versions(void) {
  jdvm_error error;
  CHECK(jdvm_crypto_check(&error) == 0);
  CHECK(strncmp(jdvm_crypto_version(), "OpenSSL", 7) == 0);
  CHECK(jdvm_crypto_compatible(0x30000000, 0x30000000, &error) == 0);
  CHECK(jdvm_crypto_compatible(0x30000020, 0x30500010, &error) == 0); /* 3.0 and 3.5 */
  CHECK(jdvm_crypto_compatible(0x1010106f, 0x1010117f, &error) == 0); /* 1.1.1f and 1.1.1w */
  CHECK(jdvm_crypto_compatible(0x30500010, 0x30000020, &error) != 0);
  CHECK(strstr(error.message, "built for OpenSSL 3.5") != NULL);
  CHECK(strstr(error.message, "the older 3.0") != NULL);
  CHECK(jdvm_crypto_compatible(0x30000020, 0x1010117f, &error) != 0);
  CHECK(strstr(error.message, "built for OpenSSL 3.0") != NULL);
  CHECK(strstr(error.message, "has loaded the older 1.1") != NULL);
  CHECK(jdvm_crypto_compatible(0x1010117f, 0x30000020, &error) != 0);
  CHECK(jdvm_crypto_compatible(0x1010117f, 0x100020ff, &error) != 0);
  CHECK(jdvm_crypto_compatible(0x30000020, 0x40000000, &error) != 0);
}

/* RFC 4231, cases 1, 2, 6 and 7; and of nothing. */
static void test_hmac(void) {
  static const struct {
    unsigned char key[132];
    size_t key_length;
    const char *text, *mac;
  } cases[] = {
      {{0x0b}, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", 4, "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {{0xaa},
       131,
       "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {{0xaa},
       131,
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
      {{0}, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"}};
  jdvm_hasher hasher = {NULL, NULL};
  jdvm_error error;
  size_t i;
  CHECK(jdvm_hasher_open(&hasher, &error) == 0);
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned char key[132], mac[JDVM_SHA256_SIZE];
    char hex[JDVM_SHA256_HEX];
    memcpy(key, cases[i].key, sizeof key);
    if (key[1] == 0) {
      memset(key, key[0], sizeof key); /* one byte, repeated */
    }
    CHECK(jdvm_hmac(&hasher, key, cases[i].key_length, cases[i].text, strlen(cases[i].text), mac,
                    &error) == 0);
    jdvm_hex(hex, mac, sizeof mac);
    CHECK(memcmp(hex, cases[i].mac, sizeof hex) == 0);
  }
  jdvm_hasher_close(&hasher);
}

static void test_wipe(void) {
  unsigned char bytes[101];
  size_t i;
  bool good = true;
  memset(bytes, 1, sizeof bytes);
  jdvm_wipe(bytes, 100);
  for (i = 0; i < 100; i++) {
    good = good && bytes[i] == 0;
  }
  CHECK(good && bytes[100] == 1);
}

/* --- nonces --- */

/* Neither side of a fork gets a nonce of the other. */
static void test_fork(void) {
  char own[JDVM_UUID_LENGTH], other[JDVM_UUID_LENGTH];
  jdvm_error error;
  int ends[2], status;
  pid_t child;
  CHECK(jdvm_uuid(own, &error) == 0 && pipe(ends) == 0);
  child = fork();
  if (child == 0) {
    bool good = jdvm_uuid(other, &error) == 0;
    good = good && write(ends[1], other, sizeof other) == (ssize_t)sizeof other;
    _exit(good ? 0 : 1);
  }
  CHECK(read(ends[0], other, sizeof other) == (ssize_t)sizeof other);
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  CHECK(jdvm_uuid(own, &error) == 0 && memcmp(own, other, sizeof own) != 0);
  (void)close(ends[0]);
  (void)close(ends[1]);
}

static int no_bytes(unsigned char *bytes, int count) {
  (void)bytes;
  (void)count;
  return 0;
}

/* A generator that fails: no nonce rather than a bad one. */
static void test_no_randomness(void) {
  const RAND_METHOD *usual = RAND_get_rand_method();
  RAND_METHOD broken;
  jdvm_error error;
  char uuid[JDVM_UUID_LENGTH];
  memset(&broken, 0, sizeof broken);
  broken.bytes = no_bytes;
  CHECK(RAND_set_rand_method(&broken) == 1);
  CHECK(jdvm_uuid(uuid, &error) != 0 && error.kind == JDVM_CRYPTO);
  CHECK(jdvm_uuid(uuid, &error) != 0);
  CHECK(ERR_peek_error() == 0);
  CHECK(RAND_set_rand_method(usual) == 1);
  CHECK(jdvm_uuid(uuid, &error) == 0);
}

int main(void) {
  TEST(test_versions());
  TEST(test_hmac());
  TEST(test_wipe());
  TEST(test_fork());
  TEST(test_no_randomness());
  return tests_end();
}
