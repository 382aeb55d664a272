/* Tests of crypto.c where Lua does not reach: versions, forks, no randomness. Hashes are tested from Lua. */
#define _DEFAULT_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED /* to replace the random generator by one that fails */

#include "check.h"

#include "pure/crypto.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <sys/wait.h>

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
  TEST(test_fork());
  TEST(test_no_randomness());
  return tests_end();
}
